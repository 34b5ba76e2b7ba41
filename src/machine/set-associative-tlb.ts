/**
 * A TLB of sets and ways with ASIDs and global entries, one array for all page sizes. A leaf of any
 * size takes one entry, in the set that the lowest address bits above its offset choose; a lookup
 * probes once for each size that is held at the time.
 */

import { isPowerOfTwo, VmError } from '../base/index.js';
import type { LeafInfo } from '../format/index.js';
import type { CostCounters } from './cost-counters.js';
import type { EventRing } from './events.js';
import type { MicroTlb } from './micro-tlb.js';
import {
  belongsTo,
  entryOf,
  globalKey,
  keyOf,
  keySize,
  LEAF_SIZES,
  MaintenanceScope,
  noteMaintenance,
  ownKey,
  SIZE_SHIFTS,
  sizeOf,
  type Tlb,
  type TlbEntry,
} from './tlb.js';

/** The address bits that all ASIDs share in a key: everything but ASID and global. */
const PLACE = 0xffff_f700;

/** Sets × ways, replaced round robin within a set. */
export class SetAssociativeTlb implements Tlb {
  readonly model = 'set-associative';
  readonly sets: number;
  readonly ways: number;
  readonly frames: Uint32Array;
  readonly infos: Uint32Array;
  private readonly keys: Uint32Array;
  private readonly nextWay: Uint8Array;
  /** How many entries of each size are held: what is not held is not probed for. */
  private readonly held = new Uint32Array(LEAF_SIZES);
  /** How many entries are held in all. */
  private total = 0;
  private readonly micro: MicroTlb;
  private readonly counters: CostCounters;
  private readonly events: EventRing;

  /**
   * Errors: MACHINE_ERR_REGISTER — the number of sets is not a power of two, or there are not 1 to
   * 255 ways.
   */
  constructor(
    sets: number,
    ways: number,
    micro: MicroTlb,
    counters: CostCounters,
    events: EventRing,
  ) {
    if (!isPowerOfTwo(sets) || !Number.isInteger(ways) || ways < 1 || ways > 255) {
      const wanted = 'the sets must be a power of two and the ways 1 to 255';
      throw new VmError('MACHINE_ERR_REGISTER', `a TLB of ${sets} sets × ${ways} ways: ${wanted}`);
    }
    this.sets = sets;
    this.ways = ways;
    this.frames = new Uint32Array(sets * ways);
    this.infos = new Uint32Array(sets * ways);
    this.keys = new Uint32Array(sets * ways);
    this.nextWay = new Uint8Array(sets);
    this.micro = micro;
    this.counters = counters;
    this.events = events;
  }

  lookup(va: number, asid: number): number {
    for (let size = 0; size < LEAF_SIZES; size++) {
      if (this.held[size] === 0) continue;
      const own = ownKey(va, size, asid);
      const global = globalKey(va, size);
      const first = this.firstOf(va, size);
      for (let entry = first; entry < first + this.ways; entry++) {
        const key = this.keys[entry];
        if (key === own || key === global) return entry;
      }
    }
    return -1;
  }

  fill(va: number, asid: number, frame: number, info: LeafInfo): void {
    const size = sizeOf(info);
    const first = this.firstOf(va, size);
    const set = first / this.ways;
    const entry = first + this.nextWay[set];
    this.nextWay[set] = (this.nextWay[set] + 1) % this.ways;
    this.drop(entry);
    this.keys[entry] = keyOf(va, asid, info);
    this.frames[entry] = frame;
    this.infos[entry] = info;
    this.held[size] += 1;
    this.total += 1;
  }

  invalidateAll(): void {
    const dropped = this.total;
    if (dropped > 0) {
      this.micro.flush();
      this.keys.fill(0);
      this.held.fill(0);
      this.total = 0;
    }
    noteMaintenance(this.counters, this.events, MaintenanceScope.ALL, 0, 0, dropped);
  }

  invalidateAddress(va: number, asid: number): void {
    const dropped = this.total === 0 ? 0 : this.dropAddress(va, asid);
    noteMaintenance(this.counters, this.events, MaintenanceScope.ADDRESS, va, asid, dropped);
  }

  private dropAddress(va: number, asid: number): number {
    let dropped = 0;
    for (let size = 0; size < LEAF_SIZES; size++) {
      if (this.held[size] === 0) continue;
      const own = ownKey(va, size, asid);
      const global = globalKey(va, size);
      const first = this.firstOf(va, size);
      for (let entry = first; entry < first + this.ways; entry++) {
        if (this.keys[entry] === own || this.keys[entry] === global) dropped += this.drop(entry);
      }
    }
    return dropped;
  }

  invalidateAddressAllAsids(va: number): void {
    let dropped = 0;
    for (let size = 0; size < LEAF_SIZES; size++) {
      if (this.held[size] === 0) continue;
      const place = (ownKey(va, size, 0) & PLACE) >>> 0;
      const first = this.firstOf(va, size);
      for (let entry = first; entry < first + this.ways; entry++) {
        if ((this.keys[entry] & PLACE) >>> 0 === place) dropped += this.drop(entry);
      }
    }
    const scope = MaintenanceScope.ADDRESS_ALL_ASIDS;
    noteMaintenance(this.counters, this.events, scope, va, 0, dropped);
  }

  invalidateAsid(asid: number): void {
    let dropped = 0;
    for (let entry = 0; entry < this.keys.length && this.total > 0; entry++) {
      if (belongsTo(this.keys[entry], asid)) dropped += this.drop(entry);
    }
    noteMaintenance(this.counters, this.events, MaintenanceScope.ASID, 0, asid, dropped);
  }

  *entries(): Iterable<TlbEntry> {
    for (let entry = 0; entry < this.keys.length; entry++) {
      const key = this.keys[entry];
      if (key === 0) continue;
      const set = Math.floor(entry / this.ways);
      yield entryOf(key, this.frames[entry], this.infos[entry], set, entry % this.ways);
    }
  }

  /** The first entry of the set where a leaf of that size that translates `va` is kept. */
  private firstOf(va: number, size: number): number {
    return ((va >>> SIZE_SHIFTS[size]) & (this.sets - 1)) * this.ways;
  }

  /** Empties an entry; 1 if it held something. */
  private drop(entry: number): number {
    const key = this.keys[entry];
    if (key === 0) return 0;
    this.micro.flush();
    this.keys[entry] = 0;
    this.held[keySize(key)] -= 1;
    this.total -= 1;
    return 1;
  }
}
