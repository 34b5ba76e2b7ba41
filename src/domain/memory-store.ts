/** A backing store in memory: what a test, a browser or a short run needs. */
import { PAGE_BYTES, VmError } from '../base/index.js';
import type { BackingStore } from './page-pool.js';

const BLOCK_PAGES = 64;

/** Keeps pages in blocks of 256 KiB, which exist where something was written. */
export class MemoryStore implements BackingStore {
  /** Pages that are stored now, and that were ever written and read. */
  stored = 0;
  writes = 0;
  reads = 0;
  private readonly capacity: number;
  private readonly blocks = new Map<number, Uint8Array>();
  private readonly present = new Set<number>();
  private end = 0;

  /** Room for `pages` pages that are stored at the same time. */
  constructor(pages = Number.POSITIVE_INFINITY) {
    this.capacity = pages;
  }

  reserve(pages: number): number {
    const first = this.end;
    this.end += pages;
    return first;
  }

  release(first: number, pages: number): void {
    for (let slot = first; slot < first + pages; slot += 1) this.drop(slot);
  }

  write(slot: number, page: Uint8Array): void {
    if (!this.present.has(slot)) {
      if (this.stored >= this.capacity) {
        throw new VmError(
          'LIB_ERR_PAGER_STORE',
          `all ${this.capacity} pages of the store are in use`,
        );
      }
      this.present.add(slot);
      this.stored += 1;
    }
    this.writes += 1;
    this.block(slot).set(page, (slot % BLOCK_PAGES) * PAGE_BYTES);
  }

  read(slot: number, into: Uint8Array): void {
    if (!this.present.has(slot)) {
      throw new VmError('LIB_ERR_PAGER_STORE', `slot ${slot} of the store holds no page`);
    }
    this.reads += 1;
    const at = (slot % BLOCK_PAGES) * PAGE_BYTES;
    into.set(this.block(slot).subarray(at, at + PAGE_BYTES));
  }

  drop(slot: number): void {
    if (this.present.delete(slot)) this.stored -= 1;
  }

  private block(slot: number): Uint8Array {
    const number = Math.floor(slot / BLOCK_PAGES);
    let block = this.blocks.get(number);
    if (block === undefined) {
      block = new Uint8Array(BLOCK_PAGES * PAGE_BYTES);
      this.blocks.set(number, block);
    }
    return block;
  }
}
