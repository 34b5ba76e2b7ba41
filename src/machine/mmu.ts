/**
 * The MMU: TLB, else walk, then domain and permissions. The answer is a number, and nothing is
 * allocated on the way.
 */

import {
  type CpuProfile,
  DomainAccess,
  domainAccess,
  FaultStatus,
  faultNumber,
  Kind,
  type MemoryType,
  memoryType,
} from '../format/index.js';
import { Cost, type CostCounters } from './cost-counters.js';
import { EventKind, type EventRing } from './events.js';
import { remapRegisters, type SystemRegisters } from './registers.js';
import {
  domainOf,
  isNotGlobal,
  isShareable,
  type LeafInfo,
  leafKindOf,
  OFFSET_MASKS,
  rightsIndexOf,
  TableWalker,
  texCbOf,
  type WordReader,
} from './table-walker.js';
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
  private readonly costs: Float64Array;
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
    this.walker = new TableWalker(reader, profile.hasPxn);
    this.costs = counters.values;
    this.events = events;
  }

  /**
   * The physical address of `va` for one `access` (of `Access`), or the fault number, below zero:
   * `faultStatusOf` and `faultDomainOf` read it.
   */
  translate(va: number, access: number): number {
    const registers = this.registers;
    if (!registers.mmuOn) return va;
    const tlb = this.tlb;
    let entry = tlb.lookup(va, registers.asid, access);
    if (entry >= 0) {
      this.costs[Cost.TLB_HITS] += 1;
      if (this.events.on) this.recordHit(entry, va, access);
    } else {
      entry = this.miss(va, access);
      if (entry < 0) return entry;
    }
    return this.check(tlb.frames[entry], tlb.infos[entry], va, access);
  }

  /** As {@link translate}, but past the TLB, and leaving nothing in it: what AT operations do. */
  translateAfresh(va: number, access: number): number {
    if (!this.registers.mmuOn) return va;
    const fault = this.walk(va, access);
    return fault === 0 ? this.check(this.walker.frame, this.walker.info, va, access) : fault;
  }

  /** The memory type of the leaf that was last translated through. */
  memoryType(): MemoryType {
    if (!this.registers.mmuOn) return FLAT_TYPE;
    return memoryType(texCbOf(this.info), isShareable(this.info), remapRegisters(this.registers));
  }

  /** The physical address in a leaf, if its domain and its permissions allow the access. */
  private check(frame: number, info: LeafInfo, va: number, access: number): number {
    const registers = this.registers;
    this.info = info;
    const allowed = domainAccess(registers.dacr, domainOf(info));
    if (allowed !== DomainAccess.MANAGER) {
      if (allowed !== DomainAccess.CLIENT) return domainFault(info);
      const rights = registers.clientRights[rightsIndexOf(info)];
      if (((rights >>> access) & 1) === 0) return permissionFault(info);
    }
    return frame * 4096 + (va & OFFSET_MASKS[leafKindOf(info)]);
  }

  /** Walks and fills; the entry, or the fault number. */
  private miss(va: number, access: number): number {
    const asid = this.registers.asid;
    this.costs[Cost.TLB_MISSES] += 1;
    if (this.events.on) this.events.record(EventKind.TLB_MISS, va, asid, access);
    const fault = this.walk(va, access);
    if (fault !== 0) return fault;
    const { frame, info } = this.walker;
    const entry = this.tlb.fill(va, asid, frame, info);
    if (this.events.on) {
      const bytes = OFFSET_MASKS[leafKindOf(info)] + 1;
      const owner = isNotGlobal(info) ? asid : -1;
      this.events.record(EventKind.TLB_FILL, va, frame * 4096, bytes, owner);
    }
    return entry;
  }

  private walk(va: number, access: number): number {
    const fault = this.walker.walk(this.registers, va);
    this.info = this.walker.info;
    this.costs[Cost.WALKS] += 1;
    this.costs[Cost.WALK_READS] += this.walker.reads;
    if (this.events.on) this.recordWalk(fault, va, access);
    return fault;
  }

  private recordWalk(fault: number, va: number, access: number): void {
    const kind = fault === 0 ? leafKindOf(this.walker.info) : Kind.FAULT;
    const pa = this.walker.frame * 4096 + (va & OFFSET_MASKS[kind]);
    this.events.record(EventKind.WALK, va, fault === 0 ? pa : fault, kind, access);
  }

  private recordHit(entry: number, va: number, access: number): void {
    const offset = va & OFFSET_MASKS[leafKindOf(this.tlb.infos[entry])];
    const pa = this.tlb.frames[entry] * 4096 + offset;
    this.events.record(EventKind.TLB_HIT, va, pa, this.registers.asid, access);
  }
}

function domainFault(info: LeafInfo): number {
  const page = leafKindOf(info) >= Kind.LARGE;
  return faultNumber(page ? FaultStatus.DOMAIN_L2 : FaultStatus.DOMAIN_L1, domainOf(info));
}

function permissionFault(info: LeafInfo): number {
  const page = leafKindOf(info) >= Kind.LARGE;
  return faultNumber(page ? FaultStatus.PERMISSION_L2 : FaultStatus.PERMISSION_L1, domainOf(info));
}
