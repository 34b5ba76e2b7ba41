/**
 * The system registers that translation depends on, and the fault registers (Arm ARM B4.1), with
 * what follows from them worked out when they are written rather than at each access.
 */

import { hex0x, VmError } from '../base/index.js';
import {
  type CpuProfile,
  effectiveRightsTable,
  type PermissionControls,
  type RemapRegisters,
} from '../format/index.js';
import { MicroTlb } from './micro-tlb.js';

/** What a table walk needs to know; a dump or a debugger can give it as well as a CPU. */
export interface TranslationRegisters {
  readonly ttbr0: number;
  readonly ttbr1: number;
  readonly ttbcr: number;
  readonly dacr: number;
  readonly sctlr: number;
  readonly prrr: number;
  readonly nmrr: number;
  readonly contextidr: number;
}

/** The bits of SCTLR that matter here. */
export const Sctlr = {
  /** The MMU is on. */
  M: 1 << 0,
  /** Every unaligned data access faults. */
  A: 1 << 1,
  /** Instruction cache on. */
  I: 1 << 12,
  /** What is writable cannot be executed. */
  WXN: 1 << 19,
  /** What the user can write cannot be executed privileged. */
  UWXN: 1 << 20,
  /** Exceptions and table walks are big-endian. */
  EE: 1 << 25,
  /** TEX remap. */
  TRE: 1 << 28,
  /** AP[0] is the access flag. */
  AFE: 1 << 29,
} as const;

/** The bits of TTBCR in the short-descriptor format. */
export const Ttbcr = {
  /** N, bits 2..0: TTBR0 translates the lowest 2^(32-N) bytes, TTBR1 the rest. */
  N_MASK: 0b111,
  /** No walks by TTBR0. */
  PD0: 1 << 4,
  /** No walks by TTBR1. */
  PD1: 1 << 5,
  /** The long-descriptor format. */
  EAE: 1 << 31,
} as const;

/** The table that the registers choose for an address. */
export interface RootTable {
  readonly register: 'TTBR0' | 'TTBR1';
  /** The physical address of the table, in bytes. */
  readonly base: number;
  /** The bits of the address that the table translates: 12 index bits, or fewer with TTBCR.N. */
  readonly addressBits: number;
  /** Whether TTBCR.PD0 or PD1 forbids to walk it. */
  readonly disabled: boolean;
}

const TTBR1_BASE = 0xffff_c000;

/** The part of TTBR0 that is the address of the table: more bits, the larger TTBCR.N. */
export function ttbr0Base(ttbr0: number, n: number): number {
  return (ttbr0 & (TTBR1_BASE | ((1 << 14) - (1 << (14 - n))))) >>> 0;
}

/** The root table that translates `va` (Arm ARM B3.5.4). */
export function rootTable(registers: TranslationRegisters, va: number): RootTable {
  const n = registers.ttbcr & Ttbcr.N_MASK;
  if (n === 0 || va >>> (32 - n) === 0) {
    return {
      register: 'TTBR0',
      base: ttbr0Base(registers.ttbr0, n),
      addressBits: 32 - n,
      disabled: (registers.ttbcr & Ttbcr.PD0) !== 0,
    };
  }
  return {
    register: 'TTBR1',
    base: (registers.ttbr1 & TTBR1_BASE) >>> 0,
    addressBits: 32,
    disabled: (registers.ttbcr & Ttbcr.PD1) !== 0,
  };
}

/** The bits of `sctlr` that change permissions on that CPU. */
export function permissionControls(sctlr: number, profile: CpuProfile): PermissionControls {
  return {
    afe: (sctlr & Sctlr.AFE) !== 0,
    wxn: profile.hasVirtualization && (sctlr & Sctlr.WXN) !== 0,
    uwxn: profile.hasVirtualization && (sctlr & Sctlr.UWXN) !== 0,
  };
}

/** The registers that give TEX, C and B their meaning. */
export function remapRegisters(registers: TranslationRegisters): RemapRegisters {
  const { sctlr, prrr, nmrr } = registers;
  return { tre: (sctlr & Sctlr.TRE) !== 0, prrr, nmrr };
}

/**
 * Refuses registers in the long-descriptor format.
 *
 * Errors: MACHINE_ERR_REGISTER — TTBCR.EAE is set.
 */
export function requireShortFormat(ttbcr: number): void {
  if ((ttbcr & Ttbcr.EAE) === 0) return;
  throw new VmError(
    'MACHINE_ERR_REGISTER',
    `TTBCR ${hex0x(ttbcr)} has EAE set: the tables are long descriptors, not short ones`,
  );
}

/**
 * The registers of one CPU. They reset to 0, so that the MMU is off; only the DACR, which is unknown
 * on hardware, begins with every domain a client.
 */
export class SystemRegisters implements TranslationRegisters {
  private sctlrWord = 0;
  private dacrWord = 0x5555_5555;
  private contextidrWord = 0;
  private ttbr0Word = 0;
  private ttbr1Word = 0;
  private ttbcrWord = 0;
  private readonly profile: CpuProfile;

  /** The shortcut through the TLB, which no change of registers may outlive. */
  readonly micro: MicroTlb;

  /** Primary region remap. */
  prrr = 0;
  /** Normal memory remap. */
  nmrr = 0;
  /** Data fault status and address. */
  dfsr = 0;
  dfar = 0;
  /** Instruction fault status and address. */
  ifsr = 0;
  ifar = 0;
  /** The result of the last address translation operation. */
  par = 0;

  // What follows from the registers, for the walker and the MMU.
  /** SCTLR.M. */
  mmuOn = false;
  /** SCTLR.A. */
  alignmentChecked = false;
  /** SCTLR.AFE. */
  afe = false;
  /** The rights that every domain and permission give now: {@link effectiveRightsTable}. */
  rights: Uint8Array;
  /** The highest TTBCR.N bits. */
  highBits = 0;
  /** The addresses / 4 of both root tables; -1 where TTBCR.PD0 or PD1 forbids to walk. */
  root0 = 0;
  root1 = 0;

  constructor(profile: CpuProfile, micro = new MicroTlb()) {
    this.profile = profile;
    this.micro = micro;
    this.rights = this.workOutRights();
  }

  /** System control. */
  get sctlr(): number {
    return this.sctlrWord;
  }

  /** Errors: MACHINE_ERR_REGISTER — EE is set, and the machine is little-endian. */
  set sctlr(word: number) {
    if ((word & Sctlr.EE) !== 0) {
      const text = `SCTLR ${hex0x(word)} has EE set, but this machine walks little-endian tables`;
      throw new VmError('MACHINE_ERR_REGISTER', text);
    }
    this.micro.flush();
    this.sctlrWord = word >>> 0;
    this.mmuOn = (word & Sctlr.M) !== 0;
    this.alignmentChecked = (word & Sctlr.A) !== 0;
    this.afe = (word & Sctlr.AFE) !== 0;
    this.rights = this.workOutRights();
  }

  /** Domain access control. */
  get dacr(): number {
    return this.dacrWord;
  }

  set dacr(word: number) {
    this.micro.flush();
    this.dacrWord = word >>> 0;
    this.rights = this.workOutRights();
  }

  /** Context identifier: the ASID is in bits 7..0. */
  get contextidr(): number {
    return this.contextidrWord;
  }

  set contextidr(word: number) {
    this.micro.flush();
    this.contextidrWord = word >>> 0;
  }

  /** Translation table base 0. */
  get ttbr0(): number {
    return this.ttbr0Word;
  }

  set ttbr0(word: number) {
    this.ttbr0Word = word >>> 0;
    this.deriveRoots();
  }

  /** Translation table base 1. */
  get ttbr1(): number {
    return this.ttbr1Word;
  }

  set ttbr1(word: number) {
    this.ttbr1Word = word >>> 0;
    this.deriveRoots();
  }

  /** Translation table base control. */
  get ttbcr(): number {
    return this.ttbcrWord;
  }

  /** Errors: MACHINE_ERR_REGISTER — EAE is set. */
  set ttbcr(word: number) {
    requireShortFormat(word);
    this.ttbcrWord = word >>> 0;
    this.deriveRoots();
  }

  /** The current address space identifier, CONTEXTIDR bits 7..0. */
  get asid(): number {
    return this.contextidrWord & 0xff;
  }

  set asid(asid: number) {
    this.contextidr = (this.contextidrWord & ~0xff) | (asid & 0xff);
  }

  private workOutRights(): Uint8Array {
    const controls = permissionControls(this.sctlrWord, this.profile);
    return effectiveRightsTable(this.dacrWord, controls);
  }

  private deriveRoots(): void {
    const ttbcr = this.ttbcrWord;
    const n = ttbcr & Ttbcr.N_MASK;
    this.highBits = n === 0 ? 0 : -1 << (32 - n);
    this.root0 = (ttbcr & Ttbcr.PD0) === 0 ? ttbr0Base(this.ttbr0Word, n) >>> 2 : -1;
    this.root1 = (ttbcr & Ttbcr.PD1) === 0 ? (this.ttbr1Word & TTBR1_BASE) >>> 2 : -1;
  }
}
