import { describe, expect, test } from 'vitest';
import { capRef, MIB } from '../../src/base/index.js';
import { CapType, capRefOf, PagingFlags, Rights, WellKnown } from '../../src/kernel/index.js';
import { auditKernel } from '../support/kernel-audit.js';
import { codes, KernelRig, NOWHERE, ok, RAM, ROOT } from '../support/kernel-rig.js';

const { FRAME, END_POINT, VNODE_ARM_L1, VNODE_ARM_L2 } = CapType;

/** Two domains; the first holds an endpoint of the second, which waits for a capability. */
function setUp() {
  const rig = new KernelRig();
  const two = rig.secondDomain();
  const endpoint = rig.from(two.dispatcher, END_POINT, 1024);
  const own = capRefOf(0, 1);
  ok(rig.inv.copy(own, two.dispatcher, { destination: two.root }));
  return { rig, two, endpoint, own, inv: rig.inv };
}

describe('endpoints', () => {
  test('carry words, one message at a time', () => {
    const { inv, two, endpoint, own } = setUp();
    expect(two.inv.receive(own)).toBeUndefined();
    const words = [1, 2, 3];
    ok(inv.send(endpoint, words));
    words[0] = 9;
    expect(codes(inv.send(endpoint, [4]))).toEqual(['SYS_ERR_LMP_BUF_OVERFLOW']);
    expect(two.inv.receive(own)).toEqual([1, 2, 3]);
    expect(two.inv.receive(own)).toBeUndefined();
    expect(
      codes(
        inv.send(
          endpoint,
          Array.from({ length: 10 }, () => 0),
        ),
      ),
    ).toEqual(['SYS_ERR_LMP_BUF_OVERFLOW']);
    ok(
      inv.send(
        endpoint,
        Array.from({ length: 9 }, () => 0),
      ),
    );
  });

  test('carry a capability with its rights into the slot that the receiver names', () => {
    const { rig, inv, two, endpoint, own } = setUp();
    const frame = rig.make(FRAME, 4096);
    const weak = rig.slot();
    ok(inv.mint(weak, frame, Rights.READ | Rights.GRANT));
    expect(codes(inv.send(endpoint, [], weak))).toEqual(['SYS_ERR_LMP_NO_TARGET']);
    ok(two.inv.receiveInto(own, capRefOf(0, 5)));
    ok(inv.send(endpoint, [7], weak));
    ok(two.inv.identify(capRefOf(0, 5)));
    expect(two.inv.identity.rights).toBe(Rights.READ | Rights.GRANT);
    expect(two.inv.receive(own)).toEqual([7]);
    // The slot serves once.
    expect(codes(inv.send(endpoint, [], weak))).toEqual(['SYS_ERR_LMP_NO_TARGET']);
    ok(two.inv.receiveInto(own, capRefOf(0, 5)));
    expect(codes(inv.send(endpoint, [], weak))).toEqual(['SYS_ERR_SLOT_IN_USE']);
    expect(two.inv.receive(own)).toBeUndefined();
    for (const slot of [capRefOf(9, 0), NOWHERE, capRef(-0.5)]) {
      ok(two.inv.receiveInto(own, slot));
      expect(codes(inv.send(endpoint, [], weak))).not.toEqual([]);
    }
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('ask for WRITE to send, and for GRANT to give away', () => {
    const { rig, inv, two, endpoint, own } = setUp();
    const [mute, kept] = [rig.slot(), rig.slot()];
    ok(inv.mint(mute, endpoint, Rights.ALL & ~Rights.WRITE));
    ok(inv.mint(kept, rig.make(FRAME, 4096), Rights.ALL & ~Rights.GRANT));
    ok(two.inv.receiveInto(own, capRefOf(0, 5)));
    expect(codes(inv.send(mute, [1]))).toEqual(['SYS_ERR_CNODE_RIGHTS']);
    expect(codes(inv.send(endpoint, [1], kept))).toEqual(['SYS_ERR_CNODE_RIGHTS']);
    const table = rig.make(VNODE_ARM_L2, 1024);
    const mapping = rig.slot();
    ok(inv.vnodeMap(table, rig.make(FRAME, 4096), 0, PagingFlags.READ, 0, 1, mapping));
    expect(codes(inv.send(endpoint, [1], mapping))).toEqual(['SYS_ERR_NOT_COPYABLE']);
    expect(two.inv.receive(own)).toBeUndefined();
    expect(two.inv.typeName(capRefOf(0, 5))).toBe('Null');
  });

  test('are asked of what is one', () => {
    const { rig, inv, two } = setUp();
    expect(codes(inv.send(RAM, []))).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    expect(codes(inv.send(two.dispatcher, []))).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    expect(codes(inv.send(rig.slot(), []))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    expect(codes(inv.send(NOWHERE, []))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(codes(inv.receiveInto(RAM, rig.slot()))).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    expect(inv.receive(RAM)).toBeUndefined();
    expect(inv.receive(NOWHERE)).toBeUndefined();
    expect(codes(-inv.dispatcherNumber(RAM))).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
  });

  test('lead nowhere once the Dispatcher, or the CSpace that receives, is gone', () => {
    const { rig, inv, two, endpoint, own } = setUp();
    const frame = rig.make(FRAME, 4096);
    ok(two.inv.receiveInto(own, capRefOf(0, 5)));
    ok(inv.delete(two.root));
    expect(codes(inv.send(endpoint, [1], frame))).toEqual(['SYS_ERR_LMP_NO_TARGET']);
    ok(inv.send(endpoint, [1]));
    ok(inv.delete(two.dispatcher));
    expect(codes(inv.send(endpoint, [1]))).toEqual(['SYS_ERR_LMP_NO_TARGET']);
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('follow the receiver into its larger root CNode', () => {
    const { rig, inv, two, endpoint, own } = setUp();
    ok(two.inv.receiveInto(own, capRefOf(0, 5)));
    const larger = capRefOf(0, 6);
    rig.retype(CapType.L1_CNODE, 32 * 1024, larger, { destination: two.root });
    ok(two.inv.resizeRoot(larger));
    ok(inv.send(endpoint, [1], rig.make(FRAME, 4096)));
    expect(two.inv.typeName(capRefOf(0, 5))).toBe('Frame');
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('dispatcherSetup', () => {
  test('takes a Dispatcher, a root CNode and a root table', () => {
    const { rig, inv, two } = setUp();
    const { dispatcher, root, vspace } = two;
    const setUpWith = (...caps: Parameters<typeof inv.dispatcherSetup>): unknown =>
      codes(inv.dispatcherSetup(...caps));
    expect(setUpWith(RAM, root, vspace)).toEqual(['SYS_ERR_ILLEGAL_INVOCATION']);
    expect(setUpWith(rig.slot(), root, vspace)).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    expect(setUpWith(dispatcher, RAM, vspace)).toEqual(['SYS_ERR_CNODE_NOT_ROOT']);
    expect(setUpWith(dispatcher, rig.slot(), vspace)).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
    expect(setUpWith(dispatcher, root, RAM)).toEqual(['SYS_ERR_VNODE_TYPE']);
    expect(setUpWith(dispatcher, root, rig.make(VNODE_ARM_L2, 1024))).toEqual([
      'SYS_ERR_VNODE_TYPE',
    ]);
    expect(setUpWith(dispatcher, root, rig.slot())).toEqual(['SYS_ERR_VNODE_TYPE']);
    expect(setUpWith(dispatcher, root, NOWHERE)).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    expect(setUpWith(dispatcher, root, vspace)).toEqual([]);
  });

  test('can give another table, which the next run uses', () => {
    const { rig, inv, two } = setUp();
    const other = rig.make(VNODE_ARM_L1, 16 * 1024);
    const frame = rig.make(FRAME, MIB);
    ok(inv.vnodeMap(other, frame, 5, PagingFlags.READ, 0, 1, rig.slot()));
    ok(rig.kernel.run(two.number));
    expect(() => rig.machine.cpu.load(5 * MIB, 4)).toThrow();
    ok(inv.dispatcherSetup(two.dispatcher, two.root, other));
    ok(rig.kernel.run(two.number));
    expect(rig.machine.cpu.load(5 * MIB, 4)).toBe(0);
    ok(inv.delete(other));
    expect(() => rig.machine.cpu.load(5 * MIB, 4)).toThrow();
    expect(codes(rig.kernel.run(two.number))).toEqual(['SYS_ERR_VNODE_TYPE']);
    ok(inv.dispatcherSetup(two.dispatcher, two.root, two.vspace));
    ok(rig.kernel.run(two.number));
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});

describe('observe', () => {
  test('is for root tables', () => {
    const { rig, inv } = setUp();
    expect(codes(inv.observe(RAM, null))).toEqual(['SYS_ERR_VNODE_TYPE']);
    expect(codes(inv.observe(rig.make(VNODE_ARM_L2, 1024), null))).toEqual(['SYS_ERR_VNODE_TYPE']);
    expect(codes(inv.observe(rig.slot(), null))).toEqual(['SYS_ERR_VNODE_TYPE']);
    expect(codes(inv.observe(NOWHERE, null))).toEqual(['SYS_ERR_L1_CNODE_INDEX']);
    ok(inv.observe(ROOT, null));
  });
});

describe('domains that are none', () => {
  test('cannot run, be attached, or be granted anything', () => {
    const { rig } = setUp();
    for (const number of [0, -1, 99, 1.5, Number.NaN]) {
      expect(codes(rig.kernel.run(number))).toEqual(['SYS_ERR_VNODE_TYPE']);
      expect(rig.kernel.attach(number)).toBeUndefined();
      expect(rig.kernel.rootTable(number)).toBeUndefined();
      const granted = rig.kernel.grant(number, rig.slot(), FRAME, 0, 4096);
      expect(codes(granted)).toEqual(['SYS_ERR_CNODE_NOT_ROOT']);
    }
    expect(codes(rig.inv.identify(WellKnown.ROOT_VNODE))).toEqual([]);
  });
});
