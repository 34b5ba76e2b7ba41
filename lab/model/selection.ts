/** What an address selects: its MiB, or its page where the MiB is made of pages. */

import { PAGE_BYTES } from '../../src/base/index.js';
import {
  type MapRow,
  mapRows,
  ROOT_ENTRY_PAGES,
  type TableEntry,
} from '../../src/inspect/index.js';
import type { Subject } from './subject.js';

/** A selected part of a space. */
export interface Selection {
  /** The address that was chosen, which may lie inside. */
  readonly va: number;
  readonly run: { readonly page: number; readonly pages: number };
  /** The root entry, and the entry of the level-2 table where a page is selected. */
  readonly rootEntry: TableEntry;
  readonly pageEntry: TableEntry | undefined;
  /** Whether the MiB has a level-2 table. */
  readonly hasTable: boolean;
  /** The part of the map around the address. */
  readonly row: MapRow;
}

/**
 * What `va` selects in a subject: a whole MiB where it is the beginning of one, else its page. The
 * first page of a MiB is only selected by `asPage`.
 */
export function selectionAt(
  subject: Subject,
  va: number | undefined,
  asPage: boolean,
): Selection | undefined {
  if (va === undefined) return undefined;
  const page = Math.floor(va / PAGE_BYTES);
  const { space } = subject;
  const index = page >>> 8;
  const hasTable = (space.tableOf[index] as number) >= 0;
  const isPage = hasTable && (asPage || va % (ROOT_ENTRY_PAGES * PAGE_BYTES) !== 0);
  return {
    va,
    run: isPage ? { page, pages: 1 } : { page: page & ~255, pages: ROOT_ENTRY_PAGES },
    rootEntry: space.rootEntry(index),
    pageEntry: isPage ? space.entryAt(page) : undefined,
    hasTable,
    row: rowAt(subject, va),
  };
}

/** The row of the map that holds an address. */
export function rowAt({ regions, names }: Subject, va: number): MapRow {
  const region = regions.at(Math.floor(va / PAGE_BYTES));
  const from = (regions.pages[region] as number) * PAGE_BYTES;
  const to = from + (regions.lengths[region] as number) * PAGE_BYTES;
  let last: MapRow | undefined;
  for (const row of mapRows(regions, { names, unfolded: true, from, to })) {
    last = row;
    if (va < row.va + row.bytes) break;
  }
  return last as MapRow;
}
