import { describe, expect, test } from 'vitest';
import { MIB, type VmError } from '../../src/base/index.js';
import { Domain, VRegionFlags } from '../../src/domain/index.js';
import { Kind } from '../../src/format/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';

const A = 0x5000_0000;
const { READ, READ_WRITE, LARGE, HUGE } = VRegionFlags;

function setUp() {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 192 * MIB);
  kernel.run(domain.number);
  machine.cpu.privileged = false;
  return { machine, domain, pmap: domain.pmap };
}

/** Kinds and sizes of the Mappings from {@link A} on. */
function shape(pmap: Domain['pmap']): string[] {
  return [...pmap.mappings(A)].map(
    ({ address, bytes, kind }) => `${(address - A).toString(16)}+${bytes.toString(16)} ${kind}`,
  );
}

/** The chain of what `run` throws, outermost first; whatever it is, nothing has changed. */
function codes(pmap: Domain['pmap'], run: () => void): string[] {
  const before = JSON.stringify([shape(pmap), pmap.measure()]);
  let chain: string[] = [];
  try {
    run();
  } catch (error) {
    chain = (error as VmError).chain();
  }
  expect(JSON.stringify([shape(pmap), pmap.measure()])).toBe(before);
  return chain;
}

describe('split', () => {
  test('cuts a Mapping of small pages in two', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(0x8000);
    pmap.map(A, frame, 0, 0x8000, READ_WRITE);
    pmap.split(A + 0x3000);
    expect(shape(pmap)).toEqual([`0+3000 ${Kind.SMALL}`, `3000+5000 ${Kind.SMALL}`]);
    expect(pmap.unmap(A + 0x3000, 0x5000)).toBe(0x5000);
    expect(shape(pmap)).toEqual([`0+3000 ${Kind.SMALL}`]);
  });

  test('breaks a section of a supersection into pages, and the contents stay', () => {
    const { machine, domain, pmap } = setUp();
    const frame = domain.allocateFrame(32 * MIB);
    pmap.map(A, frame, 0, 32 * MIB, READ_WRITE | HUGE);
    expect(shape(pmap)).toEqual([`0+2000000 ${Kind.SUPERSECTION}`]);
    machine.cpu.store(A + 3 * MIB + 0x5000, 4, 77);
    pmap.split(A + 3 * MIB + 0x5000);
    expect(shape(pmap)).toEqual([
      `0+300000 ${Kind.SECTION}`,
      `300000+5000 ${Kind.SMALL}`,
      `305000+fb000 ${Kind.SMALL}`,
      `400000+c00000 ${Kind.SECTION}`,
      `1000000+1000000 ${Kind.SUPERSECTION}`,
    ]);
    expect(machine.cpu.load(A + 3 * MIB + 0x5000, 4)).toBe(77);
    pmap.modifyFlags(A + 3 * MIB, 0x5000, READ);
    expect(() => machine.cpu.store(A + 3 * MIB + 0x4000, 4, 1)).toThrow();
    machine.cpu.store(A + 3 * MIB + 0x5000, 4, 1);
  });

  test('breaks a large page, and is no change where a border is', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(0x30000);
    pmap.map(A, frame, 0, 0x30000, READ_WRITE | LARGE);
    expect(shape(pmap)).toEqual([`0+30000 ${Kind.LARGE}`]);
    pmap.split(A);
    pmap.split(A + 0x11000);
    expect(shape(pmap)).toEqual([
      `0+10000 ${Kind.LARGE}`,
      `10000+1000 ${Kind.SMALL}`,
      `11000+f000 ${Kind.SMALL}`,
      `20000+10000 ${Kind.LARGE}`,
    ]);
  });
});

describe('promote', () => {
  test('puts back what split broke, up to a supersection', () => {
    const { machine, domain, pmap } = setUp();
    const frame = domain.allocateFrame(16 * MIB);
    pmap.map(A, frame, 0, 16 * MIB, READ_WRITE | HUGE);
    const before = pmap.measure();
    machine.cpu.store(A + 3 * MIB + 0x5000, 4, 99);
    pmap.split(A + 3 * MIB + 0x5000);
    // A table stands among the sections: it has to go first.
    const pieces = shape(pmap);
    expect(codes(pmap, () => pmap.promote(A, 16 * MIB))).toEqual([
      'LIB_ERR_PMAP_PROMOTE',
      'LIB_ERR_PMAP_EXISTING_MAPPING',
    ]);
    expect(shape(pmap)).toEqual(pieces);
    pmap.promote(A + 3 * MIB, MIB);
    pmap.promote(A, 16 * MIB);
    expect(shape(pmap)).toEqual([`0+1000000 ${Kind.SUPERSECTION}`]);
    expect(pmap.measure()).toEqual(before);
    expect(machine.cpu.load(A + 3 * MIB + 0x5000, 4)).toBe(99);
  });

  test('makes large pages of pages that were mapped one by one', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(0x20000);
    for (let page = 0; page < 32; page += 1) {
      pmap.map(A + page * 4096, frame, page * 4096, 4096, READ_WRITE);
    }
    pmap.promote(A + 0x12345, 0x10000);
    expect(pmap.lookup(A + 0x12000)?.leafBytes).toBe(0x10000);
    expect(pmap.lookup(A)?.leafBytes).toBe(4096);
    expect(pmap.unmap(A + 0x10000, 0x10000)).toBe(0x10000);
  });

  test('refuses holes, other flags, other frames and odd addresses, and changes nothing', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(0x20000);
    expect(codes(pmap, () => pmap.promote(A, 0x10000))).toEqual([
      'LIB_ERR_PMAP_PROMOTE',
      'LIB_ERR_PMAP_FIND_VNODE',
    ]);
    pmap.map(A, frame, 0, 0xf000, READ_WRITE);
    expect(codes(pmap, () => pmap.promote(A, 0x10000))[1]).toBe('LIB_ERR_PMAP_FIND_VNODE');
    pmap.map(A + 0xf000, frame, 0xf000, 0x1000, READ);
    expect(codes(pmap, () => pmap.promote(A, 0x10000))[1]).toBe('LIB_ERR_PMAP_EXISTING_MAPPING');
    pmap.map(A + 0x10000, frame, 0x1000, 0x10000, READ);
    expect(codes(pmap, () => pmap.promote(A + 0x10000, 0x10000))[1]).toBe(
      'SYS_ERR_VM_FRAME_UNALIGNED',
    );
    expect(codes(pmap, () => pmap.promote(A, 0x3000))[1]).toBe('LIB_ERR_VREGION_BAD_ALIGNMENT');
  });
});

describe('dump', () => {
  test('lists tables and runs of leaves, cut where the flags differ', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(3 * MIB);
    pmap.map(A, frame, 0, 2 * MIB, READ_WRITE | LARGE);
    pmap.map(A + 2 * MIB, frame, 2 * MIB, 0x4000, READ_WRITE);
    pmap.modifyFlags(A + 2 * MIB + 0x1000, 0x1000, READ);
    const lines = [...pmap.dump()]
      .filter(({ address }) => address >= A)
      .map(({ address, bytes, kind, flags, offset }) => [
        address - A,
        bytes,
        kind,
        flags & READ_WRITE,
        offset,
      ]);
    expect(lines).toEqual([
      [0, 2 * MIB, Kind.SECTION, READ_WRITE, 0],
      [2 * MIB, MIB, Kind.TABLE, 0, 0],
      [2 * MIB, 0x1000, Kind.SMALL, READ_WRITE, 2 * MIB],
      [2 * MIB + 0x1000, 0x1000, Kind.SMALL, READ, 2 * MIB + 0x1000],
      [2 * MIB + 0x2000, 0x2000, Kind.SMALL, READ_WRITE, 2 * MIB + 0x2000],
    ]);
  });
});
