/**
 * Who maps which frame: for each frame of physical memory the first region that maps it, how many
 * do, and what they allow together. One pass over the pages, whatever the tables hold.
 */

import { isLeaf, rightsOf } from './leaf-meaning.js';
import type { Regions } from './regions.js';

/** Frames below 4 GiB, which all leaves but supersections are limited to. */
const NEAR_FRAMES = 2 ** 20;
const NOBODY = -1;

/** The uses of all frames of a space. */
export class FrameUse {
  /** Regions that map frames of 4 GiB and above: supersections, at most 4096 pieces of them. */
  readonly far: number[] = [];
  /** For each frame below 4 GiB the first region that maps it, or -1. */
  private readonly firstRegion = new Int32Array(NEAR_FRAMES).fill(NOBODY);
  /** How many times it is mapped, at most 255, and the rights of all mappings together. */
  private readonly uses = new Uint8Array(NEAR_FRAMES);
  private readonly rights = new Uint8Array(NEAR_FRAMES);

  constructor(regions: Regions) {
    const { firstRegion, uses, rights } = this;
    for (let region = 0; region < regions.count; region++) {
      const meaning = regions.meaningOf[region] as number;
      if (!isLeaf(meaning)) continue;
      const first = regions.frames[region] as number;
      const end = first + (regions.lengths[region] as number);
      if (end > NEAR_FRAMES) this.far.push(region);
      const allowed = rightsOf(meaning);
      for (let frame = first; frame < end && frame < NEAR_FRAMES; frame++) {
        const used = uses[frame] as number;
        if (used === 0) firstRegion[frame] = region;
        if (used < 255) uses[frame] = used + 1;
        rights[frame] = (rights[frame] as number) | allowed;
      }
    }
  }

  /** The first region that maps a frame below 4 GiB, or -1. */
  firstOf(frame: number): number {
    return this.firstRegion[frame] ?? NOBODY;
  }

  /** How many times a frame below 4 GiB is mapped, at most 255. */
  usesOf(frame: number): number {
    return this.uses[frame] ?? 0;
  }

  /** What all mappings of a frame below 4 GiB allow together. */
  rightsOf(frame: number): number {
    return this.rights[frame] ?? 0;
  }
}
