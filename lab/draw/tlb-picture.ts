/** The TLB in two pictures: its entries by set and way, and its uses by page and time. */

import { hex } from '../../src/base/index.js';
import type { TlbEntry } from '../../src/machine/index.js';
import type { TlbHeat } from '../model/tlb-heat.js';
import type { Paint, Painter } from './painter.js';
import { OKABE_ITO } from './palette.js';

/** What the sets show. */
export interface TlbScene {
  /** 0 for a TLB without sets, whose entries stand in the order of their addresses. */
  readonly sets: number;
  readonly ways: number;
  readonly entries: readonly TlbEntry[];
  readonly selected: number | undefined;
}

type Size = { readonly width: number; readonly height: number };

interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Cells of one set stand below each other. */
  readonly ways: number;
  readonly width: number;
  readonly height: number;
}

const TOP = 4;
const SET_GAP = 4;
const COLOURS = [
  OKABE_ITO.sky,
  OKABE_ITO.orange,
  OKABE_ITO.green,
  OKABE_ITO.yellow,
  OKABE_ITO.purple,
  OKABE_ITO.vermillion,
] as const;
const ON_COLOUR = '#10161f';

/** The colour of an address space; a global entry is grey. */
export function asidColour(asid: number | undefined): string {
  return asid === undefined ? OKABE_ITO.grey : (COLOURS[asid % COLOURS.length] ?? OKABE_ITO.sky);
}

function gridOf({ sets, ways, entries }: TlbScene, { width, height }: Size): Grid {
  const places = sets === 0 ? Math.max(1, entries.length) : sets;
  const depth = sets === 0 ? 1 : ways;
  // As wide as a set can be for all of them to fit, and wide enough for an address where there is room.
  let columns = Math.max(1, Math.floor(width / 76));
  while (columns < places && Math.ceil(places / columns) * (depth * 15 + SET_GAP) > height)
    columns += 1;
  const rows = Math.ceil(places / columns);
  const cell = Math.min(20, Math.max(3, (height - TOP) / rows / depth - SET_GAP / depth));
  return { columns, rows, ways: depth, width: width / columns, height: cell };
}

/** The entry under a point. */
export function tlbEntryAt(
  scene: TlbScene,
  size: Size,
  point: { readonly x: number; readonly y: number },
): TlbEntry | undefined {
  const grid = gridOf(scene, size);
  const band = grid.ways * grid.height + SET_GAP;
  const row = Math.floor((point.y - TOP) / band);
  const column = Math.floor(point.x / grid.width);
  const way = Math.floor((point.y - TOP - row * band) / grid.height);
  const place = row * grid.columns + column;
  if (scene.sets === 0) return ordered(scene.entries)[place];
  return scene.entries.find((entry) => entry.set === place && entry.way === way);
}

function ordered(entries: readonly TlbEntry[]): TlbEntry[] {
  return entries.toSorted((left, right) => left.va - right.va);
}

/** Entries by set and way. */
export function tlbPaint(scene: TlbScene): Paint {
  return (painter, size) => {
    const grid = gridOf(scene, size);
    const band = grid.ways * grid.height + SET_GAP;
    const placeOf = (place: number, way: number): [number, number] => [
      (place % grid.columns) * grid.width,
      TOP + Math.floor(place / grid.columns) * band + way * grid.height,
    ];
    for (let place = 0; place < scene.sets; place += 1) {
      for (let way = 0; way < grid.ways; way += 1) {
        const [x, y] = placeOf(place, way);
        painter.rect(x + 1, y + 1, grid.width - 2, grid.height - 2, { fill: painter.colours.hole });
      }
    }
    const entries = scene.sets === 0 ? ordered(scene.entries) : scene.entries;
    for (const [index, entry] of entries.entries()) {
      const [x, y] = scene.sets === 0 ? placeOf(index, 0) : placeOf(entry.set, entry.way);
      paintEntry(painter, entry, x, y, grid, scene.selected);
    }
  };
}

function paintEntry(
  painter: Painter,
  entry: TlbEntry,
  x: number,
  y: number,
  { width, height }: Grid,
  selected: number | undefined,
): void {
  painter.rect(x + 1, y + 1, width - 2, height - 2, { fill: asidColour(entry.asid) });
  if (width >= 60 && height >= 11) {
    const size = Math.min(11, height - 3);
    const owner = entry.asid === undefined ? 'g' : `${entry.asid}`;
    painter.text(x + 4, y + height * 0.72, `${hex(entry.va)} ${owner}`, {
      size,
      mono: true,
      colour: ON_COLOUR,
    });
  } else if (width >= 12 && height >= 10) {
    const owner = entry.asid === undefined ? 'g' : `${entry.asid}`;
    const style = { size: 9, mono: true };
    // An address is known by its page; where that has no room either, its owner is told.
    const words = [`${hex(entry.va).slice(0, 5)}… ${owner}`, owner];
    const fits = words.find((each) => painter.measure(each, style) <= width - 4) ?? '';
    painter.text(x + width / 2, y + height * 0.75, fits, {
      ...style,
      align: 'center',
      colour: ON_COLOUR,
    });
  }
  const holds = selected !== undefined && selected >= entry.va && selected < entry.va + entry.bytes;
  if (holds) painter.rect(x, y, width, height, { stroke: painter.colours.selection, width: 2 });
}

const LABEL = 72;
const BOTTOM = 16;

/** What the heat shows. */
export interface HeatScene {
  readonly heat: TlbHeat;
  readonly moment: number;
}

/** The column under a point. */
export function heatColumnAt({ heat }: HeatScene, { width }: Size, x: number): number | undefined {
  const column = Math.floor(((x - LABEL) / (width - LABEL)) * heat.columns);
  return column >= 0 && column < heat.columns ? column : undefined;
}

/** Pages downwards, time to the right; a miss has a mark in its cell, a fault a frame around it. */
export function heatPaint({ heat, moment }: HeatScene): Paint {
  return (painter, { width, height }) => {
    const { colours } = painter;
    const cellWidth = (width - LABEL) / heat.columns;
    const cellHeight = (height - BOTTOM) / heat.rows.length;
    const every = Math.max(1, Math.ceil(12 / cellHeight));
    for (const [row, { page }] of heat.rows.entries()) {
      if (row % every === 0) {
        painter.text(
          LABEL - 6,
          Math.max(9, row * cellHeight + Math.min(cellHeight, 12) * 0.8),
          hex(page * 4096),
          { size: 10, mono: true, align: 'right', colour: colours.quiet },
        );
      }
      for (let column = 0; column < heat.columns; column += 1) {
        const at = row * heat.columns + column;
        const hits = heat.hits[at] as number;
        const misses = heat.misses[at] as number;
        const faults = heat.faults[at] as number;
        if (hits + misses + faults === 0) continue;
        const x = LABEL + column * cellWidth;
        const y = row * cellHeight;
        const fill = misses > 0 ? OKABE_ITO.vermillion : OKABE_ITO.sky;
        const strength = 0.45 + 0.55 * Math.min(1, (hits + misses) / 8);
        painter.rect(x, y + 0.5, Math.max(1, cellWidth - 0.5), Math.max(1, cellHeight - 1), {
          fill,
          opacity: strength,
        });
        if (misses > 0 && cellHeight >= 6) {
          painter.rect(x, y + cellHeight / 2 - 1, Math.max(1, cellWidth - 0.5), 2, {
            fill: colours.mark,
          });
        }
        if (faults > 0)
          painter.rect(x, y, Math.max(2, cellWidth), cellHeight, {
            stroke: colours.ink,
            width: 1.5,
          });
      }
    }
    const now = heat.moments.findLastIndex((each) => each <= moment) + 1;
    const x = LABEL + now * cellWidth;
    painter.path([x, 0], [[x, height - BOTTOM]], { stroke: colours.accent, width: 2 });
    painter.text(width, height - 3, 'time', { size: 10, align: 'right', colour: colours.quiet });
  };
}
