/**
 * `scan`: looks for root tables in memory of unknown origin. Every aligned 16 KiB is read as a table,
 * and judged by what gives tables away: entries that are zero or well-formed, sections in rows of one
 * MiB each, pointers to memory that reads as level-2 tables, and the entries of a kernel that all
 * root tables of a system share.
 */

import { hex0x } from '../base/index.js';
import {
  IMPLEMENTATION_DEFINED,
  Kind,
  kindOf,
  leafAp,
  pageFrameOf,
  tableKibibyteOf,
} from '../format/index.js';
import { EXTERNAL_ABORT, type WordReader } from '../machine/index.js';
import { ROOT_BYTES, TABLE_ENTRIES } from './address-space.js';

/** Memory that can be looked through. */
export interface ScannedMemory extends WordReader {
  /** Where there is memory: ascending and disjoint. */
  readonly ranges: readonly { readonly pa: number; readonly bytes: number }[];
  /** A copy of the bytes of a range, or undefined where some of them are not there. */
  readBytes(pa: number, bytes: number): Uint8Array | undefined;
}

/** A place that may be a root table. */
export interface Candidate {
  /** The physical address. */
  readonly address: number;
  /** 0 to 100. */
  readonly score: number;
  /** What speaks for it, and what against it. */
  readonly reasons: readonly string[];
}

/** Candidates below this are not told. */
const LEAST_SCORE = 50;
/** Words that cannot be entries, before a place is given up. */
const MOST_BAD = 48;
/** Level-2 tables of a candidate that are looked at. */
const TABLES_SAMPLED = 24;
/** Memory that is read at once. */
const CHUNK_BYTES = 4 * 2 ** 20;
/** A system's root tables share at least so many entries of its kernel. */
const SHARED_ENTRIES = 16;

/** What the words of a place look like. */
interface Looks {
  readonly address: number;
  readonly words: Uint32Array;
  /** Table entries to memory that is there; sections that continue a neighbour; supersections. */
  tables: number;
  rows: number;
  supers: number;
  /** Sections that stand alone. */
  lone: number;
  /** Words that no software would write as an entry. */
  bad: number;
}

/**
 * The places in `memory` that look like root tables, the likeliest first.
 *
 * @param known the physical addresses that registers name, with the names of the registers.
 * @param onProgress told how many bytes have been looked at.
 * @param split TTBCR.N: above 0, tables of TTBR0 are shorter, and may lie between multiples of 16 KiB.
 */
export function scanForRoots(
  memory: ScannedMemory,
  known: ReadonlyMap<number, string> = new Map(),
  onProgress: (bytes: number) => void = () => {},
  split = 0,
): Candidate[] {
  const all = candidatesOf(memory, ROOT_BYTES, known, onProgress);
  if (split === 0) return all;
  const rootBytes = ROOT_BYTES >>> split;
  const isUsed = (address: number): boolean =>
    memory.readBytes(address, rootBytes)?.some((byte) => byte !== 0) === true;
  // A table of TTBR1 has full size, and nothing in the part that TTBR0 translates.
  const whole = all.filter(({ address }) => known.get(address) === 'TTBR1' || !isUsed(address));
  // Its parts look like short tables; one part that is used alone may be either.
  const taken = new Set(
    whole.flatMap(({ address }) => {
      const parts = Array.from({ length: 2 ** split }, (_, part) => address + part * rootBytes);
      return parts.filter(isUsed).length === 1 ? [] : [address];
    }),
  );
  const short = candidatesOf(memory, rootBytes, known, onProgress).filter(
    ({ address }) => !taken.has(address - (address % ROOT_BYTES)),
  );
  return [...whole, ...short].toSorted(byScore);
}

const byScore = (left: Candidate, right: Candidate): number =>
  right.score - left.score || left.address - right.address;

/** The places that look like root tables of `rootBytes`, which they are aligned to. */
function candidatesOf(
  memory: ScannedMemory,
  rootBytes: number,
  known: ReadonlyMap<number, string>,
  onProgress: (bytes: number) => void,
): Candidate[] {
  const holds = memoryTest(memory.ranges);
  const found: Looks[] = [];
  let done = 0;
  for (const { pa, bytes } of memory.ranges) {
    const end = pa + bytes;
    for (let at = Math.ceil(pa / rootBytes) * rootBytes; at + rootBytes <= end; ) {
      const length = Math.min(CHUNK_BYTES, Math.floor((end - at) / rootBytes) * rootBytes);
      const chunk = memory.readBytes(at, length);
      if (chunk !== undefined) lookThrough(at, chunk, rootBytes / 4, holds, found);
      at += length;
      done += length;
      onProgress(done);
    }
  }
  const shared = sharedEntries(found);
  return found
    .map((looks, index) => judge(looks, memory, holds, shared[index] ?? 0, known))
    .filter(({ score }) => score >= LEAST_SCORE)
    .toSorted(byScore);
}

/** Whether memory answers at an address. */
function memoryTest(ranges: ScannedMemory['ranges']): (pa: number) => boolean {
  const starts = Float64Array.from(ranges, (range) => range.pa);
  const ends = Float64Array.from(ranges, (range) => range.pa + range.bytes);
  return (pa) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) <= pa) low = middle + 1;
      else high = middle;
    }
    return low > 0 && pa < (ends[low - 1] as number);
  };
}

function lookThrough(
  base: number,
  chunk: Uint8Array,
  entries: number,
  holds: (pa: number) => boolean,
  found: Looks[],
): void {
  const aligned = chunk.byteOffset % 4 === 0 ? chunk : chunk.slice();
  const all = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  for (let first = 0; first < all.length; first += entries) {
    const words = all.subarray(first, first + entries);
    const looks = look(base + first * 4, words, holds);
    if (looks !== undefined) found.push({ ...looks, words: words.slice() });
  }
}

/** How 16 KiB look as a root table; undefined where they cannot be one. */
function look(
  address: number,
  words: Uint32Array,
  holds: (pa: number) => boolean,
): Looks | undefined {
  const looks = { address, words, tables: 0, rows: 0, supers: 0, lone: 0, bad: 0 };
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as number;
    if (word === 0) continue;
    count(looks, words, index, word, holds);
    if (looks.bad > MOST_BAD) return undefined;
  }
  const good = looks.tables + looks.rows + looks.supers;
  if (good === 0 || good + looks.lone / 2 < looks.bad * 2) return undefined;
  if (looks.tables > 4 * tablesOf(words).size) return undefined;
  // Sections that all stand alone are small pages of something else, read at the wrong level.
  return looks.lone > good * 4 ? undefined : looks;
}

function count(
  looks: Looks,
  words: Uint32Array,
  index: number,
  word: number,
  holds: (pa: number) => boolean,
): void {
  const kind = kindOf(1, word, true);
  if (kind === Kind.FAULT || (word & IMPLEMENTATION_DEFINED) !== 0) {
    looks.bad += 1;
  } else if (kind === Kind.TABLE) {
    if (holds(tableKibibyteOf(word) * 1024)) looks.tables += 1;
    else looks.bad += 1;
  } else if (leafAp(kind, word) === 0b100) {
    looks.bad += 1;
  } else if (kind === Kind.SUPERSECTION) {
    const group = index - (index % 16);
    let equal = 0;
    for (let at = group; at < group + 16; at++) if (words[at] === word) equal += 1;
    if (equal === 16) looks.supers += 1;
    else looks.bad += 1;
  } else if (continues(words[index - 1], word) || continues(word, words[index + 1])) {
    looks.rows += 1;
  } else looks.lone += 1;
}

const MIB = 2 ** 20;

/** Whether `next` maps the MiB behind that of `word`, with the same attributes. */
function continues(word: number | undefined, next: number | undefined): boolean {
  return word !== undefined && next !== undefined && next - word === MIB;
}

/** For each place how many entries of its upper half it has in common with most of another. */
function sharedEntries(found: readonly Looks[]): number[] {
  const groups = new Map<string, number>();
  const keys = found.map(({ words }) => {
    const pieces: string[] = [];
    // In the upper half: what a kernel maps in every space.
    for (let index = words.length / 2; index < words.length; index++) {
      const word = words[index] as number;
      if (word !== 0) pieces.push(`${index}:${word}`);
    }
    return pieces;
  });
  for (const pieces of keys) {
    for (const piece of pieces) groups.set(piece, (groups.get(piece) ?? 0) + 1);
  }
  return keys.map((pieces) => pieces.filter((piece) => (groups.get(piece) ?? 0) > 1).length);
}

function judge(
  looks: Looks,
  memory: ScannedMemory,
  holds: (pa: number) => boolean,
  shared: number,
  known: ReadonlyMap<number, string>,
): Candidate {
  const { address, tables, rows, supers, lone, bad } = looks;
  const good = tables + rows + supers;
  const used = good + lone + bad;
  const reasons: string[] = [];
  let score = 50 * ((good + lone / 2) / used);
  const add = (points: number, reason: string): void => {
    score += points;
    reasons.push(reason);
  };
  if (rows > 1) add(Math.min(15, rows / 2), `${rows} sections in rows of one MiB each`);
  if (supers > 0) add(Math.min(10, supers / 4), `${supers / 16} whole supersections`);
  if (tables > 0) {
    const { plausible, sampled, filled } = sampleTables(looks, memory, holds);
    const share = sampled === 0 ? 0 : plausible / sampled;
    const text = `${tables} pointers to level-2 tables; ${plausible} of ${sampled} that were read look like one`;
    // Tables that are none speak against the root more than good ones speak for it.
    add(filled === 0 ? -10 : share * 60 - 40, filled === 0 ? `${text}, all empty` : text);
  }
  if (shared >= SHARED_ENTRIES) {
    add(15, `${shared} upper entries are those of another candidate, as a kernel's are`);
  }
  if (lone > 0) reasons.push(`${lone} sections stand alone`);
  if (bad > 0) add(-Math.min(20, bad), `${bad} words that are no entries`);
  const register = known.get(address);
  if (register !== undefined) add(30, `${register} points to it`);
  return { address, score: Math.max(0, Math.min(100, Math.round(score))), reasons };
}

/** The different level-2 tables that the entries point to. */
function tablesOf(words: Uint32Array): Set<number> {
  const addresses = new Set<number>();
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as number;
    if (kindOf(1, word, true) === Kind.TABLE) addresses.add(tableKibibyteOf(word) * 1024);
  }
  return addresses;
}

/** Reads some of the level-2 tables of a place; how many look like tables, and how many hold any. */
function sampleTables(
  { words }: Looks,
  memory: ScannedMemory,
  holds: (pa: number) => boolean,
): { plausible: number; sampled: number; filled: number } {
  const addresses = tablesOf(words);
  const step = Math.max(1, Math.floor(addresses.size / TABLES_SAMPLED));
  let plausible = 0;
  let sampled = 0;
  let filled = 0;
  for (const [index, address] of [...addresses].entries()) {
    if (index % step !== 0) continue;
    sampled += 1;
    const entries = tableLooks(address, memory, holds);
    if (entries.good > 0) filled += 1;
    if (entries.bad * 8 <= entries.good) plausible += 1;
  }
  return { plausible, sampled, filled };
}

/** Entries of a level-2 table that make sense, and those that do not. */
function tableLooks(
  address: number,
  memory: ScannedMemory,
  holds: (pa: number) => boolean,
): { good: number; bad: number } {
  let good = 0;
  let bad = 0;
  let before = 0;
  for (let index = 0; index < TABLE_ENTRIES; index++) {
    const word = memory.readWord(address + index * 4);
    if (word === EXTERNAL_ABORT || (word & 3) === 0) {
      if (word !== 0) bad += 1;
      before = 0;
      continue;
    }
    const kind = kindOf(2, word, true);
    const frame = pageFrameOf(kind, word);
    // A large page stands in 16 entries.
    const first = memory.readWord(address + (index - (index % 16)) * 4);
    const large = kind === Kind.LARGE && (word & 0x1c0) === 0 && word === first;
    // A page of memory that is there, or one that goes on behind its neighbour, as devices do. Where
    // nothing is known of the memory, an entry that could be one speaks for little.
    const formed = leafAp(kind, word) !== 0b100 && (kind === Kind.SMALL || large);
    const sensible =
      holds(frame * 4096) || Math.abs(word - before) <= 0x1000 || looksLikeDevice(kind, word);
    if (!formed) bad += 1;
    else good += sensible ? 1 : UNKNOWN_MEMORY;
    before = word;
  }
  return { good, bad };
}

/** What an entry to memory that was not captured counts, of one to memory that was. */
const UNKNOWN_MEMORY = 0.5;

/** Whether the attributes are those that systems give to devices: not executable, not cached. */
function looksLikeDevice(kind: number, word: number): boolean {
  const never = kind === Kind.SMALL ? (word & 1) !== 0 : (word & 0x8000) !== 0;
  return never && (word & 0x8) === 0;
}

/** A candidate as one line: `0x40204000   97  …`. */
export function candidateText({ address, score, reasons }: Candidate): string {
  return `${hex0x(address, 8)}  ${String(score).padStart(3)}  ${reasons.join('; ')}`;
}
