/** What every source offers of physical memory, wherever it comes from. */

import { formatBytes, hex0x, KIB } from '../base/index.js';
import { EXTERNAL_ABORT, type WordReader } from '../machine/index.js';

/** A range of physical addresses. */
export interface MemoryRange {
  readonly pa: number;
  readonly bytes: number;
}

/** A place in a file, as a report names it. */
export interface FilePosition {
  /** The path of the file. */
  readonly file: string;
  /** The offset in the file, or in its content where the file is compressed. */
  readonly byteOffset: number;
  /** Whether the file is compressed, so that the offset counts in its content. */
  readonly compressed: boolean;
}

/** Physical memory below 4 GiB, where every short-descriptor table lies. */
export interface SourceMemory extends WordReader {
  /** Where there is memory: ascending, disjoint, not adjacent. */
  readonly ranges: readonly MemoryRange[];
  /** A copy of the bytes of a range, or undefined where some of them are not there. */
  readBytes(pa: number, bytes: number): Uint8Array | undefined;
  /** Where the byte at `pa` lies in a file; undefined if it lies in none. */
  locate(pa: number): FilePosition | undefined;
}

/** The end of the addresses that tables of this format can have. */
export const ADDRESS_LIMIT = 2 ** 32;

/** `ranges` put in order, with what overlaps or touches made one. */
export function joinRanges(ranges: readonly MemoryRange[]): MemoryRange[] {
  const joined: { pa: number; bytes: number }[] = [];
  for (const { pa, bytes } of ranges.toSorted((left, right) => left.pa - right.pa)) {
    const last = joined.at(-1);
    if (bytes <= 0) continue;
    if (last === undefined || pa > last.pa + last.bytes) joined.push({ pa, bytes });
    else last.bytes = Math.max(last.bytes, pa + bytes - last.pa);
  }
  return joined;
}

/** A size in words: `64.0 KiB`, `512 B`. */
export function sizeText(bytes: number): string {
  return `${formatBytes(bytes)}${bytes >= KIB ? 'iB' : ''}`;
}

/** How much memory where: `128 MiB at 0x60000000`, `96.0 MiB in 3 ranges 0x0..0x8fffffff`. */
export function rangesText(ranges: readonly MemoryRange[]): string {
  const first = ranges[0];
  const last = ranges.at(-1);
  if (first === undefined || last === undefined) return 'no memory';
  const total = ranges.reduce((sum, range) => sum + range.bytes, 0);
  const size = sizeText(total);
  if (ranges.length === 1) return `${size} at ${hex0x(first.pa)}`;
  const end = hex0x(last.pa + last.bytes - 1);
  return `${size} in ${ranges.length} ranges ${hex0x(first.pa)}..${end}`;
}

/** A copy of the bytes of a range of what can only be read by words; undefined where some are absent. */
export function bytesFromWords(
  reader: WordReader,
  pa: number,
  bytes: number,
): Uint8Array | undefined {
  const data = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 1) {
    const word = reader.readWord(pa + at);
    if (word === EXTERNAL_ABORT) return undefined;
    data[at] = word >>> (8 * ((pa + at) & 3));
  }
  return data;
}
