/**
 * The CSV of arm64-pgtable-tool, in both dialects that are about. Which one it is shows in the
 * columns, so that nobody has to say.
 *
 *     ADDR, LENGTH, TYPE, LABEL                              TYPE: DEVICE, RW_DATA, NORMAL, CODE
 *     phys, [virt], size, TYPE[:SHARED][:GLOBAL], rights[:SX][:UX][:NS], comment
 *
 * In the first everything is global, for PL1 only, and normal memory is shareable. In the second an
 * empty virtual address is the physical one, and what PL1 may write it never executes.
 */
import { parseBytes } from '../base/index.js';
import { cTokens, evaluate, expandMacros } from './c-expression.js';
import { CSV_RIGHTS, CSV_TYPES } from './emit-layout.js';
import {
  type ImportedRegion,
  type ImportOptions,
  ImportProblems,
  importedLayout,
} from './imported.js';
import { type Layout, rightsOfLetters } from './layout.js';

/** What the types of the first dialect mean: memory type, and rights of PL1. */
const PLAIN_TYPES: Readonly<Record<string, readonly [memory: string, rights: string]>> = {
  DEVICE: ['device', 'rw'],
  RW_DATA: ['normal-wbwa', 'rw'],
  NORMAL: ['normal-wbwa', 'rw'],
  CODE: ['normal-wbwa', 'rx'],
};

/** Whether `text` looks like one of the two dialects: its first line that says something does. */
export function isRegionCsv(text: string): boolean {
  const first = text
    .slice(0, 65_536)
    .split('\n')
    .map(withoutComment)
    .find((line) => line !== '');
  return first !== undefined && first.split(',').length >= 4 && /^\(?\s*[0-9]/.test(first);
}

/**
 * The layout that the CSV `text` describes; `file` is its name in messages.
 *
 * Errors: `IMPORT_ERR_SYNTAX` a line is in neither dialect, or not in that of the first line.
 * `IMPORT_ERR_UNRESOLVED` an address uses a name that is not known.
 */
export function importRegionCsv(text: string, file: string, options: ImportOptions): Layout {
  const problems = new ImportProblems(file, text);
  const macros = new Map(
    [...(options.defines ?? [])].map(([name, value]) => [name, cTokens(value)] as const),
  );
  const regions: ImportedRegion[] = [];
  const numberOf = (what: string, written: string, line: number): number | undefined => {
    const value = evaluate(expandMacros(cTokens(written), macros));
    if ('value' in value) return value.value;
    const { unresolved } = value;
    if (unresolved.length > 0) {
      const names = unresolved.slice(0, 8).join(', ');
      const message = `no value is known for ${names}; give it with -D NAME=VALUE`;
      problems.tell('IMPORT_ERR_UNRESOLVED', line, message);
    } else problems.tell('IMPORT_ERR_SYNTAX', line, `\`${written.slice(0, 60)}\` is no ${what}`);
    return undefined;
  };
  let wide: boolean | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const row = withoutComment(raw);
    if (row === '') continue;
    const fields = row.split(',').map((field) => field.trim());
    const line = index + 1;
    wide ??= isWide(fields);
    const read = wide ? wideRegion(fields) : plainRegion(fields);
    if (typeof read === 'string') {
      problems.tell('IMPORT_ERR_SYNTAX', line, read);
      continue;
    }
    const { pa: paText, va: vaText, size: sizeText, ...rest } = read;
    const pa = numberOf('address', paText, line);
    const va = vaText === '' ? pa : numberOf('address', vaText, line);
    const bytes = parseBytes(sizeText);
    if (bytes === undefined || bytes === 0) {
      const message = `\`${sizeText.slice(0, 60)}\` is no size: write bytes with a unit, like 4K`;
      problems.tell('IMPORT_ERR_SYNTAX', line, message);
    } else if (pa !== undefined && va !== undefined) {
      const whole = (pa % 4096) - (va % 4096);
      if (whole === 0) regions.push({ ...rest, line, pa, va, bytes });
      else problems.tell('IMPORT_ERR_SYNTAX', line, 'its two addresses differ within a page');
    }
  }
  return importedLayout(file, regions, problems, options);
}

function withoutComment(line: string): string {
  return line.replace(/^\s*(?:#|\/\/).*$/, '').trim();
}

/** Whether a line is in the dialect with two addresses. */
function isWide(fields: readonly string[]): boolean {
  const [, , third = ''] = fields;
  return fields.length >= 5 && !Object.hasOwn(PLAIN_TYPES, third.toUpperCase());
}

/** What a line says, numbers as they are written. */
interface CsvRegion extends Omit<ImportedRegion, 'line' | 'pa' | 'va' | 'bytes'> {
  readonly pa: string;
  readonly va: string;
  readonly size: string;
}

/** A line of the first dialect; what is wrong with it where it is none. */
function plainRegion(fields: readonly string[]): CsvRegion | string {
  const [pa = '', size = '', written = '', ...label] = fields;
  if (fields.length < 4) return 'a line has four fields: ADDR, LENGTH, TYPE, LABEL';
  const type = PLAIN_TYPES[written.toUpperCase()];
  if (type === undefined || !Object.hasOwn(PLAIN_TYPES, written.toUpperCase())) {
    return `\`${written.slice(0, 40)}\` is none of ${Object.keys(PLAIN_TYPES).join(', ')}`;
  }
  const [memory, rights] = type;
  return {
    name: label.join(', '),
    pa,
    va: '',
    size,
    privileged: rightsOfLetters(rights),
    memory,
    shareable: true,
  };
}

/** A line of the second dialect; what is wrong with it where it is none. */
function wideRegion(fields: readonly string[]): CsvRegion | string {
  const [pa = '', va = '', size = '', types = '', flags = '', ...comment] = fields;
  if (fields.length < 5) {
    return 'a line has six fields: phys, [virt], size, type[:SHARED][:GLOBAL], rights[:SX][:UX][:NS], comment';
  }
  const [type = '', ...typeFlags] = types.toUpperCase().split(':');
  const [rights = '', ...rightFlags] = flags.toUpperCase().split(':');
  const memory = Object.hasOwn(CSV_TYPES, type) ? CSV_TYPES[type] : undefined;
  if (memory === undefined) {
    return `\`${type.slice(0, 40)}\` is none of ${Object.keys(CSV_TYPES).join(', ')}`;
  }
  const letters = Object.hasOwn(CSV_RIGHTS, rights) ? CSV_RIGHTS[rights] : undefined;
  if (letters === undefined) {
    return `\`${rights.slice(0, 40)}\` is none of ${Object.keys(CSV_RIGHTS).join(', ')}`;
  }
  const unknown =
    typeFlags.find((flag) => flag !== 'SHARED' && flag !== 'GLOBAL') ??
    rightFlags.find((flag) => flag !== 'SX' && flag !== 'UX' && flag !== 'NS');
  if (unknown !== undefined) return `\`:${unknown.slice(0, 40)}\` is no flag of this format`;
  const [pl1, pl0] = letters;
  const privilegedExecutes = rightFlags.includes('SX') && !pl1.includes('w');
  return {
    name: comment.join(', '),
    pa,
    va,
    size,
    privileged: rightsOfLetters(pl1 + (privilegedExecutes ? 'x' : '')),
    user: rightsOfLetters(pl0 + (rightFlags.includes('UX') ? 'x' : '')),
    memory,
    shareable: typeFlags.includes('SHARED') || memory === 'device',
    global: typeFlags.includes('GLOBAL'),
    nonSecure: rightFlags.includes('NS'),
  };
}
