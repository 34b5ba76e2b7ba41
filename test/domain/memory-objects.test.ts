import { describe, expect, test } from 'vitest';
import { MIB, PAGE_BYTES } from '../../src/base/index.js';
import {
  AnonymousObject,
  bytesSource,
  CopyObject,
  cloneDomain,
  Domain,
  FileObject,
  FilledObject,
  fifo,
  type MemoryObject,
  MemoryStore,
  NumaObject,
  type ObjectRegion,
  OneFrameObject,
  Pager,
  PooledObject,
  VRegionFlags,
} from '../../src/domain/index.js';
import { Kernel, Rights } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { errorCodes } from '../support/error-codes.js';

const { READ, WRITE, READ_WRITE } = VRegionFlags;

function setUp() {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 64 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine);
  const one = Domain.boot(kernel, 24 * MIB, { name: 'one' });
  const two = Domain.boot(kernel, 16 * MIB, { name: 'two' });
  const { cpu } = machine;
  const load = (domain: Domain, at: number): number => {
    kernel.run(domain.number);
    return cpu.load(at, 4);
  };
  const store = (domain: Domain, at: number, value: number): void => {
    kernel.run(domain.number);
    cpu.store(at, 4, value);
  };
  return { one, two, load, store };
}

describe('sharing', () => {
  test('with fewer rights than before takes effect at once', () => {
    const { one, two, load, store } = setUp();
    const object = new AnonymousObject(one.pool, 2 * PAGE_BYTES, 'mail');
    object.share(two.number, Rights.ALL);
    const { base } = two.vspace.map(object);
    store(two, base, 5);
    object.share(two.number, Rights.READ);
    expect(two.pmap.lookup(base)).toBeUndefined();
    expect(errorCodes(() => load(two, base))).toEqual([
      'LIB_ERR_PAGEFAULT',
      'LIB_ERR_MEMOBJ_RIGHTS',
    ]);
    two.vspace.protect(base, 2 * PAGE_BYTES, READ);
    expect(load(two, base)).toBe(5);
    expect(errorCodes(() => two.vspace.protect(base, PAGE_BYTES, READ_WRITE))).toEqual([
      'LIB_ERR_MEMOBJ_RIGHTS',
    ]);
    object.share(two.number, Rights.ALL);
    two.vspace.protect(base, PAGE_BYTES, READ_WRITE);
    store(two, base, 6);
    expect(load(two, base)).toBe(6);
  });

  test('a snapshot that is taken back takes what it shows of its source with it', () => {
    const { one, two, load, store } = setUp();
    const source = new AnonymousObject(one.pool, PAGE_BYTES);
    store(one, one.vspace.map(source).base, 7);
    const copy = new CopyObject(one.pool, source);
    copy.share(two.number, Rights.READ);
    const { base } = two.vspace.map(copy, { flags: READ });
    const before = two.slots.freeCount;
    expect(load(two, base)).toBe(7);
    copy.revoke(two.number);
    expect(two.pmap.lookup(base)).toBeUndefined();
    expect(errorCodes(() => load(two, base))).toContain('LIB_ERR_MEMOBJ_GONE');
    // Neither a capability to the page nor a Mapping is left there.
    expect(two.slots.freeCount).toBeGreaterThanOrEqual(before - 2);
  });

  test('who may not read an object may not copy it, nor may its clones', () => {
    const { one, two, store } = setUp();
    const object = new AnonymousObject(one.pool, PAGE_BYTES, 'secret');
    expect(errorCodes(() => new CopyObject(two.pool, object))).toEqual(['LIB_ERR_MEMOBJ_RIGHTS']);
    object.share(two.number, WRITE);
    expect(errorCodes(() => new CopyObject(two.pool, object))).toEqual(['LIB_ERR_MEMOBJ_RIGHTS']);
    object.share(two.number, Rights.ALL);
    const { base } = two.vspace.map(object);
    store(two, base, 9);
    object.revoke(two.number);
    const { domain } = cloneDomain(two, { ramBytes: 4 * MIB });
    expect(domain.vspace.find(base)?.backing).toBe('reserved');
  });

  test('of a frame ends with the domain whose it was; snapshots get what they still need', () => {
    const { one, two, load, store } = setUp();
    const child = cloneDomain(one, { ramBytes: 8 * MIB });
    const frame = child.domain.allocateFrame(2 * PAGE_BYTES);
    const object = new OneFrameObject(child.domain.pool, frame, 2 * PAGE_BYTES);
    object.share(two.number, Rights.ALL);
    const shared = two.vspace.map(object).base;
    store(two, shared, 11);
    const copied = two.vspace.map(new CopyObject(two.pool, object)).base;
    child.kill();
    expect(errorCodes(() => load(two, shared))).toEqual([
      'LIB_ERR_PAGEFAULT',
      'LIB_ERR_MEMOBJ_GONE',
    ]);
    expect(load(two, copied)).toBe(11);
  });
});

test('a frame stays in its object while any page of it is pinned', () => {
  const { one } = setUp();
  const frame = (pages: number) => one.allocateFrame(pages * PAGE_BYTES);
  const filled = new FilledObject(one.pool, 4 * PAGE_BYTES, 'filled');
  filled.fill(0, 2 * PAGE_BYTES, frame(2));
  const whole = new OneFrameObject(one.pool, frame(4), 4 * PAGE_BYTES, 'whole');
  const numa = new NumaObject(one.pool, [frame(2), frame(2)], 4 * PAGE_BYTES);
  expect(errorCodes(() => filled.pin(PAGE_BYTES, 2 * PAGE_BYTES))).toEqual([
    'LIB_ERR_MEMOBJ_UNFILLED',
  ]);
  for (const [object, bytes] of [
    [filled, 2 * PAGE_BYTES],
    [whole, 4 * PAGE_BYTES],
    [numa, 4 * PAGE_BYTES],
  ] as const) {
    object.pin(PAGE_BYTES, PAGE_BYTES);
    object.pin(0, 2 * PAGE_BYTES);
    object.unpin(0, 2 * PAGE_BYTES);
    expect(errorCodes(() => object.unfill(0, bytes))).toEqual(['LIB_ERR_MEMOBJ_PIN']);
    expect(errorCodes(() => object.unpin(0, 2 * PAGE_BYTES))).toEqual(['LIB_ERR_MEMOBJ_PIN']);
    object.unpin(PAGE_BYTES, PAGE_BYTES);
    expect(object.unfill(0, bytes).length).toBe(object === numa ? 2 : 1);
  }
});

describe('an object that goes with its regions', () => {
  test('keeps what another region of it still shows, and goes with the last one', () => {
    const { one, load, store } = setUp();
    const first = one.vspace.mapAnonymous(4 * PAGE_BYTES);
    store(one, first.base + PAGE_BYTES, 3);
    const object = first.object as AnonymousObject;
    const second = one.vspace.map(object, { offset: PAGE_BYTES }, PAGE_BYTES);
    one.vspace.unmap(first.base, 4 * PAGE_BYTES);
    expect(load(one, second.base)).toBe(3);
    expect(object.residentBytes).toBe(PAGE_BYTES);
    one.vspace.unmap(second.base, PAGE_BYTES);
    expect(one.pool.usedPages).toBe(0);
    expect(one.pool.allOwners()).toEqual([]);
  });

  test('writes a file back before any part of it is unmapped', () => {
    const { one, store } = setUp();
    const bytes = new Uint8Array(3 * PAGE_BYTES);
    const file = new FileObject(one.pool, bytesSource(bytes), 'log', 'written-back');
    const { base } = one.vspace.map(file, { ownsObject: true });
    for (const page of [0, 1, 2]) store(one, base + page * PAGE_BYTES, page + 1);
    one.vspace.unmap(base + PAGE_BYTES, PAGE_BYTES);
    expect([bytes[0], bytes[PAGE_BYTES], bytes[2 * PAGE_BYTES]]).toEqual([0, 2, 0]);
    one.vspace.unmap(base, 3 * PAGE_BYTES);
    expect([bytes[0], bytes[PAGE_BYTES], bytes[2 * PAGE_BYTES]]).toEqual([1, 2, 3]);
  });

  test('and a file that cannot be written stays mapped as it is', () => {
    const { one, load, store } = setUp();
    let broken = true;
    const source = {
      bytes: PAGE_BYTES,
      read: (): void => {},
      write: (): void => {
        if (broken) throw new Error('no space left');
      },
    };
    const file = new FileObject(one.pool, source, 'log', 'written-back');
    const { base } = one.vspace.map(file, { ownsObject: true });
    store(one, base, 5);
    expect(errorCodes(() => one.vspace.unmap(base, PAGE_BYTES))).toEqual(['LIB_ERR_MEMOBJ_SOURCE']);
    expect(load(one, base)).toBe(5);
    broken = false;
    one.vspace.unmap(base, PAGE_BYTES);
    expect(one.pool.usedPages).toBe(0);
  });
});

describe('snapshots', () => {
  test('a destroyed file is written back although a snapshot keeps it', () => {
    const { one, load, store } = setUp();
    const bytes = new Uint8Array(PAGE_BYTES);
    const file = new FileObject(one.pool, bytesSource(bytes), 'file', 'written-back');
    const { base } = one.vspace.map(file);
    store(one, base, 1);
    const copy = one.vspace.map(new CopyObject(one.pool, file)).base;
    one.vspace.unmap(base, PAGE_BYTES);
    file.destroy();
    expect(bytes[0]).toBe(1);
    expect(load(one, copy)).toBe(1);
  });

  test('pages that were taken out of one stay zero, also when they were evicted', () => {
    const { one, load, store } = setUp();
    new Pager(one.pool, { frames: 3, policy: fifo, store: new MemoryStore() });
    const source = new AnonymousObject(one.pool, 4 * PAGE_BYTES);
    const { base } = one.vspace.map(source);
    for (const page of [0, 1, 2, 3]) store(one, base + page * PAGE_BYTES, page + 1);
    const copy = new CopyObject(one.pool, source);
    const at = one.vspace.map(copy).base;
    copy.unfill(0, 2 * PAGE_BYTES);
    for (let round = 0; round < 3; round += 1) {
      const seen = [0, 1, 2, 3].map((page) => load(one, at + page * PAGE_BYTES));
      expect(seen).toEqual([0, 0, 3, 4]);
    }
    store(one, base, 9);
    expect(load(one, at)).toBe(0);
  });
});

test('without a pager nobody knows who wrote what, and nothing is given up', () => {
  const { one, load, store } = setUp();
  const object = new AnonymousObject(one.pool, 2 * PAGE_BYTES);
  const { base } = one.vspace.map(object);
  load(one, base);
  store(one, base, 4);
  expect(object.pagerFree(2 * PAGE_BYTES)).toBe(0);
  expect(load(one, base)).toBe(4);
});

test('killing a domain ends those that were made of its memory, first', () => {
  const { one, two, load, store } = setUp();
  const { base } = one.vspace.mapAnonymous(PAGE_BYTES);
  store(one, base, 1);
  const child = cloneDomain(one, { ramBytes: 8 * MIB });
  const grandchild = cloneDomain(child.domain, { ramBytes: 2 * MIB });
  store(grandchild.domain, base, 2);
  child.kill();
  // Writing saves nothing for a snapshot that is no more.
  store(one, base, 3);
  expect(load(one, base)).toBe(3);
  expect(one.kernel.attach(grandchild.domain.number)).toBeUndefined();
  expect(two.pool.usedPages).toBe(0);
  child.kill();
});

describe('objects of the user’s own', () => {
  /** Pages of the pool that say what they are when they are first used. */
  class Numbered extends PooledObject {
    readonly kind = 'numbered';

    protected override supply(page: number, into: Uint8Array): boolean {
      into.fill(page + 1);
      return true;
    }
  }

  test('of pages of the pool are paged, copied and cloned like all others', () => {
    const { one, load, store } = setUp();
    new Pager(one.pool, { frames: 3, policy: fifo, store: new MemoryStore() });
    const object = new Numbered(one.pool, 'numbers', 5 * PAGE_BYTES);
    const { base } = one.vspace.map(object);
    store(one, base, 99);
    const copy = one.vspace.map(new CopyObject(one.pool, object)).base;
    store(one, base + PAGE_BYTES, 98);
    const seen = (at: number) => [0, 1, 2, 3, 4].map((page) => load(one, at + page * PAGE_BYTES));
    expect(seen(base)).toEqual([99, 98, 0x0303_0303, 0x0404_0404, 0x0505_0505]);
    expect(seen(copy)).toEqual([99, 0x0202_0202, 0x0303_0303, 0x0404_0404, 0x0505_0505]);
  });

  /** One frame that every page of the object shows, written from nothing but the interface. */
  class Mirror implements MemoryObject {
    readonly kind = 'mirror';
    readonly name = 'mirror';
    readonly bytes = 4 * PAGE_BYTES;
    readonly residentBytes = PAGE_BYTES;
    readonly regions: ObjectRegion[] = [];
    private readonly domain: Domain;
    private readonly frame;

    constructor(domain: Domain) {
      this.domain = domain;
      this.frame = domain.allocateFrame(PAGE_BYTES);
    }

    mapRegion(region: ObjectRegion): void {
      this.regions.push(region);
    }

    adoptRegion(region: ObjectRegion): void {
      this.regions.push(region);
    }

    unmapRegion(region: ObjectRegion): void {
      this.regions.splice(this.regions.indexOf(region), 1);
    }

    protect(region: ObjectRegion, offset: number, bytes: number, flags: number): void {
      const first = (region.base + offset) / PAGE_BYTES;
      region.space.range.change(first, first + bytes / PAGE_BYTES, () => flags);
    }

    pagefault(region: ObjectRegion, address: number): void {
      const page = address - (address % PAGE_BYTES);
      region.space.pmap.map(page, this.frame, 0, PAGE_BYTES, region.flags);
    }

    pin(): void {}

    unpin(): void {}

    fill(): void {}

    unfill(): [] {
      return [];
    }

    prepareDiscard(): void {}

    discard(): void {}

    pagerFree(): number {
      return 0;
    }

    destroy(): void {
      this.domain.freeFrame(this.frame);
    }
  }

  test('from nothing but the interface are mapped, protected, cut, shared with a clone, and not copied', () => {
    const { one, load, store } = setUp();
    const { base, end } = one.vspace.map(new Mirror(one), { ownsObject: true });
    store(one, base, 7);
    expect(load(one, base + 3 * PAGE_BYTES)).toBe(7);
    one.vspace.protect(base, PAGE_BYTES, READ);
    expect(errorCodes(() => store(one, base, 8))).toContain('LIB_ERR_VREGION_RIGHTS');
    one.vspace.unmap(base + PAGE_BYTES, PAGE_BYTES);
    store(one, base + 2 * PAGE_BYTES, 8);
    expect(load(one, base)).toBe(8);
    expect(errorCodes(() => cloneDomain(one, { ramBytes: 2 * MIB }))).toEqual([
      'LIB_ERR_MEMOBJ_RIGHTS',
    ]);
    expect(load(one, base)).toBe(8);
    one.vspace.unmap(base, end - base);
    expect(one.vspace.all().map(({ name }) => name)).toEqual(['metadata']);
  });
});
