/**
 * A domain's own physical memory: RAM capabilities, and which of their pages are taken.
 *
 * Nothing is split or joined in capabilities: objects are retyped straight from a range of the RAM
 * capability that holds them, so that a bit a page is all the book-keeping, and two neighbours that
 * are free are one free range by themselves. The lowest place that fits is taken.
 */
import {
  anyBit,
  bitSetWords,
  type CapRef,
  Code,
  clearBit,
  clearBits,
  type ErrorNumber,
  firstBitFrom,
  firstClearBitFrom,
  OK,
  PAGE_BYTES,
  pushError,
  roundUp,
  setBit,
  setBits,
  testBit,
} from '../base/index.js';
import { CapType, type Invocations } from '../kernel/index.js';

/** One RAM capability. */
interface Arena {
  readonly cap: CapRef;
  readonly base: number;
  readonly pages: number;
  readonly taken: Uint32Array;
  /** The first page of each range that was given out. */
  readonly starts: Uint32Array;
  free: number;
  /** No page below this one is free. */
  lowest: number;
}

/** Where an allocated range lies: its RAM capability, and the offset in it in bytes. */
export interface RamPlace {
  readonly cap: CapRef;
  readonly offset: number;
}

/** Allocates page-aligned ranges of the RAM that the domain owns. */
export class RamAllocator {
  private readonly invocations: Invocations;
  private readonly arenas: Arena[] = [];

  constructor(invocations: Invocations) {
    this.invocations = invocations;
  }

  /** Pages that are free. */
  get freePages(): number {
    return this.arenas.reduce((sum, arena) => sum + arena.free, 0);
  }

  /** All pages. */
  get totalPages(): number {
    return this.arenas.reduce((sum, arena) => sum + arena.pages, 0);
  }

  /**
   * Takes over a RAM capability, none of which is in use.
   * Errors: those of identify; `SYS_ERR_ILLEGAL_INVOCATION` it is not RAM; `MM_ERR_ALREADY_PRESENT`.
   */
  add(cap: CapRef): ErrorNumber {
    const error = this.invocations.identify(cap);
    if (error !== OK) return error;
    const { type, base, bytes } = this.invocations.identity;
    if (type !== CapType.RAM) return Code.SYS_ERR_ILLEGAL_INVOCATION;
    const overlaps = this.arenas.some(
      (arena) => base < arena.base + arena.pages * PAGE_BYTES && arena.base < base + bytes,
    );
    if (overlaps) return Code.MM_ERR_ALREADY_PRESENT;
    const pages = bytes / PAGE_BYTES;
    const taken = new Uint32Array(bitSetWords(pages));
    const starts = new Uint32Array(taken.length);
    this.arenas.push({ cap, base, pages, taken, starts, free: pages, lowest: 0 });
    return OK;
  }

  /**
   * Takes `bytes`, rounded up to pages, at a multiple of `alignment` bytes (a multiple of a page).
   * Answers the physical address, or the negative of an error:
   * `LIB_ERR_RAM_ALLOC` over `MM_ERR_NOT_FOUND`, or over `LIB_ERR_RAM_ALLOC_WRONG_SIZE` where size or
   * alignment are none.
   */
  allocate(bytes: number, alignment = PAGE_BYTES): number {
    const pages = Math.ceil(bytes / PAGE_BYTES);
    if (!(pages > 0 && alignment > 0 && alignment % PAGE_BYTES === 0)) {
      return -pushError(Code.LIB_ERR_RAM_ALLOC_WRONG_SIZE, Code.LIB_ERR_RAM_ALLOC);
    }
    for (const arena of this.arenas) {
      if (arena.free < pages) continue;
      const page = findRun(arena, pages, alignment);
      if (page < 0) continue;
      giveOut(arena, page, pages);
      if (page === arena.lowest) arena.lowest = page + pages;
      return arena.base + page * PAGE_BYTES;
    }
    return -pushError(Code.MM_ERR_NOT_FOUND, Code.LIB_ERR_RAM_ALLOC);
  }

  /**
   * Takes exactly the pages at a page-aligned physical address. Answers the address, or the negative
   * of `LIB_ERR_RAM_ALLOC` over `MM_ERR_NOT_FOUND` where they are not all free.
   */
  take(address: number, bytes: number): number {
    const arena = this.arenaOf(address);
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const page = arena === undefined ? 0 : (address - arena.base) / PAGE_BYTES;
    if (arena === undefined || anyBit(arena.taken, 0, page, pages)) {
      return -pushError(Code.MM_ERR_NOT_FOUND, Code.LIB_ERR_RAM_ALLOC);
    }
    giveOut(arena, page, pages);
    return address;
  }

  /**
   * Gives back exactly what {@link allocate} or {@link take} gave out. Error: `MM_ERR_NOT_OWNED` it is
   * not such a range; a part of one is still in use by whoever has the rest.
   */
  free(address: number, bytes: number): ErrorNumber {
    const arena = this.arenaOf(address);
    if (arena === undefined) return Code.MM_ERR_NOT_OWNED;
    const page = (address - arena.base) / PAGE_BYTES;
    const pages = Math.ceil(bytes / PAGE_BYTES);
    if (!isGivenOut(arena, page, pages)) return Code.MM_ERR_NOT_OWNED;
    clearBits(arena.taken, 0, page, pages);
    clearBit(arena.starts, 0, page);
    arena.free += pages;
    arena.lowest = Math.min(arena.lowest, page);
    return OK;
  }

  /** The ranges that are given out, lowest first. */
  taken(): { readonly address: number; readonly bytes: number }[] {
    const ranges: { address: number; bytes: number }[] = [];
    for (const arena of this.arenas) {
      const { base, pages, starts } = arena;
      for (let page = firstBitFrom(starts, 0, 0, pages); page >= 0; ) {
        const end = endOfRange(arena, page);
        ranges.push({ address: base + page * PAGE_BYTES, bytes: (end - page) * PAGE_BYTES });
        page = firstBitFrom(starts, 0, end, pages);
      }
    }
    return ranges;
  }

  /** Whether the address lies in memory of this allocator. */
  owns(address: number): boolean {
    return this.arenaOf(address) !== undefined;
  }

  /** The capability that a range is retyped from, and where in it. */
  place(address: number): RamPlace {
    const arena = this.arenaOf(address) as Arena;
    return { cap: arena.cap, offset: address - arena.base };
  }

  private arenaOf(address: number): Arena | undefined {
    return this.arenas.find(
      (arena) => address >= arena.base && address < arena.base + arena.pages * PAGE_BYTES,
    );
  }
}

function giveOut(arena: Arena, page: number, pages: number): void {
  setBits(arena.taken, 0, page, pages);
  setBit(arena.starts, 0, page);
  arena.free -= pages;
}

/** The first page behind the range that was given out at `page`. */
function endOfRange({ pages, taken, starts }: Arena, page: number): number {
  const next = firstBitFrom(starts, 0, page + 1, pages);
  const limit = next < 0 ? pages : next;
  const free = firstClearBitFrom(taken, 0, page, limit);
  return free < 0 ? limit : free;
}

/** Whether exactly these pages were given out together. */
function isGivenOut(arena: Arena, page: number, pages: number): boolean {
  const isStart = Number.isInteger(page) && testBit(arena.starts, 0, page);
  return isStart && endOfRange(arena, page) === page + pages;
}

/** The first page of the lowest aligned run of `pages` free pages, or -1. */
function findRun(arena: Arena, pages: number, alignment: number): number {
  const aligned = (page: number): number =>
    (roundUp(arena.base + page * PAGE_BYTES, alignment) - arena.base) / PAGE_BYTES;
  let page = firstClearBitFrom(arena.taken, 0, arena.lowest, arena.pages);
  if (page < 0) return -1;
  arena.lowest = page;
  page = aligned(page);
  while (page + pages <= arena.pages) {
    const taken = firstBitFrom(arena.taken, 0, page, page + pages);
    if (taken < 0) return page;
    const free = firstClearBitFrom(arena.taken, 0, taken, arena.pages);
    if (free < 0) return -1;
    page = aligned(free);
  }
  return -1;
}
