/**
 * The Atlas: 4 GiB as one square, drawn at any zoom.
 *
 *     far     a MiB is a cell: what it is made of shows as a smaller cell inside
 *     near    a page is a cell, with its own hatch, dots and border
 *
 * Nothing here looks at more than what is seen: a picture costs a copy of an image, and some strokes.
 */

import { hex } from '../../src/base/index.js';
import { ROOT_ENTRIES, ROOT_ENTRY_PAGES } from '../../src/inspect/index.js';
import { PageMark } from '../model/layers.js';
import type { Subject } from '../model/subject.js';
import {
  type CurveName,
  curve,
  MIB_SIDE,
  mibPlace,
  pageAt,
  SIDE_MIB,
  SIDE_PAGES,
} from './curve.js';
import type { Paint, Painter } from './painter.js';
import type { SpaceImage } from './space-image.js';
import { pictureAt, type View } from './viewport.js';

/** A run of pages. */
export interface PageRun {
  readonly page: number;
  readonly pages: number;
}

/** What is drawn. */
export interface AtlasScene {
  readonly subject: Subject;
  readonly image: SpaceImage;
  /** `PageMark`s of each page. */
  readonly marks: Uint8Array;
  readonly order: CurveName;
  readonly view: View;
  readonly selection: PageRun | undefined;
  readonly hover: PageRun | undefined;
  /** The runs that findings are about. */
  readonly findings: readonly PageRun[];
}

/** A square in what is drawn, in CSS pixels. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

const LEFT_GUTTER = 70;
/** Room for the first two digits of an address: a row is 64 MiB, and they are all that differs. */
const NARROW_GUTTER = 24;
const RIGHT_GUTTER = 118;
const PAD = 8;

/** Where the square of 4 GiB stands in a picture of this size. */
export function atlasSquare(size: { width: number; height: number }, order: CurveName): Square {
  const gutter = size.width < 420 ? NARROW_GUTTER : LEFT_GUTTER;
  const left = order === 'hilbert' ? PAD : gutter;
  const right = size.width < 620 || order === 'hilbert' ? PAD : RIGHT_GUTTER;
  const side = Math.max(64, Math.min(size.width - left - right, size.height - 2 * PAD));
  const spare = size.width - left - right - side;
  return { x: left + Math.max(0, spare / 2), y: (size.height - side) / 2, side };
}

/** The page under a point; undefined outside the square. */
export function atlasPageAt(
  square: Square,
  view: View,
  order: CurveName,
  x: number,
  y: number,
): number | undefined {
  const at = { x: (x - square.x) / square.side, y: (y - square.y) / square.side };
  if (at.x < 0 || at.y < 0 || at.x >= 1 || at.y >= 1) return undefined;
  const found = pictureAt(view, at.x, at.y);
  return pageAt(order, Math.floor(found.x * SIDE_PAGES), Math.floor(found.y * SIDE_PAGES));
}

/** What is seen, worked out once for a picture. */
interface Seen {
  readonly square: Square;
  /** CSS pixels of a page and of a MiB. */
  readonly pagePixels: number;
  readonly mibPixels: number;
  /** The upper left corner of the picture, in CSS pixels. */
  readonly left: number;
  readonly top: number;
  /** The MiB columns and rows that are seen, the last one included. */
  readonly columns: readonly [number, number];
  readonly rows: readonly [number, number];
}

/** Pages at least so large are drawn each by themselves. */
const PAGE_CELLS = 5;
/** Below so many pixels a page, a MiB is drawn as one cell. */
const PAGE_IMAGE = 1.4;

/** The picture of a scene. */
export function atlasPaint(scene: AtlasScene): Paint {
  return (painter, size) => {
    const seen = seenOf(scene, atlasSquare(size, scene.order));
    const { square } = seen;
    painter.clipped(square.x, square.y, square.side, square.side, () => {
      const near = seen.pagePixels >= PAGE_IMAGE;
      if (near) paintPages(painter, scene, seen);
      else paintCells(painter, scene, seen);
      paintGrid(painter, seen);
      paintMarks(painter, scene, seen);
      paintSplit(painter, scene, seen);
      for (const run of scene.findings) paintFinding(painter, scene, seen, run);
      if (scene.hover !== undefined) outline(painter, scene, seen, scene.hover, 1);
      if (scene.selection !== undefined) outline(painter, scene, seen, scene.selection, 2);
    });
    const { x, y, side } = square;
    painter.rect(x - 0.5, y - 0.5, side + 1, side + 1, { stroke: painter.colours.line });
    if (scene.order === 'rows') {
      paintAddresses(painter, seen);
      if (size.width - square.x - side >= RIGHT_GUTTER - 1) paintNames(painter, scene, seen);
    }
  };
}

function seenOf({ view }: AtlasScene, square: Square): Seen {
  const mibPixels = (square.side * view.zoom) / SIDE_MIB;
  const left = square.x + square.side / 2 - view.x * view.zoom * square.side;
  const top = square.y + square.side / 2 - view.y * view.zoom * square.side;
  const span = (start: number, from: number): readonly [number, number] => [
    Math.max(0, Math.floor((from - start) / mibPixels)),
    Math.min(SIDE_MIB - 1, Math.floor((from + square.side - 0.01 - start) / mibPixels)),
  ];
  return {
    square,
    mibPixels,
    pagePixels: mibPixels / MIB_SIDE,
    left,
    top,
    columns: span(left, square.x),
    rows: span(top, square.y),
  };
}

function paintPages(painter: Painter, { image }: AtlasScene, seen: Seen): void {
  const { left, top, mibPixels } = seen;
  const side = mibPixels * SIDE_MIB;
  const all = { x: 0, y: 0, width: SIDE_PAGES, height: SIDE_PAGES };
  const visible = cutTo(seen, all, { x: left, y: top, width: side, height: side });
  painter.image(image.pages, visible.part, visible.to, false);
}

/** The part of an image that is seen, on whole pixels of it, and where it goes. */
function cutTo(
  { square }: Seen,
  part: { x: number; y: number; width: number; height: number },
  to: { x: number; y: number; width: number; height: number },
): { part: typeof part; to: typeof to } {
  const scale = to.width / part.width;
  const first = (start: number, edge: number): number =>
    Math.max(0, Math.floor((edge - start) / scale));
  const last = (start: number, edge: number): number =>
    Math.min(part.width, Math.ceil((edge - start) / scale));
  const x = first(to.x, square.x);
  const y = first(to.y, square.y);
  const width = last(to.x, square.x + square.side) - x;
  const height = last(to.y, square.y + square.side) - y;
  return {
    part: { x, y, width, height },
    to: { x: to.x + x * scale, y: to.y + y * scale, width: width * scale, height: height * scale },
  };
}

/** MiB as cells; one that is made of pages shows a smaller cell inside. */
function paintCells(painter: Painter, scene: AtlasScene, seen: Seen): void {
  const { left, top, mibPixels, square } = seen;
  const side = mibPixels * SIDE_MIB;
  const whole = { x: 0, y: 0, width: SIDE_MIB, height: SIDE_MIB };
  const visible = cutTo(seen, whole, { x: left, y: top, width: side, height: side });
  painter.image(scene.image.mibs, visible.part, visible.to, false);
  const { tableOf } = scene.subject.space;
  const inset = Math.max(1, mibPixels * 0.22);
  const inner = Math.max(0.5, mibPixels - 2 * inset);
  if (mibPixels < 4 || square.side <= 0) return;
  forEachMib(scene, seen, (mib, x, y) => {
    if ((tableOf[mib] as number) < 0) return;
    const hole = { fill: painter.colours.hole };
    painter.rect(x, y, mibPixels, inset, hole);
    painter.rect(x, y + mibPixels - inset, mibPixels, inset, hole);
    painter.rect(x, y + inset, inset, inner, hole);
    painter.rect(x + mibPixels - inset, y + inset, inset, inner, hole);
  });
}

/** Every MiB that is seen, with its corner. */
function forEachMib(
  { order }: AtlasScene,
  seen: Seen,
  visit: (mib: number, x: number, y: number) => void,
): void {
  const { left, top, mibPixels, columns, rows } = seen;
  for (let row = rows[0]; row <= rows[1]; row++) {
    for (let column = columns[0]; column <= columns[1]; column++) {
      const mib = pageAt(order, column * MIB_SIDE, row * MIB_SIDE) >>> 8;
      visit(mib, left + column * mibPixels, top + row * mibPixels);
    }
  }
}

function paintGrid(painter: Painter, seen: Seen): void {
  const { left, top, mibPixels, pagePixels, square, columns, rows } = seen;
  if (mibPixels < 6) return;
  const { x, y, side } = square;
  const style = { fill: painter.colours.panel, opacity: mibPixels < 40 ? 0.75 : 1 };
  const width = mibPixels < 40 ? 1 : 2;
  for (let column = columns[0]; column <= columns[1] + 1; column++) {
    painter.rect(left + column * mibPixels - width / 2, y, width, side, style);
  }
  for (let row = rows[0]; row <= rows[1] + 1; row++) {
    painter.rect(x, top + row * mibPixels - width / 2, side, width, style);
  }
  if (pagePixels < 6) return;
  const thin = { fill: painter.colours.panel, opacity: 0.55 };
  const firstColumn = Math.max(0, Math.floor((x - left) / pagePixels));
  const firstRow = Math.max(0, Math.floor((y - top) / pagePixels));
  for (let at = 0; at <= side / pagePixels + 1; at++) {
    painter.rect(left + (firstColumn + at) * pagePixels - 0.25, y, 0.5, side, thin);
    painter.rect(x, top + (firstRow + at) * pagePixels - 0.25, side, 0.5, thin);
  }
}

/** Hatch, dots and borders: of pages where they are large enough, else of MiB. */
function paintMarks(painter: Painter, scene: AtlasScene, seen: Seen): void {
  if (seen.mibPixels < 4) return;
  const pagesShow = seen.pagePixels >= PAGE_CELLS;
  const { tableOf } = scene.subject.space;
  const inset = seen.pagePixels < PAGE_IMAGE ? Math.max(1, seen.mibPixels * 0.22) : 0;
  forEachMib(scene, seen, (mib, x, y) => {
    const isTable = (tableOf[mib] as number) >= 0;
    if (isTable && pagesShow) {
      paintPageMarks(painter, scene, seen, mib, x, y);
      return;
    }
    if (isTable && seen.pagePixels >= PAGE_IMAGE) return;
    const mark = isTable ? marksOfMib(scene, mib) : (scene.marks[mib * ROOT_ENTRY_PAGES] as number);
    const by = isTable ? inset : 0;
    const side = seen.mibPixels - 2 * by;
    paintMark(painter, mark, x + by, y + by, side, side);
    if ((mark & PageMark.USER) !== 0)
      paintMibBorder(painter, scene, seen, mib, x, y, isTable ? inset : 0);
  });
}

function marksOfMib({ marks }: AtlasScene, mib: number): number {
  let all = 0;
  const end = (mib + 1) * ROOT_ENTRY_PAGES;
  for (let page = mib * ROOT_ENTRY_PAGES; page < end; page++) all |= marks[page] as number;
  return all;
}

function paintMark(
  painter: Painter,
  mark: number,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  if ((mark & PageMark.DEVICE) !== 0) painter.hatch(x, y, width, height);
  else if ((mark & PageMark.SHARED) !== 0) painter.dots(x, y, width, height);
}

/** The border of a user's MiB, where the neighbour is not the user's too. */
function paintMibBorder(
  painter: Painter,
  scene: AtlasScene,
  seen: Seen,
  mib: number,
  x: number,
  y: number,
  inset: number,
): void {
  const { mibPixels } = seen;
  const side = mibPixels - 2 * inset;
  if (inset > 0) {
    painter.rect(x + inset + 0.5, y + inset + 0.5, side - 1, side - 1, {
      stroke: painter.colours.ink,
    });
    return;
  }
  const { x: column, y: row } = mibPlace(scene.order, mib);
  const isUser = (toX: number, toY: number): boolean => {
    if (toX < 0 || toY < 0 || toX >= SIDE_MIB || toY >= SIDE_MIB) return false;
    const page = pageAt(scene.order, toX * MIB_SIDE, toY * MIB_SIDE);
    const isTable = (scene.subject.space.tableOf[page >>> 8] as number) >= 0;
    return !isTable && ((scene.marks[page] as number) & PageMark.USER) !== 0;
  };
  edges(painter, x, y, mibPixels, mibPixels < 24 ? 1.25 : 2, {
    up: !isUser(column, row - 1),
    down: !isUser(column, row + 1),
    left: !isUser(column - 1, row),
    right: !isUser(column + 1, row),
  });
}

function edges(
  painter: Painter,
  x: number,
  y: number,
  side: number,
  width: number,
  at: {
    readonly up: boolean;
    readonly down: boolean;
    readonly left: boolean;
    readonly right: boolean;
  },
): void {
  const style = { fill: painter.colours.ink };
  if (at.up) painter.rect(x, y, side, width, style);
  if (at.down) painter.rect(x, y + side - width, side, width, style);
  if (at.left) painter.rect(x, y, width, side, style);
  if (at.right) painter.rect(x + side - width, y, width, side, style);
}

function paintPageMarks(
  painter: Painter,
  { marks, order }: AtlasScene,
  { pagePixels, square }: Seen,
  mib: number,
  x: number,
  y: number,
): void {
  const places = curve(order);
  const first = mib * ROOT_ENTRY_PAGES;
  const corner = places[first] as number;
  const startX = (corner % SIDE_PAGES) - ((corner % SIDE_PAGES) % MIB_SIDE);
  const startY = Math.floor(corner / SIDE_PAGES) - (Math.floor(corner / SIDE_PAGES) % MIB_SIDE);
  for (let index = 0; index < ROOT_ENTRY_PAGES; index++) {
    const mark = marks[first + index] as number;
    if (mark === 0) continue;
    const place = places[first + index] as number;
    const pageX = x + ((place % SIDE_PAGES) - startX) * pagePixels;
    const pageY = y + (Math.floor(place / SIDE_PAGES) - startY) * pagePixels;
    if (pageX + pagePixels < square.x || pageX > square.x + square.side) continue;
    if (pageY + pagePixels < square.y || pageY > square.y + square.side) continue;
    paintMark(painter, mark, pageX, pageY, pagePixels, pagePixels);
    if ((mark & PageMark.USER) !== 0) {
      painter.rect(pageX + 0.75, pageY + 0.75, pagePixels - 1.5, pagePixels - 1.5, {
        stroke: painter.colours.ink,
        width: pagePixels < 12 ? 0.75 : 1.25,
      });
    }
  }
}

/** The line between what TTBR0 and what TTBR1 translates. */
function paintSplit(painter: Painter, { subject, order }: AtlasScene, seen: Seen): void {
  const [low, high] = subject.space.roots;
  if (low === undefined || high === undefined || order !== 'rows') return;
  const { top, mibPixels, square } = seen;
  const y = top + (low.end / SIDE_MIB) * mibPixels;
  painter.rect(square.x, y - 1.5, square.side, 3, { fill: painter.colours.accent });
  painter.text(square.x + 6, y + 14, 'TTBR1 from here on', {
    size: 11,
    colour: painter.colours.accent,
    halo: painter.colours.panel,
    bold: true,
  });
}

/** The rectangles that a run of pages covers, in MiB or in pages of one MiB; a few at most. */
function squaresOf(
  scene: AtlasScene,
  seen: Seen,
  run: PageRun,
): { x: number; y: number; width: number; height: number }[] {
  const { left, top, pagePixels, mibPixels } = seen;
  const places = curve(scene.order);
  const boxes: { x: number; y: number; width: number; height: number }[] = [];
  const lastPage = run.page + run.pages - 1;
  if (run.pages < ROOT_ENTRY_PAGES) {
    // Large pages and small ones: in either order they fill whole rows of 4 or 16 pages.
    let minX = SIDE_PAGES;
    let minY = SIDE_PAGES;
    let maxX = 0;
    let maxY = 0;
    for (let page = run.page; page <= lastPage; page++) {
      const place = places[page] as number;
      minX = Math.min(minX, place % SIDE_PAGES);
      maxX = Math.max(maxX, place % SIDE_PAGES);
      minY = Math.min(minY, Math.floor(place / SIDE_PAGES));
      maxY = Math.max(maxY, Math.floor(place / SIDE_PAGES));
    }
    boxes.push({
      x: left + minX * pagePixels,
      y: top + minY * pagePixels,
      width: (maxX - minX + 1) * pagePixels,
      height: (maxY - minY + 1) * pagePixels,
    });
    return boxes;
  }
  const firstMib = run.page >>> 8;
  const lastMib = lastPage >>> 8;
  if (scene.order === 'rows') {
    for (let row = firstMib >>> 6; row <= lastMib >>> 6; row++) {
      if (row < seen.rows[0] || row > seen.rows[1]) continue;
      const first = Math.max(firstMib, row * SIDE_MIB) % SIDE_MIB;
      const last = Math.min(lastMib, row * SIDE_MIB + SIDE_MIB - 1) % SIDE_MIB;
      boxes.push({
        x: left + first * mibPixels,
        y: top + row * mibPixels,
        width: (last - first + 1) * mibPixels,
        height: mibPixels,
      });
    }
    return boxes;
  }
  for (let mib = firstMib; mib <= lastMib && mib < ROOT_ENTRIES; mib++) {
    const { x, y } = mibPlace(scene.order, mib);
    boxes.push({
      x: left + x * mibPixels,
      y: top + y * mibPixels,
      width: mibPixels,
      height: mibPixels,
    });
  }
  return boxes;
}

function outline(
  painter: Painter,
  scene: AtlasScene,
  seen: Seen,
  run: PageRun,
  width: number,
): void {
  const { colours } = painter;
  for (const { x, y, width: w, height: h } of squaresOf(scene, seen, run)) {
    const grown = { x: x - 1, y: y - 1, width: Math.max(4, w + 2), height: Math.max(4, h + 2) };
    const { x: left, y: top, width: wide, height: high } = grown;
    painter.rect(left, top, wide, high, { stroke: colours.rim, width: width + 2 });
    painter.rect(left, top, wide, high, { stroke: colours.selection, width });
  }
}

/** What is wrong is marked in its first cell, wherever that is large enough. */
function paintFinding(painter: Painter, scene: AtlasScene, seen: Seen, run: PageRun): void {
  const [first] = squaresOf(scene, seen, {
    page: run.page,
    pages: Math.min(run.pages, ROOT_ENTRY_PAGES),
  });
  if (first === undefined) return;
  const { square } = seen;
  if (first.x + first.width < square.x || first.x > square.x + square.side) return;
  if (first.y + first.height < square.y || first.y > square.y + square.side) return;
  const size = Math.min(22, Math.max(12, first.width * 0.9));
  const x = first.x + Math.max(first.width, size) / 2;
  const y = first.y + Math.max(first.height, size) / 2;
  painter.circle(x, y, size / 2, {
    fill: painter.colours.bad,
    stroke: painter.colours.panel,
    width: 1.5,
  });
  painter.text(x, y + size * 0.3, '!', {
    size: size * 0.82,
    align: 'center',
    bold: true,
    colour: painter.colours.panel,
  });
}

/** Addresses at the left: of every fourth row, or of every one where rows are high. */
function paintAddresses(painter: Painter, seen: Seen): void {
  const { square, top, mibPixels, rows } = seen;
  const digits = square.x >= LEFT_GUTTER ? 8 : 2;
  const step = mibPixels >= 22 ? 1 : mibPixels >= 8 ? 4 : 8;
  for (let row = Math.ceil(rows[0] / step) * step; row <= rows[1]; row += step) {
    const y = top + row * mibPixels + Math.min(11, mibPixels / 2 + 4);
    if (y < square.y + 6 || y > square.y + square.side) continue;
    painter.text(square.x - 6, y, hex(row * SIDE_MIB * 2 ** 20).slice(0, digits), {
      size: 10.5,
      align: 'right',
      mono: true,
      colour: painter.colours.quiet,
    });
  }
}

const NAME_LINE = 12;

/** Names at the right, in the row where each begins; what has no room is left to the map. */
function paintNames(painter: Painter, { subject }: AtlasScene, seen: Seen): void {
  const { square, top, mibPixels, rows } = seen;
  const byRow = new Map<number, string[]>();
  for (const { name, base, bytes } of subject.names.regions('virtual')) {
    const first = Math.floor(base / 2 ** 20 / SIDE_MIB);
    const last = Math.floor((base + bytes - 1) / 2 ** 20 / SIDE_MIB);
    if (last < rows[0] || first > rows[1]) continue;
    const row = Math.max(first, rows[0]);
    byRow.set(row, [...(byRow.get(row) ?? []), name]);
  }
  const x = square.x + square.side + 10;
  const room = RIGHT_GUTTER - 14;
  let below = -Infinity;
  for (const [row, names] of [...byRow].toSorted(([left], [right]) => left - right)) {
    const wanted = Math.max(square.y + 9, top + row * mibPixels + Math.min(10, mibPixels / 2 + 4));
    const y = Math.max(wanted, below + NAME_LINE);
    if (y > square.y + square.side + 2 || y - wanted > NAME_LINE * 2.5) continue;
    const text = fitting(painter, names, room);
    painter.path([x - 8, wanted - 4], [[x - 4, y - 4]], { stroke: painter.colours.line });
    painter.text(x, y, text, { size: 11 });
    below = y;
  }
}

/** As many names as there is room for, and how many more there are. */
function fitting(painter: Painter, names: readonly string[], room: number): string {
  let text = '';
  for (const [index, name] of names.entries()) {
    const longer = text === '' ? name : `${text}, ${name}`;
    const rest = names.length - index - 1;
    const more = rest === 0 ? '' : ` +${rest}`;
    if (painter.measure(longer + more, { size: 11 }) > room) {
      return text === '' ? `${name.slice(0, 14)}…${more}` : `${text} +${rest + 1}`;
    }
    text = longer;
  }
  return text;
}
