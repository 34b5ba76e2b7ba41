/**
 * Who maps which frame: for each frame of physical memory the first region that maps it, how many
 * do, and what they allow together. One pass over the pages, whatever the tables hold.
 */

import { isLeaf, rightsOf } from './leaf-meaning.js';
import type { Regions } from './regions.js';

/** Frames below 4 GiB, which all leaves but supersections are limited to. */
const NEAR_FRAMES = 2 ** 20;
const NOBODY = -1;

// One word for each frame, so that a scattered space costs one cache miss a page:
// 31..12 the first region   11..6 how many times it is mapped, 63 and more   5..0 rights
const REGION_SHIFT = 12;
const USES_SHIFT = 6;
const MOST_USES = 63;
const USES_MASK = MOST_USES << USES_SHIFT;
const RIGHTS_MASK = 63;

/** The uses of all frames of a space. */
export class FrameUse {
  /** Regions that map frames of 4 GiB and above: supersections, at most 4096 pieces of them. */
  readonly far: number[] = [];
  /** Whether any frame is mapped more than once. */
  readonly anyShared: boolean;
  private readonly words = new Uint32Array(NEAR_FRAMES);

  constructor(regions: Regions) {
    const { words } = this;
    let shared = false;
    for (let region = 0; region < regions.count; region++) {
      const meaning = regions.meaningOf[region] as number;
      if (!isLeaf(meaning)) continue;
      const first = regions.frames[region] as number;
      const end = first + (regions.lengths[region] as number);
      if (end > NEAR_FRAMES) this.far.push(region);
      const allowed = rightsOf(meaning);
      const fresh = ((region << REGION_SHIFT) | (1 << USES_SHIFT) | allowed) >>> 0;
      for (let frame = first; frame < end && frame < NEAR_FRAMES; frame++) {
        const word = words[frame] as number;
        if (word === 0) {
          words[frame] = fresh;
          continue;
        }
        shared = true;
        const more = (word & USES_MASK) === USES_MASK ? 0 : 1 << USES_SHIFT;
        words[frame] = (word + more) | allowed;
      }
    }
    this.anyShared = shared;
  }

  /** The first region that maps a frame below 4 GiB, or -1. */
  firstOf(frame: number): number {
    const word = this.words[frame] ?? 0;
    return word === 0 ? NOBODY : word >>> REGION_SHIFT;
  }

  /** How many times a frame below 4 GiB is mapped, at most 63. */
  usesOf(frame: number): number {
    return ((this.words[frame] ?? 0) & USES_MASK) >>> USES_SHIFT;
  }

  /** What all mappings of a frame below 4 GiB allow together. */
  rightsOf(frame: number): number {
    return (this.words[frame] ?? 0) & RIGHTS_MASK;
  }
}
