import { describe, expect, test, vi } from 'vitest';
import { type CapRef, Code, MIB, PAGE_BYTES } from '../../src/base/index.js';
import { Domain, MappingInfo, VRegionFlags } from '../../src/domain/index.js';
import { PmapRange } from '../../src/domain/pmap-range.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { auditKernel } from '../support/kernel-audit.js';
import { Random } from '../support/random.js';
import { auditSpace } from '../support/space-audit.js';

const { READ, READ_WRITE, WRITE_COMBINING, OLD } = VRegionFlags;
const BASE = 0x5000_0000;
const FIRST = BASE / PAGE_BYTES;
/** Pages that lie close together, in two tables. */
const PAGES = 320;

/** A domain whose pmap makes blocks however few records it has, or only with more than a page of them. */
function setUp(few?: number) {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 64 * MIB);
  const { pmap } = domain;
  const audit = (): string[] => [
    ...auditKernel(kernel),
    ...auditSpace({ kernel, pmap, manager: domain, number: domain.number }),
  ];
  const { leaves } = pmap.core.shadow;
  if (few !== undefined) leaves.blocks.few = few;
  return { domain, pmap, audit, leaves, blocks: leaves.blocks };
}

/** What a page is mapped to. */
interface Place {
  readonly frame: CapRef;
  readonly page: number;
  readonly flags: number;
}

describe('single pages that lie close together', () => {
  test('have records as long as those fit in a page', () => {
    const { domain, pmap, blocks } = setUp();
    const frame = domain.allocateFrame(MIB);
    for (let page = 0; page < 80; page += 1) {
      pmap.map(BASE + page * PAGE_BYTES, frame, page * PAGE_BYTES, PAGE_BYTES, READ);
    }
    expect(blocks.heldCount).toBe(0);
    expect(blocks.slab.capacity).toBe(0);
    for (let page = 80; page < 256; page += 1) {
      pmap.map(BASE + page * PAGE_BYTES, frame, page * PAGE_BYTES, PAGE_BYTES, READ);
    }
    expect(blocks.heldCount).toBeGreaterThan(100);
  });

  test('take few bytes each, and give them back with their table', () => {
    const { domain, pmap, audit, leaves, blocks } = setUp(0);
    const frame = domain.allocateFrame(MIB);
    const before = pmap.measure();
    const map = (page: number): void => {
      pmap.map(BASE + page * PAGE_BYTES, frame, page * PAGE_BYTES, PAGE_BYTES, READ);
    };
    for (let page = 0; page < 15; page += 1) map(page);
    expect(blocks.heldCount).toBe(0);
    for (let page = 15; page < 256; page += 1) map(page);
    // A page for which records had to be found first has one.
    expect(blocks.heldCount).toBeGreaterThan(250);
    expect(audit()).toEqual([]);
    const full = pmap.measure();
    expect(full.mappings - before.mappings).toBeGreaterThanOrEqual(256);
    // The table, four blocks, the facts of two CNodes, and the records of the metadata itself.
    expect(full.metadata.used - before.metadata.used).toBeLessThan(
      96 + 4 * 256 + 2 * 2048 + 10 * 36,
    );
    for (let page = 0; page < 256; page += 1) pmap.unmap(BASE + page * PAGE_BYTES, PAGE_BYTES);
    expect(blocks.heldCount).toBe(0);
    expect(blocks.slab.usedCount).toBe(4);
    pmap.trim();
    expect(blocks.slab.usedCount).toBe(0);
    expect(leaves.facts.slab.usedCount).toBe(0);
    expect(pmap.measure().metadata.used).toBeLessThanOrEqual(before.metadata.used + 10 * 36);
    expect(audit()).toEqual([]);
  });

  test('have records again where few of many are left, so that none takes more than 40 bytes', () => {
    const { domain, pmap, audit, leaves, blocks } = setUp();
    const frame = domain.allocateFrame(MIB);
    const pages = 12 * 1024;
    const random = new Random(1);
    const order = Array.from({ length: pages }, (_, page) => page);
    for (let index = pages - 1; index > 0; index -= 1) {
      const other = random.below(index + 1);
      [order[index], order[other]] = [order[other] ?? 0, order[index] ?? 0];
    }
    const bound = (): number => 40 * leaves.usedCount + 32 * 1024;
    for (const [index, page] of order.entries()) {
      pmap.map(BASE + page * PAGE_BYTES, frame, (page % 256) * PAGE_BYTES, PAGE_BYTES, READ);
      if (index % 256 === 0) expect(leaves.usedBytes).toBeLessThanOrEqual(bound());
    }
    expect(blocks.heldCount).toBeGreaterThan(pages * 0.99);
    expect(leaves.usedBytes).toBeLessThan(14 * pages);
    const left = pages / 64;
    for (const page of order.slice(left)) pmap.unmap(BASE + page * PAGE_BYTES, PAGE_BYTES);
    expect(blocks.slab.usedCount).toBeLessThan(pages / 64);
    pmap.trim();
    expect(leaves.usedBytes).toBeLessThanOrEqual(bound());
    expect(audit()).toEqual([]);
    for (const page of order.slice(0, left)) {
      expect(pmap.lookup(BASE + page * PAGE_BYTES)?.framePage).toBe(page % 256);
    }
  }, 60_000);

  test('have a record like any other where their facts do not fit in', () => {
    const { domain, pmap, audit, leaves, blocks } = setUp(0);
    const { facts } = leaves;
    expect(facts.fits(2 ** 24 - 1, 2 ** 18 - 1, 2 ** 13 - 1)).toBe(true);
    for (const [slot, offset, flags] of [
      [2 ** 24, 0, 0],
      [1, 2 ** 18, 0],
      [1, 0, 2 ** 13],
      [-1, 0, 0],
    ] as const) {
      expect(facts.fits(slot, offset, flags)).toBe(false);
      expect(facts.put(slot, 1, offset, flags)).toBe(false);
    }
    const frame = domain.allocateFrame(MIB);
    const fits = vi.spyOn(facts, 'fits').mockReturnValue(false);
    for (let page = 0; page < 64; page += 1) {
      pmap.map(BASE + page * PAGE_BYTES, frame, page * PAGE_BYTES, PAGE_BYTES, READ);
    }
    expect(fits).toHaveBeenCalled();
    expect(blocks.heldCount).toBe(0);
    expect(audit()).toEqual([]);
    fits.mockRestore();
    for (let page = 0; page < 64; page += 1) {
      expect(pmap.lookup(BASE + page * PAGE_BYTES)?.framePage).toBe(page);
      pmap.unmap(BASE + page * PAGE_BYTES, PAGE_BYTES);
    }
    expect(audit()).toEqual([]);
  });

  test('do without blocks where there is no memory for them', () => {
    const { domain, pmap, audit, blocks } = setUp(0);
    const frame = domain.allocateFrame(MIB);
    const { metadata } = domain;
    const usual = metadata.refill.bind(metadata);
    const refill = vi.spyOn(metadata, 'refill');
    refill.mockImplementation((core, records, tables, other) =>
      other === undefined ? usual(core, records, tables) : Code.LIB_ERR_PMAP_METADATA_FULL,
    );
    for (let page = 0; page < 100; page += 1) {
      pmap.map(BASE + page * PAGE_BYTES, frame, page * PAGE_BYTES, PAGE_BYTES, READ);
    }
    expect(blocks.heldCount).toBe(0);
    refill.mockRestore();
    pmap.map(BASE + 100 * PAGE_BYTES, frame, 0, PAGE_BYTES, READ);
    expect(audit()).toEqual([]);
  });

  test.each([1, 2, 3])('are what a plain map of pages says, seed %i', (seed) => {
    const random = new Random(seed);
    const { domain, pmap, audit, blocks } = setUp(0);
    const range = new PmapRange(pmap);
    const frames = [1, 2, 3].map(() => domain.allocateFrame(MIB));
    const model = new Map<number, Place>();
    const info = new MappingInfo();
    const flagSets = [READ, READ_WRITE, READ | WRITE_COMBINING, READ_WRITE | OLD];
    let most = 0;
    for (let step = 0; step < 3_000; step += 1) {
      const page = FIRST + random.below(PAGES);
      const flags = flagSets[random.below(flagSets.length)] ?? READ;
      const what = random.below(10);
      const free = !model.has(page);
      if (what < 6 && free) {
        const pages = what < 5 || model.has(page + 1) ? 1 : 2;
        const frame = frames[random.below(frames.length)] ?? (0 as CapRef);
        const from = random.below(254);
        pmap.map(page * PAGE_BYTES, frame, from * PAGE_BYTES, pages * PAGE_BYTES, flags);
        for (let at = 0; at < pages; at += 1)
          model.set(page + at, { frame, page: from + at, flags });
      } else if (what < 7) {
        range.unmap(page, page + 1 + random.below(4));
        for (const at of [...model.keys()])
          if (pmap.lookup(at * PAGE_BYTES) === undefined) model.delete(at);
      } else if (what < 9) {
        const end = page + 1 + random.below(12);
        range.change(page, end, () => flags);
        for (const [at, place] of model)
          if (at >= page && at < end) model.set(at, { ...place, flags });
      } else if (!free) {
        pmap.modifyFlags(page * PAGE_BYTES, PAGE_BYTES, flags);
        model.set(page, { ...(model.get(page) as Place), flags });
      }
      most = Math.max(most, blocks.heldCount);
      for (let at = page; at < page + 5; at += 1) {
        const found = pmap.lookup(at * PAGE_BYTES, info);
        const place = model.get(at);
        const where = `seed ${seed}, step ${step}, page ${at - FIRST}`;
        const seen = found && {
          frame: found.frame,
          page: found.framePage + at - found.page,
          flags: found.flags,
        };
        expect(seen, where).toEqual(place);
      }
      if (step % 200 === 0) expect(audit(), `seed ${seed}, step ${step}`).toEqual([]);
    }
    expect(most).toBeGreaterThan(60);
    expect(pmap.measure().mappings).toBe([...pmap.mappings()].length);
    const bytes = pmap.serialise();
    expect(bytes.records).toBe(pmap.measure().leaves.used + pmap.measure().tables.used);
  });
});
