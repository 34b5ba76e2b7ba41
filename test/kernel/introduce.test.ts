import { expect, test } from 'vitest';
import { type CapRef, Code, MIB, OK } from '../../src/base/index.js';
import { Domain } from '../../src/domain/index.js';
import { CapType, Kernel, WellKnown } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';

test('the kernel introduces a domain to the endpoint of another, and to nothing else', () => {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 16 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
  });
  const kernel = new Kernel(machine);
  const [one, two] = [Domain.boot(kernel, MIB), Domain.boot(kernel, MIB)];
  const endpoint = two.slots.allocate() as CapRef;
  const request = { type: CapType.END_POINT, offset: 0, objectBytes: 1024, count: 1 };
  expect(two.invocations.retype(WellKnown.DISPATCHER, request, endpoint)).toBe(OK);

  const slot = one.slots.allocate() as CapRef;
  const introduce = (cap: CapRef, to = one.number): number =>
    kernel.introduce(two.number, cap, to, slot);
  expect(introduce(WellKnown.RAM)).toBe(Code.SYS_ERR_ILLEGAL_INVOCATION);
  expect(introduce(endpoint, 99)).toBe(Code.SYS_ERR_CNODE_NOT_ROOT);
  expect(introduce(endpoint)).toBe(OK);
  expect(introduce(endpoint)).toBe(Code.SYS_ERR_SLOT_IN_USE);

  const frame = one.allocateFrame(4096);
  const place = two.slots.allocate() as CapRef;
  expect(two.invocations.receiveInto(WellKnown.DISPATCHER, place)).toBe(OK);
  expect(one.invocations.send(slot, [7], frame)).toBe(OK);
  expect(two.invocations.receive(WellKnown.DISPATCHER)).toEqual([7]);
  expect(two.invocations.typeName(place)).toBe('Frame');
});
