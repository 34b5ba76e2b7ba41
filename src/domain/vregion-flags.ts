/** What a region asks of its mapping (Barrelfish `barrelfish/vregion.h`). */
import { PagingFlags } from '../kernel/index.js';

/** The flags of a region; they combine. */
export const VRegionFlags = {
  NONE: 0,
  READ: 0x01,
  WRITE: 0x02,
  EXECUTE: 0x04,
  NOCACHE: 0x08,
  /** On-chip message buffers of another machine; means nothing on ARM. */
  MPB: 0x10,
  /** A page that is there so that nothing else is: no access at all. */
  GUARD: 0x20,
  /** May be mapped by large pages and sections. */
  LARGE: 0x40,
  /** May be mapped by supersections as well. */
  HUGE: 0x80,
  WRITE_COMBINING: 0x100,
  /** Snooping by a device on another architecture; means nothing on ARM. */
  VTD_SNOOP: 0x800,
  /** Ours: the next use of the page shall be told, by a fault. */
  OLD: 0x1000,
  READ_WRITE: 0x03,
  READ_EXECUTE: 0x05,
} as const;

/** Every flag that a region can have. */
export const ALL_VREGION_FLAGS = 0x19ff;

const ACCESS_FLAGS =
  PagingFlags.READ | PagingFlags.WRITE | PagingFlags.EXECUTE | PagingFlags.NOCACHE;

/**
 * The kernel's flags for those of a region. GUARD takes every right away; bits that stand for
 * nothing on ARM are left out, and so are bits that stand for nothing at all (defects 18 and 40).
 */
export const toPagingFlags = (flags: number): number => {
  if ((flags & VRegionFlags.GUARD) !== 0) return 0;
  const combining = (flags & VRegionFlags.WRITE_COMBINING) !== 0 ? PagingFlags.WRITE_COMBINING : 0;
  const old = (flags & VRegionFlags.OLD) !== 0 ? PagingFlags.OLD : 0;
  return (flags & ACCESS_FLAGS) | combining | old;
};
