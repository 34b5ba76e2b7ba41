import { expect, test } from 'vitest';
import { type CapRef, capRef, errorChain, MIB, OK, PAGE_BYTES } from '../../src/base/index.js';
import { RamAllocator } from '../../src/domain/index.js';
import { TableAllocator } from '../../src/domain/table-allocator.js';
import { CapType } from '../../src/kernel/index.js';
import { KernelRig } from '../support/kernel-rig.js';

function setUp(keepsPages = false) {
  const rig = new KernelRig();
  const ram = new RamAllocator(rig.inv);
  ram.add(rig.make(CapType.RAM, MIB));
  const tables = new TableAllocator(rig.inv, ram, keepsPages);
  const make = (): CapRef => {
    const slot = rig.slot();
    expect(tables.create(slot)).toBe(OK);
    return slot;
  };
  const addressOf = (table: CapRef): number => {
    expect(rig.inv.identify(table)).toBe(OK);
    return rig.inv.identity.base;
  };
  return { rig, ram, tables, make, addressOf };
}

test('four tables lie in each page, the lowest free place first', () => {
  const { ram, tables, make, addressOf } = setUp();
  const free = ram.freePages;
  const made = Array.from({ length: 9 }, make);
  const first = addressOf(made[0] as CapRef);
  expect(made.map((table) => addressOf(table) - first)).toEqual(
    Array.from({ length: 9 }, (_, index) => index * 1024),
  );
  expect([tables.tableCount, tables.bytes, free - ram.freePages]).toEqual([9, 3 * PAGE_BYTES, 3]);
  expect(tables.destroy(made[5] as CapRef)).toBe(OK);
  expect(tables.destroy(made[2] as CapRef)).toBe(OK);
  expect(addressOf(make()) - first).toBe(2 * 1024);
  expect(addressOf(make()) - first).toBe(5 * 1024);
});

test('a page whose tables are gone is free memory again, unless pages are kept', () => {
  for (const keeps of [false, true]) {
    const { ram, tables, make } = setUp(keeps);
    const free = ram.freePages;
    const made = Array.from({ length: 12 }, make);
    for (const table of made.reverse()) expect(tables.destroy(table)).toBe(OK);
    expect([tables.tableCount, free - ram.freePages]).toEqual([0, keeps ? 3 : 0]);
  }
});

test('a table comes back to the place that it had', () => {
  const { rig, ram, tables, make, addressOf } = setUp();
  const made = Array.from({ length: 5 }, make);
  const last = made[4] as CapRef;
  const address = addressOf(last);
  expect(tables.destroy(last)).toBe(OK);
  expect(tables.create(last, address)).toBe(OK);
  expect(addressOf(last)).toBe(address);
  expect(tables.destroy(made[1] as CapRef)).toBe(OK);
  expect(errorChain(tables.destroy(made[1] as CapRef))).toEqual(['SYS_ERR_CAP_NOT_FOUND']);
  expect(tables.tableCount).toBe(4);
  // Without memory nothing is left of the attempt.
  while (ram.allocate(PAGE_BYTES) >= 0);
  for (let table = 0; table < 4; table += 1) make();
  const full = rig.slot();
  expect(errorChain(tables.create(full))).toEqual(['MM_ERR_NOT_FOUND', 'LIB_ERR_RAM_ALLOC']);
  expect([tables.tableCount, rig.inv.typeName(full)]).toEqual([8, 'Null']);
  expect(errorChain(tables.create(capRef(-1000)))[1]).toBe('LIB_ERR_RAM_ALLOC');
});
