/** The map in words, for tables and for what is said of a place. */

import { formatBytes, hex, PAGE_BYTES } from '../../src/base/index.js';
import { rightsText } from '../../src/format/index.js';
import { type MapRow, placeText, typeText } from '../../src/inspect/index.js';
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

/** Regions that are looked at for the one before an address, at first. */
const REGIONS_BACK = 64;

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

function regionBefore(subject: Subject, at: number): number | undefined {
  const { regions } = subject;
  for (let back = REGIONS_BACK; ; back *= 8) {
    const first = Math.max(0, regions.at(Math.floor(at / PAGE_BYTES)) - back);
    let found: number | undefined;
    for (const { va } of subject.rowsFrom((regions.pages[first] as number) * PAGE_BYTES)) {
      if (va >= at) break;
      found = va;
    }
    if (found !== undefined || first === 0) return found;
  }
}
