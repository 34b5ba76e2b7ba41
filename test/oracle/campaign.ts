/** Many situations, each with many checks, on one machine. */

import type { ExceptionName } from './exceptions.js';
import { generateCheck, generateSituation } from './generate.js';
import type { OracleGuest } from './guest.js';
import type { Model } from './model.js';
import { Random } from './random.js';
import type { Check, Situation } from './situation.js';
import { type Disagreement, Trial, type TrialResult } from './trial.js';

/** How much to ask. */
export interface CampaignOptions {
  readonly seed: number;
  /** Situations. */
  readonly tables: number;
  /** Checks of each, as many as one list of the guest holds at most. */
  readonly checks: number;
}

/** What a campaign came to. */
export interface CampaignResult {
  /** Checks that both sides answered: real accesses, and address translation operations. */
  real: number;
  translations: number;
  /** Checks that fell under each named exception. */
  readonly exceptions: Map<ExceptionName, number>;
  /** The first situation in which the sides do not agree. */
  failure: Failure | undefined;
}

/** A situation in which the sides do not agree, as it was found. */
export interface Failure {
  /** The number of the situation in the campaign. */
  readonly table: number;
  readonly situation: Situation;
  readonly checks: readonly Check[];
  readonly disagreements: readonly Disagreement[];
}

/** The seed of the situation with that number: each can be made again without those before it. */
export function seedOf(seed: number, table: number): number {
  return new Random(seed + Math.imul(table, 0x85eb_ca6b)).word();
}

/** Asks until everything is asked, or the sides do not agree. */
export async function runCampaign(
  guest: OracleGuest,
  model: Model,
  options: CampaignOptions,
  each: (result: CampaignResult) => void = () => {},
): Promise<CampaignResult> {
  const result: CampaignResult = {
    real: 0,
    translations: 0,
    exceptions: new Map(),
    failure: undefined,
  };
  let pending: Promise<void> | undefined;
  let bank = 0;
  for (let table = 0; table < options.tables && result.failure === undefined; table++) {
    const random = new Random(seedOf(options.seed, table));
    const generated = generateSituation(random, guest.machine, bank);
    const trial = new Trial(generated.situation, model, guest);
    for (let check = 0; check < options.checks && trial.hasRoom; check++) {
      trial.add(generateCheck(random, generated));
    }
    // Until here the guest was busy with the trial before.
    await pending;
    pending = trial.run(guest).then((found) => {
      note(result, trial, found);
      if (found.disagreements.length > 0) {
        const { situation } = generated;
        result.failure ??= { table, situation, checks: trial.checks, ...found };
      }
      each(result);
    });
    bank = 1 - bank;
  }
  await pending;
  return result;
}

function note(result: CampaignResult, { checks }: Trial, { exceptions }: TrialResult): void {
  const translations = checks.filter(({ operation }) => operation.kind === 'translate').length;
  result.translations += translations;
  result.real += checks.length - translations;
  for (const [name, count] of exceptions) {
    result.exceptions.set(name, (result.exceptions.get(name) ?? 0) + count);
  }
}
