import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_REGION, RegionTree } from '../../src/base/region-tree.js';

interface Region {
  base: number;
  bytes: number;
  id: number;
}

/** The same thing as a sorted array that is searched from the start. */
class Naive {
  regions: Region[] = [];

  insert(base: number, bytes: number, id: number): boolean {
    if (bytes <= 0 || base < 0 || this.overlaps(base, bytes)) return false;
    this.regions.push({ base, bytes, id });
    this.regions.sort((a, b) => a.base - b.base);
    return true;
  }

  remove(base: number): number {
    const at = this.regions.findIndex((region) => region.base === base);
    return at < 0 ? -1 : (this.regions.splice(at, 1)[0]?.id ?? -1);
  }

  floor(address: number): Region | undefined {
    return this.regions.findLast((region) => region.base <= address);
  }

  find(address: number): number {
    return this.regions.find((r) => r.base <= address && address < r.base + r.bytes)?.id ?? -1;
  }

  overlaps(base: number, bytes: number): boolean {
    return bytes > 0 && this.regions.some((r) => r.base < base + bytes && base < r.base + r.bytes);
  }

  firstGap(from: number, end: number, bytes: number, alignment: number): number {
    if (bytes <= 0) return -1;
    const up = (address: number) =>
      Number(((BigInt(address) + BigInt(alignment) - 1n) / BigInt(alignment)) * BigInt(alignment));
    let low = up(from);
    for (const region of this.regions) {
      if (region.base + region.bytes <= low) continue;
      if (low + bytes <= region.base) break;
      low = up(region.base + region.bytes);
    }
    return low + bytes <= end ? low : -1;
  }

  lastGap(from: number, end: number, bytes: number, alignment: number): number {
    if (bytes <= 0) return -1;
    const last = Math.floor((end - bytes) / alignment) * alignment;
    for (let at = last; at >= from; at -= alignment) if (!this.overlaps(at, bytes)) return at;
    return -1;
  }
}

function contents(tree: RegionTree): Region[] {
  const regions: Region[] = [];
  for (let region = tree.first(); region !== NO_REGION; region = tree.next(region)) {
    regions.push({
      base: tree.baseOf(region),
      bytes: tree.bytesOf(region),
      id: tree.idOf(region),
    });
  }
  return regions;
}

const PAGE = 4096;

describe('RegionTree', () => {
  it('is empty at first', () => {
    const tree = new RegionTree();
    expect(tree.size).toBe(0);
    expect(tree.first()).toBe(NO_REGION);
    expect(tree.floor(2 ** 40)).toBe(NO_REGION);
    expect(tree.find(0)).toBe(-1);
    expect(tree.find(Number.POSITIVE_INFINITY)).toBe(-1);
    expect(tree.remove(0)).toBe(-1);
    expect(tree.overlaps(0, 2 ** 40)).toBe(false);
    expect(tree.firstGap(5, 100, 10, 8)).toBe(8);
    expect(tree.firstGap(5, 17, 10, 8)).toBe(-1);
  });

  it('refuses what is empty, below zero or overlaps', () => {
    const tree = new RegionTree();
    expect(tree.insert(PAGE, PAGE, 7)).toBe(true);
    expect(tree.insert(0, 0, 1)).toBe(false);
    expect(tree.insert(0, -1, 1)).toBe(false);
    expect(tree.insert(-1, 1, 1)).toBe(false);
    expect(tree.insert(Number.NaN, 1, 1)).toBe(false);
    expect(tree.insert(0, PAGE + 1, 1)).toBe(false);
    expect(tree.insert(2 * PAGE - 1, 1, 1)).toBe(false);
    expect(tree.insert(PAGE, PAGE, 1)).toBe(false);
    expect(tree.insert(0, 3 * PAGE, 1)).toBe(false);
    expect(contents(tree)).toEqual([{ base: PAGE, bytes: PAGE, id: 7 }]);
  });

  it('holds neighbours that touch, each with its own id', () => {
    const tree = new RegionTree();
    expect(tree.insert(PAGE, PAGE, 1)).toBe(true);
    expect(tree.insert(0, PAGE, 0)).toBe(true);
    expect(tree.insert(2 * PAGE, PAGE, 2)).toBe(true);
    expect([0, PAGE - 1, PAGE, 3 * PAGE - 1, 3 * PAGE].map((at) => tree.find(at))).toEqual([
      0, 0, 1, 2, -1,
    ]);
    expect(tree.firstGap(0, 4 * PAGE, PAGE, 1)).toBe(3 * PAGE);
    expect(tree.firstGap(0, 4 * PAGE - 1, PAGE, 1)).toBe(-1);
  });

  it('removes only by the exact base', () => {
    const tree = new RegionTree();
    tree.insert(PAGE, PAGE, 3);
    expect(tree.remove(PAGE + 1)).toBe(-1);
    expect(tree.remove(0)).toBe(-1);
    expect(tree.remove(PAGE)).toBe(3);
    expect(tree.remove(PAGE)).toBe(-1);
    expect(tree.size).toBe(0);
  });

  it('is exact up to 2^40', () => {
    const tree = new RegionTree();
    const top = 2 ** 40;
    expect(tree.insert(top - 1, 1, 1)).toBe(true);
    expect(tree.insert(2 ** 39 + 1, 2 ** 39 - 2, 2)).toBe(true);
    expect(tree.find(2 ** 39)).toBe(-1);
    expect(tree.find(top - 2)).toBe(2);
    expect(tree.find(top - 1)).toBe(1);
    expect(tree.firstGap(2 ** 39, top, 1, 1)).toBe(2 ** 39);
    expect(tree.firstGap(1, top, 2 ** 38, 3 * 2 ** 30)).toBe(3 * 2 ** 30);
  });

  it('aligns to any positive multiple', () => {
    const tree = new RegionTree();
    tree.insert(0, 10, 0);
    tree.insert(25, 5, 1);
    expect(tree.firstGap(0, 100, 5, 7)).toBe(14);
    expect(tree.firstGap(0, 100, 12, 7)).toBe(35);
    expect(tree.firstGap(0, 100, 12, 13)).toBe(13);
    expect(tree.firstGap(14, 100, 12, 13)).toBe(39);
    expect(tree.firstGap(0, 100, 1, 99)).toBe(99);
    expect(tree.firstGap(0, 100, 2, 99)).toBe(-1);
  });

  it('finds the only gap among many that are too small, and none when `end` cuts it off', () => {
    const tree = new RegionTree();
    const count = 10_000;
    for (let index = 0; index < count; index += 1) {
      const moved = index === count - 1 ? 2 * PAGE : 0;
      expect(tree.insert(index * 2 * PAGE + moved, PAGE, index)).toBe(true);
    }
    const gap = (2 * count - 3) * PAGE;
    expect(tree.firstGap(0, 2 ** 32, 3 * PAGE, PAGE)).toBe(gap);
    expect(tree.firstGap(gap, gap + 3 * PAGE, 3 * PAGE, PAGE)).toBe(gap);
    expect(tree.firstGap(0, gap + 3 * PAGE - 1, 3 * PAGE, PAGE)).toBe(-1);
    expect(tree.firstGap(gap + 1, gap + 5 * PAGE, 3 * PAGE, PAGE)).toBe(-1);
  });

  it('stays balanced when it grows and shrinks in order', () => {
    const tree = new RegionTree();
    const count = 50_000;
    for (let index = 0; index < count; index += 1) tree.insert(index * PAGE, PAGE, index);
    for (let index = 0; index < count; index += 1) {
      if (index % 5000 === 0) expect(tree.find(count * PAGE - 1)).toBe(count - 1);
      expect(tree.remove(index * PAGE)).toBe(index);
    }
    for (let index = count; index > 0; index -= 1) tree.insert(index * PAGE, PAGE, index);
    expect(tree.size).toBe(count);
    expect(tree.firstGap(0, 2 ** 32, PAGE, PAGE)).toBe(0);
    expect(tree.firstGap(1, 2 ** 32, PAGE, PAGE)).toBe((count + 1) * PAGE);
  });

  it('agrees with a sorted array, whatever is done', () => {
    // A small space in odd units, so that regions touch, collide and fill it up.
    const place = fc.nat(600);
    const operation = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(fc.constant('insert'), place, fc.nat(6)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('remove'), place, fc.constant(0)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('purge'), place, fc.nat(100)) },
    );
    const unit = fc.constantFrom(1, 3, 4096, 2 ** 20, 2 ** 30 + 1);
    const query = fc.tuple(place, place, fc.nat(12), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(
        unit,
        fc.array(operation, { minLength: 1, maxLength: 400, size: 'max' }),
        fc.array(query, { minLength: 20, maxLength: 20 }),
        (scale, operations, queries) => {
          const tree = new RegionTree();
          const naive = new Naive();
          for (const [index, [name, at, size]] of operations.entries()) {
            const base = at * scale;
            if (name === 'insert') {
              expect(tree.insert(base, size * scale, index)).toBe(
                naive.insert(base, size * scale, index),
              );
            } else if (name === 'remove') {
              const start = naive.floor(base)?.base ?? base;
              expect(tree.remove(start)).toBe(naive.remove(start));
            } else {
              // A stretch at once, so that whole nodes run empty.
              for (const region of naive.regions.filter((r) => r.base >= base).slice(0, size)) {
                expect(tree.remove(region.base)).toBe(naive.remove(region.base));
              }
            }
          }
          expect(tree.size).toBe(naive.regions.length);
          expect(contents(tree)).toEqual(naive.regions);
          for (const [x, y, size, multiple] of queries) {
            const address = x * scale + (y % 3) - 1;
            const floor = tree.floor(address);
            expect(floor === NO_REGION ? undefined : tree.idOf(floor)).toBe(
              naive.floor(address)?.id,
            );
            expect(tree.find(address)).toBe(naive.find(address));
            expect(tree.overlaps(address, size)).toBe(naive.overlaps(address, size));
            for (const alignment of [1, multiple, multiple * scale]) {
              for (const bytes of [size, size * scale]) {
                const from = Math.max(address, 0);
                const end = (x + y) * scale;
                expect(tree.firstGap(from, end, bytes, alignment)).toBe(
                  naive.firstGap(from, end, bytes, alignment),
                );
              }
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('agrees with a sorted array at thousands of regions', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5000), { minLength: 3000, maxLength: 3000 }),
        fc.array(fc.tuple(fc.nat(5000), fc.integer({ min: 1, max: 8 })), {
          minLength: 50,
          maxLength: 50,
        }),
        (places, queries) => {
          const tree = new RegionTree();
          const held = new Map<number, number>();
          for (const [index, place] of places.entries()) {
            if (held.delete(place)) {
              expect(tree.remove(place * PAGE)).toBeGreaterThanOrEqual(0);
            } else {
              held.set(place, index);
              expect(tree.insert(place * PAGE, PAGE, index)).toBe(true);
            }
          }
          const naive = new Naive();
          naive.regions = [...held]
            .sort(([a], [b]) => a - b)
            .map(([place, id]) => ({ base: place * PAGE, bytes: PAGE, id }));
          expect(contents(tree)).toEqual(naive.regions);
          for (const [from, pages] of queries) {
            for (const alignment of [1, pages, 3, 64]) {
              const args = [from * PAGE, 2 ** 25, pages * PAGE, alignment * PAGE] as const;
              expect(tree.firstGap(...args)).toBe(naive.firstGap(...args));
            }
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('finds the highest gap as a search from above does', () => {
    const region = fc.record({ base: fc.nat(600), bytes: fc.integer({ min: 1, max: 9 }) });
    const query = fc.record({
      from: fc.nat(300),
      end: fc.nat(700),
      bytes: fc.integer({ min: 1, max: 40 }),
      alignment: fc.constantFrom(1, 2, 7, 16),
    });
    fc.assert(
      fc.property(fc.array(region, { maxLength: 120 }), fc.array(query), (regions, queries) => {
        const tree = new RegionTree();
        const naive = new Naive();
        for (const [id, { base, bytes }] of regions.entries()) {
          tree.insert(base, bytes, id);
          naive.insert(base, bytes, id);
        }
        for (const { from, end, bytes, alignment } of queries) {
          const wanted = naive.lastGap(from, end, bytes, alignment);
          expect(tree.lastGap(from, end, bytes, alignment)).toBe(wanted);
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
