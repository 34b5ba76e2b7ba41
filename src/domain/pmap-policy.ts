/**
 * Which leaves a mapping is made of: a policy is a value that the pmap is given.
 */
import { PAGE_BYTES } from '../base/index.js';
import { Kind, SHORT_DESCRIPTORS } from '../format/index.js';
import { toPagingFlags, VRegionFlags } from './vregion-flags.js';

/** A request to map, in pages, with the frame identified. */
export interface MapRequest {
  /** Virtual address >> 12. */
  page: number;
  /** Page frame where the frame begins. */
  frame: number;
  frameBytes: number;
  /** Offset in the frame, in bytes. */
  offset: number;
  bytes: number;
  flags: number;
}

/** One way of choosing leaves. */
export interface PmapPolicy {
  readonly name: string;
  /** Bytes that offset and size are rounded to; pages are taken where the frame is too small for it. */
  granule(request: MapRequest): number;
  /** The largest leaf kind that `pages` at `page`, backed from page frame `frame` on, may begin with. */
  leafKind(
    request: MapRequest,
    granule: number,
    page: number,
    frame: number,
    pages: number,
  ): number;
  /** The kernel's flags for those of a region. */
  pagingFlags(flags: number): number;
  /** Whether LARGE without HUGE makes sections of whatever begins and ends on a MiB in both spaces. */
  readonly makesSections: boolean;
  /** Whether an operation may cover several Mappings of one table, as long as it covers them whole. */
  readonly spansMappings: boolean;
  /** Whether the frame is identified anew before each step, as the original did. */
  readonly identifiesEachStep: boolean;
}

const SECTION_BYTES = 2 ** (SHORT_DESCRIPTORS.levels[0]?.shift ?? 20);
const SECTION_PAGES = SECTION_BYTES / PAGE_BYTES;
const LARGE_PAGES = 16;
const SUPERSECTION_PAGES = 16 * SECTION_PAGES;

/**
 * The original's "large condition", evaluated once: sections for the whole of a mapping that asks
 * for LARGE, begins on a MiB, and whose frame begins on a MiB and holds at least one.
 */
function wantsSections({ page, frame, frameBytes, flags }: MapRequest): boolean {
  const asked = (flags & VRegionFlags.LARGE) !== 0 && frameBytes >= SECTION_BYTES;
  return asked && page % SECTION_PAGES === 0 && frame % SECTION_PAGES === 0;
}

/** Leaves as the original chose them: sections for all of a mapping, or small pages for all of it. */
export const originalLeaves: PmapPolicy = {
  name: 'original',
  granule: (request) => (wantsSections(request) ? SECTION_BYTES : PAGE_BYTES),
  leafKind: (_request, granule) => (granule === SECTION_BYTES ? Kind.SECTION : Kind.SMALL),
  pagingFlags: (flags) => toPagingFlags(flags & ~(VRegionFlags.WRITE_COMBINING | VRegionFlags.OLD)),
  makesSections: false,
  spansMappings: false,
  identifiesEachStep: true,
};

/**
 * The largest leaves that the flags allow and that fit exactly: LARGE lets large pages and sections
 * be used, HUGE supersections too. Nothing is ever mapped beyond the size that was asked for.
 */
export const largestLeaves: PmapPolicy = {
  name: 'largest',
  granule: () => PAGE_BYTES,
  leafKind({ flags }, _granule, page, frame, pages) {
    // Leaves are powers of two: what both begin at a multiple of, both lack the low bits of.
    const low = page | frame;
    const huge = (flags & VRegionFlags.HUGE) !== 0;
    if (!huge && (flags & VRegionFlags.LARGE) === 0) return Kind.SMALL;
    if (huge && pages >= SUPERSECTION_PAGES && (low & (SUPERSECTION_PAGES - 1)) === 0) {
      return Kind.SUPERSECTION;
    }
    if (pages >= SECTION_PAGES && (low & (SECTION_PAGES - 1)) === 0) return Kind.SECTION;
    return pages >= LARGE_PAGES && (low & (LARGE_PAGES - 1)) === 0 ? Kind.LARGE : Kind.SMALL;
  },
  pagingFlags: toPagingFlags,
  makesSections: true,
  spansMappings: true,
  identifiesEachStep: false,
};

/** Pages that one table entry of a leaf of `kind` stands for. */
export const pagesPerEntry = (kind: number): number =>
  kind === Kind.SECTION || kind === Kind.SUPERSECTION ? SECTION_PAGES : 1;

/** Pages of one leaf of `kind`. */
export function pagesPerLeaf(kind: number): number {
  if (kind === Kind.SUPERSECTION) return SUPERSECTION_PAGES;
  if (kind === Kind.SECTION) return SECTION_PAGES;
  return kind === Kind.LARGE ? LARGE_PAGES : 1;
}

/** Whether leaves of `kind` stand in the root table. */
export const isRootKind = (kind: number): boolean =>
  kind === Kind.SECTION || kind === Kind.SUPERSECTION;
