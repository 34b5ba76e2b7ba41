/**
 * Self-paging against a model that knows nothing of pages: each object is an array of words. Random
 * operations on regions, objects, snapshots, sharing, budgets; each word that a domain reads must be
 * the model's, and the strict TLB must have nothing to report.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MIB, PAGE_BYTES, SeededRandom, VmError } from '../../src/base/index.js';
import {
  AnonymousObject,
  bytesSource,
  CopyObject,
  clock,
  copyIn,
  Domain,
  FileObject,
  fifo,
  lfu,
  lru,
  type MappedObject,
  MemoryStore,
  OneFrameObject,
  Pager,
  type PolicyKind,
  random,
  secondChance,
  VRegion,
  VRegionFlags,
} from '../../src/domain/index.js';
import { accessFlagPolicy, Kernel, Rights } from '../../src/kernel/index.js';
import { Machine, type StrictTlb } from '../../src/machine/index.js';

const PAGES = 12;
const BYTES = PAGES * PAGE_BYTES;
const POLICIES: readonly PolicyKind[] = [
  fifo,
  clock,
  secondChance,
  lru(1),
  lru(3),
  lfu(2),
  random(5),
];

interface Known {
  readonly object: MappedObject;
  /** The word at the beginning of each page, which alone is written. */
  readonly words: Uint32Array;
}

interface Mapped {
  readonly domain: Domain;
  readonly known: Known;
  readonly region: VRegion;
}

class World {
  readonly machine: Machine;
  readonly domains: Domain[];
  readonly objects: Known[] = [];
  readonly regions: Mapped[] = [];
  readonly random: SeededRandom;
  private readonly stores = new Map<Domain, Pager>();

  constructor(seed: number, accessFlag: boolean) {
    this.random = new SeededRandom(seed);
    this.machine = new Machine({
      banks: [{ name: 'ram', base: 0x8000_0000, bytes: 64 * MIB, kind: 'ram' }],
      profile: 'cortex-a15',
      tlb: 'strict',
    });
    const kernel = new Kernel(
      this.machine,
      accessFlag ? { attributes: accessFlagPolicy(this.machine.profile) } : {},
    );
    this.domains = ['one', 'two'].map((name) => Domain.boot(kernel, 16 * MIB, { name }));
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.random.below(items.length)] as Item;
  }

  /** One random operation; what it was, for the message of a failure. */
  step(): string {
    const roll = this.random.below(100);
    if (this.regions.length === 0 || roll < 4) return this.create();
    if (roll < 7) return this.mapAgain();
    if (roll < 12) return this.snapshot();
    if (roll < 15) return this.unmapPart();
    if (roll < 17) return this.page();
    if (roll < 22) return this.protect();
    if (roll < 24) return this.destroy();
    if (roll < 26) return this.pinned();
    return roll < 65 ? this.store() : this.load();
  }

  private create(): string {
    const domain = this.pick(this.domains);
    const words = new Uint32Array(PAGES);
    const kind = this.random.below(3);
    let object: MappedObject;
    if (kind === 0) object = new AnonymousObject(domain.pool, BYTES);
    else if (kind === 1) {
      const bytes = new Uint8Array(BYTES);
      for (let page = 0; page < PAGES; page += 1) {
        words[page] = 0x1000 + page;
        new DataView(bytes.buffer).setUint32(page * PAGE_BYTES, 0x1000 + page, true);
      }
      const sharing = this.random.below(2) === 0 ? 'private' : 'written-back';
      object = new FileObject(domain.pool, bytesSource(bytes), 'file', sharing);
    } else {
      const how = this.pick(['one-frame', 'one-frame-lazy'] as const);
      const frame = domain.allocateFrame(BYTES);
      object = new OneFrameObject(domain.pool, frame, BYTES, 'frame', how, 2 * PAGE_BYTES);
    }
    const known = { object, words };
    this.objects.push(known);
    this.mapIn(domain, known);
    return `create ${object.kind} in ${domain.name}`;
  }

  private mapIn(domain: Domain, known: Known): void {
    if (domain.number !== known.object.home) known.object.share(domain.number, Rights.ALL);
    const flags = this.pick([
      VRegionFlags.READ_WRITE,
      VRegionFlags.READ_WRITE | VRegionFlags.LARGE,
    ]);
    const region = domain.vspace.map(known.object, { flags });
    this.regions.push({ domain, known, region });
  }

  private mapAgain(): string {
    const domain = this.pick(this.domains);
    const known = this.pick(this.objects);
    this.mapIn(domain, known);
    return `map ${known.object.name} in ${domain.name}`;
  }

  private snapshot(): string {
    if (this.objects.length > 12) return this.destroy();
    const domain = this.pick(this.domains);
    const source = this.pick(this.objects);
    const object = new CopyObject(domain.pool, source.object);
    const known = { object, words: source.words.slice() };
    this.objects.push(known);
    this.mapIn(domain, known);
    return `snapshot ${source.object.name} in ${domain.name}`;
  }

  private unmapPart(): string {
    const { domain, region } = this.pick(this.regions);
    const first = this.random.below(PAGES);
    const pages = 1 + this.random.below(PAGES - first);
    const at = region.base + first * PAGE_BYTES;
    try {
      domain.vspace.unmap(at, pages * PAGE_BYTES);
    } catch (error) {
      if (!(error instanceof VmError) || error.code !== 'LIB_ERR_VSPACE_REGION_NOT_FOUND')
        throw error;
    }
    this.forgetUnmapped();
    return `unmap ${pages} pages of ${region.name}`;
  }

  /** A region of which nothing is left is forgotten; one that was cut is known by what is there. */
  private forgetUnmapped(): void {
    for (let at = this.regions.length - 1; at >= 0; at -= 1) {
      const { domain, known, region } = this.regions[at] as Mapped;
      const rest = domain.vspace.inRange(region.base, region.base + BYTES);
      if (!rest.some((part) => (part as VRegion).object === known.object))
        this.regions.splice(at, 1);
    }
  }

  private protect(): string {
    const { domain, region } = this.pick(this.regions);
    const page = this.random.below(PAGES);
    const at = region.base + page * PAGE_BYTES;
    const part = domain.vspace.find(at);
    if (part === undefined) return 'protect nothing';
    const { READ, READ_WRITE } = VRegionFlags;
    domain.vspace.protect(at, PAGE_BYTES, this.pick([READ, READ_WRITE]));
    return `protect page ${page} of ${region.name}`;
  }

  private page(): string {
    const domain = this.pick(this.domains);
    const frames = 3 + this.random.below(8);
    const pager = this.stores.get(domain);
    if (pager === undefined) {
      const policy = this.pick(POLICIES);
      this.stores.set(domain, new Pager(domain.pool, { frames, policy, store: new MemoryStore() }));
      return `${domain.name} pages by ${policy.name} with ${frames} frames`;
    }
    pager.setFrames(frames);
    return `${domain.name} has ${frames} frames`;
  }

  private pinned(): string {
    const { object, words } = this.pick(this.objects);
    const page = this.random.below(words.length);
    object.pin(page * PAGE_BYTES, PAGE_BYTES);
    object.unpin(page * PAGE_BYTES, PAGE_BYTES);
    return `pin page ${page} of ${object.name}`;
  }

  private destroy(): string {
    const known = this.pick(this.objects);
    for (const { domain, region, known: other } of [...this.regions]) {
      if (other !== known) continue;
      try {
        domain.vspace.unmap(region.base, BYTES);
      } catch (error) {
        if (!(error instanceof VmError) || error.code !== 'LIB_ERR_VSPACE_REGION_NOT_FOUND')
          throw error;
      }
    }
    this.forgetUnmapped();
    known.object.destroy();
    this.objects.splice(this.objects.indexOf(known), 1);
    return `destroy ${known.object.name}`;
  }

  private store(): string {
    const { domain, known, region } = this.pick(this.regions);
    const page = this.random.below(PAGES);
    const at = region.base + page * PAGE_BYTES;
    const part = domain.vspace.find(at);
    const value = this.random.bits(32);
    domain.kernel.run(domain.number);
    const mine = part instanceof VRegion && part.object === known.object;
    if (mine && (part.flags & VRegionFlags.WRITE) !== 0) {
      this.machine.cpu.store(at, 4, value);
      known.words[pageAt(part, at)] = value;
    } else if (mine) {
      expect(() => this.machine.cpu.store(at, 4, value)).toThrow(VmError);
    }
    return `store ${known.object.name}[${page}] in ${domain.name}`;
  }

  private load(): string {
    const { domain, known, region } = this.pick(this.regions);
    const page = this.random.below(PAGES);
    this.check(domain, known, region, page);
    return `load ${known.object.name}[${page}] in ${domain.name}`;
  }

  check(domain: Domain, known: Known, region: VRegion, page: number): void {
    const at = region.base + page * PAGE_BYTES;
    const part = domain.vspace.find(at);
    if (!(part instanceof VRegion) || part.object !== known.object) return;
    const bytes = copyIn(domain, at, 4);
    expect(new DataView(bytes.buffer).getUint32(0, true)).toBe(known.words[pageAt(part, at)]);
  }

  checkAll(): void {
    for (const { domain, known, region } of this.regions) {
      for (let page = 0; page < PAGES; page += 1) this.check(domain, known, region, page);
    }
    for (const { pool } of this.domains) expect(pool.usedPages).toBeLessThanOrEqual(pool.budget);
    expect((this.machine.tlb as StrictTlb).violations).toEqual([]);
    for (const domain of this.domains) this.checkShadow(domain);
  }

  /** What the shadow says of each page is what the tables say. */
  private checkShadow(domain: Domain): void {
    domain.kernel.run(domain.number);
    for (const { address, bytes, frame, offset } of domain.pmap.mappings()) {
      expect(domain.invocations.identifyFrame(frame)).toBe(0);
      const base = domain.invocations.identity.base + offset;
      for (let at = 0; at < bytes; at += PAGE_BYTES) {
        const pa = this.machine.cpu.mmu.translateAfresh(address + at, 0);
        if (pa >= 0) expect(pa).toBe(base + at);
      }
    }
  }

  /** Everything goes, and nothing may be left. */
  end(): void {
    for (const domain of this.domains) domain.vspace.destroy();
    for (const { object } of this.objects.reverse()) object.destroy();
    for (const { pool, pmap, metadata } of this.domains) {
      pool.trim();
      const mapped = [...pmap.mappings()].filter(({ address }) => !metadata.contains(address));
      expect([pool.usedPages, pool.freePages, mapped.length]).toEqual([0, 0, 0]);
    }
  }
}

/** Which page of the object an address is: a place may have been given to another part of it since. */
function pageAt(region: VRegion, address: number): number {
  return (region.offset + address - region.base) / PAGE_BYTES;
}

test.each([false, true])('contents are the model’s (access flag: %s)', (accessFlag) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const world = new World(seed, accessFlag);
      const steps: string[] = [];
      try {
        for (let step = 0; step < 250; step += 1) {
          steps.push(world.step());
          if (step % 50 === 49) world.checkAll();
        }
        world.end();
      } catch (error) {
        (error as Error).message += `\nafter ${steps.slice(-12).join('; ')}`;
        throw error;
      }
    }),
    { seed: 11, numRuns: 15, endOnFailure: true },
  );
});
