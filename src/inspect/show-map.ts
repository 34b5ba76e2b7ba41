/**
 * `show`: the merged map as a table, with a footer that sums it up.
 */

import { formatBytes, PAGE_BYTES } from '../base/index.js';
import type { AddressSpace } from './address-space.js';
import { entryMeaning, entryPlace } from './entry-text.js';
import { isLeaf } from './leaf-meaning.js';
import { COLUMNS, columnsFor, RowWriter, titles } from './map-columns.js';
import { isKernelOnly, type MapRow, rowStyle } from './map-rows.js';
import type { NamedRange, Names } from './names.js';
import { headerLines, type Provenance } from './space-header.js';
import { line, type Span, type StyledLine } from './styled-text.js';

/** How the map is laid out. */
export interface MapLayout {
  /** Characters of a line; where it has not room for every column, the less telling are left out. */
  readonly room?: number;
  /** Whether the first entry of each row is told below it. */
  readonly raw?: boolean | undefined;
}

/** The map as lines: header, one line a row, chapter lines where named regions begin, footer. */
export function* mapLines(
  space: AddressSpace,
  rows: Iterable<MapRow>,
  provenance: Provenance,
  names?: Names,
  { room = Infinity, raw = false }: MapLayout = {},
): Generator<StyledLine> {
  const columns = columnsFor(room);
  const writer = new RowWriter(columns);
  yield* headerLines(space, provenance);
  yield line(`  ${titles(columns)}`, 'heading');
  const chapters = names?.regions('virtual') ?? [];
  const totals = new MapTotals();
  let chapter = 0;
  for (const row of rows) {
    for (; (chapters[chapter]?.base ?? Infinity) < row.va + row.bytes; chapter++) {
      const range = chapters[chapter] as NamedRange;
      if (range.base >= row.va) yield line(`---[ ${range.name} ]---`, 'heading');
    }
    totals.add(row);
    const cells = writer.cells(row);
    yield styledRow(row, columns === COLUMNS ? cells : cells.trimEnd());
    if (raw && row.entry.word !== 0) yield entryLine(row, space);
  }
  yield line(footerText(space, totals), 'quiet');
}

/** The entry of the first page of a row, with its bits, as a line. */
function entryLine({ entry }: MapRow, { input }: AddressSpace): StyledLine {
  return line(`    ${entryPlace(entry)}  ${entryMeaning(entry, input)}`, 'quiet');
}

/** One row of the map as a line, with all columns. */
export function rowLine(row: MapRow): StyledLine {
  return styledRow(row, new RowWriter(COLUMNS).cells(row));
}

function styledRow(row: MapRow, cells: string): StyledLine {
  const marks = row.marks.map((mark) => mark.text).join(' ');
  const style = rowStyle(row);
  const body: Span = { text: `  ${cells}`, style, dim: isKernelOnly(row) };
  return marks === '' ? [body] : [body, { text: ` ${marks}`, style }];
}

/** What the footer tells. */
export class MapTotals {
  mappedBytes = 0;
  rows = 0;
  readonly rules = new Set<string>();

  add(row: MapRow): void {
    if (isLeaf(row.meaning)) {
      this.mappedBytes += row.bytes - row.missing * PAGE_BYTES;
      this.rows += 1;
    }
    for (const { rule } of row.marks) if (rule !== undefined) this.rules.add(rule);
  }
}

/** The footer: `3.17 GiB mapped · 0 L2 tables · 16.0 KiB of tables · 9 ranges`. */
export function footerText(space: AddressSpace, totals: MapTotals): string {
  const parts = [
    `${binaryBytes(totals.mappedBytes)} mapped`,
    count(space.tableKibibytes.length, 'L2 table'),
    `${binaryBytes(space.tableBytes())} of tables`,
    count(totals.rows, 'range'),
  ];
  if (totals.rules.size > 0) {
    parts.push(`${count(totals.rules.size, 'rule')} broken (pagewright check for detail)`);
  }
  return parts.join(' · ');
}

/** A size with its unit written out: `3.17 GiB`. */
function binaryBytes(bytes: number): string {
  const text = formatBytes(bytes);
  return text.endsWith(' B') ? text : `${text}iB`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** What the colours and letters of the map mean: one line each, for a terminal. */
export const MAP_LEGEND: readonly StyledLine[] = [
  [
    { text: 'read-only', style: 'read-only' },
    { text: '  ' },
    { text: 'writable', style: 'writable' },
    { text: '  ' },
    { text: 'executable', style: 'executable' },
    { text: '  ' },
    { text: 'writable and executable !', style: 'danger' },
    { text: '  ' },
    { text: 'device', style: 'device' },
    { text: '  ' },
    { text: '· fault', style: 'hole' },
    { text: '  k kernel only', dim: true },
  ],
];
