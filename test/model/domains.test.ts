import { describe, expect, test } from 'vitest';
import { MODEL_POLICIES, runModel } from '../support/model-run.js';

const RUNS = 6;
const OPERATIONS = 500;

describe('domains that share frames, against a plain map of pages', () => {
  for (const [index, policy] of MODEL_POLICIES.entries()) {
    for (let run = 0; run < RUNS; run += 1) {
      const seed = 1000 * (index + 1) + run;
      test(`${policy.leaves} leaves, ${policy.attributes} attributes, seed ${seed}`, () => {
        expect(runModel(seed, policy, OPERATIONS)).toBe(0);
      });
    }
  }
});
