/**
 * `npm run oracle`: asks QEMU's ARM MMU as often as one likes whether it agrees with ours. Exits with
 * 0 when it does, with 1 when it does not, with 2 when it could not be asked.
 */

import type { ElfImage } from '../../src/domain/index.js';
import { type CampaignResult, type Failure, runCampaign, seedOf } from './campaign.js';
import { type OracleCommand, parseCommand, USAGE } from './command-line.js';
import {
  describeDomainFailure,
  runDomainCampaign,
  shrinkDomainFailure,
} from './domain-campaign.js';
import { generateSituation } from './generate.js';
import { OracleGuest } from './guest.js';
import { buildGuest, missingTools } from './guest-image.js';
import { ORACLE_MACHINES, type OracleMachine, seedFor } from './machines.js';
import { Model } from './model.js';
import { Random } from './random.js';
import { describeFailure } from './report.js';
import { sweep, sweepMebibytes } from './sweep.js';
import { warmUp } from './warm-up.js';

/** In a long campaign one check of so many is looked at in full. */
const FULL_EVERY = 16;
/** One situation of so many is swept by address translation operations. */
const SWEEP_EVERY = 20;
/** For so many situations one operation of a domain of ours is made. */
const SITUATIONS_PER_STEP = 2;

interface Totals {
  checks: number;
  disagreements: number;
}

async function main(): Promise<number> {
  let command: OracleCommand;
  try {
    command = parseCommand(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  const missing = missingTools();
  if (missing !== undefined) {
    console.error(`the oracle needs programs that are not installed: ${missing}`);
    return 2;
  }
  // Aborts of our CPU are thrown by the million.
  Error.stackTraceLimit = 0;
  const image = buildGuest();
  const totals = { checks: 0, disagreements: 0 };
  const { seed, tables, checks } = command;
  console.log(
    `seed ${seed}, ${tables} situations of ${checks} checks; rates are those of warm code`,
  );
  let isWarm = false;
  for (const machine of ORACLE_MACHINES) {
    if (!command.cpus.includes(machine.cpu)) continue;
    const starting = OracleGuest.start(machine, image);
    // The rates are those of compiled code: the first guest starts while ours is compiled.
    if (!isWarm) warmUp(machine, { fullEvery: FULL_EVERY });
    isWarm = true;
    const guest = await starting;
    try {
      await runMachine(guest, command, totals);
    } finally {
      await guest.stop();
    }
    await runDomains(machine, image, command, totals);
  }
  console.log(`${totals.checks} checks, ${totals.disagreements} disagreements`);
  return totals.disagreements === 0 ? 0 : 1;
}

async function runMachine(
  guest: OracleGuest,
  command: OracleCommand,
  totals: Totals,
): Promise<void> {
  const { machine } = guest;
  const seed = seedFor(machine, command.seed);
  const model = new Model(machine, { fullEvery: FULL_EVERY });
  const started = performance.now();
  const result = await runCampaign(guest, model, { ...command, seed });
  const asked = result.real + result.translations;
  const speed = perSecond(asked, started);
  const sweeping = performance.now();
  const swept =
    result.failure === undefined ? await runSweeps(guest, model, seed, command.tables) : NOTHING;
  totals.checks += asked + swept.translations;
  const name = `${machine.profile.name} ${machine.machine}`.padEnd(26);
  console.log(
    `${name} QEMU ${guest.version}  ${result.real} accesses and ${result.translations} ` +
      `translations, ${speed}; ${swept.translations} swept, ${perSecond(swept.translations, sweeping)}`,
  );
  console.log(exceptionText(result));
  const failure = result.failure ?? swept.failure;
  if (failure === undefined) return;
  totals.disagreements += Math.max(1, failure.disagreements.length);
  console.log(await describeFailure(guest, model, failure));
  console.log(again(machine, command));
}

/** Operations of domains of ours, on guests of their own. */
async function runDomains(
  machine: OracleMachine,
  image: ElfImage,
  command: OracleCommand,
  totals: Totals,
): Promise<void> {
  const options = {
    seed: seedFor(machine, command.seed),
    steps: Math.ceil(command.tables / SITUATIONS_PER_STEP),
  };
  const { steps, asked, failure } = await runDomainCampaign(machine, image, options);
  totals.checks += asked;
  console.log(`  under our own kernel: ${steps} operations, ${asked} checks`);
  if (failure === undefined) return;
  totals.disagreements += 1;
  const least = await shrinkDomainFailure(machine, image, options, failure);
  console.log(describeDomainFailure(machine, least));
  console.log(again(machine, command));
}

interface Sweeps {
  readonly translations: number;
  readonly failure: Failure | undefined;
}

const NOTHING: Sweeps = { translations: 0, failure: undefined };

async function runSweeps(
  guest: OracleGuest,
  model: Model,
  seed: number,
  tables: number,
): Promise<Sweeps> {
  let translations = 0;
  let failure: Failure | undefined;
  let pending: Promise<void> = Promise.resolve();
  for (let table = 0; table < tables && failure === undefined; table += SWEEP_EVERY) {
    const random = new Random(seedOf(seed, table));
    const bank = (table / SWEEP_EVERY) % 2;
    const { situation, mebibytes } = generateSituation(random, guest.machine, bank);
    const some = mebibytes.slice(0, sweepMebibytes(guest));
    // The guest has the next list before it is done with the one before.
    const swept = sweep(guest, model, situation, some);
    await pending;
    pending = swept.then(({ disagreement, ...result }) => {
      translations += result.translations;
      if (disagreement === undefined) return;
      failure ??= { table, situation, checks: [disagreement], disagreements: [] };
    });
  }
  await pending;
  return { translations, failure };
}

function exceptionText({ exceptions }: CampaignResult): string {
  const parts = [...exceptions].map(([name, count]) => `${name} ${count}`);
  return `  under named exceptions: ${parts.join(', ') || 'none'}`;
}

function again({ cpu }: OracleMachine, { seed, tables, checks }: OracleCommand): string {
  const options = `--seed ${seed} --tables ${tables} --checks ${checks} --cpu ${cpu}`;
  return `  again: npm run oracle -- ${options}`;
}

function perSecond(count: number, since: number): string {
  const rate = count / ((performance.now() - since) / 1000);
  return `${Math.round(rate)}/s`;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
