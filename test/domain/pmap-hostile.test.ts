import { describe, expect, test } from 'vitest';
import { type CapRef, MIB, PAGE_BYTES } from '../../src/base/index.js';
import { Domain, type DomainOptions, VRegionFlags } from '../../src/domain/index.js';
import { TABLE_MAPPING, tableAt } from '../../src/domain/table-records.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { errorCodes } from '../support/error-codes.js';
import { auditKernel } from '../support/kernel-audit.js';
import { difference, snapshotDomain, snapshotKernel } from '../support/snapshot.js';
import { auditSpace, slotsInUse } from '../support/space-audit.js';

const A = 0x5000_0000;
const { READ, READ_WRITE, LARGE } = VRegionFlags;

function setUp(options: DomainOptions = {}, ramBytes = 64 * MIB) {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, ramBytes, options);
  const audit = (): string[] => [
    ...auditKernel(kernel),
    ...auditSpace({ kernel, pmap: domain.pmap, manager: domain, number: domain.number }),
  ];
  const snapshot = () => [...snapshotKernel(kernel), ...snapshotDomain(domain)];
  return { machine, kernel, domain, pmap: domain.pmap, audit, snapshot };
}

const ODD = [Number.NaN, Infinity, -Infinity, -1, -4096, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e300];

describe('arguments that are none', () => {
  test('end in a named error or change nothing', () => {
    const { domain, pmap, audit, snapshot } = setUp();
    const frame = domain.allocateFrame(4 * PAGE_BYTES);
    pmap.map(A, frame, 0, 4 * PAGE_BYTES, READ_WRITE);
    const before = snapshot();
    for (const odd of ODD) {
      for (const call of [
        () => pmap.map(odd, frame, 0, 4096, READ),
        () => pmap.map(A + MIB, odd as CapRef, 0, 4096, READ),
        () => pmap.map(A + MIB, frame, odd, 4096, READ),
        () => pmap.unmap(odd, 4096),
        () => pmap.modifyFlags(odd, 4096, READ),
        () => pmap.split(odd),
        () => pmap.promote(odd, 65536),
        () => pmap.promote(A, odd),
        () => pmap.determineAddr(domain.vspace.tree, odd),
        () => pmap.determineAddr(domain.vspace.tree, 4096, odd),
        () => pmap.determineAddrRaw(odd),
        () => pmap.determineAddrRaw(4096, odd),
        () => pmap.lookup(odd),
        () => [...pmap.mappings(odd)],
        () => [...pmap.mappings(0, odd)],
        () => domain.freeFrame(odd as CapRef),
      ]) {
        const chain = errorCodes(call);
        const parts = difference(before, snapshot());
        // A fraction of a byte in a size or an offset rounds to a page as any other size does.
        if (chain.length === 0 && odd === 0.5 && parts.length > 0) pmap.unmap(A + MIB, 4096);
        expect([odd, call.toString(), difference(before, snapshot())]).toEqual([
          odd,
          call.toString(),
          [],
        ]);
      }
    }
    pmap.trim();
    expect(audit()).toEqual([]);
  });

  test('sizes that are none have the errors of sizes', () => {
    const { domain, pmap } = setUp();
    const frame = domain.allocateFrame(4 * PAGE_BYTES);
    for (const odd of [Number.NaN, Infinity, -Infinity, -1, -4096, 2 ** 53, 1e300]) {
      expect(errorCodes(() => pmap.map(A, frame, 0, odd, READ))).toEqual([
        'LIB_ERR_PMAP_FRAME_SIZE',
      ]);
      expect(errorCodes(() => pmap.map(A, frame, odd, 4096, READ))).toEqual([
        'LIB_ERR_PMAP_FRAME_SIZE',
      ]);
    }
    for (const odd of [Number.NaN, Infinity, -Infinity, -1, -4096, -8192, 2 ** 53]) {
      const unmapped = errorCodes(() => pmap.unmap(A, odd));
      expect([odd, unmapped]).toEqual([odd, ['LIB_ERR_PMAP_UNMAP', 'LIB_ERR_PMAP_FIND_VNODE']]);
      expect(errorCodes(() => pmap.modifyFlags(A, odd, READ))[0]).toBe('LIB_ERR_PMAP_MODIFY_FLAGS');
      const frames = errorCodes(() => domain.allocateFrame(odd));
      expect([odd, frames[0]]).toEqual([odd, 'LIB_ERR_FRAME_ALLOC']);
    }
    for (const odd of [Number.NaN, Infinity, -1, 0, 0.5, 3000, 6000, 2 ** 53]) {
      const chain = errorCodes(() => domain.allocateFrame(4096, odd));
      expect([odd, chain[0]]).toEqual([odd, 'LIB_ERR_FRAME_ALLOC']);
    }
  });

  test('flags of any bits are the flags that mean something', () => {
    const { domain, pmap, audit } = setUp();
    const frame = domain.allocateFrame(4 * PAGE_BYTES);
    for (const flags of [...ODD, 0xffff, 0x7fff_ffff, -1, 1.5]) {
      pmap.map(A, frame, 0, 4 * PAGE_BYTES, flags);
      expect(audit()).toEqual([]);
      pmap.modifyFlags(A, PAGE_BYTES, flags * 3);
      expect(audit()).toEqual([]);
      pmap.unmap(A, 4 * PAGE_BYTES);
    }
  });
});

/** So far apart that each page has a record of its own, and no block is made for them. */
const APART = 8 * 4096;

describe('the metadata region', () => {
  test('grows around what somebody else maps in it', () => {
    const { domain, pmap, audit } = setUp();
    const { base, bytes } = domain.metadata;
    const frame = domain.allocateFrame(8 * MIB);
    pmap.map(base, frame, 0, 4096, READ);
    pmap.map(base + 8 * 4096, frame, 0, 4096, READ);
    pmap.map(base + MIB, frame, 0, MIB, READ_WRITE | LARGE);
    // A table that is empty, where records will go, and where a section is asked for.
    pmap.map(base + 2 * MIB, frame, 0, 4096, READ);
    pmap.unmap(base + 2 * MIB, 4096);
    let page = 0;
    while (domain.metadata.usedBytes < 256 * 1024) {
      pmap.map(A + page * APART, frame, 0, 4096, READ);
      page += 1;
    }
    expect(audit()).toEqual([]);
    const records = [...pmap.mappings(base, base + bytes)].length;
    expect(records).toBeGreaterThan(5);
  });

  test('a mapping there meets the records that are made for it', () => {
    for (const [offset, size, flags] of [
      [0, 4096, READ],
      [0, 64 * 4096, READ],
      [0, MIB, READ | LARGE],
      [0x8000, 4096, READ],
    ] as const) {
      const { domain, pmap, audit } = setUp();
      const { leaves } = pmap.core.shadow;
      const frame = domain.allocateFrame(4 * MIB);
      pmap.map(domain.metadata.base, frame, 0, 4096, READ);
      pmap.unmap(domain.metadata.base, 4096);
      for (let page = 0; leaves.freeCount > 2; page += 1) {
        pmap.map(A + page * APART, frame, 0, 4096, READ);
      }
      const chain = errorCodes(() =>
        pmap.map(domain.metadata.base + offset, frame, 0, size, flags),
      );
      expect(audit()).toEqual([]);
      if (chain.length > 0) expect(chain[1]).toBe('LIB_ERR_PMAP_EXISTING_MAPPING');
      pmap.map(A + 0x10_0000 * 64, frame, 0, 4096, READ);
      expect(audit()).toEqual([]);
    }
  });

  test('grows although two kinds of records of another pmap run short at once', () => {
    const { domain, audit } = setUp();
    const { shadow } = domain.pmap.core;
    const frame = domain.allocateFrame(20 * MIB);
    // As few records of its own as an operation may leave.
    for (let page = 0; shadow.leaves.freeCount > 2; page += 1) {
      domain.pmap.map(A + page * APART, frame, 0, 4096, READ);
    }
    const other = foreignPmap(domain);
    other.map(0x1000_0000, frame, 0, 20 * MIB, READ);
    expect(shadow.leaves.freeCount).toBeGreaterThanOrEqual(2);
    expect(shadow.tables.slab.freeCount).toBeGreaterThanOrEqual(2);
    expect(audit()).toEqual([]);
  });
});

/** A pmap of the domain for a root table that nobody runs with. */
function foreignPmap(domain: Domain): Domain['pmap'] {
  const slot = domain.slots.allocate() as CapRef;
  const address = domain.ram.allocate(16 * 1024, 16 * 1024);
  const { cap, offset } = domain.ram.place(address);
  const request = { type: 7, offset, objectBytes: 16 * 1024, count: 1 };
  expect(domain.invocations.retype(cap, request, slot)).toBe(0);
  const pmapClass = domain.pmap.constructor as unknown as {
    init(resources: object, metadata: object): Domain['pmap'];
  };
  return pmapClass.init({ ...domain.pmap.core.resources, root: slot }, domain.metadata);
}

describe('what others take away', () => {
  test('the Mapping of a table: its leaves are gone, trim gives back all that is left of it', () => {
    const { domain, pmap, audit } = setUp();
    const frame = domain.allocateFrame(16 * PAGE_BYTES);
    pmap.trim();
    const [slots, free] = [slotsInUse(domain), domain.ram.freePages];
    for (let page = 0; page < 16; page += 2) {
      pmap.map(A + page * 4096, frame, page * 4096, 4096, READ);
    }
    const tableMapping = installationOf(domain, A);
    expect(domain.invocations.delete(tableMapping)).toBe(0);
    expect(pmap.lookup(A)).toBeUndefined();
    expect(audit()).toEqual([]);
    pmap.trim();
    expect([slotsInUse(domain), domain.ram.freePages]).toEqual([slots, free]);
    for (let page = 0; page < 300; page += 1) pmap.map(A + page * APART, frame, 0, 4096, READ);
    expect(audit()).toEqual([]);
  });

  test('a table that is revoked, and one that is deleted', () => {
    for (const verb of ['revoke', 'delete'] as const) {
      const { domain, pmap, audit } = setUp();
      const frame = domain.allocateFrame(16 * PAGE_BYTES);
      const [slots, free] = [slotsInUse(domain), domain.ram.freePages];
      pmap.map(A, frame, 0, 4096, READ);
      pmap.map(A + 8192, frame, 0, 4096, READ);
      const table = pmap.lookup(A)?.table as CapRef;
      expect(domain.invocations[verb](table)).toBe(0);
      expect(pmap.lookup(A)).toBeUndefined();
      pmap.trim();
      expect([verb, slotsInUse(domain), domain.ram.freePages]).toEqual([verb, slots, free]);
      for (let page = 0; page < 300; page += 1) pmap.map(A + page * APART, frame, 0, 4096, READ);
      expect(audit()).toEqual([]);
    }
  });

  test('a table that somebody else holds a copy of does not stand in the way of new ones', () => {
    const { domain, pmap, audit } = setUp();
    const frame = domain.allocateFrame(PAGE_BYTES);
    pmap.map(A, frame, 0, 4096, READ);
    const copy = domain.slots.allocate() as CapRef;
    expect(domain.invocations.copy(copy, pmap.lookup(A)?.table as CapRef)).toBe(0);
    pmap.unmap(A, 4096);
    pmap.trim();
    for (let table = 0; table < 20; table += 1) pmap.map(A + table * MIB, frame, 0, 4096, READ);
    expect(audit()).toEqual([]);
  });
});

/** The slot of the Mapping that installs the table of an address. */
function installationOf(domain: Domain, address: number): CapRef {
  const { tables } = domain.pmap.core.shadow;
  const record = (tables.root[address >>> 20] ?? 0) >>> 1;
  return (tables.words[tableAt(record) + TABLE_MAPPING] ?? 0) as CapRef;
}

describe('a domain that cannot be made', () => {
  test('leaves nothing behind', () => {
    const { kernel } = setUp();
    const before = snapshotKernel(kernel);
    expect(errorCodes(() => Domain.boot(kernel, 1024 * MIB))).toEqual(['LIB_ERR_RAM_ALLOC']);
    expect(errorCodes(() => Domain.boot(kernel, 16 * MIB, { rootSlots: 100 })).length).toBe(1);
    expect(errorCodes(() => Domain.boot(kernel, 0)).length).toBe(1);
    expect(errorCodes(() => Domain.boot(kernel, Number.NaN)).length).toBe(1);
    expect(difference(before, snapshotKernel(kernel))).toEqual([]);
  });
});
