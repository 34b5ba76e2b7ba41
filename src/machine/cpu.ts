/**
 * A CPU as far as memory can tell: loads, stores and fetches by virtual address, the faults that
 * they take, and the address translation operations.
 *
 * An access that faults sets FSR and FAR, calls the installed abort handler, and is tried again as
 * often as the handler says that it has done something about it.
 */

import { VmError } from '../base/index.js';
import {
  Access,
  type CpuProfile,
  FaultStatus,
  faultStatusOf,
  isNonSecure,
  Kind,
  leafKindOf,
  parOfFault,
  parOfSuccess,
} from '../format/index.js';
import { type AbortHandler, AbortInfo } from './abort.js';
import { Cost, type CostCounters } from './cost-counters.js';
import { EventKind, type EventRing } from './events.js';
import { type AccessBytes, MemoryPort } from './memory-port.js';
import { Mmu, requireAddress } from './mmu.js';
import type { PhysicalMemory } from './physical-memory.js';
import { Sctlr, type SystemRegisters, Ttbcr } from './registers.js';
import type { Tlb } from './tlb.js';
import { walk } from './walk.js';

/** The address translation operations, and the access that each asks about. */
export const AT_OPERATIONS = {
  ATS1CPR: Access.PRIVILEGED_READ,
  ATS1CPW: Access.PRIVILEGED_WRITE,
  ATS1CUR: Access.USER_READ,
  ATS1CUW: Access.USER_WRITE,
} as const;

/** The name of an address translation operation. */
export type AtOperation = keyof typeof AT_OPERATIONS;

/** How often one access may take the very same fault before it counts as a loop. */
const SAME_FAULT_LIMIT = 8;
/** How many faults one access may take in all. */
const FAULT_LIMIT = 64;
/** How deep handlers may fault inside of handlers. */
const NESTING_LIMIT = 16;

/** How one access is faring. */
interface Attempt {
  va: number;
  fault: number;
  same: number;
  total: number;
}

/** What a CPU is made of. */
export interface CpuParts {
  readonly profile: CpuProfile;
  readonly memory: PhysicalMemory;
  readonly registers: SystemRegisters;
  readonly tlb: Tlb;
  readonly counters: CostCounters;
  readonly events: EventRing;
  /** Whether it runs in the secure state, where NS of an entry counts. */
  readonly secure: boolean;
}

/** One CPU. */
export class Cpu {
  readonly registers: SystemRegisters;
  /** Whether accesses are made at PL1. A CPU resets into a privileged mode. */
  privileged = true;
  /** Who is called when an access faults; without one the access fails. */
  abortHandler: AbortHandler | undefined;

  private readonly profile: CpuProfile;
  private readonly memory: PhysicalMemory;
  private readonly counters: CostCounters;
  private readonly events: EventRing;
  private readonly secure: boolean;
  /** Translates without taking faults; for what asks often. */
  readonly mmu: Mmu;
  private readonly port: MemoryPort;
  private nesting = 0;

  constructor(parts: CpuParts) {
    const { profile, memory, registers, tlb, counters, events } = parts;
    this.registers = registers;
    this.profile = profile;
    this.memory = memory;
    this.counters = counters;
    this.events = events;
    this.secure = parts.secure;
    this.mmu = new Mmu(memory, registers, tlb, profile, counters, events);
    this.port = new MemoryPort(memory, this.mmu, registers, profile, events);
  }

  /**
   * The value of 1, 2 or 4 bytes at `va`, unsigned.
   *
   * Errors: LIB_ERR_PAGEFAULT_NO_HANDLER — it faulted and no handler is installed.
   * LIB_ERR_PAGEFAULT — the handler did not help. LIB_ERR_PAGEFAULT_LOOP — the handler says that it
   * did, again and again. All carry the walk as evidence, and LIB_ERR_ALIGNMENT or
   * LIB_ERR_EXTERNAL_ABORT as cause where that is what it was. MACHINE_ERR_REGISTER — `va` is not a
   * 32-bit address.
   */
  load(va: number, bytes: AccessBytes): number {
    return this.read(va, bytes, this.privileged ? Access.PRIVILEGED_READ : Access.USER_READ);
  }

  /**
   * Stores the lowest 1, 2 or 4 bytes of `value` at `va`.
   *
   * Errors: those of {@link load}.
   */
  store(va: number, bytes: AccessBytes, value: number): void {
    const access = this.privileged ? Access.PRIVILEGED_WRITE : Access.USER_WRITE;
    let attempt: Attempt | undefined;
    while (true) {
      const fault = this.port.write(va, bytes, value, access);
      if (fault === 0) return;
      attempt = this.takeAbort(attempt, fault, this.port.faultAddress, bytes, access);
    }
  }

  /**
   * The instruction at `va`, a word (or a halfword). The low bits of `va` are ignored.
   *
   * Errors: those of {@link load}.
   */
  fetch(va: number, bytes: 2 | 4 = 4): number {
    requireAddress(va);
    const access = this.privileged ? Access.PRIVILEGED_FETCH : Access.USER_FETCH;
    return this.read(va - (va % bytes), bytes, access);
  }

  /**
   * The physical address of `va` for an `access` (of `Access`), taking the faults that the access
   * would take. What copies whole pages asks this once a page.
   *
   * Errors: those of {@link load}.
   */
  resolve(va: number, access: number): number {
    let attempt: Attempt | undefined;
    while (true) {
      const pa = this.mmu.translate(va, access);
      if (pa >= 0) return pa;
      attempt = this.takeAbort(attempt, pa, va, 1, access);
    }
  }

  /**
   * The physical address of `va` for an `access` (of `Access`), or the fault number, below zero.
   * Takes no fault and sets no register; uses and fills the TLB.
   *
   * Errors: MACHINE_ERR_REGISTER — `va` is not a 32-bit address.
   */
  translate(va: number, access: number): number {
    return this.mmu.translate(va, access);
  }

  /**
   * An address translation operation: walks afresh, whatever the TLB holds, and sets PAR.
   *
   * @returns PAR.
   *
   * Errors: those of {@link load}, for an external abort on the walk only: it is taken as a data
   * abort, while every other fault is told in PAR (Arm ARM B3.13.5).
   */
  at(operation: AtOperation, va: number): number {
    const access = AT_OPERATIONS[operation];
    let attempt: Attempt | undefined;
    while (true) {
      const pa = this.mmu.translateAfresh(va, access);
      const status = faultStatusOf(pa);
      const onWalk =
        status === FaultStatus.EXTERNAL_WALK_L1 || status === FaultStatus.EXTERNAL_WALK_L2;
      if (pa < 0 && onWalk) {
        attempt = this.takeAbort(attempt, pa, va, 0, access);
        continue;
      }
      this.registers.par = pa < 0 ? parOfFault(status) : this.parOf(pa);
      return this.registers.par;
    }
  }

  /**
   * Lets another address space run: its root table, its ASID, the MMU on, unprivileged. The order
   * is the manual's (Arm ARM B3.10.4): ASID 0 belongs to nobody while TTBR0 changes. The TLB keeps
   * what it has: entries that are not global answer to their own ASID only.
   *
   * @param root the physical address of the level-1 table.
   */
  switchTo(root: number, asid: number): void {
    const { registers } = this;
    registers.asid = 0;
    this.isb();
    registers.ttbr0 = root;
    registers.ttbcr &= ~Ttbcr.PD0;
    this.isb();
    registers.asid = asid;
    registers.sctlr |= Sctlr.M;
    this.isb();
    this.privileged = false;
  }

  /** Ends all walks through TTBR0 and goes back to PL1, as when the running space is torn down. */
  leave(): void {
    this.registers.ttbcr |= Ttbcr.PD0;
    this.isb();
    this.privileged = true;
  }

  /** A data synchronisation barrier. */
  dsb(): void {
    this.counters.values[Cost.BARRIERS] += 1;
  }

  /** An instruction synchronisation barrier. */
  isb(): void {
    this.counters.values[Cost.BARRIERS] += 1;
  }

  private read(va: number, bytes: AccessBytes, access: number): number {
    let attempt: Attempt | undefined;
    while (true) {
      const value = this.port.read(va, bytes, access);
      if (value >= 0) return value;
      attempt = this.takeAbort(attempt, value, this.port.faultAddress, bytes, access);
    }
  }

  private parOf(pa: number): number {
    const { mmuOn } = this.registers;
    return parOfSuccess({
      pa,
      type: this.mmu.memoryType(),
      supersection: mmuOn && leafKindOf(this.mmu.info) === Kind.SUPERSECTION,
      ns: !this.secure || (mmuOn && isNonSecure(this.mmu.info)),
    });
  }

  /** Delivers an abort; returns if the access is to be tried again. */
  private takeAbort(
    before: Attempt | undefined,
    fault: number,
    va: number,
    bytes: number,
    access: number,
  ): Attempt {
    const abort = new AbortInfo(fault, va, access, bytes, () =>
      walk(this.memory, this.registers, this.profile, va, access),
    );
    this.counters.values[Cost.FAULTS] += 1;
    this.setFaultRegisters(abort);
    if (this.events.on) this.events.record(EventKind.FAULT, abort.fsr, va, access);

    const attempt = before ?? { va, fault, same: 0, total: 0 };
    attempt.same = attempt.va === va && attempt.fault === fault ? attempt.same + 1 : 1;
    attempt.total += 1;
    attempt.va = va;
    attempt.fault = fault;
    const stuck = attempt.same > SAME_FAULT_LIMIT || attempt.total > FAULT_LIMIT;
    if (stuck || this.nesting >= NESTING_LIMIT) throw abort.toError('LIB_ERR_PAGEFAULT_LOOP');
    if (this.abortHandler === undefined) throw abort.toError('LIB_ERR_PAGEFAULT_NO_HANDLER');
    this.callHandler(this.abortHandler, abort);
    return attempt;
  }

  private callHandler(handler: AbortHandler, abort: AbortInfo): void {
    let resolved: boolean;
    this.nesting += 1;
    try {
      resolved = handler(abort);
    } catch (error) {
      throw error instanceof VmError ? abort.toError('LIB_ERR_PAGEFAULT', error) : error;
    } finally {
      this.nesting -= 1;
    }
    if (!resolved) throw abort.toError('LIB_ERR_PAGEFAULT');
  }

  private setFaultRegisters(abort: AbortInfo): void {
    if (abort.fetch) {
      this.registers.ifsr = abort.fsr;
      this.registers.ifar = abort.va;
    } else {
      this.registers.dfsr = abort.fsr;
      this.registers.dfar = abort.va;
    }
  }
}
