/** Physical memory that was read from a target: the tables, and whatever else was asked for. */

import { EXTERNAL_ABORT } from '../machine/index.js';
import {
  ADDRESS_LIMIT,
  bytesFromWords,
  type FilePosition,
  joinRanges,
  type MemoryRange,
  type SourceMemory,
} from './source-memory.js';

/** The least that is read: a level-2 table. */
export const BLOCK_BYTES = 1024;
const BLOCK_SHIFT = 10;
const BLOCK_WORDS = BLOCK_BYTES / 4;
const BLOCKS_OF_MEBIBYTE = 1024;

/** Words by their physical address, in blocks of 1 KiB. */
export class CapturedMemory implements SourceMemory {
  /** The blocks of each MiB that has some. */
  private readonly mebibytes: ((Uint32Array | undefined)[] | undefined)[] = new Array(
    ADDRESS_LIMIT / BLOCK_BYTES / BLOCKS_OF_MEBIBYTE,
  );
  private parts: MemoryRange[] = [];
  private isJoined = true;

  get ranges(): readonly MemoryRange[] {
    if (!this.isJoined) this.parts = joinRanges(this.parts);
    this.isJoined = true;
    return this.parts;
  }

  readWord(pa: number): number {
    if (pa < 0 || pa >= ADDRESS_LIMIT) return EXTERNAL_ABORT;
    const block = this.mebibytes[pa >>> 20]?.[(pa >>> BLOCK_SHIFT) & (BLOCKS_OF_MEBIBYTE - 1)];
    return block === undefined ? EXTERNAL_ABORT : (block[(pa >>> 2) & (BLOCK_WORDS - 1)] as number);
  }

  readBytes(pa: number, bytes: number): Uint8Array | undefined {
    return bytesFromWords(this, pa, bytes);
  }

  locate(): FilePosition | undefined {
    return undefined;
  }

  /** The parts of `range`, in whole blocks, that are not there yet. */
  missing(range: MemoryRange): MemoryRange[] {
    const first = Math.floor(range.pa / BLOCK_BYTES);
    const end = Math.ceil(Math.min(range.pa + range.bytes, ADDRESS_LIMIT) / BLOCK_BYTES);
    const missing: MemoryRange[] = [];
    for (let block = first; block < end; block += 1) {
      const pa = block * BLOCK_BYTES;
      if (this.readWord(pa) === EXTERNAL_ABORT) missing.push({ pa, bytes: BLOCK_BYTES });
    }
    return joinRanges(missing);
  }

  /** Keeps `data` as the memory at `pa`; both are made of whole blocks. */
  keep(pa: number, data: Uint8Array): void {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    for (let at = 0; at < words.length; at += BLOCK_WORDS) {
      const block = pa / BLOCK_BYTES + at / BLOCK_WORDS;
      const mebibyte = Math.floor(block / BLOCKS_OF_MEBIBYTE);
      const blocks = this.mebibytes[mebibyte] ?? new Array(BLOCKS_OF_MEBIBYTE);
      blocks[block % BLOCKS_OF_MEBIBYTE] = words.subarray(at, at + BLOCK_WORDS);
      this.mebibytes[mebibyte] = blocks;
    }
    this.parts.push({ pa, bytes: data.byteLength });
    this.isJoined = false;
  }
}
