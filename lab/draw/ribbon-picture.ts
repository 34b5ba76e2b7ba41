/**
 * Virtual addresses at the left, physical memory at the right, and a ribbon from each run of one to
 * what is behind it in the other. Aliases meet, and scattered runs fan out.
 */

import { formatBytes, hex } from '../../src/base/index.js';
import { CELL_FILLS, isUserAccessible, rowStyle } from '../../src/inspect/index.js';
import { type AxisPart, placeOn, type Ribbon, type RibbonMap } from '../model/ribbons.js';
import type { Paint, Painter } from './painter.js';

/** What is drawn. */
export interface RibbonScene {
  readonly map: RibbonMap;
  /** The ribbons that stand out; all do where none does. */
  readonly lit: ReadonlySet<Ribbon>;
}

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly height: number;
  readonly bar: number;
  readonly narrow: boolean;
}

function frameOf(size: { readonly width: number; readonly height: number }): Frame {
  const narrow = size.width < 620;
  return {
    left: narrow ? 66 : 210,
    right: size.width - (narrow ? 84 : 150),
    top: 26,
    height: size.height - 34,
    bar: narrow ? 14 : 24,
    narrow,
  };
}

/** A ribbon in the picture: its ends from top to bottom. */
interface Band {
  readonly leftTop: number;
  readonly leftEnd: number;
  readonly rightTop: number;
  readonly rightEnd: number;
}

function bandOf({ virtual, physical }: RibbonMap, frame: Frame, ribbon: Ribbon): Band {
  const at = (parts: readonly AxisPart[], address: number): number =>
    frame.top + placeOn(parts, address) * frame.height;
  const grown = (top: number, end: number): [number, number] =>
    end - top >= 1 ? [top, end] : [(top + end) / 2 - 0.5, (top + end) / 2 + 0.5];
  const [leftTop, leftEnd] = grown(at(virtual, ribbon.va), at(virtual, ribbon.va + ribbon.bytes));
  const [rightTop, rightEnd] = grown(
    at(physical, ribbon.pa),
    at(physical, ribbon.pa + ribbon.bytes),
  );
  return { leftTop, leftEnd, rightTop, rightEnd };
}

/** The ribbon under a point; the one that is drawn last where several are. */
export function ribbonAt(
  map: RibbonMap,
  size: { readonly width: number; readonly height: number },
  point: { readonly x: number; readonly y: number },
): Ribbon | undefined {
  const frame = frameOf(size);
  const from = frame.left + frame.bar;
  const to = frame.right - frame.bar;
  const t = timeAt(Math.min(1, Math.max(0, (point.x - from) / (to - from))));
  const slack = 1.5;
  return map.ribbons.findLast((ribbon) => {
    const { leftTop, leftEnd, rightTop, rightEnd } = bandOf(map, frame, ribbon);
    const top = eased(leftTop, rightTop, t);
    return point.y >= top - slack && point.y <= eased(leftEnd, rightEnd, t) + slack;
  });
}

/** How far along a curve its x is `share` of the way: x runs as 3t(1-t)/2 + t³ does. */
function timeAt(share: number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 20; step++) {
    const t = (low + high) / 2;
    const x = 1.5 * t * (1 - t) ** 2 + 1.5 * t ** 2 * (1 - t) + t ** 3;
    if (x < share) low = t;
    else high = t;
  }
  return (low + high) / 2;
}

function eased(from: number, to: number, t: number): number {
  return from + (to - from) * (3 * t ** 2 - 2 * t ** 3);
}

/** The picture. */
export function ribbonPaint({ map, lit }: RibbonScene): Paint {
  return (painter, size) => {
    const frame = frameOf(size);
    const { colours } = painter;
    const title = { size: 12, bold: true, colour: colours.quiet };
    painter.text(frame.left + frame.bar, 14, 'Virtual', { ...title, align: 'right' });
    painter.text(frame.right - frame.bar, 14, 'Physical', title);
    paintAxis(painter, frame, map.virtual, frame.left);
    paintAxis(painter, frame, map.physical, frame.right - frame.bar);
    const faint = map.ribbons.filter((ribbon) => lit.size > 0 && !lit.has(ribbon));
    const bright = map.ribbons.filter((ribbon) => lit.size === 0 || lit.has(ribbon));
    for (const ribbon of faint) paintRibbon(painter, map, frame, ribbon, 0.16);
    for (const ribbon of bright)
      paintRibbon(painter, map, frame, ribbon, lit.size > 0 ? 0.85 : 0.5);
    for (const ribbon of map.ribbons) paintEnds(painter, map, frame, ribbon);
    paintMeetings(painter, frame, map);
    paintVirtualLabels(painter, frame, map);
    paintPhysicalLabels(painter, frame, map);
  };
}

/** The bar of an axis; a hole is a broken line. */
function paintAxis(painter: Painter, frame: Frame, parts: readonly AxisPart[], x: number): void {
  for (const { start, end, uses } of parts) {
    const y = frame.top + start * frame.height;
    const height = (end - start) * frame.height;
    if (uses > 0) continue;
    const middle = x + frame.bar / 2;
    painter.path([middle, y + 1], [[middle, y + height - 1]], {
      stroke: painter.colours.line,
      width: 2,
      dash: [2, 3],
    });
  }
}

function fillOf(ribbon: Ribbon, painter: Painter): string {
  return CELL_FILLS[rowStyle(ribbon.row)] ?? painter.colours.hole;
}

function paintRibbon(
  painter: Painter,
  map: RibbonMap,
  frame: Frame,
  ribbon: Ribbon,
  opacity: number,
): void {
  const { leftTop, leftEnd, rightTop, rightEnd } = bandOf(map, frame, ribbon);
  const from = frame.left + frame.bar;
  const to = frame.right - frame.bar;
  const middle = (from + to) / 2;
  painter.path(
    [from, leftTop],
    [
      [middle, leftTop, middle, rightTop, to, rightTop],
      [to, rightEnd],
      [middle, rightEnd, middle, leftEnd, from, leftEnd],
    ],
    { fill: fillOf(ribbon, painter), opacity },
  );
}

/** Both ends of a ribbon on the bars, with what kind of memory it is. */
function paintEnds(painter: Painter, map: RibbonMap, frame: Frame, ribbon: Ribbon): void {
  const band = bandOf(map, frame, ribbon);
  const { type, rights } = ribbon.row;
  const ends = [
    [frame.left, band.leftTop, band.leftEnd],
    [frame.right - frame.bar, band.rightTop, band.rightEnd],
  ] as const;
  for (const [x, top, end] of ends) {
    const height = end - top;
    painter.rect(x, top, frame.bar, height, { fill: fillOf(ribbon, painter) });
    if (type?.kind !== 'normal') painter.hatch(x, top, frame.bar, height);
    else if (type.shareability !== 'none') painter.dots(x, top, frame.bar, height);
    if (height > 4)
      painter.rect(x, end - 1, frame.bar, 1, { fill: painter.colours.panel, opacity: 0.8 });
  }
  if (isUserAccessible(rights) && band.leftEnd - band.leftTop > 7) {
    painter.rect(
      frame.left + 0.75,
      band.leftTop + 0.75,
      frame.bar - 1.5,
      band.leftEnd - band.leftTop - 1.5,
      {
        stroke: painter.colours.ink,
        width: 1.5,
      },
    );
  }
}

/** Where aliases meet: a line beside the bar, and how many there are wherever there is room for it. */
function paintMeetings(painter: Painter, frame: Frame, { physical }: RibbonMap): void {
  let below = -Infinity;
  for (const { start, end, uses } of physical) {
    if (uses < 2) continue;
    const y = frame.top + start * frame.height;
    const height = Math.max(2, (end - start) * frame.height);
    painter.rect(frame.right + 2, y, 3, height, { fill: painter.colours.ink });
    const middle = y + height / 2;
    if (middle < below + 2 * MEETING_RADIUS + 1) continue;
    below = middle;
    const x = frame.right + 14;
    painter.circle(x, middle, MEETING_RADIUS, { fill: painter.colours.ink });
    painter.text(x, middle + 4, uses > 9 ? '9+' : `${uses}`, {
      size: uses > 9 ? 9 : 11,
      bold: true,
      align: 'center',
      colour: painter.colours.panel,
    });
  }
}

const MEETING_RADIUS = 8;

const LINE = 13;

/** Address, name and size of each row, wherever the line before leaves room. */
function paintVirtualLabels(painter: Painter, frame: Frame, { ribbons, virtual }: RibbonMap): void {
  let below = -Infinity;
  let last: Ribbon['row'] | undefined;
  for (const { row } of ribbons) {
    if (row === last) continue;
    last = row;
    const top = frame.top + placeOn(virtual, row.va) * frame.height;
    const end = frame.top + placeOn(virtual, row.va + row.bytes) * frame.height;
    const y = Math.min(end, top + Math.min(LINE, (end - top) / 2 + 4));
    if (y < below + LINE - 1) continue;
    below = y;
    painter.text(frame.left - 7, y, hex(row.va), {
      size: 11,
      mono: true,
      align: 'right',
      colour: painter.colours.quiet,
    });
    if (frame.narrow) continue;
    const room = frame.left - 84;
    const name = row.name === '' ? formatBytes(row.bytes) : row.name;
    painter.text(room, y, cut(painter, name, room - 6), { size: 12, align: 'right' });
  }
}

function paintPhysicalLabels(painter: Painter, frame: Frame, { physical }: RibbonMap): void {
  let below = -Infinity;
  for (const { from, to, start, end, uses } of physical) {
    if (uses === 0) continue;
    const top = frame.top + start * frame.height;
    const height = (end - start) * frame.height;
    const y = top + Math.min(LINE, height / 2 + 4);
    if (y < below + LINE - 1) continue;
    below = y;
    // Beside the marks where aliases meet, which any label may have for a neighbour.
    const x = frame.right + 27;
    painter.text(x, y, hex(from), { size: 11, mono: true, colour: painter.colours.quiet });
    if (frame.narrow) continue;
    const width = painter.measure(hex(from), { size: 11, mono: true });
    painter.text(x + width + 8, y, formatBytes(to - from), { size: 11 });
  }
}

function cut(painter: Painter, text: string, room: number): string {
  if (painter.measure(text, { size: 12 }) <= room) return text;
  let shorter = text;
  while (shorter.length > 1 && painter.measure(`${shorter}…`, { size: 12 }) > room) {
    shorter = shorter.slice(0, -1);
  }
  return `${shorter}…`;
}
