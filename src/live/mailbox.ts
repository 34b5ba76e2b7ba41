/**
 * The page of memory through which host and runtime talk: what a program was stopped by comes in, and
 * what the runtime is to do before the program goes on goes out.
 *
 * Nothing that comes in is believed. It is copied once, and then checked.
 */
import { hex, hex0x, VmError } from '../base/index.js';
import type { GuestMemory } from './guest-memory.js';
import {
  CONTEXT_WORDS,
  CPSR,
  CPSR_MODE,
  MAILBOX_BYTES,
  MOST_OPERATIONS,
  Operation,
  PC,
  Trap,
  USER_MODE,
  Word,
} from './mailbox-layout.js';

/** Words that both sides write. Offsets are bytes from the beginning of the mailbox. */
export interface SharedWords {
  /** A word, and whatever was stored before it. */
  load(offset: number): number;
  /** Stores a word after everything that was stored before. */
  store(offset: number, word: number): void;
  read(offset: number, into: Uint32Array): void;
  write(offset: number, from: Uint32Array): void;
}

/** The mailbox in mapped memory. */
export class MappedWords implements SharedWords {
  private readonly words: Int32Array;
  private readonly plain: Uint32Array;

  constructor(buffer: ArrayBuffer, at: number) {
    this.words = new Int32Array(buffer, at, MAILBOX_BYTES / 4);
    this.plain = new Uint32Array(buffer, at, MAILBOX_BYTES / 4);
  }

  load(offset: number): number {
    return Atomics.load(this.words, offset >>> 2) >>> 0;
  }

  store(offset: number, word: number): void {
    Atomics.store(this.words, offset >>> 2, word);
  }

  read(offset: number, into: Uint32Array): void {
    const from = offset >>> 2;
    for (let index = 0; index < into.length; index += 1) {
      into[index] = this.plain[from + index] as number;
    }
  }

  write(offset: number, from: Uint32Array): void {
    this.plain.set(from, offset >>> 2);
  }
}

/** The mailbox through the file of the guest's RAM. */
export class FileWords implements SharedWords {
  private readonly ram: GuestMemory;
  private readonly base: number;

  constructor(ram: GuestMemory, base: number) {
    this.ram = ram;
    this.base = base;
  }

  load(offset: number): number {
    return this.ram.readWord(this.base + offset);
  }

  store(offset: number, word: number): void {
    this.ram.writeWord(this.base + offset, word);
  }

  read(offset: number, into: Uint32Array): void {
    this.ram.read(this.base + offset, into);
  }

  write(offset: number, from: Uint32Array): void {
    this.ram.write(this.base + offset, from);
  }
}

/** The address space that a program goes on in. */
export interface LiveSpace {
  readonly ttbr0: number;
  readonly contextidr: number;
}

// Words of what comes in, from the sequence number to the end of the context.
const KIND = 1;
const FSR = 2;
const FAR = 3;
const DONE = 4;
const CONTEXT = (Word.CONTEXT - Word.REQUEST) / 4;
/** Words of the head of an answer: operations, whether to switch, TTBR0, CONTEXTIDR. */
const HEAD_WORDS = 4;

/** The host's side. */
export class Mailbox {
  /** What the runtime asks: one of `Trap`. */
  kind = 0;
  /** DFSR or IFSR. */
  fsr = 0;
  /** DFAR or IFAR. */
  far = 0;
  /** r0 to r14, pc and cpsr of the program as it was stopped. */
  readonly context: Uint32Array;
  /** Traps that came. */
  traps = 0;
  private readonly words: SharedWords;
  private readonly incoming = new Uint32Array(CONTEXT + CONTEXT_WORDS);
  private readonly head = new Uint32Array(HEAD_WORDS);
  private readonly outgoing = new Uint32Array(2 * MOST_OPERATIONS);
  private sequence = 0;
  private asked = 0;
  private everything = false;

  constructor(words: SharedWords) {
    this.words = words;
    this.context = this.incoming.subarray(CONTEXT);
  }

  /**
   * Whether the runtime asks something, which then is in the fields.
   * Errors: LIVE_ERR_PROTOCOL — what it says is not what our runtime says.
   */
  poll(): boolean {
    const sequence = this.words.load(Word.REQUEST);
    if (sequence === this.sequence) return false;
    const expected = (this.sequence + 1) >>> 0;
    const { incoming } = this;
    this.words.read(Word.REQUEST, incoming);
    if (sequence !== expected || incoming[0] !== expected) {
      throw lie(`request ${sequence} came where ${expected} was due`);
    }
    this.sequence = sequence;
    this.traps += 1;
    this.kind = incoming[KIND] as number;
    this.fsr = incoming[FSR] as number;
    this.far = incoming[FAR] as number;
    this.check(incoming[DONE] as number);
    return true;
  }

  /** Adds an operation of `Operation` to the next answer. */
  ask(operation: number, argument: number): void {
    if (this.asked === MOST_OPERATIONS) this.shorten();
    if (this.everything && operation !== Operation.REWRITE) return;
    this.outgoing[2 * this.asked] = operation;
    this.outgoing[2 * this.asked + 1] = argument;
    this.asked += 1;
  }

  /** Whether the runtime waits for a byte before it looks for an answer again. */
  get runtimeSleeps(): boolean {
    return this.words.load(Word.RUNTIME_SLEEPS) !== 0;
  }

  /** Whether there is a request that was not looked at yet. */
  get isAsked(): boolean {
    return this.words.load(Word.REQUEST) !== this.sequence;
  }

  /**
   * Lets the program go on, in `space` if it is another one than before, with the words of `context`
   * from `first` on as they are now.
   */
  answer(space: LiveSpace | undefined, first: number, count: number): void {
    const { words, asked, head } = this;
    if (count > 0) {
      const changed = this.context.subarray(first, first + count);
      words.write(Word.CONTEXT + first * 4, changed);
    }
    if (asked > 0) words.write(Word.OPERATIONS, this.outgoing.subarray(0, 2 * asked));
    const switches = space === undefined ? 0 : 1;
    if (head[0] !== asked || head[1] !== switches || switches === 1) {
      head[0] = asked;
      head[1] = switches;
      head[2] = space?.ttbr0 ?? 0;
      head[3] = space?.contextidr ?? 0;
      words.write(Word.OPERATION_COUNT, head);
    }
    this.asked = 0;
    this.everything = false;
    words.store(Word.ANSWER, this.sequence);
  }

  /** Says whether the runtime has to wake us up when it asks. */
  sleep(asleep: boolean): void {
    this.words.store(Word.ASLEEP, asleep ? 1 : 0);
  }

  /** Lets the runtime turn its MMU on: TTBR0, TTBR1, TTBCR, DACR, bits of SCTLR. */
  start(registers: readonly [number, number, number, number, number]): void {
    this.words.write(Word.GO + 4, Uint32Array.from(registers));
    this.words.store(Word.GO, 1);
  }

  /** Too many operations by address: one for all of them. What has to be rewritten stays. */
  private shorten(): void {
    const { outgoing } = this;
    let kept = 0;
    for (let index = 0; index < this.asked; index += 1) {
      if (outgoing[2 * index] !== Operation.REWRITE) continue;
      outgoing[2 * kept] = Operation.REWRITE;
      outgoing[2 * kept + 1] = outgoing[2 * index + 1] as number;
      kept += 1;
    }
    this.asked = kept;
    this.ask(Operation.TLBIALL, 0);
    this.everything = true;
  }

  private check(done: number): void {
    const { kind, head, context } = this;
    const cpsr = context[CPSR] as number;
    if (kind === Trap.PANIC) {
      throw lie(
        `the runtime took an exception that no program made: pc ${hex(context[PC] as number)}, ` +
          `cpsr ${hex(cpsr)}`,
      );
    }
    if (kind < Trap.HELLO || kind > Trap.PANIC) throw lie(`request of kind ${hex0x(kind)}`);
    if ((kind === Trap.HELLO) !== (this.traps === 1)) {
      throw lie(`request of kind ${kind} as number ${this.traps}`);
    }
    if (kind === Trap.HELLO) return;
    if ((cpsr & CPSR_MODE) !== USER_MODE) {
      throw lie(`a program in the mode of cpsr ${hex(cpsr)}, which is not user mode`);
    }
    // The TLB maintenance that was owed must be done before anything that depends on it is.
    if (done !== head[0]) throw lie(`${done} operations done of ${head[0]} that were asked for`);
  }
}

function lie(what: string): VmError {
  return new VmError('LIVE_ERR_PROTOCOL', `the guest says what our runtime never says: ${what}`);
}
