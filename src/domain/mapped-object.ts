/**
 * What all memory objects of this library have in common: their regions, who may map them, and the
 * way from a fault to a mapping, copies on write included.
 *
 * Snapshots form a line. The newest snapshot of an object stands directly above it, older ones above
 * that; each holds the pages in which it differs from the one below:
 *
 *     oldest snapshot ─► newest snapshot ─► object
 *
 * A page that an object is about to write is first copied into the snapshot directly above it, unless
 * that one has it. So nobody ever needs to look further than down the line, and an object that goes
 * leaves its pages to the one above: every link that has one user left is gone.
 */
import { type CapRef, hex0x, PAGE_BYTES, pageNumber, VmError } from '../base/index.js';
import { Rights } from '../kernel/index.js';
import { leafFlags } from './leaf-run.js';
import type { MemoryObject, ObjectRegion, ObjectSpace, UnfilledFrame } from './memory-object.js';
import type { PagePool } from './page-pool.js';
import { VRegionFlags } from './vregion-flags.js';

const { READ, WRITE, EXECUTE, LARGE, HUGE } = VRegionFlags;
const ACCESS = READ | WRITE | EXECUTE;

/** One memory object of this library. Pages are page numbers in the object. */
export abstract class MappedObject implements MemoryObject {
  abstract readonly kind: string;
  readonly name: string;
  readonly regions: ObjectRegion[] = [];
  /** The newest snapshot of this object. */
  above: SnapshotObject | undefined;
  /** Which domain's memory it is made of. */
  readonly home: number;
  /** By domain number: the rights that domains other than its own were given. */
  private readonly grants = new Map<number, number>();
  private size: number;

  constructor(name: string, bytes: number, home: number) {
    if (!(bytes > 0 && bytes % PAGE_BYTES === 0 && bytes <= 2 ** 32)) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_RANGE',
        `\`${name}\` of ${bytes} bytes; whole pages, at most 4 GiB, were expected`,
      );
    }
    this.name = name;
    this.size = bytes;
    this.home = home;
  }

  get bytes(): number {
    return this.size;
  }

  abstract get residentBytes(): number;

  /** Whether the content of the page is this object's own, and not that of the one below. */
  abstract holds(page: number): boolean;
  /** Brings a page that the object holds into memory; answers its place. `write` says that it will change. */
  abstract bring(page: number, write: boolean): number;
  /** The frame that a place is in, for a space; and in {@link frameOffset} where in it. */
  abstract frameFor(place: number, space: ObjectSpace, writable: boolean): CapRef;
  /** Where in the frame that {@link frameFor} answered the place begins, in bytes. */
  frameOffset = 0;
  /** Whether the place may be mapped writable as things are. */
  abstract mayWrite(place: number): boolean;
  /**
   * Copies the bytes of a page that the object holds, wherever they are: nothing comes into memory or
   * goes. Errors: those of {@link bring}, but those of taking a frame.
   */
  abstract readPage(page: number, into: Uint8Array): void;
  /** Undoes {@link bring} where the page was brought for nothing. */
  abstract unbring(page: number, place: number): void;
  abstract pin(offset: number, bytes: number): void;
  abstract unpin(offset: number, bytes: number): void;
  abstract fill(offset: number, bytes: number, frame?: CapRef, frameOffset?: number): void;
  abstract unfill(offset: number, bytes: number): UnfilledFrame[];
  abstract pagerFree(bytes: number): number;
  abstract discard(offset: number, bytes: number): void;
  /** Takes the frames back that another domain was given of this object. */
  protected abstract withdrawFrom(domain: number): void;
  /** Gives up what the object is made of: nobody uses it any more. */
  protected abstract end(): void;
  /** Ends every {@link pin}: who had them has no object to unpin any more. */
  protected dropPins(): void {}
  /** Whether a snapshot above can do without this object once it has its pages. */
  protected abstract get canLeave(): boolean;
  /** Whether {@link destroy} was called while a snapshot still needed the object. */
  private doomed = false;
  private ended = false;

  /** The object that this one is a snapshot of, if it is one. */
  get below(): MappedObject | undefined {
    return undefined;
  }

  /**
   * Lets another domain map the object with at most `rights` (of `Rights`). Where these are fewer than
   * it had, what it mapped is taken from it, and regions that ask for more fault until they are
   * protected to what is left. {@link revoke} ends it all.
   */
  share(domain: number, rights: number): void {
    const before = this.grants.get(domain) ?? 0;
    this.grants.set(domain, rights);
    if ((before & ~rights) === 0) return;
    // What a snapshot shows of the objects below it is theirs; whoever has a right to it gets it again.
    for (let seen: MappedObject | undefined = this; seen !== undefined; seen = seen.below) {
      seen.withdrawFrom(domain);
    }
    // What is left mapped is of the domain's own memory, below a snapshot that it was given.
    for (const { space, base, bytes } of this.regions) {
      if (space.channels.party.number !== domain) continue;
      space.range.unmap(pageNumber(base), pageNumber(base + bytes));
    }
  }

  /**
   * Takes the object back from another domain: its regions there stay, and nothing is behind them. The
   * capabilities go, and every mapping with them.
   */
  revoke(domain: number): void {
    this.share(domain, 0);
  }

  /** The rights (of `Rights`) that a domain has to the object: all to its own, none once it has ended. */
  rightsOf(domain: number): number {
    if (this.ended) return 0;
    return domain === this.home ? Rights.ALL : (this.grants.get(domain) ?? 0);
  }

  mapRegion(region: ObjectRegion): void {
    this.adoptRegion(region, false);
  }

  adoptRegion(region: ObjectRegion, part: boolean): void {
    const { name, offset, bytes, space } = region;
    if (!(offset >= 0 && offset % PAGE_BYTES === 0 && offset + bytes <= this.size)) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_RANGE',
        `region \`${name}\` wants ${hex0x(offset)}+${hex0x(bytes)} of \`${this.name}\`, ` +
          `which has ${hex0x(this.size)} bytes`,
      );
    }
    if (!part) {
      this.requireAlive();
      this.requireRights(space, name, region.maxFlags);
    }
    this.regions.push(region);
  }

  unmapRegion(region: ObjectRegion): void {
    const at = this.regions.indexOf(region);
    if (at >= 0) this.regions.splice(at, 1);
  }

  protect(region: ObjectRegion, offset: number, bytes: number, flags: number): void {
    this.requireRights(region.space, region.name, flags);
    const first = pageNumber(region.base + offset);
    region.space.range.change(first, first + pageNumber(bytes), (old, page, pages) =>
      this.protectedFlags(region, old, flags, page, pages),
    );
  }

  prepareDiscard(offset: number, bytes: number): void {
    this.saveForAbove(pageNumber(offset), pageNumber(offset + bytes));
  }

  pagefault(region: ObjectRegion, address: number, write: boolean): void {
    const inRegion = pageNumber(address - region.base);
    const page = pageNumber(region.offset) + inRegion;
    this.requireUse(region);
    let owner: MappedObject = this;
    while (!owner.holds(page)) owner = owner.below as MappedObject;
    // What has ended with its domain has no memory to map, though it may still be copied.
    if (owner !== this && (write || owner.ended)) {
      if (write) this.push(page, owner);
      // Only a snapshot has anything below it.
      (this as unknown as SnapshotObject).receive(page, owner);
      owner = this;
    } else if (write) {
      this.push(page, owner);
    }
    const place = owner.bring(page, write);
    try {
      const writable = owner === this && !this.mustPush(page) && owner.mayWrite(place);
      const frame = owner.frameFor(place, region.space, writable && (region.flags & WRITE) !== 0);
      const flags = leafFlagsFor(region.flags, writable);
      mapPage(region.space, pageNumber(region.base) + inRegion, frame, owner.frameOffset, flags);
    } catch (error) {
      owner.unbring(page, place);
      throw error;
    }
  }

  destroy(): void {
    if (this.regions.length > 0) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_MAPPED',
        `\`${this.name}\` is still mapped in region \`${this.regions[0].name}\``,
      );
    }
    if (this.above === undefined || this.canLeave) {
      this.finish();
      return;
    }
    this.doomed = true;
    this.dropPins();
  }

  /** Tells the object that the snapshot above it is gone, and that there is no other. */
  aboveGone(): void {
    this.above = undefined;
    if (this.doomed) this.finish();
  }

  /**
   * Ends the object with its domain, whoever uses it still. Snapshots above get their pages; those for
   * which there is no room are gone, and this object stays in the line to say so. Answers why, then.
   */
  abandon(): VmError | undefined {
    for (const { space, base, bytes } of this.regions) {
      space.range.unmap(pageNumber(base), pageNumber(base + bytes));
    }
    const lost = attempt(() => this.finish());
    this.ended = true;
    return lost;
  }

  /** Error: `LIB_ERR_MEMOBJ_GONE` the object has ended. */
  protected requireAlive(): void {
    if (!this.ended) return;
    throw new VmError(
      'LIB_ERR_MEMOBJ_GONE',
      `\`${this.name}\` has ended with the domain that it was of`,
    );
  }

  private finish(): void {
    if (this.ended) return;
    this.end();
    this.ended = true;
  }

  /** Grows the object. */
  protected growTo(bytes: number): void {
    this.size = bytes;
  }

  /** Takes the page out of every table that may have it: this object's regions and its snapshots'. */
  dropViews(page: number): void {
    let viewer: MappedObject | undefined = this;
    do {
      for (let index = 0; index < viewer.regions.length; index += 1) {
        const at = pageIn(viewer.regions[index], page);
        if (at >= 0) viewer.regions[index].space.range.unmap(at, at + 1);
      }
      viewer = viewer.above;
    } while (viewer !== undefined && !viewer.holds(page));
  }

  /** Takes the right to use the page away in every table that has it, so that the next use is seen. */
  protected makeViewsOld(page: number): void {
    let viewer: MappedObject | undefined = this;
    do {
      for (const region of viewer.regions) {
        const at = pageIn(region, page);
        if (at >= 0) region.space.range.change(at, at + 1, (flags) => flags | VRegionFlags.OLD);
      }
      viewer = viewer.above;
    } while (viewer !== undefined && !viewer.holds(page));
  }

  /** Takes the right to write away from everything that is mapped of the object. */
  protectAll(): void {
    for (const { base, bytes, space } of this.regions) {
      space.range.change(pageNumber(base), pageNumber(base + bytes), readOnly);
    }
  }

  /** Whether a write to the page must first be saved from a snapshot's sight. */
  protected mustPush(page: number): boolean {
    return this.above !== undefined && !this.above.holds(page);
  }

  /** Saves the page, which `owner` holds, from a write: for the snapshot above, if it has none. */
  private push(page: number, owner: MappedObject): void {
    if (this.mustPush(page)) this.above?.receive(page, owner);
  }

  /** What a run of mapped leaves gets when a region's flags become `flags`. */
  private protectedFlags(
    region: ObjectRegion,
    old: number,
    flags: number,
    page: number,
    pages: number,
  ): number {
    const kept = old & ~ACCESS;
    const lessened = kept | (old & flags & ACCESS);
    const wanted = kept | (flags & ACCESS);
    if (wanted === lessened) return lessened;
    // More is given at once only where a fault would give it as well; else the fault decides. In another
    // domain the page may be mapped by a capability that is only to be read.
    const foreign = region.space.channels.party.number !== this.home;
    if (foreign && (old & WRITE) < (wanted & WRITE)) return leafFlagsFor(wanted, false);
    const first = pageNumber(region.offset) + page - pageNumber(region.base);
    for (let index = first; index < first + pages; index += 1) {
      if (!this.holds(index) || this.mustPush(index) || !this.mayWritePage(index)) {
        return leafFlagsFor(wanted, false);
      }
    }
    return wanted;
  }

  /** Whether the page, which the object holds, may be written without asking. */
  protected abstract mayWritePage(page: number): boolean;

  /** Copies what a snapshot above still looks for of the pages, before they go. */
  protected saveForAbove(first: number, end: number): void {
    for (let page = first; page < end; page += 1) {
      if (this.mustPush(page) && this.holds(page)) this.above?.receive(page, this);
    }
  }

  /**
   * Checks that a region may still be used as its flags say.
   * Errors: `LIB_ERR_MEMOBJ_GONE` the object has ended, or was taken back from the region's domain;
   * `LIB_ERR_MEMOBJ_RIGHTS` the domain has fewer rights by now.
   */
  protected requireUse(region: ObjectRegion): void {
    this.requireAlive();
    const { space, name, flags } = region;
    const { number } = space.channels.party;
    if (number === this.home) return;
    if (this.rightsOf(number) === 0) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_GONE',
        `\`${this.name}\` was taken back from ${space.name}, which maps it as \`${name}\``,
      );
    }
    this.requireRights(space, name, flags);
  }

  /** Error: `LIB_ERR_MEMOBJ_RIGHTS` a space may not have the object with all of these flags. */
  private requireRights(space: ObjectSpace, region: string, flags: number): void {
    const { number } = space.channels.party;
    if (number === this.home) return;
    const granted = this.rightsOf(number);
    const shared = this.grants.has(number);
    if (shared && (flags & ACCESS & ~granted) === 0) return;
    const given = shared ? `shared with rights ${granted & ACCESS}` : 'not shared';
    throw new VmError(
      'LIB_ERR_MEMOBJ_RIGHTS',
      `\`${this.name}\` is ${given} with ${space.name}; region \`${region}\` asks for ` +
        `rights ${flags & ACCESS}`,
    );
  }
}

/** An object that holds copies of pages of the one below it. */
export interface SnapshotObject extends MappedObject {
  readonly pool: PagePool;
  /** Makes a copy of a page of `from` its own; `from` stays as it is. Errors: no memory, or no page. */
  receive(page: number, from: MappedObject): void;
  /** Takes over a frame of its pool, which was the page of an object that goes. */
  inherit(page: number, id: number): void;
  /** Stands directly above `below` from now on, or above nothing. */
  settleOn(below: MappedObject | undefined): void;
}

/** Runs a step that may refuse; answers the refusal. */
export function attempt(step: () => void): VmError | undefined {
  try {
    step();
  } catch (error) {
    if (error instanceof VmError) return error;
    throw error;
  }
  return undefined;
}

/** The page of a region's address space where a page of the object is, or -1. */
function pageIn(region: ObjectRegion, page: number): number {
  const inRegion = page - pageNumber(region.offset);
  if (inRegion < 0 || inRegion >= pageNumber(region.bytes)) return -1;
  return pageNumber(region.base) + inRegion;
}

/** The flags without the right to write; a page that could be read by it still can. */
function readOnly(flags: number): number {
  return (flags & WRITE) === 0 ? flags : (flags & ~WRITE) | READ;
}

/** The flags of one small page of a region with `flags`. */
function leafFlagsFor(flags: number, writable: boolean): number {
  const leaf = flags & ~(LARGE | HUGE);
  return writable ? leaf : readOnly(leaf);
}

/** Maps one page, in place of whatever is mapped there. */
function mapPage(
  space: ObjectSpace,
  page: number,
  frame: CapRef,
  offset: number,
  flags: number,
): void {
  const { pmap, range } = space;
  const { shadow } = pmap.core;
  const record = shadow.leafAt(page);
  if (record !== 0) {
    const { leaves } = shadow;
    const pages = page - leaves.pageOf(record);
    if (
      leaves.frameOf(record) === frame &&
      leaves.offsetOf(record) + pages === pageNumber(offset)
    ) {
      const old = leafFlags(leaves.runOf(record));
      // What a larger leaf was mapped with stays, so that the leaf can.
      const kept = old & (LARGE | HUGE);
      range.change(page, page + 1, () => flags | kept);
      return;
    }
    range.unmap(page, page + 1);
  }
  pmap.map(page * PAGE_BYTES, frame, offset, PAGE_BYTES, flags);
}
