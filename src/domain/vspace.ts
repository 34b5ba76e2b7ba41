/** An address space as its domain sees it: which ranges are what. */
import { hex0x, NO_REGION, RegionTree, VmError } from '../base/index.js';

/** What stands behind a region, which decides what a fault in it means. */
export type RegionBacking = 'metadata' | 'image' | 'object' | 'reserved' | 'guard';

/** One range of addresses. */
export interface Region {
  readonly name: string;
  readonly base: number;
  readonly bytes: number;
  /** Region flags of its pages. */
  readonly flags: number;
  readonly backing: RegionBacking;
}

/** The regions of one domain, in order and disjoint. */
export class VSpace {
  /** The ranges, for whoever looks for a place between them. */
  readonly tree = new RegionTree();
  /** By number; those of free numbers are no longer in the tree. */
  private readonly regions: Region[] = [];
  private readonly freeNumbers: number[] = [];

  /** Adds a region. Errors: `LIB_ERR_VSPACE_REGION_OVERLAP` another one is there, or it is empty. */
  add(region: Region): void {
    const number = this.freeNumbers.at(-1) ?? this.regions.length;
    if (!this.tree.insert(region.base, region.bytes, number)) {
      const other = this.find(region.base);
      const what = other === undefined ? 'another region, or is empty' : `\`${other.name}\``;
      throw new VmError(
        'LIB_ERR_VSPACE_REGION_OVERLAP',
        `\`${region.name}\` at ${hex0x(region.base)}+${hex0x(region.bytes)} overlaps ${what}`,
      );
    }
    if (number < this.regions.length) this.freeNumbers.pop();
    this.regions[number] = region;
  }

  /** Forgets the region that begins at `base`; whether there was one. What is mapped there stays. */
  remove(base: number): boolean {
    const number = this.tree.remove(base);
    if (number >= 0) this.freeNumbers.push(number);
    return number >= 0;
  }

  /** The region that holds the address. */
  find(address: number): Region | undefined {
    const id = this.tree.find(address);
    return id < 0 ? undefined : this.regions[id];
  }

  /** The region that a number of {@link tree} stands for. */
  protected regionOf(at: number): Region {
    return this.regions[this.tree.idOf(at)] as Region;
  }

  /** All regions, lowest first. */
  all(): Region[] {
    const all: Region[] = [];
    const { tree } = this;
    for (let at = tree.first(); at !== NO_REGION; at = tree.next(at)) {
      all.push(this.regionOf(at));
    }
    return all;
  }
}
