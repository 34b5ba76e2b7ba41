/**
 * What user programs ask of virtual memory (Appel and Li, "Virtual memory primitives for user
 * programs", ASPLOS 1991), for the pages of one region:
 *
 *     TRAP     {@link PagePrimitives.trap}     handle page-fault traps in the program
 *     PROT1    {@link PagePrimitives.prot1}    take all rights to a page away
 *     PROTN    {@link PagePrimitives.protN}    of many pages
 *     UNPROT   {@link PagePrimitives.unprot}   give a page its rights back
 *     DIRTY    {@link PagePrimitives.dirty}    the pages written since the last call
 *     MAP2     {@link PagePrimitives.map2}     the same page at a second address, with other rights
 */
import { PAGE_BYTES, roundDown, VmError } from '../base/index.js';
import type { AbortInfo } from '../machine/index.js';
import type { Domain } from './domain.js';
import { VRegion } from './vregion.js';
import { VRegionFlags } from './vregion-flags.js';

/** Called with the page and whether it was to be written; it makes the page accessible, or throws. */
export type PageTrap = (page: number, write: boolean) => void;

/** The primitives for one region, which may be cut by them and is whole again when all is given back. */
export class PagePrimitives {
  readonly base: number;
  readonly bytes: number;
  private readonly domain: Domain;
  private readonly flags: number;
  private readonly object: VRegion['object'];
  private second: VRegion | undefined;
  private watching: Set<number> | undefined;
  private uninstallWatch: (() => void) | undefined;

  constructor(domain: Domain, region: VRegion) {
    this.domain = domain;
    this.base = region.base;
    this.bytes = region.bytes;
    this.flags = region.flags;
    this.object = region.object;
  }

  /** Calls `handler` for each fault in the region that its protection causes; the answer ends it. */
  trap(handler: PageTrap): () => void {
    return this.domain.faults.install('TRAP', (abort) => {
      if (!this.isOurs(abort)) return false;
      handler(roundDown(abort.va, PAGE_BYTES), abort.write);
      return false;
    });
  }

  /** Takes the rights to the page at an address away. Errors: those of `PagedVSpace.protect`. */
  prot1(page: number): void {
    this.domain.vspace.protect(page, PAGE_BYTES, VRegionFlags.NONE);
  }

  /** Takes the rights to many pages away, or to all; a run of neighbours is one change. */
  protN(pages?: readonly number[]): void {
    this.protectMany(pages, VRegionFlags.NONE);
  }

  /** Gives the page its rights back. */
  unprot(page: number): void {
    this.domain.vspace.protect(page, PAGE_BYTES, this.flags);
  }

  /** The pages that were written since the last call, lowest first; the first call begins to watch. */
  dirty(): number[] {
    const written = [...(this.watching ?? [])].sort((left, right) => left - right);
    if (this.watching === undefined) {
      this.protectMany(undefined, this.flags & ~VRegionFlags.WRITE);
      const watching = new Set<number>();
      this.watching = watching;
      this.uninstallWatch = this.domain.faults.install('DIRTY', (abort) => {
        const page = roundDown(abort.va, PAGE_BYTES);
        if (!abort.write || !this.isOurs(abort) || watching.has(page)) return false;
        watching.add(page);
        this.unprot(page);
        return false;
      });
      return written;
    }
    this.protectMany(written, this.flags & ~VRegionFlags.WRITE);
    this.watching.clear();
    return written;
  }

  /** Ends what {@link dirty} began: writes are not seen any more. */
  stopWatching(): void {
    this.uninstallWatch?.();
    this.watching = undefined;
    this.protectMany(undefined, this.flags);
  }

  /**
   * A second address of the same memory, always readable and writable: for whoever prepares a page
   * that the first address must not show yet. Errors: those of `PagedVSpace.map`.
   */
  map2(page: number): number {
    const region = this.domain.vspace.find(page);
    if (!(region instanceof VRegion) || this.object === undefined) {
      throw new VmError('LIB_ERR_VSPACE_REGION_NOT_FOUND', 'the region of the primitives is gone');
    }
    const offset = region.offset + page - region.base;
    const start = region.offset - (region.base - this.base);
    this.second ??= this.domain.vspace.map(
      this.object,
      { name: `${region.name} (MAP2)`, offset: start },
      this.bytes,
    );
    return this.second.base + offset - start;
  }

  private protectMany(pages: readonly number[] | undefined, flags: number): void {
    const { vspace } = this.domain;
    if (pages === undefined) {
      vspace.protect(this.base, this.bytes, flags);
      return;
    }
    const sorted = [...pages].sort((left, right) => left - right);
    for (let from = 0; from < sorted.length; ) {
      let to = from + 1;
      while (to < sorted.length && sorted[to] === sorted[to - 1] + PAGE_BYTES) to += 1;
      vspace.protect(sorted[from], (to - from) * PAGE_BYTES, flags);
      from = to;
    }
  }

  /** Whether a fault is about the protection of our pages. */
  private isOurs(abort: AbortInfo): boolean {
    if (abort.va < this.base || abort.va >= this.base + this.bytes) return false;
    const region = this.domain.vspace.find(abort.va);
    const { READ, WRITE, EXECUTE } = VRegionFlags;
    const wanted = abort.write ? WRITE : READ | WRITE | EXECUTE;
    return region !== undefined && (region.flags & wanted) === 0;
  }
}
