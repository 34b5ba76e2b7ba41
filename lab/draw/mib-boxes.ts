/** Runs of pages as rectangles of the 64 × 64 cells of a MiB. */

import type { PageRun } from './atlas-picture.js';
import { SIDE_MIB } from './curve.js';

/** A rectangle, in cells. */
export interface MibBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The rectangles that cover a run, at most three: a beginning, whole rows, and an end. */
export function mibBoxes({ page, pages }: PageRun): MibBox[] {
  const boxes: MibBox[] = [];
  const end = Math.ceil((page + pages) / 256);
  for (let mib = Math.floor(page / 256); mib < end; ) {
    const x = mib % SIDE_MIB;
    const y = Math.floor(mib / SIDE_MIB);
    const rows = x === 0 ? Math.floor((end - mib) / SIDE_MIB) : 0;
    const width = rows > 0 ? SIDE_MIB : Math.min(SIDE_MIB - x, end - mib);
    const height = Math.max(1, rows);
    boxes.push({ x, y, width, height });
    mib += width * height;
  }
  return boxes;
}
