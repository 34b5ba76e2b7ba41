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
function ownInfo(kind: number, word: number): LeafInfo {
  return (
    leafAp(kind, word) |
    (leafXn(kind, word) ? XN : 0) |
    (kind << KIND_SHIFT) |
    (leafTexCb(kind, word) << TEXCB_SHIFT) |
    (leafShareable(kind, word) ? SHAREABLE : 0) |
    (leafNotGlobal(kind, word) ? NOT_GLOBAL : 0)
  );
}

/** {@link ownInfo} of small pages, which is all in the low twelve bits: most walks end in one. */
const SMALL_INFO = Uint32Array.from({ length: 4096 }, (_, word) => ownInfo(Kind.SMALL, word));

/** What the level-1 entry `word` gives to its leaf or to the pages below: domain, PXN and NS. */
export function entryInfo(kind: number, word: number, hasPxn: boolean): LeafInfo {
  return (
    (entryDomain(kind, word) << DOMAIN_SHIFT) |
    (hasPxn && entryPxn(kind, word) ? PXN : 0) |
    (entryNs(kind, word) ? NON_SECURE : 0)
  );
}

/** The facts of the section or supersection `word`; 0 if it is a fault or reserved. */
export function sectionInfo(word: number, hasPxn: boolean): LeafInfo {
  const kind = kindOf(1, word, hasPxn);
  if (kind !== Kind.SECTION && kind !== Kind.SUPERSECTION) return 0;
  return ownInfo(kind, word) | entryInfo(kind, word, hasPxn);
}

/** The facts of the page `word` below a table entry that gives it `entry`; 0 if it is a fault. */
export function pageInfo(word: number, entry: LeafInfo): LeafInfo {
  const kind = kindOf(2, word, true);
  if (kind === Kind.SMALL) return entry | SMALL_INFO[word & 0xfff];
  return kind === Kind.FAULT ? 0 : entry | ownInfo(Kind.LARGE, word);
}
