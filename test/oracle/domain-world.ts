/**
 * A kernel and domains of ours whose tables a guest runs on: each step does something to an address
 * space, has the guest store the words that changed and do the TLB maintenance that our kernel did,
 * in the same order, and asks both sides about addresses before, in between and after.
 *
 * In a late step the maintenance comes after some accesses: what they see may be old or new, but
 * nothing else. Everywhere else only what the tables say is right.
 */

import { MIB, OK, VmError } from '../../src/base/index.js';
import { Domain } from '../../src/domain/index.js';
import { Kernel } from '../../src/kernel/index.js';
import {
  CHUNK_BYTES,
  Machine,
  onTlbMaintenance,
  type StrictTlb,
  type TlbMaintenance,
} from '../../src/machine/index.js';
import {
  type Actor,
  type Extent,
  type FrameWatcher,
  planOperation,
  type TestFrame,
} from './domain-operations.js';
import { ExecutedCode } from './executed-code.js';
import { offsetFor } from './generate.js';
import type { OracleGuest } from './guest.js';
import {
  CODE_PAGES,
  codePage,
  type Ground,
  GUEST_BASE,
  KERNEL_BASE,
  KERNEL_BYTES,
  SECTION_BYTES,
} from './memory-map.js';
import { Model } from './model.js';
import type { Random } from './random.js';
import { Script, type WrongAnswer } from './script.js';
import {
  type Answer,
  type Check,
  OPERATIONS,
  operation,
  type RegisterValues,
} from './situation.js';
import { TableMirror } from './table-mirror.js';
import { translationLike } from './trial.js';

const DOMAIN_BYTES = 28 * MIB;
const DOMAINS = 2;
/** Checks before and after each operation, and those in between that only load the TLB. */
const CHECKS = 24;
const RACING = 3;
const READS = OPERATIONS.filter(({ kind }) => kind === 'read' || kind === 'fetch');

/** How a step went. */
export interface StepResult {
  readonly text: string;
  /** Answers that had to be right. */
  readonly asked: number;
  readonly wrong: WrongAnswer | undefined;
  /** What the strict TLB of our machine found that our kernel owes. */
  readonly violations: readonly string[];
}

/** One kernel with its domains, and the guest that runs on their tables. */
export class DomainWorld {
  readonly model: Model;
  private readonly guest: OracleGuest;
  private readonly machine: Machine;
  private readonly kernel: Kernel;
  private readonly actors: Actor[] = [];
  private readonly mirror: TableMirror;
  private readonly script = new Script();
  private readonly watcher: FrameWatcher;
  private readonly ownPages = new Set<number>();
  private readonly codePages = new Set<number>();
  /** Whether the guest does the maintenance at all; without it, it has to go wrong. */
  private readonly maintains: boolean;
  private readonly executed: ExecutedCode;
  private running = 0;
  private registers: RegisterValues;
  private late: TlbMaintenance[] | undefined;
  private racing: readonly number[] = [];

  /** A world for a guest that has just been started. */
  constructor(guest: OracleGuest, maintains = true) {
    const { profile } = guest.machine;
    this.guest = guest;
    this.maintains = maintains;
    this.executed = new ExecutedCode(guest.machine.codeBytes);
    const bank = { name: 'ram', base: KERNEL_BASE, bytes: KERNEL_BYTES, kind: 'ram' as const };
    this.machine = new Machine({ banks: [bank], profile, tlb: 'strict' });
    // The kernel window begins where the guest borrows its addresses.
    this.kernel = new Kernel(this.machine, { memoryOffset: GUEST_BASE });
    const ground: Ground = {
      place: (pa) => (this.ownPages.has(pa >>> 12) ? 'data' : 'other'),
      holdsCode: (pa) => this.codePages.has(pa >>> 12),
    };
    this.model = new Model(guest.machine, { ground });
    for (let pa = KERNEL_BASE; pa < KERNEL_BASE + KERNEL_BYTES; pa += CHUNK_BYTES) {
      const chunk = this.machine.memory.chunkAt(pa);
      if (chunk !== undefined) this.model.machine.memory.adoptChunk(pa, chunk);
    }
    this.watcher = {
      frameMade: (frame) => this.frameMade(frame),
      frameGone: (frame) => this.frameGone(frame),
    };
    this.mirror = new TableMirror(this.machine.memory, GUEST_BASE / SECTION_BYTES);
    for (let number = 0; number < DOMAINS; number++) {
      const domain = Domain.boot(this.kernel, DOMAIN_BYTES);
      this.actors.push({ domain, frames: [], extents: [] });
      this.shareRoot(domain);
    }
    onTlbMaintenance(this.machine.tlb, (maintenance) => this.hear(maintenance));
    this.run(0);
    this.registers = this.currentRegisters();
    this.enter();
  }

  /** Does one random operation, and asks about what came of it. */
  async step(random: Random): Promise<StepResult> {
    if (random.chance(8)) return this.switchDomain(random);
    const actor = this.actors[this.running] as Actor;
    const planned = planOperation(random, actor, this.watcher);
    const late = random.chance(25);
    const warm = this.checks(random, planned.near);
    this.warm(warm);
    const before = late ? this.oldAnswers(random, planned.near) : [];
    this.racing = warm.slice(0, RACING).map(({ va }) => va);
    this.late = late ? [] : undefined;
    const refused = refusalOf(planned.run);
    this.pokeChanges();
    for (const { check, answer } of before) {
      if (this.model.isSafe(this.model.look(check))) this.ask(check, [answer]);
    }
    for (const maintenance of this.late ?? []) this.maintain(maintenance);
    this.late = undefined;
    this.followRegisters();
    this.warm(this.checks(random, planned.near));
    const text = `${planned.text}${late ? ', maintenance late' : ''}${refused ?? ''}`;
    return this.settle(text);
  }

  private async switchDomain(random: Random): Promise<StepResult> {
    this.run((this.running + 1) % DOMAINS);
    this.pokeChanges();
    this.followRegisters();
    const { extents } = this.actors[this.running] as Actor;
    const near = extents.length === 0 ? { va: 0x0100_0000, bytes: MIB } : random.pick(extents);
    this.warm(this.checks(random, near));
    return this.settle(`run domain ${this.running}`);
  }

  private async settle(text: string): Promise<StepResult> {
    const { violations } = this.machine.tlb as StrictTlb;
    const found = violations.splice(0).map(({ kind, va }) => `${kind} at ${va.toString(16)}`);
    return { text, ...(await this.script.run(this.guest)), violations: found };
  }

  /** Checks that both sides answer, and that load both TLBs. */
  private warm(checks: readonly Check[]): void {
    for (const check of checks) {
      this.ask(check);
      this.machine.cpu.translate(check.va, check.operation.access);
    }
  }

  /** Asks both sides; `others` are right as well. */
  private ask(check: Check, others: readonly Answer[] = []): void {
    const answer = this.model.answer(this.model.look(check));
    const known = this.executed.remembered(check);
    this.script.ask(check, [answer, ...others, ...(known === undefined ? [] : [known])]);
    for (const each of [...others, answer]) this.executed.note(check, each);
  }

  /** Reads and fetches with what they come to now. */
  private oldAnswers(
    random: Random,
    near: Extent,
  ): readonly { readonly check: Check; readonly answer: Answer }[] {
    const checks: Check[] = [];
    for (let index = 0; index < CHECKS; index++) {
      const chosen = random.pick(READS);
      const check = { operation: chosen, va: this.address(random, near, chosen), value: 0 };
      if (this.model.isSafe(this.model.look(check))) checks.push(check);
    }
    this.warm(checks);
    return checks.map((check) => ({ check, answer: this.model.answer(this.model.look(check)) }));
  }

  private checks(random: Random, near: Extent): Check[] {
    return Array.from({ length: CHECKS }, () => {
      const chosen = random.pick(OPERATIONS);
      const va = this.address(random, near, chosen);
      const check = { operation: chosen, va, value: random.word() };
      return this.model.isSafe(this.model.look(check)) ? check : translationLike(check);
    });
  }

  /** An address in or beside the range, or in another one that is or was mapped. */
  private address(random: Random, near: Extent, chosen: Check['operation']): number {
    const { extents } = this.actors[this.running] as Actor;
    const other = extents.length > 0 && random.chance(25) ? random.pick(extents) : near;
    const pages = other.bytes / 4096;
    const page = random.below(10) < 8 ? random.below(pages) : random.pick([-1, pages]);
    // Where a frame is large only some pages hold code: go there as often as not.
    const toCode = pages > 32 && random.chance(50) ? random.pick(CODE_PAGES) : page;
    const start = toCode === page ? other.va : other.va - (other.va % SECTION_BYTES);
    return start + toCode * 4096 + offsetFor(random, chosen);
  }

  private hear(maintenance: TlbMaintenance): void {
    if (this.late !== undefined) {
      this.late.push(maintenance);
      return;
    }
    this.pokeChanges();
    // Whatever these see: they load the TLB when it hurts most.
    for (const va of this.racing) {
      this.script.ask({ operation: operation('user_read_1'), va, value: 0 }, []);
    }
    this.maintain(maintenance);
  }

  private maintain(maintenance: TlbMaintenance): void {
    if (!this.maintains) return;
    this.script.push(maintenance.operation, maintenance.argument);
    this.executed.maintained(maintenance);
  }

  private pokeChanges(): void {
    for (const { pa, word } of this.mirror.changes()) {
      this.script.push('privileged_write_4', pa, word);
    }
  }

  private run(index: number): void {
    const { domain } = this.actors[index] as Actor;
    const error = this.kernel.run(domain.number);
    if (error !== OK) throw VmError.from(error, `cannot run ${domain.name}`);
    this.running = index;
  }

  /** The guest takes over what our kernel has done to the registers. */
  private followRegisters(): void {
    const before = this.registers;
    const now = this.currentRegisters();
    this.registers = now;
    this.model.setRegisters(now);
    const { ttbr0, contextidr, ...rest } = now;
    const same = Object.entries(rest).every(
      ([name, value]) => before[name as keyof typeof rest] === value,
    );
    if (!same) this.enter();
    else if (ttbr0 !== before.ttbr0 || contextidr !== before.contextidr) {
      this.script.push('switch_space', ttbr0, contextidr);
      // QEMU forgets everything when the ASID changes.
      this.executed.forgetAll();
    }
  }

  private enter(): void {
    this.guest.writeRegisters(0, this.registers);
    this.model.setRegisters(this.registers);
    this.pokeChanges();
    this.script.push('enter', this.guest.registersOf(0));
    this.executed.forgetAll();
  }

  private currentRegisters(): RegisterValues {
    const { ttbr0, ttbr1, ttbcr, dacr, prrr, nmrr, contextidr, sctlr } = this.machine.cpu.registers;
    return { ttbr0, ttbr1, ttbcr, dacr, prrr, nmrr, contextidr, sctlr };
  }

  /** Gives the guest a root table in which it finds itself, and everything that it has to store to. */
  private shareRoot(domain: Domain): void {
    const root = this.kernel.rootTable(domain.number) ?? 0;
    const words = new Uint32Array(4096);
    for (let pa = GUEST_BASE; pa < KERNEL_BASE + KERNEL_BYTES; pa += SECTION_BYTES) {
      if (pa === GUEST_BASE || pa >= KERNEL_BASE) words[pa / SECTION_BYTES] = (pa | 0x402) >>> 0;
    }
    this.guest.memory.write(root, words);
    this.mirror.watch(root);
  }

  private frameMade({ base, bytes }: TestFrame): void {
    const { memory } = this.machine;
    for (let page = base; page < base + bytes; page += 4096) {
      this.ownPages.add(page >>> 12);
      const small = bytes <= 32 * 4096;
      if (!small && !CODE_PAGES.includes((page >>> 12) & 0xff)) continue;
      this.codePages.add(page >>> 12);
      memory.writeBytes(page, new Uint8Array(codePage(page).buffer));
    }
    const contents = memory.readBytes(base, bytes);
    if (contents !== undefined) this.guest.memory.write(base, contents);
  }

  private frameGone({ base, bytes }: TestFrame): void {
    for (let page = base >>> 12; page < (base + bytes) >>> 12; page++) {
      this.ownPages.delete(page);
      this.codePages.delete(page);
    }
  }
}

/** What a domain says to an operation that it refuses, in words; undefined where it was done. */
function refusalOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    return `: ${error.chain().join(' < ')}`;
  }
}
