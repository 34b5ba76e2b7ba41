/**
 * Snapshots: registers and just the table memory of a space in one JSON file, to look at later
 * without the target.
 *
 *     { "schema": "pagewright/snapshot", "version": 1,
 *       "source": "gdb:127.0.0.1:1234", "cpu": "cortex-a7",
 *       "registers": [{ "name": "ttbr0", "value": "0x…", "origin": "gdb TTBR0_EL1" }, …],
 *       "memory": [{ "base": "0x…", "words": 4096, "runs": "…" }, …] }
 */

import { hex0x, parseAddress, VmError } from '../base/index.js';
import { EXTERNAL_ABORT, type WordReader } from '../machine/index.js';
import { AddressSpace, type SpaceInput, TABLE_BYTES } from './address-space.js';
import { packWords, unpackWords } from './word-runs.js';

/** What a snapshot calls itself. */
export const SNAPSHOT_SCHEMA = 'pagewright/snapshot';
const VERSION = 1;

/** A piece of memory, from `base` on. */
export interface MemoryWords {
  readonly base: number;
  readonly words: Uint32Array;
}

/** A register of a snapshot. */
export interface SnapshotRegister {
  /** As the translation registers are called in code, and `dfsr`, `dfar`, `ifsr`, `ifar`, …. */
  readonly name: string;
  readonly value: number;
  /** Where the value was from when the snapshot was taken. */
  readonly origin: string;
}

/** A snapshot, read or about to be written. */
export interface Snapshot {
  /** The source that it was taken from. */
  readonly source: string;
  /** The symbol that the root table is, where it has one. */
  readonly table?: string;
  /** The name of the CPU profile. */
  readonly cpu: string;
  readonly registers: readonly SnapshotRegister[];
  /** Ascending and disjoint. */
  readonly memory: readonly MemoryWords[];
}

/** More words than the tables of any space have: they are at most 4 MiB and two roots. */
const MOST_WORDS = 2 ** 21;
const MOST_REGISTERS = 256;

/** The memory of all tables of a space, as far as it can be read: ascending, neighbours joined. */
export function tableMemory(input: SpaceInput): MemoryWords[] {
  const space = new AddressSpace(input);
  const ranges = [...space.tableKibibytes].map((kibibyte) => ({
    base: kibibyte * 1024,
    bytes: TABLE_BYTES,
  }));
  for (const { base, first, end, disabled } of space.roots) {
    if (!disabled) ranges.push({ base: base + first * 4, bytes: (end - first) * 4 });
  }
  ranges.sort((left, right) => left.base - right.base);
  const pieces: MemoryWords[] = [];
  let words: number[] = [];
  let start = 0;
  let at = 0;
  const finish = (): void => {
    if (words.length > 0) pieces.push({ base: start, words: Uint32Array.from(words) });
    words = [];
  };
  for (const { base, bytes } of ranges) {
    for (let address = Math.max(at, base); address < base + bytes; address += 4) {
      const word = input.reader.readWord(address);
      if (address !== at || word === EXTERNAL_ABORT) finish();
      if (word !== EXTERNAL_ABORT) {
        if (words.length === 0) start = address;
        words.push(word);
      }
      at = address + 4;
    }
  }
  finish();
  return pieces;
}

/** A reader of the words of a snapshot; everything else is not there. */
export function snapshotReader(memory: readonly MemoryWords[]): WordReader {
  return {
    readWord(pa) {
      let low = 0;
      let high = memory.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((memory[middle] as MemoryWords).base <= pa) low = middle + 1;
        else high = middle;
      }
      const piece = memory[low - 1];
      return piece?.words[Math.floor((pa - piece.base) / 4)] ?? EXTERNAL_ABORT;
    },
  };
}

/** A snapshot as the text of a file. */
export function snapshotText(snapshot: Snapshot): string {
  const { source, table, cpu, registers, memory } = snapshot;
  const document = {
    schema: SNAPSHOT_SCHEMA,
    version: VERSION,
    source,
    ...(table === undefined ? {} : { table }),
    cpu,
    registers: registers.map(({ name, value, origin }) => ({
      name,
      value: hex0x(value, 8),
      origin,
    })),
    memory: memory.map(({ base, words }) => ({
      base: hex0x(base, 8),
      words: words.length,
      runs: packWords(words),
    })),
  };
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

/** Whether `text` begins like a snapshot. */
export function isSnapshot(text: string): boolean {
  return text.slice(0, 200).includes(`"${SNAPSHOT_SCHEMA}"`);
}

/**
 * The snapshot in the text of a file.
 *
 * Errors: SOURCE_ERR_FORMAT — it is no JSON, not a snapshot of a version that is known, or a part of
 * it is missing or not possible.
 */
export function parseSnapshot(text: string): Snapshot {
  const document = recordOf(parseJson(text), 'the file');
  if (document['schema'] !== SNAPSHOT_SCHEMA) throw broken(`its schema is not ${SNAPSHOT_SCHEMA}`);
  if (document['version'] !== VERSION) {
    throw broken(`it has version ${JSON.stringify(document['version'])}, and ${VERSION} is known`);
  }
  const table = document['table'];
  const registers = listOf(document['registers'], 'registers', MOST_REGISTERS).map(registerOf);
  const pieces = listOf(document['memory'], 'memory', MOST_WORDS);
  let words = 0;
  let end = 0;
  const memory = pieces.map((piece) => {
    const read = pieceOf(piece, MOST_WORDS - words);
    if (read.base < end) throw broken(`its memory at ${hex0x(read.base)} is not in order`);
    words += read.words.length;
    end = read.base + read.words.length * 4;
    return read;
  });
  return {
    source: stringOf(document['source'], 'source'),
    ...(table === undefined ? {} : { table: stringOf(table, 'table') }),
    cpu: stringOf(document['cpu'], 'cpu'),
    registers,
    memory,
  };
}

function registerOf(value: unknown): SnapshotRegister {
  const record = recordOf(value, 'a register');
  const name = stringOf(record['name'], 'the name of a register');
  const word = addressOf(record['value'], `register ${name}`);
  return { name, value: word, origin: stringOf(record['origin'], `the origin of ${name}`) };
}

function pieceOf(value: unknown, room: number): MemoryWords {
  const record = recordOf(value, 'a piece of memory');
  const base = addressOf(record['base'], 'the base of a piece of memory');
  const count = record['words'];
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > room) {
    throw broken(`its memory at ${hex0x(base)} has an impossible number of words`);
  }
  if (base % 4 !== 0 || base + (count as number) * 4 > 2 ** 32) {
    throw broken(`its memory at ${hex0x(base)} is not aligned, or leaves 4 GiB`);
  }
  return { base, words: unpackWords(stringOf(record['runs'], 'runs'), count as number) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw broken(error instanceof Error ? error.message : 'it is no JSON');
  }
}

function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw broken(`${what} is no object`);
}

function listOf(value: unknown, what: string, most: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= most) return value;
  throw broken(`${what} is no list, or too long`);
}

function stringOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw broken(`${what} is no text`);
}

/** A 32-bit number, written in hexadecimal. */
function addressOf(value: unknown, what: string): number {
  const number = typeof value === 'string' ? parseAddress(value) : undefined;
  if (number !== undefined && number < 2 ** 32) return number;
  throw broken(`${what} is ${JSON.stringify(value)}, not a 32-bit hexadecimal number`);
}

function broken(what: string): VmError {
  return new VmError('SOURCE_ERR_FORMAT', `this is no snapshot: ${what}`);
}
