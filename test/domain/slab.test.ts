import { describe, expect, test } from 'vitest';
import { Code, OK } from '../../src/base/index.js';
import { Slab } from '../../src/domain/slab.js';
import { Random } from '../support/random.js';

const SEED = 20261126;

describe('a slab', () => {
  test('gives each block once, and all of them', () => {
    const slab = new Slab(64);
    expect(slab.allocate()).toBe(0);
    expect(slab.grow(4096 + 63)).toBe(64);
    const blocks = Array.from({ length: 64 }, () => slab.allocate());
    expect(new Set(blocks).size).toBe(64);
    expect(Math.min(...blocks)).toBe(1);
    expect(slab.allocate()).toBe(0);
    expect([slab.capacity, slab.freeCount, slab.usedCount]).toEqual([64, 0, 64]);
    for (const block of blocks) slab.release(block);
    expect([slab.capacity, slab.freeCount, slab.usedCount]).toEqual([64, 64, 0]);
  });

  test('shrinks by what it grew, in whatever order blocks came back', () => {
    const random = new Random(SEED);
    for (let round = 0; round < 50; round += 1) {
      const slab = new Slab(16);
      slab.grow(16 * (1 + random.below(20)));
      const old = slab.capacity;
      const kept = Array.from({ length: random.below(old) }, () => slab.allocate());
      const added = slab.grow(16 * (1 + random.below(20)));
      const used: number[] = [];
      while (slab.freeCount > random.below(4)) used.push(slab.allocate());
      while (used.length > 0) slab.release(used.splice(random.below(used.length), 1)[0] as number);
      slab.shrink(added);
      expect([slab.capacity, slab.usedCount], `seed ${SEED}, round ${round}`).toEqual([
        old,
        kept.length,
      ]);
      const rest = Array.from({ length: slab.freeCount }, () => slab.allocate());
      const all = [...kept, ...rest].sort((left, right) => left - right);
      expect(all).toEqual(Array.from({ length: old }, (_, index) => index + 1));
    }
  });

  test('is refilled by its function, or says that it has none', () => {
    const slab = new Slab(32);
    expect(slab.reserve(0)).toBe(OK);
    expect(slab.reserve(1)).toBe(Code.LIB_ERR_SLAB_ALLOC_FAIL);
    slab.refill = (short, blocks) => {
      short.grow(blocks * 32);
      return OK;
    };
    expect(slab.reserve(5)).toBe(OK);
    expect(slab.freeCount).toBe(5);
    slab.refill = () => Code.LIB_ERR_FRAME_ALLOC;
    expect(slab.reserve(5)).toBe(OK);
    expect(slab.reserve(6)).toBe(Code.LIB_ERR_FRAME_ALLOC);
  });
});
