/** The guest from the host's side: lists of requests go in, answers come out. */

import type { ElfImage } from '../../src/domain/index.js';
import type { GuestMemory } from '../../src/live/guest-memory.js';
import { QemuProcess } from '../../src/live/qemu-process.js';
import type { OracleMachine } from './machines.js';
import { codePage, codePages } from './memory-map.js';
import type { RegisterValues } from './situation.js';

const WORDS = 4;
/** How long a list may take: the slowest take some milliseconds. */
const LIST_MILLISECONDS = 30_000;
const READY = 'r';
const UNEXPECTED = 'x';

/** One request or answer; the numbers are those of `guest/oracle.S`. */
export const Outcome = { DONE: 0, DATA_ABORT: 1, PREFETCH_ABORT: 2, UNDEFINED: 3 } as const;

/** A list of requests for one bank, made in the order in which the guest is to run it. */
export class RequestList {
  readonly words: Uint32Array;
  private readonly symbols: GuestSymbols;
  length = 0;

  constructor(symbols: GuestSymbols) {
    this.symbols = symbols;
    this.words = new Uint32Array(symbols.bankRequests * WORDS);
  }

  get room(): number {
    return this.symbols.bankRequests - this.length;
  }

  clear(): void {
    this.length = 0;
  }

  /** Appends a request for the routine with that name in the guest. */
  push(routine: string, address = 0, value = 0): void {
    this.pushRoutine(this.symbols.routine(routine), address, value);
  }

  /** As {@link push}, by the address of the routine. */
  pushRoutine(routine: number, address: number, value: number): void {
    if (this.room === 0) throw new Error('the list is full');
    const at = this.length * WORDS;
    this.words[at] = routine;
    this.words[at + 1] = address;
    this.words[at + 2] = value;
    this.words[at + 3] = 0;
    this.length += 1;
  }
}

/** Where everything lies in the guest, by the symbols of its image. */
export class GuestSymbols {
  readonly bankRequests: number;
  private readonly image: ElfImage;
  private readonly known = new Map<string, number>();

  constructor(image: ElfImage) {
    this.image = image;
    const bytes = this.routine('answers') - this.routine('requests');
    this.bankRequests = bytes / 2 / (4 * WORDS);
  }

  /** The address of a symbol. */
  routine(name: string): number {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const symbol = this.image.symbol(name);
    if (symbol === undefined) throw new Error(`the guest has no ${name}`);
    this.known.set(name, symbol.address);
    return symbol.address;
  }
}

/** Who waits for the guest to say something. */
interface Waiter {
  readonly hear: (said: string) => void;
  readonly fail: (why: string) => void;
}

/** A guest that runs. */
export class OracleGuest {
  readonly machine: OracleMachine;
  readonly symbols: GuestSymbols;
  readonly memory: GuestMemory;
  readonly version: string;
  private readonly qemu: QemuProcess;
  /** Who waits for the answers of each bank. */
  private readonly waiting: Waiter[] = [];
  private readonly lists: RequestList[] = [];

  private constructor(machine: OracleMachine, qemu: QemuProcess, symbols: GuestSymbols) {
    this.machine = machine;
    this.qemu = qemu;
    this.symbols = symbols;
    this.memory = qemu.ram;
    this.version = qemu.version;
    qemu.ended.then(({ signal, status, words }) => {
      for (const { fail } of this.waiting) fail(`QEMU ended: ${signal ?? status} ${words}`);
    });
  }

  /** Starts the guest on `machine`, with code in all code pages. */
  static async start(machine: OracleMachine, image: ElfImage): Promise<OracleGuest> {
    const { ramBase, ramBytes, profile } = machine;
    const qemu = await QemuProcess.start({
      machine: machine.machine,
      cpu: profile.name,
      ramBase,
      ramBytes,
      image,
      arguments: ['-no-reboot'],
    });
    const guest = new OracleGuest(machine, qemu, new GuestSymbols(image));
    try {
      const ready = guest.reply(0);
      qemu.console.on('data', (bytes: Buffer) => {
        for (const byte of bytes) guest.hear(String.fromCharCode(byte));
      });
      if ((await ready) !== READY) throw new Error('the guest did not come up');
      for (const page of codePages()) guest.memory.write(page, codePage(page));
      return guest;
    } catch (error) {
      await guest.stop();
      throw error;
    }
  }

  /** The empty list of a bank; what was in it before is gone. */
  list(bank: number): RequestList {
    const list = this.lists[bank] ?? new RequestList(this.symbols);
    this.lists[bank] = list;
    list.clear();
    return list;
  }

  /** Puts the registers for the next `enter` of that bank where the guest finds them. */
  writeRegisters(bank: number, registers: RegisterValues): void {
    this.memory.write(this.registersOf(bank), registerWords(registers));
  }

  /** The address of the register block of a bank: the argument of `enter`. */
  registersOf(bank: number): number {
    return this.symbols.routine('register_blocks') + bank * 32;
  }

  /** Has the guest run the list; the answers are read when it has. */
  async run(list: RequestList, bank: number, answerWords?: number): Promise<Uint32Array> {
    const { memory, symbols } = this;
    const bankBytes = symbols.bankRequests * 4 * WORDS;
    const requests = list.words.subarray(0, list.length * WORDS);
    memory.write(symbols.routine('requests') + bank * bankBytes, requests);
    memory.writeWord(symbols.routine('request_counts') + bank * 4, list.length);
    const done = this.reply(bank);
    this.qemu.console.write(Uint8Array.of(bank));
    const said = await done;
    if (said !== String(bank)) throw new Error(`the guest said ${said} to bank ${bank}`);
    const answers = new Uint32Array(answerWords ?? requests.length);
    memory.read(symbols.routine('answers') + bank * bankBytes, answers);
    return answers;
  }

  /** Ends the guest; waits until QEMU is gone. */
  async stop(): Promise<void> {
    await this.qemu.stop();
  }

  /** What the guest says next about a bank. */
  private reply(bank: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(clock);
        reject(new Error(why));
      };
      const seconds = LIST_MILLISECONDS / 1000;
      const clock = setTimeout(
        () => fail(`the guest did not answer within ${seconds} s`),
        LIST_MILLISECONDS,
      );
      const hear = (said: string): void => {
        clearTimeout(clock);
        resolve(said);
      };
      this.waiting[bank] = { hear, fail };
    });
  }

  private hear(said: string): void {
    if (said !== UNEXPECTED) this.waiting[said === READY ? 0 : Number(said)]?.hear(said);
    else
      for (const { fail } of this.waiting)
        fail('the guest took an exception that it does not know');
  }
}

/** The register block that `enter` reads. */
function registerWords(registers: RegisterValues): Uint32Array {
  const { ttbr0, ttbr1, ttbcr, dacr, prrr, nmrr, contextidr, sctlr } = registers;
  return Uint32Array.of(ttbr0, ttbr1, ttbcr, dacr, prrr, nmrr, contextidr, sctlr);
}
