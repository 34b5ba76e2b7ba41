import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bounded,
  fitted,
  panned,
  pictureAt,
  type View,
  zoomed,
} from '../../../lab/draw/viewport.js';

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const views = fc
  .record({ zoom: fc.double({ min: 0.1, max: 1000, noNaN: true }), x: unit, y: unit })
  .map(bounded);

function isInBounds({ zoom, x, y }: View): boolean {
  const half = 0.5 / zoom - 1e-9;
  return zoom >= 1 && x >= half && x <= 1 - half && y >= half && y <= 1 - half;
}

describe('a view', () => {
  it('is always full of the picture', () => {
    fc.assert(
      fc.property(
        views,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        unit,
        unit,
        (view, factor, x, y) => {
          expect(isInBounds(view)).toBe(true);
          expect(isInBounds(zoomed(view, factor, x, y))).toBe(true);
          expect(isInBounds(panned(view, x * 4 - 2, y * 4 - 2))).toBe(true);
          expect(isInBounds(fitted(x, y, 1 / 64))).toBe(true);
        },
      ),
    );
  });

  it('keeps the point under the pointer where it is, unless an edge is in the way', () => {
    fc.assert(
      fc.property(
        views,
        fc.double({ min: 1, max: 8, noNaN: true }),
        unit,
        unit,
        (view, factor, x, y) => {
          const before = pictureAt(view, x, y);
          const after = pictureAt(zoomed(view, factor, x, y), x, y);
          expect(after.x).toBeCloseTo(before.x, 6);
          expect(after.y).toBeCloseTo(before.y, 6);
        },
      ),
    );
  });
});
