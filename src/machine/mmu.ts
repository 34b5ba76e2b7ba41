/**
 * The MMU: TLB, else walk, then domain and permissions. The answer is a number, and nothing is
 * allocated on the way.
 */

import { hex0x, PAGE_BYTES, PAGE_SHIFT, VmError } from '../base/index.js';
import {
  type CpuProfile,
  DomainAccess,
  domainAccess,
  domainOf,
  FaultStatus,
  faultNumber,
  isNotGlobal,
  isShareable,
  Kind,
  type LeafInfo,
  leafKindOf,
  type MemoryType,
  memoryType,
  OFFSET_MASKS,
  rightsIndexOf,
  texCbOf,
} from '../format/index.js';
import type { CostCounters } from './cost-counters.js';
import { EventKind, type EventRing } from './events.js';
import { type MicroTlb, microSlot, microTag } from './micro-tlb.js';
import { remapRegisters, type SystemRegisters } from './registers.js';
import { TableWalker, type WordReader } from './table-walker.js';
import type { Tlb } from './tlb.js';

/** What data memory is with the MMU off (Arm ARM B3.2.1). */
const FLAT_TYPE: MemoryType = {
  kind: 'strongly',
  inner: 'nc',
  outer: 'nc',
  shareability: 'outer',
};

/** The MMU of one CPU. */
export class Mmu {
  private readonly registers: SystemRegisters;
  private readonly tlb: Tlb;
  private readonly walker: TableWalker;
  private readonly micro: MicroTlb;
  /** Whether hits may go past the TLB: not where each use is checked, or nothing is remembered. */
  private readonly shortcut: boolean;
  private readonly tags: Int32Array;
  private readonly distances: Float64Array;
  private readonly counters: CostCounters;
  /** TLB hits that {@link CostCounters} has not yet collected. */
  tlbHits = 0;
  private readonly events: EventRing;
  /** The facts of the leaf that was last translated through, allowed or not. */
  info: LeafInfo = 0;

  constructor(
    reader: WordReader,
    registers: SystemRegisters,
    tlb: Tlb,
    profile: CpuProfile,
    counters: CostCounters,
    events: EventRing,
  ) {
    this.registers = registers;
    this.tlb = tlb;
    this.micro = registers.micro;
    this.shortcut = tlb.model === 'set-associative';
    this.walker = new TableWalker(reader, profile.hasPxn);
    this.tags = this.micro.tags;
    this.distances = this.micro.distances;
    this.counters = counters;
    counters.hits = this;
    this.events = events;
  }

  /**
   * The physical address of `va` for one `access` (of `Access`), or the fault number, below zero:
   * `faultStatusOf` and `faultDomainOf` read it.
   *
   * Errors: MACHINE_ERR_REGISTER — `va` is not a 32-bit address.
   */
  translate(va: number, access: number): number {
    const slot = microSlot(va, access);
    if (this.tags[slot] !== microTag(va, access) || va >>> 0 !== va) {
      const frame = this.frameByTlb(va, access) | 0;
      return frame < 0 ? frame : frame * PAGE_BYTES + (va & (PAGE_BYTES - 1));
    }
    this.tlbHits += 1;
    const pa = va + this.distances[slot];
    if (this.events.on) this.recordHit(pa, va, access);
    return pa;
  }

  /**
   * {@link translate} without the shortcut, so that the facts of the leaf are in `info` afterwards.
   */
  translateByTlb(va: number, access: number): number {
    const frame = this.frameByTlb(va, access) | 0;
    return frame < 0 ? frame : frame * PAGE_BYTES + (va & (PAGE_BYTES - 1));
  }

  /** As {@link translate}, but past the TLB, and leaving nothing in it: what AT operations do. */
  translateAfresh(va: number, access: number): number {
    requireAddress(va);
    if (!this.registers.mmuOn) return va;
    const { walker, counters } = this;
    const fault = walker.walk(this.registers, va);
    counters.walks += 1;
    counters.walksPastTlb += 1;
    counters.walkReads += walker.reads;
    if (this.events.on) this.recordWalk(fault, va, access);
    if (fault < 0) return fault;
    const frame = this.frameIn(walker.frame, walker.info, va, access);
    return frame < 0 ? frame : frame * PAGE_BYTES + (va & (PAGE_BYTES - 1));
  }

  /** The memory type of the leaf that was last translated through. */
  memoryType(): MemoryType {
    if (!this.registers.mmuOn) return FLAT_TYPE;
    return memoryType(texCbOf(this.info), isShareable(this.info), remapRegisters(this.registers));
  }

  /**
   * The number of the 4 KiB frame that `va` is in, or the fault number. Below this line everything
   * is a small integer: addresses beyond 2 GiB would be boxed at each call.
   */
  private frameByTlb(va: number, access: number): number {
    if (va >>> 0 !== va) requireAddress(va);
    const { registers, tlb, counters } = this;
    if (!registers.mmuOn) return va >>> PAGE_SHIFT;
    const entry = tlb.lookup(va, registers.asid, access);
    if (entry >= 0) {
      const frame = this.frameIn(tlb.frames[entry], tlb.infos[entry], va, access);
      this.tlbHits += 1;
      if (this.events.on) this.recordHit(frame * PAGE_BYTES, va, access);
      if (this.shortcut && frame >= 0) this.micro.remember(va, access, frame);
      return frame;
    }
    const { walker } = this;
    const fault = walker.walk(registers, va);
    counters.walks += 1;
    counters.walkReads += walker.reads;
    if (this.events.on) this.recordMiss(fault, va, access);
    if (fault < 0) return fault;
    tlb.fill(va, registers.asid, walker.frame, walker.info);
    return this.frameIn(walker.frame, walker.info, va, access);
  }

  /** The frame of `va` in a leaf, if its domain and its permissions allow the access. */
  private frameIn(frame: number, info: LeafInfo, va: number, access: number): number {
    this.info = info;
    const rights = this.registers.rights[rightsIndexOf(info)];
    if (((rights >>> access) & 1) === 0) return this.refusal(info);
    return frame + ((va & OFFSET_MASKS[leafKindOf(info)]) >>> PAGE_SHIFT);
  }

  private refusal(info: LeafInfo): number {
    const domain = domainOf(info);
    const page = leafKindOf(info) >= Kind.LARGE;
    if (domainAccess(this.registers.dacr, domain) === DomainAccess.CLIENT) {
      return faultNumber(page ? FaultStatus.PERMISSION_L2 : FaultStatus.PERMISSION_L1, domain);
    }
    return faultNumber(page ? FaultStatus.DOMAIN_L2 : FaultStatus.DOMAIN_L1, domain);
  }

  /** `pa` may be that of the page; below zero it is a refusal. */
  private recordHit(pa: number, va: number, access: number): void {
    const page = pa - (pa % PAGE_BYTES);
    const exact = pa < 0 ? pa / PAGE_BYTES : page + (va % PAGE_BYTES);
    this.events.record(EventKind.TLB_HIT, va, exact, this.registers.asid, access);
  }

  /** That it was a miss, the walk, and what the TLB will remember of it. */
  private recordMiss(fault: number, va: number, access: number): void {
    const { asid } = this.registers;
    this.events.record(EventKind.TLB_MISS, va, asid, access);
    this.recordWalk(fault, va, access);
    if (fault < 0 || this.tlb.model === 'none') return;
    const { frame, info } = this.walker;
    const bytes = OFFSET_MASKS[leafKindOf(info)] + 1;
    const owner = isNotGlobal(info) ? asid : -1;
    this.events.record(EventKind.TLB_FILL, va, frame * PAGE_BYTES, bytes, owner);
  }

  private recordWalk(fault: number, va: number, access: number): void {
    const { frame, info } = this.walker;
    const kind = fault === 0 ? leafKindOf(info) : Kind.FAULT;
    const pa = frame * PAGE_BYTES + (va & OFFSET_MASKS[kind]);
    this.events.record(EventKind.WALK, va, fault === 0 ? pa : fault, kind, access);
  }
}

/**
 * Refuses what is not an address of 32 bits.
 *
 * Errors: MACHINE_ERR_REGISTER — it is not.
 */
export function requireAddress(va: number): void {
  if (va >>> 0 === va) return;
  throw new VmError('MACHINE_ERR_REGISTER', `${hex0x(va)} is not a 32-bit address`);
}
