/**
 * The columns of the map, and a row of it as text.
 */

import { formatBytes, hex } from '../base/index.js';
import { rightsText } from '../format/index.js';
import type { Meaning } from './leaf-meaning.js';
import { type MapRow, placeText, shareText, typeText } from './map-rows.js';

/** One column: title, width with the space before, whether text stands at the right. */
export interface Column {
  readonly title: string;
  /** The space before what stands at the left: that of the title. */
  readonly gap: string;
  readonly width: number;
  /** Whether rows with the same meaning have the same text. */
  readonly ofMeaning?: true;
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
  { title: '  KIND', width: 7, ofMeaning: true, spare: 'last', text: ({ kind }) => kind },
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
    ofMeaning: true,
    text: whereMapped(({ rights }) => rightsText(rights, true)),
  },
  {
    title: ' PL0',
    width: 4,
    ofMeaning: true,
    text: whereMapped(({ rights }) => rightsText(rights, false)),
  },
  { title: '  TYPE', width: 15, ofMeaning: true, spare: 'last', text: typeText },
  { title: ' SH', width: 3, ofMeaning: true, spare: 'first', text: shareText },
  {
    title: 'DOM',
    width: 4,
    ofMeaning: true,
    right: true,
    spare: 'first',
    text: whereMapped(({ domain }) => `${domain}`),
  },
  {
    title: ' nG',
    width: 3,
    ofMeaning: true,
    spare: 'first',
    text: whereMapped(({ notGlobal }) => (notGlobal ? 'nG' : '-')),
  },
  { title: '  NAME', width: 17, text: ({ name }) => name },
];

/** All of them. */
export const COLUMNS: readonly Column[] = WRITTEN_COLUMNS.map((column) => ({
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
export function columnsFor(room: number): readonly Column[] {
  if (room >= lengthOf(COLUMNS)) return COLUMNS;
  return room >= lengthOf(SHORT_COLUMNS) - NAME_SLACK ? SHORT_COLUMNS : SHORTEST_COLUMNS;
}

/** The titles of the columns in one line. */
export function titles(columns: readonly Column[]): string {
  return columns.map((column) => cell(column, column.title.trimStart())).join('');
}

/** Columns that stand side by side and change with the meaning of a row only, or one that does not. */
type Block = readonly [Column, ...Column[]];

/**
 * Writes rows of one space. What depends on the meaning of a row only is written once for each
 * meaning: maps of some ten thousand rows have a dozen of them.
 */
export class RowWriter {
  private readonly blocks: readonly Block[];
  private readonly written: readonly Map<Meaning, string>[];

  constructor(columns: readonly Column[]) {
    this.blocks = blocksOf(columns);
    this.written = this.blocks.map(() => new Map());
  }

  /** The cells of a row, side by side. */
  cells(row: MapRow): string {
    let all = '';
    for (let index = 0; index < this.blocks.length; index += 1) {
      const block = this.blocks[index] as Block;
      const [column] = block;
      all += column.ofMeaning ? this.ofMeaning(index, block, row) : cell(column, column.text(row));
    }
    return all;
  }

  private ofMeaning(index: number, block: Block, row: MapRow): string {
    const written = this.written[index] as Map<Meaning, string>;
    let text = written.get(row.meaning);
    if (text === undefined) {
      text = block.map((column) => cell(column, column.text(row))).join('');
      written.set(row.meaning, text);
    }
    return text;
  }
}

function blocksOf(columns: readonly Column[]): Block[] {
  const blocks: [Column, ...Column[]][] = [];
  for (const column of columns) {
    const last = blocks.at(-1);
    if (column.ofMeaning && last?.[0].ofMeaning) last.push(column);
    else blocks.push([column]);
  }
  return blocks;
}

function cell({ width, right, gap }: Column, text: string): string {
  if (right) return text.padStart(width);
  return (gap === '' ? text : gap + text).padEnd(width);
}
