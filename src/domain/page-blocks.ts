/**
 * Mappings of a single small page each, where many lie close together: about twelve bytes for one
 * instead of the 36 of a leaf record, and found by arithmetic instead of through a hash. What the pages
 * of a large space in random order cost is how many cache lines they touch, and in how large an array.
 *
 * A block is for 64 pages in a row, aligned: a word a page, which is the slot of its Mapping, or 0; what
 * that maps is in `slot-facts.ts`. A table has up to four blocks, and its record says for each quarter
 * where it is. A page that its block does not hold is unmapped, or has a leaf record like any other.
 *
 *     word of a table   number of the block << 8 │ pages that it holds; 0 where there is none
 */
import { enlarged, Slab } from './slab.js';

/** Pages that one block is for, and the shift from a page to its block. */
export const BLOCK_SHIFT = 6;
export const BLOCK_PAGES = 1 << BLOCK_SHIFT;
/** Leaf records that are moved into a block when there are so many of 64 pages. */
const BLOCK_WORTH = 16;
/** With fewer records than this in all, which fit in a page, a space has no need of blocks. */
const FEW_RECORDS = 113;
/** With fewer pages than this a block and their facts take more than 40 bytes a page. */
const SPARSE_PAGES = 8;

const HELD_BITS = 8;
const HELD_MASK = (1 << HELD_BITS) - 1;

/** Where the word of `page` is in {@link PageBlocks.words}, by the word of its table. */
export const blockPlace = (block: number, page: number): number =>
  ((block >>> HELD_BITS) << BLOCK_SHIFT) | (page & (BLOCK_PAGES - 1));

/** How many pages a block holds, by the word of its table. */
export const heldPages = (block: number): number => block & HELD_MASK;

/** Whether a block holds so few pages that leaf records may take less, by the word of its table. */
export const isSparse = (block: number): boolean => heldPages(block) < SPARSE_PAGES;

/** The blocks of one pmap. Places are indexes of {@link words}. */
export class PageBlocks {
  readonly slab = new Slab(4 << BLOCK_SHIFT);
  /** Leaf records that are moved into a block when there are so many of 64 pages. */
  worth = BLOCK_WORTH;
  /** A pmap with no more records than this makes no block. */
  few = FEW_RECORDS;
  /** Pages that blocks hold. */
  heldCount = 0;
  /** All blocks; the first is nobody's, and holds nothing. Replaced when the slab grows. */
  words: Int32Array = new Int32Array(BLOCK_PAGES);
  /** The first page of each block. */
  private pages: Int32Array = new Int32Array(1);

  get blockBytes(): number {
    return this.slab.blockBytes;
  }

  get freeCount(): number {
    return this.slab.freeCount;
  }

  /** Takes in `bytes` of memory for blocks. */
  grow(bytes: number): number {
    const added = this.slab.grow(bytes);
    const blocks = this.slab.capacity + 1;
    if (blocks > this.pages.length) {
      const capacity = Math.max(blocks, this.pages.length * 2);
      this.words = enlarged(this.words, capacity << BLOCK_SHIFT);
      this.pages = enlarged(this.pages, capacity);
    }
    return added;
  }

  /** Undoes the last growth. */
  shrink(added: number): void {
    this.slab.shrink(added);
  }

  /** The word of a table for an empty block for the pages around `page`; one must be free. */
  take(page: number): number {
    const block = this.slab.allocate();
    this.words.fill(0, block << BLOCK_SHIFT, (block + 1) << BLOCK_SHIFT);
    this.pages[block] = page & ~(BLOCK_PAGES - 1);
    return block << HELD_BITS;
  }

  /** Gives back a block that holds nothing, by the word of its table. */
  release(block: number): void {
    this.slab.release(block >>> HELD_BITS);
  }

  /** The slots of the Mappings of a block, by the word of its table. */
  *slotsOf(block: number): Generator<number> {
    const first = blockPlace(block, 0);
    for (const slot of this.words.subarray(first, first + BLOCK_PAGES)) if (slot !== 0) yield slot;
  }

  /** Holds a page from now on. Whoever calls this counts it in the word of the table as well. */
  put(place: number, mapping: number): void {
    this.words[place] = mapping;
    this.heldCount += 1;
  }

  /** Holds a page no longer; counted like {@link put}. */
  drop(place: number): void {
    this.words[place] = 0;
    this.heldCount -= 1;
  }

  /** The page at a place. */
  pageOf(place: number): number {
    return this.pages[place >>> BLOCK_SHIFT] + (place & (BLOCK_PAGES - 1));
  }
}
