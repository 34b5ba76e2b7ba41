/**
 * Dense numbers for the pages of a trace, in the order in which they are first used, so that whatever
 * is known of a page stands in an array. Open addressing in typed arrays: a `Map` holds no more than
 * 2^24 keys and takes five times the memory.
 */

const FREE = -1;

/** The pages that were met, numbered from 0. */
export class PageNumbers {
  /** How many pages were met. */
  count = 0;
  /** By number: which page it is. */
  private pages = new Float64Array(1024);
  /** By hash: the number of the page, or {@link FREE}. At most half full. */
  private slots = new Int32Array(2048).fill(FREE);

  /** The number of `page`, an integer from 0 below 2^53. */
  of(page: number): number {
    const mask = this.slots.length - 1;
    let slot = hashOf(page) & mask;
    for (;;) {
      const number = this.slots[slot] as number;
      if (number === FREE) return this.add(page, slot);
      if (this.pages[number] === page) return number;
      slot = (slot + 1) & mask;
    }
  }

  private add(page: number, slot: number): number {
    const number = this.count;
    this.count += 1;
    this.slots[slot] = number;
    this.pages[number] = page;
    if (this.count === this.pages.length) this.grow();
    return number;
  }

  private grow(): void {
    const pages = new Float64Array(this.pages.length * 2);
    pages.set(this.pages);
    this.pages = pages;
    this.slots = new Int32Array(this.slots.length * 2).fill(FREE);
    const mask = this.slots.length - 1;
    for (let number = 0; number < this.count; number += 1) {
      let slot = hashOf(pages[number] as number) & mask;
      while (this.slots[slot] !== FREE) slot = (slot + 1) & mask;
      this.slots[slot] = number;
    }
  }
}

/** The finaliser of MurmurHash3 over both halves of the number. */
function hashOf(page: number): number {
  let mixed = (page | 0) ^ Math.imul((page / 2 ** 32) | 0, 0x9e37_79b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
