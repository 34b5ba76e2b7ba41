/**
 * Which memory is behind which addresses: ribbons from one to the other, and both sides as axes on
 * which every part has room, however large or small it is.
 */

import { PAGE_BYTES } from '../../src/base/index.js';
import { isLeaf, type MapRow, mapRows } from '../../src/inspect/index.js';
import type { Subject } from './subject.js';

/** A run of addresses and the memory behind it, one behind the other on both sides. */
export interface Ribbon {
  readonly va: number;
  readonly pa: number;
  readonly bytes: number;
  /** The row of the map that it is of, or is a part of. */
  readonly row: MapRow;
}

/** A part of an axis. */
export interface AxisPart {
  /** The first address, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** Where it is on the axis, from 0 to 1. */
  readonly start: number;
  readonly end: number;
  /** How many ribbons end in it; 0 for a hole, 2 and more where aliases meet. */
  readonly uses: number;
}

/** Both sides, and what is between them. */
export interface RibbonMap {
  readonly ribbons: readonly Ribbon[];
  readonly virtual: readonly AxisPart[];
  readonly physical: readonly AxisPart[];
  /** Rows and pieces of scattered rows that are not drawn, since there are too many. */
  readonly left: number;
}

/** A window of virtual addresses. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const MOST_ROWS = 240;
const MOST_PIECES = 28;

/** The ribbons of the addresses in a window. */
export function ribbonMap(subject: Subject, { from, to }: Window, toScale: boolean): RibbonMap {
  const { regions, names } = subject;
  const rows: MapRow[] = [];
  let left = 0;
  for (const row of mapRows(regions, { names, from, to })) {
    if (row.type === undefined) continue;
    if (rows.length < MOST_ROWS) rows.push(row);
    else left += 1;
  }
  const ribbons: Ribbon[] = [];
  for (const row of rows) {
    if (row.pa !== undefined) {
      ribbons.push({ va: row.va, pa: row.pa, bytes: row.bytes, row });
      continue;
    }
    const pieces = piecesOf(subject, row);
    const step = Math.ceil(pieces.length / MOST_PIECES);
    const shown = pieces.filter((_, index) => index % step === 0);
    left += pieces.length - shown.length;
    ribbons.push(...shown);
  }
  return {
    ribbons,
    virtual: axis(
      rows.map((row) => [row.va, row.va + row.bytes]),
      from,
      to,
      toScale,
    ),
    physical: axis(
      ribbons.map((each) => [each.pa, each.pa + each.bytes]),
      undefined,
      undefined,
      toScale,
    ),
    left,
  };
}

/** The frames of a scattered row, one ribbon for each region. */
function piecesOf({ regions }: Subject, row: MapRow): Ribbon[] {
  const pieces: Ribbon[] = [];
  const end = row.va + row.bytes;
  for (let region = regions.at(Math.floor(row.va / PAGE_BYTES)); region < regions.count; region++) {
    const start = (regions.pages[region] as number) * PAGE_BYTES;
    if (start >= end) break;
    if (!isLeaf(regions.meaningOf[region] as number)) continue;
    const va = Math.max(start, row.va);
    const bytes = Math.min(start + (regions.lengths[region] as number) * PAGE_BYTES, end) - va;
    const pa = (regions.frames[region] as number) * PAGE_BYTES + va - start;
    pieces.push({ va, pa, bytes, row });
  }
  return pieces;
}

/** What a hole has of the axis, beside parts that have 1 for a page and 1 more for each doubling. */
const HOLE_WEIGHT = 1.2;

/** An axis for intervals; overlapping ones are cut where they begin and end. */
function axis(
  intervals: readonly (readonly [number, number])[],
  from: number | undefined,
  to: number | undefined,
  toScale: boolean,
): AxisPart[] {
  if (intervals.length === 0) return [];
  const bounds = new Set<number>();
  for (const interval of intervals) {
    bounds.add(interval[0]);
    bounds.add(interval[1]);
  }
  if (from !== undefined) bounds.add(from);
  if (to !== undefined) bounds.add(to);
  const sorted = [...bounds].toSorted((left, right) => left - right);
  const change = new Map<number, number>();
  for (const [start, end] of intervals) {
    change.set(start, (change.get(start) ?? 0) + 1);
    change.set(end, (change.get(end) ?? 0) - 1);
  }
  const parts: { from: number; to: number; uses: number; weight: number }[] = [];
  let uses = 0;
  for (const [index, start] of sorted.entries()) {
    uses += change.get(start) ?? 0;
    const end = sorted[index + 1];
    if (end !== undefined)
      parts.push({ from: start, to: end, uses, weight: weightOf(end - start, uses, toScale) });
  }
  const total = parts.reduce((sum, part) => sum + part.weight, 0);
  let at = 0;
  return parts.map(({ weight, ...part }) => {
    const start = at;
    at += weight / total;
    return { ...part, start, end: at };
  });
}

function weightOf(bytes: number, uses: number, toScale: boolean): number {
  if (toScale) return bytes;
  return uses === 0 ? HOLE_WEIGHT : 1 + Math.log2(bytes / PAGE_BYTES + 1);
}

/** Where an address is on an axis, from 0 to 1. */
export function placeOn(parts: readonly AxisPart[], address: number): number {
  let low = 0;
  let high = parts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((parts[middle] as AxisPart).from <= address) low = middle;
    else high = middle - 1;
  }
  const part = parts[low];
  if (part === undefined) return 0;
  const inside = Math.min(1, Math.max(0, (address - part.from) / (part.to - part.from)));
  return part.start + inside * (part.end - part.start);
}

/** Whether two ribbons end in the same memory. */
export function share(left: Ribbon, right: Ribbon): boolean {
  return left.pa < right.pa + right.bytes && right.pa < left.pa + left.bytes;
}
