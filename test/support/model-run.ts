import { describe, expect, test } from 'vitest';
import type { ModelPolicy } from './model-space.js';
import { ModelWorld } from './model-world.js';
import { Random } from './random.js';

/** How many of the last operations a failure shows. */
const SHOWN = 25;
const CHECKS_EVERY = 50;

/**
 * Runs one world for so many operations; answers how many capability objects are left over. A failure
 * names seed and operation, and shows what led to it: the same seed leads there again.
 */
function runModel(seed: number, policy: ModelPolicy, operations: number): number {
  const world = new ModelWorld(new Random(seed), policy);
  const before = world.countObjects();
  let operation = 0;
  try {
    for (; operation < operations; operation += 1) {
      world.step();
      if (operation % CHECKS_EVERY === CHECKS_EVERY - 1) world.checkAll();
    }
    world.end();
  } catch (error) {
    const { message } = error as Error;
    const { leaves, attributes } = policy;
    const where = `seed ${seed}, ${leaves} leaves, ${attributes} attributes, operation ${operation}`;
    const last = world.log.slice(-SHOWN).join('\n  ');
    throw new Error(`${where}: ${message}\n  ${last}`, { cause: error });
  }
  return world.countObjects() - before;
}

/** Tests of one choice of leaves under both attribute policies: so many worlds of so many operations. */
export function modelTests(
  leaves: ModelPolicy['leaves'],
  worlds: number,
  operations: number,
  firstSeed = 1,
): void {
  describe(`domains that share frames, against a plain map of pages: ${leaves} leaves`, () => {
    for (let world = 0; world < worlds; world += 1) {
      const attributes = world % 2 === 0 ? 'default' : 'original';
      const seed = firstSeed + world;
      test(`${attributes} attributes, seed ${seed}, ${operations} operations`, () => {
        expect(runModel(seed, { leaves, attributes }, operations)).toBe(0);
      });
    }
  });
}
