/** Many random operations of domains, each with checks. */

import type { ElfImage } from '../../src/domain/index.js';
import { seedOf } from './campaign.js';
import { DomainWorld, type StepResult } from './domain-world.js';
import { OracleGuest } from './guest.js';
import type { OracleMachine } from './machines.js';
import { minimise } from './minimise.js';
import { Random } from './random.js';
import { answerText, checkText } from './report.js';

/** What a campaign came to. */
export interface DomainCampaignResult {
  readonly steps: number;
  readonly asked: number;
  readonly failure: DomainFailure | undefined;
}

/** The step at which the sides do not agree, and what was done before. */
export interface DomainFailure {
  /** The numbers of the steps that were made, the wrong one last. */
  readonly steps: readonly number[];
  readonly texts: readonly string[];
  readonly result: StepResult;
}

/** What to run. */
export interface DomainCampaignOptions {
  readonly seed: number;
  readonly steps: number;
  /** False: the guest does no TLB maintenance. */
  readonly maintains?: boolean;
}

/** Runs the steps with these numbers in a world of their own, until one goes wrong. */
async function runSteps(
  machine: OracleMachine,
  image: ElfImage,
  { seed, maintains = true }: DomainCampaignOptions,
  numbers: Iterable<number>,
): Promise<DomainCampaignResult> {
  const guest = await OracleGuest.start(machine, image);
  try {
    const world = new DomainWorld(guest, maintains);
    const steps: number[] = [];
    const texts: string[] = [];
    let asked = 0;
    for (const number of numbers) {
      const result = await world.step(new Random(seedOf(seed, number)));
      steps.push(number);
      texts.push(result.text);
      asked += result.asked;
      if (result.wrong !== undefined || result.violations.length > 0) {
        return { steps: steps.length, asked, failure: { steps, texts, result } };
      }
    }
    return { steps: steps.length, asked, failure: undefined };
  } finally {
    await guest.stop();
  }
}

/** Runs a campaign on a guest of its own. */
export function runDomainCampaign(
  machine: OracleMachine,
  image: ElfImage,
  options: DomainCampaignOptions,
): Promise<DomainCampaignResult> {
  return runSteps(machine, image, options, Array(options.steps).keys());
}

/** The fewest steps that go wrong. */
export async function shrinkDomainFailure(
  machine: OracleMachine,
  image: ElfImage,
  options: DomainCampaignOptions,
  failure: DomainFailure,
): Promise<DomainFailure> {
  let best = failure;
  await minimise(failure.steps, async (fewer) => {
    const again = await runSteps(machine, image, options, fewer);
    if (again.failure !== undefined) best = again.failure;
    return again.failure !== undefined;
  });
  return best;
}

/** A failure in words. */
export function describeDomainFailure(machine: OracleMachine, failure: DomainFailure): string {
  const { steps, texts, result } = failure;
  const lines = [`on ${machine.machine}, ${machine.profile.name}, under tables of our own kernel`];
  for (const [index, text] of texts.entries()) lines.push(`  step ${steps[index]}: ${text}`);
  for (const violation of result.violations) lines.push(`  our strict TLB: ${violation}`);
  const { wrong } = result;
  if (wrong === undefined) return lines.join('\n');
  const { line, got } = wrong;
  lines.push(`  ${line.check === undefined ? line.routine : checkText(line.check)}`);
  lines.push(`  QEMU:     ${answerText(got)}`);
  for (const right of line.right) lines.push(`  expected: ${answerText(right)}`);
  return lines.join('\n');
}
