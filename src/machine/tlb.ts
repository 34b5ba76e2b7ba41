/**
 * What a TLB is to the rest of the machine: a place that remembers leaves, and the maintenance
 * operations that make it forget (Arm ARM B4.2.2). Two models are here and beside: one that
 * remembers nothing, one of sets and ways; a third checks instead of caching, `strict-tlb.ts`.
 */

import { isNotGlobal, Kind, type LeafInfo, leafKindOf, OFFSET_MASKS } from '../format/index.js';
import type { CostCounters } from './cost-counters.js';
import { EventKind, type EventRing } from './events.js';

/** What remembers translations between walks. */
export interface Tlb {
  readonly model: 'none' | 'set-associative' | 'strict';
  /** The number of the first 4 KiB frame of each entry's leaf. */
  readonly frames: Uint32Array;
  /** The facts of each entry's leaf. */
  readonly infos: Uint32Array;

  /** The number of the entry that translates `va` for `asid` in this `access`, or -1. */
  lookup(va: number, asid: number, access: number): number;
  /** Remembers the leaf that a walk for `va` found. */
  fill(va: number, asid: number, frame: number, info: LeafInfo): void;

  /** TLBIALL: forgets everything. */
  invalidateAll(): void;
  /** TLBIMVA: forgets what translates `va` for `asid`, and global entries that translate it. */
  invalidateAddress(va: number, asid: number): void;
  /** TLBIMVAA: forgets what translates `va` for any ASID. */
  invalidateAddressAllAsids(va: number): void;
  /** TLBIASID: forgets the entries of `asid` that are not global. */
  invalidateAsid(asid: number): void;

  /** The entries that are held, in no particular order. */
  entries(): Iterable<TlbEntry>;
}

/** One entry as an object. */
export interface TlbEntry {
  /** The first address that the entry translates. */
  readonly va: number;
  /** The physical address of that byte. */
  readonly pa: number;
  readonly bytes: number;
  /** Undefined for a global entry. */
  readonly asid: number | undefined;
  /** Where the entry is kept; 0 in models without sets or ways. */
  readonly set: number;
  readonly way: number;
  readonly info: LeafInfo;
}

/** How much a maintenance operation names: the number that TLB_INVALIDATE events carry. */
export const MaintenanceScope = { ALL: 0, ADDRESS: 1, ADDRESS_ALL_ASIDS: 2, ASID: 3 } as const;

/** Counts a maintenance operation and records it. */
export function noteMaintenance(
  counters: CostCounters,
  events: EventRing,
  scope: number,
  va: number,
  asid: number,
  dropped: number,
): void {
  counters.maintenance += 1;
  if (events.on) events.record(EventKind.TLB_INVALIDATE, scope, va, asid, dropped);
}

/**
 * What an entry answers to, in one word, so that a lookup compares one number: the first address of
 * the leaf in bits 31..12, global 11, size 10..9, valid 8, ASID 7..0 (0 when global). 0 is no entry.
 */
export type TlbKey = number;

const VALID = 1 << 8;
const SIZE_SHIFT = 9;
const GLOBAL = 1 << 11;

/** The sizes of leaves, as keys number them: 4 KiB, 64 KiB, 1 MiB, 16 MiB. */
export const LEAF_SIZES = 4;

const SIZE_KINDS = [Kind.SMALL, Kind.LARGE, Kind.SECTION, Kind.SUPERSECTION] as const;
const SIZE_OF_KIND: readonly number[] = [0, 0, 2, 3, 1, 0, 0];

/** The bits of an address inside a leaf of each size. */
const SIZE_MASKS: readonly number[] = SIZE_KINDS.map((kind) => OFFSET_MASKS[kind]);

/** The lowest bit of an address that tells leaves of each size apart. */
export const SIZE_SHIFTS: readonly number[] = [12, 16, 20, 24];

/** The size of a leaf with these facts. */
export const sizeOf = (info: LeafInfo): number => SIZE_OF_KIND[leafKindOf(info)];

/** The key under which `va` is found in a leaf of that size which belongs to `asid`. */
export const ownKey = (va: number, size: number, asid: number): TlbKey =>
  ((va & ~SIZE_MASKS[size]) | VALID | (size << SIZE_SHIFT) | asid) >>> 0;

/** The key under which `va` is found in a global leaf of that size. */
export const globalKey = (va: number, size: number): TlbKey =>
  ((va & ~SIZE_MASKS[size]) | VALID | (size << SIZE_SHIFT) | GLOBAL) >>> 0;

/** The key of a leaf with these facts that a walk for `va` and `asid` found. */
export function keyOf(va: number, asid: number, info: LeafInfo): TlbKey {
  const size = sizeOf(info);
  return isNotGlobal(info) ? ownKey(va, size, asid) : globalKey(va, size);
}

/** Whether a key belongs to `asid` and is not global. */
export const belongsTo = (key: TlbKey, asid: number): boolean =>
  (key & (GLOBAL | VALID | 0xff)) === (VALID | asid);

/** The size in a key. */
export const keySize = (key: TlbKey): number => (key >>> SIZE_SHIFT) & 3;

/** The entry with this key and these facts, as an object. */
export function entryOf(
  key: TlbKey,
  frame: number,
  info: LeafInfo,
  set: number,
  way: number,
): TlbEntry {
  return {
    va: (key & ~0xfff) >>> 0,
    pa: frame * 4096,
    bytes: SIZE_MASKS[keySize(key)] + 1,
    asid: (key & GLOBAL) === 0 ? key & 0xff : undefined,
    set,
    way,
    info,
  };
}

/** No TLB: every access walks. Maintenance is counted all the same. */
export class NoTlb implements Tlb {
  readonly model = 'none';
  readonly frames = new Uint32Array(0);
  readonly infos = new Uint32Array(0);
  private readonly counters: CostCounters;
  private readonly events: EventRing;

  constructor(counters: CostCounters, events: EventRing) {
    this.counters = counters;
    this.events = events;
  }

  lookup(): number {
    return -1;
  }

  fill(): void {}

  invalidateAll(): void {
    noteMaintenance(this.counters, this.events, MaintenanceScope.ALL, 0, 0, 0);
  }

  invalidateAddress(va: number, asid: number): void {
    noteMaintenance(this.counters, this.events, MaintenanceScope.ADDRESS, va, asid, 0);
  }

  invalidateAddressAllAsids(va: number): void {
    noteMaintenance(this.counters, this.events, MaintenanceScope.ADDRESS_ALL_ASIDS, va, 0, 0);
  }

  invalidateAsid(asid: number): void {
    noteMaintenance(this.counters, this.events, MaintenanceScope.ASID, 0, asid, 0);
  }

  *entries(): Iterable<TlbEntry> {}
}
