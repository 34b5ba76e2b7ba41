/**
 * Placing: every region gets its two addresses, the tables theirs. What was given is kept; then what
 * is to be found takes, in the order of the file, the lowest place that lets the largest leaves be
 * used. Nothing is thrown: a layout that is wrong still has a map, and all that is wrong is told.
 */
import { type ErrorName, hex0x, MIB, PAGE_BYTES } from '../base/index.js';
import { lowestFit, nearestFit, TakenRanges } from './holes.js';
import {
  isReserved,
  type Layout,
  type LayoutMemory,
  type LayoutRegion,
  lineText,
  type SourceLine,
} from './layout.js';
import { allowedKinds, leafBytes } from './leaf-choice.js';

/** Something that is wrong with a layout. */
export interface LayoutProblem {
  readonly code: ErrorName;
  readonly message: string;
  readonly from: SourceLine;
}

/** A region with its addresses. */
export interface PlacedRegion extends LayoutRegion {
  readonly va: number;
  readonly pa: number;
  /** Whether nothing is mapped here, only kept free. */
  readonly reserved: boolean;
}

/** A layout whose parts have their places, and what is wrong with it. */
export interface Placement {
  readonly layout: Layout;
  /** By virtual address; without those that found no place. */
  readonly regions: readonly PlacedRegion[];
  /** The physical address of the tables. */
  readonly tables: number;
  readonly problems: readonly LayoutProblem[];
}

const ADDRESS_SPACE = 2 ** 32;
const PHYSICAL_SPACE = 2 ** 40;
const ROOT_ALIGNMENT = 16 * 1024;

/** Finds a place for every part of a layout. */
export function placeLayout(layout: Layout): Placement {
  return new Placer(layout).run();
}

/** A size as layouts write it: `64K`, `1M`, or hexadecimal where no unit fits. */
export function sizeText(bytes: number): string {
  for (const [unit, each] of [
    ['G', 2 ** 30],
    ['M', MIB],
    ['K', 1024],
  ] as const) {
    if (bytes % each === 0) return `${bytes / each}${unit}`;
  }
  return hex0x(bytes);
}

/** One placing. */
class Placer {
  private readonly layout: Layout;
  private readonly virtual = new TakenRanges<PlacedRegion>();
  /** What automatic placement keeps out of: memory that has an owner already. */
  private readonly physical = new TakenRanges<LayoutRegion | undefined>();
  private readonly placed: PlacedRegion[] = [];
  private readonly problems: LayoutProblem[] = [];

  constructor(layout: Layout) {
    this.layout = layout;
  }

  run(): Placement {
    const { layout, problems } = this;
    const sound = layout.regions.filter((region) => this.isAligned(region));
    for (const region of sound) {
      const { virtual, physical } = region;
      const va = virtual === 'same' ? physical : virtual;
      const pa = physical === 'same' ? virtual : physical;
      if (typeof va === 'number' && typeof pa === 'number') this.put(region, va, pa);
      else if (typeof pa === 'number') this.takePhysical(region, pa);
    }
    const tables = this.placeTables();
    for (const region of sound) if (needsPlace(region)) this.find(region);
    const regions = this.placed.toSorted((left, right) => left.va - right.va);
    return { layout, regions, tables, problems };
  }

  private tell(code: ErrorName, from: SourceLine, message: string): void {
    this.problems.push({ code, from, message });
  }

  /** Whether sizes and addresses are whole pages, and as aligned as the region wants. */
  private isAligned(region: LayoutRegion): boolean {
    const { bytes, virtual, physical, alignment } = region;
    if (bytes % PAGE_BYTES !== 0) {
      const better = sizeText(Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES);
      const text = `its size ${hex0x(bytes)} is not made of whole pages of 4K; ${better} is`;
      this.tell('LAYOUT_ERR_ALIGNMENT', region.from, `${whole(region)}: ${text}`);
      return false;
    }
    for (const [what, address] of [
      ['virtual', virtual],
      ['physical', physical],
    ] as const) {
      if (typeof address !== 'number' || address % alignment === 0) continue;
      const low = address - (address % alignment);
      const text = `its ${what} address ${hex0x(address)} is not a multiple of ${sizeText(alignment)}; ${hex0x(low)} and ${hex0x(low + alignment)} are`;
      this.tell('LAYOUT_ERR_ALIGNMENT', region.from, `${whole(region)}: ${text}`);
      return false;
    }
    return true;
  }

  /** Gives a region its place, and tells what it shares it with. */
  private put(region: LayoutRegion, va: number, pa: number): void {
    const { bytes } = region;
    const tooFar = (
      [
        ['virtual', va, ADDRESS_SPACE],
        ['physical', pa, PHYSICAL_SPACE],
      ] as const
    ).find(([, address, limit]) => address + bytes > limit);
    if (tooFar !== undefined) {
      const [what, address, limit] = tooFar;
      const text = `its ${what} addresses end at ${hex0x(address + bytes)}, the space ends at ${hex0x(limit)}`;
      this.tell('LAYOUT_ERR_RANGE', region.from, `${whole(region)}: ${text}`);
      return;
    }
    const made: PlacedRegion = { ...region, va, pa, reserved: isReserved(region) };
    const others = this.virtual.allOverlapping(va, va + bytes);
    for (const { owner, base, end } of others) {
      const first = Math.max(base, va);
      const shared = sizeText(Math.min(end, va + bytes) - first).replace(/([GMK])$/, ' $1iB');
      const size = sizeText(bytes);
      const hole = this.nearestHole(made);
      this.tell(
        'LAYOUT_ERR_OVERLAP',
        region.from,
        `\`${region.name}\` (${lineText(region.from)}, ${hex0x(va)}+${size}) overlaps ` +
          `\`${owner.name}\` (${lineText(owner.from)}) by ${shared} at ${hex0x(first)}. ` +
          (hole === undefined
            ? `No hole of ${size} is free.`
            : `Closest free ${size} hole: ${hex0x(hole)}.`),
      );
    }
    this.virtual.add(va, va + bytes, made);
    this.placed.push(made);
    if (!made.reserved) this.takePhysical(region, pa);
  }

  private takePhysical(region: LayoutRegion, pa: number): void {
    this.physical.add(pa, pa + region.bytes, region);
  }

  /** Where a region could go that everything given leaves free, nearest to where it is. */
  private nearestHole(region: PlacedRegion): number | undefined {
    const taken = new TakenRanges<undefined>();
    for (const { owner, base, end } of this.virtual.allOverlapping(0, ADDRESS_SPACE)) {
      if (owner !== region) taken.add(base, end, undefined);
    }
    for (const other of this.layout.regions) {
      const va = other.virtual === 'same' ? other.physical : other.virtual;
      if (typeof va !== 'number' || other.from.line === region.from.line) continue;
      taken.add(va, va + other.bytes, undefined);
    }
    const { bytes, va } = region;
    // As aligned as it is now, so that it can be made of the same leaves there.
    const leaf = usefulLeaves(region).find((size) => va % size === 0) ?? PAGE_BYTES;
    const alignment = Math.max(leaf, region.alignment);
    return nearestFit(taken, 0, ADDRESS_SPACE, va, { bytes, alignment });
  }

  private placeTables(): number {
    const { at, budget, from } = this.layout.tables;
    const automatic = this.layout.regions.some(({ physical }) => typeof physical === 'object');
    if (budget === undefined && (automatic || typeof at === 'string')) {
      const text = 'the tables need a `size` where memory is placed automatically';
      this.tell('LAYOUT_ERR_SCHEMA', from, `${lineText(from)}: ${text}`);
    }
    const bytes = budget ?? PAGE_BYTES;
    if (typeof at === 'number') {
      if (at % ROOT_ALIGNMENT !== 0) {
        const low = at - (at % ROOT_ALIGNMENT);
        const better = `${hex0x(low)} and ${hex0x(low + ROOT_ALIGNMENT)} are`;
        const text = `the tables at ${hex0x(at)} are not at a multiple of 16K; ${better}`;
        this.tell('LAYOUT_ERR_ALIGNMENT', from, `${lineText(from)}: ${text}`);
      } else if (at + bytes > ADDRESS_SPACE) {
        const text = `the tables at ${hex0x(at)}+${sizeText(bytes)} leave the 4 GiB that table entries can address`;
        this.tell('LAYOUT_ERR_RANGE', from, `${lineText(from)}: ${text}`);
      }
      this.physical.add(at, at + bytes, undefined);
      return at;
    }
    const memory = this.memory(at);
    const end = Math.min(memory.base + memory.bytes, ADDRESS_SPACE);
    const place = lowestFit(this.physical, memory.base, end, { bytes, alignment: ROOT_ALIGNMENT });
    if (place === undefined) {
      const text = `the tables (${lineText(from)}, ${sizeText(bytes)})`;
      this.noRoom(text, from, this.physical, memory.base, end, `\`${memory.name}\``);
      return memory.base;
    }
    this.physical.add(place, place + bytes, undefined);
    return place;
  }

  /** The memory called `name`; the reader has made sure that there is one. */
  private memory(name: string): LayoutMemory {
    return this.layout.memories.find((memory) => memory.name === name) as LayoutMemory;
  }

  /** Finds the addresses of a region that are not given. */
  private find(region: LayoutRegion): void {
    const { physical, virtual } = region;
    if (typeof physical !== 'object') {
      // The physical address is given, or that of a virtual one that is to be found.
      const pa = typeof physical === 'number' ? physical : undefined;
      const va = this.findVirtual(region, pa);
      if (va !== undefined) this.put(region, va, pa ?? va);
      return;
    }
    const va = typeof virtual === 'number' ? virtual : undefined;
    const pa = this.findPhysical(region, this.memory(physical.memory), va);
    if (pa === undefined) return;
    const found = virtual === 'same' ? pa : (va ?? this.findVirtual(region, pa));
    if (found !== undefined) this.put(region, found, pa);
  }

  private findVirtual(region: LayoutRegion, pa: number | undefined): number | undefined {
    const { from, to } = this.layout.automatic;
    const taken = this.withoutClaims();
    for (const leaf of usefulLeaves(region)) {
      const alignment = Math.max(leaf, region.alignment);
      const remainder = region.alignment >= leaf ? 0 : (pa ?? 0) % leaf;
      const found = lowestFit(taken, from, to, { bytes: region.bytes, alignment, remainder });
      if (found !== undefined) return found;
    }
    const where = `the addresses ${hex0x(from)}..${hex0x(to)}`;
    this.noRoom(whole(region), region.from, taken, from, to, where);
    return undefined;
  }

  private findPhysical(
    region: LayoutRegion,
    memory: LayoutMemory,
    va: number | undefined,
  ): number | undefined {
    const from = memory.base;
    const to = memory.base + memory.bytes;
    let taken: TakenRanges<unknown> = this.physical;
    if (region.virtual === 'same') {
      taken = new TakenRanges<undefined>();
      for (const ranges of [this.physical, this.virtual]) {
        for (const { base, end } of ranges.allOverlapping(from, to))
          taken.add(base, end, undefined);
      }
    }
    for (const leaf of usefulLeaves(region)) {
      const alignment = Math.max(leaf, region.alignment);
      const remainder = region.alignment >= leaf ? 0 : (va ?? 0) % leaf;
      const found = lowestFit(taken, from, to, { bytes: region.bytes, alignment, remainder });
      if (found !== undefined) return found;
    }
    this.noRoom(whole(region), region.from, taken, from, to, `\`${memory.name}\``);
    return undefined;
  }

  /** The virtual ranges that are taken, given ones of regions whose memory is still to be found too. */
  private withoutClaims(): TakenRanges<unknown> {
    const taken = new TakenRanges<undefined>();
    for (const { base, end } of this.virtual.allOverlapping(0, ADDRESS_SPACE)) {
      taken.add(base, end, undefined);
    }
    for (const { virtual, bytes } of this.layout.regions) {
      if (typeof virtual === 'number') taken.add(virtual, virtual + bytes, undefined);
    }
    return taken;
  }

  private noRoom(
    who: string,
    from: SourceLine,
    taken: TakenRanges<unknown>,
    base: number,
    end: number,
    where: string,
  ): void {
    let largest = { base, end: base };
    for (const hole of taken.holes(base, end)) {
      if (hole.end - hole.base > largest.end - largest.base) largest = hole;
    }
    const bytes = largest.end - largest.base;
    const left =
      bytes === 0
        ? 'nothing is free there'
        : `the largest free range is ${sizeText(bytes)} at ${hex0x(largest.base)}`;
    this.tell('LAYOUT_ERR_NO_ROOM', from, `${who}: no room in ${where}: ${left}`);
  }
}

function needsPlace({ virtual, physical }: LayoutRegion): boolean {
  return virtual === 'auto' || typeof physical === 'object';
}

/** Sizes of the leaves that a region is large enough for, largest first. */
function usefulLeaves(region: LayoutRegion): number[] {
  const sizes = allowedKinds(region.leaves, region.domain).map(leafBytes);
  const fitting = sizes.filter((size) => size <= region.bytes);
  return fitting.length === 0 ? [PAGE_BYTES] : fitting;
}

/** A region for a message: `` `uart` (board.yaml:14, 64K) ``. */
export function whole(region: LayoutRegion): string {
  return `\`${region.name}\` (${lineText(region.from)}, ${sizeText(region.bytes)})`;
}
