/**
 * One try of an access: translate, then reach memory. What fails is told as a fault number and not
 * yet as an abort; `cpu.ts` decides what becomes of it.
 */

import { PAGE_BYTES } from '../base/index.js';
import { type CpuProfile, FaultStatus, faultNumber, faultStatusOf } from '../format/index.js';
import { EventKind, type EventRing } from './events.js';
import type { Mmu } from './mmu.js';
import { EXTERNAL_ABORT, type PhysicalMemory } from './physical-memory.js';
import type { SystemRegisters } from './registers.js';

/** Sizes of one access, in bytes. */
export type AccessBytes = 1 | 2 | 4;

const EXTERNAL = faultNumber(FaultStatus.EXTERNAL, 0);
const ALIGNMENT = faultNumber(FaultStatus.ALIGNMENT, 0);

/** The way from a CPU to memory. */
export class MemoryPort {
  /** The first byte that the last failed try faulted at. */
  faultAddress = 0;
  private readonly memory: PhysicalMemory;
  private readonly mmu: Mmu;
  private readonly registers: SystemRegisters;
  private readonly profile: CpuProfile;
  private readonly events: EventRing;

  constructor(
    memory: PhysicalMemory,
    mmu: Mmu,
    registers: SystemRegisters,
    profile: CpuProfile,
    events: EventRing,
  ) {
    this.memory = memory;
    this.mmu = mmu;
    this.registers = registers;
    this.profile = profile;
    this.events = events;
  }

  /** The value, or the fault number with the faulting byte in `faultAddress`. */
  read(va: number, bytes: AccessBytes, access: number): number {
    if ((va & (bytes - 1)) !== 0) return this.readUnaligned(va, bytes, access);
    this.faultAddress = va;
    const pa = this.mmu.translate(va, access);
    if (pa < 0) return pa;
    const value = this.readPhysical(pa, bytes);
    if (value === EXTERNAL_ABORT) return EXTERNAL;
    if (this.events.on) this.events.record(EventKind.ACCESS, va, pa, bytes, access);
    return value;
  }

  /** 0, or the fault number with the faulting byte in `faultAddress`. */
  write(va: number, bytes: AccessBytes, value: number, access: number): number {
    if ((va & (bytes - 1)) !== 0) return this.writeUnaligned(va, bytes, value, access);
    this.faultAddress = va;
    const pa = this.mmu.translate(va, access);
    if (pa < 0) return pa;
    if (!this.writePhysical(pa, bytes, value)) return EXTERNAL;
    if (this.events.on) this.events.record(EventKind.ACCESS, va, pa, bytes, access);
    return 0;
  }

  private readPhysical(pa: number, bytes: AccessBytes): number {
    if (bytes === 4) return this.memory.readWord(pa);
    return bytes === 2 ? this.memory.readHalfword(pa) : this.memory.readByte(pa);
  }

  private writePhysical(pa: number, bytes: AccessBytes, value: number): boolean {
    if (bytes === 4) return this.memory.writeWord(pa, value);
    return bytes === 2 ? this.memory.writeHalfword(pa, value) : this.memory.writeByte(pa, value);
  }

  private readUnaligned(va: number, bytes: AccessBytes, access: number): number {
    const pa = this.translateUnaligned(va, access);
    if (pa < 0) return pa;
    const inPage = PAGE_BYTES - (va % PAGE_BYTES);
    const next = inPage < bytes ? this.translateUnaligned(nextPage(va), access) : 0;
    if (next < 0) return next;
    let value = 0;
    for (let index = 0; index < bytes; index++) {
      const byte = this.memory.readByte(index < inPage ? pa + index : next + index - inPage);
      this.faultAddress = (va + index) >>> 0;
      if (byte === EXTERNAL_ABORT) return EXTERNAL;
      value |= byte << (8 * index);
    }
    if (this.events.on) this.events.record(EventKind.ACCESS, va, pa, bytes, access);
    return value >>> 0;
  }

  /** Both pages are translated, and found in memory, before the first byte is written. */
  private writeUnaligned(va: number, bytes: AccessBytes, value: number, access: number): number {
    const pa = this.translateUnaligned(va, access);
    if (pa < 0) return pa;
    const inPage = PAGE_BYTES - (va % PAGE_BYTES);
    const next = inPage < bytes ? this.translateUnaligned(nextPage(va), access) : 0;
    if (next < 0) return next;
    this.faultAddress = va;
    if (!this.memory.holds(pa, Math.min(bytes, inPage))) return EXTERNAL;
    this.faultAddress = nextPage(va);
    if (inPage < bytes && !this.memory.holds(next, bytes - inPage)) return EXTERNAL;
    for (let index = 0; index < bytes; index++) {
      const at = index < inPage ? pa + index : next + index - inPage;
      this.memory.writeByte(at, (value >>> (8 * index)) & 0xff);
    }
    if (this.events.on) this.events.record(EventKind.ACCESS, va, pa, bytes, access);
    return 0;
  }

  /**
   * Translates one page's part of an unaligned access. With SCTLR.A it faults before it is
   * translated; with the Virtualization Extensions it faults in memory that is not Normal, before
   * domain and permissions are looked at (Arm ARM A3.2.2, B3.12.3).
   */
  private translateUnaligned(va: number, access: number): number {
    this.faultAddress = va;
    if (this.registers.alignmentChecked) return ALIGNMENT;
    const pa = this.mmu.translateByTlb(va, access);
    const typed = pa >= 0 || AFTER_TYPE.has(faultStatusOf(pa));
    const strict =
      this.profile.hasVirtualization && typed && this.mmu.memoryType().kind !== 'normal';
    return strict ? ALIGNMENT : pa;
  }
}

/** Faults that are looked for after the memory type. */
const AFTER_TYPE: ReadonlySet<number> = new Set([
  FaultStatus.DOMAIN_L1,
  FaultStatus.DOMAIN_L2,
  FaultStatus.PERMISSION_L1,
  FaultStatus.PERMISSION_L2,
]);

function nextPage(va: number): number {
  return (va - (va % PAGE_BYTES) + PAGE_BYTES) >>> 0;
}
