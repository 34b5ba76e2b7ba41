/**
 * Region lists in C: TF-A's `MAP_REGION…`, Zephyr's `MMU_REGION_…ENTRY`, U-Boot's `mm_region`
 * initialisers. All are tuples of name, addresses, size and attributes; the reader looks for them in
 * any C text and steps over the rest. `#define`s of the file, and those that are given, are looked
 * into; names that stay without a value are told with their line.
 */
import {
  type CMacros,
  type CToken,
  cTokens,
  evaluate,
  expandMacros,
  tokensText,
} from './c-expression.js';
import {
  type ImportedRegion,
  type ImportOptions,
  ImportProblems,
  importedLayout,
} from './imported.js';
import type { Layout } from './layout.js';
import { type RegionDialect, traitsOf } from './region-words.js';

/** What the arguments of a macro are, in their order. */
type Parameter = 'name' | 'pa' | 'va' | 'flat' | 'size' | 'attributes' | 'granule';

/** The macros that are known: who has them, and their parameters. */
const MACROS: Readonly<
  Record<string, { readonly dialect: RegionDialect; readonly parameters: readonly Parameter[] }>
> = {
  MAP_REGION: { dialect: 'tf-a', parameters: ['pa', 'va', 'size', 'attributes'] },
  MAP_REGION2: { dialect: 'tf-a', parameters: ['pa', 'va', 'size', 'attributes', 'granule'] },
  MAP_REGION_FLAT: { dialect: 'tf-a', parameters: ['flat', 'size', 'attributes'] },
  MAP_REGION_ALLOC_VA: { dialect: 'tf-a', parameters: ['pa', 'size', 'attributes'] },
  MAP_REGION2_ALLOC_VA: { dialect: 'tf-a', parameters: ['pa', 'size', 'attributes', 'granule'] },
  MMU_REGION_ENTRY: { dialect: 'zephyr', parameters: ['name', 'pa', 'va', 'size', 'attributes'] },
  MMU_REGION_FLAT_ENTRY: { dialect: 'zephyr', parameters: ['name', 'flat', 'size', 'attributes'] },
};

/** The fields of `struct mm_region`, and of Zephyr's `struct arm_mmu_region`. */
const FIELDS: Readonly<Record<string, Parameter>> = {
  virt: 'va',
  phys: 'pa',
  size: 'size',
  attrs: 'attributes',
};

/** Whether `text` has a region list in C. */
export function isRegionMacros(text: string): boolean {
  return /\bMAP_REGION\w*\s*\(|\bMMU_REGION_\w*ENTRY\s*\(|\bmm_region\b/.test(text);
}

/**
 * The layout that the region lists in `text` describe; `file` is its name in messages.
 *
 * Errors: `IMPORT_ERR_UNRESOLVED` a name has no value, or an attribute is not known.
 * `IMPORT_ERR_SYNTAX` an expression cannot be worked out, a macro has another number of arguments, or
 * there is no region at all.
 */
export function importRegionMacros(text: string, file: string, options: ImportOptions): Layout {
  const problems = new ImportProblems(file, text);
  const { body, macros } = readDefines(text, options.defines ?? new Map());
  const regions: ImportedRegion[] = [];
  for (const found of findRegions(body, problems)) {
    const region = readRegion(found, macros, problems);
    if (region !== undefined) regions.push(region);
  }
  return importedLayout(file, regions, problems, options);
}

/** A region as it stands in the file. */
interface FoundRegion {
  readonly dialect: RegionDialect;
  readonly line: number;
  /** The name of the macro that stands for the region, where one does. */
  readonly alias: string | undefined;
  readonly parts: ReadonlyMap<Parameter, readonly CToken[]>;
}

/** A part of the file in which regions are looked for. */
interface Body {
  readonly tokens: readonly CToken[];
  readonly alias: string | undefined;
}

/** A preprocessor line with the lines that continue it, where the last does not end in a backslash. */
const DIRECTIVE = /^[ \t]*#(?:[^\\\n]|\\(?:\r?\n|.))*/gm;
const DEFINE = /^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)(\(?)([\s\S]*)$/;

/** Takes the preprocessor's lines out, and makes macros of those that define one without parameters. */
function readDefines(
  text: string,
  given: ReadonlyMap<string, string>,
): { readonly body: readonly Body[]; readonly macros: CMacros } {
  const macros = new Map<string, readonly CToken[]>();
  const aliases: Body[] = [];
  const lineAt = lineCounter(text);
  const rest = text.replace(DIRECTIVE, (directive, offset: number) => {
    const define = DEFINE.exec(directive);
    if (define !== null && define[2] === '') {
      const [, name = '', , value = ''] = define;
      const tokens = cTokens(value.replaceAll(/\\(?=\r?\n)/g, ' '), lineAt(offset));
      if (isRegionStart(tokens[0])) aliases.push({ tokens, alias: name });
      else macros.set(name, tokens);
    }
    return directive.replaceAll(/[^\n]/g, ' ');
  });
  for (const [name, value] of given) macros.set(name, cTokens(value));
  return { body: [...aliases, { tokens: cTokens(rest), alias: undefined }], macros };
}

/** The line of an offset; asked in ascending order, so that the text is read once. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let at = 0;
  return (offset) => {
    for (; at < offset; at += 1) if (text[at] === '\n') line += 1;
    return line;
  };
}

function isRegionStart(token: CToken | undefined): boolean {
  return token?.kind === 'word' && /^(?:MAP_REGION|MMU_REGION_)/.test(token.text);
}

function* findRegions(body: readonly Body[], problems: ImportProblems): Generator<FoundRegion> {
  for (const { tokens, alias } of body) {
    for (let at = 0; at < tokens.length; at += 1) {
      const token = tokens[at] as CToken;
      const opens = tokens[at + 1]?.text === '(';
      if (isRegionStart(token) && opens) {
        const { parts: args, end } = splitArguments(tokens, at + 1);
        const found = macroRegion(token, args, alias, problems);
        if (found !== undefined) yield found;
        at = end;
      } else if (token.text === '{' && tokens[at + 1]?.text === '.') {
        const { parts, end } = splitArguments(tokens, at);
        const found = structRegion(token, parts);
        if (found === undefined) continue;
        yield found;
        at = end;
      }
    }
  }
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

/** The parts between the bracket `open` and the one that closes it, cut at commas; where that is. */
function splitArguments(
  tokens: readonly CToken[],
  open: number,
): { readonly parts: CToken[][]; readonly end: number } {
  const parts: CToken[][] = [[]];
  let depth = 0;
  let at = open;
  for (; at < tokens.length; at += 1) {
    const token = tokens[at] as CToken;
    if (Object.hasOwn(CLOSING, token.text)) depth += 1;
    else if (Object.values(CLOSING).includes(token.text)) depth -= 1;
    if (depth === 0) break;
    if (depth === 1 && token.text === ',') parts.push([]);
    else if (at > open) parts.at(-1)?.push(token);
  }
  // A comma behind the last part, as initialisers may have.
  if (parts.length > 1 && parts.at(-1)?.length === 0) parts.pop();
  return { parts, end: at };
}

function macroRegion(
  macro: CToken,
  args: readonly (readonly CToken[])[],
  alias: string | undefined,
  problems: ImportProblems,
): FoundRegion | undefined {
  const { text, line } = macro;
  const known = Object.hasOwn(MACROS, text) ? MACROS[text] : undefined;
  if (known === undefined) {
    const message = `\`${text}\` is not read; known are ${Object.keys(MACROS).join(', ')}`;
    problems.tell('IMPORT_ERR_UNRESOLVED', line, message);
    return undefined;
  }
  const { parameters, dialect } = known;
  if (args.length !== parameters.length) {
    const want = parameters.join(', ');
    const message = `\`${text}\` has ${args.length} arguments, it takes ${parameters.length}: ${want}`;
    problems.tell('IMPORT_ERR_SYNTAX', line, message);
    return undefined;
  }
  const parts = new Map(parameters.map((name, index) => [name, args[index] ?? []] as const));
  return { dialect, line, alias, parts };
}

/** A designated initialiser that has the fields of a region; undefined where it has not. */
function structRegion(
  open: CToken,
  initialisers: readonly (readonly CToken[])[],
): FoundRegion | undefined {
  const parts = new Map<Parameter, readonly CToken[]>();
  for (const [dot, field, equals, ...value] of initialisers) {
    const name =
      field === undefined || !Object.hasOwn(FIELDS, field.text) ? undefined : FIELDS[field.text];
    if (dot?.text === '.' && equals?.text === '=' && name !== undefined) parts.set(name, value);
  }
  if (!parts.has('pa') || !parts.has('size')) return undefined;
  if (!parts.has('va')) parts.set('va', parts.get('pa') ?? []);
  return { dialect: 'u-boot', line: open.line, alias: undefined, parts };
}

/** The numbers and words of a region; undefined where something of it has no value, which is told. */
function readRegion(
  found: FoundRegion,
  macros: CMacros,
  problems: ImportProblems,
): ImportedRegion | undefined {
  const { parts, line, dialect } = found;
  const unresolved = new Set<string>();
  let isWrong = false;
  const number = (part: Parameter): number | undefined => {
    const tokens = parts.get(part);
    if (tokens === undefined) return undefined;
    const value = evaluate(expandMacros(tokens, macros));
    if ('value' in value) return value.value;
    for (const name of value.unresolved) unresolved.add(name);
    if (value.wrong !== undefined) {
      isWrong = true;
      const message = `\`${value.wrong}\` is no ${part === 'size' ? 'size' : 'address'}`;
      problems.tell('IMPORT_ERR_SYNTAX', line, message);
    }
    return undefined;
  };
  const flat = number('flat');
  const pa = number('pa') ?? flat;
  const hasVa = parts.has('va') || parts.has('flat');
  const va = hasVa ? (number('va') ?? flat) : 'auto';
  const bytes = number('size');
  const attributes = expandMacros(parts.get('attributes') ?? [], macros);
  const words = attributes.filter(({ kind }) => kind === 'word').map(({ text }) => text);
  const traits = traitsOf(words, dialect);
  if ('unknown' in traits) for (const word of traits.unknown) unresolved.add(word);
  if (unresolved.size > 0) {
    const names = [...unresolved].slice(0, 8).join(', ');
    const message = `no value is known for ${names}; give it with -D NAME=VALUE`;
    problems.tell('IMPORT_ERR_UNRESOLVED', line, message);
    return undefined;
  }
  if (isWrong || 'unknown' in traits) return undefined;
  if (pa === undefined || va === undefined || bytes === undefined || bytes === 0) {
    problems.tell('IMPORT_ERR_SYNTAX', line, 'the region has no size, or an address is missing');
    return undefined;
  }
  if (va !== 'auto' && pa % 4096 !== va % 4096) {
    problems.tell('IMPORT_ERR_SYNTAX', line, 'its two addresses differ within a page');
    return undefined;
  }
  return { name: nameOf(found), line, pa, va, bytes, ...traits };
}

/** What a region is called: its own name, that of its macro, or that of its address. */
function nameOf({ parts, alias, line }: FoundRegion): string {
  const own = parts.get('name');
  if (own !== undefined) return tokensText(own).replaceAll(/["\\]/g, '');
  if (alias !== undefined) return alias;
  const address = parts.get('flat') ?? parts.get('pa') ?? [];
  const word = address.find(({ kind, text }) => kind === 'word' && text.length > 3)?.text;
  return (word ?? `line-${line}`).replace(/_(?:BASE|ADDR|START)$/, '');
}
