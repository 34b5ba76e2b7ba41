import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyBit,
  bitSetWords,
  clearBit,
  clearBits,
  firstBitFrom,
  firstClearBitFrom,
  lastBitUpTo,
  setBit,
  setBits,
  testBit,
} from '../../src/base/bit-set.js';

const BITS = 100;
/** Words before and behind the set, which no operation on it may touch. */
const MARGIN = 2;
const GUARD = 0xa5a5_a5a5;

function emptySet(): Uint32Array {
  const pool = new Uint32Array(bitSetWords(BITS) + 2 * MARGIN).fill(GUARD);
  return pool.fill(0, MARGIN, MARGIN + bitSetWords(BITS));
}

function guards(pool: Uint32Array): number[] {
  return [...pool.subarray(0, MARGIN), ...pool.subarray(-MARGIN)];
}

function members(pool: Uint32Array): boolean[] {
  return Array.from({ length: BITS }, (_, index) => testBit(pool, MARGIN, index));
}

const index = fc.nat(BITS - 1);
const run = fc
  .tuple(index, fc.nat(BITS))
  .map(([from, count]) => [from, Math.min(count, BITS - from)] as const);
/** A set with long runs of either kind, so that whole words are alike. */
const someSet = fc.array(fc.tuple(fc.boolean(), run), { maxLength: 8 }).map((runs) => {
  const pool = emptySet();
  for (const [on, [from, count]] of runs) (on ? setBits : clearBits)(pool, MARGIN, from, count);
  return pool;
});

describe('bit sets', () => {
  it('take a word for every 32 bits begun', () => {
    expect([0, 1, 32, 33, 256, 4096].map(bitSetWords)).toEqual([0, 1, 1, 2, 8, 128]);
  });

  it('set and clear single bits, the 31st of a word among them', () => {
    const pool = emptySet();
    for (const bit of [0, 31, 32, 63, 99]) {
      setBit(pool, MARGIN, bit);
      expect(testBit(pool, MARGIN, bit)).toBe(true);
    }
    expect(members(pool).filter(Boolean)).toHaveLength(5);
    clearBit(pool, MARGIN, 31);
    expect(testBit(pool, MARGIN, 31)).toBe(false);
    expect(testBit(pool, MARGIN, 32)).toBe(true);
    expect(guards(pool)).toEqual([GUARD, GUARD, GUARD, GUARD]);
  });

  it('set and clear runs, and nothing beside them', () => {
    fc.assert(
      fc.property(someSet, run, fc.boolean(), (pool, [from, count], on) => {
        const expected = members(pool).map((bit, at) =>
          at >= from && at < from + count ? on : bit,
        );
        (on ? setBits : clearBits)(pool, MARGIN, from, count);
        expect(members(pool)).toEqual(expected);
        expect(guards(pool)).toEqual([GUARD, GUARD, GUARD, GUARD]);
      }),
    );
  });

  it('tell whether a run holds a set bit', () => {
    fc.assert(
      fc.property(someSet, run, (pool, [from, count]) => {
        const expected = members(pool)
          .slice(from, from + count)
          .some(Boolean);
        expect(anyBit(pool, MARGIN, from, count)).toBe(expected);
      }),
    );
  });

  it('find the nearest bit in either direction', () => {
    fc.assert(
      fc.property(someSet, index, fc.integer({ min: 0, max: BITS }), (pool, from, limit) => {
        const bits = members(pool);
        expect(lastBitUpTo(pool, MARGIN, from)).toBe(bits.lastIndexOf(true, from));
        const below = bits.slice(0, limit);
        expect(firstBitFrom(pool, MARGIN, from, limit)).toBe(below.indexOf(true, from));
        expect(firstClearBitFrom(pool, MARGIN, from, limit)).toBe(below.indexOf(false, from));
      }),
    );
  });
});
