import { describe, test } from 'vitest';
import { PagingWorld } from './paging-world.js';
import { Random } from './random.js';

/** How many of the last operations a failure shows. */
const SHOWN = 20;
const READ_EVERY = 40;

/** Runs one world; a failure names the seed and shows what led to it: the same seed leads there again. */
function runPaging(seed: number, accessFlag: boolean, operations: number): void {
  const world = new PagingWorld(new Random(seed), accessFlag);
  let operation = 0;
  try {
    for (; operation < operations; operation += 1) {
      world.step();
      if (operation % READ_EVERY === READ_EVERY - 1) world.readAll();
    }
    world.end();
  } catch (error) {
    const where = `seed ${seed}, access flag ${accessFlag}, operation ${operation}`;
    const last = world.log.slice(-SHOWN).join('\n  ');
    throw new Error(`${where}: ${(error as Error).message}\n  ${last}`, { cause: error });
  }
}

/** Tests of so many worlds of so many operations. */
export function pagingTests(worlds: number, operations: number, firstSeed = 1): void {
  describe('domains that page for themselves, against arrays of bytes', () => {
    for (let seed = firstSeed; seed < firstSeed + worlds; seed += 1) {
      const accessFlag = seed % 2 === 0;
      test(`seed ${seed}, access flag ${accessFlag}, ${operations} operations`, () => {
        runPaging(seed, accessFlag, operations);
      });
    }
  });
}
