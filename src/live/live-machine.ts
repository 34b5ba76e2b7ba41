/**
 * An emulated ARM machine that is paged from here: QEMU runs our runtime and the programs on it, and
 * a kernel of ours owns its memory.
 */
import { MIB, PAGE_BYTES, VmError } from '../base/index.js';
import { CPU_PROFILES, type CpuProfile } from '../format/index.js';
import { Kernel } from '../kernel/index.js';
import { Machine, type MemoryBank, onTlbMaintenance, Sctlr } from '../machine/index.js';
import { type Board, boardOf, requireRam } from './boards.js';
import { FileMemory, type LiveMemory, MappedMemory } from './live-memory.js';
import { FileWords, type LiveSpace, Mailbox, MappedWords } from './mailbox.js';
import {
  CODE_OFFSET,
  DOMAINS_OFFSET,
  MAILBOX_OFFSET,
  Operation,
  WINDOW_BASE,
} from './mailbox-layout.js';
import { type QemuEnd, QemuProcess } from './qemu-process.js';
import { runtimeImage } from './runtime-image.js';
import { writeRuntimeTables } from './runtime-tables.js';
import { mapShared, type SharedMapping } from './shared-mapping.js';

/** How the RAM of the guest is reached. */
export type MemoryAccess = 'auto' | 'mapped' | 'file';

/** What machine to start. */
export interface LiveOptions {
  /** `a7`, `a15` or `a9`; a15. */
  readonly cpu?: string;
  /** All of its RAM, of which 3 MiB are the runtime's; 128 MiB. */
  readonly ramBytes?: number;
  /** `auto` maps the RAM where `koffi` is installed, and goes through its file where it is not. */
  readonly access?: MemoryAccess;
  /** Another QEMU than `qemu-system-arm`. */
  readonly program?: string;
}

const DEFAULT_RAM = 128 * MIB;
/** How long the runtime may take to say that it runs. */
const HELLO_MILLISECONDS = 20_000;
/** How long requests are served, or waited for, before the event loop has its turn. */
const TURN_MILLISECONDS = 2;
/** Looks at the mailbox in one turn: some microseconds of them. */
const MAPPED_LOOKS = 1000;
const FILE_LOOKS = 8;
/** How long we look at the mailbox turn by turn before we want to be woken. */
const PATIENCE_MILLISECONDS = 0.3;
/** How long we sleep at most: the wake-up call can be missed by a hair's breadth. */
const NAP_MILLISECONDS = 10;

const WAKE_UP = Uint8Array.of(0);

/** Serves one request and says whether to go on. */
export type TrapHandler = () => boolean;

/** A machine that runs. */
export class LiveMachine {
  readonly board: Board;
  /** Our model of it: its memory is the guest's. */
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly mailbox: Mailbox;
  readonly access: 'mapped' | 'file';
  /** Of QEMU: `7.2.22`. */
  readonly version: string;
  readonly pid: number;
  /** From the call to the first instruction under our tables. */
  readonly bootMilliseconds: number;
  /** How often we slept until the guest woke us. */
  sleeps = 0;
  private readonly qemu: QemuProcess;
  private readonly memory: LiveMemory;
  private readonly mapping: SharedMapping | undefined;
  /** What an address in RAM has more in the runtime's window. */
  private readonly windowShift: number;
  /** What the guest's TTBR0 and CONTEXTIDR hold. */
  private space: LiveSpace = { ttbr0: 0, contextidr: 0 };
  private end: QemuEnd | undefined;
  private stopped = false;
  private held: Promise<void> | undefined;
  private letGo: () => void = () => {};
  private wake: () => void = () => {};

  private constructor(
    qemu: QemuProcess,
    board: Board,
    profile: CpuProfile,
    parts: LiveParts,
    window: number,
    started: number,
  ) {
    this.board = board;
    this.qemu = qemu;
    this.version = qemu.version;
    this.pid = qemu.pid;
    this.mapping = parts.mapping;
    this.access = parts.mapping === undefined ? 'file' : 'mapped';
    this.memory = parts.memory;
    this.mailbox = parts.mailbox;
    this.windowShift = WINDOW_BASE - board.ramBase;
    this.machine = new Machine({ memory: parts.memory, profile, tlb: 'none' });
    const { registers } = this.machine.cpu;
    registers.ttbr1 = window;
    registers.ttbcr = TTBCR;
    registers.dacr = DACR;
    onTlbMaintenance(this.machine.tlb, ({ operation, argument }) =>
      this.mailbox.ask(Operation[operation], argument),
    );
    this.kernel = new Kernel(this.machine);
    parts.memory.follow(this.kernel);
    qemu.ended.then((end) => {
      this.end = end;
      this.wake();
    });
    qemu.console.on('data', () => this.wake());
    this.bootMilliseconds = performance.now() - started;
  }

  /**
   * Starts a machine whose runtime waits for a program.
   *
   * Errors: USAGE_ERR — no such processor, or not so much RAM. LIVE_ERR_TOOL — QEMU is not installed, or
   * `mapped` was asked for and `koffi` is not. LIVE_ERR_START, LIVE_ERR_MEMORY — as `QemuProcess.start`.
   * LIVE_ERR_TIMEOUT — the runtime does not come up. LIVE_ERR_PROTOCOL — it says something else.
   */
  static async start(options: LiveOptions = {}): Promise<LiveMachine> {
    const started = performance.now();
    const board = boardOf(options.cpu ?? 'a15');
    const ramBytes = options.ramBytes ?? DEFAULT_RAM;
    requireRam(ramBytes);
    const { ramBase } = board;
    const qemu = await QemuProcess.start({
      machine: board.machine,
      cpu: board.profile,
      ramBase,
      ramBytes,
      image: runtimeImage(ramBase + CODE_OFFSET),
      tellsThatItRuns: true,
      arguments: ['-no-reboot'],
      ...(options.program === undefined ? {} : { program: options.program }),
    });
    let parts: LiveParts | undefined;
    try {
      parts = await reach(qemu, options.access ?? 'auto');
      const profile = CPU_PROFILES[board.profile] as CpuProfile;
      const tables = writeRuntimeTables(parts.memory, profile, ramBase, ramBytes);
      parts.mailbox.start([tables.start, tables.window, TTBCR, DACR, Sctlr.M | Sctlr.I]);
      await hello(qemu, parts.mailbox);
      return new LiveMachine(qemu, board, profile, parts, tables.window, started);
    } catch (error) {
      await qemu.stop();
      parts?.mapping?.close();
      throw error;
    }
  }

  /** Whether the machine still runs, as far as we know. */
  get isRunning(): boolean {
    return this.end === undefined && !this.stopped;
  }

  /**
   * Serves the requests of the guest, one after the other, until `handle` says that it was the last, or
   * the machine was stopped. While the guest computes and asks nothing, nothing is done here either.
   *
   * Errors: LIVE_ERR_ENDED — QEMU ended. LIVE_ERR_PROTOCOL — the guest is not our runtime any more. And
   * what `handle` throws.
   */
  async serve(handle: TrapHandler): Promise<void> {
    const looks = this.access === 'mapped' ? MAPPED_LOOKS : FILE_LOOKS;
    this.wakeRuntime();
    let last = performance.now();
    while (!this.stopped) {
      this.requireRunning();
      if (this.held !== undefined) {
        await this.held;
        last = performance.now();
        continue;
      }
      const end = performance.now() + TURN_MILLISECONDS;
      for (let look = 0; look < looks; ) {
        if (!this.mailbox.poll()) {
          look += 1;
          continue;
        }
        look = 0;
        if (!handle()) return;
        this.wakeRuntime();
        last = performance.now();
        if (last > end || this.held !== undefined) break;
      }
      if (performance.now() - last < PATIENCE_MILLISECONDS) await nextTurn();
      else if (await this.nap()) last = performance.now();
    }
  }

  /** Answers no more requests until {@link release}: the guest waits at its next one. */
  hold(): void {
    this.held ??= new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  /** Answers requests again. */
  release(): void {
    this.held = undefined;
    this.letGo();
  }

  /** Lets the program go on, with the words of its context from `first` on as they are now. */
  resume(first: number, count: number): void {
    const { executed } = this.memory;
    if (executed.anyStale) {
      for (const run of executed.take()) {
        const va = run.frame * PAGE_BYTES + this.windowShift;
        this.mailbox.ask(Operation.REWRITE, va + run.count - 1);
      }
    }
    const { ttbr0, contextidr } = this.machine.cpu.registers;
    const { space } = this;
    const isSame = ttbr0 === space.ttbr0 && contextidr === space.contextidr;
    if (!isSame) this.space = { ttbr0, contextidr };
    this.mailbox.answer(isSame ? undefined : this.space, first, count);
  }

  /** Wakes a runtime that fell asleep over a long answer; one that looks has seen it by now. */
  private wakeRuntime(): void {
    if (this.mailbox.runtimeSleeps) this.qemu.console.write(WAKE_UP);
  }

  /** Ends the machine; nothing of it is left. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.release();
    this.wake();
    await this.qemu.stop();
    this.mapping?.close();
  }

  private requireRunning(): void {
    const { end } = this;
    if (end === undefined) return;
    const how = end.signal === undefined ? `status ${end.status}` : `signal ${end.signal}`;
    const words = end.words === '' ? '' : `, saying: ${end.words}`;
    throw new VmError('LIVE_ERR_ENDED', `the emulated machine ended with ${how}${words}`);
  }

  /** Sleeps until the guest asks for something or everything has ended; whether it asks. */
  private async nap(): Promise<boolean> {
    const { mailbox } = this;
    mailbox.sleep(true);
    this.sleeps += 1;
    while (this.isRunning && !mailbox.isAsked) {
      this.wakeRuntime();
      await new Promise<void>((resolve) => {
        const clock = setTimeout(resolve, NAP_MILLISECONDS);
        this.wake = () => {
          clearTimeout(clock);
          resolve();
        };
      });
    }
    this.wake = () => {};
    if (this.isRunning) mailbox.sleep(false);
    return this.isRunning;
  }
}

/** How the guest is reached. */
interface LiveParts {
  readonly memory: LiveMemory;
  readonly mailbox: Mailbox;
  readonly mapping: SharedMapping | undefined;
}

async function reach(qemu: QemuProcess, access: MemoryAccess): Promise<LiveParts> {
  const { ram } = qemu;
  const mapping = access === 'file' ? undefined : await mapShared(ram.fd, ram.bytes);
  if (mapping === undefined && access === 'mapped') {
    throw new VmError(
      'LIVE_ERR_TOOL',
      'the RAM of the guest can only be mapped with the package koffi: npm install koffi',
    );
  }
  const banks: MemoryBank[] = [
    {
      name: 'runtime',
      kind: 'device',
      base: ram.base + CODE_OFFSET,
      bytes: DOMAINS_OFFSET - CODE_OFFSET,
    },
    {
      name: 'ram',
      kind: 'ram',
      base: ram.base + DOMAINS_OFFSET,
      bytes: ram.bytes - DOMAINS_OFFSET,
    },
  ];
  const mailboxBase = ram.base + MAILBOX_OFFSET;
  if (mapping === undefined) {
    return {
      memory: new FileMemory(banks, ram),
      mailbox: new Mailbox(new FileWords(ram, mailboxBase)),
      mapping,
    };
  }
  return {
    memory: new MappedMemory(banks, ram.base, mapping.buffer),
    mailbox: new Mailbox(new MappedWords(mapping.buffer, MAILBOX_OFFSET)),
    mapping,
  };
}

/** Waits until the runtime says that it runs with its MMU on. */
async function hello(qemu: QemuProcess, mailbox: Mailbox): Promise<void> {
  let end: QemuEnd | undefined;
  qemu.ended.then((how) => {
    end = how;
  });
  const until = performance.now() + HELLO_MILLISECONDS;
  while (!mailbox.poll()) {
    if (end !== undefined) throw new VmError('LIVE_ERR_START', `QEMU ended: ${end.words}`);
    if (performance.now() > until) {
      const seconds = HELLO_MILLISECONDS / 1000;
      throw new VmError('LIVE_ERR_TIMEOUT', `the runtime did not come up within ${seconds} s`);
    }
    await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** TTBCR.N = 1: TTBR0 translates the lower 2 GiB, TTBR1 the upper. */
const TTBCR = 1;
/** Every DACR domain a client. */
const DACR = 0x5555_5555;
