/** Choosing addresses: the original's two ways, with their defects (41 to 50) put right. */
import { MIB, NO_REGION, PAGE_BYTES, type RegionTree, roundUp } from '../base/index.js';
import { ROOT_ENTRIES } from './table-records.js';

/** Where the address space that a pmap manages begins (`VSPACE_BEGIN`). */
export const VSPACE_BEGIN = 0x4000_0000;

/** The entries of the root that raw mappings come from: 1.5 GiB up to the kernel window. */
const RAW_FIRST = 1536;

/**
 * The lowest address for `bytes` at a multiple of `alignment` (any; 0 means a page) behind a region
 * that ends above {@link VSPACE_BEGIN}, below `end`; or -1. Both are rounded up to pages, `bytes`
 * also to the alignment.
 */
export function findAddress(
  regions: RegionTree,
  bytes: number,
  alignment: number,
  end: number,
): number {
  const step = alignment === 0 ? PAGE_BYTES : roundUp(alignment, PAGE_BYTES);
  const size = roundUp(bytes, step);
  if (!(size >= 0) || size > end) return -1;
  const from = firstBehind(regions);
  return regions.firstGap(from, end, Math.max(size, 1), step);
}

/** The end of the lowest region that ends above the beginning, or the beginning itself. */
function firstBehind(regions: RegionTree): number {
  const holder = regions.floor(VSPACE_BEGIN);
  const region =
    holder !== NO_REGION && endOf(regions, holder) > VSPACE_BEGIN
      ? holder
      : holder === NO_REGION
        ? regions.first()
        : regions.next(holder);
  return region === NO_REGION ? VSPACE_BEGIN : endOf(regions, region);
}

function endOf(regions: RegionTree, region: number): number {
  return regions.baseOf(region) + regions.bytesOf(region);
}

/**
 * The lowest MiB from 1.5 GiB on where `bytes` fit whose entries of the root are all unused, at a
 * multiple of `alignment` (any; 0 means a page), below `end`; or -1.
 */
export function findRawAddress(
  root: Int32Array,
  bytes: number,
  alignment: number,
  end: number,
): number {
  const step = alignment === 0 ? PAGE_BYTES : roundUp(alignment, PAGE_BYTES);
  const entries = Math.ceil(roundUp(bytes, step) / MIB);
  const limit = Math.min(ROOT_ENTRIES, end / MIB);
  if (!(entries >= 0)) return -1;
  let free = 0;
  for (let index = RAW_FIRST; index < limit; index += 1) {
    const usable = root[index] === 0 && (free > 0 || (index * MIB) % step === 0);
    free = usable ? free + 1 : 0;
    if (free > 0 && free >= entries) return (index - free + 1) * MIB;
  }
  return -1;
}
