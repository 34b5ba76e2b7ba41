import { describe, expect, it } from 'vitest';
import {
  describeDomainFailure,
  runDomainCampaign,
  shrinkDomainFailure,
} from './domain-campaign.js';
import { buildGuest } from './guest-image.js';
import { ORACLE_MACHINES, seedFor } from './machines.js';
import { SKIPS, title } from './tools.js';

const STEPS = 60;
const SEED = 20_261_122;

describe.skipIf(SKIPS).each(ORACLE_MACHINES)(
  title('tables of our own kernel on $cpu, $machine'),
  (machine) => {
    it('mean the same to QEMU while they change', async () => {
      const image = buildGuest();
      const options = { seed: seedFor(machine, SEED), steps: STEPS };
      const { failure, asked } = await runDomainCampaign(machine, image, options);
      if (failure !== undefined) {
        const least = await shrinkDomainFailure(machine, image, options, failure);
        expect.fail(describeDomainFailure(machine, least));
      }
      expect(asked).toBeGreaterThan(STEPS * 40);
    });
  },
);

describe.skipIf(SKIPS)(title('TLB maintenance that is owed and left out'), () => {
  it('is found, and cut down to the operations that show it', async () => {
    const image = buildGuest();
    const [machine] = ORACLE_MACHINES;
    const options = { seed: SEED, steps: STEPS, maintains: false };
    const { failure } = await runDomainCampaign(machine, image, options);
    expect(failure).toBeDefined();
    if (failure === undefined) return;
    const least = await shrinkDomainFailure(machine, image, options, failure);
    expect(least.steps.length).toBeLessThanOrEqual(3);
    expect(describeDomainFailure(machine, least)).toMatch(/ {2}QEMU: +0x/);
  });
});
