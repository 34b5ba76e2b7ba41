import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TouchPattern, touchCount, touchOffsets } from '../../src/scenario/touch-pattern.js';

const touch = (pattern: Partial<TouchPattern>): number[] => {
  const whole = { pattern: 'sequential', size: 16, bytes: 4, stride: 4096, seed: 1 } as const;
  return [...touchOffsets({ ...whole, ...pattern })];
};

describe('a touch pattern', () => {
  it('goes through the range in order, and begins anew', () => {
    expect(touch({})).toEqual([0, 4, 8, 12]);
    expect(touch({ count: 6 })).toEqual([0, 4, 8, 12, 0, 4]);
    expect(touch({ size: 3 })).toEqual([]);
  });

  it('leaps by its stride', () => {
    expect(touch({ pattern: 'strided', size: 64, stride: 24 })).toEqual([0, 24, 48]);
    expect(touch({ pattern: 'strided', size: 64, stride: 1 })).toHaveLength(16);
    expect(touch({ pattern: 'strided', size: 64, stride: 4096, count: 3 })).toEqual([0, 0, 0]);
  });

  it('is the same at random for the same seed', () => {
    const random = (seed: number): number[] =>
      touch({ pattern: 'random', size: 65536, count: 1000, seed });
    expect(random(7)).toEqual(random(7));
    expect(random(7)).not.toEqual(random(8));
    expect(new Set(random(7)).size).toBeGreaterThan(900);
  });

  it('stays in the range and makes as many accesses as it says', () => {
    const patterns = fc.record({
      pattern: fc.constantFrom('sequential', 'strided', 'random'),
      size: fc.integer({ min: 1, max: 5000 }),
      bytes: fc.constantFrom(1, 2, 4),
      stride: fc.integer({ min: 1, max: 6000 }),
      seed: fc.nat(),
      count: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(patterns, fc.boolean(), (pattern, counted) => {
        const { count, ...rest } = pattern;
        const given: TouchPattern = counted ? pattern : rest;
        const offsets = [...touchOffsets(given)];
        expect(offsets).toHaveLength(touchCount(given));
        for (const offset of offsets) {
          expect(offset % given.bytes).toBe(0);
          expect(offset + given.bytes).toBeLessThanOrEqual(given.size);
        }
      }),
      { seed: 20261122 },
    );
  });
});
