/** Choosing addresses: the original's two ways, with their defects (41 to 50) put right. */
import { MIB, NO_REGION, PAGE_BYTES, type RegionTree, roundUp } from '../base/index.js';
import { ROOT_ENTRIES } from './table-records.js';

/** Where the address space that a pmap manages begins (`VSPACE_BEGIN`). */
export const VSPACE_BEGIN = 0x4000_0000;

/** The entries of the root that raw mappings come from: 1.5 GiB up to the kernel window. */
const RAW_FIRST = 1536;

/**
 * The lowest address for `bytes` at a multiple of `alignment` (any; 0 means a page) that ends at or
 * below `end`, or -1. Sizes and the alignment are rounded up to pages, `bytes` also to the alignment.
 *
 *     between two regions    behind the first that ends above {@link VSPACE_BEGIN}
 *     behind the last one    at its base plus its size rounded up to the alignment
 *     without any            at the beginning
 */
export function findAddress(
  regions: RegionTree,
  bytes: number,
  alignment: number,
  end: number,
): number {
  const step = alignment === 0 ? PAGE_BYTES : roundUp(alignment, PAGE_BYTES);
  const size = roundUp(bytes, step);
  if (!(size >= 0 && size <= end)) return -1;
  const last = regions.floor(Number.MAX_SAFE_INTEGER);
  if (last === NO_REGION) return ifFits(roundUp(VSPACE_BEGIN, step), size, end);
  const between = findBetween(regions, last, size, step);
  if (between >= 0) return ifFits(between, size, end);
  const behind = regions.baseOf(last) + roundUp(regions.bytesOf(last), step);
  return ifFits(roundUp(Math.max(behind, VSPACE_BEGIN), step), size, end);
}

function ifFits(address: number, size: number, end: number): number {
  return address + size <= end ? address : -1;
}

/** The lowest address between two regions, or -1. */
function findBetween(regions: RegionTree, last: number, size: number, step: number): number {
  const first = firstAbove(regions);
  if (first === NO_REGION) return -1;
  if (size > 0) return regions.firstGap(endOf(regions, first), regions.baseOf(last), size, step);
  // Nothing fits anywhere, even between two regions that touch; a tree of gaps does not know those.
  for (let region = first; region !== last; ) {
    const next = regions.next(region);
    const address = roundUp(endOf(regions, region), step);
    if (address <= regions.baseOf(next)) return address;
    region = next;
  }
  return -1;
}

/** The lowest region that ends above the beginning. */
function firstAbove(regions: RegionTree): number {
  const holder = regions.floor(VSPACE_BEGIN);
  if (holder === NO_REGION) return regions.first();
  return endOf(regions, holder) > VSPACE_BEGIN ? holder : regions.next(holder);
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
