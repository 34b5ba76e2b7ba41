/** The map in words, for tables and for what is said of a place. */

import { formatBytes, hex, PAGE_BYTES } from '../../src/base/index.js';
import { rightsText } from '../../src/format/index.js';
import { isLeaf, type MapRow, placeText, typeText } from '../../src/inspect/index.js';
import type { PictureTable } from '../app/picture.js';
import { kindText } from '../model/layers.js';
import { rowAt } from '../model/selection.js';
import type { Subject } from '../model/subject.js';

/** Rows that a table holds at most: the command line tells them all. */
const MOST_ROWS = 300;

/** The mapped rows of a subject as a table. */
export function mapTable(subject: Subject): PictureTable {
  const rows: string[][] = [];
  let last: MapRow | undefined;
  for (const row of subject.rowsFrom(0)) {
    rows.push(rowTexts(row));
    last = row;
    if (rows.length === MOST_ROWS) break;
  }
  return {
    caption: `The map of ${subject.title}`,
    columns: ['Addresses', 'Memory', 'Size', 'Kind', 'PL1', 'PL0', 'Type', 'Name', 'Marks'],
    rows,
    ...(last === undefined || rows.length < MOST_ROWS
      ? {}
      : { more: `and what there is from ${hex(last.va + last.bytes)} on` }),
  };
}

function rowTexts(row: MapRow): string[] {
  return [
    `${hex(row.va)}-${hex(row.va + row.bytes - 1)}`,
    placeText(row),
    formatBytes(row.bytes),
    kindText(row.meaning),
    rightsText(row.rights, true),
    rightsText(row.rights, false),
    typeText(row),
    row.name,
    row.marks.map((mark) => mark.text).join(' '),
  ];
}

/** What is at a run of pages, in one line. */
export function regionText(
  subject: Subject,
  run: { readonly page: number; readonly pages: number },
): string {
  const va = run.page * PAGE_BYTES;
  const row = rowAt(subject, va);
  const range = `${hex(va)}-${hex(va + run.pages * PAGE_BYTES - 1)}`;
  if (run.pages > 1 && (subject.space.tableOf[run.page >>> 8] as number) >= 0) {
    return `${range}  a table of 256 pages`;
  }
  if (row.type === undefined) return `${range}  ${kindText(row.meaning)}`;
  const rights = `${rightsText(row.rights, true)} ${rightsText(row.rights, false)}`;
  const name = row.name === '' ? '' : `  ${row.name}`;
  return `${range}${name}  ${rights}  ${typeText(row)}`;
}

/** The beginning of the mapped region before or after an address. */
export function nextRegion(
  subject: Subject,
  at: number | undefined,
  by: -1 | 1,
): number | undefined {
  if (by < 0) return regionBefore(subject, at ?? 0) ?? at;
  for (const { va } of subject.rowsFrom(at ?? 0)) if (at === undefined || va > at) return va;
  return at;
}

/**
 * The last row that begins before `at`. Rows are found forwards, from where one surely begins: scattered
 * neighbours that are one row differ in nothing and have only short holes between them.
 */
function regionBefore(subject: Subject, at: number): number | undefined {
  const { regions } = subject;
  let region = regions.at(Math.floor(at / PAGE_BYTES));
  for (;;) {
    do region -= 1;
    while (region > 0 && !beginsRow(subject, region));
    if (region < 0) return undefined;
    let found: number | undefined;
    for (const { va } of subject.rowsFrom((regions.pages[region] as number) * PAGE_BYTES)) {
      if (va >= at) break;
      found = va;
    }
    if (found !== undefined) return found;
  }
}

/** Holes so long end a row of scattered pages. */
const LONG_HOLE_PAGES = 16;

function beginsRow({ regions }: Subject, region: number): boolean {
  const before = regions.meaningOf[region - 1] as number;
  const now = regions.meaningOf[region] as number;
  if (!isLeaf(now)) return false;
  if (isLeaf(before)) return before !== now;
  return (regions.lengths[region - 1] as number) >= LONG_HOLE_PAGES;
}
