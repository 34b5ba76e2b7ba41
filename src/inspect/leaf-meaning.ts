/**
 * What a leaf means under the registers: effective rights after AP, APX, AFE, XN, PXN and the DACR
 * domain, and the memory type with or without TEX remap. Worked out once for every combination, so
 * that a million leaves cost two look-ups each.
 *
 * A meaning is one number; two leaves with the same number are alike in everything but the address:
 *
 *     21..19 kind   18 NS   17 nG   16..13 domain   12..7 type   6 access flag fault   5..0 rights
 */

import {
  accessFlagSet,
  type CpuProfile,
  domainAccess,
  effectiveRights,
  entryDomain,
  entryNs,
  entryPxn,
  Kind,
  leafAp,
  leafNotGlobal,
  leafShareable,
  leafTexCb,
  leafXn,
  type MemoryType,
  memoryType,
  Right,
  sameMemoryType,
} from '../format/index.js';
import { permissionControls, remapRegisters, type TranslationRegisters } from '../machine/index.js';
import { UNREADABLE } from './address-space.js';

/** A meaning as a number; see above. */
export type Meaning = number;

const RIGHTS_MASK = 63;
const ACCESS_FLAG_FAULT = 1 << 6;
const TYPE_SHIFT = 7;
const DOMAIN_SHIFT = 13;
const NOT_GLOBAL = 1 << 17;
const NON_SECURE = 1 << 18;
const KIND_SHIFT = 19;

/** The meaning of entries that are no leaf: a hole, a reserved entry, memory that is not there. */
export const NO_LEAF = {
  HOLE: (Kind.FAULT << KIND_SHIFT) as Meaning,
  RESERVED: (Kind.RESERVED << KIND_SHIFT) as Meaning,
  UNREADABLE: (UNREADABLE << KIND_SHIFT) as Meaning,
} as const;

/** Six bits of `Right`. */
export const rightsOf = (meaning: Meaning): number => meaning & RIGHTS_MASK;
/** Whether SCTLR.AFE is set and the access flag clear, so that any use faults. */
export const flagFaultOf = (meaning: Meaning): boolean => (meaning & ACCESS_FLAG_FAULT) !== 0;
/** The DACR domain. */
export const domainNumberOf = (meaning: Meaning): number => (meaning >>> DOMAIN_SHIFT) & 15;
/** nG. */
export const notGlobalOf = (meaning: Meaning): boolean => (meaning & NOT_GLOBAL) !== 0;
/** NS. */
export const nonSecureOf = (meaning: Meaning): boolean => (meaning & NON_SECURE) !== 0;
/** One of `Kind`, or UNREADABLE. */
export const meaningKind = (meaning: Meaning): number => meaning >>> KIND_SHIFT;
/** The number of the memory type, for {@link LeafMeanings.typeOf}. */
const typeNumberOf = (meaning: Meaning): number => (meaning >>> TYPE_SHIFT) & 63;
/** Whether something is mapped. */
export const isLeaf = (meaning: Meaning): boolean => {
  const kind = meaningKind(meaning);
  return kind >= Kind.SECTION && kind <= Kind.SMALL;
};
/** The meaning as a leaf of another size would have it. */
export const withoutKind = (meaning: Meaning): number => meaning & ((1 << KIND_SHIFT) - 1);
/** Whether two leaves are the same memory, whatever else differs. */
export const sameTypeOf = (left: Meaning, right: Meaning): boolean =>
  typeNumberOf(left) === typeNumberOf(right);

const { PRIVILEGED_WRITE, PRIVILEGED_FETCH, USER_READ, USER_WRITE, USER_FETCH } = Right;

/** Whether anybody may write. */
export const isWritable = (rights: number): boolean =>
  (rights & (PRIVILEGED_WRITE | USER_WRITE)) !== 0;
/** Whether anybody may execute. */
export const isExecutable = (rights: number): boolean =>
  (rights & (PRIVILEGED_FETCH | USER_FETCH)) !== 0;
/** Whether PL0 may do anything. */
export const isUserAccessible = (rights: number): boolean =>
  (rights & (USER_READ | USER_WRITE | USER_FETCH)) !== 0;
/**
 * Whether somebody may execute what he, or somebody with less privilege, may write: PL1 that writes
 * what only PL0 executes is a loader, and no harm.
 */
export function isWritableAndExecutable(rights: number): boolean {
  if ((rights & USER_WRITE) !== 0) return isExecutable(rights);
  return (rights & PRIVILEGED_WRITE) !== 0 && (rights & PRIVILEGED_FETCH) !== 0;
}

/** The meanings of all leaves under one set of registers. */
export class LeafMeanings {
  /** Rights and access flag fault, at AP | XN << 3 | PXN << 4 | domain << 5. */
  private readonly rights = new Uint8Array(512);
  /** The types, at TEX C B | S << 5, and for each the first number that names the same type. */
  private readonly types: readonly MemoryType[];
  private readonly typeNumbers: Uint8Array;
  private readonly hasPxn: boolean;

  constructor(registers: TranslationRegisters, profile: CpuProfile) {
    this.hasPxn = profile.hasPxn;
    const controls = permissionControls(registers.sctlr, profile);
    for (let index = 0; index < this.rights.length; index++) {
      const bits = { ap: index & 7, xn: (index & 8) !== 0, pxn: (index & 16) !== 0 };
      const access = domainAccess(registers.dacr, index >>> 5);
      this.rights[index] = accessFlagSet(bits.ap, controls.afe)
        ? effectiveRights(bits, controls, access)
        : ACCESS_FLAG_FAULT;
    }
    const remap = remapRegisters(registers);
    this.types = Array.from({ length: 64 }, (_, index) =>
      memoryType(index & 31, index >= 32, remap),
    );
    this.typeNumbers = Uint8Array.from(this.types, (type) =>
      this.types.findIndex((other) => sameMemoryType(type, other)),
    );
  }

  /** The meaning of the section or supersection `word`. */
  ofSection(kind: number, word: number): Meaning {
    return this.of(kind, word, kind, word);
  }

  /** The meaning of the page `word` below the table entry `table`. */
  ofPage(kind: number, word: number, table: number): Meaning {
    return this.of(kind, word, Kind.TABLE, table);
  }

  /** The meaning of a leaf that has domain, PXN and NS from the root entry `root`. */
  private of(kind: number, word: number, rootKind: number, root: number): Meaning {
    const domain = entryDomain(rootKind, root);
    const pxn = this.hasPxn && entryPxn(rootKind, root);
    const rights = leafAp(kind, word) | (leafXn(kind, word) ? 8 : 0) | (pxn ? 16 : 0);
    const type = leafTexCb(kind, word) | (leafShareable(kind, word) ? 32 : 0);
    return (
      (this.rights[rights | (domain << 5)] as number) |
      ((this.typeNumbers[type] as number) << TYPE_SHIFT) |
      (domain << DOMAIN_SHIFT) |
      (leafNotGlobal(kind, word) ? NOT_GLOBAL : 0) |
      (entryNs(rootKind, root) ? NON_SECURE : 0) |
      (kind << KIND_SHIFT)
    );
  }

  /** The memory type of a leaf. */
  typeOf(meaning: Meaning): MemoryType {
    return this.types[typeNumberOf(meaning)] as MemoryType;
  }
}
