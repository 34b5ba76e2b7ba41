/**
 * The grid as a picture: 64 × 64 cells of 1 MiB, in colours that colour-blind people can tell apart
 * (Okabe and Ito), hatched where it is a device, with a border where PL0 has access. No script, no
 * font and no link, so that it can stand in a README.
 */

import { hex } from '../base/index.js';
import type { Regions } from './regions.js';
import { CELLS, gridCells, USER_CELL } from './show-grid.js';
import type { Provenance } from './space-header.js';
import type { Style } from './styled-text.js';

const CELL = 9;
const COLUMNS = 64;
const LEFT = 70;
const TOP = 34;
const LEGEND = 170;

/** What cells are filled with, by style: colours of Okabe and Ito. */
export const CELL_FILLS: Readonly<Partial<Record<Style, string>>> = {
  hole: '#f2f2f2',
  'read-only': '#999999',
  writable: '#56b4e9',
  executable: '#009e73',
  danger: '#d55e00',
  device: '#e69f00',
};

/** The picture as SVG text. */
export function mapSvg(regions: Regions, provenance: Provenance): string {
  const cells = gridCells(regions);
  const width = LEFT + COLUMNS * CELL + LEGEND;
  const height = TOP + COLUMNS * CELL + 12;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="11" role="img">`,
    `<title>${xmlText(provenance.source)}: 4 GiB, one cell is 1 MiB</title>`,
    `<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse">` +
      `<path d="M0 4L4 0" stroke="#7a5200" stroke-width="1"/></pattern></defs>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="20">${xmlText(provenance.source)}</text>`,
  ];
  for (let row = 0; row < COLUMNS; row++) {
    if (row % 4 === 0) {
      const y = TOP + row * CELL + 8;
      parts.push(`<text x="4" y="${y}">${hex(row * COLUMNS * 2 ** 20)}</text>`);
    }
    parts.push(...rowRects(cells, row));
  }
  parts.push(...legend(), '</svg>');
  return `${parts.join('\n')}\n`;
}

/** Runs of equal cells of one row as rectangles. */
function rowRects(cells: Uint8Array, row: number): string[] {
  const rects: string[] = [];
  const end = (row + 1) * COLUMNS;
  for (let at = row * COLUMNS; at < end; ) {
    const cell = cells[at] as number;
    let last = at;
    while (last + 1 < end && cells[last + 1] === cell) last += 1;
    const x = LEFT + (at % COLUMNS) * CELL;
    rects.push(...cellRects(cell, x, TOP + row * CELL, (last - at + 1) * CELL));
    at = last + 1;
  }
  return rects;
}

function cellRects(cell: number, x: number, y: number, width: number): string[] {
  const { style } = CELLS[cell & ~USER_CELL] as (typeof CELLS)[number];
  const place = `x="${x}" y="${y}" width="${width}" height="${CELL}"`;
  const border = (cell & USER_CELL) === 0 ? '' : ' stroke="#000000" stroke-width="0.6"';
  const rects = [`<rect ${place} fill="${CELL_FILLS[style]}"${border}/>`];
  if (style === 'device') rects.push(`<rect ${place} fill="url(#hatch)"/>`);
  return rects;
}

function legend(): string[] {
  const x = LEFT + COLUMNS * CELL + 14;
  const parts: string[] = [];
  for (const [index, { style, short }] of LEGEND_ROWS.entries()) {
    const y = TOP + index * 20;
    const cell = CELLS.findIndex((each) => each.style === style);
    parts.push(...cellRects(cell, x, y, CELL));
    parts.push(`<text x="${x + 18}" y="${y + 9}">${short}</text>`);
  }
  const y = TOP + LEGEND_ROWS.length * 20;
  parts.push(...cellRects(USER_CELL | 3, x, y, CELL));
  parts.push(`<text x="${x + 18}" y="${y + 9}">border: PL0 too</text>`);
  parts.push(`<text x="${x}" y="${y + 38}">a cell is 1 MiB,</text>`);
  parts.push(`<text x="${x}" y="${y + 52}">a row 64 MiB</text>`);
  return parts;
}

const LEGEND_ROWS: readonly { readonly style: Style; readonly short: string }[] = [
  { style: 'hole', short: 'nothing' },
  { style: 'read-only', short: 'read-only' },
  { style: 'writable', short: 'writable' },
  { style: 'executable', short: 'executable' },
  { style: 'danger', short: 'write + execute' },
  { style: 'device', short: 'device' },
];

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
