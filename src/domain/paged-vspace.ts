/**
 * An address space that a domain manages for itself: regions, what stands behind them, and what a
 * fault in them means (Barrelfish `vspace.h`, with what its list of limits leaves out).
 *
 * Every change is checked as a whole before anything changes, and a failure changes nothing. A region
 * that is changed in part becomes several; neighbours that come to be alike become one.
 */
import {
  hex0x,
  NO_REGION,
  PAGE_BYTES,
  pageNumber,
  roundUp,
  SeededRandom,
  VmError,
} from '../base/index.js';
import { FaultStatus } from '../format/index.js';
import type { AbortInfo } from '../machine/index.js';
import { AnonymousObject } from './anonymous-object.js';
import type { Channels } from './channel.js';
import { flagsFor, flagsText, refusal } from './fault-explanation.js';
import { attempt } from './mapped-object.js';
import type { MemoryObject, ObjectRegion, ObjectSpace } from './memory-object.js';
import type { PagePool } from './page-pool.js';
import {
  choosePlace,
  type Placement,
  type RandomPlacement,
  requireRange,
  type SpaceLayout,
} from './placement.js';
import type { Pmap } from './pmap.js';
import { PmapRange } from './pmap-range.js';
import { type Inheritance, VRegion } from './vregion.js';
import { VRegionFlags } from './vregion-flags.js';
import { type Region, type RegionBacking, VSpace } from './vspace.js';

const { READ, WRITE, EXECUTE, READ_WRITE, GUARD } = VRegionFlags;
const ACCESS = READ | WRITE | EXECUTE;

/** Faults that a page can be the answer to; a bit for each status. */
const RESOLVABLE = [
  FaultStatus.TRANSLATION_L1,
  FaultStatus.TRANSLATION_L2,
  FaultStatus.PERMISSION_L1,
  FaultStatus.PERMISSION_L2,
  FaultStatus.ACCESS_FLAG_L1,
  FaultStatus.ACCESS_FLAG_L2,
].reduce((bits, status) => bits | (1 << status), 0);

/** How a region is made. */
export interface RegionOptions extends Placement {
  readonly name?: string;
  /** Region flags; readable and writable unless told otherwise. */
  readonly flags?: number;
  /** The most that {@link PagedVSpace.protect} may give; the flags themselves where left out. */
  readonly maxFlags?: number;
  /** Where in the object the region begins, in bytes. */
  readonly offset?: number;
  /** Whether what is there gives way, in the same step; needs `at`. Mapped when it is first used. */
  readonly replace?: boolean;
  /** What a clone of the domain gets; a copy unless told otherwise. */
  readonly inheritance?: Inheritance;
  /** Whether the object goes with its last region; as its other regions have it unless told otherwise. */
  readonly ownsObject?: boolean;
}

/** What an address space is made with. */
export interface PagedVSpaceParts {
  readonly channels: Channels;
  readonly pmap: Pmap;
  readonly pool: PagePool;
  readonly layout: SpaceLayout;
  readonly random: RandomPlacement | undefined;
}

/** The regions of one domain, and the operations on them. */
export class PagedVSpace extends VSpace implements ObjectSpace {
  private parts: PagedVSpaceParts | undefined;
  private ranges: PmapRange | undefined;
  private random: SeededRandom | undefined;

  /** Brings in what the operations work with, once the pmap is there, whose records are a region too. */
  open(parts: PagedVSpaceParts): void {
    this.parts = parts;
    this.ranges = new PmapRange(parts.pmap);
    if (parts.random !== undefined) this.random = new SeededRandom(parts.random.seed);
  }

  get name(): string {
    return this.need.channels.party.name;
  }

  get channels(): Channels {
    return this.need.channels;
  }

  get pmap(): Pmap {
    return this.need.pmap;
  }

  get range(): PmapRange {
    return this.ranges as PmapRange;
  }

  /** What lies where. */
  get layout(): SpaceLayout {
    return this.need.layout;
  }

  private get need(): PagedVSpaceParts {
    return this.parts as PagedVSpaceParts;
  }

  /**
   * Maps an object: all of it, or `bytes` from `offset` on.
   * Errors: those of {@link choosePlace}; `LIB_ERR_VSPACE_REGION_OVERLAP`;
   * `LIB_ERR_VSPACE_REGION_KEPT`; `LIB_ERR_VREGION_MAX_RIGHTS`; those of the object's `mapRegion`.
   */
  map(object: MemoryObject, options: RegionOptions = {}, bytes?: number): VRegion {
    const size = bytes ?? object.bytes - (options.offset ?? 0);
    return this.addRegion('object', roundUp(size, PAGE_BYTES), options, object);
  }

  /** Maps new memory of zeros, which comes page by page. Errors: as {@link map}. */
  mapAnonymous(bytes: number, options: RegionOptions = {}): VRegion {
    const object = new AnonymousObject(this.need.pool, bytes, options.name);
    try {
      return this.map(object, { ownsObject: true, ...options });
    } catch (error) {
      object.destroy();
      throw error;
    }
  }

  /** Keeps addresses free of everything else. Errors: as {@link map}. */
  reserve(bytes: number, options: RegionOptions = {}): VRegion {
    return this.addRegion('reserved', roundUp(bytes, PAGE_BYTES), { ...options, flags: 0 });
  }

  /** Makes addresses that never resolve, and say so. Errors: as {@link map}. */
  guard(bytes: number, options: RegionOptions = {}): VRegion {
    return this.addRegion('guard', roundUp(bytes, PAGE_BYTES), { ...options, flags: GUARD });
  }

  /** The place that {@link map} would choose. Errors: those of {@link choosePlace}. */
  place(bytes: number, placement: Placement = {}): number {
    const bits = this.need.random?.bits ?? 0;
    return choosePlace(this.tree, this.layout, bytes, placement, this.random, bits);
  }

  /**
   * Unmaps whatever of the range belongs to regions; answers how many bytes did.
   * Errors: `LIB_ERR_VSPACE_RANGE`; `LIB_ERR_VSPACE_REGION_NOT_FOUND` nothing is there;
   * `LIB_ERR_VSPACE_REGION_KEPT`; those of the pmap, and no memory for what a snapshot still sees.
   */
  unmap(address: number, bytes: number): number {
    requireRange(this.layout, address, bytes);
    const end = address + bytes;
    const regions = this.inRange(address, end);
    if (regions.length === 0) {
      throw new VmError(
        'LIB_ERR_VSPACE_REGION_NOT_FOUND',
        `nothing of ${this.name} is in ${hex0x(address)}+${hex0x(bytes)}`,
      );
    }
    this.prepareRemoval(regions, address, end);
    this.range.unmap(pageNumber(address), pageNumber(end));
    return this.takeOut(regions, address, end);
  }

  /**
   * Gives a range that is all regions of objects other access flags.
   * Errors: `LIB_ERR_VSPACE_RANGE`; `LIB_ERR_VSPACE_REGION_NOT_FOUND` a hole; `LIB_ERR_VREGION_GUARD`,
   * `LIB_ERR_VREGION_RESERVED`, `LIB_ERR_VSPACE_REGION_KEPT` something else is there;
   * `LIB_ERR_VREGION_MAX_RIGHTS`; those of the pmap.
   */
  protect(address: number, bytes: number, flags: number): void {
    requireRange(this.layout, address, bytes);
    const end = address + bytes;
    const regions = this.protectable(address, end, flags);
    this.range.begin();
    try {
      for (const region of regions) protectPart(region, address, end, flags);
    } catch (error) {
      if (error instanceof VmError) this.range.rollBack(error);
      throw error;
    }
    this.range.commit();
    for (const region of regions) {
      const wanted = withAccess(region.flags, flags);
      if (wanted !== region.flags) this.reflag(region, address, end, wanted);
    }
  }

  /**
   * Answers a fault: true when the access is to be tried again, false when it is not about pages.
   * Errors: those of {@link refusal}; those of the object's `pagefault`.
   */
  resolve(abort: AbortInfo): boolean {
    if (((RESOLVABLE >>> abort.status) & 1) === 0) return false;
    const region = this.find(abort.va);
    // What others mapped through the pmap itself is theirs to answer for.
    if (region?.backing === 'image') return false;
    const { write } = abort;
    // Every region of an object is a VRegion; asking for the class would cost a tenth of the fault.
    if (region?.backing === 'object' && (region.flags & flagsFor(abort.fetch, write)) !== 0) {
      const paged = region as VRegion;
      paged.object?.pagefault(paged, abort.va, write);
      return true;
    }
    throw refusal(this, abort);
  }

  /** Unmaps everything but what the library keeps, and gives back tables and frames. */
  destroy(): void {
    for (const region of this.all()) {
      if (region.backing !== 'metadata') this.unmap(region.base, region.bytes);
    }
    this.pmap.trim();
    this.need.pool.trim();
  }

  /**
   * As {@link destroy}, for a domain that ends whatever happens: an object that cannot end with its last
   * region is left to the domain that it is of.
   */
  abandon(): void {
    for (const region of this.all()) {
      if (region.backing === 'metadata') continue;
      const refusal = attempt(() => this.unmap(region.base, region.bytes));
      if (refusal === undefined) continue;
      this.range.unmap(pageNumber(region.base), pageNumber(region.base + region.bytes));
      this.remove(region.base);
      if (region instanceof VRegion) region.object?.unmapRegion(region);
    }
  }

  /** Adds a region whose pages are in the tables already. Errors: as {@link map}. */
  adopt(object: MemoryObject, options: RegionOptions, bytes: number): VRegion {
    const region = this.makeRegion('object', bytes, options, object);
    this.add(region);
    try {
      object.adoptRegion(region, false);
    } catch (error) {
      this.remove(region.base);
      throw error;
    }
    return region;
  }

  /** The regions that overlap `[from, to)`, lowest first. */
  inRange(from: number, to: number): Region[] {
    const found: Region[] = [];
    const { tree } = this;
    let at = tree.floor(from);
    if (at === NO_REGION) at = tree.first();
    else if (tree.baseOf(at) + tree.bytesOf(at) <= from) at = tree.next(at);
    for (; at !== NO_REGION && tree.baseOf(at) < to; at = tree.next(at)) {
      found.push(this.regionOf(at));
    }
    return found;
  }

  private makeRegion(
    backing: RegionBacking,
    bytes: number,
    options: RegionOptions,
    object?: MemoryObject,
  ): VRegion {
    const flags = options.flags ?? READ_WRITE;
    const maxFlags = options.maxFlags ?? flags & ACCESS;
    if ((flags & ACCESS & ~maxFlags) !== 0) {
      throw new VmError(
        'LIB_ERR_VREGION_MAX_RIGHTS',
        `flags ${flagsText(flags)} go beyond the maximum ${flagsText(maxFlags)}`,
      );
    }
    return new VRegion({
      name: options.name ?? object?.name ?? backing,
      base: this.place(bytes, options),
      bytes,
      flags,
      maxFlags,
      backing,
      space: this,
      object,
      offset: options.offset ?? 0,
      ownsObject: options.ownsObject ?? isOwned(object),
      inheritance: options.inheritance ?? 'copy',
    });
  }

  private addRegion(
    backing: RegionBacking,
    bytes: number,
    options: RegionOptions,
    object?: MemoryObject,
  ): VRegion {
    const region = this.makeRegion(backing, bytes, options, object);
    if (options.replace === true && options.at !== undefined) {
      this.replaceBy(region);
      return region;
    }
    this.add(region);
    try {
      object?.mapRegion(region);
    } catch (error) {
      this.remove(region.base);
      throw error;
    }
    return region;
  }

  /** Puts a region where others are. What can fail comes first. */
  private replaceBy(region: VRegion): void {
    const { base, end, object } = region;
    const regions = this.inRange(base, end);
    this.prepareRemoval(regions, base, end);
    object?.adoptRegion(region, false);
    try {
      this.range.unmap(pageNumber(base), pageNumber(end));
    } catch (error) {
      object?.unmapRegion(region);
      throw error;
    }
    this.takeOut(regions, base, end);
    this.add(region);
  }

  /** Checks that the parts of the regions may go, and does what can fail of it. */
  private prepareRemoval(regions: readonly Region[], from: number, to: number): void {
    const kept = regions.find(({ backing }) => backing === 'metadata');
    if (kept !== undefined) throw this.keptError(kept);
    for (const region of regions) {
      if (!(region instanceof VRegion) || !region.ownsObject || region.object === undefined)
        continue;
      const { object } = region;
      const stay = object.regions.flatMap((other) => staying(other, this, from, to));
      if (stay.length === 0) object.prepareDiscard(0, object.bytes);
      for (const [first, end] of without(objectRange(region, from, to), stay)) {
        object.prepareDiscard(first, end - first);
      }
    }
  }

  /** Takes the parts of the regions in `[from, to)` out, whose pages are unmapped; answers their bytes. */
  private takeOut(regions: readonly Region[], from: number, to: number): number {
    let bytes = 0;
    for (const region of regions) {
      const [first, end] = clip(region, from, to);
      bytes += end - first;
      this.remove(region.base);
      for (const [low, high] of [
        [region.base, first],
        [end, region.base + region.bytes],
      ]) {
        if (low < high) this.addPart(region, low, high);
      }
      if (region instanceof VRegion) region.object?.unmapRegion(region);
    }
    this.giveUpObjects(regions, from, to);
    return bytes;
  }

  /** Ends the objects whose last region is gone, and discards what no region shows any more. */
  private giveUpObjects(regions: readonly Region[], from: number, to: number): void {
    const ended = new Set<MemoryObject>();
    for (const region of regions) {
      if (!(region instanceof VRegion) || !region.ownsObject || region.object === undefined)
        continue;
      const { object } = region;
      if (ended.has(object)) continue;
      if (object.regions.length === 0) {
        object.destroy();
        ended.add(object);
        continue;
      }
      const stay = object.regions.map(({ offset, bytes }): Range => [offset, offset + bytes]);
      for (const [first, end] of without(objectRange(region, from, to), stay)) {
        object.discard(first, end - first);
      }
    }
  }

  private addPart(region: Region, from: number, to: number, flags = region.flags): void {
    if (!(region instanceof VRegion)) {
      this.add({ ...region, base: from, bytes: to - from });
      return;
    }
    const part = region.part(from, to, flags);
    this.add(part);
    part.object?.adoptRegion(part, true);
  }

  /** Gives the part of a region in `[from, to)` other flags: one region becomes up to three. */
  private reflag(region: VRegion, from: number, to: number, flags: number): void {
    const [first, end] = clip(region, from, to);
    let changed = region;
    if (first === region.base && end === region.end) {
      region.flags = flags;
    } else {
      const last = region.end;
      const rest = end < last ? region.part(end, last) : undefined;
      changed = region.part(first, end, flags);
      if (first > region.base) this.resize(region, first - region.base);
      else {
        this.remove(region.base);
        region.object?.unmapRegion(region);
      }
      for (const part of rest === undefined ? [changed] : [changed, rest]) {
        this.add(part);
        part.object?.adoptRegion(part, true);
      }
    }
    this.mergeAround(changed);
  }

  /** Joins a region with the neighbours that go on as it does. */
  private mergeAround(region: VRegion): void {
    const after = this.find(region.end);
    if (after instanceof VRegion && after.base === region.end && region.continuesIn(after)) {
      this.join(region, after);
    }
    const before = region.base > 0 ? this.find(region.base - 1) : undefined;
    if (before instanceof VRegion && before.continuesIn(region)) this.join(before, region);
  }

  private join(region: VRegion, next: VRegion): void {
    this.remove(next.base);
    next.object?.unmapRegion(next);
    this.resize(region, region.bytes + next.bytes);
  }

  /** Gives a region another size; what comes in is free. */
  private resize(region: VRegion, bytes: number): void {
    this.remove(region.base);
    region.bytes = bytes;
    this.add(region);
  }

  /** The regions of a range without holes, all of which may have the flags. */
  private protectable(from: number, to: number, flags: number): VRegion[] {
    const found: VRegion[] = [];
    let at = from;
    for (const region of this.inRange(from, to)) {
      if (region.base > at) break;
      if (region.backing === 'metadata') throw this.keptError(region);
      if (!(region instanceof VRegion) || region.object === undefined) {
        const guard = region.backing === 'guard';
        throw new VmError(
          guard ? 'LIB_ERR_VREGION_GUARD' : 'LIB_ERR_VREGION_RESERVED',
          `region \`${region.name}\` at ${hex0x(region.base)} is ${region.backing} and cannot be protected`,
        );
      }
      if ((flags & ACCESS & ~region.maxFlags) !== 0) {
        throw new VmError(
          'LIB_ERR_VREGION_MAX_RIGHTS',
          `region \`${region.name}\` at ${hex0x(region.base)} can be ${flagsText(region.maxFlags)} ` +
            `at most, not ${flagsText(flags)}`,
        );
      }
      found.push(region);
      at = region.end;
    }
    if (at >= to) return found;
    throw new VmError('LIB_ERR_VSPACE_REGION_NOT_FOUND', `no region is at ${hex0x(at)}`);
  }

  private keptError(region: Region): VmError {
    return new VmError(
      'LIB_ERR_VSPACE_REGION_KEPT',
      `region \`${region.name}\` at ${hex0x(region.base)} holds the records of ${this.name}`,
    );
  }
}

/** A range of bytes: where it begins, and the first byte behind it. */
type Range = readonly [number, number];

/** Whether the object goes with its last region. */
function isOwned(object: MemoryObject | undefined): boolean {
  return object?.regions.some((region) => region instanceof VRegion && region.ownsObject) ?? false;
}

/** What of its object a region shows in the addresses `[from, to)`. */
function objectRange(region: ObjectRegion, from: number, to: number): Range {
  const first = Math.max(region.base, from);
  const end = Math.max(first, Math.min(region.base + region.bytes, to));
  return [region.offset + first - region.base, region.offset + end - region.base];
}

/** What of its object a region still shows when the addresses `[from, to)` of `space` are gone. */
function staying(region: ObjectRegion, space: ObjectSpace, from: number, to: number): Range[] {
  const { offset, bytes } = region;
  const whole: Range = [offset, offset + bytes];
  return region.space === space ? without(whole, [objectRange(region, from, to)]) : [whole];
}

/** What of a range lies in none of the others. */
function without(range: Range, others: readonly Range[]): Range[] {
  let left: Range[] = [range];
  for (const [low, high] of others) {
    left = left.flatMap(([first, end]): Range[] => [
      [first, Math.min(end, Math.max(first, low))],
      [Math.max(first, Math.min(end, high)), end],
    ]);
    left = left.filter(([first, end]) => first < end);
  }
  return left.filter(([first, end]) => first < end);
}

function withAccess(flags: number, access: number): number {
  return (flags & ~ACCESS) | (access & ACCESS);
}

/** The part of a region that lies in `[from, to)`. */
function clip(region: Region, from: number, to: number): [number, number] {
  return [Math.max(region.base, from), Math.min(region.base + region.bytes, to)];
}

function protectPart(region: VRegion, from: number, to: number, flags: number): void {
  const [first, end] = clip(region, from, to);
  region.object?.protect(region, first - region.base, end - first, withAccess(region.flags, flags));
}
