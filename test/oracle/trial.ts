/** One situation with its checks: asked of both sides, and compared. */

import { isPrivileged } from '../../src/format/index.js';
import type { ExceptionName } from './exceptions.js';
import { type OracleGuest, Outcome, type RequestList } from './guest.js';
import { DATA_GROUND } from './memory-map.js';
import type { Look, Model } from './model.js';
import { type Answer, type Check, operation, type Situation, sameAnswer } from './situation.js';

/** Where the two sides do not agree. */
export interface Disagreement {
  /** The number of the check in the trial; undefined when memory differs afterwards. */
  readonly index: number | undefined;
  readonly expected: Answer;
  readonly got: Answer;
}

/** What a trial came to. */
export interface TrialResult {
  readonly disagreements: readonly Disagreement[];
  /** How many checks each known difference of QEMU was about. */
  readonly exceptions: ReadonlyMap<ExceptionName, number>;
}

/** Checks of one situation, asked of our model first. */
export class Trial {
  readonly checks: Check[] = [];
  private readonly situation: Situation;
  private readonly model: Model;
  private readonly list: RequestList;
  private readonly bank: number;
  private readonly expected: Answer[] = [];
  private readonly exceptions = new Map<ExceptionName, number>();
  /** Words that were written, by physical address. */
  private readonly written = new Set<number>();

  /** A trial in the bank that the tables of the situation belong to, with the list of that bank. */
  constructor(situation: Situation, model: Model, guest: OracleGuest) {
    this.situation = situation;
    this.model = model;
    this.bank = situation.bank;
    this.list = guest.list(this.bank);
    this.list.push('enter', guest.registersOf(this.bank));
    model.enter(situation);
  }

  /** Whether another check fits into the list, with what follows it at the end. */
  get hasRoom(): boolean {
    return this.list.room > 4 + this.written.size;
  }

  /** Asks our model, and puts the same into the list for the guest. */
  add(wanted: Check): void {
    const { look, answer } = askModel(this.model, wanted);
    const { check } = look;
    for (const name of look.exceptions) {
      this.exceptions.set(name, (this.exceptions.get(name) ?? 0) + 1);
    }
    if (check.operation.kind === 'write' && answer.outcome === Outcome.DONE) this.noteWrite(look);
    this.checks.push(check);
    this.expected.push(answer);
    this.list.push(check.operation.name, check.va, check.value);
  }

  /**
   * Asks the guest, and compares when it has answered. The guest has the question when this returns:
   * the next trial, in the other bank, can be made while it works.
   */
  run(guest: OracleGuest): Promise<TrialResult> {
    const { list, situation, bank } = this;
    list.push('leave');
    const { memory } = this.model.machine;
    const written = [...this.written].map((pa) => ({ pa, result: memory.readWord(pa) }));
    for (const { pa } of written) list.push('privileged_read_4', pa);
    guest.memory.write(situation.base, situation.tables);
    guest.writeRegisters(bank, situation.registers);
    return guest.run(list, bank).then((words) => this.compare(words, written));
  }

  private compare(
    words: Uint32Array,
    written: readonly { readonly pa: number; readonly result: number }[],
  ): TrialResult {
    const { expected } = this;
    const disagreements: Disagreement[] = [];
    for (const [index, answer] of expected.entries()) {
      const got = answerAt(words, index + 1);
      if (!sameAnswer(answer, got)) disagreements.push({ index, expected: answer, got });
    }
    for (const [index, { pa, result }] of written.entries()) {
      const got = answerAt(words, expected.length + 2 + index);
      const answer = { outcome: Outcome.DONE, result, address: pa };
      if (!sameAnswer(answer, got)) {
        disagreements.push({ index: undefined, expected: answer, got });
      }
    }
    return { disagreements, exceptions: this.exceptions };
  }

  private noteWrite({ check, parts }: Look): void {
    const { bytes } = check.operation;
    for (const { translation } of parts) {
      const { pa } = translation;
      const last = pa + bytes - 1;
      if (DATA_GROUND.place(pa) === 'data') this.written.add(pa - (pa % 4)).add(last - (last % 4));
    }
  }
}

/**
 * What our model says to a check. What the guest may not really do is asked by an address translation
 * operation instead.
 */
export function askModel(model: Model, wanted: Check): { look: Look; answer: Answer } {
  let look = model.look(wanted);
  if (!model.isSafe(look)) look = model.look(translationLike(wanted));
  return { look, answer: model.answer(look) };
}

/** The address translation operation that asks what a check asks. */
export function translationLike({ operation: { access, kind }, va, value }: Check): Check {
  const name = `ATS1C${isPrivileged(access) ? 'P' : 'U'}${kind === 'write' ? 'W' : 'R'}`;
  return { operation: operation(name), va, value };
}

function answerAt(words: Uint32Array, index: number): Answer {
  const at = index * 4;
  return {
    outcome: words[at] ?? 0,
    result: words[at + 1] ?? 0,
    address: words[at + 2] ?? 0,
  };
}
