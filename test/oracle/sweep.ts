/** Address translation operations by the thousand: every page of some MiB, by all four. */

import type { OracleGuest } from './guest.js';
import { SECTION_BYTES } from './memory-map.js';
import type { Model } from './model.js';
import { type Check, OPERATIONS, type Operation, type Situation } from './situation.js';

const SWEEPS: readonly Operation[] = OPERATIONS.filter(({ kind }) => kind === 'translate');
const PAGES = SECTION_BYTES / 4096;
const ANSWER_WORDS = 4;

/** How many MiB the answers of one list have room for. */
export function sweepMebibytes(guest: OracleGuest): number {
  const words = (guest.symbols.bankRequests - 2) * ANSWER_WORDS;
  return Math.floor(words / (PAGES * SWEEPS.length));
}

/** What a sweep came to. */
export interface SweepResult {
  readonly translations: number;
  /** The first translation that is not as expected, as a check of its own. */
  readonly disagreement: Check | undefined;
}

/**
 * Sweeps the MiB of a situation and compares with our model. The guest has its list when this
 * returns, and works while our model does.
 */
export async function sweep(
  guest: OracleGuest,
  model: Model,
  situation: Situation,
  mebibytes: readonly number[],
): Promise<SweepResult> {
  const { bank } = situation;
  const list = guest.list(bank);
  list.push('enter', guest.registersOf(bank));
  for (const operation of SWEEPS) {
    for (const mebibyte of mebibytes) {
      list.push(`sweep_${operation.name}`, mebibyte * SECTION_BYTES, PAGES);
    }
  }
  list.push('leave');
  const translations = sweepTranslations(mebibytes);
  guest.memory.write(situation.base, situation.tables);
  guest.writeRegisters(bank, situation.registers);
  const answered = guest.run(list, bank, translations + 2 * ANSWER_WORDS);
  model.enter(situation);
  const expected = sweepAnswers(model, mebibytes);
  const words = await answered;
  const wrong = expected.findIndex((word, index) => word !== words[index + ANSWER_WORDS]);
  const disagreement = wrong < 0 ? undefined : checkAt(wrong, mebibytes);
  return { translations, disagreement };
}

function sweepTranslations(mebibytes: readonly number[]): number {
  return mebibytes.length * PAGES * SWEEPS.length;
}

/** What our model says to a sweep of the situation that it is in. */
export function sweepAnswers(model: Model, mebibytes: readonly number[]): Uint32Array {
  const expected = new Uint32Array(sweepTranslations(mebibytes));
  let at = 0;
  for (const operation of SWEEPS) {
    for (const mebibyte of mebibytes) {
      for (let page = 0; page < PAGES; page++) {
        expected[at] = model.sweepAnswer(operation, mebibyte * SECTION_BYTES + page * 4096);
        at += 1;
      }
    }
  }
  return expected;
}

function checkAt(index: number, mebibytes: readonly number[]): Check {
  const page = index % PAGES;
  const run = Math.floor(index / PAGES);
  const mebibyte = mebibytes[run % mebibytes.length] ?? 0;
  const operation = SWEEPS[Math.floor(run / mebibytes.length)] as Operation;
  return { operation, va: mebibyte * SECTION_BYTES + page * 4096, value: 0 };
}
