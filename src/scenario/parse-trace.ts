/**
 * Traces of memory references as text, read from bytes as they come, in bounded memory.
 *
 * One grammar holds what Valgrind's lackey prints (`--trace-mem=yes`), what people write by hand, and
 * reference strings from textbooks:
 *
 *     I  004014f0,2          lackey: an instruction of 2 bytes at 0x4014f0
 *      L 1fff000780,8        a load, S a store, M a modification, each with its size
 *     ==123== …              Valgrind's own lines mean nothing here
 *     # text                 a comment, also behind a reference
 *     7ffe_1000              a read, in hexadecimal with or without 0x
 *     w 0x7ffe1004,4         r, w, x or a letter of lackey, before the address or behind it
 *     pages                  from here on numbers are page numbers, decimal, many a line:
 *     7 0 1, 2w 0x10
 */
import { VmError } from '../base/index.js';
import type { FileProblem } from '../layout/yaml-tree.js';
import { type ChunkStore, type ReferenceTrace, TraceBuilder } from './reference-trace.js';

/** What the numbers of a trace are. */
export const TRACE_UNITS = ['addresses', 'pages'] as const;
/** Which references are kept. */
export const TRACE_ACCESSES = ['all', 'data', 'instructions'] as const;

/** How a trace is read. */
export interface TraceOptions {
  /** How messages call the trace. */
  readonly name: string;
  /** Bytes of a page, a power of two from 256 to 1 GiB; 4 KiB if not said. */
  readonly pageBytes?: number;
  /** What numbers are before the trace says so itself; addresses if not said. */
  readonly unit?: (typeof TRACE_UNITS)[number];
  /** Whether instruction fetches or everything else is left out; nothing, if not said. */
  readonly accesses?: (typeof TRACE_ACCESSES)[number];
  /** Whether a line that is no reference is passed over and counted; an error, if not said. */
  readonly skipBadLines?: boolean;
  /** Where the references are kept; in memory, if not said. */
  readonly store?: ChunkStore;
}

/** Bytes of the longest line. */
const MOST_LINE_BYTES = 64 * 1024;
/** Bytes of the largest access. */
const MOST_ACCESS_BYTES = 2 ** 20;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;
const COMMA = 44;
const UNDERSCORE = 95;
const FETCH = 2;

/** Kinds by letter: of lackey, and of people. The number is a place in `REFERENCE_KINDS`. */
const KIND_LETTERS: Readonly<Record<string, number>> = {
  l: 0,
  r: 0,
  s: 1,
  w: 1,
  i: FETCH,
  x: FETCH,
  m: 3,
};
const NO_KIND = -1;
const KIND_OF_BYTE = new Int8Array(256).fill(NO_KIND);
for (const [letter, kind] of Object.entries(KIND_LETTERS)) {
  KIND_OF_BYTE[letter.charCodeAt(0)] = kind;
  KIND_OF_BYTE[letter.toUpperCase().charCodeAt(0)] = kind;
}

/** The value of a hexadecimal digit by its byte, or -1. */
const DIGIT_OF_BYTE = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit += 1) {
  DIGIT_OF_BYTE[digit.toString(16).charCodeAt(0)] = digit;
  DIGIT_OF_BYTE[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

const WANTED =
  "a reference is an address in hexadecimal like `7ffe1000`, `w 7ffe1000,4`, or lackey's ` S 7ffe1000,4`";
const WANTED_PAGES =
  'page numbers are decimal, or hexadecimal with 0x, with r, w or x behind: `7 0 1w 0x10`';
/** Lines of Valgrind, of the program below it, and of lackey's other trace, which are no references. */
const NOISE = /^(?:(?:==|--|\*\*)\d+(?:==|--|\*\*)|SB [0-9a-f]+$)/;
const PAGE_TOKEN = /^(0x[0-9a-f_]+|[0-9][0-9_]*)([rwxlsim])?$/i;

/** Reads one trace. */
export class TraceReader {
  /** Lines so far, and those of them that were passed over because they are no reference. */
  lines = 0;
  badLines = 0;
  /** Whether the numbers are page numbers. */
  inPages: boolean;
  private readonly name: string;
  private readonly shift: number;
  /** Pages in 4 GiB, and the bits of an address within its page. */
  private readonly upperPages: number;
  private readonly offsetMask: number;
  private readonly skipBadLines: boolean;
  private readonly keepsFetches: boolean;
  private readonly keepsData: boolean;
  private readonly builder: TraceBuilder;
  private began = false;
  /** What is there of a line whose end has not come yet. */
  private rest = new Uint8Array();
  /** Where {@link readReference} is, and the upper and lower half of the address that it read. */
  private at = 0;
  private high = 0;
  private low = 0;

  constructor(options: TraceOptions) {
    this.name = options.name;
    this.shift = Math.log2(options.pageBytes ?? 4096);
    this.upperPages = 2 ** (32 - this.shift);
    this.offsetMask = 2 ** this.shift - 1;
    this.skipBadLines = options.skipBadLines ?? false;
    this.keepsFetches = options.accesses !== 'data';
    this.keepsData = options.accesses !== 'instructions';
    this.builder = new TraceBuilder(options.store);
    this.inPages = options.unit === 'pages';
    if (!Number.isInteger(this.shift) || this.shift < 8 || this.shift > 30) {
      const message = `${options.pageBytes} bytes are no page: a power of two from 256 to 1 GiB is one`;
      throw new VmError('USAGE_ERR', message);
    }
  }

  /** How many references there are so far. */
  get references(): number {
    return this.builder.references;
  }

  /**
   * Reads the next bytes, which may end anywhere.
   * Errors: `TRACE_ERR_SYNTAX` a line is no reference, or longer than 64 KiB; those of
   * {@link TraceBuilder.add}. All say in which line.
   */
  push(bytes: Uint8Array): void {
    try {
      this.take(bytes);
    } catch (error) {
      if (!(error instanceof VmError) || error.code !== 'TRACE_ERR_LIMIT') throw error;
      throw new VmError(error.code, `${this.name}:${this.lines}: ${error.message}`);
    }
  }

  /** The trace, of which there is no more. Errors: as {@link push}; `TRACE_ERR_EMPTY`. */
  finish(): ReferenceTrace {
    if (this.rest.length > 0) this.push(Uint8Array.of(NEWLINE));
    if (this.builder.references > 0) return this.builder.finish();
    const what =
      this.lines === 0 ? 'it is empty' : `none of its ${this.lines} lines is one that counts`;
    throw new VmError('TRACE_ERR_EMPTY', `${this.name}: there is no reference in it: ${what}`);
  }

  private take(bytes: Uint8Array): void {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.keep(bytes);
      return;
    }
    let from = 0;
    if (this.rest.length > 0) {
      from = bytes.indexOf(NEWLINE) + 1;
      this.keep(bytes.subarray(0, from));
      const line = this.rest;
      this.rest = new Uint8Array();
      this.readLines(line, 0, line.length);
    }
    this.readLines(bytes, from, end);
    this.keep(bytes.subarray(end));
  }

  private keep(bytes: Uint8Array): void {
    const length = this.rest.length + bytes.length;
    if (length > MOST_LINE_BYTES) {
      this.lines += 1;
      const text = lineText(this.rest.length > 0 ? this.rest : bytes);
      throw this.problem(
        text,
        1,
        `a line is longer than ${MOST_LINE_BYTES} bytes, so that this is no trace`,
      );
    }
    const joined = new Uint8Array(length);
    joined.set(this.rest);
    joined.set(bytes, this.rest.length);
    this.rest = joined;
  }

  /** Reads whole lines: a newline is the last byte before `end`. */
  private readLines(bytes: Uint8Array, from: number, end: number): void {
    for (let at = from; at < end; ) {
      this.lines += 1;
      if (!this.inPages && this.readReference(bytes, at)) {
        at = this.at;
        continue;
      }
      const next = bytes.indexOf(NEWLINE, at) + 1;
      this.readOther(bytes.subarray(at, next - 1));
      at = next;
    }
  }

  /**
   * Reads a line that is a reference to an address, and nothing else; false if it is not one. This
   * is where hundreds of megabytes go through: no text is made of a line.
   */
  private readReference(bytes: Uint8Array, from: number): boolean {
    let at = from;
    while (bytes[at] === SPACE) at += 1;
    let kind = KIND_OF_BYTE[bytes[at] as number] as number;
    if (kind !== NO_KIND) {
      at += 1;
      if (bytes[at] !== SPACE) return false;
      while (bytes[at] === SPACE) at += 1;
    }
    at = this.readAddress(bytes, at);
    if (at < 0) return false;
    let size = 1;
    if (bytes[at] === COMMA) {
      size = 0;
      for (at += 1; ; at += 1) {
        const digit = (bytes[at] as number) - 48;
        if (digit < 0 || digit > 9) break;
        size = size * 10 + digit;
        if (size > MOST_ACCESS_BYTES) return false;
      }
      if (size === 0) return false;
    }
    if (bytes[at] === SPACE && kind === NO_KIND) {
      while (bytes[at] === SPACE) at += 1;
      kind = KIND_OF_BYTE[bytes[at] as number] as number;
      if (kind !== NO_KIND) at += 1;
    }
    while (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === RETURN) at += 1;
    if (bytes[at] !== NEWLINE) return false;
    this.at = at + 1;
    this.began = true;
    return this.addRange(kind === NO_KIND ? 0 : kind, size);
  }

  /** Reads an address into `high` and `low`; answers where it ends, or -1 where there is none. */
  private readAddress(bytes: Uint8Array, from: number): number {
    let at = from;
    // A prefix 0x: no kind begins with a digit.
    if (bytes[at] === 48 && ((bytes[at + 1] as number) | 32) === 120) at += 2;
    const first = at;
    let digits = 0;
    let high = 0;
    let low = 0;
    for (; ; at += 1) {
      const byte = bytes[at] as number;
      const digit = DIGIT_OF_BYTE[byte] as number;
      if (digit < 0) {
        if (byte === UNDERSCORE && at > first) continue;
        break;
      }
      digits += 1;
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    if (digits === 0 || (digits > 16 && !this.leadsWithZeros(bytes, first, digits - 16))) return -1;
    this.high = high >>> 0;
    this.low = low >>> 0;
    return at;
  }

  private leadsWithZeros(bytes: Uint8Array, from: number, count: number): boolean {
    for (let index = 0; index < count; index += 1) if (bytes[from + index] !== 48) return false;
    return true;
  }

  /** Adds the pages of an access at the address that was read; false if it goes beyond the last one. */
  private addRange(kind: number, size: number): boolean {
    if (kind === FETCH ? !this.keepsFetches : !this.keepsData) return true;
    const { shift, low } = this;
    const page = this.high * this.upperPages + (low >>> shift);
    if (page > Number.MAX_SAFE_INTEGER) return false;
    const inPage = low & this.offsetMask;
    const more = (inPage + size - 1) >>> shift;
    for (let index = 0; index <= more; index += 1) this.builder.add(page + index, kind);
    return true;
  }

  /** Reads a line that is not just a reference to an address. `bytes` is the line without its end. */
  private readOther(bytes: Uint8Array): void {
    const whole = lineText(bytes);
    const comment = whole.indexOf('#');
    const text = (comment < 0 ? whole : whole.slice(0, comment)).trim();
    if (text === '' || NOISE.test(text)) return;
    if (/^(?:pages|addresses)$/i.test(text) && !this.began) {
      this.inPages = /^pages$/i.test(text);
      return;
    }
    if (this.inPages ? this.readPages(text) : this.readTrimmed(text)) return;
    if (this.skipBadLines) {
      this.badLines += 1;
      return;
    }
    const column = whole.search(/\S/) + 1;
    const what = this.inPages ? `not page numbers: ${WANTED_PAGES}` : `not a reference: ${WANTED}`;
    throw this.problem(whole, column, what);
  }

  /** Reads a reference that a comment or other blanks stand around. */
  private readTrimmed(text: string): boolean {
    const plain = text.replace(/\s+/g, ' ');
    const bytes = new Uint8Array(plain.length + 1);
    for (let index = 0; index < plain.length; index += 1) bytes[index] = plain.charCodeAt(index);
    bytes[plain.length] = NEWLINE;
    return this.readReference(bytes, 0) && this.at === bytes.length;
  }

  /** Reads a line of page numbers: all of them, or none where one is wrong. */
  private readPages(text: string): boolean {
    const tokens = text.split(/[\s,]+/).filter((token) => token !== '');
    const lone = tokens.length === 2 ? tokens.findIndex(isKind) : -1;
    const found: [page: number, kind: number][] = [];
    for (const [index, token] of tokens.entries()) {
      if (index === lone) continue;
      const [, digits = '', letter] = PAGE_TOKEN.exec(token) ?? [];
      const page = digits === '' ? Number.NaN : Number(digits.replaceAll('_', ''));
      if (!Number.isSafeInteger(page)) return false;
      const kind = (lone < 0 ? letter : tokens[lone])?.toLowerCase() ?? 'r';
      found.push([page, KIND_LETTERS[kind] as number]);
    }
    this.began = true;
    for (const [page, kind] of found) {
      if (kind === FETCH ? this.keepsFetches : this.keepsData) this.builder.add(page, kind);
    }
    return true;
  }

  private problem(source: string, column: number, message: string): VmError {
    const problem: FileProblem = { file: this.name, line: this.lines, column, message, source };
    return new VmError('TRACE_ERR_SYNTAX', `${this.name}:${this.lines}: ${message}`, {
      evidence: [problem],
    });
  }
}

const isKind = (token: string): boolean => Object.hasOwn(KIND_LETTERS, token.toLowerCase());

/** A line as text, a character a byte, so that whatever it is can be shown. */
function lineText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
