/**
 * Programs on a live machine: each in a domain of its own, whose faults are answered from here, one
 * running until it yields or ends.
 */
import { hex0x, inFile, MIB, roundDown, VmError } from '../base/index.js';
import {
  cloneDomain,
  Domain,
  type ElfImage,
  type EmptyDomain,
  loadOnDemand,
  MemoryStore,
  Pager,
  type PolicyKind,
  parseExecutable,
  VRegion,
} from '../domain/index.js';
import { Access, decodeDfsr, decodeIfsr, faultNumber } from '../format/index.js';
import {
  explainFault,
  explainLines,
  explainRecord,
  machineSpace,
  type NamedRange,
  Names,
  registerReport,
} from '../inspect/index.js';
import { AbortInfo, type AccessBytes, walk } from '../machine/index.js';
import { answerOf, countsOf, type FaultEvent } from './fault-event.js';
import type { LiveMachine } from './live-machine.js';
import { LiveProgram, type ProgramEnd } from './live-program.js';
import { CONTEXT_WORDS, CPSR, CPSR_THUMB, PC, Trap, USER_CPSR } from './mailbox-layout.js';
import { errnoOf, systemCall } from './system-calls.js';
import { armTransferBytes, thumbTransferBytes } from './transfer-size.js';

/** How programs are paged. */
export interface PagingOptions {
  /** Page frames of each program; as many as its memory has where left out. */
  readonly frames?: number;
  /** Which page goes. */
  readonly policy: PolicyKind;
  /** The most that a stack can grow to, in bytes. */
  readonly stackBytes: number;
}

/** One program to run. */
export interface ProgramFile {
  readonly name: string;
  readonly file: Uint8Array;
  /** The arguments, the name of the program first. */
  readonly argv: readonly string[];
}

/** Who is told what happens. */
export interface LiveObserver {
  /** A program writes; `bytes` are the observer's. */
  output?(program: LiveProgram, bytes: Uint8Array): void;
  /** A fault was answered. Nothing is worked out for it where nobody wants to know. */
  fault?(event: FaultEvent): void;
  /** A request came in, and was answered: for measuring. Milliseconds. */
  served?(from: number, to: number): void;
  /** A program ends; what it had is still there. */
  ending?(program: LiveProgram): void;
  /** A program has ended, and given back what it had. */
  ended?(program: LiveProgram): void;
}

/**
 * The fewest frames that every instruction can be executed with: one that lies across two pages and
 * accesses what lies across two pages, one of which is copied.
 */
export const FEWEST_LIVE_FRAMES = 6;

/** Faults with the very same registers before they count as a loop. */
const SAME_FAULT_LIMIT = 64;
/** Memory that the kernel keeps for itself. */
const KERNEL_BYTES = 2 * MIB;
const LEAST_CLONE_RAM = 2 * MIB;

/** The programs of one machine. */
export class LiveSystem {
  readonly programs: LiveProgram[] = [];
  private readonly live: LiveMachine;
  private readonly options: PagingOptions;
  private readonly observer: LiveObserver;
  private current = 0;

  constructor(live: LiveMachine, options: PagingOptions, observer: LiveObserver = {}) {
    this.live = live;
    this.options = options;
    this.observer = observer;
    const { frames } = options;
    if (frames === undefined || frames >= FEWEST_LIVE_FRAMES) return;
    throw new VmError(
      'LIB_ERR_PAGER_BUDGET',
      `${frames} frames are too few: an instruction can need ${FEWEST_LIVE_FRAMES} pages at a time`,
    );
  }

  /**
   * Makes a domain for each program. None of their pages is in memory yet.
   * Errors: `ELF_ERR_…` a file is no static ARM executable; those of `loadOnDemand`.
   */
  load(files: readonly ProgramFile[]): void {
    const images = files.map(({ name, file }) => inFile(name, () => parseExecutable(file)));
    const { banks } = this.live.machine.memory;
    const ram = banks.find(({ kind }) => kind === 'ram')?.bytes ?? 0;
    const ramBytes = roundDown((ram - KERNEL_BYTES) / files.length, MIB);
    for (const [index, { name, argv }] of files.entries()) {
      const domain = Domain.boot(this.live.kernel, ramBytes, { name });
      const { stackBytes } = this.options;
      const { entry, stack, stackPointer, argumentPage } = loadOnDemand(
        domain,
        images[index] as ElfImage,
        { argv, stackBytes },
      );
      const program = this.adopt(name, domain, ramBytes, stack, () => domain.exit());
      const { context } = program;
      context[0] = argumentPage;
      context[13] = stackPointer;
      context[PC] = entry - (entry % 2);
      context[CPSR] = USER_CPSR | (entry % 2 === 0 ? 0 : CPSR_THUMB);
    }
  }

  /**
   * Runs the programs until all have ended, or the machine is stopped.
   * Errors: LIVE_ERR_ENDED, LIVE_ERR_PROTOCOL — see `LiveMachine.serve`.
   */
  async run(): Promise<void> {
    if (this.programs.length === 0) return;
    this.current = 0;
    this.enter();
    await this.live.serve(() => this.serve());
  }

  /** Serves the request in the mailbox; false when no program is left. */
  private serve(): boolean {
    const { observer } = this;
    if (observer.served === undefined) return this.dispatch();
    const from = performance.now();
    const goesOn = this.dispatch();
    observer.served(from, performance.now());
    return goesOn;
  }

  private dispatch(): boolean {
    const program = this.programs[this.current] as LiveProgram;
    switch (this.live.mailbox.kind) {
      case Trap.DATA_ABORT:
        return this.takeAbort(program, false);
      case Trap.PREFETCH_ABORT:
        return this.takeAbort(program, true);
      case Trap.SUPERVISOR_CALL:
        return this.call(program);
      default:
        return this.endProgram(program, { kind: 'undefined', registers: this.registers() });
    }
  }

  private adopt(
    name: string,
    domain: Domain,
    ramBytes: number,
    stack: LiveProgram['parts']['stack'],
    kill: () => void,
  ): LiveProgram {
    const { frames, policy } = this.options;
    const store = new MemoryStore();
    const pager =
      frames === undefined ? undefined : new Pager(domain.pool, { frames, policy, store });
    const program = new LiveProgram({ name, domain, ramBytes, stack, pager, store, kill });
    this.programs.push(program);
    return program;
  }

  // -------------------------------------------------------------------------------------- faults

  private takeAbort(program: LiveProgram, fetch: boolean): boolean {
    const { mailbox, machine } = this.live;
    const told = fetch ? decodeIfsr(mailbox.fsr) : decodeDfsr(mailbox.fsr);
    const { status, meaning, domain, write, longFormat } = told;
    if (longFormat || meaning.name === 'reserved') {
      const text = `the guest tells of a fault that there is not: status ${hex0x(mailbox.fsr)}`;
      throw new VmError('LIVE_ERR_PROTOCOL', text);
    }
    const access = fetch ? Access.USER_FETCH : write ? Access.USER_WRITE : Access.USER_READ;
    const va = mailbox.far;
    const abortOf = (bytes: AccessBytes): AbortInfo =>
      new AbortInfo(faultNumber(status, meaning.hasDomain ? domain : 0), va, access, bytes, () =>
        walk(machine.memory, machine.cpu.registers, machine.profile, va, access),
      );
    const abort = abortOf(4);
    const watched = this.observer.fault === undefined ? undefined : this.watch(program, abort);
    const cause = this.resolve(program, abort);
    watched?.(cause === null);
    if (cause === null) {
      this.live.resume(0, 0);
      return true;
    }
    const exact = abortOf(this.transferBytes());
    return this.endByFault(program, exact, exact.toError(...cause));
  }

  /** null where the fault is resolved, otherwise the code of the error and what caused it. */
  private resolve(
    program: LiveProgram,
    abort: AbortInfo,
  ): null | ['LIB_ERR_PAGEFAULT' | 'LIB_ERR_PAGEFAULT_LOOP', VmError?] {
    const { mailbox, machine } = this.live;
    if (program.noteFault(mailbox.context) > SAME_FAULT_LIMIT) return ['LIB_ERR_PAGEFAULT_LOOP'];
    try {
      return machine.cpu.abortHandler?.(abort) === true ? null : ['LIB_ERR_PAGEFAULT'];
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      return ['LIB_ERR_PAGEFAULT', error];
    }
  }

  private endByFault(program: LiveProgram, abort: AbortInfo, error: VmError): boolean {
    const { machine } = this.live;
    const registers = this.registers();
    const space = machineSpace(machine);
    const names = new Names(programRanges(program));
    const report = {
      ...registerReport(abort.fetch ? 'prefetch' : 'data', abort.fsr, abort.va, false),
      pc: registers[PC],
    };
    const explanation = explainFault(space, report, { names });
    return this.endProgram(program, {
      kind: 'fault',
      registers,
      error,
      lines: explainLines(space, explanation, names),
      record: explainRecord(space, explanation, names),
    });
  }

  /** Notes how things are; what it answers tells the observer what became of them. */
  private watch(program: LiveProgram, abort: AbortInfo): (resolved: boolean) => void {
    const begin = performance.now();
    const before = countsOf(program, this.programs);
    const pc = this.live.mailbox.context[PC] as number;
    return (resolved) => {
      const microseconds = (performance.now() - begin) * 1000;
      const after = countsOf(program, this.programs);
      const region = program.domain.vspace.find(abort.va);
      const kind = region instanceof VRegion ? region.object?.kind : undefined;
      const pa = this.live.machine.cpu.mmu.translateAfresh(abort.va, abort.access);
      this.observer.fault?.({
        program,
        number: program.faults,
        abort,
        pc,
        answer: resolved ? answerOf(before, after, abort, kind) : 'fatal',
        region: region?.name,
        offset: region === undefined ? 0 : abort.va - region.base,
        pa: resolved && pa >= 0 ? pa : undefined,
        stackGrew: after.stackBytes > before.stackBytes,
        evicted: after.evicted - before.evicted,
        microseconds,
      });
    };
  }

  /** The size of the access that the stopped instruction makes. */
  private transferBytes(): AccessBytes {
    const { mailbox, machine } = this.live;
    const [pc, cpsr] = [mailbox.context[PC] as number, mailbox.context[CPSR] as number];
    const pa = machine.cpu.mmu.translateAfresh(pc, Access.USER_FETCH);
    if (pa < 0) return 4;
    return (cpsr & CPSR_THUMB) === 0
      ? armTransferBytes(machine.memory.readWord(pa))
      : thumbTransferBytes(machine.memory.readHalfword(pa));
  }

  // ------------------------------------------------------------------------------- system calls

  private call(program: LiveProgram): boolean {
    const { context } = this.live.mailbox;
    program.noteCall();
    const result = systemCall(program, context);
    switch (result.kind) {
      case 'exit':
        return this.endProgram(program, { kind: 'exit', status: result.status });
      case 'yield':
        context[0] = 0;
        return this.switchFrom(program);
      case 'fork':
        return this.answer(this.fork(program));
      case 'output':
        this.observer.output?.(program, result.bytes);
        return this.answer(result.bytes.length);
      default:
        return this.answer(result.value);
    }
  }

  private answer(value: number): true {
    const { live } = this;
    live.mailbox.context[0] = value;
    live.kernel.run((this.programs[this.current] as LiveProgram).domain.number);
    live.resume(0, 1);
    return true;
  }

  /** A second program that goes on as the first one does, with copies of its pages; or -errno. */
  private fork(program: LiveProgram): number {
    const { context } = this.live.mailbox;
    const { ramBytes, stack } = program.parts;
    const childBytes = Math.max(LEAST_CLONE_RAM, roundDown(ramBytes / 4, MIB));
    let clone: EmptyDomain | undefined;
    try {
      const name = `${program.name}.${this.programs.length + 1}`;
      clone = cloneDomain(program.domain, { name, ramBytes: childBytes });
      const { domain, kill } = clone;
      const child = this.adopt(name, domain, childBytes, stack.inClone(domain), kill);
      child.context.set(context);
      child.context[0] = 0;
      return domain.number;
    } catch (error) {
      clone?.kill();
      return -errnoOf(error);
    }
  }

  // ---------------------------------------------------------------------------------- switching

  private endProgram(program: LiveProgram, end: ProgramEnd): boolean {
    this.observer.ending?.(program);
    program.finish(end);
    this.observer.ended?.(program);
    return this.switchFrom(program);
  }

  /** Lets the next program run; false where none is left. */
  private switchFrom(program: LiveProgram): boolean {
    const { programs, live } = this;
    if (program.end === undefined) program.context.set(live.mailbox.context);
    for (let step = 1; step <= programs.length; step += 1) {
      const next = (this.current + step) % programs.length;
      if (programs[next]?.end !== undefined) continue;
      this.current = next;
      this.enter();
      return true;
    }
    return false;
  }

  /** Lets the current program go on with its registers. */
  private enter(): void {
    const { live } = this;
    const program = this.programs[this.current] as LiveProgram;
    live.kernel.run(program.domain.number);
    live.mailbox.context.set(program.context);
    live.resume(0, CONTEXT_WORDS);
  }

  private registers(): Uint32Array {
    return this.live.mailbox.context.slice();
  }
}

/** What the addresses of a program are called: the regions of its domain. */
export function programRanges({ domain, name: origin }: LiveProgram): NamedRange[] {
  return domain.vspace.all().map(({ name, base, bytes }) => {
    return { name, base, bytes, space: 'virtual', role: 'region', origin };
  });
}
