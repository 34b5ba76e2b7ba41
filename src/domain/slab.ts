/**
 * The slab allocator: blocks of one size, in memory that somebody else provides piece by piece.
 *
 * Blocks are numbers from 1 on, and their contents live with whoever uses the slab; what this keeps
 * is which of them are free and what the memory under them is. Free blocks are a stack, so that
 * giving back in reverse order restores the slab exactly.
 */
import { Code, type ErrorNumber, OK } from '../base/index.js';

/** Something that grows by bytes and can take the last growth back. */
export interface Growable {
  readonly blockBytes: number;
  readonly freeCount: number;
  grow(bytes: number): number;
  shrink(added: number): void;
}

/** The same words, with room for `length` of them. */
export function enlarged(words: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(words);
  return larger;
}

/** Called when the slab is short: grows it so that `blocks` are free, or answers an error. */
export type RefillFunction = (slab: Slab, blocks: number) => ErrorNumber;

/** A slab allocator (Barrelfish `slab.h`). */
export class Slab {
  /** Bytes of one block. */
  readonly blockBytes: number;
  /** What to do when blocks run out; without it {@link reserve} fails then. */
  refill: RefillFunction | undefined;
  private blocks = 0;
  private stack = new Int32Array(16);
  private free = 0;

  constructor(blockBytes: number, refill?: RefillFunction) {
    this.blockBytes = blockBytes;
    this.refill = refill;
  }

  /** All blocks, free or not; the highest block number. */
  get capacity(): number {
    return this.blocks;
  }

  /** Blocks that are free. */
  get freeCount(): number {
    return this.free;
  }

  /** Blocks in use. */
  get usedCount(): number {
    return this.blocks - this.free;
  }

  /** Bytes of all blocks, and of those in use. */
  get bytes(): number {
    return this.blocks * this.blockBytes;
  }

  get usedBytes(): number {
    return this.usedCount * this.blockBytes;
  }

  /** Takes in `bytes` of new memory; answers how many blocks it gave. */
  grow(bytes: number): number {
    const added = Math.floor(bytes / this.blockBytes);
    const needed = this.blocks + added;
    if (needed > this.stack.length) {
      this.stack = enlarged(this.stack, Math.max(needed, this.stack.length * 2));
    }
    for (let block = needed; block > this.blocks; block -= 1) {
      this.stack[this.free] = block;
      this.free += 1;
    }
    this.blocks = needed;
    return added;
  }

  /** Undoes the last {@link grow}, whose `added` blocks are all free again, in whatever order. */
  shrink(added: number): void {
    this.blocks -= added;
    let kept = 0;
    for (let index = 0; index < this.free; index += 1) {
      const block = this.stack[index];
      if (block > this.blocks) continue;
      this.stack[kept] = block;
      kept += 1;
    }
    this.free = kept;
  }

  /** Makes sure that `count` blocks are free. Errors: `LIB_ERR_SLAB_ALLOC_FAIL`; those of the refill. */
  reserve(count: number): ErrorNumber {
    if (this.free >= count) return OK;
    return this.refill === undefined ? Code.LIB_ERR_SLAB_ALLOC_FAIL : this.refill(this, count);
  }

  /** A block, or 0 when none is free. */
  allocate(): number {
    if (this.free === 0) return 0;
    this.free -= 1;
    return this.stack[this.free];
  }

  /** Gives a block back. */
  release(block: number): void {
    this.stack[this.free] = block;
    this.free += 1;
  }
}
