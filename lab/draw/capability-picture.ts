/**
 * Slots, tree and pages side by side: what a domain holds, what it was made from, and what of it is
 * mapped. What is looked at is joined by lines, and so is what would die. Where there is little room
 * the slots lie over the others:
 *
 *     wide      slots | tree | pages        narrow    slots
 *                                                     tree | pages
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

/** A list of lines in the picture, in CSS pixels. */
interface Lines {
  readonly x: number;
  readonly top: number;
  readonly width: number;
  /** The height of a line. */
  readonly row: number;
}

/** The parts of the picture, in CSS pixels. */
interface Parts {
  readonly isNarrow: boolean;
  /** By how much a child stands to the right of what it was made from. */
  readonly indent: number;
  readonly slots: { readonly width: number; readonly cell: number };
  readonly tree: Lines;
  readonly pages: Lines;
}

type Size = { readonly width: number; readonly height: number };

const TOP = 24;
const GAP = 34;
/** In narrower pictures the slots lie over the tree. */
const NARROW = 560;
const NARROW_GAP = 12;
/** Room for the lines from slots, at the left of the tree. */
const MARGIN = 9;
/** Room for an address and a size. */
const NARROW_PAGES = 124;
const MOST_ROW = 20;
const LEAST_ROW = 9;
const MOST_CELL = 18;
const INDENT = 14;
const NARROW_INDENT = 9;
const DEEPEST = 8;

function partsOf(scene: CapabilityScene, size: Size): Parts {
  return size.width < NARROW ? narrowParts(scene, size) : wideParts(scene, size);
}

function wideParts(scene: CapabilityScene, { width, height }: Size): Parts {
  const room = height - TOP - 4;
  const slotWidth = Math.max(90, Math.min(280, width * 0.24));
  const pageWidth = Math.max(110, Math.min(230, width * 0.24));
  const slots = slotsIn(scene, slotWidth, room);
  const treeWidth = width - slotWidth - pageWidth - 2 * GAP;
  return {
    isNarrow: false,
    indent: INDENT,
    slots,
    tree: linesIn(scene.rows.length, { x: slotWidth + GAP, top: TOP, width: treeWidth, room }),
    pages: linesIn(pagesOf(scene).length, {
      x: width - pageWidth,
      top: TOP,
      width: pageWidth,
      room,
    }),
  };
}

function narrowParts(scene: CapabilityScene, { width, height }: Size): Parts {
  const slots = slotsIn(scene, width, height / 3);
  const rows = Math.ceil(scene.view.slots.length / (slots.width / slots.cell));
  const top = TOP + rows * slots.cell + TOP + 8;
  const room = height - top - 4;
  const treeWidth = width - NARROW_PAGES - NARROW_GAP;
  return {
    isNarrow: true,
    indent: NARROW_INDENT,
    slots,
    tree: linesIn(scene.rows.length, { x: MARGIN, top, width: treeWidth - MARGIN, room }),
    pages: linesIn(pagesOf(scene).length, {
      x: width - NARROW_PAGES,
      top,
      width: NARROW_PAGES,
      room,
    }),
  };
}

/** The largest cells with which all slots have their place. */
function slotsIn({ view }: CapabilityScene, width: number, room: number): Parts['slots'] {
  const columns = (cell: number): number => Math.max(1, Math.floor(width / cell));
  let cell = MOST_CELL;
  while (cell > 5 && Math.ceil(view.slots.length / columns(cell)) * cell > room) cell -= 1;
  return { width: columns(cell) * cell, cell };
}

interface Place {
  readonly x: number;
  readonly top: number;
  readonly width: number;
  readonly room: number;
}

function linesIn(count: number, { x, top, width, room }: Place): Lines {
  const row = Math.floor(room / Math.max(1, count));
  return { x, top, width, row: Math.max(LEAST_ROW, Math.min(MOST_ROW, row)) };
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
  const { x, y } = point;
  const columns = slots.width / slots.cell;
  if (y >= TOP && x < slots.width) {
    const index = Math.floor((y - TOP) / slots.cell) * columns + Math.floor(x / slots.cell);
    const slot = scene.view.slots[index];
    if (slot !== undefined) return slot.about;
  }
  if (y < tree.top) return undefined;
  if (x >= pages.x) return pagesOf(scene)[Math.floor((y - pages.top) / pages.row)]?.object;
  const inTree = x >= tree.x && x < tree.x + tree.width;
  return inTree ? scene.rows[Math.floor((y - tree.top) / tree.row)]?.object.number : undefined;
}

/** The picture. */
export function capabilityPaint(scene: CapabilityScene): Paint {
  return (painter, size) => {
    const parts = partsOf(scene, size);
    const lit = scene.hover ?? scene.selected;
    const { colours } = painter;
    const heading = { size: 11, colour: colours.quiet, bold: true };
    const above = parts.tree.top - 11;
    painter.text(0, 13, `Slots of ${scene.domain}`, heading);
    painter.text(parts.tree.x, above, 'Made from', heading);
    painter.text(parts.pages.x, above, 'Pages they back', heading);
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
  { tree, indent }: Parts,
  size: Size,
  lit: number | undefined,
): void {
  const { colours } = painter;
  const text = Math.min(12, tree.row - 2);
  for (const [index, { object, count }] of scene.rows.entries()) {
    const y = tree.top + index * tree.row;
    if (y + tree.row > size.height) {
      painter.text(tree.x, size.height - 2, `and ${scene.rows.length - index} more`, {
        size: 11,
        colour: colours.quiet,
        halo: colours.panel,
      });
      break;
    }
    const x = tree.x + Math.min(object.depth, DEEPEST) * indent;
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
        [x - indent + 5, y],
        [
          [x - indent + 5, y + tree.row / 2],
          [x - 2, y + tree.row / 2],
        ],
        {
          stroke: colours.line,
        },
      );
    }
    painter.clipped(tree.x - 4, y, tree.width + 4, tree.row, () => {
      const style = { size: text, mono: true, bold: isLit };
      const room = tree.x + tree.width - x - box - 6;
      const words = rowTexts(object, count);
      const fits = words.find((each) => painter.measure(each, style) <= room) ?? words.at(-1) ?? '';
      painter.text(x + box + 6, y + tree.row * 0.68, fits, {
        ...style,
        colour: scene.doomed?.objects.has(object.number) === true ? colours.bad : colours.ink,
      });
    });
    if (scene.doomed?.objects.has(object.number) === true) cross(painter, x, y + 1, box + 2);
  }
}

/** What a line says, the longest first: where there is no room, its size goes before its address. */
function rowTexts(object: CapabilityObject, count: number): string[] {
  const name = typeName(object.type);
  const base = hex(object.base);
  if (count > 1) return [`${count} × ${name} from ${base} on`, `${count} × ${name}`, `${count} ×`];
  return [`${name} ${formatBytes(object.bytes)} at ${base}`, `${name} ${base}`, base];
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
  const backed = pagesOf(scene);
  if (backed.length === 0) {
    painter.text(pages.x, pages.top + 13, 'none yet', { size: 12, colour: colours.quiet });
  }
  for (const [index, each] of backed.entries()) {
    const y = pages.top + index * pages.row;
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

/** Down to `below`, which is between slots and tree, and on at the left of the tree. */
function aroundTree(x: number, below: number, left: number, at: number): [number, number][] {
  return [
    [x, below],
    [2, below],
    [2, at],
    [left, at],
  ];
}

/** Lines from the slots of an object through the tree to its pages. */
function paintLinks(
  painter: Painter,
  scene: CapabilityScene,
  { isNarrow, indent, slots, tree, pages }: Parts,
  number: number,
  stroke: string,
): void {
  const columns = slots.width / slots.cell;
  const row = scene.rows.findIndex(({ object }) => object.number === number);
  if (row < 0) return;
  const depth = Math.min(scene.rows[row]?.object.depth ?? 0, DEEPEST);
  const at = tree.top + row * tree.row + tree.row / 2;
  const left = tree.x + depth * indent - 3;
  const style = { stroke, width: 1.5 };
  for (const [index, slot] of scene.view.slots.entries()) {
    if (slot.about !== number) continue;
    const x = (index % columns) * slots.cell + slots.cell / 2;
    const y = TOP + Math.floor(index / columns) * slots.cell + slots.cell / 2;
    const middle = (slots.width + left) / 2;
    if (isNarrow) painter.path([x, y], aroundTree(x, tree.top - 25, left, at), style);
    else painter.path([x, y], [[middle, y, middle, at, left, at]], style);
  }
  const right = tree.x + tree.width;
  for (const [index, each] of pagesOf(scene).entries()) {
    if (each.object !== number) continue;
    const y = pages.top + index * pages.row + pages.row / 2;
    const middle = (right + pages.x) / 2;
    painter.path([right - 20, at], [[middle, at, middle, y, pages.x - 5, y]], style);
  }
}
