import { describe, expect, test } from 'vitest';
import {
  CAP_TYPE_NAMES,
  CapType,
  type CapTypeNumber,
  capRefOf,
  PagingFlags,
  Rights,
  rootSlotRef,
} from '../../src/kernel/index.js';
import { auditKernel, tablesOf } from '../support/kernel-audit.js';
import { codes, KernelRig, ok, RAM, ROOT } from '../support/kernel-rig.js';

const { FRAME, L1_CNODE, L2_CNODE, VNODE_ARM_L1, VNODE_ARM_L2, DISPATCHER } = CapType;
const { READ, WRITE } = PagingFlags;

describe('move', () => {
  test('takes any capability to another CSpace, one of several copies or the only one', () => {
    for (const type of [
      CapType.RAM,
      FRAME,
      L1_CNODE,
      L2_CNODE,
      VNODE_ARM_L1,
      VNODE_ARM_L2,
      DISPATCHER,
    ]) {
      for (const copies of [0, 1, 2]) {
        const rig = new KernelRig();
        const two = rig.secondDomain();
        const bytes = type === VNODE_ARM_L2 || type === DISPATCHER ? 1024 : 16 * 1024;
        const cap = rig.make(type, bytes);
        const others = Array.from({ length: copies }, () => rig.copy(cap));
        ok(rig.inv.move(capRefOf(0, 9), cap, { destination: two.root }));
        expect(rig.inv.typeName(cap)).toBe('Null');
        expect(two.inv.typeName(capRefOf(0, 9))).toBe(CAP_TYPE_NAMES[type as CapTypeNumber]);
        expect(auditKernel(rig.kernel)).toEqual([]);
        for (const other of others) ok(rig.inv.delete(other));
        ok(rig.inv.move(cap, capRefOf(0, 9), { source: two.root }));
        expect(auditKernel(rig.kernel)).toEqual([]);
        ok(rig.inv.delete(cap));
        expect(auditKernel(rig.kernel)).toEqual([]);
      }
    }
  });

  test('a frame keeps its Mappings, a Mapping its place, a table its installation', () => {
    const rig = new KernelRig();
    const two = rig.secondDomain();
    const there = { destination: two.root };
    const frame = rig.make(FRAME, 4096);
    const table = rig.make(VNODE_ARM_L2, 1024);
    const [installed, first, second, third] = [rig.slot(), rig.slot(), rig.slot(), rig.slot()];
    ok(rig.inv.vnodeMap(ROOT, table, 5, 0, 0, 1, installed));
    ok(rig.inv.vnodeMap(table, frame, 1, READ, 0, 1, first));
    ok(rig.inv.vnodeMap(table, frame, 2, READ, 0, 1, second));
    ok(rig.inv.vnodeMap(table, frame, 3, READ | WRITE, 0, 1, third));
    const caps = [second, frame, table, installed, third, first];
    for (const [index, cap] of caps.entries()) {
      ok(rig.inv.move(capRefOf(0, 20 + index), cap, there));
      expect(auditKernel(rig.kernel)).toEqual([]);
    }
    // All three Mappings are still in the list of the frame, which now lies in the other CSpace.
    ok(two.inv.vnodeUnmap(capRefOf(0, 22), capRefOf(0, 24)));
    ok(two.inv.delete(capRefOf(0, 21)));
    expect(two.inv.typeName(capRefOf(0, 20))).toBe('Null');
    expect(two.inv.typeName(capRefOf(0, 25))).toBe('Null');
    ok(two.inv.delete(capRefOf(0, 22)));
    expect(two.inv.typeName(capRefOf(0, 23))).toBe('Null');
    expect(tablesOf(rig.kernel).every(({ words }) => words.every((word) => word === 0))).toBe(true);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('the CNode that one stands in', () => {
    const rig = new KernelRig();
    rig.retype(L2_CNODE, 16 * 1024, rootSlotRef(80));
    rig.retype(FRAME, 4096, capRefOf(80, 3));
    ok(rig.inv.move(rootSlotRef(81), rootSlotRef(80)));
    expect(rig.inv.typeName(capRefOf(81, 3))).toBe('Frame');
    expect(codes(rig.inv.identify(capRefOf(80, 3)))).toEqual(['SYS_ERR_CNODE_NOT_FOUND']);
    // Into itself: nobody can reach it then, and revoking the memory still finds it.
    ok(rig.inv.move(capRefOf(81, 4), rootSlotRef(81)));
    expect(auditKernel(rig.kernel)).toEqual([]);
    ok(rig.inv.revoke(RAM));
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('what it refuses changes nothing', () => {
    const rig = new KernelRig();
    const two = rig.secondDomain();
    const frame = rig.make(FRAME, 4096);
    const table = rig.make(VNODE_ARM_L2, 1024);
    expect(codes(rig.inv.move(frame, frame))).toEqual(['SYS_ERR_SLOT_IN_USE']);
    expect(codes(rig.inv.move(table, frame))).toEqual(['SYS_ERR_SLOT_IN_USE']);
    expect(codes(rig.inv.move(rig.slot(), rig.slot()))).toEqual([
      'SYS_ERR_CAP_NOT_FOUND',
      'SYS_ERR_SOURCE_CAP_LOOKUP',
    ]);
    const readOnly = rig.slot();
    ok(rig.inv.mint(readOnly, two.root, Rights.READ));
    expect(codes(rig.inv.move(capRefOf(0, 3), frame, { destination: readOnly }))).toEqual([
      'SYS_ERR_CNODE_RIGHTS',
      'SYS_ERR_DEST_CNODE_LOOKUP',
    ]);
    expect(rig.inv.typeName(frame)).toBe('Frame');
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});
