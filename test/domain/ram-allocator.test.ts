import { describe, expect, test } from 'vitest';
import { type CapRef, errorChain, MIB, OK, PAGE_BYTES } from '../../src/base/index.js';
import { RamAllocator } from '../../src/domain/index.js';
import { CapType, WellKnown } from '../../src/kernel/index.js';
import { KernelRig } from '../support/kernel-rig.js';
import { Random } from '../support/random.js';

const SEED = 20261126;

/** An allocator over two RAM capabilities of different sizes, and the pages that they have. */
function setUp() {
  const rig = new KernelRig();
  const ram = new RamAllocator(rig.inv);
  const caps = [rig.make(CapType.RAM, 2 * MIB), rig.make(CapType.RAM, 300 * 4096, MIB)];
  const pages = new Set<number>();
  const ends: number[] = [];
  for (const cap of caps) {
    expect(ram.add(cap)).toBe(OK);
    expect(rig.inv.identify(cap)).toBe(OK);
    const { base, bytes } = rig.inv.identity;
    for (let at = base; at < base + bytes; at += PAGE_BYTES) pages.add(at);
    ends.push(base + bytes);
  }
  return { rig, ram, caps, pages, ends };
}

/** Whether `bytes` at `address` are all free. */
function isFree(free: ReadonlySet<number>, address: number, bytes: number): boolean {
  for (let at = address; at < address + bytes; at += PAGE_BYTES) if (!free.has(at)) return false;
  return true;
}

describe('the RAM of a domain', () => {
  test('is split and joined with nothing lost, against a plain set of pages', () => {
    const { ram, pages: free, ends } = setUp();
    const all = free.size;
    const random = new Random(SEED);
    const taken: { address: number; bytes: number }[] = [];
    for (let round = 0; round < 4000; round += 1) {
      const where = `seed ${SEED}, round ${round}`;
      if (taken.length > 0 && random.chance(0.48)) {
        const [range] = taken.splice(random.below(taken.length), 1);
        const { address, bytes } = range as (typeof taken)[number];
        expect(ram.free(address, bytes), where).toBe(OK);
        for (let at = address; at < address + bytes; at += PAGE_BYTES) free.add(at);
      } else {
        const bytes = random.pick([1, 1, 2, 3, 4, 7, 16, 40, 256]) * PAGE_BYTES;
        const alignment = random.pick([1, 1, 2, 4, 16, 256]) * PAGE_BYTES;
        const odd = random.chance(0.2) ? random.below(PAGE_BYTES - 1) + 1 : 0;
        const address = ram.allocate(bytes - odd, alignment);
        // The lowest place that fits, in the first capability that has one.
        const fits = [...free].filter(
          (at) =>
            at % alignment === 0 &&
            isFree(free, at, bytes) &&
            !ends.some((end) => at < end && end < at + bytes),
        );
        if (address < 0) {
          expect(fits, where).toEqual([]);
          expect(errorChain(-address)).toEqual(['MM_ERR_NOT_FOUND', 'LIB_ERR_RAM_ALLOC']);
          continue;
        }
        expect(address, where).toBe(Math.min(...fits));
        for (let at = address; at < address + bytes; at += PAGE_BYTES) free.delete(at);
        taken.push({ address, bytes });
      }
      expect(ram.freePages, where).toBe(free.size);
    }
    const ranges = [...taken].sort((left, right) => left.address - right.address);
    expect(ram.taken().sort((left, right) => left.address - right.address)).toEqual(ranges);
    for (const { address, bytes } of taken) expect(ram.free(address, bytes)).toBe(OK);
    expect(ram.freePages).toBe(all);
    expect(ram.totalPages).toBe(all);
    // All in one piece again.
    expect(ram.allocate(2 * MIB)).toBeGreaterThan(0);
  });

  test('is given back only as it was given out', () => {
    const { ram } = setUp();
    const address = ram.allocate(4 * PAGE_BYTES);
    const free = ram.freePages;
    for (const [at, bytes] of [
      [address, PAGE_BYTES],
      [address, 5 * PAGE_BYTES],
      [address + PAGE_BYTES, 3 * PAGE_BYTES],
      [address + 4 * PAGE_BYTES, PAGE_BYTES],
      [address + 1, 4 * PAGE_BYTES],
      [0, PAGE_BYTES],
    ] as const) {
      expect(errorChain(ram.free(at, bytes))).toEqual(['MM_ERR_NOT_OWNED']);
    }
    expect(ram.freePages).toBe(free);
    expect(ram.free(address, 4 * PAGE_BYTES)).toBe(OK);
    expect(errorChain(ram.free(address, 4 * PAGE_BYTES))).toEqual(['MM_ERR_NOT_OWNED']);
    expect(ram.take(address + PAGE_BYTES, PAGE_BYTES)).toBe(address + PAGE_BYTES);
    expect(ram.take(address, 2 * PAGE_BYTES)).toBeLessThan(0);
  });

  test('is RAM, and everything once', () => {
    const { rig, ram, caps } = setUp();
    const frame = rig.make(CapType.FRAME, PAGE_BYTES);
    expect(errorChain(ram.add(frame))).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    expect(errorChain(ram.add(caps[0] as CapRef))).toEqual(['MM_ERR_ALREADY_PRESENT']);
    expect(errorChain(ram.add(WellKnown.RAM))).toEqual(['MM_ERR_ALREADY_PRESENT']);
    for (const [bytes, alignment] of [
      [0, PAGE_BYTES],
      [-1, PAGE_BYTES],
      [Number.NaN, PAGE_BYTES],
      [PAGE_BYTES, 0],
      [PAGE_BYTES, 6000],
    ] as const) {
      expect(errorChain(-ram.allocate(bytes, alignment))).toEqual([
        'LIB_ERR_RAM_ALLOC_WRONG_SIZE',
        'LIB_ERR_RAM_ALLOC',
      ]);
    }
  });
});
