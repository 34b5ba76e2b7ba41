/** Where a new region goes: a pure choice among the gaps between the regions that are there. */
import {
  hex0x,
  MIB,
  PAGE_BYTES,
  type RegionTree,
  roundDown,
  roundUp,
  type SeededRandom,
  VmError,
} from '../base/index.js';

/** What is where in an address space. */
export interface SpaceLayout {
  /** The user window: regions lie from `userBase` up to, not including, `userEnd`, the kernel window. */
  readonly userBase: number;
  readonly userEnd: number;
  /** Where the search for a place begins. */
  readonly placementBase: number;
}

/** Where a region shall be. Without anything: the lowest gap that fits. */
export interface Placement {
  /** Exactly here. */
  readonly at?: number;
  /** The lowest gap that begins at or above this address. */
  readonly above?: number;
  /** The highest gap that ends at or below this address. */
  readonly below?: number;
  /** A multiple of this, any number of whole pages. */
  readonly alignment?: number;
}

/** Random places: `bits` of randomness in units of the alignment, the same ones with the same seed. */
export interface RandomPlacement {
  readonly seed: number;
  readonly bits: number;
}

/** The alignment that lets the largest leaves be used that the size can fill. */
function usefulAlignment(bytes: number): number {
  if (bytes >= 16 * MIB) return 16 * MIB;
  if (bytes >= MIB) return MIB;
  return bytes >= 16 * PAGE_BYTES ? 16 * PAGE_BYTES : PAGE_BYTES;
}

/**
 * The base of a region of `bytes`, whole pages. Nothing is reserved. A fixed place may be taken; that
 * is for the caller to see.
 *
 * Errors: `LIB_ERR_VSPACE_RANGE` a fixed place that is not made of pages of the user window, or an
 * alignment that is not; `LIB_ERR_OUT_OF_VIRTUAL_ADDR` no gap fits.
 */
export function choosePlace(
  tree: RegionTree,
  layout: SpaceLayout,
  bytes: number,
  placement: Placement,
  random: SeededRandom | undefined,
  randomBits: number,
): number {
  const { at, alignment } = placement;
  if (alignment !== undefined && !(alignment > 0 && alignment % PAGE_BYTES === 0)) {
    throw new VmError('LIB_ERR_VSPACE_RANGE', `an alignment of ${alignment} is not whole pages`);
  }
  requireRange(layout, at ?? layout.userBase, bytes);
  if (at !== undefined) {
    if (at % (alignment ?? PAGE_BYTES) === 0) return at;
    throw new VmError(
      'LIB_ERR_VSPACE_RANGE',
      `${hex0x(at)} is not a multiple of ${hex0x(alignment ?? PAGE_BYTES)}`,
    );
  }
  const wanted = alignment ?? usefulAlignment(bytes);
  let place = search(tree, layout, bytes, placement, wanted, random, randomBits);
  if (place < 0 && alignment === undefined) {
    place = search(tree, layout, bytes, placement, PAGE_BYTES, undefined, 0);
  }
  if (place >= 0) return place;
  throw new VmError(
    'LIB_ERR_OUT_OF_VIRTUAL_ADDR',
    `no free range of ${hex0x(bytes)} bytes from ${hex0x(placement.above ?? layout.userBase)} to ` +
      `${hex0x(placement.below ?? layout.userEnd)} at a multiple of ${hex0x(wanted)}`,
  );
}

function search(
  tree: RegionTree,
  layout: SpaceLayout,
  bytes: number,
  placement: Placement,
  alignment: number,
  random: SeededRandom | undefined,
  randomBits: number,
): number {
  const { userBase, userEnd, placementBase } = layout;
  const { above, below } = placement;
  if (below !== undefined) {
    return tree.lastGap(above ?? userBase, Math.min(below, userEnd), bytes, alignment);
  }
  if (above !== undefined) {
    return tree.firstGap(Math.max(above, userBase), userEnd, bytes, alignment);
  }
  if (random !== undefined) {
    const steps = Math.max(1, Math.floor((userEnd - placementBase - bytes) / alignment));
    const start = placementBase + (random.bits(randomBits) % steps) * alignment;
    const found = tree.firstGap(roundDown(start, alignment), userEnd, bytes, alignment);
    if (found >= placementBase) return found;
  }
  const found = tree.firstGap(placementBase, userEnd, bytes, alignment);
  return found >= 0 ? found : tree.firstGap(userBase, userEnd, bytes, alignment);
}

/** Error: `LIB_ERR_VSPACE_RANGE` the range is not made of whole pages of the user window. */
export function requireRange(layout: SpaceLayout, address: number, bytes: number): void {
  const whole = address % PAGE_BYTES === 0 && bytes % PAGE_BYTES === 0 && bytes > 0;
  if (whole && address >= layout.userBase && address + bytes <= layout.userEnd) return;
  throw new VmError(
    'LIB_ERR_VSPACE_RANGE',
    `${hex0x(Math.max(0, roundUp(address, 1)))}+${hex0x(Math.max(0, bytes))}: whole pages from ` +
      `${hex0x(layout.userBase)} to ${hex0x(layout.userEnd)} were expected`,
  );
}
