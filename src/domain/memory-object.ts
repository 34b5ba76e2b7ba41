/**
 * Memory objects: what stands behind a region (Barrelfish `barrelfish/memobj.h`, TN-004).
 *
 * One interface for all kinds. An object knows every region that it is mapped in, of whatever
 * address spaces, so that what changes in it changes in all of them.
 */
import type { CapRef } from '../base/index.js';
import type { Channels } from './channel.js';
import type { Pmap } from './pmap.js';
import type { PmapRange } from './pmap-range.js';

/** What an object needs of an address space that it is mapped in. */
export interface ObjectSpace {
  readonly name: string;
  /** The domain that the address space belongs to. */
  readonly channels: Channels;
  readonly pmap: Pmap;
  readonly range: PmapRange;
}

/** What an object needs of a region that it is mapped in. */
export interface ObjectRegion {
  readonly name: string;
  readonly base: number;
  readonly bytes: number;
  /** Where in the object the region begins, in bytes. */
  readonly offset: number;
  readonly flags: number;
  readonly maxFlags: number;
  readonly space: ObjectSpace;
}

/** Memory that an object gave up. */
export interface UnfilledFrame {
  readonly frame: CapRef;
  /** Where in the frame it begins, and its size, in bytes. */
  readonly offset: number;
  readonly bytes: number;
}

/** What stands behind a region. Offsets and sizes are bytes, and whole pages. */
export interface MemoryObject {
  /** What kind of object it is, for a person: `anonymous`, `one-frame`, … */
  readonly kind: string;
  readonly name: string;
  readonly bytes: number;
  /** Every region that it is mapped in. */
  readonly regions: readonly ObjectRegion[];
  /** Bytes of it that are in memory now. */
  readonly residentBytes: number;

  /**
   * Takes note of a new region; objects whose memory is there from the beginning map it at once.
   * Errors: `LIB_ERR_MEMOBJ_RANGE` the region leaves the object; `LIB_ERR_MEMOBJ_MAPPED` it takes no
   * more regions; `LIB_ERR_MEMOBJ_RIGHTS` the domain was not given it, or not with these rights;
   * those of the pmap.
   */
  mapRegion(region: ObjectRegion): void;
  /**
   * Takes note of a region and maps nothing: a part of one that it knew, or one that takes the place of
   * others. Errors: as {@link mapRegion}, but those of the pmap.
   */
  adoptRegion(region: ObjectRegion, part: boolean): void;
  /** Forgets a region, whose addresses are unmapped already. */
  unmapRegion(region: ObjectRegion): void;
  /**
   * Makes what is mapped of `[offset, offset + bytes)` in `region` follow `flags`; the region still
   * has its old ones. Errors: those of the pmap.
   */
  protect(region: ObjectRegion, offset: number, bytes: number, flags: number): void;
  /**
   * Brings the range into memory and keeps it there. Errors: `LIB_ERR_MEMOBJ_PIN` a page is pinned too
   * often; those of {@link pagefault}. Nothing is pinned then.
   */
  pin(offset: number, bytes: number): void;
  /** Undoes one {@link pin} of the range. Error: `LIB_ERR_MEMOBJ_PIN` a page of it is not pinned. */
  unpin(offset: number, bytes: number): void;
  /**
   * Gives the object memory for a range: the frame from `frameOffset` on. Objects with pages of their
   * own copy what is in the frame; without one they bring the range into memory.
   * Errors: `LIB_ERR_MEMOBJ_RANGE`; `LIB_ERR_MEMOBJ_FILLED` it has memory there; those of the frame.
   */
  fill(offset: number, bytes: number, frame?: CapRef, frameOffset?: number): void;
  /**
   * Takes the memory of a range out of the object and of every region: the frames that it was filled
   * with, or none where the pages were its own and are free now.
   * Errors: `LIB_ERR_MEMOBJ_PIN` a page is pinned; `LIB_ERR_MEMOBJ_RANGE` it cuts what was filled.
   */
  unfill(offset: number, bytes: number): UnfilledFrame[];
  /** Does what can fail of a {@link discard} of the range. Errors: no memory for a snapshot's copies. */
  prepareDiscard(offset: number, bytes: number): void;
  /** Gives up what it has of its own for the range, pinned or not: nobody maps it any more. */
  discard(offset: number, bytes: number): void;
  /**
   * Makes an access to `address` in `region` possible, which the region allows.
   * Errors: `LIB_ERR_MEMOBJ_UNFILLED`, `LIB_ERR_MEMOBJ_GONE`, `LIB_ERR_MEMOBJ_SOURCE`; no memory; those
   * of the pager and of the pmap.
   */
  pagefault(region: ObjectRegion, address: number, write: boolean): void;
  /** Gives up to `bytes` of memory back to the pager; answers how much it was. */
  pagerFree(bytes: number): number;
  /** Ends the object, which is mapped nowhere. Errors: `LIB_ERR_MEMOBJ_MAPPED` it still is. */
  destroy(): void;
}
