import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCampaign, seedOf } from './campaign.js';
import { generateSituation } from './generate.js';
import { OracleGuest } from './guest.js';
import { buildGuest } from './guest-image.js';
import { ORACLE_MACHINES, seedFor } from './machines.js';
import { Model } from './model.js';
import { Random } from './random.js';
import { describeFailure } from './report.js';
import { sweep, sweepMebibytes } from './sweep.js';
import { SKIPS, title } from './tools.js';

/** Checks of each machine: each processor has 20,000 and more, all of them looked at in full. */
const TABLES = 16;
const CHECKS = { a7: 800, a15: 800, a9: 1600 } as const;
const SEED = 20_261_122;

describe.skipIf(SKIPS).each(ORACLE_MACHINES)(title('$cpu as QEMU $machine has it'), (machine) => {
  let guest: OracleGuest;
  // One model for one guest: both remember what was written.
  const model = new Model(machine);

  beforeAll(async () => {
    guest = await OracleGuest.start(machine, buildGuest());
  });

  afterAll(async () => {
    await guest?.stop();
  });

  it('answers every access and every translation as our machine does', async () => {
    const options = { seed: seedFor(machine, SEED), tables: TABLES, checks: CHECKS[machine.cpu] };
    const result = await runCampaign(guest, model, options);
    if (result.failure !== undefined) {
      expect.fail(await describeFailure(guest, model, result.failure));
    }
    expect(result.real + result.translations).toBe(TABLES * CHECKS[machine.cpu]);
    expect(result.real).toBeGreaterThan(TABLES * CHECKS[machine.cpu] * 0.4);
  });

  it('answers address translation operations on page after page', async () => {
    const random = new Random(seedOf(seedFor(machine, SEED), TABLES));
    let translations = 0;
    for (let table = 0; table < 3; table++) {
      const { situation, mebibytes } = generateSituation(random, machine, 0);
      const swept = mebibytes.slice(0, sweepMebibytes(guest));
      const result = await sweep(guest, model, situation, swept);
      if (result.disagreement !== undefined) {
        const checks = [result.disagreement];
        expect.fail(await describeFailure(guest, model, { situation, checks }));
      }
      translations += result.translations;
    }
    expect(translations).toBe(3 * 31 * 256 * 4);
  });
});
