/**
 * Two spaces in one picture. A cell that changed is split: what it was in the upper left, what it is in
 * the lower right; what did not change is pale.
 *
 *     +------+
 *     |was / |
 *     |  / is|
 *     +------+
 */

import { ROOT_ENTRIES, ROOT_ENTRY_PAGES } from '../../src/inspect/index.js';
import type { Layer } from '../model/layers.js';
import { ChangeBit } from '../model/space-diff.js';
import type { Paint, Painter } from './painter.js';

/** What is drawn: all MiB, or the pages of one. */
export interface DiffScene {
  readonly before: Layer;
  readonly after: Layer;
  /** The `ChangeBit` of each page. */
  readonly pages: Uint8Array;
  /** The MiB whose pages are drawn; all MiB where none is given. */
  readonly mib: number | undefined;
  /** The cell that is selected, by its number. */
  readonly selected: number | undefined;
}

const PAD = 8;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly cell: number;
  readonly columns: number;
}

type PictureSize = { readonly width: number; readonly height: number };

function placeOf({ mib }: DiffScene, { width, height }: PictureSize): Place {
  const columns = mib === undefined ? 64 : 16;
  const cell = Math.max(3, (Math.min(width, height) - 2 * PAD) / columns);
  return { x: (width - cell * columns) / 2, y: (height - cell * columns) / 2, cell, columns };
}

/** The number of the cell under a point. */
export function diffCellAt(
  scene: DiffScene,
  size: PictureSize,
  point: { readonly x: number; readonly y: number },
): number | undefined {
  const { x, y, cell, columns } = placeOf(scene, size);
  const column = Math.floor((point.x - x) / cell);
  const row = Math.floor((point.y - y) / cell);
  const inside = column >= 0 && row >= 0 && column < columns && row < columns;
  return inside ? row * columns + column : undefined;
}

/** What a cell was, what it is, and how it changed. */
interface Cell {
  readonly was: number;
  readonly is: number;
  readonly bits: number;
}

/** The picture. */
export function diffPaint(scene: DiffScene): Paint {
  const cells = scene.mib === undefined ? mibCells(scene) : pageCells(scene, scene.mib);
  const colours = (layer: Layer): readonly string[] => layer.classes.map(({ colour }) => colour);
  const [was, is] = [colours(scene.before), colours(scene.after)];
  return (painter, size) => {
    const place = placeOf(scene, size);
    const colourOf = (from: readonly string[], index: number): string => {
      const colour = from[index] ?? 'hole';
      return colour === 'hole' ? painter.colours.hole : colour;
    };
    for (const [index, cell] of cells.entries()) {
      paintCell(painter, place, index, cell.bits, [colourOf(was, cell.was), colourOf(is, cell.is)]);
    }
    if (scene.selected !== undefined) outline(painter, place, scene.selected);
  };
}

/** Each MiB by the strongest classes in it; where pages of it changed, by those of them. */
function mibCells(scene: DiffScene): Cell[] {
  return Array.from({ length: ROOT_ENTRIES }, (_, mib) => {
    const first = mib * ROOT_ENTRY_PAGES;
    let bits = 0;
    let [was, is, wasChanged, isChanged] = [0, 0, 0, 0];
    for (let page = first; page < first + ROOT_ENTRY_PAGES; page++) {
      const bit = scene.pages[page] as number;
      const before = scene.before.pages[page] as number;
      const after = scene.after.pages[page] as number;
      was = Math.max(was, before);
      is = Math.max(is, after);
      if (bit === 0) continue;
      bits |= bit;
      wasChanged = Math.max(wasChanged, before);
      isChanged = Math.max(isChanged, after);
    }
    return bits === 0 ? { was, is, bits } : { was: wasChanged, is: isChanged, bits };
  });
}

function pageCells({ before, after, pages }: DiffScene, mib: number): Cell[] {
  return Array.from({ length: ROOT_ENTRY_PAGES }, (_, index) => {
    const page = mib * ROOT_ENTRY_PAGES + index;
    return {
      was: before.pages[page] as number,
      is: after.pages[page] as number,
      bits: pages[page] as number,
    };
  });
}

function paintCell(
  painter: Painter,
  { x, y, cell, columns }: Place,
  index: number,
  bits: number,
  [was, is]: readonly [string, string],
): void {
  const left = x + (index % columns) * cell;
  const top = y + Math.floor(index / columns) * cell;
  const side = cell - (cell > 8 ? 1 : 0.5);
  if (bits === 0) {
    painter.rect(left, top, side, side, { fill: painter.colours.hole });
    if (is !== painter.colours.hole) {
      painter.rect(left, top, side, side, { fill: is, opacity: 0.3 });
    }
    return;
  }
  const [right, bottom] = [left + side, top + side];
  painter.path(
    [left, top],
    [
      [right, top],
      [left, bottom],
    ],
    { fill: was },
  );
  painter.path(
    [right, top],
    [
      [right, bottom],
      [left, bottom],
    ],
    { fill: is },
  );
  const isLarge = cell >= 14;
  const style = { stroke: painter.colours.ink, opacity: isLarge ? 1 : 0.45 };
  if (was !== is) painter.path([right, top], [[left, bottom]], { ...style, width: 0.75 });
  painter.rect(left, top, side, side, { ...style, width: isLarge ? 1.25 : 0.75 });
  if (!isLarge) return;
  painter.text(left + side / 2, top + side / 2 + Math.min(16, cell * 0.8) * 0.34, markOf(bits), {
    size: Math.min(16, cell * 0.8),
    align: 'center',
    bold: true,
    colour: painter.colours.ink,
    halo: painter.colours.panel,
  });
}

/** `+` what is new, `−` what is gone, `~` what is another, `±` more than one of them. */
function markOf(bits: number): string {
  if (bits === ChangeBit.added) return '+';
  if (bits === ChangeBit.removed) return '−';
  return bits === ChangeBit.changed ? '~' : '±';
}

function outline(painter: Painter, { x, y, cell, columns }: Place, index: number): void {
  const left = x + (index % columns) * cell - 1;
  const top = y + Math.floor(index / columns) * cell - 1;
  painter.rect(left, top, cell + 1, cell + 1, { stroke: painter.colours.rim, width: 4 });
  painter.rect(left, top, cell + 1, cell + 1, { stroke: painter.colours.selection, width: 2 });
}
