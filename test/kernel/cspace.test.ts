import { describe, expect, test } from 'vitest';
import { type CapRef, capRef, MIB, OK } from '../../src/base/index.js';
import {
  CapType,
  CNODE_SLOTS,
  capRefOf,
  cnodeOf,
  PagingFlags,
  Rights,
  rootSlotRef,
  slotOf,
  WellKnown,
} from '../../src/kernel/index.js';
import { auditKernel } from '../support/kernel-audit.js';
import { codes, KernelRig, ok, RAM, ROOT } from '../support/kernel-rig.js';

const { FRAME, L1_CNODE, L2_CNODE, VNODE_ARM_L2 } = CapType;
const CNODE_BYTES = 16 * 1024;

describe('references', () => {
  test('name a slot of a CNode, or of the root itself', () => {
    expect([cnodeOf(capRefOf(7, 9)), slotOf(capRefOf(7, 9))]).toEqual([7, 9]);
    expect(cnodeOf(rootSlotRef(7))).toBe(7);
    expect(rootSlotRef(0)).toBeLessThan(0);
  });

  test('that are no references lead to a slot of the own CSpace or to none', () => {
    const rig = new KernelRig();
    rig.secondDomain();
    const hostile = [-0.5, -1e-9, -(2 ** 31) - 1, -(2 ** 32), -(2 ** 53), -1e300, -0.999];
    for (const ref of [...hostile, -Infinity]) {
      const cap = capRef(ref);
      expect([ref, codes(rig.inv.identify(cap))]).toEqual([ref, ['SYS_ERR_L1_CNODE_INDEX']]);
      expect(codes(rig.inv.delete(cap))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
      expect(rig.inv.typeName(cap)).toBe('Null');
    }
    for (const ref of [Number.NaN, 0.5, Infinity, 2 ** 32, 2 ** 53]) {
      expect([ref, rig.inv.typeName(capRef(ref))]).toEqual([ref, 'Null']);
    }
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('each way not to arrive', () => {
    const rig = new KernelRig();
    const look = (ref: CapRef): unknown => codes(rig.inv.identify(ref));
    expect(look(capRefOf(CNODE_SLOTS, 0))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(look(rootSlotRef(CNODE_SLOTS))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(look(capRefOf(200, 0))).toEqual(['SYS_ERR_CNODE_NOT_FOUND']);
    expect(look(rootSlotRef(200))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    expect(look(capRefOf(0, 200))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
  });
});

describe('copy and mint', () => {
  test('rights only ever shrink', () => {
    const rig = new KernelRig();
    const frame = rig.make(FRAME, 4096);
    for (let given = 0; given <= Rights.ALL; given += 1) {
      const weak = rig.slot();
      ok(rig.inv.mint(weak, frame, given));
      ok(rig.inv.identify(weak));
      expect(rig.inv.identity.rights).toBe(given);
      for (const asked of [Rights.ALL, Rights.READ, 0, 0xff, -1, 2 ** 31, 1.5, Number.NaN]) {
        const weaker = rig.slot();
        ok(rig.inv.mint(weaker, weak, asked));
        ok(rig.inv.identify(weaker));
        expect(rig.inv.identity.rights).toBe(given & asked);
      }
    }
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('what cannot be copied, and where to', () => {
    const rig = new KernelRig();
    const { inv } = rig;
    const frame = rig.make(FRAME, 4096);
    const table = rig.make(VNODE_ARM_L2, 1024);
    const mapping = rig.slot();
    ok(inv.vnodeMap(table, frame, 0, PagingFlags.READ, 0, 1, mapping));
    const to = rig.slot();
    expect(codes(inv.copy(to, mapping))).toEqual(['SYS_ERR_NOT_COPYABLE']);
    expect(codes(inv.copy(frame, table))).toEqual(['SYS_ERR_SLOT_IN_USE']);
    expect(codes(inv.copy(rootSlotRef(99), frame))).toEqual([
      'SYS_ERR_DEST_TYPE_INVALID',
      'SYS_ERR_DEST_CNODE_LOOKUP',
    ]);
    expect(codes(inv.copy(to, capRefOf(0, 99)))).toEqual([
      'SYS_ERR_CAP_NOT_FOUND',
      'SYS_ERR_SOURCE_CAP_LOOKUP',
    ]);
    expect(codes(inv.copy(to, capRefOf(99, 0)))).toEqual([
      'SYS_ERR_CNODE_NOT_FOUND',
      'SYS_ERR_SOURCE_CAP_LOOKUP',
    ]);
    expect(codes(inv.copy(capRefOf(99, 0), frame))).toEqual([
      'SYS_ERR_CNODE_NOT_FOUND',
      'SYS_ERR_DEST_CNODE_LOOKUP',
    ]);
    expect(codes(inv.copy(to, frame, { source: frame }))).toEqual([
      'SYS_ERR_CNODE_NOT_ROOT',
      'SYS_ERR_SOURCE_CAP_LOOKUP',
    ]);
    expect(codes(inv.copy(to, frame, { destination: capRefOf(0, 99) }))).toEqual([
      'SYS_ERR_CAP_NOT_FOUND',
      'SYS_ERR_DEST_CNODE_LOOKUP',
    ]);
    expect(inv.typeName(to)).toBe('Null');
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('a CNode without WRITE shows its capabilities and keeps them', () => {
    const rig = new KernelRig();
    const { inv } = rig;
    rig.retype(L2_CNODE, CNODE_BYTES, rootSlotRef(70));
    const frame = capRefOf(70, 0);
    rig.retype(FRAME, 4096, frame);
    const table = rig.make(VNODE_ARM_L2, 1024);
    const mapping = capRefOf(70, 1);
    ok(inv.vnodeMap(table, frame, 0, PagingFlags.READ, 0, 1, mapping));
    const next = capRefOf(70, 2);
    ok(inv.vnodeMap(table, frame, 1, PagingFlags.READ, 0, 1, next));
    ok(inv.mint(rootSlotRef(71), rootSlotRef(70), Rights.READ));
    ok(inv.mint(rootSlotRef(72), rootSlotRef(70), Rights.WRITE));
    const through = (cnode: number, cap: CapRef): CapRef => capRefOf(cnode, slotOf(cap));
    const slot = rig.slot();
    ok(inv.identify(through(71, frame)));
    ok(inv.copy(slot, through(71, frame)));
    expect(codes(inv.identify(through(72, frame)))).toEqual(['SYS_ERR_CNODE_RIGHTS']);
    const denied = ['SYS_ERR_CNODE_RIGHTS'];
    const free = capRefOf(71, 9);
    expect(codes(inv.delete(through(71, frame)))).toEqual(denied);
    expect(codes(inv.revoke(through(71, frame)))).toEqual(denied);
    expect(codes(inv.vnodeUnmap(table, through(71, mapping)))).toEqual(denied);
    expect(codes(inv.mappingJoin(through(71, mapping), through(71, next)))).toEqual(denied);
    const filled = ['SYS_ERR_CNODE_RIGHTS', 'SYS_ERR_DEST_CNODE_LOOKUP'];
    expect(codes(inv.copy(free, frame))).toEqual(filled);
    expect(codes(inv.move(free, slot))).toEqual(filled);
    expect(codes(inv.vnodeMap(table, frame, 9, 1, 0, 1, free))).toEqual(filled);
    const request = { type: FRAME, offset: rig.range(4096), objectBytes: 4096, count: 1 };
    expect(codes(inv.retype(RAM, request, free))).toEqual(filled);
    expect(codes(inv.move(rig.slot(), through(71, frame)))).toEqual([
      'SYS_ERR_CNODE_RIGHTS',
      'SYS_ERR_SOURCE_CAP_LOOKUP',
    ]);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('another CSpace', () => {
  test('is reached through a capability to its root, as far as that gives rights', () => {
    const rig = new KernelRig();
    const two = rig.secondDomain();
    const [read, write] = [rig.slot(), rig.slot()];
    ok(rig.inv.mint(read, two.root, Rights.READ));
    ok(rig.inv.mint(write, two.root, Rights.WRITE));
    const frame = rig.make(FRAME, 4096);
    const there = capRefOf(0, 3);
    const denied = (outer: string): string[] => ['SYS_ERR_CNODE_RIGHTS', outer];
    expect(codes(rig.inv.copy(there, frame, { destination: read }))).toEqual(
      denied('SYS_ERR_DEST_CNODE_LOOKUP'),
    );
    ok(rig.inv.copy(there, frame, { destination: write }));
    expect(two.inv.typeName(there)).toBe('Frame');
    expect(codes(rig.inv.copy(rig.slot(), there, { source: write }))).toEqual(
      denied('SYS_ERR_SOURCE_CAP_LOOKUP'),
    );
    ok(rig.inv.copy(rig.slot(), there, { source: read }));
    expect(codes(rig.inv.delete(there, { source: read }))).toEqual(['SYS_ERR_CNODE_RIGHTS']);
    expect(codes(rig.inv.revoke(there, { source: read }))).toEqual(['SYS_ERR_CNODE_RIGHTS']);
    ok(rig.inv.delete(there, { source: write }));
    expect(two.inv.typeName(there)).toBe('Null');
    const setUp = rig.inv.dispatcherSetup(two.dispatcher, read, two.vspace);
    expect(codes(setUp)).toEqual(['SYS_ERR_CNODE_RIGHTS']);
    expect(codes(rig.inv.resizeRoot(read))).toEqual(['SYS_ERR_CNODE_RIGHTS']);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('objects are made in it, and taken from it', () => {
    const rig = new KernelRig();
    const two = rig.secondDomain();
    rig.retype(CapType.RAM, MIB, capRefOf(0, 7), { destination: two.root });
    const request = { type: FRAME, offset: 0, objectBytes: 4096, count: 4 };
    const slot = rig.slots(4);
    ok(rig.inv.retype(capRefOf(0, 7), request, slot, { source: two.root }));
    ok(two.inv.revoke(capRefOf(0, 7)));
    expect(rig.inv.typeName(slot)).toBe('Null');
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('resizeRoot', () => {
  function larger(rig: KernelRig, slots: number): CapRef {
    return rig.make(L1_CNODE, (slots / CNODE_SLOTS) * CNODE_BYTES);
  }

  test('moves what the root holds, and everybody who runs with it', () => {
    const rig = new KernelRig();
    const again = rig.kernel.attach(rig.number);
    const frame = rig.make(FRAME, 4096);
    const next = larger(rig, 512);
    ok(rig.inv.resizeRoot(next));
    for (const inv of [rig.inv, again]) {
      expect(inv?.typeName(frame)).toBe('Frame');
      expect(inv?.typeName(rootSlotRef(0))).toBe('L2CNode');
      expect(codes(inv?.identify(rootSlotRef(511)) ?? 0)).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    }
    ok(rig.inv.delete(WellKnown.ROOT_CNODE));
    expect(rig.inv.typeName(frame)).toBe('Frame');
    rig.retype(L2_CNODE, CNODE_BYTES, rootSlotRef(500));
    expect(rig.kernel.attach(rig.number)?.typeName(frame)).toBe('Frame');
    expect(rig.inv.delete(next)).toBe(OK);
    expect(codes(rig.inv.identify(frame))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('refuses what is smaller, not empty, no root, or the present root', () => {
    const rig = new KernelRig({ rootSlots: 512 });
    const { inv } = rig;
    expect(codes(inv.resizeRoot(larger(rig, 256)))).toEqual(['SYS_ERR_CNODE_RESIZE_SHRINK']);
    expect(codes(inv.resizeRoot(WellKnown.ROOT_CNODE))).toEqual(['SYS_ERR_CNODE_RESIZE_SHRINK']);
    expect(codes(inv.resizeRoot(RAM))).toEqual(['SYS_ERR_CNODE_NOT_ROOT']);
    expect(codes(inv.resizeRoot(rig.slot()))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    const used = larger(rig, 1024);
    rig.retype(L2_CNODE, CNODE_BYTES, rootSlotRef(1023), { destination: used });
    expect(codes(inv.resizeRoot(used))).toEqual(['SYS_ERR_SLOTS_IN_USE']);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('no root slot ever holds anything else than an L2 CNode, so that moving loses nothing', () => {
    const rig = new KernelRig();
    const { inv } = rig;
    const frame = rig.make(FRAME, 8192);
    const table = rig.make(VNODE_ARM_L2, 1024);
    const mapping = rig.slot();
    const there = rootSlotRef(90);
    const refused = ['SYS_ERR_DEST_TYPE_INVALID', 'SYS_ERR_DEST_CNODE_LOOKUP'];
    ok(inv.vnodeMap(table, frame, 0, PagingFlags.READ, 0, 2, mapping));
    expect(codes(inv.vnodeMap(table, frame, 4, PagingFlags.READ, 0, 1, there))).toEqual(refused);
    expect(codes(inv.mappingSplit(mapping, 1, there))).toEqual(refused);
    expect(codes(inv.move(there, mapping))).toEqual(refused);
    expect(codes(inv.move(there, frame))).toEqual(refused);
    expect(codes(rig.kernel.grant(rig.number, there, FRAME, 0, 4096))).toEqual([refused[0]]);
    const endpoint = rig.from(WellKnown.DISPATCHER, CapType.END_POINT, 1024);
    const number = rig.number;
    expect(codes(rig.kernel.introduce(number, endpoint, number, there))).toEqual([refused[0]]);
    ok(inv.receiveInto(WellKnown.DISPATCHER, there));
    expect(codes(inv.send(endpoint, [], frame))).toEqual([refused[0]]);
    expect(inv.typeName(there)).toBe('Null');
    ok(inv.resizeRoot(larger(rig, 512)));
    ok(inv.delete(frame));
    expect(inv.typeName(mapping)).toBe('Null');
    expect(inv.typeName(ROOT)).toBe('VNode_ARM_l1');
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});
