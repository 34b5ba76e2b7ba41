import type { ModelPolicy } from './model-space.js';
import { ModelWorld } from './model-world.js';
import { Random } from './random.js';

/** The four combinations of leaf choice and attributes. */
export const MODEL_POLICIES: readonly ModelPolicy[] = [
  { leaves: 'largest', attributes: 'default' },
  { leaves: 'largest', attributes: 'original' },
  { leaves: 'original', attributes: 'default' },
  { leaves: 'original', attributes: 'original' },
];

/** How many of the last operations a failure shows. */
const SHOWN = 25;

/**
 * Runs one world for so many operations; answers how many capability objects are left over. A failure
 * names seed and operation, and shows what led to it: the same seed leads there again.
 */
export function runModel(seed: number, policy: ModelPolicy, operations: number): number {
  const world = new ModelWorld(new Random(seed), policy);
  const before = world.countObjects();
  let operation = 0;
  try {
    for (; operation < operations; operation += 1) {
      world.step();
      if (operation % 50 === 49) world.checkAll();
    }
    world.end();
  } catch (error) {
    const { message } = error as Error;
    const where = `seed ${seed}, ${policy.leaves} leaves, ${policy.attributes} attributes, operation ${operation}`;
    const last = world.log.slice(-SHOWN).join('\n  ');
    throw new Error(`${where}: ${message}\n  ${last}`, { cause: error });
  }
  return world.countObjects() - before;
}
