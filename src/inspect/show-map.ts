/**
 * `show`: the merged map as a table, with a footer that sums it up.
 */

import { formatBytes, hex, PAGE_BYTES } from '../base/index.js';
import { rightsText } from '../format/index.js';
import type { AddressSpace } from './address-space.js';
import { entryMeaning, entryPlace } from './entry-text.js';
import { isLeaf } from './leaf-meaning.js';
import { isKernelOnly, type MapRow, placeText, rowStyle, shareText, typeText } from './map-rows.js';
import type { NamedRange, Names } from './names.js';
import { headerLines, type Provenance } from './space-header.js';
import { line, type Span, type StyledLine } from './styled-text.js';

/** One column: title, width with the space before, whether text stands at the right. */
interface Column {
  readonly title: string;
  /** The space before what stands at the left: that of the title. */
  readonly gap: string;
  readonly width: number;
  readonly right?: true;
  /** Whether it is left out where lines are short, or only where they are very short. */
  readonly spare?: 'first' | 'last';
  text(row: MapRow): string;
}

const whereMapped =
  (text: (row: MapRow) => string) =>
  (row: MapRow): string =>
    row.type === undefined ? '' : text(row);

const WRITTEN_COLUMNS: readonly Omit<Column, 'gap'>[] = [
  { title: 'VA', width: 17, text: ({ va, bytes }) => `${hex(va)}-${hex(va + bytes - 1)}` },
  { title: '  →PA', width: 13, text: placeText },
  { title: 'SIZE', width: 8, right: true, text: ({ bytes }) => formatBytes(bytes) },
  { title: '  KIND', width: 7, spare: 'last', text: ({ kind }) => kind },
  {
    title: '×',
    width: 5,
    right: true,
    spare: 'first',
    text: whereMapped(({ leaves }) => `${leaves}`),
  },
  {
    title: '  PL1',
    width: 5,
    text: whereMapped(({ rights }) => rightsText(rights, true)),
  },
  { title: ' PL0', width: 4, text: whereMapped(({ rights }) => rightsText(rights, false)) },
  { title: '  TYPE', width: 15, spare: 'last', text: typeText },
  { title: ' SH', width: 3, spare: 'first', text: shareText },
  {
    title: 'DOM',
    width: 4,
    right: true,
    spare: 'first',
    text: whereMapped(({ domain }) => `${domain}`),
  },
  {
    title: ' nG',
    width: 3,
    spare: 'first',
    text: whereMapped(({ notGlobal }) => (notGlobal ? 'nG' : '-')),
  },
  { title: '  NAME', width: 17, text: ({ name }) => name },
];

const COLUMNS: readonly Column[] = WRITTEN_COLUMNS.map((column) => ({
  ...column,
  gap: ' '.repeat(column.title.length - column.title.trimStart().length),
}));
const SHORT_COLUMNS = COLUMNS.filter(({ spare }) => spare !== 'first');
const SHORTEST_COLUMNS = COLUMNS.filter(({ spare }) => spare === undefined);
/** Characters of a line with such columns, marks left out. */
const lengthOf = (columns: readonly Column[]): number =>
  columns.reduce((sum, { width }) => sum + width, 2);
/** What a name may lose before a column is given up for it. */
const NAME_SLACK = 9;

/** The columns that a line has room for: who may do what is never given up. */
function columnsFor(room: number): readonly Column[] {
  if (room >= lengthOf(COLUMNS)) return COLUMNS;
  return room >= lengthOf(SHORT_COLUMNS) - NAME_SLACK ? SHORT_COLUMNS : SHORTEST_COLUMNS;
}

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
  yield* headerLines(space, provenance);
  yield line(`  ${cells(columns, ({ title }) => title.trimStart())}`, 'heading');
  const chapters = names?.regions('virtual') ?? [];
  const totals = new MapTotals();
  let chapter = 0;
  for (const row of rows) {
    for (; (chapters[chapter]?.base ?? Infinity) < row.va + row.bytes; chapter++) {
      const range = chapters[chapter] as NamedRange;
      if (range.base >= row.va) yield line(`---[ ${range.name} ]---`, 'heading');
    }
    totals.add(row);
    yield rowLine(row, columns);
    if (raw && row.entry.word !== 0) yield entryLine(row, space);
  }
  yield line(footerText(space, totals), 'quiet');
}

/** The entry of the first page of a row, with its bits, as a line. */
function entryLine({ entry }: MapRow, { input }: AddressSpace): StyledLine {
  return line(`    ${entryPlace(entry)}  ${entryMeaning(entry, input)}`, 'quiet');
}

/** One row of the map as a line, with all columns unless told otherwise. */
export function rowLine(row: MapRow, columns: readonly Column[] = COLUMNS): StyledLine {
  const padded = cells(columns, (column) => column.text(row));
  const text = columns === COLUMNS ? padded : padded.trimEnd();
  const marks = row.marks.map((mark) => mark.text).join(' ');
  const style = rowStyle(row);
  const body: Span = { text: `  ${text}`, style, dim: isKernelOnly(row) };
  return marks === '' ? [body] : [body, { text: ` ${marks}`, style }];
}

function cells(columns: readonly Column[], textOf: (column: Column) => string): string {
  let all = '';
  for (const column of columns) {
    const { width, right, gap } = column;
    const text = textOf(column);
    if (right) all += text.padStart(width);
    else all += (gap === '' ? text : gap + text).padEnd(width);
  }
  return all;
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
