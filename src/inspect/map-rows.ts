/**
 * The merged map: the rows that a person reads. A row is a region, or a group of neighbours that are
 * alike but scattered over memory, or a hole.
 */

import { hex, PAGE_BYTES } from '../base/index.js';
import {
  DomainAccess,
  domainAccess,
  Kind,
  type MemoryType,
  memoryTypeName,
} from '../format/index.js';
import { type AddressSpace, SPACE_PAGES, type TableEntry, UNREADABLE } from './address-space.js';
import {
  domainNumberOf,
  flagFaultOf,
  isExecutable,
  isLeaf,
  isUserAccessible,
  isWritable,
  isWritableAndExecutable,
  type Meaning,
  meaningKind,
  NO_LEAF,
  nonSecureOf,
  notGlobalOf,
  rightsOf,
} from './leaf-meaning.js';
import { Names } from './names.js';
import { leavesIn, type Regions } from './regions.js';
import type { Style } from './styled-text.js';

/** The names of the kinds in the map, at the number of `Kind`, and of what cannot be read. */
export const ROW_KINDS = [
  'fault',
  'table',
  'sect',
  'super',
  'large',
  'small',
  'reserved',
  'unreadable',
] as const;

/** One of {@link ROW_KINDS}. */
export type RowKind = (typeof ROW_KINDS)[number];

/** Something about a row that a person has to know. Those with a rule are bugs, the others facts. */
export interface Mark {
  readonly text: string;
  /** The rule of `check` that says more. */
  readonly rule: string | undefined;
}

/** Every mark, in the order that they are printed in. */
const MARKS = {
  kernel: { text: 'k', rule: undefined },
  nonSecure: { text: 'NS', rule: undefined },
  unreadable: { text: '?unreadable', rule: undefined },
  reserved: { text: '!reserved', rule: undefined },
  flag: { text: '!access-flag', rule: undefined },
  noAccess: { text: '!no-domain', rule: undefined },
  wx: { text: '!W^X', rule: 'VM001' },
  deviceExecute: { text: '!dev-exec', rule: 'VM003' },
  manager: { text: '!manager', rule: 'VM006' },
  notReplicated: { text: '!not×16', rule: 'VM007' },
  nothing: { text: '!null', rule: 'VM012' },
} as const satisfies Record<string, Mark>;

/** A row of the map. */
export interface MapRow {
  /** The first virtual address, and the size. */
  readonly va: number;
  readonly bytes: number;
  readonly kind: RowKind;
  /** How many leaves it is made of. */
  readonly leaves: number;
  /** The physical address of `va`; undefined in a hole, and where the frames are scattered. */
  readonly pa: number | undefined;
  /** Whether neighbouring pages are not neighbours in memory. */
  readonly scattered: boolean;
  /** Pages of a scattered row that are not mapped. */
  readonly missing: number;
  readonly meaning: Meaning;
  /** Six bits of `Right`. */
  readonly rights: number;
  /** Undefined in a hole. */
  readonly type: MemoryType | undefined;
  readonly domain: number;
  readonly notGlobal: boolean;
  /** Names of the range, or of the physical memory behind it; or empty. */
  readonly name: string;
  readonly marks: readonly Mark[];
  /** The entry that maps the first page. */
  readonly entry: TableEntry;
}

/** How the map is cut into rows. */
export interface MapOptions {
  readonly names?: Names;
  /** Whether scattered neighbours are told one by one. */
  readonly unfolded?: boolean;
  /** The part of the space to tell of; all of it unless told otherwise. */
  readonly from?: number;
  readonly to?: number;
}

/**
 * Neighbours become one row when there are this many of them, this short on average, and with
 * shorter holes than this between them: memory that is paged on demand looks like that.
 */
const FOLD_REGIONS = 4;
const FOLD_PAGES = 16;

/** The rows of the map, by ascending address. Named regions begin and end rows. */
export function* mapRows(regions: Regions, options: MapOptions = {}): Generator<MapRow> {
  const names = options.names ?? new Names();
  const borders = bordersOf(names);
  const firstPage = Math.floor((options.from ?? 0) / PAGE_BYTES);
  const endPage = Math.min(Math.ceil((options.to ?? 2 ** 32) / PAGE_BYTES), SPACE_PAGES);
  let border = 0;
  let region = regions.at(firstPage);
  for (let page = firstPage; page < endPage; ) {
    while ((borders[border] ?? SPACE_PAGES) <= page) border += 1;
    while (regionEnd(regions, region) <= page) region += 1;
    const limit = Math.min(endPage, borders[border] ?? SPACE_PAGES);
    const last = options.unfolded === true ? region : lastOfFold(regions, region);
    const end = Math.min(regionEnd(regions, last), limit);
    yield rowOf(regions, region, page, end, last, names);
    page = end;
  }
}

/** Where named regions of virtual memory begin and end, in pages. */
function bordersOf(names: Names): number[] {
  const borders = new Set<number>();
  for (const { base, bytes } of names.regions('virtual')) {
    borders.add(Math.floor(base / PAGE_BYTES));
    borders.add(Math.ceil((base + bytes) / PAGE_BYTES));
  }
  return [...borders].toSorted((left, right) => left - right);
}

function regionEnd(regions: Regions, region: number): number {
  return (regions.pages[region] as number) + (regions.lengths[region] as number);
}

/**
 * The last of the scattered neighbours that are one row with `region`; itself where it is alone. They
 * are alike in everything but where they are, and only short holes lie between them.
 */
function lastOfFold(regions: Regions, region: number): number {
  const meaning = regions.meaningOf[region] as number;
  if (!isLeaf(meaning) || regions.meanings.typeOf(meaning).kind !== 'normal') return region;
  let last = region;
  let count = 1;
  let pages = regions.lengths[region] as number;
  for (let at = region + 1; at < regions.count; at++) {
    const length = regions.lengths[at] as number;
    if (regions.meaningOf[at] === meaning) {
      last = at;
      count += 1;
      pages += length;
    } else if (regions.meaningOf[at] !== NO_LEAF.HOLE || length >= FOLD_PAGES) break;
  }
  return count >= FOLD_REGIONS && pages < count * FOLD_PAGES ? last : region;
}

/** The pages from `page` up to `end` that are holes. */
function holesIn(regions: Regions, region: number, end: number): number {
  let holes = 0;
  for (let at = region; at < regions.count && (regions.pages[at] as number) < end; at++) {
    if (regions.meaningOf[at] === NO_LEAF.HOLE) {
      holes += Math.min(regionEnd(regions, at), end) - (regions.pages[at] as number);
    }
  }
  return holes;
}

function rowOf(
  regions: Regions,
  region: number,
  page: number,
  end: number,
  last: number,
  names: Names,
): MapRow {
  const { space } = regions;
  const meaning = regions.meaningOf[region] as number;
  const mapped = isLeaf(meaning);
  const inRegion = page - (regions.pages[region] as number);
  const scattered = last > region && end > regionEnd(regions, region);
  const pa =
    mapped && !scattered ? ((regions.frames[region] as number) + inRegion) * PAGE_BYTES : undefined;
  const va = page * PAGE_BYTES;
  const bytes = (end - page) * PAGE_BYTES;
  const missing = scattered ? holesIn(regions, region, end) : 0;
  const type = mapped ? regions.meanings.typeOf(meaning) : undefined;
  return {
    va,
    bytes,
    kind: ROW_KINDS[meaningKind(meaning)] ?? 'fault',
    leaves: leavesIn(meaning, end - page - missing),
    missing,
    pa,
    scattered,
    meaning,
    rights: rightsOf(meaning),
    type,
    domain: domainNumberOf(meaning),
    notGlobal: notGlobalOf(meaning),
    name: nameOf(names, va, bytes, pa),
    marks: mapped
      ? leafMarks(space, meaning, type, page, wholeOf(regions, region, end, last), missing)
      : holeMarks(meaning),
    entry: space.entryAt(page),
  };
}

/** The pages of the regions behind a row, wherever names have cut it. */
function wholeOf(
  regions: Regions,
  region: number,
  end: number,
  last: number,
): { page: number; end: number } {
  const holdsEnd = end > (regions.pages[last] as number) ? last : regions.at(end - 1);
  return { page: regions.pages[region] as number, end: regionEnd(regions, holdsEnd) };
}

/** Names of the virtual range, else of the physical one; two at most, and how many more. */
function nameOf(names: Names, va: number, bytes: number, pa: number | undefined): string {
  if (names.ranges.length === 0) return '';
  const virtual = [...names.overlapping('virtual', va, bytes)].filter(
    (range) => range.role === 'region',
  );
  const found =
    virtual.length > 0 || pa === undefined
      ? virtual
      : [...names.overlapping('physical', pa, bytes)];
  const texts = found.map((range) => range.name).reverse();
  const more = texts.length > 2 ? ` +${texts.length - 2}` : '';
  return texts.slice(0, 2).join(', ') + more;
}

function holeMarks(meaning: Meaning): Mark[] {
  const kind = meaningKind(meaning);
  if (kind === UNREADABLE) return [MARKS.unreadable];
  return kind === Kind.RESERVED ? [MARKS.reserved] : [];
}

function leafMarks(
  space: AddressSpace,
  meaning: Meaning,
  type: MemoryType | undefined,
  page: number,
  whole: { readonly page: number; readonly end: number },
  missing: number,
): Mark[] {
  const rights = rightsOf(meaning);
  const access = domainAccess(space.input.registers.dacr, domainNumberOf(meaning));
  const marks: Mark[] = [];
  if (rights !== 0 && !isUserAccessible(rights)) marks.push(MARKS.kernel);
  if (nonSecureOf(meaning)) marks.push(MARKS.nonSecure);
  if (flagFaultOf(meaning)) marks.push(MARKS.flag);
  else if (access !== DomainAccess.CLIENT && access !== DomainAccess.MANAGER) {
    marks.push(MARKS.noAccess);
  }
  if (isWritableAndExecutable(rights)) marks.push(MARKS.wx);
  if (type?.kind !== 'normal' && isExecutable(rights)) marks.push(MARKS.deviceExecute);
  if (access === DomainAccess.MANAGER) marks.push(MARKS.manager);
  if (isPartOfReplicated(meaning, whole.page, whole.end)) marks.push(MARKS.notReplicated);
  if (page === 0 && rights !== 0) marks.push(MARKS.nothing);
  if (missing > 0) marks.push({ text: `${missing} pages missing`, rule: undefined });
  return marks;
}

/** Whether supersections or large pages begin or end in the middle of their 16 entries. */
function isPartOfReplicated(meaning: Meaning, page: number, end: number): boolean {
  const kind = meaningKind(meaning);
  const pages = kind === Kind.SUPERSECTION ? 4096 : kind === Kind.LARGE ? 16 : 1;
  return page % pages !== 0 || end % pages !== 0;
}

/** The style of a row: what it may do, and what memory it is. */
export function rowStyle(row: Pick<MapRow, 'rights' | 'type'>): Style {
  const { rights, type } = row;
  if (type === undefined) return 'hole';
  if (isWritableAndExecutable(rights)) return 'danger';
  if (type.kind !== 'normal') return 'device';
  if (isExecutable(rights)) return 'executable';
  if (rights === 0) return 'hole';
  return isWritable(rights) ? 'writable' : 'read-only';
}

/** Whether only the kernel may touch what the row maps. */
export function isKernelOnly(row: Pick<MapRow, 'rights'>): boolean {
  return row.rights !== 0 && !isUserAccessible(row.rights);
}

const MIB_MASK = 0xf_ffff;

/**
 * Where the row is in physical memory: `=` its own address, `+0x20000000` a constant distance where
 * whole MiB move by whole MiB, an address, `~37 frames` where they are scattered, `·` in a hole.
 */
export function placeText(row: MapRow): string {
  if (row.scattered) return `~${row.leaves} frames`;
  if (row.pa === undefined) return '·';
  if (row.pa === row.va) return '=';
  const distance = row.pa - row.va;
  const whole = row.bytes > MIB_MASK && distance % (MIB_MASK + 1) === 0;
  if (!whole) return hex(row.pa);
  return `${distance < 0 ? '-' : '+'}0x${hex(Math.abs(distance))}`;
}

/** The type of a row, `-` in a hole. */
export function typeText(row: MapRow): string {
  return row.type === undefined ? '' : memoryTypeName(row.type);
}

const SHARE_TEXTS = { none: '-', inner: 'is', outer: 's' } as const;

/** The shareability of a row: `-`, `is` inner, `s` outer; empty in a hole. */
export function shareText(row: MapRow): string {
  return row.type === undefined ? '' : SHARE_TEXTS[row.type.shareability];
}
