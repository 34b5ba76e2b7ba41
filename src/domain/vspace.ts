/** An address space as its domain sees it: which ranges are what. */
import { hex0x, RegionTree, VmError } from '../base/index.js';

/** What stands behind a region, which decides what a fault in it means. */
export type RegionBacking = 'metadata' | 'image' | 'demand-zero' | 'guard';

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
  private readonly regions: Region[] = [];

  /** Adds a region. Errors: `LIB_ERR_VSPACE_REGION_OVERLAP` another one is there, or it is empty. */
  add(region: Region): void {
    if (!this.tree.insert(region.base, region.bytes, this.regions.length)) {
      const other = this.find(region.base);
      const what = other === undefined ? 'another region, or is empty' : `\`${other.name}\``;
      throw new VmError(
        'LIB_ERR_VSPACE_REGION_OVERLAP',
        `\`${region.name}\` at ${hex0x(region.base)}+${hex0x(region.bytes)} overlaps ${what}`,
      );
    }
    this.regions.push(region);
  }

  /** The region that holds the address. */
  find(address: number): Region | undefined {
    const id = this.tree.find(address);
    return id < 0 ? undefined : this.regions[id];
  }

  /** All regions, lowest first. */
  all(): Region[] {
    return [...this.regions].sort((a, b) => a.base - b.base);
  }
}
