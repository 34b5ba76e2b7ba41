import { describe, expect, test } from 'vitest';
import { Code, capRef, MIB, OK } from '../../src/base/index.js';
import {
  Domain,
  RangeSlotAllocator,
  SingleSlotAllocator,
  spawnEmpty,
} from '../../src/domain/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';

function bootDomain(): Domain {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 128 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
  });
  return Domain.boot(new Kernel(machine), 96 * MIB);
}

describe('the two-level slot allocator', () => {
  test('grows by CNodes and a larger root, and never hands out a slot twice', () => {
    const { slots, invocations } = bootDomain();
    const seen = new Set<number>();
    for (let index = 0; index < 300 * 256; index += 1) {
      const slot = slots.allocate();
      expect(slot).toBeGreaterThanOrEqual(0);
      seen.add(slot);
    }
    expect(seen.size).toBe(300 * 256);
    expect(invocations.typeName(capRef(Math.max(...seen)))).toBe('Null');
    for (const slot of seen) expect(slots.free(capRef(slot))).toBe(OK);
    const again = new Set<number>();
    for (let index = 0; index < 300 * 256; index += 1) again.add(slots.allocate());
    expect(again).toEqual(seen);
  });

  test('gives back the root CNode that its parent made for it, once a larger one serves', () => {
    const parent = bootDomain();
    const { domain } = spawnEmpty(parent, { ramBytes: 16 * MIB });
    const { slots, ram } = domain;
    const used = (): number => ram.totalPages - ram.freePages;
    const before = used();
    // Until the 256 slots of the first root hold CNodes; each of those takes four pages, and so did it.
    let cnodes = 0;
    for (let total = 0; used() - before - 4 * cnodes < 4; ) {
      expect(slots.allocate()).toBeGreaterThanOrEqual(0);
      total += 1;
      cnodes = Math.ceil(total / 256);
      expect(total).toBeLessThan(300 * 256);
    }
    // The new root takes eight pages, and the four of the old one are free.
    expect(used() - before).toBe(4 * cnodes + 8 - 4);
    expect(cnodes).toBeGreaterThan(200);
  });

  test('gets over an old root CNode that could not be dropped', () => {
    const { slots, invocations } = bootDomain();
    const real = invocations.destroy.bind(invocations);
    let refused = 0;
    invocations.destroy = (...args) => {
      refused += 1;
      return refused === 1 ? Code.SYS_ERR_OUT_OF_CAPABILITIES : real(...args);
    };
    // Far enough for the root to be doubled twice.
    for (let total = 0; total < 520 * 256; total += 1) {
      expect(slots.allocate()).toBeGreaterThanOrEqual(0);
    }
    expect(refused).toBe(3);
  });

  test('refuses a slot that is free already, or is not its own', () => {
    const { slots } = bootDomain();
    const slot = capRef(slots.allocate());
    expect(slots.free(slot)).toBe(OK);
    expect(slots.free(slot)).not.toBe(OK);
    expect(slots.free(capRef(0x123_4567))).not.toBe(OK);
    expect(slots.free(capRef(-3))).not.toBe(OK);
  });
});

describe('allocators of one CNode', () => {
  test('single slots run out by name', () => {
    const slots = new SingleSlotAllocator(9, 4, 6);
    expect(slots.allocate()).toBe(9 * 256 + 4);
    expect(slots.allocate()).toBe(9 * 256 + 5);
    expect(slots.allocate()).toBeLessThan(0);
    expect(slots.free(capRef(9 * 256 + 4))).toBe(OK);
    expect(slots.allocate()).toBe(9 * 256 + 4);
  });

  test('ranges take the lowest run that fits', () => {
    const slots = new RangeSlotAllocator(2);
    expect(slots.allocate(10)).toBe(512);
    expect(slots.allocate(200)).toBe(522);
    expect(slots.free(capRef(512), 10)).toBe(OK);
    expect(slots.free(capRef(512), 10)).not.toBe(OK);
    expect(slots.allocate(11)).toBe(722);
    expect(slots.allocate(10)).toBe(512);
    expect(slots.allocate(100)).toBeLessThan(0);
    expect(slots.isEmpty).toBe(false);
  });
});
