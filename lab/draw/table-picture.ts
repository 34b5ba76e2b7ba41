/** One level-2 table as 16 × 16 cells, each an entry of 4 KiB; or one entry that is all of them. */

import { ROOT_ENTRY_PAGES } from '../../src/inspect/index.js';
import { type Layer, PageMark } from '../model/layers.js';
import type { Paint, Painter } from './painter.js';

/** What is drawn. */
export interface TableScene {
  /** The first page of the MiB. */
  readonly first: number;
  readonly layer: Layer;
  readonly marks: Uint8Array;
  readonly selected: number | undefined;
  /** Whether there is a table; if not, one root entry maps the MiB, or nothing does. */
  readonly hasTable: boolean;
}

const SIDE = 16;
const LEFT = 26;
const TOP = 4;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly cell: number;
}

function placeOf(size: { readonly width: number; readonly height: number }): Place {
  const cell = Math.max(
    6,
    Math.floor(Math.min(size.width - LEFT - 2, size.height - TOP - 2) / SIDE),
  );
  return { x: LEFT, y: TOP, cell };
}

/** The page under a point. */
export function tableCellAt(
  { first }: TableScene,
  size: { readonly width: number; readonly height: number },
  point: { readonly x: number; readonly y: number },
): number | undefined {
  const { x, y, cell } = placeOf(size);
  const column = Math.floor((point.x - x) / cell);
  const row = Math.floor((point.y - y) / cell);
  const inside = column >= 0 && row >= 0 && column < SIDE && row < SIDE;
  return inside ? first + row * SIDE + column : undefined;
}

/** The picture of a table. */
export function tablePaint(scene: TableScene): Paint {
  return (painter, size) => {
    const place = placeOf(size);
    for (let row = 0; row < SIDE; row++) {
      painter.text(
        place.x - 5,
        place.y + row * place.cell + place.cell / 2 + 3.5,
        `${row.toString(16)}0`,
        {
          size: 10,
          align: 'right',
          mono: true,
          colour: painter.colours.quiet,
        },
      );
    }
    if (scene.hasTable) {
      for (let index = 0; index < ROOT_ENTRY_PAGES; index++)
        paintCell(painter, scene, place, index);
    } else paintWhole(painter, scene, place);
  };
}

function paintCell(
  painter: Painter,
  scene: TableScene,
  { x, y, cell }: Place,
  index: number,
): void {
  const page = scene.first + index;
  const left = x + (index % SIDE) * cell;
  const top = y + Math.floor(index / SIDE) * cell;
  fill(painter, scene, page, left + 0.5, top + 0.5, cell - 1);
  if (((scene.marks[page] as number) & PageMark.USER) !== 0) {
    painter.rect(left + 1, top + 1, cell - 2, cell - 2, { stroke: painter.colours.ink });
  }
  if (page === scene.selected) {
    painter.rect(left, top, cell, cell, { stroke: painter.colours.rim, width: 4 });
    painter.rect(left, top, cell, cell, { stroke: painter.colours.selection, width: 2 });
  }
}

function paintWhole(painter: Painter, scene: TableScene, { x, y, cell }: Place): void {
  const side = cell * SIDE;
  fill(painter, scene, scene.first, x + 0.5, y + 0.5, side - 1);
  if (((scene.marks[scene.first] as number) & PageMark.USER) !== 0) {
    painter.rect(x + 1, y + 1, side - 2, side - 2, { stroke: painter.colours.ink, width: 1.5 });
  }
}

function fill(
  painter: Painter,
  scene: TableScene,
  page: number,
  x: number,
  y: number,
  side: number,
): void {
  const { colours } = painter;
  const colour = scene.layer.classes[scene.layer.pages[page] as number]?.colour ?? 'hole';
  painter.rect(x, y, side, side, { fill: colour === 'hole' ? colours.hole : colour });
  const mark = scene.marks[page] as number;
  if ((mark & PageMark.DEVICE) !== 0) painter.hatch(x, y, side, side);
  else if ((mark & PageMark.SHARED) !== 0) painter.dots(x, y, side, side);
}
