/**
 * A leaf's facts in one number, as a TLB keeps them and the hot path checks them:
 *
 *     19 NS   18 nG   17 S   16..12 TEX C B   11..9 kind   8..5 domain   4 PXN   3 XN   2..0 AP
 */

import {
  entryDomain,
  entryNs,
  entryPxn,
  Kind,
  kindOf,
  leafAp,
  leafNotGlobal,
  leafShareable,
  leafTexCb,
  leafXn,
} from './short-descriptor.js';

/** The facts of a leaf; 0 is no leaf. */
export type LeafInfo = number;

const XN = 1 << 3;
const PXN = 1 << 4;
const DOMAIN_SHIFT = 5;
const KIND_SHIFT = 9;
const TEXCB_SHIFT = 12;
const SHAREABLE = 1 << 17;
const NOT_GLOBAL = 1 << 18;
const NON_SECURE = 1 << 19;

/** AP | XN << 3 | PXN << 4 | domain << 5: the index into `effectiveRightsTable`. */
export const rightsIndexOf = (info: LeafInfo): number => info & 511;
/** AP[2:0] of a leaf. */
export const apOf = (info: LeafInfo): number => info & 7;
/** The DACR domain of a leaf. */
export const domainOf = (info: LeafInfo): number => (info >>> DOMAIN_SHIFT) & 15;
/** The {@link Kind} of a leaf. */
export const leafKindOf = (info: LeafInfo): number => (info >>> KIND_SHIFT) & 7;
/** TEX, C and B of a leaf as five bits. */
export const texCbOf = (info: LeafInfo): number => (info >>> TEXCB_SHIFT) & 31;
/** S of a leaf. */
export const isShareable = (info: LeafInfo): boolean => (info & SHAREABLE) !== 0;
/** nG of a leaf. */
export const isNotGlobal = (info: LeafInfo): boolean => (info & NOT_GLOBAL) !== 0;
/** NS of a leaf. */
export const isNonSecure = (info: LeafInfo): boolean => (info & NON_SECURE) !== 0;

/** The bits of an address inside a leaf of each kind, at its number. */
export const OFFSET_MASKS: readonly number[] = [0, 0, 0xf_ffff, 0xff_ffff, 0xffff, 0xfff, 0];

/** What the leaf `word` says itself. */
const ownInfo = (kind: number, word: number): LeafInfo =>
  leafAp(kind, word) |
  (leafXn(kind, word) ? XN : 0) |
  (kind << KIND_SHIFT) |
  (leafTexCb(kind, word) << TEXCB_SHIFT) |
  (leafShareable(kind, word) ? SHAREABLE : 0) |
  (leafNotGlobal(kind, word) ? NOT_GLOBAL : 0);

/** What the level-1 entry `word` gives to its leaf or to the pages below: domain, PXN and NS. */
const givenInfo = (kind: number, word: number, hasPxn: boolean): LeafInfo =>
  (entryDomain(kind, word) << DOMAIN_SHIFT) |
  (hasPxn && entryPxn(kind, word) ? PXN : 0) |
  (entryNs(kind, word) ? NON_SECURE : 0);

// Most walks end in a small page, whose facts are all in the low twelve bits of its word and in the
// low ten of the table entry: these tables have every one of them.
const LOW_PAGE = 0xfff;
const LOW_TABLE = 0x3ff;
const WITH_PXN = 0x400;

/** {@link ownInfo} of every small page without its address; 0 for what is no small page. */
const SMALL_INFO = new Uint32Array(LOW_PAGE + 1);
for (let word = 0; word <= LOW_PAGE; word++) {
  if (kindOf(2, word, true) === Kind.SMALL) SMALL_INFO[word] = ownInfo(Kind.SMALL, word);
}

/** {@link givenInfo} of every table entry without its address, on CPUs without and with PXN. */
const TABLE_INFO = new Uint32Array(2 * WITH_PXN);
for (let word = 0; word < 2 * WITH_PXN; word++) {
  TABLE_INFO[word] = givenInfo(Kind.TABLE, word & LOW_TABLE, (word & WITH_PXN) !== 0);
}

/** What the pages below the table entry `word` have from it: domain, PXN and NS. */
export const tableInfo = (word: number, hasPxn: boolean): LeafInfo =>
  TABLE_INFO[(word & LOW_TABLE) | (hasPxn ? WITH_PXN : 0)];

/** The facts of the page `word` below a table entry that gives it `given`; 0 if it is a fault. */
export const pageInfo = (word: number, given: LeafInfo): LeafInfo => {
  const info = SMALL_INFO[word & LOW_PAGE];
  if (info !== 0) return given | info;
  return kindOf(2, word, true) === Kind.FAULT ? 0 : given | ownInfo(Kind.LARGE, word);
};

/** The facts of the section or supersection `word`; 0 if it is a fault or reserved. */
export function sectionInfo(word: number, hasPxn: boolean): LeafInfo {
  const kind = kindOf(1, word, hasPxn);
  if (kind !== Kind.SECTION && kind !== Kind.SUPERSECTION) return 0;
  return ownInfo(kind, word) | givenInfo(kind, word, hasPxn);
}
