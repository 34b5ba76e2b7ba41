/**
 * Rules that look at physical memory: what is mapped more than once, and what lies there.
 */

import { formatBytes, hex, PAGE_BYTES } from '../../base/index.js';
import { memoryTypeName, Right, rightsText } from '../../format/index.js';
import { type AddressSpace, TABLE_BYTES } from '../address-space.js';
import type { FrameUse } from '../frame-use.js';
import {
  isExecutable,
  isLeaf,
  isUserAccessible,
  isWritable,
  isWritableAndExecutable,
  type Meaning,
  rightsOf,
  sameTypeOf,
} from '../leaf-meaning.js';
import type { NamedRange } from '../names.js';
import type { Regions } from '../regions.js';
import { type Draft, type Judged, pagesText } from './finding.js';

/** A run of pages of one region that conflict with one other region. */
interface Conflict {
  readonly region: number;
  readonly other: number;
  readonly page: number;
  pages: number;
  readonly frame: number;
}

/** Pages whose frame an earlier region maps as well, in a way that `clashes`; neighbours as one. */
function* conflicts(
  { regions, use }: Judged,
  clashes: (meaning: Meaning, other: Meaning) => boolean,
): Generator<Conflict> {
  if (!use.anyShared) return;
  let run: Conflict | undefined;
  const crowds = new Crowds(regions, use);
  // Most pages are alike: the verdict of the last two meanings is that of the next.
  let last: Meaning = -1;
  let lastOther: Meaning = -1;
  let verdict = false;
  const isClash = (meaning: Meaning, meaningOfOther: Meaning): boolean => {
    if (meaning !== last || meaningOfOther !== lastOther) {
      last = meaning;
      lastOther = meaningOfOther;
      verdict = clashes(meaning, meaningOfOther);
    }
    return verdict;
  };
  for (let region = 0; region < regions.count; region++) {
    const meaning = regions.meaningOf[region] as number;
    if (!isLeaf(meaning)) continue;
    const page = regions.pages[region] as number;
    const frame = regions.frames[region] as number;
    const end = frame + (regions.lengths[region] as number);
    for (let at = frame; at < end; at++) {
      const uses = use.usesOf(at);
      if (uses < 2) continue;
      let other = use.firstOf(at);
      if (other === region) continue;
      if (!isClash(meaning, regions.meaningOf[other] as number)) {
        if (uses === 2) continue;
        const found = crowds.of(at).find((each) => {
          return each < region && isClash(meaning, regions.meaningOf[each] as number);
        });
        if (found === undefined) continue;
        other = found;
      }
      const meaningOfOther = regions.meaningOf[other] as number;
      const place = page + at - frame;
      if (
        run !== undefined &&
        run.page + run.pages === place &&
        regions.meaningOf[run.region] === meaning &&
        regions.meaningOf[run.other] === meaningOfOther
      ) {
        run.pages += 1;
        continue;
      }
      if (run !== undefined) yield run;
      run = { region, other, page: place, pages: 1, frame: at };
    }
  }
  if (run !== undefined) yield run;
}

/** Regions of a frame that are told apart; more differ in nothing that a rule asks for. */
const MOST_IN_CROWD = 16;

/** For frames that are mapped more than twice the regions that map them, one for each meaning. */
class Crowds {
  private readonly regions: Regions;
  private readonly use: FrameUse;
  private lists: Map<number, number[]> | undefined;

  constructor(regions: Regions, use: FrameUse) {
    this.regions = regions;
    this.use = use;
  }

  /** The first region of each meaning, ascending. */
  of(frame: number): readonly number[] {
    this.lists ??= this.collect();
    return this.lists.get(frame) ?? [];
  }

  private collect(): Map<number, number[]> {
    const { regions, use } = this;
    const lists = new Map<number, number[]>();
    for (let region = 0; region < regions.count; region++) {
      const meaning = regions.meaningOf[region] as number;
      if (!isLeaf(meaning)) continue;
      const first = regions.frames[region] as number;
      const end = first + (regions.lengths[region] as number);
      for (let frame = first; frame < end; frame++) {
        if (use.usesOf(frame) < 3) continue;
        const list = lists.get(frame);
        if (list === undefined) lists.set(frame, [region]);
        else if (
          list.length < MOST_IN_CROWD &&
          !list.some((each) => regions.meaningOf[each] === meaning)
        ) {
          list.push(region);
        }
      }
    }
    return lists;
  }
}

/** The address at which the region `other` maps `frame`. */
function addressIn(regions: Regions, other: number, frame: number): number {
  const offset = frame - (regions.frames[other] as number);
  return ((regions.pages[other] as number) + offset) * PAGE_BYTES;
}

/** VM004. */
export function* aliasType(context: Judged): Generator<Draft> {
  const { regions, space } = context;
  const { meanings } = regions;
  for (const found of conflicts(context, (one, other) => !sameTypeOf(one, other))) {
    const { page, pages, frame } = found;
    const type = meanings.typeOf(regions.meaningOf[found.region] as number);
    const otherType = meanings.typeOf(regions.meaningOf[found.other] as number);
    const other = hex(addressIn(regions, found.other, frame));
    const onlySharing =
      type.kind === otherType.kind &&
      type.inner === otherType.inner &&
      type.outer === otherType.outer;
    const names = onlySharing
      ? `shareability ${type.shareability} here and ${otherType.shareability} there`
      : `${memoryTypeName(type)} here and ${memoryTypeName(otherType)} there`;
    yield {
      message: `${pagesText(page, pages)} maps ${hex(frame * PAGE_BYTES)}, and so does ${other}: ${names}`,
      fix: `give both ${memoryTypeName(type.kind === 'normal' ? otherType : type)} (TEX, C, B and S), or unmap one`,
      page,
      pages,
      entry: space.entryAt(page),
      severity: onlySharing ? 'warning' : 'error',
    };
  }
}

/** VM005: each mapping by itself keeps W^X. */
export function* aliasRights(context: Judged): Generator<Draft> {
  const { regions, space } = context;
  const clashes = (one: Meaning, other: Meaning): boolean => {
    const [mine, theirs] = [rightsOf(one), rightsOf(other)];
    if (isWritableAndExecutable(mine) || isWritableAndExecutable(theirs)) return false;
    return isWritableAndExecutable(mine | theirs);
  };
  for (const found of conflicts(context, clashes)) {
    const { page, pages, frame } = found;
    const mine = rightsOf(regions.meaningOf[found.region] as number);
    const theirs = rightsOf(regions.meaningOf[found.other] as number);
    const user = ((mine | theirs) & Right.USER_WRITE) !== 0;
    const other = hex(addressIn(regions, found.other, frame));
    const [here, there] =
      isExecutable(mine) && !isWritable(mine) ? ['executed', 'written'] : ['written', 'executed'];
    yield {
      message: `${pagesText(page, pages)} maps ${hex(frame * PAGE_BYTES)} to be ${here}, and ${other} to be ${there} (PL1 ${rightsText(mine, true)} and ${rightsText(theirs, true)}, PL0 ${rightsText(mine, false)} and ${rightsText(theirs, false)})`,
      fix: 'make the writable one read-only, or the executable one XN',
      page,
      pages,
      entry: space.entryAt(page),
      severity: user ? 'error' : 'warning',
    };
  }
}

/** VM010. */
export function* tablesExposed(context: Judged): Generator<Draft> {
  const { regions, space, use } = context;
  const exposed = tableFrames(space).filter((frame) => isUserAccessible(use.rightsOf(frame)));
  if (exposed.length === 0) return;
  const isExposed = new Uint8Array(NEAR_FRAMES);
  for (const frame of exposed) isExposed[frame] = 1;
  for (let region = 0; region < regions.count; region++) {
    const meaning = regions.meaningOf[region] as number;
    const rights = rightsOf(meaning);
    if (!isLeaf(meaning) || !isUserAccessible(rights)) continue;
    const start = regions.frames[region] as number;
    const end = start + (regions.lengths[region] as number);
    let first = start;
    while (first < end && isExposed[first] !== 1) first += 1;
    if (first === end) continue;
    let count = 0;
    for (let frame = first; frame < end; frame++) count += isExposed[frame] ?? 0;
    const page = (regions.pages[region] as number) + first - start;
    const writable = (rights & Right.USER_WRITE) !== 0;
    const more = count > 1 ? ` and ${count - 1} pages of tables more` : '';
    yield {
      message: `${pagesText(page, 1)} lets PL0 ${writable ? 'write' : 'read'} the translation table at ${hex(first * PAGE_BYTES)}${more}`,
      fix: 'unmap the tables from PL0: AP 001, or keep them out of user regions',
      page,
      pages: 1,
      entry: space.entryAt(page),
      severity: writable ? 'error' : 'warning',
    };
  }
}

/** Frames below 4 GiB. */
const NEAR_FRAMES = 2 ** 20;

/** The frames that tables lie in. */
function tableFrames(space: AddressSpace): number[] {
  const frames = new Set<number>();
  for (const kibibyte of space.tableKibibytes) frames.add(kibibyte >>> 2);
  for (const { base, disabled, first, end } of space.roots) {
    if (disabled) continue;
    const last = Math.floor((base + end * 4 - 1) / PAGE_BYTES);
    for (let frame = Math.floor((base + first * 4) / PAGE_BYTES); frame <= last; frame++) {
      frames.add(frame);
    }
  }
  return [...frames];
}

/** VM018. */
export function* tableOverlap(context: Judged): Generator<Draft> {
  const { space } = context;
  for (let index = 0; index < space.tableOf.length; index++) {
    const table = space.tableOf[index] as number;
    if (table < 0) continue;
    const address = (space.tableKibibytes[table] as number) * 1024;
    const root = space.roots.find(({ base, first, end }) => {
      const start = base + first * 4;
      return address + TABLE_BYTES > start && address < base + end * 4;
    });
    if (root === undefined) continue;
    yield {
      message: `the level-2 table of ${pagesText(index * 256, 256)} lies at ${hex(address)}, in the table of ${root.register}`,
      fix: 'give it memory of its own: 1 KiB, aligned to its size',
      page: index * 256,
      pages: 256,
      entry: space.rootEntry(index),
    };
  }
}

/** Beyond this much a device mapping is larger than pages make it. */
const SLACK_BYTES = PAGE_BYTES;

/** VM011: only where the names know a peripheral in the mapping. */
export function* largerThanPeripheral(context: Judged): Generator<Draft> {
  const { regions, space, names } = context;
  if (!names.ranges.some((range) => range.space === 'physical')) return;
  for (let region = 0; region < regions.count; region++) {
    const meaning = regions.meaningOf[region] as number;
    if (!isLeaf(meaning) || regions.meanings.typeOf(meaning).kind === 'normal') continue;
    const pa = (regions.frames[region] as number) * PAGE_BYTES;
    const bytes = (regions.lengths[region] as number) * PAGE_BYTES;
    const known = [...names.overlapping('physical', pa, bytes)];
    if (known.length === 0) continue;
    const covered = coveredBytes(known, pa, bytes);
    const beyond = bytes - covered;
    if (beyond < SLACK_BYTES) continue;
    const page = regions.pages[region] as number;
    const shown = known
      .map((range) => range.name)
      .reverse()
      .slice(0, 3)
      .join(', ');
    const more = known.length > 3 ? ` and ${known.length - 3} more` : '';
    yield {
      message: `${pagesText(page, bytes / PAGE_BYTES)} maps ${formatBytes(bytes)} for ${shown}${more}: ${formatBytes(beyond)} of it belong to nothing that is known`,
      fix: 'map the peripheral alone, by small pages',
      page,
      pages: bytes / PAGE_BYTES,
      entry: space.entryAt(page),
    };
  }
}

/** The bytes of a range that whole pages with something known in them cover. */
function coveredBytes(known: readonly NamedRange[], pa: number, bytes: number): number {
  const pieces = known
    .map(({ base, bytes: size }) => ({
      from: Math.max(pa, base - (base % PAGE_BYTES)),
      to: Math.min(pa + bytes, Math.ceil((base + size) / PAGE_BYTES) * PAGE_BYTES),
    }))
    .toSorted((left, right) => left.from - right.from);
  let covered = 0;
  let at = pa;
  for (const { from, to } of pieces) {
    if (to <= at) continue;
    covered += to - Math.max(at, from);
    at = to;
  }
  return covered;
}
