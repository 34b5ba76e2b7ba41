/**
 * A TLB that never forgets by itself and trusts nobody: it keeps every leaf until it is told to
 * drop it, walks again at each use, and writes down whatever software owes the hardware:
 *
 * - `stale`: an entry still grants what the tables no longer grant (the invalidation is missing);
 * - `withheld`: an entry still refuses what the tables now allow (likewise);
 * - `break-before-make`: the tables replaced a leaf by another of a different output address, size,
 *   memory type or scope while the old one could still be cached (Arm ARM B3.10.1). Changing
 *   permissions alone owes only the invalidation.
 *
 * A use goes on with what is cached, as hardware would. Replacing a leaf is told at the next use of
 * the address, at a fill that overlaps the old entry, or at the invalidation that comes too late.
 */

import {
  isNonSecure,
  isNotGlobal,
  isShareable,
  type LeafInfo,
  leafKindOf,
  memoryType,
  memoryTypeName,
  OFFSET_MASKS,
  rightsIndexOf,
  rightsText,
  sameMemoryType,
  texCbOf,
} from '../format/index.js';
import type { CostCounters } from './cost-counters.js';
import type { EventRing } from './events.js';
import { remapRegisters, type SystemRegisters } from './registers.js';
import type { TableWalker, WalkRoots } from './table-walker.js';
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
  sizeOf,
  type Tlb,
  type TlbEntry,
  type TlbKey,
} from './tlb.js';

/** What software owed the hardware and did not do. */
export type TlbViolationKind = 'stale' | 'withheld' | 'break-before-make';

/** A translation, as a violation quotes it. */
export interface QuotedTranslation {
  /** The physical address that the quoted address translates to. */
  readonly pa: number;
  readonly bytes: number;
  readonly type: string;
  /** Effective rights under the present DACR: `rwx` at PL1 and at PL0. */
  readonly privileged: string;
  readonly user: string;
  readonly global: boolean;
}

/** One violation. */
export interface TlbViolation {
  readonly kind: TlbViolationKind;
  /** {@link StrictTlb.step} when it was seen. */
  readonly step: number;
  /** What brought it to light. */
  readonly seenAt: 'use' | 'fill' | 'invalidation';
  readonly va: number;
  /** The ASID of the entry, undefined for a global one. */
  readonly asid: number | undefined;
  /** What was cached. */
  readonly old: QuotedTranslation;
  /** What the tables say now; undefined where they translate nothing. */
  readonly now: QuotedTranslation | undefined;
}

/** An entry, with the tables that it came from. */
interface Held {
  readonly key: TlbKey;
  readonly index: number;
  readonly roots: WalkRoots;
  readonly reported: Set<TlbViolationKind>;
}

/** The checking TLB. */
export class StrictTlb implements Tlb {
  readonly model = 'strict';
  frames = new Uint32Array(64);
  infos = new Uint32Array(64);
  /** What whoever runs the machine is doing now; violations carry it. */
  step = 0;
  /** Everything found so far, in the order of finding. */
  readonly violations: TlbViolation[] = [];
  private readonly held = new Map<TlbKey, Held>();
  private readonly heldOfSize = new Uint32Array(LEAF_SIZES);
  private readonly free: number[] = [];
  private used = 0;
  private readonly registers: SystemRegisters;
  private readonly walker: TableWalker;
  private readonly counters: CostCounters;
  private readonly events: EventRing;

  /** A TLB that checks with `walker`, which must be its own, under `registers`. */
  constructor(
    registers: SystemRegisters,
    walker: TableWalker,
    counters: CostCounters,
    events: EventRing,
  ) {
    this.registers = registers;
    this.walker = walker;
    this.counters = counters;
    this.events = events;
  }

  lookup(va: number, asid: number, access: number): number {
    let found = -1;
    for (let size = 0; size < LEAF_SIZES; size++) {
      if (this.heldOfSize[size] === 0) continue;
      for (const key of [ownKey(va, size, asid), globalKey(va, size)]) {
        const entry = this.held.get(key);
        if (entry === undefined) continue;
        this.checkUse(entry, va, access);
        if (found === -1) found = entry.index;
      }
    }
    return found;
  }

  fill(va: number, asid: number, frame: number, info: LeafInfo): void {
    this.checkFill(va, asid, frame, info);
    const key = keyOf(va, asid, info);
    const index = this.held.get(key)?.index ?? this.takeIndex();
    const { highBits, root0, root1, afe } = this.registers;
    if (!this.held.has(key)) this.heldOfSize[keySize(key)] += 1;
    this.held.set(key, { key, index, roots: { highBits, root0, root1, afe }, reported: new Set() });
    this.frames[index] = frame;
    this.infos[index] = info;
  }

  invalidateAll(): void {
    const dropped = this.dropWhere(() => true);
    noteMaintenance(this.counters, this.events, MaintenanceScope.ALL, 0, 0, dropped);
  }

  invalidateAddress(va: number, asid: number): void {
    let dropped = 0;
    for (let size = 0; size < LEAF_SIZES; size++) {
      dropped += this.dropKey(ownKey(va, size, asid)) + this.dropKey(globalKey(va, size));
    }
    noteMaintenance(this.counters, this.events, MaintenanceScope.ADDRESS, va, asid, dropped);
  }

  invalidateAddressAllAsids(va: number): void {
    let dropped = 0;
    for (let size = 0; size < LEAF_SIZES; size++) {
      if (this.heldOfSize[size] === 0) continue;
      dropped += this.dropKey(globalKey(va, size));
      for (let asid = 0; asid < 256; asid++) dropped += this.dropKey(ownKey(va, size, asid));
    }
    const scope = MaintenanceScope.ADDRESS_ALL_ASIDS;
    noteMaintenance(this.counters, this.events, scope, va, 0, dropped);
  }

  invalidateAsid(asid: number): void {
    const dropped = this.dropWhere((key) => belongsTo(key, asid));
    noteMaintenance(this.counters, this.events, MaintenanceScope.ASID, 0, asid, dropped);
  }

  *entries(): Iterable<TlbEntry> {
    for (const { key, index } of this.held.values()) {
      yield entryOf(key, this.frames[index], this.infos[index], 0, 0);
    }
  }

  /** A use of an entry: the tables must still say what it says, as far as this access goes. */
  private checkUse(entry: Held, va: number, access: number): void {
    const info = this.infos[entry.index];
    if (this.walker.walk(this.registers, va) !== 0) {
      this.report('stale', 'use', entry, va, undefined);
    } else if (!this.sameOutput(entry)) {
      this.report('break-before-make', 'use', entry, va, this.quoteWalk(va));
    } else {
      const cached = (this.rightsOf(info) >>> access) & 1;
      const fresh = (this.rightsOf(this.walker.info) >>> access) & 1;
      if (cached > fresh) this.report('stale', 'use', entry, va, this.quoteWalk(va));
      else if (cached < fresh) this.report('withheld', 'use', entry, va, this.quoteWalk(va));
    }
  }

  /** A new entry: what is cached of smaller leaves inside it must say the same. */
  private checkFill(va: number, asid: number, frame: number, info: LeafInfo): void {
    const size = sizeOf(info);
    let smaller = 0;
    for (let other = 0; other < size; other++) smaller += this.heldOfSize[other];
    if (smaller === 0) return;
    const mask = OFFSET_MASKS[leafKindOf(info)];
    for (const entry of this.held.values()) {
      const start = entry.key & ~0xfff;
      const own = (entry.key & 0xff) === asid || !isNotGlobal(this.infos[entry.index]);
      if (((start ^ va) & ~mask) !== 0 || !own) continue;
      const now = this.quote(start >>> 0, frame, info);
      this.report('break-before-make', 'fill', entry, start >>> 0, now);
    }
  }

  /** An entry on its way out: if the tables already hold another leaf there, it is too late. */
  private checkBreak(entry: Held): void {
    const start = (entry.key & ~0xfff) >>> 0;
    const end = start + OFFSET_MASKS[leafKindOf(this.infos[entry.index])] + 1;
    let va = start;
    while (va < end) {
      const mapped = this.walker.walk(entry.roots, va) === 0;
      if (mapped && !this.sameOutput(entry)) {
        this.report('break-before-make', 'invalidation', entry, va, this.quoteWalk(va));
        return;
      }
      va = mapped ? end : va + 4096;
    }
  }

  /** Whether the leaf that the last walk found is the entry's, rights aside. */
  private sameOutput(entry: Held): boolean {
    const old = this.infos[entry.index];
    const now = this.walker.info;
    return (
      this.frames[entry.index] === this.walker.frame &&
      leafKindOf(old) === leafKindOf(now) &&
      isNotGlobal(old) === isNotGlobal(now) &&
      isNonSecure(old) === isNonSecure(now) &&
      sameMemoryType(this.typeOf(old), this.typeOf(now))
    );
  }

  private typeOf(info: LeafInfo) {
    return memoryType(texCbOf(info), isShareable(info), remapRegisters(this.registers));
  }

  private rightsOf(info: LeafInfo): number {
    return this.registers.rights[rightsIndexOf(info)];
  }

  private report(
    kind: TlbViolationKind,
    seenAt: TlbViolation['seenAt'],
    entry: Held,
    va: number,
    now: QuotedTranslation | undefined,
  ): void {
    if (entry.reported.has(kind)) return;
    entry.reported.add(kind);
    const info = this.infos[entry.index];
    const old = this.quote(va, this.frames[entry.index], info);
    const asid = isNotGlobal(info) ? entry.key & 0xff : undefined;
    this.violations.push({ kind, step: this.step, seenAt, va, asid, old, now });
  }

  private quoteWalk(va: number): QuotedTranslation {
    return this.quote(va, this.walker.frame, this.walker.info);
  }

  private quote(va: number, frame: number, info: LeafInfo): QuotedTranslation {
    const mask = OFFSET_MASKS[leafKindOf(info)];
    const rights = this.rightsOf(info);
    return {
      pa: frame * 4096 + (va & mask),
      bytes: mask + 1,
      type: memoryTypeName(this.typeOf(info)),
      privileged: rightsText(rights, true),
      user: rightsText(rights, false),
      global: !isNotGlobal(info),
    };
  }

  private dropKey(key: TlbKey): number {
    const entry = this.held.get(key);
    if (entry === undefined) return 0;
    this.checkBreak(entry);
    this.forget(entry);
    return 1;
  }

  /**
   * Drops the entries that match. Tables of another space may be gone by the time that everything
   * of it is dropped at once, so only entries of the present one are checked.
   */
  private dropWhere(matches: (key: TlbKey) => boolean): number {
    let dropped = 0;
    for (const entry of this.held.values()) {
      if (!matches(entry.key)) continue;
      const { root0, root1, highBits } = entry.roots;
      const now = this.registers;
      if (root0 === now.root0 && root1 === now.root1 && highBits === now.highBits)
        this.checkBreak(entry);
      this.forget(entry);
      dropped += 1;
    }
    return dropped;
  }

  private forget(entry: Held): void {
    this.held.delete(entry.key);
    this.heldOfSize[keySize(entry.key)] -= 1;
    this.free.push(entry.index);
  }

  private takeIndex(): number {
    const index = this.free.pop();
    if (index !== undefined) return index;
    if (this.used === this.frames.length) {
      this.frames = grown(this.frames);
      this.infos = grown(this.infos);
    }
    this.used += 1;
    return this.used - 1;
  }
}

function grown(words: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(words.length * 2);
  larger.set(words);
  return larger;
}
