/**
 * YAML as plain values whose places in the file are known.
 *
 * What is read is a deliberately small YAML: one document of maps, lists and scalars, without
 * anchors, aliases and tags, so that a file can be no larger than it looks. Size and depth are
 * bounded, and every refusal says where it is and what to write instead.
 */
import {
  Composer,
  type CST,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { type ErrorName, VmError } from '../base/index.js';

/** One thing that is wrong with a file, and where. Lines and columns count from 1. */
export interface FileProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The line of the file, without its end. */
  readonly source: string;
}

/** The way from the top of a file to one of its values: keys of maps and indices of lists. */
export type YamlPath = readonly (string | number)[];

/** Bytes of the largest file that is read. */
export const MOST_FILE_BYTES = 128 * 1024;
/** How deep maps and lists may lie in each other. */
const MOST_DEPTH = 24;
/** How many problems one error tells of. */
const MOST_PROBLEMS = 10;

/** The codes of errors about a kind of file. */
export interface FileErrorCodes {
  /** It is not YAML, or YAML that is not taken. */
  readonly syntax: ErrorName;
  /** It is too large or too deep. */
  readonly limit: ErrorName;
}

/** A file that was read. */
export class YamlFile {
  readonly name: string;
  /**
   * The document as plain objects, arrays and scalars. An integer that is written in hexadecimal is
   * the string that was written, so that `0x1000` and `1000` stay apart.
   */
  readonly value: unknown;
  private readonly text: string;
  private readonly codes: FileErrorCodes;
  private readonly root: Node | null;
  private readonly lines = new LineCounter();

  /**
   * Reads `text`, called `name` in messages.
   * Errors: `codes.limit` too large or too deep; `codes.syntax` not YAML, or YAML that is not taken.
   * Both carry {@link FileProblem}s as evidence.
   */
  constructor(name: string, text: string, codes: FileErrorCodes) {
    this.name = name;
    this.text = text;
    this.codes = codes;
    if (text.length > MOST_FILE_BYTES) {
      const message = `the file has ${text.length} characters, at most ${MOST_FILE_BYTES} are read`;
      throw this.error(this.codes.limit, [this.problemAt(0, message)]);
    }
    this.root = this.compose(this.tokens());
    this.value = this.plain(this.root);
  }

  /**
   * The problem `message` with the value at `path`: the place of its key where it has one and `key`
   * is set, else of the value; of the nearest thing around it where the file has no such value.
   */
  problem(path: YamlPath, message: string, key = false): FileProblem {
    let node: Node | null = this.root;
    let at = node?.range?.[0] ?? 0;
    for (const step of path) {
      const found = childOf(node, step);
      if (found === undefined) break;
      node = found.value;
      const place: Node | null = key || node === null ? (found.key ?? node) : node;
      at = place?.range?.[0] ?? found.key?.range?.[0] ?? at;
    }
    return this.problemAt(at, message);
  }

  /** The line of the value at `path`, from 1. */
  lineOf(path: YamlPath): number {
    return this.problem(path, '').line;
  }

  /** The error that tells of `problems`, of which there is at least one. */
  error(code: ErrorName, problems: readonly FileProblem[]): VmError {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    const where = `${first?.file}:${first?.line}:${first?.column}`;
    return new VmError(code, `${where}: ${first?.message}${more}`, {
      evidence: problems.slice(0, MOST_PROBLEMS),
    });
  }

  private problemAt(offset: number, message: string): FileProblem {
    const { line, col } = this.lines.linePos(offset);
    const row = Math.max(1, line);
    const start = this.lines.lineStarts[row - 1] ?? 0;
    const end = this.text.indexOf('\n', start);
    const source = this.text.slice(start, end < 0 ? undefined : end).slice(0, 400);
    return { file: this.name, line: row, column: Math.max(1, col), message, source };
  }

  private syntaxError(offset: number, message: string): VmError {
    return this.error(this.codes.syntax, [this.problemAt(offset, message)]);
  }

  /** The concrete syntax, of which no part lies so deep that composing it would take the stack. */
  private tokens(): CST.Token[] {
    const tokens = [...new Parser(this.lines.addNewLine).parse(this.text)];
    const stack = tokens.map((token) => ({ token, depth: 0 }));
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { token, depth } = top;
      if (token.type === 'error') throw this.syntaxError(token.offset, token.message);
      if (depth > MOST_DEPTH) {
        const message = `maps and lists lie more than ${MOST_DEPTH} deep in each other`;
        throw this.error(this.codes.limit, [this.problemAt(token.offset, message)]);
      }
      for (const inner of innerTokens(token)) stack.push({ token: inner, depth: depth + 1 });
    }
    return tokens;
  }

  private compose(tokens: readonly CST.Token[]): Node | null {
    // Unique keys are checked below: the library compares each key with every other.
    const composer = new Composer({ prettyErrors: false, uniqueKeys: false });
    const [document, second] = composer.compose(tokens, true, this.text.length);
    const [error] = document?.errors ?? [];
    if (error !== undefined) throw this.syntaxError(error.pos[0], firstLine(error.message));
    if (second !== undefined) {
      throw this.syntaxError(second.range[0], 'one file holds one document: leave out the `---`');
    }
    return (document?.contents ?? null) as Node | null;
  }

  private plain(node: Node | null): unknown {
    if (node === null) return null;
    if (node.tag !== undefined) {
      throw this.syntaxError(startOf(node), 'tags are not taken: leave out the word with `!`');
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
      throw this.syntaxError(startOf(node), 'anchors are not taken: write the value out');
    }
    if (isScalar(node)) return plainScalar(node);
    if (isSeq(node)) return node.items.map((item) => this.plain(item as Node | null));
    if (isMap(node)) return this.plainMap(node);
    throw this.syntaxError(startOf(node), 'aliases are not taken: write the value out');
  }

  private plainMap(map: YAMLMap): Record<string, unknown> {
    const values: Record<string, unknown> = Object.create(null);
    for (const pair of map.items) {
      const key = pair.key as Node | null;
      if (!isScalar(key) || typeof key.value !== 'string') {
        throw this.syntaxError(startOf(key ?? map), 'the key of a map must be a plain word');
      }
      if (key.anchor !== undefined || key.tag !== undefined) this.plain(key);
      const name = key.value;
      if (name in values) throw this.syntaxError(startOf(key), `\`${name}\` is there twice`);
      // Nobody's key, and not to be mistaken for what every object inherits.
      if (name in Object.prototype) {
        throw this.syntaxError(startOf(key), `\`${name}\` is not a key that is known here`);
      }
      values[name] = this.plain(pair.value as Node | null);
    }
    return values;
  }
}

/** A scalar's value; an integer that is not written in decimal stays as it is written. */
function plainScalar(node: Scalar): unknown {
  const { value, source } = node;
  if (typeof value !== 'number' || source === undefined) return value;
  return /^[-+]?[0-9]+$/.test(source) || !Number.isInteger(value) ? value : source;
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

/** The value below `node` under a key or an index, with the key; undefined where there is none. */
function childOf(
  node: Node | null,
  step: string | number,
): { readonly key: Node | undefined; readonly value: Node | null } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
    if (pair === undefined) return undefined;
    return { key: pair.key as Node, value: (pair.value ?? null) as Node | null };
  }
  if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
    return { key: undefined, value: (node.items[step] ?? null) as Node | null };
  }
  return undefined;
}

/** What lies in a token of the concrete syntax tree. */
function innerTokens(token: CST.Token): CST.Token[] {
  const inner: CST.Token[] = [];
  if (token.type === 'document') {
    if (token.value !== undefined) inner.push(token.value);
  } else if ('items' in token) {
    for (const item of token.items) {
      if (item.key !== undefined && item.key !== null) inner.push(item.key);
      if (item.value !== undefined) inner.push(item.value);
    }
  }
  return inner;
}
