/**
 * Slots, tree and pages side by side: what a domain holds, what it was made from, and what of it is
 * mapped. What is looked at is joined by lines, and so is what would die.
 */

import { formatBytes, hex } from '../../src/base/index.js';
import { CapType, isMapping } from '../../src/kernel/index.js';
import {
  type BackedPages,
  type CapabilityObject,
  type CapabilityView,
  type Doomed,
  type TreeRow,
  typeLetter,
  typeName,
} from '../model/capability-view.js';
import type { Paint, Painter } from './painter.js';
import { OKABE_ITO } from './palette.js';

/** What is drawn. */
export interface CapabilityScene {
  readonly view: CapabilityView;
  readonly rows: readonly TreeRow[];
  /** The name of the domain whose slots and pages are shown. */
  readonly domain: string;
  readonly selected: number | undefined;
  readonly hover: number | undefined;
  readonly doomed: Doomed | undefined;
}

/** The parts of the picture, in CSS pixels. */
interface Parts {
  readonly slots: { readonly x: number; readonly width: number; readonly cell: number };
  readonly tree: { readonly x: number; readonly width: number; readonly row: number };
  readonly pages: { readonly x: number; readonly width: number; readonly row: number };
}

type Size = { readonly width: number; readonly height: number };

const TOP = 24;
const GAP = 34;
/** Narrower pictures give the tree what the others can spare. */
const NARROW = 560;
const MOST_ROW = 20;
const LEAST_ROW = 9;
const MOST_CELL = 18;
const INDENT = 14;

function partsOf(scene: CapabilityScene, { width, height }: Size): Parts {
  const room = height - TOP - 4;
  const isNarrow = width < NARROW;
  const gap = isNarrow ? 14 : GAP;
  const slotWidth = isNarrow ? 60 : Math.max(90, Math.min(280, width * 0.24));
  const pageWidth = isNarrow ? 84 : Math.max(110, Math.min(230, width * 0.24));
  const columns = (cell: number): number => Math.max(1, Math.floor(slotWidth / cell));
  let cell = MOST_CELL;
  while (cell > 5 && Math.ceil(scene.view.slots.length / columns(cell)) * cell > room) cell -= 1;
  const rowOf = (count: number): number =>
    Math.max(LEAST_ROW, Math.min(MOST_ROW, Math.floor(room / Math.max(1, count))));
  return {
    slots: { x: 0, width: columns(cell) * cell, cell },
    tree: {
      x: slotWidth + gap,
      width: width - slotWidth - pageWidth - 2 * gap,
      row: rowOf(scene.rows.length),
    },
    pages: { x: width - pageWidth, width: pageWidth, row: rowOf(pagesOf(scene).length) },
  };
}

/** The pages of the shown domain, by address, each with the object behind it. */
function pagesOf({ view, domain }: CapabilityScene): (BackedPages & { readonly object: number })[] {
  return view.objects
    .flatMap(({ number, pages }) => pages.map((each) => ({ ...each, object: number })))
    .filter((each) => each.domain === domain)
    .sort((left, right) => left.va - right.va);
}

/** The object under a point. */
export function capabilityAt(
  scene: CapabilityScene,
  size: Size,
  point: { readonly x: number; readonly y: number },
): number | undefined {
  const { slots, tree, pages } = partsOf(scene, size);
  const y = point.y - TOP;
  if (y < 0) return undefined;
  if (point.x < slots.width) {
    const columns = slots.width / slots.cell;
    const index = Math.floor(y / slots.cell) * columns + Math.floor(point.x / slots.cell);
    return scene.view.slots[index]?.about;
  }
  if (point.x >= pages.x) return pagesOf(scene)[Math.floor(y / pages.row)]?.object;
  const inTree = point.x >= tree.x && point.x < tree.x + tree.width;
  return inTree ? scene.rows[Math.floor(y / tree.row)]?.object.number : undefined;
}

/** The picture. */
export function capabilityPaint(scene: CapabilityScene): Paint {
  return (painter, size) => {
    const parts = partsOf(scene, size);
    const lit = scene.hover ?? scene.selected;
    const { colours } = painter;
    const heading = { size: 11, colour: colours.quiet, bold: true };
    const isNarrow = size.width < NARROW;
    painter.text(parts.slots.x, 13, isNarrow ? 'Slots' : `Slots of ${scene.domain}`, heading);
    painter.text(parts.tree.x, 13, 'Made from', heading);
    painter.text(parts.pages.x, 13, isNarrow ? 'Pages' : 'Pages they back', heading);
    if (lit !== undefined) paintLinks(painter, scene, parts, lit, colours.accent);
    if (scene.doomed !== undefined) {
      for (const number of [scene.selected, ...scene.doomed.objects]) {
        if (number !== undefined) paintLinks(painter, scene, parts, number, colours.bad);
      }
    }
    paintSlots(painter, scene, parts, lit);
    paintTree(painter, scene, parts, size, lit);
    paintPages(painter, scene, parts, size, lit);
  };
}

/** The colour of a type. */
export function typeColour(type: number): string {
  switch (type) {
    case CapType.RAM:
    case CapType.PHYS_ADDR:
      return OKABE_ITO.grey;
    case CapType.FRAME:
    case CapType.FRAME_MAPPING:
      return OKABE_ITO.sky;
    case CapType.DEV_FRAME:
    case CapType.DEV_FRAME_MAPPING:
      return OKABE_ITO.orange;
    case CapType.VNODE_ARM_L1:
      return OKABE_ITO.vermillion;
    case CapType.VNODE_ARM_L2:
    case CapType.VNODE_ARM_L2_MAPPING:
      return OKABE_ITO.green;
    case CapType.L1_CNODE:
    case CapType.L2_CNODE:
      return OKABE_ITO.purple;
    default:
      return OKABE_ITO.yellow;
  }
}

/** Dark enough on every colour of the palette. */
const ON_COLOUR = '#10161f';

function paintSlots(
  painter: Painter,
  scene: CapabilityScene,
  { slots }: Parts,
  lit: number | undefined,
): void {
  const { colours } = painter;
  const columns = slots.width / slots.cell;
  const doomed = new Set(scene.doomed?.holders.map(({ slot }) => slot.slot));
  for (const [index, { type, about, slot }] of scene.view.slots.entries()) {
    const x = (index % columns) * slots.cell;
    const y = TOP + Math.floor(index / columns) * slots.cell;
    const side = slots.cell - 2;
    const isLit = about === lit && lit !== undefined;
    const fill = typeColour(type);
    if (isMapping(type)) {
      painter.rect(x + 1.5, y + 1.5, side - 1, side - 1, {
        fill: colours.panel,
        stroke: fill,
        width: 2,
      });
    } else painter.rect(x + 1, y + 1, side, side, { fill });
    if (slots.cell >= 11) {
      const colour = isMapping(type) ? colours.ink : ON_COLOUR;
      const style = { size: slots.cell * 0.58, align: 'center' as const, mono: true, colour };
      painter.text(x + slots.cell / 2, y + slots.cell * 0.68, typeLetter(type), style);
    }
    if (doomed.has(slot)) cross(painter, x, y, slots.cell);
    if (isLit) painter.rect(x, y, slots.cell, slots.cell, { stroke: colours.selection, width: 2 });
  }
}

function cross(painter: Painter, x: number, y: number, side: number): void {
  const style = { stroke: painter.colours.bad, width: 2.5 };
  painter.path([x + 2, y + 2], [[x + side - 2, y + side - 2]], style);
  painter.path([x + side - 2, y + 2], [[x + 2, y + side - 2]], style);
}

function paintTree(
  painter: Painter,
  scene: CapabilityScene,
  { tree }: Parts,
  size: Size,
  lit: number | undefined,
): void {
  const { colours } = painter;
  const text = Math.min(12, tree.row - 2);
  for (const [index, { object, count }] of scene.rows.entries()) {
    const y = TOP + index * tree.row;
    if (y + tree.row > size.height) {
      painter.text(tree.x, size.height - 2, `and ${scene.rows.length - index} more`, {
        size: 11,
        colour: colours.quiet,
        halo: colours.panel,
      });
      break;
    }
    const x = tree.x + Math.min(object.depth, 8) * INDENT;
    const isLit = object.number === lit;
    if (isLit) {
      painter.rect(tree.x - 4, y, tree.width + 4, tree.row, { fill: colours.raised });
    }
    const box = Math.max(5, tree.row - 5);
    painter.rect(x, y + 2, box, box, { fill: typeColour(object.type) });
    if (box >= 9) {
      painter.text(x + box / 2, y + 2 + box * 0.75, typeLetter(object.type), {
        size: box * 0.7,
        align: 'center',
        mono: true,
        colour: ON_COLOUR,
      });
    }
    if (object.depth > 0) {
      painter.path(
        [x - INDENT + 5, y],
        [
          [x - INDENT + 5, y + tree.row / 2],
          [x - 2, y + tree.row / 2],
        ],
        {
          stroke: colours.line,
        },
      );
    }
    painter.clipped(tree.x - 4, y, tree.width + 4, tree.row, () => {
      painter.text(x + box + 6, y + tree.row * 0.68, rowText(object, count), {
        size: text,
        mono: true,
        colour: scene.doomed?.objects.has(object.number) === true ? colours.bad : colours.ink,
        bold: isLit,
      });
    });
    if (scene.doomed?.objects.has(object.number) === true) cross(painter, x, y + 1, box + 2);
  }
}

function rowText(object: CapabilityObject, count: number): string {
  const name = typeName(object.type);
  if (count > 1) return `${count} × ${name} from ${hex(object.base)} on`;
  return `${name} ${formatBytes(object.bytes)} at ${hex(object.base)}`;
}

function paintPages(
  painter: Painter,
  scene: CapabilityScene,
  { pages }: Parts,
  size: Size,
  lit: number | undefined,
): void {
  const { colours } = painter;
  const text = Math.min(12, pages.row - 2);
  for (const [index, each] of pagesOf(scene).entries()) {
    const y = TOP + index * pages.row;
    if (y + pages.row > size.height) break;
    const isLit = each.object === lit;
    const isDoomed = scene.doomed?.pages.some(
      ({ va, domain }) => va === each.va && domain === each.domain,
    );
    const type = scene.view.byNumber.get(each.object)?.type ?? 0;
    if (isLit) painter.rect(pages.x - 4, y, pages.width + 4, pages.row, { fill: colours.raised });
    painter.rect(pages.x, y + 2, 6, pages.row - 4, { fill: typeColour(type) });
    painter.clipped(pages.x, y, pages.width, pages.row, () => {
      painter.text(
        pages.x + 11,
        y + pages.row * 0.68,
        `${hex(each.va)} ${formatBytes(each.bytes)}`,
        {
          size: text,
          mono: true,
          bold: isLit,
          colour: isDoomed === true ? colours.bad : colours.ink,
        },
      );
    });
    if (isDoomed === true) cross(painter, pages.x - 4, y, Math.min(14, pages.row));
  }
}

/** Lines from the slots of an object through the tree to its pages. */
function paintLinks(
  painter: Painter,
  scene: CapabilityScene,
  { slots, tree, pages }: Parts,
  number: number,
  stroke: string,
): void {
  const columns = slots.width / slots.cell;
  const row = scene.rows.findIndex(({ object }) => object.number === number);
  if (row < 0) return;
  const depth = Math.min(scene.rows[row]?.object.depth ?? 0, 8);
  const at = TOP + row * tree.row + tree.row / 2;
  const left = tree.x + depth * INDENT - 3;
  const style = { stroke, width: 1.5 };
  for (const [index, slot] of scene.view.slots.entries()) {
    if (slot.about !== number) continue;
    const x = (index % columns) * slots.cell + slots.cell / 2;
    const y = TOP + Math.floor(index / columns) * slots.cell + slots.cell / 2;
    const middle = (slots.width + left) / 2;
    painter.path([x, y], [[middle, y, middle, at, left, at]], style);
  }
  const right = tree.x + tree.width;
  for (const [index, each] of pagesOf(scene).entries()) {
    if (each.object !== number) continue;
    const y = TOP + index * pages.row + pages.row / 2;
    const middle = (right + pages.x) / 2;
    painter.path([right - 20, at], [[middle, at, middle, y, pages.x - 5, y]], style);
  }
}
