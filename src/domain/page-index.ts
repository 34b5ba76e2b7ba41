/**
 * What a memory object knows of each of its pages: one word, 0 where it knows nothing.
 *
 *     bit 0   the page is in a frame, whose number in the pool is in bits 2 and up
 *     bit 1   the backing store holds it as it was when it was last clean
 *
 * A word of {@link EMPTY}, neither in a frame nor stored, is a page that the object has and that is zero.
 */

const BLOCK_SHIFT = 8;
const BLOCK_PAGES = 1 << BLOCK_SHIFT;

/** The page is in a frame. */
export const RESIDENT = 1;
/** The backing store holds the page. */
export const STORED = 2;
/** Where the number of the frame begins. */
export const FRAME_SHIFT = 2;
/** The page is the object's own, and zero. */
export const EMPTY = 1 << FRAME_SHIFT;

/** Words by page number, in blocks of 256 that exist where a page does. */
export class PageIndex {
  private readonly blocks: (Int32Array | undefined)[] = [];

  /** Bytes that the words take. */
  get bytes(): number {
    return this.blocks.reduce((sum, block) => sum + (block?.byteLength ?? 0), 0);
  }

  get(page: number): number {
    const block = this.blocks[page >>> BLOCK_SHIFT];
    return block === undefined ? 0 : block[page & (BLOCK_PAGES - 1)];
  }

  set(page: number, word: number): void {
    const number = page >>> BLOCK_SHIFT;
    let block = this.blocks[number];
    if (block === undefined) {
      if (word === 0) return;
      // Filled from the left, so that the array of blocks has no holes, which would make it slow.
      while (this.blocks.length < number) this.blocks.push(undefined);
      block = new Int32Array(BLOCK_PAGES);
      this.blocks[number] = block;
    }
    block[page & (BLOCK_PAGES - 1)] = word;
  }

  /** The first page from `page` on and below `end` whose word is not 0, or -1. */
  next(page: number, end: number): number {
    for (let at = page; at < end; ) {
      const block = this.blocks[at >>> BLOCK_SHIFT];
      const border = Math.min(end, (at | (BLOCK_PAGES - 1)) + 1);
      if (block !== undefined) {
        for (; at < border; at += 1) if (block[at & (BLOCK_PAGES - 1)] !== 0) return at;
      }
      at = border;
    }
    return -1;
  }
}
