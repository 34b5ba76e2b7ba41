/**
 * Physical memory whose content lies in a file: pieces of the file at physical addresses. Only the
 * blocks that are asked for are read, and only so many of them are kept.
 */

import { EXTERNAL_ABORT } from '../machine/index.js';
import type { ByteFile } from './byte-file.js';
import {
  ADDRESS_LIMIT,
  type FilePosition,
  joinRanges,
  type MemoryRange,
  type SourceMemory,
} from './source-memory.js';

/** A piece of a file at a physical address. */
export interface Extent extends MemoryRange {
  /** Where it begins in the file. */
  readonly fileOffset: number;
  /** Bytes that the file has; the rest of `bytes` is zero. */
  readonly fileBytes: number;
}

/** Bytes that are read together: as many as a root table has. */
const BLOCK_BYTES = 16 * 1024;
const BLOCK_SHIFT = 14;
const BLOCK_MASK = BLOCK_BYTES - 1;
/** Blocks that are kept: 32 MiB. */
const KEPT_BLOCKS = 2048;

interface Block {
  readonly number: number;
  readonly words: Uint32Array;
  /** A byte for each word, 1 where all of it is there; undefined if the whole block is. */
  present: Uint8Array | undefined;
}

/** Memory made of pieces of one file. */
export class PhysicalImage implements SourceMemory {
  readonly ranges: readonly MemoryRange[];
  /** Ascending and disjoint. */
  private readonly extents: readonly Extent[];
  private readonly file: ByteFile;
  private readonly compressed: boolean;
  private readonly blocks = new Array<Block | undefined>(ADDRESS_LIMIT / BLOCK_BYTES);
  /** The blocks that are kept, the oldest at `oldest` once there are KEPT_BLOCKS. */
  private readonly kept: Block[] = [];
  private oldest = 0;
  /** The block that was read last, if all of it is there; -1 if none is. */
  private recentNumber = -1;
  private recentWords: Uint32Array = new Uint32Array(0);

  /**
   * @param extents in any order. Where two overlap, the one that begins lower counts, or the one
   *   named first; what lies at or above 4 GiB is left out.
   * @param compressed whether `file` is the content of a compressed file.
   */
  constructor(file: ByteFile, extents: readonly Extent[], compressed = false) {
    this.file = file;
    this.compressed = compressed;
    this.extents = disjoint(extents);
    this.ranges = joinRanges(this.extents);
  }

  /** The word at `pa`, or EXTERNAL_ABORT where not all of it is there. The low two bits are ignored. */
  readWord(pa: number): number {
    if (pa < 0 || pa >= ADDRESS_LIMIT) return EXTERNAL_ABORT;
    const number = pa >>> BLOCK_SHIFT;
    const index = (pa & BLOCK_MASK) >>> 2;
    // Reads keep to one block for long.
    if (number === this.recentNumber) return this.recentWords[index] as number;
    const block = this.blocks[number] ?? this.load(number);
    if (block.present !== undefined) {
      return block.present[index] === 0 ? EXTERNAL_ABORT : (block.words[index] as number);
    }
    this.recentNumber = number;
    this.recentWords = block.words;
    return block.words[index] as number;
  }

  readBytes(pa: number, bytes: number): Uint8Array | undefined {
    const home = this.ranges[lastStartingBy(this.ranges, pa)];
    if (home === undefined || pa + bytes > home.pa + home.bytes) return undefined;
    const data = new Uint8Array(bytes);
    this.fill(pa, data);
    return data;
  }

  locate(pa: number): FilePosition | undefined {
    const extent = this.extents[lastStartingBy(this.extents, pa)];
    if (extent === undefined || pa >= extent.pa + extent.fileBytes) return undefined;
    const byteOffset = extent.fileOffset + (pa - extent.pa);
    return { file: this.file.name, byteOffset, compressed: this.compressed };
  }

  /** Reads what the file has of the range from `pa`; the rest of `data` is left alone. */
  private fill(pa: number, data: Uint8Array): void {
    const end = pa + data.length;
    let index = Math.max(0, lastStartingBy(this.extents, pa));
    for (; index < this.extents.length; index += 1) {
      const extent = this.extents[index] as Extent;
      if (extent.pa >= end) break;
      const from = Math.max(pa, extent.pa);
      const to = Math.min(end, extent.pa + extent.fileBytes);
      if (from >= to) continue;
      this.file.read(extent.fileOffset + (from - extent.pa), data.subarray(from - pa, to - pa));
    }
  }

  private load(number: number): Block {
    const pa = number * BLOCK_BYTES;
    const words = this.recycle() ?? new Uint32Array(BLOCK_BYTES / 4);
    const block: Block = { number, words, present: this.presence(pa) };
    this.fill(pa, new Uint8Array(words.buffer, words.byteOffset, BLOCK_BYTES));
    this.blocks[number] = block;
    if (this.kept.length < KEPT_BLOCKS) this.kept.push(block);
    else {
      this.kept[this.oldest] = block;
      this.oldest = (this.oldest + 1) % KEPT_BLOCKS;
    }
    return block;
  }

  /** The zeroed words of the oldest block, which is forgotten, once enough blocks are kept. */
  private recycle(): Uint32Array | undefined {
    if (this.kept.length < KEPT_BLOCKS) return undefined;
    const block = this.kept[this.oldest] as Block;
    this.blocks[block.number] = undefined;
    this.recentNumber = -1;
    return block.words.fill(0);
  }

  /** Which words of the block at `pa` are there; undefined if all are. */
  private presence(pa: number): Uint8Array | undefined {
    const end = pa + BLOCK_BYTES;
    const first = Math.max(0, lastStartingBy(this.ranges, pa));
    const home = this.ranges[first];
    if (home !== undefined && home.pa <= pa && home.pa + home.bytes >= end) return undefined;
    const present = new Uint8Array(BLOCK_BYTES / 4);
    for (let index = first; index < this.ranges.length; index += 1) {
      const range = this.ranges[index] as MemoryRange;
      if (range.pa >= end) break;
      const from = Math.ceil((Math.max(range.pa, pa) - pa) / 4);
      const to = Math.floor((Math.min(range.pa + range.bytes, end) - pa) / 4);
      if (from < to) present.fill(1, from, to);
    }
    return present;
  }
}

/** The index of the last of the ascending `ranges` that starts at or below `pa`; -1 if none does. */
function lastStartingBy(ranges: readonly MemoryRange[], pa: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as MemoryRange).pa <= pa) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** `extents` in order, cut where they overlap and at 4 GiB. */
function disjoint(extents: readonly Extent[]): Extent[] {
  const kept: Extent[] = [];
  let end = 0;
  for (const extent of extents.toSorted((left, right) => left.pa - right.pa)) {
    const skipped = Math.max(0, end - extent.pa);
    const stop = Math.min(extent.pa + extent.bytes, ADDRESS_LIMIT);
    const pa = extent.pa + skipped;
    if (pa >= stop) continue;
    kept.push({
      pa,
      bytes: stop - pa,
      fileOffset: extent.fileOffset + skipped,
      fileBytes: Math.max(0, Math.min(extent.fileBytes - skipped, stop - pa)),
    });
    end = stop;
  }
  return kept;
}
