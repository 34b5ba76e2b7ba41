import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cortexA9 } from '../../src/format/index.js';
import { runCampaign } from './campaign.js';
import { OracleGuest } from './guest.js';
import { buildGuest } from './guest-image.js';
import { ORACLE_MACHINES, type OracleMachine } from './machines.js';
import { Model } from './model.js';
import { describe as inWords } from './report.js';
import { shrink } from './shrink.js';
import { SKIPS, title } from './tools.js';

const machine = ORACLE_MACHINES.find(({ cpu, hasEl3 }) => cpu === 'a15' && !hasEl3);

describe.skipIf(SKIPS)(title('a disagreement'), () => {
  let guest: OracleGuest;

  beforeAll(async () => {
    guest = await OracleGuest.start(machine as OracleMachine, buildGuest());
  });

  afterAll(async () => {
    await guest?.stop();
  });

  it('is found and cut down to the words that matter', async () => {
    // A processor without PXN: its model must disagree with a Cortex-A15.
    const model = new Model(guest.machine, { profile: { ...cortexA9, hasVirtualization: true } });
    const { failure } = await runCampaign(guest, model, { seed: 7, tables: 20, checks: 500 });
    expect(failure).toBeDefined();
    if (failure === undefined) return;
    const reproducer = await shrink(guest, model, failure.situation, failure.checks);
    expect(reproducer).toBeDefined();
    if (reproducer === undefined) return;
    expect(reproducer.checks).toHaveLength(1);
    const words = reproducer.situation.tables.filter((word) => word !== 0);
    expect(words.length).toBeLessThanOrEqual(3);
    const text = inWords(guest.machine, reproducer);
    expect(text).toMatch(/^on virt, cortex-a15\n {2}TTBR0 0x/);
    expect(text).toContain('answer, QEMU:');
    expect(text).toContain('answer, expected:');
  });
});
