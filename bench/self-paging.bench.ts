/**
 * Self-paging, with the kernel's checks and records, strict TLB off, events off. One domain of a
 * Cortex-A15, whose pages are retyped sixteen at a time.
 *
 *   fault.anonymous   the first load from a page of an anonymous object, end to end: TLB miss, walk,
 *                     abort, handler, region, object, a page of zeros from the pool, map, walk, value.
 *                     128 pages in order, of frames that were used before
 *   fault.copyOnWrite the first store to a page that a snapshot shares, with the copy of its 4 KiB,
 *                     a page taken for it, one mapping removed and one made
 *   region.lookup     the region that holds an address, of 10,000, random addresses
 *   region.gap        the place for a region of 64 pages among 10,000 with gaps of 1 to 8 pages
 *   clone.100k        the clone of a domain with 100,000 resident writable pages, all of it: the
 *                     child's CSpace, tables and regions, and each page of the parent made read-only
 *   metadata.page, metadata.pagedPage
 *                     bytes that the domain keeps for each of 100,000 resident pages of an anonymous
 *                     object, records in use and room for more alike: the pmap's metadata region, the
 *                     object's index and the pool; without a pager and with one
 */
import { MIB, PAGE_BYTES } from '../src/base/index.js';
import {
  AnonymousObject,
  CopyObject,
  cloneDomain,
  Domain,
  fifo,
  MemoryStore,
  Pager,
  VRegionFlags,
} from '../src/domain/index.js';
import { Kernel } from '../src/kernel/index.js';
import { Machine } from '../src/machine/index.js';
import { type Case, nanosecondsPer, shuffled } from './measure.js';

const PAGES = 128;
const BYTES = PAGES * PAGE_BYTES;
const REGIONS = 10_000;

/** A domain that runs, with room for many pages and records. */
export function bootDomain(): Domain {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 1024 * MIB, kind: 'ram' }],
    profile: 'cortex-a15',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 960 * MIB, {
    metadata: { base: 0x7800_0000, bytes: 64 * MIB },
  });
  kernel.run(domain.number);
  return domain;
}

function anonymousFault(): () => number {
  const domain = bootDomain();
  const { cpu } = domain.kernel.machine;
  return () => {
    const { base } = domain.vspace.mapAnonymous(BYTES);
    const time = nanosecondsPer(PAGES, () => {
      for (let page = 0; page < PAGES; page += 1) cpu.load(base + page * PAGE_BYTES, 4);
    });
    domain.vspace.unmap(base, BYTES);
    return time;
  };
}

function copyOnWriteFault(): () => number {
  const domain = bootDomain();
  const { cpu } = domain.kernel.machine;
  return () => {
    const source = new AnonymousObject(domain.pool, BYTES);
    source.fill(0, BYTES);
    const copy = new CopyObject(domain.pool, source);
    const { base } = domain.vspace.map(copy);
    for (let page = 0; page < PAGES; page += 1) cpu.load(base + page * PAGE_BYTES, 4);
    const time = nanosecondsPer(PAGES, () => {
      for (let page = 0; page < PAGES; page += 1) cpu.store(base + page * PAGE_BYTES, 4, page);
    });
    domain.vspace.unmap(base, BYTES);
    copy.destroy();
    source.destroy();
    return time;
  };
}

/** A domain with many regions of 1 to 4 pages, 1 to 8 pages apart; where they begin. */
function manyRegions(): { readonly domain: Domain; readonly bases: number[] } {
  const domain = bootDomain();
  const object = new AnonymousObject(domain.pool, 4 * PAGE_BYTES);
  const sizes = shuffled(REGIONS);
  const bases: number[] = [];
  let at = 0x4000_0000;
  for (let region = 0; region < REGIONS; region += 1) {
    const bytes = (1 + (sizes[region] % 4)) * PAGE_BYTES;
    domain.vspace.map(object, { at, flags: VRegionFlags.READ }, bytes);
    bases.push(at);
    at += bytes + (1 + (sizes[region] % 8)) * PAGE_BYTES;
  }
  return { domain, bases };
}

function regionLookup(): () => number {
  const { domain, bases } = manyRegions();
  const order = shuffled(REGIONS);
  let found = 0;
  return () =>
    nanosecondsPer(REGIONS, () => {
      for (let index = 0; index < REGIONS; index += 1) {
        if (domain.vspace.find(bases[order[index]] + 8) !== undefined) found += 1;
      }
      if (found % REGIONS !== 0) throw new Error('a region was not found');
    });
}

function gapSearch(): () => number {
  const { domain } = manyRegions();
  const options = { alignment: PAGE_BYTES };
  let sum = 0;
  return () =>
    nanosecondsPer(1000, () => {
      for (let index = 0; index < 1000; index += 1) {
        sum += domain.vspace.place(64 * PAGE_BYTES, options);
      }
      if (sum === 0) throw new Error('no place was found');
    });
}

const CLONED_PAGES = 100_000;

/** The clone of a domain of 100,000 resident pages, in all, not per page; the clone is killed again. */
function cloneOfMany(): () => number {
  const domain = bootDomain();
  const { cpu } = domain.kernel.machine;
  const { base } = domain.vspace.mapAnonymous(CLONED_PAGES * PAGE_BYTES);
  return () => {
    for (let page = 0; page < CLONED_PAGES; page += 1) cpu.store(base + page * PAGE_BYTES, 4, page);
    let kill = (): void => {};
    const time = nanosecondsPer(1, () => {
      kill = cloneDomain(domain, { ramBytes: 16 * MIB }).kill;
    });
    kill();
    return time;
  };
}

/** Bytes of what the library of a domain keeps, all of it. */
function metadataBytes(domain: Domain, object: AnonymousObject): number {
  const { used, free, rootIndex } = domain.pmap.measure().metadata;
  return used + free + rootIndex + domain.pool.metadataBytes + object.metadataBytes;
}

function metadataOfPages(paged: boolean): () => number {
  return () => {
    const domain = bootDomain();
    if (paged) {
      new Pager(domain.pool, { frames: 2 * CLONED_PAGES, policy: fifo, store: new MemoryStore() });
    }
    const object = new AnonymousObject(domain.pool, CLONED_PAGES * PAGE_BYTES);
    const { base } = domain.vspace.map(object);
    const before = metadataBytes(domain, object);
    for (let page = 0; page < CLONED_PAGES; page += 1) {
      domain.kernel.machine.cpu.store(base + page * PAGE_BYTES, 4, page);
    }
    return (metadataBytes(domain, object) - before) / CLONED_PAGES;
  };
}

export const cases: readonly Case[] = [
  { name: 'fault.anonymous', unit: 'ns', samples: 2000, prepare: anonymousFault },
  { name: 'fault.copyOnWrite', unit: 'ns', samples: 1000, prepare: copyOnWriteFault },
  { name: 'region.lookup', unit: 'ns', samples: 100, prepare: regionLookup },
  { name: 'region.gap', unit: 'ns', samples: 100, prepare: gapSearch },
  { name: 'clone.100k', unit: 'ns', samples: 24, prepare: cloneOfMany },
  { name: 'metadata.page', unit: 'bytes', samples: 2, prepare: () => metadataOfPages(false) },
  { name: 'metadata.pagedPage', unit: 'bytes', samples: 2, prepare: () => metadataOfPages(true) },
];
