/**
 * What a layout could do for less: regions that another address or size would let be mapped by larger
 * leaves, or without a table of their own. Nothing is estimated: each change is built, and what it
 * saves is what its build costs less.
 */
import { hex0x, MIB, PAGE_BYTES } from '../base/index.js';
import { Kind } from '../format/index.js';
import type { MappedRegion } from './attribute-plan.js';
import { type Build, type BuildCost, buildLayout } from './build.js';
import type { Layout, LayoutRegion } from './layout.js';
import { leafBytes, leafRuns } from './leaf-choice.js';
import { sizeText } from './place-regions.js';

/** The keys of a region in a layout file that a hint changes. */
export type HintKey = 'va' | 'pa' | 'size' | 'leaves';

/** A change of one region, and what it saves. */
export interface LayoutHint {
  readonly region: string;
  /** The change as words: `promote to sections: move va to 0x00d0_0000`. */
  readonly text: string;
  readonly key: HintKey;
  /** What stands there then, as layout files write it. */
  readonly value: string;
  /** Level-2 tables, bytes of tables and TLB entries that it takes less. */
  readonly saves: Pick<BuildCost, 'tables' | 'bytes' | 'tlbEntries'>;
}

/** A change that may save something. */
interface Candidate {
  readonly region: MappedRegion;
  readonly why: string;
  readonly key: HintKey;
  readonly value: string;
  readonly change: Partial<LayoutRegion>;
}

/** Changes that are built to see what they save. */
const MOST_CANDIDATES = 24;
/** A size is only rounded up where no more than this part of it is given away. */
const LARGEST_WASTE = 1 / 8;
/** Where SCTLR.V puts the exception vectors (Arm ARM B1.8.1). */
const HIGH_VECTORS = 0xffff_0000;
const LARGE_BYTES = leafBytes(Kind.LARGE);

/** The hints for a build, as they are found; the regions that cost most first. */
export function* layoutHints(build: Build): Generator<LayoutHint> {
  const dearest = build.regions.toSorted((one, other) => leafCount(other) - leafCount(one));
  const told = new Set<string>();
  let tried = 0;
  for (const region of dearest) {
    for (const candidate of candidatesFor(region, build)) {
      if (told.has(region.name) || tried === MOST_CANDIDATES) break;
      tried += 1;
      const hint = hintOf(build, candidate);
      if (hint === undefined) continue;
      told.add(region.name);
      yield hint;
    }
  }
}

function leafCount(region: MappedRegion): number {
  let count = 0;
  for (const { bytes, kind } of leafRuns(region, region.leaves, region.domain)) {
    count += bytes / leafBytes(kind);
  }
  return count;
}

/** The hint that a candidate is, if it can be built and saves something. */
function hintOf(build: Build, candidate: Candidate): LayoutHint | undefined {
  const { region, why, key, value, change } = candidate;
  const cost = costWith(build.layout, region.name, change);
  if (cost === undefined) return undefined;
  const saves = {
    tables: build.cost.tables - cost.tables,
    bytes: build.cost.bytes - cost.bytes,
    tlbEntries: build.cost.tlbEntries - cost.tlbEntries,
  };
  const isBetter = saves.tables > 0 || (saves.tables === 0 && saves.tlbEntries > 0);
  if (!isBetter || saves.tlbEntries < 0) return undefined;
  return { region: region.name, text: `${why}: ${changeText(key, value)}`, key, value, saves };
}

function changeText(key: HintKey, value: string): string {
  if (key === 'leaves') return `write leaves: ${value}`;
  return key === 'size' ? `give it ${value}` : `move ${key} to ${value}`;
}

/** What the layout costs with one region changed; undefined where it cannot be built. */
function costWith(
  layout: Layout,
  name: string,
  change: Partial<LayoutRegion>,
): BuildCost | undefined {
  const regions = layout.regions.map((each) =>
    each.name === name ? { ...each, ...change } : each,
  );
  try {
    return buildLayout({ ...layout, regions }).cost;
  } catch {
    // It overlaps another region, or shares a MiB with what it cannot share it with.
    return undefined;
  }
}

function* candidatesFor(region: MappedRegion, build: Build): Generator<Candidate> {
  if (region.leaves !== 'largest') {
    yield {
      region,
      why: 'let the largest leaves that fit be used',
      key: 'leaves',
      value: 'largest',
      change: { leaves: 'largest' },
    };
    return;
  }
  for (const [leaf, leaves] of [
    [MIB, 'sections'],
    [LARGE_BYTES, 'large pages'],
  ] as const) {
    yield* alignmentCandidates(region, leaf, `promote to ${leaves}`);
  }
  yield* sizeCandidates(region);
  yield* neighbourCandidates(region, build);
}

/** Addresses at which leaves of `leaf` bytes fit, where they do not now. */
function* alignmentCandidates(
  region: MappedRegion,
  leaf: number,
  why: string,
): Generator<Candidate> {
  const { va, pa, bytes, memory } = region;
  if (bytes < leaf || (va % leaf === 0 && pa % leaf === 0)) return;
  const moves: (readonly ['va' | 'pa', number])[] = [];
  // A device is where it is; memory can be taken elsewhere.
  if (!isDevice(memory)) {
    for (const to of around(pa, va % leaf, leaf)) moves.push(['pa', to]);
  }
  for (const to of around(va, pa % leaf, leaf)) moves.push(['va', to]);
  for (const [key, to] of moves) {
    if (to < 0 || to + bytes > 2 ** 32 || to === region[key]) continue;
    const change = key === 'va' ? { virtual: to, physical: pa } : { virtual: va, physical: to };
    yield { region, why, key, value: addressText(to), change };
  }
}

/** The two addresses next to `address` that leave `rest` over a multiple of `leaf`. */
function around(address: number, rest: number, leaf: number): readonly [number, number] {
  const up = address + ((rest - (address % leaf) + leaf) % leaf);
  return [up, up - leaf];
}

function isDevice(memory: string): boolean {
  return memory.startsWith('device') || memory.startsWith('strongly');
}

/** A size that ends where a larger leaf does. */
function* sizeCandidates(region: MappedRegion): Generator<Candidate> {
  for (const leaf of [MIB, LARGE_BYTES]) {
    const missing = (leaf - (region.bytes % leaf)) % leaf;
    if (missing === 0 || missing > region.bytes * LARGEST_WASTE) continue;
    const bytes = region.bytes + missing;
    const why = `end with a ${leaf === MIB ? 'section' : 'large page'}`;
    yield { region, why, key: 'size', value: sizeText(bytes), change: { bytes } };
  }
}

function isForUsers({ user }: MappedRegion): boolean {
  return user.read || user.write || user.execute;
}

/** A place in a MiB that has a table anyway, for what has a table for itself. */
function* neighbourCandidates(region: MappedRegion, { regions }: Build): Generator<Candidate> {
  const { va, pa, bytes } = region;
  const mib = Math.floor(va / MIB);
  const isAlone = (one: MappedRegion): boolean =>
    Math.floor((one.va + one.bytes - 1) / MIB) < mib || Math.floor(one.va / MIB) > mib;
  if (bytes >= MIB || Math.floor((va + bytes - 1) / MIB) !== mib) return;
  if (!regions.every((one) => one === region || isAlone(one))) return;
  // Exception vectors are at one of two addresses.
  if (va === 0 || va === HIGH_VECTORS) return;
  const step = bytes >= LARGE_BYTES ? LARGE_BYTES : PAGE_BYTES;
  const nearest = regions
    .filter((other) => isForUsers(other) === isForUsers(region))
    .toSorted((one, next) => Math.abs(one.va - va) - Math.abs(next.va - va));
  for (const other of nearest) {
    const end = other.va + other.bytes;
    const otherMib = Math.floor((end - 1) / MIB);
    if (other === region || otherMib === mib || other.style.domain !== region.style.domain)
      continue;
    const to = Math.ceil((end - (pa % step)) / step) * step + (pa % step);
    if (to < end || Math.floor((to + bytes - 1) / MIB) !== otherMib) continue;
    const value = addressText(to);
    const change = { virtual: to, physical: pa };
    yield { region, why: `share the table of \`${other.name}\``, key: 'va', value, change };
  }
}

function addressText(address: number): string {
  return hex0x(address, 8).replace(/(.{4})$/, '_$1');
}
