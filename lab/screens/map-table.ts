/** The map in words, for tables and for what is said of a place. */

import { formatBytes, hex, PAGE_BYTES } from '../../src/base/index.js';
import { rightsText } from '../../src/format/index.js';
import { type MapRow, placeText, typeText } from '../../src/inspect/index.js';
import type { PictureTable } from '../app/picture.js';
import { kindText } from '../model/layers.js';
import { rowAt } from '../model/selection.js';
import type { Subject } from '../model/subject.js';

/** The mapped rows of a subject as a table. */
export function mapTable(subject: Subject): PictureTable {
  return {
    caption: `The map of ${subject.title}`,
    columns: ['Addresses', 'Memory', 'Size', 'Kind', 'PL1', 'PL0', 'Type', 'Name', 'Marks'],
    rows: subject.rows.filter((row) => row.type !== undefined).map(rowTexts),
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
  const starts = subject.rows.filter((row) => row.type !== undefined).map((row) => row.va);
  if (by > 0) return starts.find((va) => at === undefined || va > at) ?? at;
  return starts.findLast((va) => at !== undefined && va < at) ?? at;
}
