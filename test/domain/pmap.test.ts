import { describe, expect, test } from 'vitest';
import { capRef, MIB, PAGE_BYTES } from '../../src/base/index.js';
import {
  Domain,
  largestLeaves,
  originalLeaves,
  type PmapPolicy,
  toPagingFlags,
  VRegionFlags,
} from '../../src/domain/index.js';
import { Kind } from '../../src/format/index.js';
import { Kernel, PagingFlags } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { errorCodes } from '../support/error-codes.js';

const { READ, WRITE, READ_WRITE, EXECUTE, NOCACHE, GUARD, LARGE, HUGE } = VRegionFlags;
const A = 0x5000_0000;

function setUp(policy: PmapPolicy = largestLeaves) {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const domain = Domain.boot(new Kernel(machine), 192 * MIB, { policy });
  return { machine, domain, pmap: domain.pmap };
}

describe('lookup', () => {
  test('tells where the Mapping begins, what is mapped, and how (defects 17 and 51)', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(16 * PAGE_BYTES, PAGE_BYTES);
    pmap.map(A, frame, 2 * PAGE_BYTES, 8 * PAGE_BYTES, READ_WRITE);
    pmap.modifyFlags(A + 3 * PAGE_BYTES, 2 * PAGE_BYTES, READ | NOCACHE);
    for (let page = 0; page < 8; page += 1) {
      const info = pmap.lookup(A + page * PAGE_BYTES + 0xabc);
      expect(info).toMatchObject({
        address: A,
        bytes: 8 * PAGE_BYTES,
        leafBytes: PAGE_BYTES,
        kind: Kind.SMALL,
        frame,
        offset: 2 * PAGE_BYTES,
        flags: page === 3 || page === 4 ? READ | NOCACHE : READ_WRITE,
      });
      expect(domain.invocations.typeName(capRef(info?.mapping ?? 0))).toBe('Frame_Mapping');
      expect(domain.invocations.typeName(capRef(info?.table ?? 0))).toBe('VNode_ARM_l2');
    }
    expect(pmap.lookup(A - 1)).toBeUndefined();
    expect(pmap.lookup(A + 8 * PAGE_BYTES)).toBeUndefined();
  });

  test('tells the leaf of larger Mappings, whose table is the root', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(32 * MIB);
    pmap.map(A, frame, 0, 17 * MIB, READ_WRITE | LARGE | HUGE);
    expect(pmap.lookup(A + 5 * MIB)).toMatchObject({
      address: A,
      bytes: 16 * MIB,
      leafBytes: 16 * MIB,
      kind: Kind.SUPERSECTION,
    });
    const section = pmap.lookup(A + 16 * MIB + 77);
    expect(section).toMatchObject({ address: A + 16 * MIB, leafBytes: MIB, offset: 16 * MIB });
    expect(domain.invocations.typeName(capRef(section?.table ?? 0))).toBe('VNode_ARM_l1');
  });

  test('fills what it is given, and allocates nothing of its own', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(PAGE_BYTES);
    pmap.map(A, frame, 0, PAGE_BYTES, READ);
    const info = pmap.lookup(A);
    expect(pmap.lookup(A + 8, info)).toBe(info);
  });
});

describe('flags of a region', () => {
  test('are those of the kernel, with what means nothing on ARM left out (defects 18 and 40)', () => {
    const all = PagingFlags.READ | PagingFlags.WRITE | PagingFlags.EXECUTE;
    expect(toPagingFlags(READ | WRITE | EXECUTE | LARGE | HUGE)).toBe(all);
    expect(toPagingFlags(READ | 0x10 | 0x800 | 0x200 | 0x400 | 0x8000)).toBe(PagingFlags.READ);
    expect(toPagingFlags(READ_WRITE | GUARD)).toBe(0);
    expect(toPagingFlags(READ | NOCACHE)).toBe(PagingFlags.READ | PagingFlags.NOCACHE);
  });

  test('of a region of sections can be given again whole (defect 40)', () => {
    for (const policy of [largestLeaves, originalLeaves]) {
      const { domain, pmap } = setUp(policy);
      const frame = domain.allocateFrame(2 * MIB);
      pmap.map(A, frame, 0, 2 * MIB, READ_WRITE | LARGE | HUGE);
      expect(pmap.modifyFlags(A, 2 * MIB, READ | LARGE | HUGE)).toBe(2 * MIB);
      expect(pmap.lookup(A)?.flags).toBe(READ | LARGE | HUGE);
    }
  });
});

describe('a table that cannot be made', () => {
  test('is told with the codes of each layer (defect 52)', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(PAGE_BYTES);
    while (domain.ram.allocate(PAGE_BYTES) >= 0);
    expect(errorCodes(() => pmap.map(A, frame, 0, PAGE_BYTES, READ))).toEqual([
      'LIB_ERR_PMAP_DO_MAP',
      'LIB_ERR_PMAP_GET_PTABLE',
      'LIB_ERR_VNODE_CREATE',
      'LIB_ERR_RAM_ALLOC',
      'MM_ERR_NOT_FOUND',
    ]);
    expect(errorCodes(() => pmap.map(0x8000_0000, frame, 0, PAGE_BYTES, READ))).toEqual([
      'LIB_ERR_PMAP_DO_MAP',
      'LIB_ERR_PMAP_GET_PTABLE',
      'LIB_ERR_PMAP_MAP',
      'SYS_ERR_VNODE_SLOT_RESERVED',
    ]);
    expect(pmap.measure().slots).toBe(0);
  });
});

describe('dump', () => {
  test('lists tables and runs of leaves in order of addresses', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(4 * MIB);
    pmap.map(A + 16 * PAGE_BYTES, frame, 0, 6 * PAGE_BYTES, READ_WRITE);
    pmap.modifyFlags(A + 18 * PAGE_BYTES, PAGE_BYTES, READ);
    pmap.map(A + MIB, frame, MIB, 2 * MIB, READ | LARGE);
    pmap.map(A + 3 * MIB, frame, 0, 0x2_0000, READ | LARGE);
    pmap.map(A + 4 * MIB, frame, 0, PAGE_BYTES, READ);
    pmap.unmap(A + 4 * MIB, PAGE_BYTES);
    const names = new Map<number, string>(Object.entries(Kind).map(([name, kind]) => [kind, name]));
    const lines = [...pmap.dump()].map(
      ({ address, bytes, kind, flags, object, offset, mapping }) => {
        const what = domain.invocations.typeName(object);
        const via = domain.invocations.typeName(mapping);
        const range = `${address.toString(16)}+${bytes.toString(16)}`;
        return `${range} ${names.get(kind)} ${flags.toString(16)} ${what}+${offset.toString(16)} ${via}`;
      },
    );
    expect(lines).toEqual([
      '50000000+100000 TABLE 0 VNode_ARM_l2+0 VNode_ARM_l2_Mapping',
      '50010000+2000 SMALL 3 Frame+0 Frame_Mapping',
      '50012000+1000 SMALL 1 Frame+2000 Frame_Mapping',
      '50013000+3000 SMALL 3 Frame+3000 Frame_Mapping',
      '50100000+200000 SECTION 41 Frame+100000 Frame_Mapping',
      '50300000+100000 TABLE 0 VNode_ARM_l2+0 VNode_ARM_l2_Mapping',
      '50300000+20000 LARGE 41 Frame+0 Frame_Mapping',
      '50400000+100000 TABLE 0 VNode_ARM_l2+0 VNode_ARM_l2_Mapping',
    ]);
  });
});

describe('measure', () => {
  test('counts records, slots, tables and bytes, in use and free', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(2 * MIB);
    const before = pmap.measure();
    expect(before).toMatchObject({ mappings: 0, slots: 0, tableBytes: 0 });
    pmap.map(A + MIB / 2, frame, 0, MIB, READ_WRITE);
    pmap.modifyFlags(A + MIB / 2, PAGE_BYTES, READ);
    const after = pmap.measure();
    expect(after).toMatchObject({
      leaves: { used: 3 },
      tables: { used: 2 },
      mappings: 2,
      slots: 6,
      tableBytes: 2048,
    });
    expect(after.leaves.used + after.leaves.free).toBe(before.leaves.used + before.leaves.free);
    expect(after.metadata.used - before.metadata.used).toBe(3 * 36 + 2 * 96);
    expect(after.metadata.used + after.metadata.free).toBe(
      before.metadata.used + before.metadata.free,
    );
    pmap.unmap(A + MIB / 2, MIB);
    expect(pmap.trim()).toBe(2);
    expect(pmap.measure()).toEqual(before);
  });
});

describe('the metadata of a domain', () => {
  test('is paid with frames of its own, mapped in its region, and says when that is full', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(2 * PAGE_BYTES);
    const free = domain.ram.freePages;
    const place = (mapping: number): number => 0x4100_0000 + mapping * 2 * PAGE_BYTES;
    let mappings = 0;
    const full = errorCodes(() => {
      for (; ; mappings += 1) pmap.map(place(mappings), frame, 0, 2 * PAGE_BYTES, READ);
    });
    // As many records as the region holds (defect 22), of which the original had 64,200.
    expect(full).toEqual(['LIB_ERR_SLAB_REFILL', 'LIB_ERR_PMAP_METADATA_FULL']);
    expect(mappings).toBeGreaterThan(100_000);
    expect(domain.metadata.usedBytes).toBe(4 * MIB);
    expect(free - domain.ram.freePages).toBeGreaterThanOrEqual(1024);
    const inside = [...pmap.mappings(0x4000_0000, 0x4040_0000)];
    expect(inside.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(4 * MIB);
    expect(pmap.lookup(place(mappings))).toBeUndefined();
    pmap.unmap(place(0), 2 * PAGE_BYTES);
    pmap.map(place(mappings), frame, 0, 2 * PAGE_BYTES, READ);
  }, 60_000);
});
