/**
 * Which leaves a record is for, in one word:
 *
 *     entries │ leaf kind << 13 │ flags << 16
 */

const ENTRIES_MASK = 0x1fff;
const KIND_SHIFT = 13;
const FLAGS_SHIFT = 16;

/** The word for so many entries of a kind with these region flags. */
export const packLeafRun = (entries: number, kind: number, flags: number): number =>
  entries | (kind << KIND_SHIFT) | (flags << FLAGS_SHIFT);

/** Entries of a run. */
export const leafEntries = (run: number): number => run & ENTRIES_MASK;

/** Leaf kind of a run. */
export const leafKindOf = (run: number): number => (run >>> KIND_SHIFT) & 7;

/** Region flags of a run. */
export const leafFlags = (run: number): number => run >>> FLAGS_SHIFT;
