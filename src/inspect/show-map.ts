/**
 * `show`: the merged map as a table, with a footer that sums it up.
 */

import { formatBytes, hex, PAGE_BYTES } from '../base/index.js';
import { rightsText } from '../format/index.js';
import type { AddressSpace } from './address-space.js';
import { isLeaf } from './leaf-meaning.js';
import { isKernelOnly, type MapRow, placeText, rowStyle, shareText, typeText } from './map-rows.js';
import type { NamedRange, Names } from './names.js';
import { headerLines, type Provenance } from './space-header.js';
import { line, type Span, type StyledLine } from './styled-text.js';

/** The columns: title, width with the space before, whether the text stands at the right. */
const COLUMNS = [
  ['VA', 17, false],
  ['  →PA', 13, false],
  ['SIZE', 8, true],
  ['  KIND', 7, false],
  ['×', 5, true],
  ['  PL1', 5, false],
  [' PL0', 4, false],
  ['  TYPE', 15, false],
  [' SH', 3, false],
  ['DOM', 4, true],
  [' nG', 3, false],
  ['  NAME', 17, false],
] as const;

/** The map as lines: header, one line a row, chapter lines where named regions begin, footer. */
export function* mapLines(
  space: AddressSpace,
  rows: Iterable<MapRow>,
  provenance: Provenance,
  names?: Names,
): Generator<StyledLine> {
  yield* headerLines(space, provenance);
  yield line(`  ${cells(COLUMNS.map(([title]) => title))}`, 'heading');
  const chapters = names?.regions('virtual') ?? [];
  const totals = new MapTotals();
  let chapter = 0;
  for (const row of rows) {
    for (; (chapters[chapter]?.base ?? Infinity) < row.va + row.bytes; chapter++) {
      const range = chapters[chapter] as NamedRange;
      if (range.base >= row.va) yield line(`---[ ${range.name} ]---`, 'heading');
    }
    totals.add(row);
    yield rowLine(row);
  }
  yield line(footerText(space, totals), 'quiet');
}

/** One row of the map as a line. */
export function rowLine(row: MapRow): StyledLine {
  const mapped = row.type !== undefined;
  const text = cells([
    `${hex(row.va)}-${hex(row.va + row.bytes - 1)}`,
    placeText(row),
    formatBytes(row.bytes),
    row.kind,
    mapped ? `${row.leaves}` : '',
    mapped ? rightsText(row.rights, true) : '',
    mapped ? rightsText(row.rights, false) : '',
    typeText(row),
    shareText(row),
    mapped ? `${row.domain}` : '',
    mapped ? (row.notGlobal ? 'nG' : '-') : '',
    row.name,
  ]);
  const marks = row.marks.map((mark) => mark.text).join(' ');
  const style = rowStyle(row);
  const body: Span = { text: `  ${text}`, style, dim: isKernelOnly(row) };
  return marks === '' ? [body] : [body, { text: ` ${marks}`, style }];
}

function cells(texts: readonly string[]): string {
  return texts
    .map((text, index) => {
      const [title, width, right] = COLUMNS[index] as (typeof COLUMNS)[number];
      const gap = title.length - title.trimStart().length;
      return right ? text.padStart(width) : `${' '.repeat(gap)}${text.trimStart()}`.padEnd(width);
    })
    .join('');
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
