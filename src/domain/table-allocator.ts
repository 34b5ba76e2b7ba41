/**
 * Memory for translation tables: four L2 tables, of 1 KiB each, in every 4 KiB page.
 *
 * The original wasted three of the four ("we currently waste 3kB", `pmap_arch.c`). The lowest free
 * block is taken. A page whose four blocks are free goes back to the allocator that it came from,
 * unless pages shall be kept, so that the next table lies as low as possible.
 */
import {
  type CapRef,
  Code,
  type ErrorNumber,
  OK,
  PAGE_BYTES,
  pushError,
  roundDown,
} from '../base/index.js';
import { CapType, fixedObjectSize, type Invocations } from '../kernel/index.js';
import type { RamAllocator } from './ram-allocator.js';

const BLOCK_BYTES = (fixedObjectSize(CapType.VNODE_ARM_L2) ?? 1) * 1024;
const BLOCKS = PAGE_BYTES / BLOCK_BYTES;
const ALL_TAKEN = (1 << BLOCKS) - 1;

/** One page: where it lies, and a bit for each block that is taken. */
interface TablePage {
  readonly base: number;
  taken: number;
}

/** Makes and destroys L2 tables. */
export class TableAllocator {
  private readonly invocations: Invocations;
  private readonly ram: RamAllocator;
  private readonly keepsPages: boolean;
  /** In order of their addresses. */
  private readonly pages: TablePage[] = [];
  /** No page before this one has a free block. */
  private firstFree = 0;

  constructor(invocations: Invocations, ram: RamAllocator, keepsPages = false) {
    this.invocations = invocations;
    this.ram = ram;
    this.keepsPages = keepsPages;
  }

  /** Tables that exist. */
  get tableCount(): number {
    return this.pages.reduce((sum, page) => sum + bitCount(page.taken), 0);
  }

  /** Bytes of RAM taken for tables. */
  get bytes(): number {
    return this.pages.length * PAGE_BYTES;
  }

  /**
   * Makes an L2 table in the empty slot `destination`, in the lowest free block, or, to undo
   * {@link destroy}, in the block at `address`, which must be free.
   * Errors: `LIB_ERR_RAM_ALLOC` or `LIB_ERR_CAP_RETYPE` with their causes.
   */
  create(destination: CapRef, address?: number): ErrorNumber {
    let page = address === undefined ? this.pages[this.pageWithRoom()] : this.pageOf(address);
    if (page === undefined) {
      const base =
        address === undefined
          ? this.ram.allocate(PAGE_BYTES)
          : this.ram.take(roundDown(address, PAGE_BYTES), PAGE_BYTES);
      if (base < 0) return -base;
      page = this.addPage(base);
    }
    const block =
      address === undefined
        ? 31 - Math.clz32(~page.taken & -~page.taken)
        : (address - page.base) / BLOCK_BYTES;
    const { cap, offset } = this.ram.place(page.base);
    const error = this.invocations.retype(
      cap,
      {
        type: CapType.VNODE_ARM_L2,
        offset: offset + block * BLOCK_BYTES,
        objectBytes: BLOCK_BYTES,
        count: 1,
      },
      destination,
    );
    if (error !== OK) {
      if (page.taken === 0) this.dropPage(page);
      return pushError(error, Code.LIB_ERR_CAP_RETYPE);
    }
    page.taken |= 1 << block;
    return OK;
  }

  /** Takes over the block at `address`, where a table is already, and its page with it. */
  adopt(address: number): void {
    const base = roundDown(address, PAGE_BYTES);
    const page = this.pageOf(address) ?? this.addPage(base);
    page.taken |= 1 << ((address - base) / BLOCK_BYTES);
  }

  /**
   * Destroys the table in a slot that {@link create} filled, whoever else has a copy of it: what is not
   * gone for everybody would stand in the way of the next one. Errors: those of identify and destroy.
   */
  destroy(table: CapRef): ErrorNumber {
    let error = this.invocations.identify(table);
    if (error !== OK) return error;
    const address = this.invocations.identity.base;
    error = this.invocations.destroy(table);
    if (error === OK) this.free(address);
    return error;
  }

  /** Takes back the block at an address whose table is gone already. */
  free(address: number): void {
    const page = this.pageOf(address);
    if (page === undefined) return;
    page.taken &= ~(1 << ((address - page.base) / BLOCK_BYTES));
    this.firstFree = Math.min(this.firstFree, this.pages.indexOf(page));
    if (page.taken === 0) this.dropPage(page);
  }

  private pageOf(address: number): TablePage | undefined {
    const base = roundDown(address, PAGE_BYTES);
    return this.pages.find((page) => page.base === base);
  }

  private pageWithRoom(): number {
    while (this.pages[this.firstFree]?.taken === ALL_TAKEN) this.firstFree += 1;
    return this.firstFree;
  }

  private addPage(base: number): TablePage {
    const page = { base, taken: 0 };
    const behind = this.pages.findIndex((other) => other.base > base);
    const at = behind < 0 ? this.pages.length : behind;
    this.pages.splice(at, 0, page);
    this.firstFree = Math.min(this.firstFree, at);
    return page;
  }

  private dropPage(page: TablePage): void {
    if (this.keepsPages) return;
    const at = this.pages.indexOf(page);
    this.pages.splice(at, 1);
    if (this.firstFree > at) this.firstFree -= 1;
    this.ram.free(page.base, PAGE_BYTES);
  }
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
