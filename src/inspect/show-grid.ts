/**
 * `show --view grid`: the 4 GiB as one picture of 64 × 64 cells, each the MiB of one root entry. A
 * cell shows the strongest thing that its MiB allows.
 */

import { hex } from '../base/index.js';
import { ROOT_ENTRIES, ROOT_ENTRY_PAGES } from './address-space.js';
import {
  isExecutable,
  isLeaf,
  isUserAccessible,
  isWritable,
  isWritableAndExecutable,
  type Meaning,
  meaningKind,
  NO_LEAF,
  rightsOf,
} from './leaf-meaning.js';
import type { Regions } from './regions.js';
import { headerLines, type Provenance } from './space-header.js';
import { line, type Span, type Style, type StyledLine } from './styled-text.js';

/** What a cell can show, weakest first. */
export const CELLS = [
  { letter: '·', style: 'hole', text: 'nothing' },
  { letter: '?', style: 'hole', text: 'unreadable or reserved' },
  { letter: 'n', style: 'hole', text: 'no access' },
  { letter: 'r', style: 'read-only', text: 'read-only' },
  { letter: 'd', style: 'device', text: 'device' },
  { letter: 'w', style: 'writable', text: 'writable' },
  { letter: 'x', style: 'executable', text: 'executable' },
  { letter: '!', style: 'danger', text: 'writable and executable, or executable device' },
] as const satisfies readonly { letter: string; style: Style; text: string }[];

const NOTHING = 0;
const UNKNOWN = 1;
const NO_ACCESS = 2;
const READ_ONLY = 3;
const DEVICE = 4;
const WRITABLE = 5;
const EXECUTABLE = 6;
const DANGER = 7;

const COLUMNS = 64;
/** Bit of a cell that somebody at PL0 may use a part of. */
export const USER_CELL = 1 << 3;

/** One cell for each MiB: the number in {@link CELLS}, and 8 where PL0 may use some of it. */
export function gridCells(regions: Regions): Uint8Array {
  const cells = new Uint8Array(ROOT_ENTRIES);
  for (let region = 0; region < regions.count; region++) {
    const meaning = regions.meaningOf[region] as number;
    if (meaning === NO_LEAF.HOLE) continue;
    const cell = gridCellOf(regions, meaning);
    const user = isUserAccessible(rightsOf(meaning)) ? USER_CELL : 0;
    const first = regions.pages[region] as number;
    const last = first + (regions.lengths[region] as number) - 1;
    const end = Math.floor(last / ROOT_ENTRY_PAGES);
    for (let index = Math.floor(first / ROOT_ENTRY_PAGES); index <= end; index++) {
      const before = cells[index] as number;
      cells[index] = Math.max(before & ~USER_CELL, cell) | (before & USER_CELL) | user;
    }
  }
  return cells;
}

/** What a cell shows of pages that all mean the same: the number in {@link CELLS}. */
export function gridCellOf(regions: Regions, meaning: Meaning): number {
  if (!isLeaf(meaning)) return meaningKind(meaning) === 0 ? NOTHING : UNKNOWN;
  const rights = rightsOf(meaning);
  if (rights === 0) return NO_ACCESS;
  const device = regions.meanings.typeOf(meaning).kind !== 'normal';
  if (isWritableAndExecutable(rights) || (device && isExecutable(rights))) return DANGER;
  if (device) return DEVICE;
  if (isExecutable(rights)) return EXECUTABLE;
  return isWritable(rights) ? WRITABLE : READ_ONLY;
}

/** The grid as lines: header, column ruler, 64 lines of 64 cells, legend. */
export function* gridLines(regions: Regions, provenance: Provenance): Generator<StyledLine> {
  const cells = gridCells(regions);
  const [low, high] = regions.space.roots;
  yield* headerLines(regions.space, provenance);
  yield line(`          ${rulerText()}`, 'quiet');
  for (let first = 0; first < ROOT_ENTRIES; first += COLUMNS) {
    if (high !== undefined && low !== undefined && low.end > first && low.end <= first + COLUMNS) {
      const border = first + COLUMNS - low.end;
      const where = border === 0 ? 'below this line' : `from the ${COLUMNS - border + 1}th cell on`;
      yield [...rowSpans(cells, first), { text: `  TTBR1 ${where}`, style: 'heading' }];
    } else yield rowSpans(cells, first);
  }
  yield* gridLegend();
}

function rulerText(): string {
  return Array.from({ length: 4 }, (_, quarter) => `+${quarter * 16}M`.padEnd(16)).join('');
}

function rowSpans(cells: Uint8Array, first: number): Span[] {
  const spans: Span[] = [{ text: `${hex(first * 2 ** 20)}  `, style: 'quiet' }];
  for (let at = first; at < first + COLUMNS; ) {
    const cell = cells[at] as number;
    let end = at;
    while (end < first + COLUMNS && cells[end] === cell) end += 1;
    spans.push(cellSpan(cell, end - at));
    at = end;
  }
  return spans;
}

/** Cells of one kind: capital letters where only the kernel has access. */
function cellSpan(cell: number, count: number): Span {
  const { letter, style } = CELLS[cell & ~USER_CELL] as (typeof CELLS)[number];
  const kernel = (cell & USER_CELL) === 0 && cell > NO_ACCESS;
  const text = (kernel ? letter.toUpperCase() : letter).repeat(count);
  return { text, style, dim: kernel };
}

/** What the letters mean. */
export function* gridLegend(): Generator<StyledLine> {
  const spans: Span[] = [{ text: 'one cell = 1 MiB   ' }];
  for (const [index, { letter, style, text }] of CELLS.entries()) {
    const end = index === CELLS.length - 1 ? '' : '  ';
    spans.push({ text: `${letter} ${text}${end}`, style });
  }
  yield spans;
  yield line('capital letters: kernel only; small letters: PL0 too', 'quiet');
}
