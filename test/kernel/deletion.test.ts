import { describe, expect, test } from 'vitest';
import { type CapRef, capRef, MIB, OK } from '../../src/base/index.js';
import {
  CapType,
  CNODE_SLOTS,
  capRefOf,
  PagingFlags,
  Rights,
  rootSlotRef,
  WellKnown,
} from '../../src/kernel/index.js';
import { auditKernel, objectsInOrder, tablesOf } from '../support/kernel-audit.js';
import { codes, KernelRig, ok, RAM, ROOT } from '../support/kernel-rig.js';

const KIB = 1024;
const { FRAME, L1_CNODE, L2_CNODE, VNODE_ARM_L2, DISPATCHER, END_POINT } = CapType;
const { READ, WRITE } = PagingFlags;
const A = 0x5000_0000;

/** Maps `frame` at {@link A} by a table of its own; answers table, its Mapping, and the frame's. */
function mapAt(rig: KernelRig, frame: CapRef, address = A) {
  const table = rig.make(VNODE_ARM_L2, KIB);
  const [installed, mapping] = [rig.slot(), rig.slot()];
  ok(rig.inv.vnodeMap(ROOT, table, address >>> 20, 0, 0, 1, installed));
  const entry = (address >>> 12) & 255;
  ok(rig.inv.vnodeMap(table, frame, entry, READ | WRITE, 0, 1, mapping));
  return { table, installed, mapping };
}

function words(rig: KernelRig): number {
  return tablesOf(rig.kernel).reduce(
    (sum, { words }) => sum + words.reduce((count, word) => count + (word === 0 ? 0 : 1), 0),
    0,
  );
}

describe('delete', () => {
  test('an empty slot, and a slot that is nowhere', () => {
    const { inv } = new KernelRig();
    expect(codes(inv.delete(capRef(0)))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    expect(codes(inv.delete(capRefOf(255, 0)))).toEqual(['SYS_ERR_CNODE_NOT_FOUND']);
    expect(codes(inv.delete(capRefOf(256, 0)))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(codes(inv.delete(rootSlotRef(256)))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
  });

  test('one copy of several: the Mappings made from it go, those of the others stay', () => {
    const rig = new KernelRig();
    const frame = rig.make(FRAME, 4096);
    const copy = rig.copy(frame);
    const one = mapAt(rig, frame);
    const two = mapAt(rig, copy, A + MIB);
    expect(words(rig)).toBe(4);
    ok(rig.inv.delete(frame));
    expect(rig.inv.typeName(one.mapping)).toBe('Null');
    expect(rig.inv.typeName(two.mapping)).toBe('Frame_Mapping');
    expect(words(rig)).toBe(3);
    ok(rig.inv.delete(copy));
    expect(words(rig)).toBe(2);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('a Mapping takes its entries with it, a table all that it maps', () => {
    const rig = new KernelRig();
    const frame = rig.make(FRAME, 4096);
    const { table, installed, mapping } = mapAt(rig, frame);
    ok(rig.inv.delete(mapping));
    expect(words(rig)).toBe(1);
    ok(rig.inv.vnodeMap(table, frame, 7, READ, 0, 1, mapping));
    ok(rig.inv.delete(installed));
    expect(words(rig)).toBe(1);
    ok(rig.inv.vnodeMap(ROOT, table, 9, 0, 0, 1, installed));
    ok(rig.inv.delete(table));
    expect(words(rig)).toBe(0);
    expect(rig.inv.typeName(mapping)).toBe('Null');
    expect(rig.inv.typeName(installed)).toBe('Null');
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('the last copy gives the memory back to what it was made from', () => {
    const rig = new KernelRig();
    const ram = rig.make(CapType.RAM, 64 * KIB);
    const inner = rig.from(ram, CapType.RAM, 32 * KIB);
    const frame = rig.from(inner, FRAME, 4096, 8192);
    const whole = { type: FRAME, offset: 0, objectBytes: 64 * KIB, count: 1 };
    const slot = rig.slot();
    ok(rig.inv.delete(inner));
    expect(codes(rig.inv.retype(ram, whole, slot))).toEqual(['SYS_ERR_REVOKE_FIRST']);
    ok(rig.inv.retype(ram, { ...whole, objectBytes: 8192 }, slot));
    ok(rig.inv.delete(slot));
    ok(rig.inv.delete(frame));
    ok(rig.inv.retype(ram, whole, slot));
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('a Dispatcher leaves its endpoints dead, and its memory with them', () => {
    const rig = new KernelRig();
    const ram = rig.make(CapType.RAM, 4096);
    const dispatcher = rig.from(ram, DISPATCHER, KIB);
    const endpoint = rig.from(dispatcher, END_POINT, KIB);
    const second = rig.from(dispatcher, END_POINT, KIB);
    ok(rig.inv.delete(dispatcher));
    expect(codes(rig.inv.send(endpoint, [1]))).toEqual(['SYS_ERR_LMP_NO_TARGET']);
    const request = { type: DISPATCHER, offset: 0, objectBytes: KIB, count: 1 };
    expect(codes(rig.inv.retype(ram, request, dispatcher))).toEqual(['SYS_ERR_REVOKE_FIRST']);
    ok(rig.inv.delete(endpoint));
    expect(codes(rig.inv.retype(ram, request, dispatcher))).toEqual(['SYS_ERR_REVOKE_FIRST']);
    ok(rig.inv.delete(second));
    ok(rig.inv.retype(ram, request, dispatcher));
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('CNodes', () => {
  test('a chain of four thousand CNodes, each in the one before, goes with the first', () => {
    const rig = new KernelRig({ ramBytes: 192 * MIB });
    const before = objectsInOrder(rig.kernel).length;
    const top = rig.make(L1_CNODE, 16 * KIB);
    rig.retype(L2_CNODE, 16 * KIB, rootSlotRef(0), { destination: top });
    let holder = top;
    for (let depth = 0; depth < 4000; depth += 1) {
      const next = rig.make(L1_CNODE, 16 * KIB);
      rig.retype(L2_CNODE, 16 * KIB, rootSlotRef(0), { destination: next });
      ok(rig.inv.copy(capRefOf(0, 1), next, { destination: holder }));
      if (holder !== top) ok(rig.inv.delete(holder));
      holder = next;
    }
    ok(rig.inv.delete(holder));
    expect(objectsInOrder(rig.kernel).length - before).toBeGreaterThan(8000);
    ok(rig.inv.delete(top));
    // The L2 CNodes that the rig took its own slots from stay.
    expect(objectsInOrder(rig.kernel).length - before).toBeLessThan(40);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('slots of CNodes that are gone serve CNodes of any other size', () => {
    const rig = new KernelRig({ ramBytes: 192 * MIB });
    const ram = rig.make(CapType.RAM, 64 * MIB);
    const slot = rig.slot();
    // Sizes without an end would use the kernel's slots up if each of them kept its own.
    for (let times = 1; times <= 300; times += 1) {
      const request = { type: L1_CNODE, offset: 0, objectBytes: times * 16 * KIB, count: 1 };
      ok(rig.inv.retype(ram, request, slot));
      ok(rig.inv.delete(slot));
    }
    expect(rig.kernel.state.capabilities['usedSlots']).toBeLessThan(400 * CNODE_SLOTS);
  });

  test('a CNode that holds its own root goes when the memory is revoked', () => {
    const rig = new KernelRig();
    const ram = rig.make(CapType.RAM, 64 * KIB);
    const before = objectsInOrder(rig.kernel).length;
    const root = rig.from(ram, L1_CNODE, 16 * KIB);
    const there = { destination: root };
    const request = { type: L2_CNODE, offset: 16 * KIB, objectBytes: 16 * KIB, count: 1 };
    ok(rig.inv.retype(ram, request, rootSlotRef(0), there));
    ok(rig.inv.copy(capRefOf(0, 0), root, there));
    ok(rig.inv.copy(capRefOf(0, 1), ram, there));
    ok(rig.inv.delete(root));
    // Nobody can name it any more, but it holds itself.
    expect(objectsInOrder(rig.kernel).length - before).toBe(2);
    ok(rig.inv.revoke(ram));
    expect(objectsInOrder(rig.kernel).length).toBe(before);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('an L2 CNode that holds the only capability to itself', () => {
    const rig = new KernelRig();
    const ram = rig.make(CapType.RAM, 16 * KIB);
    const before = objectsInOrder(rig.kernel).length;
    const request = { type: L2_CNODE, offset: 0, objectBytes: 16 * KIB, count: 1 };
    ok(rig.inv.retype(ram, request, rootSlotRef(100)));
    ok(rig.inv.copy(capRefOf(100, 255), rootSlotRef(100)));
    ok(rig.inv.delete(capRefOf(100, 255)));
    ok(rig.inv.copy(capRefOf(100, 255), rootSlotRef(100)));
    ok(rig.inv.delete(rootSlotRef(100)));
    expect(codes(rig.inv.delete(capRefOf(100, 255)))).toEqual(['SYS_ERR_CNODE_NOT_FOUND']);
    ok(rig.inv.revoke(ram));
    expect(objectsInOrder(rig.kernel).length).toBe(before);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('revoke', () => {
  test('takes copies, descendants and Mappings, and leaves the capability', () => {
    const rig = new KernelRig();
    const two = rig.secondDomain();
    const frame = rig.make(FRAME, 16 * KIB);
    const copy = rig.copy(frame);
    ok(rig.inv.copy(capRefOf(0, 5), frame, { destination: two.root }));
    const part = rig.from(frame, FRAME, 4096, 4096);
    const { mapping } = mapAt(rig, frame);
    const other = mapAt(rig, part, A + MIB);
    ok(rig.inv.revoke(frame));
    expect(rig.inv.typeName(frame)).toBe('Frame');
    for (const slot of [copy, part, mapping, other.mapping]) {
      expect(rig.inv.typeName(slot)).toBe('Null');
    }
    expect(two.inv.typeName(capRefOf(0, 5))).toBe('Null');
    ok(rig.inv.revoke(frame));
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('a copy revokes the original: all copies are equal', () => {
    const rig = new KernelRig();
    const frame = rig.make(FRAME, 4096);
    const weak = rig.slot();
    ok(rig.inv.mint(weak, frame, 0));
    ok(rig.inv.revoke(weak));
    expect(rig.inv.typeName(frame)).toBe('Null');
    ok(rig.inv.identify(weak));
    expect(rig.inv.identity.rights).toBe(0);
  });

  test('a Mapping has nothing to revoke', () => {
    const rig = new KernelRig();
    const { mapping } = mapAt(rig, rig.make(FRAME, 4096));
    ok(rig.inv.revoke(mapping));
    expect(rig.inv.typeName(mapping)).toBe('Frame_Mapping');
  });

  test("the RAM under one's own CSpace: everything that was made from it goes", () => {
    const rig = new KernelRig();
    const before = objectsInOrder(rig.kernel);
    const ram = rig.make(CapType.RAM, 128 * KIB);
    const frame = rig.from(ram, FRAME, 4096, 64 * KIB);
    mapAt(rig, frame);
    const request = { type: L2_CNODE, offset: 0, objectBytes: 16 * KIB, count: 1 };
    ok(rig.inv.retype(ram, request, rootSlotRef(50)));
    // The only capability to the RAM moves into a CNode that is made from that RAM.
    ok(rig.inv.copy(capRefOf(50, 0), ram));
    ok(rig.inv.delete(ram));
    expect(codes(rig.inv.revoke(capRefOf(50, 0)))).toEqual([]);
    expect(rig.inv.typeName(frame)).toBe('Null');
    expect(rig.inv.typeName(rootSlotRef(50))).toBe('Null');
    const after = objectsInOrder(rig.kernel).filter(({ type }) => type === CapType.RAM);
    expect(after).toHaveLength(before.filter(({ type }) => type === CapType.RAM).length);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('all the RAM of a domain, from inside: nobody is left, and the kernel is well', () => {
    const rig = new KernelRig();
    const two = rig.secondDomain();
    const frame = rig.make(FRAME, 4096);
    mapAt(rig, frame);
    ok(rig.kernel.run(rig.number));
    expect(rig.machine.cpu.load(A, 4)).toBe(0);
    ok(rig.inv.revoke(RAM));
    expect(rig.inv.typeName(frame)).toBe('Null');
    expect(two.inv.typeName(capRefOf(0, 0))).toBe('Null');
    expect(codes(two.inv.identify(capRefOf(0, 0)))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(() => rig.machine.cpu.load(A, 4)).toThrow();
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('a descent of two thousand steps, and a frame with five thousand copies', () => {
    const rig = new KernelRig({ ramBytes: 200 * MIB });
    const before = objectsInOrder(rig.kernel).length;
    const ram = rig.make(CapType.RAM, 64 * KIB);
    let last = ram;
    for (let depth = 0; depth < 2000; depth += 1) last = rig.from(last, CapType.RAM, 64 * KIB);
    const frame = rig.from(last, FRAME, 64 * KIB);
    for (let copy = 0; copy < 5000; copy += 1) rig.copy(frame);
    ok(rig.inv.revoke(ram));
    expect(objectsInOrder(rig.kernel).length - before).toBeLessThan(40);
    ok(rig.inv.delete(ram));
    expect(auditKernel(rig.kernel)).toEqual([]);
  }, 10_000);
});

describe('what a domain runs with', () => {
  function running(rig: KernelRig): void {
    const frame = rig.make(FRAME, 4096);
    mapAt(rig, frame);
    ok(rig.kernel.run(rig.number));
    rig.machine.cpu.store(A, 4, 7);
  }

  test('its own root table: no access is translated any more', () => {
    const rig = new KernelRig();
    running(rig);
    ok(rig.inv.delete(ROOT));
    expect(() => rig.machine.cpu.load(A, 4)).toThrow();
    expect(codes(rig.kernel.run(rig.number))).toEqual(['SYS_ERR_VNODE_TYPE']);
    expect(rig.kernel.rootTable(rig.number)).toBeUndefined();
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('its own Dispatcher: it runs no more, but its CSpace stays usable', () => {
    const rig = new KernelRig();
    running(rig);
    ok(rig.inv.delete(WellKnown.DISPATCHER));
    expect(codes(rig.kernel.run(rig.number))).toEqual(['SYS_ERR_VNODE_TYPE']);
    expect(rig.kernel.attach(rig.number)).toBeUndefined();
    expect(rig.inv.typeName(RAM)).toBe('RAM');
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('its own root CNode: every reference leads nowhere', () => {
    const rig = new KernelRig();
    running(rig);
    ok(rig.inv.delete(WellKnown.ROOT_CNODE));
    expect(codes(rig.inv.identify(RAM))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(codes(rig.inv.delete(rootSlotRef(0)))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(rig.kernel.attach(rig.number)).toBeUndefined();
    // The root table went with the CSpace that held it.
    expect(() => rig.machine.cpu.load(A, 4)).toThrow();
    expect(auditKernel(rig.kernel)).toEqual([]);
    // A CSpace that takes its place in the pools is not the one that the dead domain sees.
    expect(rig.kernel.bootDomain(MIB).invocations.typeName(RAM)).toBe('RAM');
    expect(codes(rig.inv.identify(RAM))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
  });

  test('the CNode that its Mappings lie in', () => {
    const rig = new KernelRig();
    const frame = rig.make(FRAME, 4096);
    const { table } = mapAt(rig, frame);
    rig.retype(L2_CNODE, 16 * KIB, rootSlotRef(60));
    for (let entry = 0; entry < 64; entry += 1) {
      const slot = capRefOf(60, entry);
      ok(rig.inv.vnodeMap(table, frame, 100 + entry, READ, 0, 1, slot));
    }
    expect(words(rig)).toBe(66);
    ok(rig.inv.delete(rootSlotRef(60)));
    expect(words(rig)).toBe(2);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('rights survive: a copy without rights deletes as well as any other', () => {
    const rig = new KernelRig();
    const slot = rig.slot();
    ok(rig.inv.mint(slot, rig.make(FRAME, 4096), Rights.READ));
    expect(rig.inv.delete(slot)).toBe(OK);
  });
});
