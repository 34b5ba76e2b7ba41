/**
 * The table walk of the hot path: numbers in, numbers out, nothing allocated. What it finds is left
 * in fields; {@link walk} gives the same answers as objects, with all the evidence.
 */

import {
  accessFlagSet,
  entryDomain,
  entryNs,
  entryPxn,
  FaultStatus,
  faultNumber,
  Kind,
  kindOf,
  leafAp,
  leafNotGlobal,
  leafShareable,
  leafTexCb,
  leafXn,
  pageFrameOf,
  tableKibibyteOf,
} from '../format/index.js';
import { EXTERNAL_ABORT } from './physical-memory.js';

/** Whatever table entries can be read from. */
export interface WordReader {
  /** The unsigned word at `pa`, or EXTERNAL_ABORT where nothing answers. */
  readWord(pa: number): number;
}

/** The registers that decide where a walk begins and what AP[0] means. */
export interface WalkRoots {
  /** TTBCR.N. */
  readonly split: number;
  /** The physical addresses of both root tables; -1 where walking is forbidden. */
  readonly root0: number;
  readonly root1: number;
  /** SCTLR.AFE. */
  readonly afe: boolean;
}

/**
 * A leaf's facts in one number, as a TLB keeps them:
 *
 *     19 NS   18 nG   17 S   16..12 TEX C B   11..9 kind   8..5 domain   4 PXN   3 XN   2..0 AP
 */
export type LeafInfo = number;

const DOMAIN_SHIFT = 5;
const KIND_SHIFT = 9;
const TEXCB_SHIFT = 12;
const SHAREABLE = 1 << 17;
const NOT_GLOBAL = 1 << 18;
const NON_SECURE = 1 << 19;

/** AP | XN << 3 | PXN << 4: the index into the table of client rights. */
export const rightsIndexOf = (info: LeafInfo): number => info & 31;
/** The DACR domain of a leaf. */
export const domainOf = (info: LeafInfo): number => (info >>> DOMAIN_SHIFT) & 15;
/** The codec's kind of a leaf. */
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

/** Walks tables for one CPU, and remembers what the last walk found. */
export class TableWalker {
  private readonly reader: WordReader;
  private readonly hasPxn: boolean;
  /** The number of the first 4 KiB frame of the leaf that the last walk found. */
  frame = 0;
  /** The facts of that leaf. */
  info: LeafInfo = 0;
  /** The words that the last walk read. */
  reads = 0;

  constructor(reader: WordReader, hasPxn: boolean) {
    this.reader = reader;
    this.hasPxn = hasPxn;
  }

  /**
   * Looks for the leaf of `va`. 0 when it was found and its access flag allows its use: it is then
   * in `frame` and `info`, and domain and permissions are still to be checked. Otherwise the fault
   * number of a translation fault, an access flag fault or an external abort on the walk.
   */
  walk(roots: WalkRoots, va: number): number {
    this.reads = 0;
    const split = roots.split;
    const low = split === 0 || va >>> (32 - split) === 0;
    const root = low ? roots.root0 : roots.root1;
    if (root < 0) return TRANSLATION_L1;
    const word = this.reader.readWord(root + ((va >>> 20) << 2));
    this.reads = 1;
    if (word === EXTERNAL_ABORT) return EXTERNAL_WALK_L1;
    const kind = kindOf(1, word, this.hasPxn);
    if (kind === Kind.FAULT || kind === Kind.RESERVED) return TRANSLATION_L1;
    const domain = entryDomain(kind, word);
    const pxn = this.hasPxn && entryPxn(kind, word);
    const outer =
      (domain << DOMAIN_SHIFT) | (pxn ? 1 << 4 : 0) | (entryNs(kind, word) ? NON_SECURE : 0);
    if (kind !== Kind.TABLE) return this.found(kind, word, outer, roots.afe);
    const entry = tableKibibyteOf(word) * 1024 + (((va >>> 12) & 0xff) << 2);
    const page = this.reader.readWord(entry);
    this.reads = 2;
    if (page === EXTERNAL_ABORT) return faultNumber(FaultStatus.EXTERNAL_WALK_L2, domain);
    const pageKind = kindOf(2, page, this.hasPxn);
    if (pageKind === Kind.FAULT) return faultNumber(FaultStatus.TRANSLATION_L2, domain);
    return this.found(pageKind, page, outer, roots.afe);
  }

  private found(kind: number, word: number, outer: number, afe: boolean): number {
    const ap = leafAp(kind, word);
    this.info =
      outer |
      ap |
      (leafXn(kind, word) ? 1 << 3 : 0) |
      (kind << KIND_SHIFT) |
      (leafTexCb(kind, word) << TEXCB_SHIFT) |
      (leafShareable(kind, word) ? SHAREABLE : 0) |
      (leafNotGlobal(kind, word) ? NOT_GLOBAL : 0);
    this.frame = pageFrameOf(kind, word);
    if (accessFlagSet(ap, afe)) return 0;
    const page = kind >= Kind.LARGE;
    return faultNumber(
      page ? FaultStatus.ACCESS_FLAG_L2 : FaultStatus.ACCESS_FLAG_L1,
      domainOf(outer),
    );
  }
}

const TRANSLATION_L1 = faultNumber(FaultStatus.TRANSLATION_L1, 0);
const EXTERNAL_WALK_L1 = faultNumber(FaultStatus.EXTERNAL_WALK_L1, 0);
