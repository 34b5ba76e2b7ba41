/**
 * ARMv7 short descriptors (Arm ARM DDI 0406C, B3.5): 32-bit words in two levels of tables.
 *
 *     level 1, one word a MiB          31    24 23  20 19 18 17 16 15 14 12 11 10 9 8    5 4  3 2   1 0
 *     fault                            ignored ................................................. 0 0
 *     table          address 31..10 ...........................................  i domain 0 NS PXN 0 1
 *     section        address 31..20 ........ NS  0 nG  S AP2  TEX  AP1..0 i domain XN C B   1 PXN
 *     supersection   31..24  PA 35..32 NS  1 nG  S AP2  TEX  AP1..0 i PA39..36 XN C B   1 PXN
 *
 *     level 2, one word a 4 KiB        31    16 15 14 12 11 10 9 8  6 5  4 3 2 1 0
 *     fault                            ignored .......................... 0 0
 *     large page     address 31..16 XN  TEX  nG  S AP2  0  AP1..0 C B 0 1
 *     small page     address 31..12 ......... nG  S AP2 TEX AP1..0 C B 1 XN
 *
 * `i` is implementation defined (ECC or parity). The same word means different things at the two
 * levels, so everything that reads a word takes its level. A CPU without PXN reserves type `11` of
 * level 1 and ignores bit 2 of a table entry.
 *
 * A supersection stands in 16 equal entries of level 1, a large page in 16 of level 2. Domain, NS
 * and PXN of a page are those of the table entry above it; a supersection is always in domain 0.
 *
 * These functions allocate nothing. All words are unsigned.
 */

import { hex0x, VmError } from '../base/index.js';

// Numbers of their own, which a bundler and V8 put where they are used; a property would be loaded.
const FAULT = 0;
const TABLE = 1;
const SECTION = 2;
const SUPERSECTION = 3;
const LARGE = 4;
const SMALL = 5;
const RESERVED = 6;

/** What an entry is. */
export const Kind = { FAULT, TABLE, SECTION, SUPERSECTION, LARGE, SMALL, RESERVED } as const;

/** The name of each {@link Kind}, at its number. */
export const KIND_NAMES = [
  'fault',
  'table',
  'section',
  'supersection',
  'large',
  'small',
  'reserved',
] as const;

/** The name of an entry's kind. */
export type KindName = (typeof KIND_NAMES)[number];

/** What a leaf says beside its address. */
export interface LeafAttributes {
  /** AP[2:0], 0 to 7. */
  readonly ap: number;
  /** Execute never. */
  readonly xn: boolean;
  /** Privileged execute never; false for pages, whose table entry has it. */
  readonly pxn: boolean;
  /** TEX[2:0], 0 to 7. */
  readonly tex: number;
  readonly c: boolean;
  readonly b: boolean;
  /** Shareable. */
  readonly s: boolean;
  /** Not global: the translation belongs to one ASID. */
  readonly ng: boolean;
  /** Non-secure output address; false for pages, whose table entry has it. */
  readonly ns: boolean;
  /** DACR domain, 0 to 15; 0 for supersections always, and for pages, whose table entry has it. */
  readonly domain: number;
}

/** A leaf with every bit of its attributes clear: no rights, strongly-ordered, domain 0. */
export const NO_ATTRIBUTES: LeafAttributes = {
  ap: 0,
  xn: false,
  pxn: false,
  tex: 0,
  c: false,
  b: false,
  s: false,
  ng: false,
  ns: false,
  domain: 0,
};

/** What a table entry says beside its address. */
export interface TableAttributes {
  readonly domain: number;
  readonly pxn: boolean;
  readonly ns: boolean;
}

// Types, bits 1..0.
const TYPE_MASK = 0b11;
const TYPE_TABLE = 0b01;
const TYPE_SECTION = 0b10;
const TYPE_SECTION_PXN = 0b11;
const TYPE_LARGE = 0b01;
const TYPE_SMALL = 0b10;

// Fields at the same place everywhere.
const B = 1 << 2;
const C = 1 << 3;
// Fields of a table entry.
const TABLE_PXN = 1 << 2;
const TABLE_NS = 1 << 3;
const TABLE_ADDRESS = 0xffff_fc00;
const DOMAIN_SHIFT = 5;
// Fields of sections and supersections.
const SECTION_PXN = 1 << 0;
const SECTION_XN = 1 << 4;
const SECTION_AP_SHIFT = 10;
const SECTION_TEX_SHIFT = 12;
const SECTION_AP2_SHIFT = 15;
const SECTION_S = 1 << 16;
const SECTION_NG = 1 << 17;
const SECTION_SUPER = 1 << 18;
const SECTION_NS = 1 << 19;
// Fields of pages.
const SMALL_XN = 1 << 0;
const LARGE_XN = 1 << 15;
const PAGE_AP_SHIFT = 4;
const SMALL_TEX_SHIFT = 6;
const LARGE_TEX_SHIFT = 12;
const PAGE_AP2_SHIFT = 9;
const PAGE_S = 1 << 10;
const PAGE_NG = 1 << 11;

/** Bit 9 of every valid level-1 entry: implementation defined, kept as it is. */
export const IMPLEMENTATION_DEFINED = 1 << 9;

/**
 * What `word` is in a table of `level` (1 or 2) on a CPU that has PXN or not.
 *
 * Without PXN the level-1 type `11` is RESERVED, which a walk takes as a translation fault.
 */
export function kindOf(level: number, word: number, hasPxn: boolean): number {
  const type = word & TYPE_MASK;
  if (type === 0) return FAULT;
  if (level === 1) {
    if (type === TYPE_TABLE) return TABLE;
    if (type === TYPE_SECTION_PXN && !hasPxn) return RESERVED;
    return (word & SECTION_SUPER) === 0 ? SECTION : SUPERSECTION;
  }
  return type === TYPE_LARGE ? LARGE : SMALL;
}

/** Whether `word` is a level-1 entry that points to a table. */
export const isTable = (word: number): boolean => (word & TYPE_MASK) === TYPE_TABLE;

/**
 * The word of a leaf without its address: type and attributes.
 *
 * Errors: FORMAT_ERR_FIELD — AP, TEX or domain out of range; a domain other than 0 on a
 * supersection; a domain, PXN or NS on a page, which has them in the table entry above it.
 * FORMAT_ERR_LEVEL — `kind` is not a leaf.
 */
export function leafPattern(kind: number, attributes: LeafAttributes): number {
  const { ap, tex, domain } = attributes;
  requireRange(kind, 'AP', ap, 7);
  requireRange(kind, 'TEX', tex, 7);
  const low = (attributes.c ? C : 0) | (attributes.b ? B : 0);
  switch (kind) {
    case SECTION:
    case SUPERSECTION:
      requireRange(kind, 'domain', domain, kind === SECTION ? 15 : 0);
      return (
        (low |
          TYPE_SECTION |
          (kind === SUPERSECTION ? SECTION_SUPER : 0) |
          (domain << DOMAIN_SHIFT) |
          (attributes.pxn ? SECTION_PXN : 0) |
          (attributes.xn ? SECTION_XN : 0) |
          ((ap & 3) << SECTION_AP_SHIFT) |
          ((ap >> 2) << SECTION_AP2_SHIFT) |
          (tex << SECTION_TEX_SHIFT) |
          (attributes.s ? SECTION_S : 0) |
          (attributes.ng ? SECTION_NG : 0) |
          (attributes.ns ? SECTION_NS : 0)) >>>
        0
      );
    case LARGE:
    case SMALL: {
      requireRange(kind, 'domain', domain, 0);
      requireRange(kind, 'PXN', attributes.pxn ? 1 : 0, 0);
      requireRange(kind, 'NS', attributes.ns ? 1 : 0, 0);
      const page =
        low |
        ((ap & 3) << PAGE_AP_SHIFT) |
        ((ap >> 2) << PAGE_AP2_SHIFT) |
        (attributes.s ? PAGE_S : 0) |
        (attributes.ng ? PAGE_NG : 0);
      return kind === LARGE
        ? page | TYPE_LARGE | (attributes.xn ? LARGE_XN : 0) | (tex << LARGE_TEX_SHIFT)
        : page | TYPE_SMALL | (attributes.xn ? SMALL_XN : 0) | (tex << SMALL_TEX_SHIFT);
    }
    default:
      throw notALeaf(kind);
  }
}

/**
 * The word of a table entry without its address.
 *
 * Errors: FORMAT_ERR_FIELD — domain out of range.
 */
export function tablePattern(attributes: TableAttributes): number {
  requireRange(TABLE, 'domain', attributes.domain, 15);
  return (
    TYPE_TABLE |
    (attributes.domain << DOMAIN_SHIFT) |
    (attributes.pxn ? TABLE_PXN : 0) |
    (attributes.ns ? TABLE_NS : 0)
  );
}

/** The attributes of the leaf `word`; for the other kinds those of a page without rights. */
export function attributesOf(kind: number, word: number): LeafAttributes {
  const inSection = kind === SECTION || kind === SUPERSECTION;
  return {
    ap: leafAp(kind, word),
    xn: leafXn(kind, word),
    pxn: inSection && (word & SECTION_PXN) !== 0,
    tex: leafTex(kind, word),
    c: (word & C) !== 0,
    b: (word & B) !== 0,
    s: leafShareable(kind, word),
    ng: leafNotGlobal(kind, word),
    ns: inSection && (word & SECTION_NS) !== 0,
    domain: kind === SECTION ? (word >>> DOMAIN_SHIFT) & 15 : 0,
  };
}

/** The attributes of the table entry `word`. PXN is as it stands: a CPU without PXN ignores it. */
export function tableAttributesOf(word: number): TableAttributes {
  return {
    domain: (word >>> DOMAIN_SHIFT) & 15,
    pxn: (word & TABLE_PXN) !== 0,
    ns: (word & TABLE_NS) !== 0,
  };
}

/** AP[2:0] of a leaf. */
export const leafAp = (kind: number, word: number): number =>
  kind >= LARGE
    ? ((word >>> PAGE_AP_SHIFT) & 3) | ((word >>> (PAGE_AP2_SHIFT - 2)) & 4)
    : ((word >>> SECTION_AP_SHIFT) & 3) | ((word >>> (SECTION_AP2_SHIFT - 2)) & 4);

/** XN of a leaf. */
export function leafXn(kind: number, word: number): boolean {
  const bit = kind === SMALL ? SMALL_XN : kind === LARGE ? LARGE_XN : SECTION_XN;
  return (word & bit) !== 0;
}

/** TEX[2:0] of a leaf. */
export const leafTex = (kind: number, word: number): number =>
  (word >>> (kind === SMALL ? SMALL_TEX_SHIFT : SECTION_TEX_SHIFT)) & 7;

/** TEX, C and B of a leaf as one number of five bits, the index of the memory-type tables. */
export const leafTexCb = (kind: number, word: number): number =>
  (leafTex(kind, word) << 2) | ((word >>> 2) & 3);

/** S of a leaf. */
export const leafShareable = (kind: number, word: number): boolean =>
  (word & (kind >= LARGE ? PAGE_S : SECTION_S)) !== 0;

/** nG of a leaf. */
export const leafNotGlobal = (kind: number, word: number): boolean =>
  (word & (kind >= LARGE ? PAGE_NG : SECTION_NG)) !== 0;

/** The domain in a level-1 entry of `kind`: 0 for a supersection. */
export const entryDomain = (kind: number, word: number): number =>
  kind === SUPERSECTION ? 0 : (word >>> DOMAIN_SHIFT) & 15;

/** PXN in a level-1 entry of `kind` on a CPU that has PXN. */
export const entryPxn = (kind: number, word: number): boolean =>
  (word & (kind === TABLE ? TABLE_PXN : SECTION_PXN)) !== 0;

/** NS in a level-1 entry of `kind`. */
export const entryNs = (kind: number, word: number): boolean =>
  (word & (kind === TABLE ? TABLE_NS : SECTION_NS)) !== 0;

/**
 * The address bits of a leaf that maps the frame with this number (physical address / 4096). The
 * frame must fit: {@link leafHolds}; what does not fit is lost.
 */
export function addressBits(kind: number, pageFrameNumber: number): number {
  if (kind !== SUPERSECTION) return (pageFrameNumber << 12) >>> 0;
  return (
    (((pageFrameNumber << 12) & 0xff00_0000) |
      (((pageFrameNumber >>> 20) & 15) << 20) |
      (((pageFrameNumber >>> 24) & 15) << 5)) >>>
    0
  );
}

/** {@link addressBits} of a small page, for those who map many; as a signed word. */
export const smallPageAddress = (pageFrameNumber: number): number => pageFrameNumber << 12;

/** The number of the frame (physical address / 4096) that the leaf `word` maps. */
export const pageFrameOf = (kind: number, word: number): number => {
  if (kind === SMALL) return word >>> 12;
  if (kind === LARGE) return (word >>> 16) << 4;
  if (kind === SECTION) return (word >>> 20) << 8;
  return ((word >>> 24) << 12) | (((word >>> 20) & 15) << 20) | (((word >>> 5) & 15) << 24);
};

/** Whether a leaf of `kind` can map that frame: aligned, and in reach of its address bits. */
export function leafHolds(kind: number, pageFrameNumber: number): boolean {
  switch (kind) {
    case SMALL:
      return pageFrameNumber < 0x10_0000;
    case LARGE:
      return pageFrameNumber < 0x10_0000 && (pageFrameNumber & 0xf) === 0;
    case SECTION:
      return pageFrameNumber < 0x10_0000 && (pageFrameNumber & 0xff) === 0;
    case SUPERSECTION:
      return pageFrameNumber < 0x1000_0000 && (pageFrameNumber & 0xfff) === 0;
    default:
      return false;
  }
}

/** The address bits of an entry for the level-2 table at this physical address / 1024. */
export const tableAddressBits = (kibibyte: number): number => (kibibyte << 10) >>> 0;

/** The physical address / 1024 of the level-2 table that the entry `word` points to. */
export const tableKibibyteOf = (word: number): number => (word & TABLE_ADDRESS) >>> 10;

function requireRange(kind: number, field: string, value: number, highest: number): void {
  if (value >= 0 && value <= highest && Number.isInteger(value)) return;
  const allowed = highest === 0 ? 'only 0' : `0 to ${highest}`;
  throw new VmError(
    'FORMAT_ERR_FIELD',
    `${field} of a ${KIND_NAMES[kind]} entry cannot be ${hex0x(value)}: it can be ${allowed}`,
  );
}

/** The error for a `kind` that is not a leaf. */
export function notALeaf(kind: number): VmError {
  return new VmError('FORMAT_ERR_LEVEL', `a ${KIND_NAMES[kind] ?? kind} entry maps nothing itself`);
}
