import { describe, expect, test } from 'vitest';
import { capRef, MIB, OK } from '../../src/base/index.js';
import {
  CAP_TYPE_NAMES,
  CapType,
  type CapTypeNumber,
  capRefOf,
  rootSlotRef,
} from '../../src/kernel/index.js';
import { auditKernel, objectsInOrder, tablesOf } from '../support/kernel-audit.js';
import { codes, KernelRig, ok, RAM } from '../support/kernel-rig.js';
import { difference, snapshotKernel } from '../support/snapshot.js';

const KIB = 1024;
const { PHYS_ADDR, L1_CNODE, L2_CNODE, FRAME, DEV_FRAME, VNODE_ARM_L1, VNODE_ARM_L2 } = CapType;
const { DISPATCHER, END_POINT } = CapType;
const RAM_TYPE = CapType.RAM;
const ALL_TYPES = CAP_TYPE_NAMES.map((_, type) => type as CapTypeNumber);

/** What may be made from what: the whole table, written down a second time. */
const CHILDREN: Readonly<Record<number, readonly number[]>> = {
  [PHYS_ADDR]: [PHYS_ADDR, CapType.RAM, DEV_FRAME],
  [CapType.RAM]: [CapType.RAM, FRAME, L1_CNODE, L2_CNODE, VNODE_ARM_L1, VNODE_ARM_L2, DISPATCHER],
  [FRAME]: [FRAME],
  [DEV_FRAME]: [DEV_FRAME],
  [DISPATCHER]: [END_POINT],
};

/** A size of an object of each type, in bytes. */
const SIZE: Readonly<Record<number, number>> = {
  [L1_CNODE]: 16 * KIB,
  [L2_CNODE]: 16 * KIB,
  [VNODE_ARM_L1]: 16 * KIB,
  [VNODE_ARM_L2]: KIB,
  [DISPATCHER]: KIB,
  [END_POINT]: KIB,
};

function setUp() {
  const rig = new KernelRig({
    banks: [
      { name: 'device', base: 0x1000_0000, bytes: MIB, kind: 'device' },
      { name: 'ram', base: 0x8000_0000, bytes: 64 * MIB, kind: 'ram' },
    ],
    ramBytes: 16 * MIB,
  });
  return { rig, inv: rig.inv };
}

/** A capability of each type that can be a source, with 64 KiB where the size is free. */
function sourceOf(rig: KernelRig, type: number): ReturnType<KernelRig['slot']> {
  const device = capRefOf(5, 0);
  switch (type) {
    case CapType.NULL:
      return rig.slot();
    case PHYS_ADDR:
      return rig.from(device, PHYS_ADDR, 64 * KIB);
    case DEV_FRAME:
      return rig.from(device, DEV_FRAME, 64 * KIB);
    case END_POINT:
      return rig.from(rig.make(DISPATCHER, KIB), END_POINT, KIB);
    case CapType.FRAME_MAPPING:
    case CapType.DEV_FRAME_MAPPING:
    case CapType.VNODE_ARM_L2_MAPPING: {
      const source = sourceOf(
        rig,
        [FRAME, DEV_FRAME, VNODE_ARM_L2][type - CapType.FRAME_MAPPING] ?? 0,
      );
      const table =
        type === CapType.VNODE_ARM_L2_MAPPING ? capRefOf(1, 0) : rig.make(VNODE_ARM_L2, KIB);
      const slot = rig.slot();
      ok(rig.inv.vnodeMap(table, source, 0, 1, 0, 1, slot));
      return slot;
    }
    default:
      return rig.make(type, SIZE[type] ?? 64 * KIB);
  }
}

describe('retype: what from what', () => {
  for (const source of ALL_TYPES) {
    test(`from ${CAP_TYPE_NAMES[source]}`, () => {
      for (const made of [...ALL_TYPES, 14, 255, -1, 1.5, Number.NaN]) {
        const { rig, inv } = setUp();
        const from = sourceOf(rig, source);
        const slot = rig.slot();
        const before = objectsInOrder(rig.kernel).length;
        const objectBytes = SIZE[made] ?? 4 * KIB;
        const error = inv.retype(from, { type: made, offset: 0, objectBytes, count: 1 }, slot);
        const wanted =
          source === CapType.NULL
            ? ['SYS_ERR_CAP_NOT_FOUND', 'SYS_ERR_SOURCE_CAP_LOOKUP']
            : CHILDREN[source]?.includes(made)
              ? []
              : ['SYS_ERR_INVALID_RETYPE'];
        expect([made, codes(error)]).toEqual([made, wanted]);
        const isMade = wanted.length === 0;
        expect(inv.typeName(slot)).toBe(isMade ? CAP_TYPE_NAMES[made as CapTypeNumber] : 'Null');
        expect(objectsInOrder(rig.kernel).length - before).toBe(isMade ? 1 : 0);
        expect(auditKernel(rig.kernel)).toEqual([]);
      }
    });
  }
});

describe('retype: sizes', () => {
  const sizes = [0, 1, 512, KIB, 2 * KIB, 4 * KIB, 6 * KIB, 12 * KIB, 16 * KIB, 20 * KIB, 48 * KIB];
  const odd = [-4096, 4097, 1.5, Number.NaN, 2 ** 53, 2 ** 60];
  const valid: Readonly<Record<number, readonly number[]>> = {
    [CapType.RAM]: [4, 12, 16, 20, 48].map((size) => size * KIB),
    [FRAME]: [4, 12, 16, 20, 48].map((size) => size * KIB),
    [L1_CNODE]: [16 * KIB, 48 * KIB],
    [L2_CNODE]: [16 * KIB],
    [VNODE_ARM_L1]: [16 * KIB],
    [VNODE_ARM_L2]: [KIB],
    [DISPATCHER]: [KIB],
  };
  for (const type of CHILDREN[CapType.RAM] ?? []) {
    test(`of a ${CAP_TYPE_NAMES[type as CapTypeNumber]}`, () => {
      for (const objectBytes of [...sizes, ...odd]) {
        const { rig, inv } = setUp();
        const slot = rig.slot();
        const offset = rig.range(64 * KIB);
        const error = inv.retype(RAM, { type, offset, objectBytes, count: 1 }, slot);
        const isHuge = objectBytes >= 2 ** 53 && (valid[type]?.length ?? 0) > 1;
        const wanted = valid[type]?.includes(objectBytes)
          ? []
          : [isHuge ? 'SYS_ERR_RETYPE_INVALID_OFFSET' : 'SYS_ERR_INVALID_SIZE'];
        expect([objectBytes, codes(error)]).toEqual([objectBytes, wanted]);
        expect(auditKernel(rig.kernel)).toEqual([]);
      }
    });
  }
});

describe('retype: places', () => {
  const alignment: Readonly<Record<number, number>> = {
    [CapType.RAM]: 4 * KIB,
    [FRAME]: 4 * KIB,
    [L1_CNODE]: 16 * KIB,
    [L2_CNODE]: 4 * KIB,
    [VNODE_ARM_L1]: 16 * KIB,
    [VNODE_ARM_L2]: KIB,
    [DISPATCHER]: KIB,
  };
  for (const type of CHILDREN[CapType.RAM] ?? []) {
    test(`alignment of a ${CAP_TYPE_NAMES[type as CapTypeNumber]}`, () => {
      const unit = alignment[type] ?? 0;
      const objectBytes = SIZE[type] ?? 4 * KIB;
      for (const shift of [0, 1, 512, KIB, 2 * KIB, 4 * KIB, 8 * KIB, 12 * KIB, 16 * KIB]) {
        const { rig, inv } = setUp();
        const slot = rig.slot();
        const offset = rig.range(64 * KIB) + shift;
        const error = inv.retype(RAM, { type, offset, objectBytes, count: 1 }, slot);
        const wanted = shift % unit === 0 ? [] : ['SYS_ERR_RETYPE_INVALID_OFFSET'];
        expect([shift, codes(error)]).toEqual([shift, wanted]);
      }
    });
  }

  test('offsets that are no offsets, and ranges that leave the source', () => {
    const { rig, inv } = setUp();
    const bytes = 16 * MIB;
    const slot = rig.slots(8);
    const at = (offset: number, objectBytes: number, count = 1): unknown =>
      codes(inv.retype(RAM, { type: FRAME, offset, objectBytes, count }, slot));
    for (const offset of [-4096, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 62]) {
      expect([offset, at(offset, 4096)]).toEqual([offset, ['SYS_ERR_RETYPE_INVALID_OFFSET']]);
    }
    expect(at(bytes, 4096)).toEqual(['SYS_ERR_RETYPE_INVALID_OFFSET']);
    expect(at(bytes - 4096, 8192)).toEqual(['SYS_ERR_RETYPE_INVALID_OFFSET']);
    expect(at(bytes - 4096, 4096, 2)).toEqual(['SYS_ERR_RETYPE_INVALID_OFFSET']);
    expect(at(bytes - 8 * 4096, 4096, 8)).toEqual([]);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('an endpoint lies where its Dispatcher lies', () => {
    const { rig, inv } = setUp();
    const dispatcher = rig.make(DISPATCHER, KIB);
    for (const offset of [KIB, 4096, 2 ** 30]) {
      const request = { type: END_POINT, offset, objectBytes: KIB, count: 1 };
      expect(codes(inv.retype(dispatcher, request, rig.slot()))).toEqual([
        'SYS_ERR_RETYPE_INVALID_OFFSET',
      ]);
    }
    const many = { type: END_POINT, offset: 0, objectBytes: KIB, count: 5 };
    expect(codes(inv.retype(dispatcher, many, rig.slots(5)))).toEqual([]);
    expect(codes(inv.retype(dispatcher, many, rig.slots(5)))).toEqual([]);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('memory with descendants is not given out again, whatever else has its address', () => {
    const { rig, inv } = setUp();
    const dispatcher = rig.make(DISPATCHER, KIB);
    const ram = rig.make(CapType.RAM, 4096);
    ok(
      inv.retype(ram, { type: VNODE_ARM_L2, offset: KIB, objectBytes: KIB, count: 1 }, rig.slot()),
    );
    // An endpoint that claimed to lie where `ram` begins would hide the table behind it.
    const endpoint = { type: END_POINT, offset: 4096, objectBytes: KIB, count: 1 };
    inv.retype(dispatcher, endpoint, rig.slot());
    const frame = { type: FRAME, offset: 0, objectBytes: 4096, count: 1 };
    expect(codes(inv.retype(ram, frame, rig.slot()))).toEqual(['SYS_ERR_REVOKE_FIRST']);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('every way to overlap a descendant', () => {
    const { rig, inv } = setUp();
    const base = rig.range(64 * KIB);
    const attempt = (
      source: typeof RAM,
      offset: number,
      objectBytes: number,
      count = 1,
    ): string => {
      const slot = rig.slots(count);
      const error = inv.retype(source, { type: CapType.RAM, offset, objectBytes, count }, slot);
      return error === OK ? slot.toString() : codes(error).join();
    };
    const inner = capRef(Number(attempt(RAM, base + 16 * KIB, 32 * KIB)));
    ok(
      inv.retype(
        inner,
        { type: FRAME, offset: 8 * KIB, objectBytes: 8 * KIB, count: 1 },
        rig.slot(),
      ),
    );
    for (let from = 0; from < 16; from += 1) {
      for (let pages = 1; from + pages <= 16; pages += 1) {
        const clear = from + pages <= 4 || from >= 12;
        if (clear) continue;
        expect(attempt(RAM, base + from * 4096, pages * 4096)).toBe('SYS_ERR_REVOKE_FIRST');
      }
    }
    expect(attempt(inner, 12 * KIB, 4 * KIB)).toBe('SYS_ERR_REVOKE_FIRST');
    expect(attempt(inner, 0, 4 * KIB, 3)).toBe('SYS_ERR_REVOKE_FIRST');
    expect(attempt(inner, 0, 4 * KIB, 2)).not.toMatch('ERR');
    expect(attempt(RAM, base, 16 * KIB)).not.toMatch('ERR');
    expect(attempt(RAM, base + 48 * KIB, 16 * KIB)).not.toMatch('ERR');
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('retype: counts and slots', () => {
  test('counts that are no counts', () => {
    const { rig, inv } = setUp();
    const offset = rig.range(MIB);
    for (const count of [0, -1, 0.5, 1.5]) {
      const request = { type: FRAME, offset, objectBytes: 4096, count };
      expect(codes(inv.retype(RAM, request, rig.slot()))).toEqual(['SYS_ERR_RETYPE_INVALID_COUNT']);
    }
    for (const count of [Number.NaN, 257, 2 ** 31, 2 ** 53, Number.POSITIVE_INFINITY]) {
      const request = { type: FRAME, offset, objectBytes: 4096, count };
      expect(codes(inv.retype(RAM, request, capRefOf(9, 0)))).toEqual(['SYS_ERR_SLOTS_INVALID']);
    }
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('all slots lie in one CNode and are empty', () => {
    const { rig, inv } = setUp();
    const offset = rig.range(MIB);
    rig.slots(256);
    const request = { type: FRAME, offset, objectBytes: 4096, count: 3 };
    const retype = (slot: number): unknown => codes(inv.retype(RAM, request, capRefOf(9, slot)));
    expect(retype(254)).toEqual(['SYS_ERR_SLOTS_INVALID']);
    expect(retype(253)).toEqual([]);
    expect(retype(251)).toEqual(['SYS_ERR_SLOTS_IN_USE']);
    expect(inv.typeName(capRefOf(9, 251))).toBe('Null');
    expect(objectsInOrder(rig.kernel).filter(({ type }) => type === FRAME)).toHaveLength(3);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('the root CNode holds L2 CNodes only, one at a time', () => {
    const { rig, inv } = setUp();
    const request = { offset: rig.range(64 * KIB), objectBytes: 16 * KIB, count: 1 };
    const into = (type: number, count: number): unknown =>
      codes(inv.retype(RAM, { ...request, type, count }, rootSlotRef(20)));
    const refused = ['SYS_ERR_DEST_TYPE_INVALID', 'SYS_ERR_DEST_CNODE_LOOKUP'];
    expect(into(L1_CNODE, 1)).toEqual(refused);
    expect(into(FRAME, 1)).toEqual(refused);
    expect(into(L2_CNODE, 2)).toEqual(['SYS_ERR_SLOTS_INVALID']);
    expect(into(L2_CNODE, 1)).toEqual([]);
    expect(into(L2_CNODE, 1)).toEqual(['SYS_ERR_SLOTS_IN_USE']);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('many objects stand one behind the other, and inherit the rights of the source', () => {
    const { rig, inv } = setUp();
    const ram = rig.make(CapType.RAM, 64 * KIB);
    const weak = rig.slot();
    ok(inv.mint(weak, ram, 0b10001));
    const first = rig.slots(4);
    ok(inv.retype(weak, { type: FRAME, offset: 8 * KIB, objectBytes: 8 * KIB, count: 4 }, first));
    ok(inv.identify(ram));
    const { base } = inv.identity;
    for (let index = 0; index < 4; index += 1) {
      ok(inv.identify(capRef(first + index)));
      const { type, rights, bytes } = inv.identity;
      expect({ type, rights, base: inv.identity.base, bytes }).toEqual({
        type: FRAME,
        rights: 0b10001,
        base: base + 8 * KIB * (index + 1),
        bytes: 8 * KIB,
      });
    }
  });
});

describe('retype: memory', () => {
  test('a frame shows nothing of who had the memory before, a table neither', () => {
    const { rig, inv } = setUp();
    const { memory } = rig.machine;
    const ram = rig.make(CapType.RAM, 16 * KIB);
    ok(inv.identify(ram));
    const { base } = inv.identity;
    for (const type of [FRAME, VNODE_ARM_L1]) {
      memory.fill(base, 16 * KIB, 0xa5);
      const slot = rig.from(ram, type, 16 * KIB);
      expect(memory.readBytes(base, 16 * KIB)?.some((byte) => byte !== 0)).toBe(false);
      ok(inv.delete(slot));
    }
    memory.fill(base, 16 * KIB, 0xa5);
    const frame = rig.from(ram, FRAME, 16 * KIB);
    memory.fill(base, 16 * KIB, 0x5a);
    rig.from(frame, FRAME, 4 * KIB, 4 * KIB);
    expect(memory.readByte(base + 4 * KIB)).toBe(0x5a);
  });

  test('no table above 4 GiB, where no entry and no TTBR can name it', () => {
    const rig = new KernelRig({
      banks: [
        { name: 'low', base: 0x8000_0000, bytes: 8 * MIB, kind: 'ram' },
        { name: 'high', base: 0x1_8000_0000, bytes: 64 * MIB, kind: 'ram' },
      ],
      ramBytes: 32 * MIB,
      profile: 'cortex-a15',
    });
    ok(rig.inv.identify(RAM));
    expect(rig.inv.identity.base).toBeGreaterThanOrEqual(2 ** 32);
    for (const type of [VNODE_ARM_L1, VNODE_ARM_L2]) {
      const request = { type, offset: MIB, objectBytes: SIZE[type] ?? 0, count: 1 };
      expect(codes(rig.inv.retype(RAM, request, capRefOf(0, 9)))).toEqual([
        'SYS_ERR_PADDR_OVERFLOW',
      ]);
    }
    expect(tablesOf(rig.kernel)).toHaveLength(1);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  describe('several objects of which the kernel cannot make all', () => {
    const made: readonly number[] = [
      RAM_TYPE,
      FRAME,
      L1_CNODE,
      L2_CNODE,
      VNODE_ARM_L1,
      VNODE_ARM_L2,
    ];
    test.each([...made, DISPATCHER])('leave nothing behind: type %i', (type) => {
      const bytes = SIZE[type] ?? 4 * KIB;
      for (const pool of ['createObject', 'allocateSlots'] as const) {
        if (pool === 'allocateSlots' && type !== L1_CNODE && type !== L2_CNODE) continue;
        for (let nth = 1; nth <= 4; nth += 1) {
          const { rig, inv } = setUp();
          const offset = rig.range(4 * bytes, 16 * KIB);
          const destination = rig.slots(4);
          const { capabilities } = rig.kernel.state;
          const real = capabilities[pool].bind(capabilities) as (...args: number[]) => number;
          const before = snapshotKernel(rig.kernel);
          let calls = 0;
          Object.assign(capabilities, {
            [pool]: (...args: number[]) => {
              calls += 1;
              return calls === nth ? 0 : real(...args);
            },
          });
          const request = { type, offset, objectBytes: bytes, count: 4 };
          expect(codes(inv.retype(RAM, request, destination))).toEqual([
            'SYS_ERR_OUT_OF_CAPABILITIES',
          ]);
          expect(difference(before, snapshotKernel(rig.kernel))).toEqual([]);
          expect(auditKernel(rig.kernel)).toEqual([]);
          ok(inv.retype(RAM, request, destination));
        }
      }
    });
  });
});
