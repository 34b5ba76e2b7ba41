/** One region of an address space that its domain pages for itself. */
import type { MemoryObject, ObjectRegion, ObjectSpace } from './memory-object.js';
import type { Region, RegionBacking } from './vspace.js';

/** What a new region is made from. */
export interface RegionParts {
  readonly name: string;
  readonly base: number;
  readonly bytes: number;
  readonly flags: number;
  readonly maxFlags: number;
  readonly backing: RegionBacking;
  readonly space: ObjectSpace;
  readonly object?: MemoryObject | undefined;
  readonly offset?: number;
  readonly ownsObject?: boolean;
  readonly inheritance?: Inheritance;
}

/** What a clone of the domain gets in the place of a region. */
export type Inheritance =
  /** The same memory, copied on write. */
  | 'copy'
  /** The same memory. */
  | 'share'
  /** Nothing. */
  | 'none';

/** One range of addresses, and what stands behind it. */
export class VRegion implements Region, ObjectRegion {
  readonly name: string;
  readonly base: number;
  bytes: number;
  flags: number;
  readonly maxFlags: number;
  readonly backing: RegionBacking;
  readonly space: ObjectSpace;
  readonly object: MemoryObject | undefined;
  readonly offset: number;
  /** Whether the object was made for this region, and goes with the last part of it. */
  readonly ownsObject: boolean;
  readonly inheritance: Inheritance;

  constructor(parts: RegionParts) {
    this.name = parts.name;
    this.base = parts.base;
    this.bytes = parts.bytes;
    this.flags = parts.flags;
    this.maxFlags = parts.maxFlags;
    this.backing = parts.backing;
    this.space = parts.space;
    this.object = parts.object;
    this.offset = parts.offset ?? 0;
    this.ownsObject = parts.ownsObject ?? false;
    this.inheritance = parts.inheritance ?? 'copy';
  }

  /** The first address behind the region. */
  get end(): number {
    return this.base + this.bytes;
  }

  /** A region for a part of this one's addresses, with the same things behind them. */
  part(from: number, to: number, flags = this.flags): VRegion {
    return new VRegion({
      ...this,
      base: from,
      bytes: to - from,
      flags,
      offset: this.offset + from - this.base,
    });
  }

  /** Whether `next` goes on where this region ends, in everything. */
  continuesIn(next: VRegion): boolean {
    return (
      this.end === next.base &&
      this.flags === next.flags &&
      this.maxFlags === next.maxFlags &&
      this.name === next.name &&
      this.backing === next.backing &&
      this.object === next.object &&
      this.ownsObject === next.ownsObject &&
      this.inheritance === next.inheritance &&
      (this.object === undefined || this.offset + this.bytes === next.offset)
    );
  }
}
