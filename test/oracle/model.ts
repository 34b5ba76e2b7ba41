/**
 * Our side of the oracle: what the machine of `src/machine` answers to a check, and what QEMU is
 * therefore expected to answer, named exceptions included.
 *
 * A check that is looked at in full holds three things of ours against each other on the way: the
 * CPU's access, its translation, and the walk with evidence. Looking at every check in full costs more
 * than QEMU does, so that long campaigns do it with some only, and with all that an exception could
 * be about.
 */

import {
  type CpuProfile,
  domainAccess,
  FaultStatus,
  faultDomainOf,
  faultStatusOf,
  ifsrOf,
  isPrivileged,
  isWrite,
  parOfFault,
  parOfSuccess,
} from '../../src/format/index.js';
import {
  type AtOperation,
  type Cpu,
  EXTERNAL_ABORT,
  Machine,
  Sctlr,
  type Walk,
  walk,
} from '../../src/machine/index.js';
import {
  type ExceptionName,
  qemuTranslation,
  type Translation,
  translationOf,
} from './exceptions.js';
import { Outcome } from './guest.js';
import type { OracleMachine } from './machines.js';
import {
  codePage,
  codePages,
  DATA_GROUND,
  type Ground,
  GUEST_BASE,
  isKnownMemory,
  SECTION_BYTES,
  SLOT_BYTES,
  SLOT_DATA,
  slotWords,
} from './memory-map.js';
import {
  type Answer,
  type Check,
  type Operation,
  partsOf,
  type RegisterValues,
  type Situation,
  sameAnswer,
} from './situation.js';

/** A check with the translations that QEMU should come to. */
export interface Look {
  readonly check: Check;
  /** The addresses that it translates, with what each comes to. */
  readonly parts: readonly Part[];
  readonly exceptions: ExceptionName[];
  /** Whether the CPU's own access has to say the same. */
  readonly full: boolean;
}

interface Part {
  readonly va: number;
  readonly translation: Translation;
  /** The walk, where it was made. */
  readonly evidence: Walk | undefined;
}

/** How a model differs from the usual one. */
export interface ModelOptions {
  /** Of so many checks one is looked at in full; every one unless told otherwise. */
  readonly fullEvery?: number;
  /** Another processor than that of the machine. */
  readonly profile?: CpuProfile;
  /** What checks may touch. */
  readonly ground?: Ground;
}

/** Our machine contradicts itself. */
export class Inconsistency extends Error {}

/** Thrown by the abort handler: cheaper than an explained error, and told apart from all others. */
const ABORTED = new Error('aborted');

const RAM_BYTES = 0x1000_0000;

/** Our machine, made like the one that QEMU emulates. */
export class Model {
  readonly machine: Machine;
  private readonly like: OracleMachine;
  private readonly cpu: Cpu;
  private readonly fullEvery: number;
  private readonly ground: Ground;
  private swept: Swept = NOTHING_SWEPT;
  private looks = 0;

  constructor(like: OracleMachine, options: ModelOptions = {}) {
    const profile = options.profile ?? like.profile;
    this.like = like;
    this.fullEvery = options.fullEvery ?? 1;
    this.ground = options.ground ?? DATA_GROUND;
    this.machine = new Machine({
      banks: [{ name: 'ram', base: GUEST_BASE, bytes: RAM_BYTES, kind: 'ram' }],
      profile,
      tlb: 'none',
      secure: like.hasEl3,
    });
    this.cpu = this.machine.cpu;
    this.cpu.abortHandler = () => {
      throw ABORTED;
    };
    if (this.ground === DATA_GROUND) this.fillCodePages();
  }

  /** Puts the first contents back into all code pages. */
  fillCodePages(): void {
    for (const page of codePages()) {
      this.machine.memory.writeBytes(page, new Uint8Array(codePage(page).buffer));
    }
  }

  /** Takes over registers and tables. */
  enter({ base, tables, registers }: Situation): void {
    const bytes = new Uint8Array(tables.buffer, tables.byteOffset, tables.byteLength);
    this.machine.memory.writeBytes(base, bytes);
    this.setRegisters(registers);
  }

  /** Takes over registers. */
  setRegisters(registers: RegisterValues): void {
    this.swept = NOTHING_SWEPT;
    const { ttbr0, ttbr1, ttbcr, dacr, prrr, nmrr, contextidr, sctlr } = registers;
    const values = { ttbr0, ttbr1, ttbcr, dacr, prrr, nmrr, contextidr, sctlr };
    Object.assign(this.cpu.registers, values);
  }

  /** The walk for one address. */
  walk(va: number, access: number): Walk {
    const { memory, profile } = this.machine;
    return walk(memory, this.cpu.registers, profile, va, access);
  }

  /** Whether both sides have the same memory wherever the check looks for tables. */
  isKnown(check: Check): boolean {
    return partsOf(check).every((va) =>
      this.walk(va, check.operation.access).steps.every(({ entryAddress }) =>
        isKnownMemory(entryAddress),
      ),
    );
  }

  /**
   * What a sweep of the guest is to find at `va`: PAR, or what it writes where the operation itself
   * took an abort.
   */
  sweepAnswer(asked: Operation, va: number): number {
    const pa = this.cpu.mmu.translateAfresh(va, asked.access);
    if (pa >= 0) return qemuPar(this.cpu.at(asked.name as AtOperation, va));
    const status = faultStatusOf(pa);
    // What throws is asked in the long way: an abort of our CPU costs more than a hundred walks.
    if (!isExternalOnWalk(status) && !this.mayDepart(status, faultDomainOf(pa))) {
      return parOfFault(status);
    }
    // What the L1 entry decides is the same for all pages of the MiB.
    const byL1 = L1_DECIDES.has(status) ? va - (va % SECTION_BYTES) : -1;
    const { swept } = this;
    if (byL1 >= 0 && swept.mebibyte === byL1 && swept.status === status && swept.by === asked) {
      return swept.answer;
    }
    const { outcome, result } = this.answer(this.look({ operation: asked, va, value: 0 }));
    const answer = outcome === Outcome.DONE ? result : ((result << 16) | SWEEP_ABORT) >>> 0;
    // Where QEMU lets through what we refuse, the answer is an address, another one for each page.
    if ((answer & PAR_FAULT) !== 0) this.swept = { mebibyte: byL1, status, by: asked, answer };
    return answer;
  }

  /**
   * Translates for a check.
   *
   * @throws Inconsistency: the CPU's translation and the walk do not say the same.
   */
  look(check: Check): Look {
    this.looks += 1;
    const full = this.looks % this.fullEvery === 0;
    const exceptions: ExceptionName[] = [];
    const parts = partsOf(check).map((va) => this.lookAt(va, check, full, exceptions));
    return { check, parts, exceptions, full };
  }

  /**
   * Whether the guest may really do this without harm to itself or to what later checks rest on:
   * what the check could reach is data or nothing, writes stay in words of data, and fetches find
   * code. AT operations may ask about everything.
   */
  isSafe({ check, parts }: Look): boolean {
    const { kind, bytes } = check.operation;
    if (kind === 'translate') return true;
    return parts.every(({ translation, evidence }, index) => {
      const pa = evidence?.leaf?.pa ?? (translation.status === 0 ? translation.pa : undefined);
      if (pa === undefined) return true;
      const place = this.ground.place(pa);
      if (place === 'nothing') return kind !== 'fetch' || !this.like.toleratesNothing;
      if (place === 'other') return false;
      if (kind === 'read' || index === 1) return true;
      const inSlot = pa % SLOT_BYTES;
      if (kind === 'fetch') return this.ground.holdsCode(pa) && inSlot === 0 && pa % 4096 !== 0;
      return inSlot >= SLOT_DATA && (inSlot + bytes <= SLOT_BYTES || pa % 4096 > 4096 - SLOT_BYTES);
    });
  }

  /**
   * Does the check on our machine, and says what QEMU has to answer. The names of the exceptions that
   * the answer takes account of are in the look afterwards.
   *
   * @throws Inconsistency: the CPU does not do what its translation says.
   */
  answer(look: Look): Answer {
    const { check, exceptions } = look;
    const departs = exceptions.length > 0 || this.departs(look);
    const own = look.full && !departs ? this.perform(check) : undefined;
    const answer = this.compose(look);
    if (own !== undefined && !sameAnswer(own, answer)) {
      const text = `the CPU says ${JSON.stringify(own)}, its translation ${JSON.stringify(answer)}`;
      throw new Inconsistency(text);
    }
    return this.reported(look, answer);
  }

  private lookAt(va: number, check: Check, full: boolean, exceptions: ExceptionName[]): Part {
    const { access, bytes } = check.operation;
    const pa = this.cpu.translate(va, access);
    const status = pa < 0 ? faultStatusOf(pa) : 0;
    const domain = pa < 0 ? faultDomainOf(pa) : 0;
    const translation = { pa: Math.max(pa, 0), status, domain };
    const evident = full || check.va % bytes !== 0 || this.mayDepart(status, domain);
    if (!evident) return { va, translation, evidence: undefined };
    const evidence = this.walk(va, access);
    const byWalk = translationOf(evidence);
    if (byWalk.status !== status || byWalk.pa !== translation.pa || byWalk.domain !== domain) {
      const text = `the walk says ${JSON.stringify(byWalk)}, the CPU ${JSON.stringify(translation)}`;
      throw new Inconsistency(`our machine at ${va}, access ${access}: ${text}`);
    }
    const found = qemuTranslation({ walk: evidence, registers: this.cpu.registers });
    if (found.exception !== undefined) exceptions.push(found.exception);
    return { va, translation: found.translation, evidence };
  }

  /** Whether QEMU may see a fault in another way: a rule of `exceptions.ts` may be about it. */
  mayDepart(status: number, domain: number): boolean {
    const { sctlr, dacr } = this.cpu.registers;
    switch (status) {
      case FaultStatus.TRANSLATION_L2:
      case FaultStatus.EXTERNAL_WALK_L2:
        return (domainAccess(dacr, domain) & 1) === 0;
      case FaultStatus.PERMISSION_L1:
      case FaultStatus.PERMISSION_L2:
        return (sctlr & (Sctlr.WXN | Sctlr.UWXN)) !== 0;
      default:
        return status === FaultStatus.ACCESS_FLAG_L1 || status === FaultStatus.ACCESS_FLAG_L2;
    }
  }

  /** What our CPU answers, whatever QEMU does. */
  perform({ va, value, operation }: Check): Answer {
    const { cpu } = this;
    const { kind, access, bytes, name } = operation;
    cpu.privileged = isPrivileged(access);
    const done = (result: number): Answer => ({ outcome: Outcome.DONE, result, address: va });
    try {
      if (kind === 'read') return done(cpu.load(va, bytes));
      if (kind === 'translate') return done(cpu.at(name as AtOperation, va));
      if (kind === 'write') {
        cpu.store(va, bytes, value);
        return done(0);
      }
      const word = cpu.fetch(va);
      const pa = cpu.translate(va, access);
      if (word !== slotWords(pa)[0]) throw new Inconsistency(`fetched another word at ${va}`);
      return done(pa);
    } catch (error) {
      if (error !== ABORTED) throw error;
      const { dfsr, dfar, ifsr, ifar } = cpu.registers;
      return kind === 'fetch'
        ? { outcome: Outcome.PREFETCH_ABORT, result: ifsr, address: ifar }
        : { outcome: Outcome.DATA_ABORT, result: dfsr, address: dfar };
    }
  }

  /** Whether QEMU's access departs from ours although the translation is the same. */
  private departs({ check, parts, exceptions }: Look): boolean {
    const { kind, bytes } = check.operation;
    if (kind === 'translate' || kind === 'fetch') return false;
    const checked = (this.cpu.registers.sctlr & Sctlr.A) !== 0;
    const unaligned = check.va % bytes !== 0;
    if (unaligned && checked) return false;
    if (unaligned && this.machine.profile.hasVirtualization) {
      const typed = parts.some(({ evidence }) => {
        const leaf = evidence?.leaf;
        return leaf !== undefined && !leaf.accessFlagFault && leaf.type.kind !== 'normal';
      });
      if (typed) exceptions.push('device-takes-unaligned');
      if (typed) return true;
    }
    const outside = parts.map((part) => this.findsNothing(part));
    if (this.like.toleratesNothing) {
      if (outside.includes(true)) exceptions.push('nothing-is-zero');
      return outside.includes(true);
    }
    const inOrder = kind === 'read' && outside[0] === true && parts[1]?.translation.status;
    if (inOrder) exceptions.push('split-read-in-order');
    return Boolean(inOrder);
  }

  private findsNothing({ translation: { status, pa } }: Part): boolean {
    return status === 0 && !this.machine.memory.holds(pa, 1);
  }

  /** What an access comes to when its translations are these. Writes what it writes. */
  private compose(look: Look): Answer {
    const { check, parts } = look;
    const { kind, bytes } = check.operation;
    const { va } = check;
    const checked = (this.cpu.registers.sctlr & Sctlr.A) !== 0;
    if (kind !== 'translate' && kind !== 'fetch' && checked && va % bytes !== 0) {
      return abort(check, va, FaultStatus.ALIGNMENT, 0);
    }
    for (const part of parts) {
      const { status, domain } = part.translation;
      if (kind === 'read' && !this.like.toleratesNothing && this.findsNothing(part)) break;
      if (status === 0) continue;
      const taken = kind !== 'translate' || isExternalOnWalk(status);
      if (taken) return abort(check, part.va, status, domain);
      return { outcome: Outcome.DONE, result: parOfFault(status), address: va };
    }
    if (kind === 'translate') return this.composePar(look);
    if (kind !== 'fetch') return this.move(look);
    const pa = parts[0]?.translation.pa ?? 0;
    if (!this.machine.memory.holds(pa, 4)) return abort(check, va, FaultStatus.EXTERNAL, 0);
    return { outcome: Outcome.DONE, result: pa, address: va };
  }

  /** PAR of a translation that succeeds. */
  private composePar({ check, parts, exceptions }: Look): Answer {
    const done = (result: number): Answer => {
      return { outcome: Outcome.DONE, result, address: check.va };
    };
    const leaf = parts[0]?.evidence?.leaf;
    if (exceptions.length === 0 || leaf === undefined) {
      return done(this.cpu.at(check.operation.name as AtOperation, check.va));
    }
    // Our CPU refuses where QEMU does not: what it would say comes from the leaf.
    const { pa, type, kind, attributes } = leaf;
    const ns = !this.like.hasEl3 || attributes.ns;
    return done(parOfSuccess({ pa, type, supersection: kind === 'supersection', ns }));
  }

  /** Moves the bytes of a read or a write. */
  private move({ check, parts }: Look): Answer {
    const { va, value, operation } = check;
    const { bytes, access } = operation;
    const { memory } = this.machine;
    const inFirst = Math.min(bytes, 4096 - (va % 4096));
    let result = 0;
    for (let index = 0; index < bytes; index++) {
      const first = index < inFirst;
      const base = parts[first ? 0 : 1]?.translation.pa ?? 0;
      const pa = first ? base + index : base + index - inFirst;
      if (!memory.holds(pa, 1) && !this.like.toleratesNothing) {
        return abort(check, first ? va : (va + inFirst) >>> 0, FaultStatus.EXTERNAL, 0);
      }
      if (isWrite(access)) memory.writeByte(pa, (value >>> (8 * index)) & 0xff);
      else {
        const byte = memory.readByte(pa);
        result |= (byte === EXTERNAL_ABORT ? 0 : byte) << (8 * index);
      }
    }
    return { outcome: Outcome.DONE, result: result >>> 0, address: va };
  }

  /** The answer in the registers as QEMU leaves them. */
  private reported({ check, parts, exceptions }: Look, answer: Answer): Answer {
    const { kind, bytes } = check.operation;
    if (answer.outcome === Outcome.PREFETCH_ABORT) {
      const domain = parts[0]?.translation.domain ?? 0;
      if (domain === 0) return answer;
      exceptions.push('ifsr-has-domain');
      return { ...answer, result: answer.result | (domain << 4) };
    }
    if (kind === 'read' && isExternal(answer) && check.va % bytes !== 0) {
      const address = answer.address - (answer.address % bytes);
      if (address !== answer.address) exceptions.push('unaligned-abort-address');
      return { ...answer, address };
    }
    if (kind !== 'translate') return answer;
    if (answer.outcome === Outcome.DATA_ABORT) {
      exceptions.push('at-abort-without-wnr');
      return { ...answer, result: answer.result & ~WNR };
    }
    const result = qemuPar(answer.result);
    const lost = answer.result ^ result;
    if ((lost & PAR_ATTRIBUTES) !== 0) exceptions.push('par-without-attributes');
    if ((lost & PAR_HIGH_ADDRESS) !== 0) exceptions.push('par-without-high-bits');
    return { ...answer, result };
  }
}

/** The last answer of a sweep that took the long way. */
interface Swept {
  readonly mebibyte: number;
  readonly status: number;
  readonly by: Operation | undefined;
  readonly answer: number;
}

const NOTHING_SWEPT: Swept = { mebibyte: -1, status: 0, by: undefined, answer: 0 };

/** Faults that the L1 entry decides: a table that cannot be read cannot be read anywhere. */
const L1_DECIDES: ReadonlySet<number> = new Set([
  FaultStatus.ACCESS_FLAG_L1,
  FaultStatus.PERMISSION_L1,
  FaultStatus.EXTERNAL_WALK_L1,
  FaultStatus.EXTERNAL_WALK_L2,
]);

/** The lower half of what a sweep writes for an abort; PAR never holds it. */
const SWEEP_ABORT = 0xffff;

const WNR = 1 << 11;
/** NOS, the implementation's bit, SH, inner and outer policy. */
const PAR_ATTRIBUTES = 0x5fc;
/** PA[39:32] of a supersection. */
const PAR_HIGH_ADDRESS = 0x00ff_0000;
const PAR_FAULT = 1 << 0;
const PAR_SUPERSECTION = 1 << 1;

/** PAR without what QEMU leaves out of it. */
function qemuPar(par: number): number {
  if ((par & PAR_FAULT) !== 0) return par;
  const high = (par & PAR_SUPERSECTION) === 0 ? 0 : PAR_HIGH_ADDRESS;
  return (par & ~(PAR_ATTRIBUTES | high)) >>> 0;
}

function isExternal({ outcome, result }: Answer): boolean {
  return outcome === Outcome.DATA_ABORT && (result & 0x40f) === FaultStatus.EXTERNAL;
}

function isExternalOnWalk(status: number): boolean {
  return status === FaultStatus.EXTERNAL_WALK_L1 || status === FaultStatus.EXTERNAL_WALK_L2;
}

function abort({ operation }: Check, address: number, status: number, domain: number): Answer {
  if (operation.kind === 'fetch') {
    return { outcome: Outcome.PREFETCH_ABORT, result: ifsrOf(status), address };
  }
  const write = isWrite(operation.access) || operation.kind === 'translate' ? WNR : 0;
  const result = ifsrOf(status) | (domain << 4) | write;
  return { outcome: Outcome.DATA_ABORT, result, address };
}
