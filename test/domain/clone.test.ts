import { describe, expect, test } from 'vitest';
import { MIB, OK, PAGE_BYTES, VmError } from '../../src/base/index.js';
import {
  AnonymousObject,
  bytesSource,
  CopyObject,
  cloneDomain,
  Domain,
  FileObject,
  fifo,
  MemoryStore,
  Pager,
  VRegionFlags,
} from '../../src/domain/index.js';
import { Kernel, MEMORY_OFFSET, Rights } from '../../src/kernel/index.js';
import { Machine, type StrictTlb } from '../../src/machine/index.js';
import { errorCodes } from '../support/error-codes.js';

function setUp(window = false) {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine, { window });
  const parent = Domain.boot(kernel, 128 * MIB, { name: 'parent' });
  kernel.run(parent.number);
  const { cpu } = machine;
  const inside = (domain: Domain) => ({
    load: (at: number): number => {
      kernel.run(domain.number);
      return cpu.load(at, 4);
    },
    store: (at: number, value: number): void => {
      kernel.run(domain.number);
      cpu.store(at, 4, value);
    },
  });
  return { machine, kernel, parent, inside };
}

describe('clone', () => {
  test('begins as the parent is, and each goes its own way', () => {
    const { machine, parent, inside } = setUp();
    const heap = parent.vspace.mapAnonymous(8 * PAGE_BYTES, { name: 'heap' });
    const file = new FileObject(parent.pool, bytesSource(new Uint8Array([1, 2, 3, 4])));
    const text = parent.vspace.map(file, { name: 'text' });
    const shared = parent.vspace.mapAnonymous(PAGE_BYTES, { name: 'shared', inheritance: 'share' });
    parent.vspace.guard(PAGE_BYTES, { name: 'guard', at: 0x6000_0000 });
    const mine = inside(parent);
    mine.store(heap.base, 11);
    mine.store(shared.base, 21);
    const { domain: child, kill } = cloneDomain(parent, { ramBytes: 8 * MIB });
    const theirs = inside(child);
    expect(theirs.load(heap.base)).toBe(11);
    expect(theirs.load(text.base)).toBe(0x0403_0201);
    theirs.store(heap.base, 12);
    mine.store(heap.base + PAGE_BYTES, 13);
    mine.store(text.base, 7);
    theirs.store(shared.base, 22);
    expect([mine.load(heap.base), theirs.load(heap.base)]).toEqual([11, 12]);
    expect([mine.load(heap.base + PAGE_BYTES), theirs.load(heap.base + PAGE_BYTES)]).toEqual([
      13, 0,
    ]);
    expect([mine.load(text.base), theirs.load(text.base)]).toEqual([7, 0x0403_0201]);
    expect(mine.load(shared.base)).toBe(22);
    expect(errorCodes(() => theirs.load(0x6000_0000))).toContain('LIB_ERR_VREGION_GUARD');
    kill();
    expect([mine.load(heap.base), mine.load(shared.base)]).toEqual([11, 22]);
    expect((machine.tlb as StrictTlb).violations).toEqual([]);
  });

  test('of a clone of a clone keeps every generation apart', () => {
    const { parent, inside } = setUp();
    const heap = parent.vspace.mapAnonymous(4 * PAGE_BYTES);
    inside(parent).store(heap.base, 1);
    const first = cloneDomain(parent, { ramBytes: 16 * MIB });
    inside(first.domain).store(heap.base, 2);
    const second = cloneDomain(first.domain, { ramBytes: 4 * MIB });
    const third = cloneDomain(parent, { ramBytes: 4 * MIB });
    inside(parent).store(heap.base, 5);
    inside(first.domain).store(heap.base, 6);
    const seen = [parent, first.domain, second.domain, third.domain].map((domain) =>
      inside(domain).load(heap.base),
    );
    expect(seen).toEqual([5, 6, 2, 1]);
    second.kill();
    first.kill();
    expect(inside(third.domain).load(heap.base)).toBe(1);
  });

  test('outlives its parent, whose pages it gets', () => {
    const { parent, inside } = setUp();
    const heap = parent.vspace.mapAnonymous(4 * PAGE_BYTES);
    inside(parent).store(heap.base, 77);
    const { domain: child } = cloneDomain(parent, { ramBytes: 4 * MIB });
    parent.exit();
    expect(inside(child).load(heap.base)).toBe(77);
    expect(parent.pool.usedPages).toBe(0);
  });

  test('reads what it still needs of a file that was its parent’s, changed pages and others', () => {
    const { parent, inside } = setUp();
    const bytes = new Uint8Array(3 * PAGE_BYTES).fill(1);
    const file = new FileObject(parent.pool, bytesSource(bytes));
    const text = parent.vspace.map(file, { ownsObject: true });
    inside(parent).store(text.base, 5);
    const { domain: child } = cloneDomain(parent, { ramBytes: 4 * MIB });
    expect(parent.exit()).toEqual([]);
    const theirs = inside(child);
    const seen = (): number[] =>
      [0, 1, 2].map((page) => theirs.load(text.base + page * PAGE_BYTES));
    expect(seen()).toEqual([5, 0x0101_0101, 0x0101_0101]);
    theirs.store(text.base + 2 * PAGE_BYTES, 6);
    expect(seen()).toEqual([5, 0x0101_0101, 6]);
    expect(bytes.every((byte) => byte === 1)).toBe(true);
    child.vspace.unmap(text.base, 3 * PAGE_BYTES);
    expect(child.pool.usedPages).toBe(0);
  });

  test('whose frames are all pinned gets the pages of its parent in its backing store', () => {
    const { parent, inside } = setUp();
    const heap = parent.vspace.mapAnonymous(4 * PAGE_BYTES);
    for (let page = 0; page < 4; page += 1) inside(parent).store(heap.base + page * PAGE_BYTES, 1);
    const { domain: child } = cloneDomain(parent, { ramBytes: 4 * MIB });
    const store = new MemoryStore();
    new Pager(child.pool, { frames: 3, policy: fifo, store });
    const pinned = new AnonymousObject(child.pool, 3 * PAGE_BYTES);
    pinned.pin(0, 3 * PAGE_BYTES);
    // A write of the parent's is not refused because its clone has no room.
    inside(parent).store(heap.base, 2);
    expect(parent.exit()).toEqual([]);
    expect(errorCodes(() => inside(child).load(heap.base))).toContain('LIB_ERR_PAGER_BUDGET');
    pinned.unpin(0, 3 * PAGE_BYTES);
    for (let page = 0; page < 4; page += 1) {
      expect(inside(child).load(heap.base + page * PAGE_BYTES)).toBe(1);
    }
  });

  test('without room for them is told that they are gone, and so is who ended the parent', () => {
    const { parent, inside } = setUp();
    const heap = parent.vspace.mapAnonymous(4 * PAGE_BYTES);
    inside(parent).store(heap.base, 1);
    const { domain: child } = cloneDomain(parent, { ramBytes: 4 * MIB });
    child.pool.budget = 0;
    expect(parent.exit().map((loss) => loss.code)).toEqual(['LIB_ERR_PAGER_BUDGET']);
    expect(parent.vspace.all().filter(({ backing }) => backing === 'object')).toEqual([]);
    child.pool.budget = 4;
    expect(errorCodes(() => inside(child).load(heap.base))).toContain('LIB_ERR_MEMOBJ_GONE');
  });

  test('is given nothing of what its parent may not read', () => {
    const { kernel, parent } = setUp();
    const other = Domain.boot(kernel, 16 * MIB, { name: 'other' });
    const object = new AnonymousObject(other.pool, PAGE_BYTES);
    object.share(parent.number, Rights.WRITE);
    parent.vspace.map(object, { flags: VRegionFlags.WRITE, inheritance: 'share' });
    const { domain: child } = cloneDomain(parent, { ramBytes: 4 * MIB });
    expect(object.rightsOf(child.number)).toBe(0);
  });

  test('has no pins on pages that it inherits from an object that was pinned', () => {
    const { parent } = setUp();
    const object = new AnonymousObject(parent.pool, PAGE_BYTES);
    object.pin(0, PAGE_BYTES);
    const copy = new CopyObject(parent.pool, object);
    object.destroy();
    expect(errorCodes(() => copy.unpin(0, PAGE_BYTES))).toEqual(['LIB_ERR_MEMOBJ_PIN']);
    copy.destroy();
    expect(parent.pool.usedPages).toBe(0);
  });

  test('a file that only a snapshot still needs has no pins', () => {
    const { parent } = setUp();
    const file = new FileObject(parent.pool, bytesSource(new Uint8Array(PAGE_BYTES)));
    file.pin(0, PAGE_BYTES);
    const copy = new CopyObject(parent.pool, file);
    file.destroy();
    new Pager(parent.pool, { frames: 3, policy: fifo, store: new MemoryStore() });
    expect(file.pagerFree(PAGE_BYTES)).toBe(PAGE_BYTES);
    copy.destroy();
    expect(parent.pool.usedPages).toBe(0);
  });

  test('gives everything back when it is killed', () => {
    const { kernel, parent, inside } = setUp();
    const heap = parent.vspace.mapAnonymous(4 * PAGE_BYTES);
    inside(parent).store(heap.base, 1);
    const owned = () => ({
      free: parent.ram.freePages + parent.pool.freePages,
      slots: parent.slots.freeCount % 256,
      objects: kernel.state.capabilities.objectCount,
    });
    const once = (): void => {
      const { domain, kill } = cloneDomain(parent, { ramBytes: 4 * MIB });
      inside(domain).load(heap.base);
      inside(domain).store(heap.base + PAGE_BYTES, 2);
      kill();
      expect(kernel.attach(domain.number)).toBeUndefined();
    };
    once();
    const before = owned();
    once();
    expect(owned()).toEqual(before);
  });

  test('that cannot be made leaves nothing', () => {
    const { parent, inside } = setUp();
    const heap = parent.vspace.mapAnonymous(4 * PAGE_BYTES);
    inside(parent).store(heap.base, 1);
    const before = parent.ram.freePages;
    expect(() => cloneDomain(parent, { ramBytes: 512 * MIB })).toThrow(VmError);
    expect(parent.ram.freePages).toBe(before);
    inside(parent).store(heap.base, 2);
  });
});

describe('sharing between domains', () => {
  test('gives no more than was given, and revocation ends it everywhere at once', () => {
    const { kernel, parent, inside } = setUp();
    const other = Domain.boot(kernel, 16 * MIB, { name: 'other' });
    const object = new AnonymousObject(parent.pool, 4 * PAGE_BYTES, 'mail');
    const mine = parent.vspace.map(object);
    expect(errorCodes(() => other.vspace.map(object))).toEqual(['LIB_ERR_MEMOBJ_RIGHTS']);
    object.share(other.number, Rights.READ);
    expect(errorCodes(() => other.vspace.map(object))).toEqual(['LIB_ERR_MEMOBJ_RIGHTS']);
    const theirs = other.vspace.map(object, { flags: VRegionFlags.READ });
    inside(parent).store(mine.base, 9);
    expect(inside(other).load(theirs.base)).toBe(9);
    expect(errorCodes(() => inside(other).store(theirs.base, 1))).toContain(
      'LIB_ERR_VREGION_RIGHTS',
    );
    object.revoke(other.number);
    expect(other.pmap.lookup(theirs.base)).toBeUndefined();
    expect(errorCodes(() => inside(other).load(theirs.base))).toContain('LIB_ERR_MEMOBJ_GONE');
    expect(inside(parent).load(mine.base)).toBe(9);
    other.vspace.unmap(theirs.base, theirs.bytes);
  });

  test('a frame handed over is the other domain’s until it is revoked', () => {
    const { kernel, parent } = setUp();
    const other = Domain.boot(kernel, 16 * MIB, { name: 'other' });
    const frame = parent.allocateFrame(PAGE_BYTES);
    const theirs = parent.channels.give(frame, Rights.READ, other.channels);
    expect(errorCodes(() => other.pmap.map(0x5000_0000, theirs, 0, PAGE_BYTES, 3))).toContain(
      'SYS_ERR_VM_MAP_RIGHTS',
    );
    other.pmap.map(0x5000_0000, theirs, 0, PAGE_BYTES, VRegionFlags.READ);
    expect(parent.invocations.revoke(frame)).toBe(OK);
    expect(other.pmap.lookup(0x5000_0000)).toBeUndefined();
    expect(other.slots.free(theirs)).toBe(OK);
  });

  test('what a domain shared is gone with it, and says so', () => {
    const { kernel, parent, inside } = setUp();
    const other = Domain.boot(kernel, 16 * MIB, { name: 'other' });
    const object = new AnonymousObject(other.pool, 4 * PAGE_BYTES, 'mail');
    object.share(parent.number, Rights.ALL);
    const region = parent.vspace.map(object);
    inside(parent).store(region.base, 1);
    other.exit();
    expect(errorCodes(() => inside(parent).load(region.base))).toContain('LIB_ERR_MEMOBJ_GONE');
  });
});

describe('the kernel window', () => {
  test('is one table for all domains, through TTBR1, for privileged code only', () => {
    const { machine, kernel, parent } = setUp(true);
    const { cpu } = machine;
    const other = Domain.boot(kernel, MIB * 4);
    for (const { number } of [parent, other]) {
      kernel.run(number);
      expect(errorCodes(() => cpu.load(MEMORY_OFFSET, 4))).toContain('LIB_ERR_PAGEFAULT');
      cpu.privileged = true;
      machine.memory.writeWord(0x8000_0010, 5);
      expect(cpu.load(MEMORY_OFFSET + 0x10, 4)).toBe(5);
    }
    expect((machine.tlb as StrictTlb).violations).toEqual([]);
  });
});
