/**
 * The pmap of a domain over the usual kernel: every call checks its capabilities, makes or deletes a
 * Mapping capability with its place in the mapping database, writes the table words, keeps the
 * shadow, the slots and the counters, and answers in an object that is used again. The TLB is that of
 * a Cortex-A7; events are off.
 *
 *   map.empty, unmap.empty     one 4 KiB page; 0 to 200 pages are mapped, and the tables are there
 *   map.500k, unmap.500k       one 4 KiB page in random order; about 500,000 pages are mapped, each
 *                              by a call of its own; a page is mapped again 20,000 calls after it
 *                              was unmapped, so that its records are not in the cache by chance
 *   lookup.empty, lookup.500k  every fact about a random mapped page, into the same object
 *   map.256MiB.small.perPage   one call of 65,536 small pages, tables there, divided by the pages
 *   map.256MiB.sections        one call of 256 sections, at each of four places
 *   determineAddr.10k          10,000 regions with gaps too small, and one that fits
 */
import { MIB } from '../src/base/index.js';
import { Domain, MappingInfo, MapResult, VRegionFlags, VSpace } from '../src/domain/index.js';
import { Kernel } from '../src/kernel/index.js';
import { Machine } from '../src/machine/index.js';
import { type Case, nanosecondsPer, shuffled } from './measure.js';

const PAGE = 4096;
const FRAME_BYTES = 64 * MIB;
const { READ_WRITE, LARGE } = VRegionFlags;

function bootDomain(): Domain {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 1024 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 896 * MIB, {
    metadata: { base: 0x7c00_0000, bytes: 64 * MIB },
  });
  kernel.run(domain.number);
  return domain;
}

const FEW = 200;

/** A few pages mapped and unmapped again, over and over; `wanted` says which half is timed. */
function inEmptySpace(wanted: 'map' | 'unmap'): () => number {
  const domain = bootDomain();
  const { pmap } = domain;
  const frame = domain.allocateFrame(FRAME_BYTES);
  const result = new MapResult();
  const base = 0x5000_0000;
  const addresses = shuffled(FEW).map((place) => base + place * 2 * PAGE);
  const map = (): void => {
    for (let index = 0; index < FEW; index += 1) {
      pmap.map(addresses[index], frame, index * PAGE, PAGE, READ_WRITE, result);
    }
  };
  const unmap = (): void => {
    for (let index = 0; index < FEW; index += 1) pmap.unmap(addresses[index], PAGE);
  };
  return () => {
    const mapped = nanosecondsPer(FEW, map);
    const unmapped = nanosecondsPer(FEW, unmap);
    return wanted === 'map' ? mapped : unmapped;
  };
}

/** Where 256 MiB are mapped. */
const PLACES = [0x1000_0000, 0x2000_0000, 0x3000_0000, 0x5000_0000];

const POPULATION = 500_000;
const BATCH = 1_000;
const BATCHES_FREE = 20;

/** A space of half a million single-page mappings, in random order. */
function populate(domain: Domain): Int32Array {
  const frame = domain.allocateFrame(FRAME_BYTES);
  const pages = shuffled(POPULATION);
  for (let index = 0; index < POPULATION - BATCH * BATCHES_FREE; index += 1) {
    const offset = (index * PAGE) % FRAME_BYTES;
    domain.pmap.map(pages[index] * PAGE, frame, offset, PAGE, READ_WRITE);
  }
  return pages;
}

/** Batches leave the space and come back in a round, so that the population stays the same. */
function inFullSpace(wanted: 'map' | 'unmap'): () => number {
  const domain = bootDomain();
  const { pmap } = domain;
  const pages = populate(domain);
  const frame = domain.allocateFrame(FRAME_BYTES);
  const result = new MapResult();
  // The population is whole batches.
  let nextIn = POPULATION - BATCH * BATCHES_FREE;
  let nextOut = 0;
  const map = (): void => {
    for (let index = 0; index < BATCH; index += 1) {
      pmap.map(pages[nextIn + index] * PAGE, frame, index * PAGE, PAGE, READ_WRITE, result);
    }
    nextIn = (nextIn + BATCH) % POPULATION;
  };
  const unmap = (): void => {
    for (let index = 0; index < BATCH; index += 1) {
      pmap.unmap(pages[nextOut + index] * PAGE, PAGE);
    }
    nextOut = (nextOut + BATCH) % POPULATION;
  };
  return () => {
    const mapped = nanosecondsPer(BATCH, map);
    const unmapped = nanosecondsPer(BATCH, unmap);
    return wanted === 'map' ? mapped : unmapped;
  };
}

/** Looks up the addresses in their order, over and over. */
function lookUp(pmap: Domain['pmap'], addresses: Int32Array): () => number {
  const info = new MappingInfo();
  let from = 0;
  const work = (): void => {
    let found = 0;
    for (let index = from; index < from + BATCH; index += 1) {
      if (pmap.lookup(addresses[index], info) !== undefined) found += info.pages;
    }
    if (found !== BATCH) throw new Error(`${BATCH - found} pages were not found`);
  };
  return () => {
    const time = nanosecondsPer(BATCH, work);
    from = from + 2 * BATCH > addresses.length ? 0 : from + BATCH;
    return time;
  };
}

export const cases: readonly Case[] = [
  { name: 'map.empty', unit: 'ns', samples: 2_000, prepare: () => inEmptySpace('map') },
  { name: 'unmap.empty', unit: 'ns', samples: 2_000, prepare: () => inEmptySpace('unmap') },
  { name: 'map.500k', unit: 'ns', samples: 1_500, prepare: () => inFullSpace('map') },
  { name: 'unmap.500k', unit: 'ns', samples: 1_500, prepare: () => inFullSpace('unmap') },
  {
    name: 'lookup.empty',
    unit: 'ns',
    samples: 1_000,
    prepare() {
      const domain = bootDomain();
      domain.pmap.map(0x5000_0000, domain.allocateFrame(PAGE), 0, PAGE, READ_WRITE);
      return lookUp(domain.pmap, new Int32Array(BATCH).fill(0x5000_0000));
    },
  },
  {
    name: 'lookup.500k',
    unit: 'ns',
    samples: 1_000,
    prepare() {
      const domain = bootDomain();
      const pages = populate(domain).subarray(0, POPULATION - BATCH * BATCHES_FREE);
      return lookUp(
        domain.pmap,
        shuffled(pages.length, 7).map((index) => pages[index] * PAGE),
      );
    },
  },
  {
    name: 'map.256MiB.small.perPage',
    unit: 'ns',
    samples: 200,
    prepare() {
      const domain = bootDomain();
      const frame = domain.allocateFrame(256 * MIB);
      return () => {
        const time = nanosecondsPer(65_536, () => {
          domain.pmap.map(0x1000_0000, frame, 0, 256 * MIB, READ_WRITE);
        });
        domain.pmap.unmap(0x1000_0000, 256 * MIB);
        return time;
      };
    },
  },
  {
    name: 'map.256MiB.sections',
    unit: 'ns',
    samples: 6_000,
    prepare() {
      const domain = bootDomain();
      const { pmap } = domain;
      const frame = domain.allocateFrame(256 * MIB);
      return () => {
        const time = nanosecondsPer(PLACES.length, () => {
          for (const place of PLACES) pmap.map(place, frame, 0, 256 * MIB, READ_WRITE | LARGE);
        });
        for (const place of PLACES) pmap.unmap(place, 256 * MIB);
        return time;
      };
    },
  },
  {
    name: 'determineAddr.10k',
    unit: 'ns',
    samples: 1_000,
    prepare() {
      const { pmap } = bootDomain();
      const vspace = new VSpace();
      for (let region = 0; region < 10_000; region += 1) {
        const base = 0x4000_0000 + region * 2 * PAGE + (region > 9_990 ? 16 * PAGE : 0);
        vspace.add({ name: 'region', base, bytes: PAGE, flags: 0, backing: 'guard' });
      }
      let sum = 0;
      const work = (): void => {
        for (let call = 0; call < 100; call += 1)
          sum += pmap.determineAddr(vspace.tree, 8 * PAGE, 0);
      };
      return () => {
        const time = nanosecondsPer(100, work);
        if (sum === 0) throw new Error('no address was found');
        return time;
      };
    },
  },
];
