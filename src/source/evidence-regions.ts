/**
 * Regions that a system printed of itself while it ran. They are evidence of what was mapped, not
 * tables: they can be shown and compared, and `log-tables.ts` makes tables of them for the rest.
 */

import { Right } from '../format/index.js';

/** One region, as it was printed. */
export interface EvidenceRegion {
  /** What the system calls it, or the part of its map that it stands in. */
  readonly name: string;
  readonly va: number;
  readonly bytes: number;
  /** Where it begins in physical memory, if that was printed. */
  readonly pa: number | undefined;
  /** Six bits of `Right`; undefined if nothing was said of them. */
  readonly rights: number | undefined;
  /** The memory type in the words of the system: `MEM/CACHED/WBWA`; undefined if not said. */
  readonly memory: string | undefined;
  /** Size of the leaves, where it was printed. */
  readonly leafBytes: number | undefined;
  /** The line of the text, from 1. */
  readonly line: number;
}

const { PRIVILEGED_READ, PRIVILEGED_WRITE, PRIVILEGED_FETCH, USER_READ, USER_WRITE, USER_FETCH } =
  Right;

/** Rights of a region that is always readable at PL1. */
export function rightsFrom(write: boolean, execute: boolean, user: boolean): number {
  const privileged =
    PRIVILEGED_READ | (write ? PRIVILEGED_WRITE : 0) | (execute ? PRIVILEGED_FETCH : 0);
  if (!user) return privileged;
  return privileged | USER_READ | (write ? USER_WRITE : 0) | (execute ? USER_FETCH : 0);
}
