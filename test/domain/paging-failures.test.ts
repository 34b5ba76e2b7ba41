/**
 * Every operation of self-paging, with every allocation, every invocation and every use of the backing
 * store refused once. Without a pager the state is then what it was, to the last slot; with one, pages
 * may have moved, but every byte and every region is what it was. And the same can be done afterwards.
 */
import { describe, expect, test } from 'vitest';
import { MIB, PAGE_BYTES } from '../../src/base/index.js';
import {
  AnonymousObject,
  AppendObject,
  bytesSource,
  CopyObject,
  clock,
  cloneDomain,
  copyIn,
  Domain,
  FileObject,
  FilledObject,
  GrowingStack,
  Heap,
  type MappedObject,
  MemoryStore,
  NumaObject,
  OneFrameObject,
  PagePrimitives,
  Pager,
  VRegionFlags,
} from '../../src/domain/index.js';
import { Kernel, Rights } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { POINT_NAMES, refusing } from '../support/injection.js';
import { auditKernel, tablesOf } from '../support/kernel-audit.js';
import { peek } from '../support/paging-audit.js';
import { difference } from '../support/snapshot.js';
import { auditSpace, slotsInUse } from '../support/space-audit.js';

const { READ, READ_WRITE, LARGE } = VRegionFlags;
const pages = (count: number): number => count * PAGE_BYTES;

/** Two domains with something in their memory. */
class World {
  readonly one: Domain;
  readonly two: Domain;
  readonly objects: MappedObject[] = [];

  constructor() {
    const machine = new Machine({
      banks: [{ name: 'ram', base: 0x8000_0000, bytes: 64 * MIB, kind: 'ram' }],
      profile: 'cortex-a7',
      tlb: 'strict',
    });
    const kernel = new Kernel(machine);
    this.one = Domain.boot(kernel, 24 * MIB, { name: 'one' });
    this.two = Domain.boot(kernel, 16 * MIB, { name: 'two' });
    // Slots and records are there: that these grow and fail is for other tests.
    for (const { slots, vspace } of [this.one, this.two]) {
      slots.reserve(1);
      vspace.mapAnonymous(PAGE_BYTES, { at: 0x7fe0_0000 });
    }
    this.load(this.one, 0x7fe0_0000);
    this.load(this.two, 0x7fe0_0000);
    kernel.run(this.one.number);
  }

  know<Known extends MappedObject>(object: Known): Known {
    this.objects.push(object);
    return object;
  }

  /** An anonymous object of four pages, the first two written, mapped in the first domain at `at`. */
  anonymous(at = 0x5000_0000): { readonly object: AnonymousObject; readonly base: number } {
    const object = this.know(new AnonymousObject(this.one.pool, pages(4)));
    const { base } = this.one.vspace.map(object, { at });
    this.store(this.one, base, 1);
    this.store(this.one, base + pages(1), 2);
    // Every page that is at hand is in use: the next one needs a frame.
    const { pool } = this.one;
    const ballast = new AnonymousObject(pool, pages(pool.freePages), 'ballast');
    ballast.fill(0, ballast.bytes);
    return { object, base };
  }

  load(domain: Domain, at: number): number {
    domain.kernel.run(domain.number);
    return domain.kernel.machine.cpu.load(at, 4);
  }

  store(domain: Domain, at: number, value: number): void {
    domain.kernel.run(domain.number);
    domain.kernel.machine.cpu.store(at, 4, value);
  }

  /** What the domains have and see. What the pool keeps at hand is given back first. */
  everything(): string[] {
    const lines = [this.one, this.two].flatMap((domain) => {
      const { name, pool, pmap, ram, tables, metadata, invocations } = domain;
      pool.trim();
      pmap.trim();
      const mapped = [...pmap.mappings()].map(({ address, bytes, kind, flags, frame, offset }) => {
        invocations.identifyFrame(frame);
        return `${name} ${address}+${bytes} ${kind} ${flags} → ${invocations.identity.base + offset}`;
      });
      const counts = [slotsInUse(domain), ram.freePages, tables.tableCount, metadata.usedBytes];
      return [`${name} has ${counts.join(' ')} ${pool.usedPages}`, ...mapped];
    });
    const { objectCount } = this.one.kernel.state.capabilities;
    const words = tablesOf(this.one.kernel).map(
      ({ kibibyte, words: entries }) => `table ${kibibyte}: ${entries.join('')}`,
    );
    return [...lines, ...words.sort(), `${objectCount} objects`, ...this.visible()];
  }

  /** What programs can see of it: regions, and every byte of every object. */
  visible(): string[] {
    const lines: string[] = [];
    for (const { name, vspace, pool } of [this.one, this.two]) {
      for (const { base, bytes, flags, backing } of vspace.all()) {
        lines.push(`${name} ${base}+${bytes} ${flags} ${backing}`);
      }
      if (pool.usedPages > pool.budget) lines.push(`${name} is over its budget`);
    }
    const page = new Uint8Array(PAGE_BYTES);
    for (const object of this.objects) {
      for (let index = 0; index < object.bytes / PAGE_BYTES; index += 1) {
        const first = readPage(object, index, page);
        lines.push(`${object.name} ${index}: ${first}`);
      }
      lines.push(`${object.name} has ${object.regions.length} regions`);
    }
    return lines;
  }

  audit(): string[] {
    const { kernel } = this.one;
    const wrong = auditKernel(kernel);
    for (const domain of [this.one, this.two]) {
      const { pmap, number } = domain;
      wrong.push(...auditSpace({ kernel, pmap, manager: domain, number }));
    }
    return wrong;
  }
}

function readPage(object: MappedObject, index: number, page: Uint8Array): string {
  try {
    peek(object, index, page);
  } catch {
    return 'nothing';
  }
  return page.reduce((sum, byte, at) => (sum * 31 + byte * (at + 1)) >>> 0, 7).toString(16);
}

/** Prepares a world, and answers what is done in it. */
type Operation = (world: World) => () => unknown;

const STRUCTURE: Record<string, Operation> = {
  'map anonymous':
    ({ one }) =>
    () =>
      one.vspace.mapAnonymous(pages(4)),
  'reserve and guard':
    ({ one }) =>
    () => {
      one.vspace.reserve(pages(2));
    },
  'map a frame': ({ one }) => {
    const frame = one.allocateFrame(0x18000);
    return () => one.vspace.map(new OneFrameObject(one.pool, frame, 0x18000), { at: 0x5008_0000 });
  },
  'map frames that are filled in': (world) => {
    const { one } = world;
    const object = world.know(new FilledObject(one.pool, pages(6)));
    object.fill(0, pages(2), one.allocateFrame(pages(2)));
    object.fill(pages(3), pages(3), one.allocateFrame(pages(3)));
    return () => one.vspace.map(object, { at: 0x500f_d000 });
  },
  'replace parts of two regions': (world) => {
    const { one } = world;
    const { base } = world.anonymous();
    one.vspace.mapAnonymous(pages(4), { at: base + pages(4) });
    world.store(one, base + pages(5), 3);
    return () => one.vspace.mapAnonymous(pages(4), { at: base + pages(1), replace: true });
  },
  'unmap parts of regions': (world) => {
    const { one } = world;
    const { base } = world.anonymous();
    one.vspace.mapAnonymous(pages(4), { at: base + pages(4) });
    world.store(one, base + pages(5), 3);
    return () => one.vspace.unmap(base + pages(1), pages(5));
  },
  'unmap inside a section': (world) => {
    const { one } = world;
    const object = new OneFrameObject(one.pool, one.allocateFrame(MIB), MIB);
    one.vspace.map(world.know(object), { at: 0x6000_0000, flags: READ_WRITE | LARGE });
    return () => one.vspace.unmap(0x6000_3000, pages(20));
  },
  'protect inside a section and beyond': (world) => {
    const { one } = world;
    const object = new OneFrameObject(one.pool, one.allocateFrame(MIB), MIB);
    one.vspace.map(world.know(object), { at: 0x6000_0000, flags: READ_WRITE | LARGE });
    one.vspace.mapAnonymous(pages(2), { at: 0x6010_0000 });
    world.store(one, 0x6010_0000, 5);
    return () => one.vspace.protect(0x600f_9000, pages(8), READ);
  },
  'protect parts of regions': (world) => {
    const { base } = world.anonymous();
    return () => world.one.vspace.protect(base + pages(1), pages(2), READ);
  },
  'a snapshot': (world) => {
    const { object } = world.anonymous();
    return () => new CopyObject(world.one.pool, object);
  },
  'hand a capability over': (world) => {
    const { one, two } = world;
    const frame = one.allocateFrame(PAGE_BYTES);
    one.channels.give(one.allocateFrame(PAGE_BYTES), Rights.READ, two.channels);
    return () => one.channels.give(frame, Rights.READ, two.channels);
  },
  'introduce two domains': ({ one, two }) => {
    const frame = one.allocateFrame(PAGE_BYTES);
    return () => one.channels.give(frame, Rights.READ, two.channels);
  },
  'a clone': (world) => {
    world.anonymous();
    return () => cloneDomain(world.one, { ramBytes: MIB });
  },
  'a heap':
    ({ one }) =>
    () =>
      new Heap(one, pages(64)),
  'PROT1, PROTN, UNPROT': (world) => {
    const region = world.one.vspace.mapAnonymous(pages(4));
    for (let page = 0; page < 4; page += 1) world.store(world.one, region.base + pages(page), 1);
    const vm = new PagePrimitives(world.one, region);
    vm.prot1(region.base + pages(1));
    return () => vm.protN();
  },
};

const PAGES: Record<string, Operation> = {
  'unmap below a snapshot': (world) => {
    const { one } = world;
    const region = one.vspace.mapAnonymous(pages(4));
    world.store(one, region.base, 1);
    world.store(one, region.base + pages(2), 2);
    world.know(new CopyObject(one.pool, region.object as AnonymousObject));
    return () => one.vspace.unmap(region.base, pages(4));
  },
  'fill a mapped object': (world) => {
    const { one, two } = world;
    const object = world.know(new FilledObject(one.pool, pages(2)));
    object.share(two.number, Rights.ALL);
    one.vspace.map(object);
    two.vspace.map(object);
    const frame = one.allocateFrame(pages(2));
    return () => object.fill(0, pages(2), frame);
  },
  'fault in stripes': (world) => {
    const { one } = world;
    const frames = [one.allocateFrame(pages(4)), one.allocateFrame(pages(4))];
    const numa = world.know(new NumaObject(one.pool, frames, pages(8), 'numa', pages(2)));
    const { base } = one.vspace.map(numa);
    return () => world.store(one, base + pages(5), 1);
  },
  'fault in a chunk of a frame': (world) => {
    const { one } = world;
    const frame = one.allocateFrame(pages(8));
    const lazy = new OneFrameObject(one.pool, frame, pages(8), 'lazy', 'one-frame-lazy', pages(4));
    const { base } = one.vspace.map(world.know(lazy));
    return () => world.load(one, base + pages(5));
  },
  'anonymous fault': (world) => {
    const { base } = world.anonymous();
    return () => world.load(world.one, base + pages(3));
  },
  'anonymous fault in a new table': (world) => {
    const { base } = world.one.vspace.mapAnonymous(pages(2), { at: 0x7000_0000 });
    return () => world.store(world.one, base, 1);
  },
  'fault of a file': (world) => {
    const source = bytesSource(new Uint8Array(pages(2)).fill(3));
    const file = world.know(new FileObject(world.one.pool, source));
    const { base } = world.one.vspace.map(file);
    return () => world.load(world.one, base + pages(1));
  },
  'a write to a snapshot': (world) => {
    const { object } = world.anonymous();
    const copy = world.know(new CopyObject(world.one.pool, object));
    const { base } = world.one.vspace.map(copy);
    world.load(world.one, base);
    return () => world.store(world.one, base, 9);
  },
  'a write below a snapshot of another domain': (world) => {
    const { one, two } = world;
    const { object, base } = world.anonymous();
    object.share(two.number, Rights.READ);
    const copy = world.know(new CopyObject(two.pool, object));
    world.load(two, two.vspace.map(copy).base);
    return () => world.store(one, base, 9);
  },
  'a fault in another domain': (world) => {
    const { two } = world;
    const { object } = world.anonymous();
    object.share(two.number, Rights.ALL);
    const { base } = two.vspace.map(object);
    return () => world.store(two, base, 9);
  },
  'a write in another domain that has read': (world) => {
    const { one, two } = world;
    // With a pager, the first write is seen.
    new Pager(one.pool, { frames: 64, policy: clock, store: new MemoryStore() });
    const { object } = world.anonymous();
    object.share(two.number, Rights.ALL);
    const { base } = two.vspace.map(object);
    world.load(two, base + pages(3));
    return () => world.store(two, base + pages(3), 9);
  },
  pins: (world) => {
    const { object } = world.anonymous();
    const copy = world.know(new CopyObject(world.one.pool, object));
    return () => copy.pin(0, pages(4));
  },
  'fill with what is in a frame': (world) => {
    const { object } = world.anonymous();
    const frame = world.one.allocateFrame(pages(2));
    return () => object.fill(pages(2), pages(2), frame);
  },
  'append what is in a frame': (world) => {
    world.anonymous();
    const object = world.know(new AppendObject(world.one.pool, pages(4)));
    const frame = world.one.allocateFrame(pages(2));
    return () => object.fill(0, pages(2), frame);
  },
  'unfill below a snapshot': (world) => {
    const { object } = world.anonymous();
    world.know(new CopyObject(world.one.pool, object));
    return () => object.unfill(0, pages(4));
  },
  'unfill of a snapshot': (world) => {
    const { object } = world.anonymous();
    const copy = world.know(new CopyObject(world.one.pool, object));
    world.store(world.one, world.one.vspace.map(copy).base, 5);
    return () => copy.unfill(0, pages(2));
  },
  'the first block of a heap': ({ one }) => {
    const heap = new Heap(one, pages(64));
    return () => heap.malloc(5000);
  },
  'more core for a heap': ({ one }) => {
    const heap = new Heap(one, pages(64));
    heap.malloc(100);
    return () => heap.malloc(pages(20));
  },
  'a stack':
    ({ one }) =>
    () =>
      GrowingStack.make(one, pages(1), pages(8)),
  'the growth of a stack': (world) => {
    const stack = GrowingStack.make(world.one, pages(1), pages(8));
    world.store(world.one, stack.top - 4, 1);
    return () => world.store(world.one, stack.top - pages(3), 2);
  },
  MAP2: (world) => {
    const region = world.one.vspace.mapAnonymous(pages(4));
    world.store(world.one, region.base, 1);
    const vm = new PagePrimitives(world.one, region);
    return () => vm.map2(region.base);
  },
  'a fault that evicts what was written': (world) => {
    const base = paged(world, 3);
    return () => world.store(world.one, base + pages(7), 8);
  },
  'a fault that brings back what was evicted': (world) => {
    const base = paged(world, 3);
    return () => world.load(world.one, base);
  },
  'a smaller budget': (world) => {
    const { one } = world;
    const pager = new Pager(one.pool, { frames: 8, policy: clock, store: new MemoryStore() });
    const region = one.vspace.mapAnonymous(pages(8));
    world.know(region.object as AnonymousObject);
    for (let page = 0; page < 6; page += 1) world.store(one, region.base + pages(page), page + 1);
    return () => pager.setFrames(3);
  },
  'a copy on write with three frames': (world) => {
    const base = paged(world, 3);
    const { object } = world.one.vspace.find(base) as never as { object: AnonymousObject };
    const copy = world.know(new CopyObject(world.one.pool, object));
    const other = world.one.vspace.map(copy).base;
    return () => world.store(world.one, other + pages(2), 9);
  },
  'a write below a snapshot with three frames': (world) => {
    const base = paged(world, 3);
    const { object } = world.one.vspace.find(base) as never as { object: AnonymousObject };
    const copy = world.know(new CopyObject(world.one.pool, object));
    world.one.vspace.map(copy);
    return () => world.store(world.one, base + pages(1), 9);
  },
  'pins that need room': (world) => {
    const base = paged(world, 4);
    const { object } = world.one.vspace.find(base) as never as { object: AnonymousObject };
    return () => object.pin(0, pages(2));
  },
  'pages given up to the pager': (world) => {
    const base = paged(world, 4);
    const { object } = world.one.vspace.find(base) as never as { object: AnonymousObject };
    return () => object.pagerFree(pages(3));
  },
  'the end of what a snapshot is of, in frames and stored': (world) => {
    const base = paged(world, 4);
    const { object } = world.one.vspace.find(base) as never as { object: AnonymousObject };
    world.know(new CopyObject(world.one.pool, object));
    // The first page is in a frame, which could be handed over before the next, a copy, fails.
    world.load(world.one, base);
    world.one.vspace.unmap(base, pages(8));
    return () => object.destroy();
  },
  'unmap of pages that are stored': (world) => {
    const base = paged(world, 3);
    return () => world.one.vspace.unmap(base + pages(1), pages(3));
  },
};

/** A domain that lives within so many frames, and a region of eight pages, of which six were written. */
function paged(world: World, frames: number): number {
  const { one } = world;
  new Pager(one.pool, { frames, policy: clock, store: new MemoryStore() });
  const object = world.know(new AnonymousObject(one.pool, pages(8)));
  const { base } = one.vspace.map(object);
  for (let page = 0; page < 6; page += 1) world.store(one, base + pages(page), page + 1);
  return base;
}

/** Refuses each call of each point of an operation once; answers how many refusals came out as errors. */
function refuseEach(operation: Operation, state: (world: World) => string[]): number {
  let failures = 0;
  for (const name of POINT_NAMES) {
    for (let nth = 1; ; nth += 1) {
      const world = new World();
      const run = operation(world);
      const before = state(world);
      const { calls, error } = refusing(name, nth, run);
      if (calls < nth) break;
      const where = `${name} ${nth}`;
      expect(world.audit(), where).toEqual([]);
      if (error === undefined) continue;
      failures += 1;
      expect(difference(before, state(world)), `${where}: ${error.chain().join(' < ')}`).toEqual(
        [],
      );
      run();
      expect(world.audit(), `${where}, and again`).toEqual([]);
    }
  }
  return failures;
}

/** They need nothing but addresses. */
const NOTHING_TO_REFUSE = new Set([
  'map anonymous',
  'reserve and guard',
  'a heap',
  'a stack',
  'MAP2',
]);

describe('a refusal leaves everything as it was, and the operation can be done again', () => {
  test.each(Object.keys(STRUCTURE))('%s', (name) => {
    const failures = refuseEach(STRUCTURE[name] as Operation, (world) => world.everything());
    expect(failures).toBeGreaterThan(NOTHING_TO_REFUSE.has(name) ? -1 : 0);
  });
});

describe('a refusal while pages move loses nothing, and nothing is left of it', () => {
  test.each(Object.keys(PAGES))('%s', (name) => {
    const failures = refuseEach(PAGES[name] as Operation, (world) => world.visible());
    expect(failures).toBeGreaterThan(NOTHING_TO_REFUSE.has(name) ? -1 : 0);
  });
});

test('with the fewest frames every access comes to an end, whatever it needs', () => {
  const world = new World();
  const { one } = world;
  const base = paged(world, 3);
  const { object } = one.vspace.find(base) as never as { object: AnonymousObject };
  const copies = [0, 1, 2].map(() => {
    const copy = new CopyObject(one.pool, object);
    return one.vspace.map(world.know(copy)).base;
  });
  for (let round = 0; round < 40; round += 1) {
    const at = [base, ...copies][round % 4] as number;
    // Across a border of pages, both of which are copied first.
    world.store(one, at + pages(1 + (round % 5)) - 2, 0x0101_0101 * (round + 1));
    expect(one.pool.usedPages).toBeLessThanOrEqual(3);
  }
  const seen = [base, ...copies].map((at) => copyIn(one, at + pages(1) - 2, 4)[0]);
  expect(seen).toEqual([0, 0, 0, 0].map((_, index) => last(index)));

  function last(index: number): number {
    const rounds = Array.from({ length: 40 }, (_, round) => round);
    return Math.max(...rounds.filter((round) => round % 4 === index && round % 5 === 0)) + 1;
  }
});
