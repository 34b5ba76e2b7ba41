/**
 * What a Mapping of a single small page maps, and how, by the slot that it is in: two words a slot, in
 * blocks for the 256 slots of a CNode.
 *
 *     word 0  slot of the frame       1  offset in the frame, in pages │ flags << 18
 *
 * Slots are taken and given back like a stack, so that what comes and goes together lies together here,
 * in whatever order the pages themselves do; and a page that goes need not come here at all.
 */
import { enlarged, Slab } from './slab.js';

/** The shift from a slot to its CNode, and from a block to its first word. */
const BLOCK_SHIFT = 8;
const WORDS_SHIFT = BLOCK_SHIFT + 1;
const SLOT_MASK = (1 << BLOCK_SHIFT) - 1;
const BLOCK_BYTES = 4 << WORDS_SHIFT;
/** Bytes of the facts of one slot. */
export const FACTS_BYTES = 8;

const OFFSET_BITS = 18;
const OFFSET_MASK = 2 ** OFFSET_BITS - 1;
const FLAGS_MASK = 2 ** (31 - OFFSET_BITS) - 1;
/** A domain with slots from here on has other records for them. */
const SLOTS_MASK = 2 ** 24 - 1;

/** Region flags, from word 1. */
export const factFlags = (word: number): number => word >>> OFFSET_BITS;

/** The page of the frame, from word 1. */
export const factOffset = (word: number): number => word & OFFSET_MASK;

/** The facts of one pmap. */
export class SlotFacts {
  readonly slab = new Slab(BLOCK_BYTES);
  /** All blocks; the first is nobody's. Replaced when the slab grows. */
  words: Int32Array = new Int32Array(1 << WORDS_SHIFT);
  /** For each CNode where its block begins in {@link words}, or 0. Replaced when it grows. */
  private blocks: Int32Array = new Int32Array(8);

  get blockBytes(): number {
    return this.slab.blockBytes;
  }

  get freeCount(): number {
    return this.slab.freeCount;
  }

  /** Takes in `bytes` of memory for blocks. */
  grow(bytes: number): number {
    const added = this.slab.grow(bytes);
    const words = (this.slab.capacity + 1) << WORDS_SHIFT;
    if (words > this.words.length) {
      this.words = enlarged(this.words, Math.max(words, this.words.length * 2));
    }
    return added;
  }

  /** Undoes the last growth. */
  shrink(added: number): void {
    this.slab.shrink(added);
  }

  /** Whether these facts fit in, once there is a block for them. */
  fits(slot: number, offset: number, flags: number): boolean {
    return ((slot & ~SLOTS_MASK) | (offset & ~OFFSET_MASK) | (flags & ~FLAGS_MASK)) === 0;
  }

  /** Whether there is a block for a slot. */
  has(slot: number): boolean {
    const cnode = slot >>> BLOCK_SHIFT;
    return cnode < this.blocks.length && this.blocks[cnode] !== 0;
  }

  /** Takes a block, which must be free, for a slot and its neighbours. */
  take(slot: number): void {
    const cnode = slot >>> BLOCK_SHIFT;
    if (cnode >= this.blocks.length) this.blocks = enlarged(this.blocks, (cnode + 1) * 2);
    this.blocks[cnode] = this.slab.allocate() << WORDS_SHIFT;
  }

  /** Gives back the blocks that none of these slots needs. */
  keepOnly(slots: Iterable<number>): void {
    const { blocks } = this;
    const needed = new Uint8Array(blocks.length);
    for (const slot of slots) needed[slot >>> BLOCK_SHIFT] = 1;
    for (const [cnode, first] of blocks.entries()) {
      if (first === 0 || needed[cnode] !== 0) continue;
      this.slab.release(first >>> WORDS_SHIFT);
      blocks[cnode] = 0;
    }
  }

  /** Notes what the Mapping in a slot maps; false where that does not fit in or has no block. */
  put(slot: number, frame: number, offset: number, flags: number): boolean {
    const { words, blocks } = this;
    const cnode = slot >>> BLOCK_SHIFT;
    if (cnode >= blocks.length) return false;
    const first = blocks[cnode];
    const unfit = (slot & ~SLOTS_MASK) | (offset & ~OFFSET_MASK) | (flags & ~FLAGS_MASK);
    if (first === 0 || unfit !== 0) return false;
    const at = first | ((slot & SLOT_MASK) << 1);
    words[at] = frame;
    words[at | 1] = offset | (flags << OFFSET_BITS);
    return true;
  }

  /** Where in {@link words} the facts of a slot are. */
  placeOf(slot: number): number {
    return this.blocks[slot >>> BLOCK_SHIFT] | ((slot & SLOT_MASK) << 1);
  }

  /** The slot of the frame that the Mapping in a slot maps. */
  frameOf(slot: number): number {
    return this.words[this.placeOf(slot)];
  }

  /** The page of the frame. */
  offsetOf(slot: number): number {
    return factOffset(this.words[this.placeOf(slot) | 1]);
  }

  /** The region flags. */
  flagsOf(slot: number): number {
    return factFlags(this.words[this.placeOf(slot) | 1]);
  }

  /** Changes the region flags. */
  setFlags(slot: number, flags: number): void {
    const at = this.placeOf(slot) | 1;
    this.words[at] = factOffset(this.words[at]) | (flags << OFFSET_BITS);
  }
}
