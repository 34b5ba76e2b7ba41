import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clock,
  fifo,
  lfu,
  lru,
  opt,
  random,
  replayReferences,
  secondChance,
} from '../../src/domain/index.js';

const misses = (
  references: readonly number[],
  kind: Parameters<typeof replayReferences>[1],
  frames: number,
): number => replayReferences(references, kind, frames).misses;

test('Belady’s anomaly: more frames, more faults, under FIFO only', () => {
  const string = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
  expect([3, 4].map((frames) => misses(string, fifo, frames))).toEqual([9, 10]);
  expect([3, 4].map((frames) => misses(string, lru(), frames))).toEqual([10, 8]);
  expect([3, 4].map((frames) => misses(string, opt(string), frames))).toEqual([7, 6]);
});

test('the reference string of Silberschatz, Galvin and Gagne, three frames', () => {
  const string = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
  expect([fifo, opt(string), lru()].map((kind) => misses(string, kind, 3))).toEqual([15, 9, 12]);
});

test('no policy beats OPT, LRU has no anomaly, and the naive simulations agree', () => {
  const strings = fc.array(fc.nat(9), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(strings, fc.integer({ min: 1, max: 8 }), (string, frames) => {
      const best = misses(string, opt(string), frames);
      for (const kind of [fifo, clock, secondChance, lru(), lfu(), random(3)]) {
        expect(misses(string, kind, frames)).toBeGreaterThanOrEqual(best);
      }
      expect(misses(string, lru(), frames)).toBe(naive(string, frames, 'lru'));
      expect(misses(string, fifo, frames)).toBe(naive(string, frames, 'fifo'));
      expect(misses(string, lru(), frames + 1)).toBeLessThanOrEqual(misses(string, lru(), frames));
    }),
    { seed: 9, numRuns: 200 },
  );
});

/** The queue as a list that is searched from the start. */
function naive(string: readonly number[], frames: number, policy: 'lru' | 'fifo'): number {
  const queue: number[] = [];
  let count = 0;
  for (const page of string) {
    const at = queue.indexOf(page);
    if (at < 0) {
      count += 1;
      if (queue.length === frames) queue.shift();
      queue.push(page);
    } else if (policy === 'lru') {
      queue.splice(at, 1);
      queue.push(page);
    }
  }
  return count;
}
