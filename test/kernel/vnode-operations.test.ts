import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CapRef, capRef, MIB, PAGE_BYTES } from '../../src/base/index.js';
import { Kind, kindOf, leafAp, leafXn, pageFrameOf } from '../../src/format/index.js';
import {
  CapType,
  capRefOf,
  defaultPolicy,
  originalPolicy,
  PagingFlags,
  Rights,
  WellKnown,
} from '../../src/kernel/index.js';
import type { TranslationTable } from '../../src/kernel/translation-tables.js';
import { Cost } from '../../src/machine/index.js';
import { auditKernel, tablesOf } from '../support/kernel-audit.js';
import { codes, KernelRig, NOWHERE, ok, RAM, ROOT } from '../support/kernel-rig.js';

const { FRAME, DEV_FRAME, VNODE_ARM_L1, VNODE_ARM_L2, L2_CNODE, DISPATCHER } = CapType;
const { READ, WRITE, EXECUTE, NOCACHE, WRITE_COMBINING, LARGER_LEAF } = PagingFlags;
const READ_WRITE = READ | WRITE;

function setUp() {
  const rig = new KernelRig();
  const table = rig.make(VNODE_ARM_L2, 1024);
  const frame = rig.make(FRAME, MIB);
  return { rig, inv: rig.inv, table, frame };
}

function tableBehind(rig: KernelRig, cap: CapRef): TranslationTable {
  ok(rig.inv.identify(cap));
  const found = tablesOf(rig.kernel).find(
    ({ kibibyte }) => kibibyte * 1024 === rig.inv.identity.base,
  );
  if (found === undefined) throw new Error('no table');
  return found;
}

/** The error of a map call, and that it changed nothing. */
function refused(rig: KernelRig, ...args: Parameters<KernelRig['inv']['vnodeMap']>): unknown {
  const before = tablesOf(rig.kernel).map(({ words }) => words.join());
  const error = codes(rig.inv.vnodeMap(...args));
  expect(tablesOf(rig.kernel).map(({ words }) => words.join())).toEqual(before);
  expect(auditKernel(rig.kernel, true)).toEqual([]);
  return error;
}

describe('vnodeMap refuses', () => {
  test('references that lead nowhere', () => {
    const { rig, table, frame } = setUp();
    const to = rig.slot();
    expect(refused(rig, NOWHERE, frame, 0, READ, 0, 1, to)).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(refused(rig, rig.slot(), frame, 0, READ, 0, 1, to)).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    expect(refused(rig, capRefOf(99, 0), frame, 0, READ, 0, 1, to)).toEqual([
      'SYS_ERR_CNODE_NOT_FOUND',
    ]);
    expect(refused(rig, table, NOWHERE, 0, READ, 0, 1, to)).toEqual([
      'SYS_ERR_L1_CNODE_INDEX',
      'SYS_ERR_SOURCE_CAP_LOOKUP',
    ]);
    expect(refused(rig, table, rig.slot(), 0, READ, 0, 1, to)).toEqual([
      'SYS_ERR_CAP_NOT_FOUND',
      'SYS_ERR_SOURCE_CAP_LOOKUP',
    ]);
    expect(refused(rig, table, frame, 0, READ, 0, 1, NOWHERE)).toEqual([
      'SYS_ERR_L1_CNODE_INDEX',
      'SYS_ERR_DEST_CNODE_LOOKUP',
    ]);
    expect(refused(rig, table, frame, 0, READ, 0, 1, capRefOf(99, 0))).toEqual([
      'SYS_ERR_CNODE_NOT_FOUND',
      'SYS_ERR_DEST_CNODE_LOOKUP',
    ]);
  });

  test('what is no table, and what cannot be mapped into this one', () => {
    const { rig, table, frame } = setUp();
    const to = rig.slot();
    for (const cap of [frame, RAM, WellKnown.ROOT_CNODE, WellKnown.DISPATCHER]) {
      expect(refused(rig, cap, frame, 0, READ, 0, 1, to)).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    }
    const wrong = [RAM, WellKnown.ROOT_CNODE, WellKnown.DISPATCHER, ROOT];
    const mapping = rig.slot();
    ok(rig.inv.vnodeMap(table, frame, 255, READ, 0, 1, mapping));
    for (const source of [...wrong, mapping, rig.make(VNODE_ARM_L1, 16 * 1024)]) {
      for (const into of [table, ROOT]) {
        expect(refused(rig, into, source, 0, READ, 0, 1, to)).toEqual([
          'SYS_ERR_DEST_TYPE_INVALID',
        ]);
      }
    }
    const child = rig.make(VNODE_ARM_L2, 1024);
    expect(refused(rig, table, child, 0, READ, 0, 1, to)).toEqual(['SYS_ERR_DEST_TYPE_INVALID']);
  });

  test('a full slot, even where it is the source or the table', () => {
    const { rig, table, frame } = setUp();
    for (const to of [RAM, frame, table]) {
      expect(refused(rig, table, frame, 0, READ, 0, 1, to)).toEqual(['SYS_ERR_SLOT_IN_USE']);
    }
  });

  test('entries and counts that leave the table, or are none', () => {
    const { rig, table, frame } = setUp();
    const to = rig.slot();
    const odd = [-1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, Number.NaN, Infinity, -0.5];
    for (const entry of [256, 257, ...odd]) {
      expect([entry, refused(rig, table, frame, entry, READ, 0, 1, to)]).toEqual([
        entry,
        ['SYS_ERR_VNODE_SLOT_INVALID'],
      ]);
    }
    expect(refused(rig, ROOT, frame, 4096, READ, 0, 1, to)).toEqual(['SYS_ERR_VNODE_SLOT_INVALID']);
    for (const count of [0, 257, ...odd]) {
      expect([count, refused(rig, table, frame, 0, READ, 0, count, to)]).toEqual([
        count,
        ['SYS_ERR_VM_MAP_SIZE'],
      ]);
    }
    expect(refused(rig, table, frame, 255, READ, 0, 2, to)).toEqual(['SYS_ERR_VM_MAP_SIZE']);
    expect(refused(rig, ROOT, table, 0, READ, 0, 2, to)).toEqual(['SYS_ERR_VM_MAP_SIZE']);
    expect(refused(rig, ROOT, table, 0, READ, 4096, 1, to)).toEqual([
      'SYS_ERR_FRAME_OFFSET_INVALID',
    ]);
  });

  test('the kernel window, by tables and by sections, however it is set', () => {
    for (const memoryOffset of [0x8000_0000, 0xc000_0000, 0x1000_0000]) {
      const rig = new KernelRig({ memoryOffset });
      const first = memoryOffset / MIB;
      const frame = rig.make(FRAME, 16 * MIB);
      const table = rig.make(VNODE_ARM_L2, 1024);
      const to = rig.slot();
      for (const [source, count] of [
        [frame, 1],
        [table, 1],
      ] as const) {
        for (const entry of [first, first + 1, 4095]) {
          const error = refused(rig, ROOT, source, entry, READ, 0, count, to);
          expect(error).toEqual(['SYS_ERR_VNODE_SLOT_RESERVED']);
        }
      }
      const across = refused(rig, ROOT, frame, first - 1, READ, 0, 2, to);
      expect(across).toEqual(['SYS_ERR_VNODE_SLOT_RESERVED']);
      ok(rig.inv.vnodeMap(ROOT, frame, first - 1, READ, 0, 1, to));
    }
  });

  test('offsets outside of the frame, and physical addresses that no leaf can have', () => {
    const { rig, table, frame } = setUp();
    const to = rig.slot();
    for (const offset of [-1, -4096, 0.5, Number.NaN, Infinity, 2 ** 53, MIB, MIB + 4096]) {
      expect([offset, refused(rig, table, frame, 0, READ, offset, 1, to)]).toEqual([
        offset,
        ['SYS_ERR_FRAME_OFFSET_INVALID'],
      ]);
    }
    const last = MIB - 4096;
    expect(refused(rig, table, frame, 0, READ, last, 2, to)).toEqual([
      'SYS_ERR_FRAME_OFFSET_INVALID',
    ]);
    for (const offset of [1, 2048, 4095]) {
      expect(refused(rig, table, frame, 0, READ, offset, 1, to)).toEqual([
        'SYS_ERR_VM_FRAME_UNALIGNED',
      ]);
    }
    const odd = rig.from(frame, FRAME, 0x41000, 0x3000);
    for (const [into, flags, count] of [
      [table, READ | LARGER_LEAF, 16],
      [ROOT, READ, 1],
    ] as const) {
      const big =
        into === ROOT ? rig.from(rig.make(CapType.RAM, 4 * MIB), FRAME, 3 * MIB, 4096) : odd;
      expect(refused(rig, into, big, 0, flags, 0, count, to)).toEqual([
        'SYS_ERR_VM_FRAME_UNALIGNED',
      ]);
    }
    ok(rig.inv.vnodeMap(table, odd, 0, READ | LARGER_LEAF, 0xd000, 16, to));
  });

  test('larger leaves that are not whole', () => {
    const { rig, table, frame } = setUp();
    const to = rig.slot();
    const large = READ | LARGER_LEAF;
    for (const [entry, count] of [
      [0, 1],
      [0, 15],
      [0, 17],
      [1, 16],
      [8, 16],
    ] as const) {
      expect(refused(rig, table, frame, entry, large, 0, count, to)).toEqual([
        'SYS_ERR_VM_MAP_SIZE',
      ]);
    }
    const huge = rig.make(FRAME, 32 * MIB, 16 * MIB);
    for (const [entry, count] of [
      [0, 1],
      [4, 16],
      [0, 24],
    ] as const) {
      expect(refused(rig, ROOT, huge, entry, large, 0, count, to)).toEqual(['SYS_ERR_VM_MAP_SIZE']);
    }
    expect(refused(rig, ROOT, huge, 0, large, MIB, 16, to)).toEqual(['SYS_ERR_VM_FRAME_UNALIGNED']);
    ok(rig.inv.vnodeMap(ROOT, huge, 16, large, 16 * MIB, 16, to));
  });

  test('entries in use, each of a run, for tables as well (K3, K4)', () => {
    const { rig, table, frame } = setUp();
    ok(rig.inv.vnodeMap(table, frame, 10, READ, 0, 1, rig.slot()));
    const to = rig.slot();
    for (const [entry, count] of [
      [10, 1],
      [0, 11],
      [10, 5],
      [5, 100],
    ] as const) {
      expect(refused(rig, table, frame, entry, READ, 0, count, to)).toEqual([
        'SYS_ERR_VNODE_SLOT_INUSE',
      ]);
    }
    ok(rig.inv.vnodeMap(ROOT, table, 3, 0, 0, 1, to));
    const child = rig.make(VNODE_ARM_L2, 1024);
    const slot = rig.slot();
    const big = rig.make(FRAME, 4 * MIB, MIB);
    expect(refused(rig, ROOT, child, 3, 0, 0, 1, slot)).toEqual(['SYS_ERR_VNODE_SLOT_INUSE']);
    expect(refused(rig, ROOT, big, 1, READ, 0, 3, slot)).toEqual(['SYS_ERR_VNODE_SLOT_INUSE']);
  });

  test('frames above what a leaf can hold', () => {
    const rig = new KernelRig({
      banks: [
        { name: 'low', base: 0x8000_0000, bytes: 8 * MIB, kind: 'ram' },
        { name: 'high', base: 0x1_0000_0000, bytes: 64 * MIB, kind: 'ram' },
      ],
      ramBytes: 4 * MIB,
      profile: 'cortex-a15',
    });
    const table = rig.make(VNODE_ARM_L2, 1024);
    const high = rig.slot();
    ok(rig.kernel.grant(rig.number, high, FRAME, 0x1_0000_0000, 32 * MIB));
    const border = rig.slot();
    ok(rig.kernel.grant(rig.number, border, FRAME, 0xffff_f000, 8192));
    const to = rig.slot();
    const overflow = ['SYS_ERR_PADDR_OVERFLOW'];
    expect(refused(rig, table, high, 0, READ, 0, 1, to)).toEqual(overflow);
    expect(refused(rig, table, high, 0, READ | LARGER_LEAF, 0, 16, to)).toEqual(overflow);
    expect(refused(rig, ROOT, high, 0, READ, 0, 1, to)).toEqual(overflow);
    expect(refused(rig, table, border, 0, READ, 0, 2, to)).toEqual(overflow);
    ok(rig.inv.vnodeMap(table, border, 0, READ, 0, 1, to));
    ok(rig.inv.vnodeMap(ROOT, high, 16, READ_WRITE | LARGER_LEAF, 16 * MIB, 16, rig.slot()));
    ok(rig.kernel.run(rig.number));
    rig.machine.cpu.store(16 * MIB + 0x1234, 4, 77);
    expect(rig.machine.memory.readWord(0x1_0100_1234)).toBe(77);
    expect(auditKernel(rig.kernel, true)).toEqual([]);
  });
});

describe('rights', () => {
  for (const policy of [defaultPolicy({ hasPxn: true } as never), originalPolicy]) {
    test(`under the ${policy.name} policy no entry gives more than the capability`, () => {
      const rig = new KernelRig({ attributes: policy });
      const table = rig.make(VNODE_ARM_L2, 1024);
      const frame = rig.make(FRAME, MIB);
      for (let rights = 0; rights < 8; rights += 1) {
        const weak = rig.slot();
        ok(rig.inv.mint(weak, frame, rights | Rights.IDENTIFY));
        for (const flags of [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => bits | NOCACHE)) {
          const slot = rig.slot();
          const needed = policy.granted(flags);
          const error = codes(rig.inv.vnodeMap(table, weak, 0, flags, 0, 1, slot));
          expect(error).toEqual((needed & ~rights) === 0 ? [] : ['SYS_ERR_VM_MAP_RIGHTS']);
          expect(auditKernel(rig.kernel)).toEqual([]);
          if (error.length > 0) continue;
          for (let wanted = 0; wanted < 8; wanted += 1) {
            const changed = codes(rig.inv.mappingModify(slot, 0, 1, wanted));
            const allowed = (policy.granted(wanted) & ~rights) === 0;
            expect(changed).toEqual(allowed ? [] : ['SYS_ERR_VM_MAP_RIGHTS']);
            expect(auditKernel(rig.kernel)).toEqual([]);
          }
          ok(rig.inv.vnodeUnmap(table, slot));
        }
      }
    });
  }

  test('a copy that shrinks afterwards does not change Mappings, deleting it does', () => {
    const { rig, inv, table, frame } = setUp();
    const slot = rig.slot();
    ok(inv.vnodeMap(table, frame, 0, READ_WRITE, 0, 1, slot));
    const weak = rig.slot();
    ok(inv.mint(weak, frame, Rights.READ));
    expect(codes(inv.vnodeMap(table, weak, 1, READ_WRITE, 0, 1, rig.slot()))).toEqual([
      'SYS_ERR_VM_MAP_RIGHTS',
    ]);
    ok(inv.delete(frame));
    expect(inv.typeName(slot)).toBe('Null');
  });
});

describe('entries', () => {
  test('of every kind say what was asked for', () => {
    const rig = new KernelRig();
    const table = rig.make(VNODE_ARM_L2, 1024);
    const frame = rig.make(FRAME, 32 * MIB, 16 * MIB);
    ok(rig.inv.identify(frame));
    const first = rig.inv.identity.base / PAGE_BYTES;
    const shapes = [
      { cap: table, level: 2, flags: 0, kind: Kind.SMALL, count: 3, pages: 1 },
      { cap: table, level: 2, flags: LARGER_LEAF, kind: Kind.LARGE, count: 32, pages: 1 },
      { cap: ROOT, level: 1, flags: 0, kind: Kind.SECTION, count: 3, pages: 256 },
      { cap: ROOT, level: 1, flags: LARGER_LEAF, kind: Kind.SUPERSECTION, count: 32, pages: 256 },
    ];
    for (const { cap, level, flags, kind, count, pages } of shapes) {
      for (const access of [READ, READ_WRITE, READ | EXECUTE, READ_WRITE | EXECUTE, 0]) {
        for (const cache of [0, NOCACHE, WRITE_COMBINING]) {
          const slot = rig.slot();
          ok(rig.inv.vnodeMap(cap, frame, 16, flags | access | cache, 0, count, slot));
          const { words } = tableBehind(rig, cap);
          for (let index = 0; index < count; index += 1) {
            const word = words[16 + index] ?? 0;
            expect(kindOf(level, word, true)).toBe(kind);
            const step = flags === 0 ? index : index - (index % 16);
            expect(pageFrameOf(kind, word)).toBe(first + step * pages);
            expect(leafXn(kind, word)).toBe((access & EXECUTE) === 0);
            expect(leafAp(kind, word)).toBe(access === 0 ? 0 : (access & WRITE) !== 0 ? 3 : 7);
          }
          expect(words[15]).toBe(0);
          expect(words[16 + count]).toBe(0);
          ok(rig.inv.vnodeUnmap(cap, slot));
        }
      }
    }
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('of device frames are Device memory and never executable', () => {
    const rig = new KernelRig({
      banks: [
        { name: 'uart', base: 0x1000_0000, bytes: MIB, kind: 'device' },
        { name: 'ram', base: 0x8000_0000, bytes: 64 * MIB, kind: 'ram' },
      ],
      ramBytes: 16 * MIB,
    });
    const device = rig.from(WellKnown.DEVICES, DEV_FRAME, MIB);
    const table = rig.make(VNODE_ARM_L2, 1024);
    ok(rig.inv.vnodeMap(table, device, 0, READ_WRITE | EXECUTE, 0, 2, rig.slot()));
    ok(rig.inv.vnodeMap(ROOT, device, 1, READ_WRITE, 0, 1, rig.slot()));
    const [page] = tableBehind(rig, table).words;
    const section = tableBehind(rig, ROOT).words[1];
    expect([page, section].map((word) => ((word ?? 0) & 0xc) >>> 2)).toEqual([1, 1]);
    expect(leafXn(Kind.SMALL, page ?? 0)).toBe(true);
    expect(leafXn(Kind.SECTION, section ?? 0)).toBe(true);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('vnodeUnmap', () => {
  test('takes a Mapping of this table only', () => {
    const { rig, inv, table, frame } = setUp();
    const other = rig.make(VNODE_ARM_L2, 1024);
    const [slot, installed] = [rig.slot(), rig.slot()];
    ok(inv.vnodeMap(table, frame, 0, READ, 0, 1, slot));
    ok(inv.vnodeMap(ROOT, table, 0, 0, 0, 1, installed));
    expect(codes(inv.vnodeUnmap(other, slot))).toEqual(['SYS_ERR_VNODE_NOT_INSTALLED']);
    expect(codes(inv.vnodeUnmap(ROOT, slot))).toEqual(['SYS_ERR_VNODE_NOT_INSTALLED']);
    expect(codes(inv.vnodeUnmap(table, installed))).toEqual(['SYS_ERR_VNODE_NOT_INSTALLED']);
    expect(codes(inv.vnodeUnmap(table, frame))).toEqual(['SYS_ERR_WRONG_MAPPING']);
    expect(codes(inv.vnodeUnmap(table, rig.slot()))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    expect(codes(inv.vnodeUnmap(frame, slot))).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    expect(codes(inv.vnodeUnmap(rig.slot(), slot))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    expect(codes(inv.vnodeUnmap(table, NOWHERE))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(auditKernel(rig.kernel)).toEqual([]);
    const copy = rig.copy(table);
    ok(inv.vnodeUnmap(copy, slot));
    ok(inv.vnodeUnmap(ROOT, installed));
    expect(tableBehind(rig, table).words.every((word) => word === 0)).toBe(true);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('mappingsModify', () => {
  test('changes whole Mappings of small pages, and all of them or none', () => {
    const { rig, inv, table, frame } = setUp();
    const other = rig.make(VNODE_ARM_L2, 1024);
    const [readOnly, installed] = [rig.slot(), rig.slot()];
    ok(inv.mint(readOnly, frame, Rights.READ));
    ok(inv.vnodeMap(ROOT, table, 0, 0, 0, 1, installed));
    const mapped = (into: CapRef, source: CapRef, entry: number, count: number, flags: number) => {
      const slot = rig.slot();
      ok(inv.vnodeMap(into, source, entry, flags, 0, count, slot));
      return slot;
    };
    const first = mapped(table, frame, 0, 1, READ_WRITE);
    const run = mapped(table, frame, 1, 4, READ_WRITE);
    const last = mapped(table, readOnly, 5, 1, READ);
    const apart = mapped(table, frame, 7, 1, READ_WRITE);
    const large = mapped(table, frame, 16, 16, READ | LARGER_LEAF);
    const elsewhere = mapped(other, frame, 1, 1, READ);
    const before = [...tableBehind(rig, table).words];
    const wrong: readonly (readonly [string, readonly CapRef[], number, string])[] = [
      ['none', [], READ, 'SYS_ERR_VM_MAP_SIZE'],
      ['an empty slot', [first, rig.slot()], READ, 'SYS_ERR_CAP_NOT_FOUND'],
      ['no slot', [first, (1 << 24) as CapRef], READ, 'SYS_ERR_L1_CNODE_INDEX'],
      ['a table', [table], READ, 'SYS_ERR_ILLEGAL_INVOCATION'],
      ['the Mapping of a table', [installed], READ, 'SYS_ERR_WRONG_MAPPING'],
      ['large pages', [large], READ, 'SYS_ERR_WRONG_MAPPING'],
      ['a hole', [last, apart], READ, 'SYS_ERR_WRONG_MAPPING'],
      ['the other way round', [run, first], READ, 'SYS_ERR_WRONG_MAPPING'],
      ['the same one twice', [first, first], READ, 'SYS_ERR_WRONG_MAPPING'],
      ['another table', [first, elsewhere], READ, 'SYS_ERR_WRONG_MAPPING'],
      ['more than its rights', [first, run, last], READ_WRITE, 'SYS_ERR_VM_MAP_RIGHTS'],
    ];
    for (const [what, mappings, flags, expected] of wrong) {
      expect([what, codes(inv.mappingsModify(mappings, flags))]).toEqual([what, [expected]]);
    }
    expect([...tableBehind(rig, table).words]).toEqual(before);
    ok(inv.mappingsModify([first, run, last], READ));
    const { words } = tableBehind(rig, table);
    expect([0, 1, 2, 3, 4, 5].map((entry) => leafAp(Kind.SMALL, words[entry] ?? 0))).toEqual([
      7, 7, 7, 7, 7, 7,
    ]);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('mappingModify', () => {
  test('stays inside of the Mapping (K7)', () => {
    const { rig, inv, table, frame } = setUp();
    const slot = rig.slot();
    ok(inv.vnodeMap(table, frame, 0, READ, 0, 1, rig.slot()));
    ok(inv.vnodeMap(table, frame, 1, READ, 0, 4, slot));
    ok(inv.vnodeMap(table, frame, 5, READ, 0, 1, rig.slot()));
    const before = [...tableBehind(rig, table).words];
    for (const [offset, count] of [
      [-1, 1],
      [0, 5],
      [4, 1],
      [3, 2],
      [0, 0],
      [0.5, 1],
      [0, 1.5],
      [Number.NaN, 1],
      [0, Number.NaN],
      [2 ** 32, 1],
      [0, 2 ** 53],
    ] as const) {
      const error = codes(inv.mappingModify(slot, offset, count, READ_WRITE));
      expect([offset, count, error]).toEqual([offset, count, ['SYS_ERR_VM_MAP_SIZE']]);
    }
    expect([...tableBehind(rig, table).words]).toEqual(before);
    ok(inv.mappingModify(slot, 1, 2, READ_WRITE));
    const changed = [...tableBehind(rig, table).words].map((word, index) => word !== before[index]);
    expect(changed.flatMap((is, index) => (is ? [index] : []))).toEqual([2, 3]);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('takes whole leaves, and leaves only', () => {
    const { rig, inv, table, frame } = setUp();
    const [large, installed] = [rig.slot(), rig.slot()];
    ok(inv.vnodeMap(table, frame, 16, READ | LARGER_LEAF, 0, 32, large));
    ok(inv.vnodeMap(ROOT, table, 0, 0, 0, 1, installed));
    for (const [offset, count] of [
      [0, 1],
      [1, 16],
      [0, 17],
      [8, 8],
    ] as const) {
      expect(codes(inv.mappingModify(large, offset, count, 0))).toEqual(['SYS_ERR_VM_MAP_OFFSET']);
    }
    ok(inv.mappingModify(large, 16, 16, 0));
    expect(codes(inv.mappingModify(installed, 0, 1, 0))).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    expect(codes(inv.mappingModify(frame, 0, 1, 0))).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    expect(codes(inv.mappingModify(rig.slot(), 0, 1, 0))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('a section keeps being one (defect 36)', () => {
    const rig = new KernelRig();
    const frame = rig.make(FRAME, 4 * MIB, MIB);
    const slot = rig.slot();
    ok(rig.inv.vnodeMap(ROOT, frame, 8, READ_WRITE, 0, 4, slot));
    ok(rig.inv.mappingModify(slot, 1, 2, READ));
    const { words } = tableBehind(rig, ROOT);
    expect([8, 9, 10, 11].map((entry) => leafAp(Kind.SECTION, words[entry] ?? 0))).toEqual([
      3, 7, 7, 3,
    ]);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('a change of flags', () => {
  for (const policy of [defaultPolicy({ hasPxn: true } as never), originalPolicy]) {
    test(`gives the very words of a new Mapping under the ${policy.name} policy`, () => {
      const rig = new KernelRig({ attributes: policy });
      const table = rig.make(VNODE_ARM_L2, 1024);
      const frame = rig.make(FRAME, 32 * MIB, 16 * MIB);
      const sets = [0, READ, READ_WRITE, READ | EXECUTE, READ_WRITE | EXECUTE].flatMap((access) =>
        [0, NOCACHE, WRITE_COMBINING].map((type) => access | type),
      );
      for (const cap of [table, ROOT]) {
        for (const larger of [0, LARGER_LEAF]) {
          const map = (flags: number): { slot: CapRef; words: number[] } => {
            const slot = rig.slot();
            ok(rig.inv.vnodeMap(cap, frame, 16, flags | larger, 0, 32, slot));
            return { slot, words: [...tableBehind(rig, cap).words] };
          };
          const fresh = new Map<number, number[]>();
          for (const flags of sets) {
            const { slot, words } = map(flags);
            fresh.set(flags, words);
            ok(rig.inv.delete(slot));
          }
          const { slot } = map(0);
          for (const from of sets) {
            for (const to of sets) {
              ok(rig.inv.mappingModify(slot, 0, 32, from));
              ok(rig.inv.mappingModify(slot, 0, 32, to));
              expect([...tableBehind(rig, cap).words]).toEqual(fresh.get(to));
            }
          }
          ok(rig.inv.delete(slot));
        }
      }
    });
  }
});

describe('mappingSplit and mappingJoin', () => {
  test('cut where leaves meet, and put together what belongs together', () => {
    const { rig, inv, table, frame } = setUp();
    const [slot, large, other] = [rig.slot(), rig.slot(), rig.slot()];
    ok(inv.vnodeMap(table, frame, 0, READ, 4096, 8, slot));
    ok(inv.vnodeMap(table, frame, 16, READ | LARGER_LEAF, 0, 32, large));
    ok(inv.vnodeMap(table, frame, 8, READ, 9 * 4096, 2, other));
    const to = rig.slot();
    for (const offset of [0, 8, 9, -1, 0.5, Number.NaN, 2 ** 53]) {
      const error = codes(inv.mappingSplit(slot, offset, to));
      expect([offset, error]).toEqual([offset, ['SYS_ERR_VM_MAP_SIZE']]);
    }
    for (const offset of [1, 15, 17]) {
      expect(codes(inv.mappingSplit(large, offset, to))).toEqual(['SYS_ERR_VM_MAP_OFFSET']);
    }
    expect(codes(inv.mappingSplit(slot, 3, frame))).toEqual(['SYS_ERR_SLOT_IN_USE']);
    expect(codes(inv.mappingSplit(slot, 3, slot))).toEqual(['SYS_ERR_SLOT_IN_USE']);
    expect(codes(inv.mappingSplit(frame, 3, to))).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    expect(codes(inv.mappingSplit(to, 3, rig.slot()))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    ok(inv.mappingSplit(slot, 3, to));
    expect(auditKernel(rig.kernel)).toEqual([]);
    for (const [first, next] of [
      [slot, slot],
      [to, slot],
      [slot, large],
      [slot, rig.slot()],
      [slot, frame],
      [large, other],
      [slot, other],
    ] as const) {
      expect(codes(inv.mappingJoin(first, next))).toEqual(['SYS_ERR_WRONG_MAPPING']);
    }
    ok(inv.mappingJoin(slot, to));
    ok(inv.mappingJoin(slot, other));
    expect(inv.typeName(other)).toBe('Null');
    expect(auditKernel(rig.kernel)).toEqual([]);
    ok(inv.vnodeUnmap(table, slot));
    expect(
      tableBehind(rig, table)
        .words.slice(0, 12)
        .every((word) => word === 0),
    ).toBe(true);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('what comes from another capability, or with other rights, does not join', () => {
    const { rig, inv, table, frame } = setUp();
    const copy = rig.copy(frame);
    const weak = rig.slot();
    ok(inv.mint(weak, frame, Rights.READ));
    const [one, two, three] = [rig.slot(), rig.slot(), rig.slot()];
    ok(inv.vnodeMap(table, frame, 0, READ, 0, 1, one));
    ok(inv.vnodeMap(table, copy, 1, READ, 4096, 1, two));
    ok(inv.vnodeMap(table, weak, 2, READ, 8192, 1, three));
    expect(codes(inv.mappingJoin(one, two))).toEqual(['SYS_ERR_WRONG_MAPPING']);
    expect(codes(inv.mappingJoin(two, three))).toEqual(['SYS_ERR_WRONG_MAPPING']);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('the Mapping of a table is neither', () => {
    const { rig, inv, table } = setUp();
    const second = rig.make(VNODE_ARM_L2, 1024);
    const [one, two] = [rig.slot(), rig.slot()];
    ok(inv.vnodeMap(ROOT, table, 0, 0, 0, 1, one));
    ok(inv.vnodeMap(ROOT, second, 1, 0, 0, 1, two));
    expect(codes(inv.mappingSplit(one, 1, rig.slot()))).toEqual(['SYS_ERR_VM_MAP_SIZE']);
    expect(codes(inv.mappingJoin(one, two))).toEqual(['SYS_ERR_WRONG_MAPPING']);
  });
});

describe('TLB maintenance', () => {
  test('every change is seen by the next access, wherever a table is installed', () => {
    const rig = new KernelRig();
    const { inv } = rig;
    const { cpu } = rig.machine;
    const frame = rig.make(FRAME, MIB);
    const table = rig.make(VNODE_ARM_L2, 1024);
    const [slot, low, high] = [rig.slot(), rig.slot(), rig.slot()];
    ok(inv.vnodeMap(table, frame, 0, READ_WRITE, 0, 64, slot));
    ok(inv.vnodeMap(ROOT, table, 0x400, 0, 0, 1, low));
    ok(inv.vnodeMap(ROOT, table, 0x500, 0, 0, 1, high));
    ok(rig.kernel.run(rig.number));
    const places = [0x4000_0000, 0x5000_0000];
    const touch = (page: number): number[] => places.map((base) => cpu.load(base + page * 4096, 4));
    for (let page = 0; page < 64; page += 1) touch(page);
    cpu.store(0x4000_0000, 4, 5);
    expect(touch(0)).toEqual([5, 5]);
    ok(inv.mappingModify(slot, 0, 2, READ));
    for (const base of places) expect(() => cpu.store(base, 4, 1)).toThrow();
    ok(inv.mappingModify(slot, 0, 64, READ_WRITE | NOCACHE));
    for (let page = 0; page < 64; page += 1) touch(page);
    for (const base of places) cpu.store(base, 4, 1);
    ok(inv.delete(low));
    expect(() => cpu.load(0x4000_0000, 4)).toThrow();
    expect(cpu.load(0x5000_0000, 4)).toBe(1);
    ok(inv.vnodeUnmap(table, slot));
    expect(() => cpu.load(0x5000_0000, 4)).toThrow();
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('few pages are named one by one, many cost one operation', () => {
    const { rig, inv, table, frame } = setUp();
    ok(inv.vnodeMap(ROOT, table, 0x400, 0, 0, 1, rig.slot()));
    ok(rig.kernel.run(rig.number));
    const cost = (pages: number): number => {
      const slot = rig.slot();
      ok(inv.vnodeMap(table, frame, 0, READ, 0, pages, slot));
      const before = rig.machine.counters.values[Cost.TLB_MAINTENANCE] ?? 0;
      ok(inv.vnodeUnmap(table, slot));
      return (rig.machine.counters.values[Cost.TLB_MAINTENANCE] ?? 0) - before;
    };
    expect(cost(1)).toBe(1);
    expect(cost(4)).toBe(4);
    expect(cost(256)).toBe(1);
  });

  test('a space that never ran owes nothing', () => {
    const { rig, inv, table, frame } = setUp();
    const slot = rig.slot();
    ok(inv.vnodeMap(ROOT, table, 0x400, 0, 0, 1, rig.slot()));
    ok(inv.vnodeMap(table, frame, 0, READ, 0, 1, slot));
    ok(inv.vnodeUnmap(table, slot));
    expect(rig.machine.counters.values[Cost.TLB_MAINTENANCE]).toBe(0);
  });
});

describe('the fast path', () => {
  test('does what the way through every check does, and refuses nothing else', () => {
    const rigs = [new KernelRig(), new KernelRig()] as const;
    // The second rig always goes by name: through every check that has an error of its own.
    const byName = rigs[1].inv as unknown as {
      vnodeMap: unknown;
      vnodeUnmap: unknown;
      mapByName: unknown;
      unmapByName: unknown;
    };
    expect([typeof byName.mapByName, typeof byName.unmapByName]).toEqual(['function', 'function']);
    byName.vnodeMap = byName.mapByName;
    byName.vnodeUnmap = byName.unmapByName;
    const caps = rigs.map((rig) => {
      const frame = rig.make(FRAME, 64 * 4096);
      const weak = rig.slot();
      ok(rig.inv.mint(weak, frame, Rights.READ));
      const table = rig.make(VNODE_ARM_L2, 1024);
      ok(rig.inv.vnodeMap(ROOT, table, 0x400, 0, 0, 1, rig.slot()));
      const loose = rig.make(VNODE_ARM_L2, 1024);
      const slots = Array.from({ length: 6 }, () => rig.slot());
      ok(rig.kernel.run(rig.number));
      return [frame, weak, table, loose, ROOT, RAM, NOWHERE, capRef(-1), ...slots];
    })[0] as CapRef[];
    const cap = fc.constantFrom(...caps);
    const word = fc.oneof(
      { weight: 6, arbitrary: fc.nat(255) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(-1, 256, 0.5, Number.NaN, 2 ** 31, 2 ** 32, 2 ** 53),
      },
    );
    const offset = fc.oneof(
      { weight: 6, arbitrary: fc.nat(64).map((page) => page * 4096) },
      { weight: 1, arbitrary: word },
    );
    const call = fc.oneof(
      fc.record({
        map: fc.tuple(cap, cap, word, fc.nat(63), offset, fc.oneof(fc.nat(4), word), cap),
      }),
      fc.record({ unmap: fc.tuple(cap, cap) }),
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
        for (const one of calls) {
          const [fast, checked] = rigs.map(({ inv }) =>
            'map' in one ? inv.vnodeMap(...one.map) : inv.vnodeUnmap(...one.unmap),
          );
          expect(codes(fast ?? 0)).toEqual(codes(checked ?? 0));
        }
        const states = rigs.map(({ kernel, machine }) => [
          tablesOf(kernel).map(({ words }) => words.join()),
          machine.counters.snapshot(),
          auditKernel(kernel),
        ]);
        expect(states[0]).toEqual(states[1]);
        expect(states[0]?.[2]).toEqual([]);
        for (const { inv } of rigs) {
          for (const slot of caps.slice(8)) if (inv.typeName(slot) !== 'Null') inv.delete(slot);
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

test('a CNode, a Dispatcher and a table are never mapped', () => {
  const { rig, table } = setUp();
  for (const type of [L2_CNODE, DISPATCHER, VNODE_ARM_L2]) {
    const cap = rig.make(type, type === L2_CNODE ? 16 * 1024 : 1024);
    expect(refused(rig, table, cap, 0, READ, 0, 1, rig.slot())).toEqual([
      'SYS_ERR_DEST_TYPE_INVALID',
    ]);
  }
});
