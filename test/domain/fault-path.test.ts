import { describe, expect, test } from 'vitest';
import { MIB, PAGE_BYTES, VmError } from '../../src/base/index.js';
import {
  AppendObject,
  bytesSource,
  clock,
  copyIn,
  copyInString,
  copyOut,
  Domain,
  type FaultExplanation,
  FileObject,
  FilledObject,
  MemoryStore,
  NumaObject,
  OneFrameObject,
  Pager,
  VRegionFlags,
} from '../../src/domain/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';

const { READ, READ_WRITE, EXECUTE, LARGE } = VRegionFlags;

function setUp() {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 64 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 32 * MIB, { name: 'init' });
  kernel.run(domain.number);
  return { domain, cpu: machine.cpu, vspace: domain.vspace };
}

/** The error that `run` throws. */
function failure(run: () => unknown): VmError {
  try {
    run();
  } catch (error) {
    if (error instanceof VmError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a fault that is not resolved', () => {
  test('says what was tried, where, and which gate refused', () => {
    const { cpu, vspace } = setUp();
    const text = vspace.mapAnonymous(PAGE_BYTES, {
      name: 'text',
      flags: READ,
      maxFlags: READ | EXECUTE,
    });
    vspace.guard(PAGE_BYTES, { name: 'edge', at: 0x6000_0000 });
    vspace.reserve(PAGE_BYTES, { name: 'later', at: 0x6000_1000 });
    const cases: [() => unknown, string, string][] = [
      [() => cpu.store(text.base, 4, 1), 'LIB_ERR_VREGION_RIGHTS', 'maximum-protection'],
      [() => cpu.fetch(text.base), 'LIB_ERR_VREGION_RIGHTS', 'protection'],
      [() => cpu.load(0x6000_0004, 4), 'LIB_ERR_VREGION_GUARD', 'backing'],
      [() => cpu.load(0x6000_1004, 4), 'LIB_ERR_VREGION_RESERVED', 'backing'],
      [() => cpu.load(0x6000_3000, 4), 'LIB_ERR_VSPACE_REGION_NOT_FOUND', 'region'],
    ];
    for (const [run, code, gate] of cases) {
      const error = failure(run);
      expect(error.chain()).toEqual(['LIB_ERR_PAGEFAULT', code]);
      expect((error.cause?.evidence as FaultExplanation | undefined)?.gate).toBe(gate);
      expect(error.evidence).toHaveProperty('fault');
    }
    expect(failure(() => cpu.load(0x6000_3000, 4)).cause?.message).toContain(
      '`later` ends 4.0 K below',
    );
  });

  test('in the records of the pmap, in a loop, or inside itself has its own name', () => {
    const { cpu, domain, vspace } = setUp();
    const last = domain.metadata.base + domain.metadata.bytes - 4;
    expect(failure(() => cpu.load(last, 4)).chain()).toContain('LIB_ERR_PAGEFAULT_METADATA');
    const region = vspace.mapAnonymous(4 * PAGE_BYTES);
    const frame = domain.allocateFrame(PAGE_BYTES);
    const wrong = domain.faults.install('wrong page', ({ va }) => {
      domain.pmap.map(va + PAGE_BYTES, frame, 0, PAGE_BYTES, READ_WRITE);
      return true;
    });
    const loop = failure(() => cpu.load(region.base, 4));
    expect(loop.chain()).toContain('LIB_ERR_PAGEFAULT_LOOP');
    wrong();
    const self = domain.faults.install('needs itself', (abort) => {
      copyIn(domain, abort.va, 1);
      return true;
    });
    expect(failure(() => cpu.load(region.base, 4)).chain()).toContain(
      'LIB_ERR_PAGEFAULT_RECURSIVE',
    );
    self();
    expect(cpu.load(region.base, 4)).toBe(0);
  });
});

test('loads, stores, fetches, copies and strings take the same way', () => {
  const { cpu, domain, vspace } = setUp();
  const region = vspace.mapAnonymous(8 * PAGE_BYTES, { flags: READ_WRITE | EXECUTE });
  const at = region.base + PAGE_BYTES - 2;
  copyOut(domain, at, new TextEncoder().encode('paged'));
  expect(new TextDecoder().decode(copyInString(domain, at, 100))).toBe('paged');
  expect(copyIn(domain, region.base + 4 * PAGE_BYTES, 3)).toEqual(new Uint8Array(3));
  expect(cpu.fetch(region.base + 5 * PAGE_BYTES)).toBe(0);
  cpu.store(region.base + 6 * PAGE_BYTES - 2, 4, 0x1234_5678);
  expect(cpu.load(region.base + 6 * PAGE_BYTES - 2, 4)).toBe(0x1234_5678);
});

describe('memory objects of frames', () => {
  test('one-frame, lazy chunks, one map', () => {
    const { cpu, domain, vspace } = setUp();
    const frame = domain.allocateFrame(MIB);
    const whole = new OneFrameObject(domain.pool, frame, MIB);
    const eager = vspace.map(whole, { flags: READ_WRITE | LARGE });
    expect(domain.pmap.lookup(eager.base)?.leafBytes).toBe(MIB);
    vspace.protect(eager.base + 0x5000, 0x3000, READ);
    expect(failure(() => cpu.store(eager.base + 0x6000, 4, 1)).chain()).toContain(
      'LIB_ERR_VREGION_RIGHTS',
    );
    cpu.store(eager.base + 0x8000, 4, 8);
    vspace.unmap(eager.base + 0x4000, 0x10000);
    expect(cpu.load(eager.base + 0x14000, 4)).toBe(0);
    const lazy = new OneFrameObject(domain.pool, frame, MIB, 'lazy', 'one-frame-lazy', 0x8000);
    const chunks = vspace.map(lazy);
    expect(cpu.load(chunks.base + 0x8000, 4)).toBe(8);
    expect(domain.pmap.lookup(chunks.base + 0x8000)?.bytes).toBe(0x8000);
    expect(domain.pmap.lookup(chunks.base)).toBeUndefined();
    const once = new OneFrameObject(domain.pool, frame, MIB, 'once', 'one-frame-one-map');
    vspace.map(once);
    expect(failure(() => vspace.map(once)).code).toBe('LIB_ERR_MEMOBJ_MAPPED');
  });

  test('pinned, fixed, numa, append: filled, used, and taken out again', () => {
    const { cpu, domain, vspace } = setUp();
    const frames = [0, 1, 2].map(() => domain.allocateFrame(2 * PAGE_BYTES)) as [
      never,
      never,
      never,
    ];
    const pinned = new FilledObject(domain.pool, 4 * PAGE_BYTES, 'pinned');
    const region = vspace.map(pinned);
    expect(failure(() => cpu.load(region.base, 4)).chain()).toContain('LIB_ERR_MEMOBJ_UNFILLED');
    pinned.fill(0, 2 * PAGE_BYTES, frames[0]);
    cpu.store(region.base, 4, 5);
    expect(failure(() => pinned.fill(PAGE_BYTES, PAGE_BYTES, frames[1])).code).toBe(
      'LIB_ERR_MEMOBJ_FILLED',
    );
    expect(pinned.unfill(0, 2 * PAGE_BYTES)).toEqual([
      { frame: frames[0], offset: 0, bytes: 2 * PAGE_BYTES },
    ]);
    expect(failure(() => cpu.load(region.base, 4)).chain()).toContain('LIB_ERR_MEMOBJ_UNFILLED');
    const fixed = new FilledObject(domain.pool, 4 * PAGE_BYTES, 'fixed', 2 * PAGE_BYTES);
    expect(failure(() => fixed.fill(0, PAGE_BYTES, frames[0])).code).toBe('LIB_ERR_MEMOBJ_RANGE');
    fixed.fill(2 * PAGE_BYTES, 2 * PAGE_BYTES, frames[0]);
    expect(cpu.load(vspace.map(fixed).base + 2 * PAGE_BYTES, 4)).toBe(5);
    const numa = new NumaObject(domain.pool, [frames[1], frames[2]], 4 * PAGE_BYTES);
    const striped = vspace.map(numa);
    for (let page = 0; page < 4; page += 1) cpu.store(striped.base + page * PAGE_BYTES, 4, page);
    expect([0, 1, 2, 3].map((page) => numa.nodeOf(page * PAGE_BYTES))).toEqual([0, 1, 0, 1]);
    expect(domain.pmap.lookup(striped.base + 3 * PAGE_BYTES)).toMatchObject({
      frame: frames[2],
      offset: PAGE_BYTES,
    });
    const append = new AppendObject(domain.pool, 8 * PAGE_BYTES);
    const grown = vspace.map(append);
    append.append(PAGE_BYTES);
    cpu.store(grown.base, 4, 1);
    expect(failure(() => cpu.load(grown.base + PAGE_BYTES, 4)).chain()).toContain(
      'LIB_ERR_MEMOBJ_UNFILLED',
    );
    append.fill(PAGE_BYTES, PAGE_BYTES, frames[0]);
    expect(cpu.load(grown.base + PAGE_BYTES, 4)).toBe(5);
  });
});

describe('paging out', () => {
  test('a failed write keeps the page, and a failed read of a file is named', () => {
    const { cpu, domain, vspace } = setUp();
    const store = new MemoryStore(2);
    new Pager(domain.pool, { frames: 3, policy: clock, store });
    const region = vspace.mapAnonymous(8 * PAGE_BYTES);
    for (let page = 0; page < 5; page += 1) cpu.store(region.base + page * PAGE_BYTES, 4, page + 1);
    const full = failure(() => cpu.store(region.base + 5 * PAGE_BYTES, 4, 6));
    expect(full.chain()).toEqual(['LIB_ERR_PAGEFAULT', 'LIB_ERR_PAGER_STORE']);
    expect(domain.pool.usedPages).toBe(3);
    const pages = [0, 1, 2, 3, 4].filter((page) =>
      domain.pmap.lookup(region.base + page * PAGE_BYTES),
    );
    expect(pages).toHaveLength(3);
    for (const page of pages) expect(cpu.load(region.base + page * PAGE_BYTES, 4)).toBe(page + 1);
    const broken = new FileObject(domain.pool, {
      bytes: PAGE_BYTES,
      read: () => {
        throw new Error('the disk is gone');
      },
    });
    vspace.unmap(region.base, region.bytes);
    const { base } = vspace.map(broken);
    const error = failure(() => cpu.load(base, 4));
    expect(error.chain()).toEqual(['LIB_ERR_PAGEFAULT', 'LIB_ERR_MEMOBJ_SOURCE']);
    expect(error.cause?.message).toContain('the disk is gone');
  });

  test('only what was written is written back, pins stay, and a budget of pins ends', () => {
    const { cpu, domain, vspace } = setUp();
    const bytes = new Uint8Array(8 * PAGE_BYTES).fill(1);
    const store = new MemoryStore();
    const pager = new Pager(domain.pool, { frames: 5, policy: clock, store });
    const file = new FileObject(domain.pool, bytesSource(bytes), 'file', 'written-back');
    const region = vspace.map(file);
    for (let page = 0; page < 8; page += 1) cpu.load(region.base + page * PAGE_BYTES, 4);
    cpu.store(region.base, 1, 9);
    for (let page = 1; page < 8; page += 1) cpu.load(region.base + page * PAGE_BYTES, 4);
    expect([bytes[0], store.writes]).toEqual([9, 0]);
    file.pin(0, 2 * PAGE_BYTES);
    for (let page = 2; page < 8; page += 1) cpu.load(region.base + page * PAGE_BYTES, 4);
    expect(failure(() => file.pin(2 * PAGE_BYTES, 6 * PAGE_BYTES)).code).toBe(
      'LIB_ERR_PAGER_BUDGET',
    );
    file.unpin(0, 2 * PAGE_BYTES);
    expect(failure(() => file.unpin(0, PAGE_BYTES)).code).toBe('LIB_ERR_MEMOBJ_PIN');
    expect(failure(() => pager.setFrames(2)).code).toBe('LIB_ERR_PAGER_BUDGET');
  });
});
