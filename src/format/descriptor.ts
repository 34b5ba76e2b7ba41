/**
 * Short descriptors as objects, for people and for files: every word is one {@link Descriptor}, and
 * no bit of it is lost.
 *
 * `encode(level, decode(level, word, profile))` is `word` for every word, level and profile:
 * what a CPU ignores is kept in `ignored`, in its place. `decode(level, encode(level, d), profile)`
 * is `d` for every descriptor of that CPU: one that names no PXN if it has none, and in `ignored`
 * only what it ignores.
 */

import { hex0x, VmError } from '../base/index.js';
import type { CpuProfile } from './cpu-profile.js';
import {
  addressBits,
  attributesOf,
  IMPLEMENTATION_DEFINED,
  KIND_NAMES,
  Kind,
  type KindName,
  kindOf,
  type LeafAttributes,
  leafHolds,
  leafPattern,
  pageFrameOf,
  tableAddressBits,
  tableAttributesOf,
  tableKibibyteOf,
  tablePattern,
} from './short-descriptor.js';

/** An entry that maps nothing. */
export interface FaultDescriptor {
  readonly kind: 'fault';
  /** The word: bits 31..2 are free for software. */
  readonly ignored: number;
}

/** A level-1 entry that points to a level-2 table. */
export interface TableDescriptor {
  readonly kind: 'table';
  /** The physical address of the table, in bytes. */
  readonly address: number;
  readonly domain: number;
  readonly pxn: boolean;
  readonly ns: boolean;
  /** Bit 9. */
  readonly implementation: boolean;
  /** Bits that this CPU ignores, in their places: bit 4, and bit 2 without PXN. */
  readonly ignored: number;
}

/** What sections and supersections say. */
interface SectionFields extends LeafAttributes {
  /** The physical address that the leaf maps, in bytes. */
  readonly address: number;
  /** Bit 9. */
  readonly implementation: boolean;
}

/** A level-1 entry that maps 1 MiB. */
export interface SectionDescriptor extends SectionFields {
  readonly kind: 'section';
}

/** One of the 16 equal level-1 entries that map 16 MiB together. */
export interface SupersectionDescriptor extends SectionFields {
  readonly kind: 'supersection';
}

/** What pages say; PXN, NS and domain are those of the table entry above. */
interface PageFields extends Omit<LeafAttributes, 'pxn' | 'ns' | 'domain'> {
  /** The physical address that the leaf maps, in bytes. */
  readonly address: number;
}

/** One of the 16 equal level-2 entries that map 64 KiB together. */
export interface LargePageDescriptor extends PageFields {
  readonly kind: 'large';
  /** Bits 8..6, which should be zero, in their places. */
  readonly ignored: number;
}

/** A level-2 entry that maps 4 KiB. */
export interface SmallPageDescriptor extends PageFields {
  readonly kind: 'small';
}

/** A level-1 entry of type `11` on a CPU without PXN. */
export interface ReservedDescriptor {
  readonly kind: 'reserved';
  readonly word: number;
}

/** One entry of a table. */
export type Descriptor =
  | FaultDescriptor
  | TableDescriptor
  | SectionDescriptor
  | SupersectionDescriptor
  | LargePageDescriptor
  | SmallPageDescriptor
  | ReservedDescriptor;

const TABLE_SBZ = 1 << 4;
const TABLE_PXN = 1 << 2;
const LARGE_SBZ = 0b111 << 6;
const TYPE_MASK = 0b11;
const RESERVED_TYPE = 0b11;

/**
 * What `word` says in a table of `level` on the CPU `profile`.
 *
 * Errors: FORMAT_ERR_LEVEL — the level is neither 1 nor 2.
 */
export function decode(
  level: number,
  word: number,
  profile: Pick<CpuProfile, 'hasPxn'>,
): Descriptor {
  requireLevel(level);
  const kind = kindOf(level, word, profile.hasPxn);
  const implementation = (word & IMPLEMENTATION_DEFINED) !== 0;
  switch (kind) {
    case Kind.FAULT:
      return { kind: 'fault', ignored: word >>> 0 };
    case Kind.TABLE: {
      const { domain, pxn, ns } = tableAttributesOf(word);
      return {
        kind: 'table',
        address: tableKibibyteOf(word) * 1024,
        domain,
        pxn: pxn && profile.hasPxn,
        ns,
        implementation,
        ignored: word & (profile.hasPxn ? TABLE_SBZ : TABLE_SBZ | TABLE_PXN),
      };
    }
    case Kind.SECTION:
    case Kind.SUPERSECTION:
      return {
        kind: kind === Kind.SECTION ? 'section' : 'supersection',
        address: pageFrameOf(kind, word) * 4096,
        ...attributesOf(kind, word),
        implementation,
      };
    case Kind.LARGE:
    case Kind.SMALL: {
      const { ap, xn, tex, c, b, s, ng } = attributesOf(kind, word);
      const page = { address: pageFrameOf(kind, word) * 4096, ap, xn, tex, c, b, s, ng };
      return kind === Kind.LARGE
        ? { kind: 'large', ...page, ignored: word & LARGE_SBZ }
        : { kind: 'small', ...page };
    }
    default:
      return { kind: 'reserved', word: word >>> 0 };
  }
}

/** The level at which each kind can stand; a fault can at both. */
const LEVEL_OF: Readonly<Record<KindName, number>> = {
  fault: 0,
  table: 1,
  section: 1,
  supersection: 1,
  large: 2,
  small: 2,
  reserved: 1,
};

/**
 * The word that says what `descriptor` says in a table of `level`.
 *
 * Errors: FORMAT_ERR_LEVEL — the level is neither 1 nor 2, or this kind does not exist there.
 * FORMAT_ERR_FIELD — an address that is unaligned or out of reach, a field out of range, or ignored
 * bits that mean something in this kind of entry.
 */
export function encode(level: number, descriptor: Descriptor): number {
  requireLevel(level);
  const only = LEVEL_OF[descriptor.kind];
  if (only !== 0 && only !== level) {
    throw new VmError('FORMAT_ERR_LEVEL', `level ${level} has no ${descriptor.kind} entries`);
  }
  switch (descriptor.kind) {
    case 'fault':
      requireIgnored('fault', descriptor.ignored, ~TYPE_MASK >>> 0);
      return descriptor.ignored;
    case 'reserved':
      if ((descriptor.word & TYPE_MASK) !== RESERVED_TYPE) {
        const wanted = 'a reserved entry ends in the bits 11';
        throw new VmError('FORMAT_ERR_FIELD', `${hex0x(descriptor.word)}: ${wanted}`);
      }
      return descriptor.word;
    case 'table':
      return encodeTable(descriptor);
    case 'section':
      return encodeLeaf(Kind.SECTION, descriptor, descriptor.implementation, 0);
    case 'supersection':
      return encodeLeaf(Kind.SUPERSECTION, descriptor, descriptor.implementation, 0);
    case 'large':
      requireIgnored('large', descriptor.ignored, LARGE_SBZ);
      return encodeLeaf(Kind.LARGE, { ...descriptor, ...PAGE_HAS_NONE }, false, descriptor.ignored);
    case 'small':
      return encodeLeaf(Kind.SMALL, { ...descriptor, ...PAGE_HAS_NONE }, false, 0);
  }
}

const PAGE_HAS_NONE = { pxn: false, ns: false, domain: 0 } as const;

function encodeTable(table: TableDescriptor): number {
  requireIgnored('table', table.ignored, TABLE_SBZ | TABLE_PXN);
  if (table.address % 1024 !== 0 || table.address < 0 || table.address >= 2 ** 32) {
    throw addressError('table', table.address, 'aligned to 1 KiB and below 4 GiB');
  }
  const bits = tablePattern(table) | (table.implementation ? IMPLEMENTATION_DEFINED : 0);
  return (tableAddressBits(table.address / 1024) | bits | table.ignored) >>> 0;
}

function encodeLeaf(
  kind: number,
  leaf: LeafAttributes & { readonly address: number },
  implementation: boolean,
  ignored: number,
): number {
  const frame = leaf.address / 4096;
  if (!Number.isInteger(frame) || frame < 0 || frame >= 2 ** 28 || !leafHolds(kind, frame)) {
    const reach = kind === Kind.SUPERSECTION ? '40 address bits' : '4 GiB';
    throw addressError(KIND_NAMES[kind], leaf.address, `aligned to its size and below ${reach}`);
  }
  const bits = leafPattern(kind, leaf) | (implementation ? IMPLEMENTATION_DEFINED : 0);
  return (addressBits(kind, frame) | bits | ignored) >>> 0;
}

function addressError(kind: KindName, address: number, wanted: string): VmError {
  const text = `a ${kind} entry cannot hold the address ${hex0x(address)}: it must be ${wanted}`;
  return new VmError('FORMAT_ERR_FIELD', text);
}

function requireIgnored(kind: KindName, ignored: number, mask: number): void {
  if (ignored >= 0 && ignored <= 0xffff_ffff && (ignored & ~mask) === 0) return;
  const text = `${hex0x(ignored)} is not made of bits that a ${kind} entry ignores (${hex0x(mask)})`;
  throw new VmError('FORMAT_ERR_FIELD', text);
}

function requireLevel(level: number): void {
  if (level !== 1 && level !== 2) {
    throw new VmError('FORMAT_ERR_LEVEL', `short descriptors have levels 1 and 2, not ${level}`);
  }
}
