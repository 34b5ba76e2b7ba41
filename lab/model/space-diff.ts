/** What changed between two spaces, page by page and as ranges: what `diff` tells. */

import { PAGE_BYTES } from '../../src/base/index.js';
import { type Change, diffSpaces, SPACE_PAGES } from '../../src/inspect/index.js';
import type { Subject } from './subject.js';

/** How a page changed, as bits, so that a cell of many pages can have all of them. */
export const ChangeBit = { added: 1, removed: 2, changed: 4 } as const satisfies Record<
  Change['kind'],
  number
>;

/** A comparison. */
export interface SpaceDiff {
  /** The first of the changes, by address; there may be more. */
  readonly changes: readonly Change[];
  /** How many there are of each kind, and the bytes of them. */
  readonly totals: Readonly<Record<Change['kind'], { count: number; bytes: number }>>;
  readonly count: number;
  /** A {@link ChangeBit} for each page, or 0. */
  readonly pages: Uint8Array;
}

/** Changes that are kept as such; all are counted, and marked in the pages. */
const MOST_CHANGES = 4096;

/** Compares two subjects; with `leaves` also where only the size of leaves differs. */
export function diffSubjects(before: Subject, after: Subject, leaves: boolean): SpaceDiff {
  const changes: Change[] = [];
  const pages = new Uint8Array(SPACE_PAGES);
  const totals = {
    added: { count: 0, bytes: 0 },
    removed: { count: 0, bytes: 0 },
    changed: { count: 0, bytes: 0 },
  };
  let count = 0;
  for (const change of diffSpaces(before.regions, after.regions, leaves)) {
    count += 1;
    if (changes.length < MOST_CHANGES) changes.push(change);
    const total = totals[change.kind];
    total.count += 1;
    total.bytes += change.bytes;
    const first = change.va / PAGE_BYTES;
    pages.fill(ChangeBit[change.kind], first, first + change.bytes / PAGE_BYTES);
  }
  return { changes, totals, count, pages };
}
