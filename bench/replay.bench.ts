/**
 * Replay of traces, in nanoseconds per reference.
 *
 *   replay.<policy>   one policy with one size, everything included: 2^20 references, each to another
 *                     page than the one before, so that nothing is joined. 16,384 pages with the
 *                     skew of a program (half of the references to an eighth of the pages, and so on
 *                     within that), a quarter of them writes, 4,096 frames: 5 % miss under LRU. OPT
 *                     includes finding the next uses
 *   replay.lru12      LRU with twelve sizes from 8 to 16,384 frames in one go, all of them together
 *   replay.lackey     reading what lackey prints into the form that is replayed, per reference: three
 *                     fetches in sequence, and a load or a store
 */
import { SeededRandom } from '../src/base/index.js';
import {
  REPLAY_POLICIES,
  type ReferenceTrace,
  type ReplayPolicyName,
  replayTrace,
  TraceBuilder,
  TraceReader,
} from '../src/scenario/index.js';
import { type Case, nanosecondsPer } from './measure.js';

const REFERENCES = 2 ** 20;
const PAGES = 2 ** 14;
const FRAMES = 2 ** 12;

/** A page: with even chances one of all, or one of an eighth of them, and so on. */
function skewedPage(numbers: SeededRandom): number {
  let range = PAGES;
  while (range > 8 && numbers.bits(1) === 1) range >>= 3;
  return numbers.below(range);
}

function skewedTrace(): ReferenceTrace {
  const numbers = new SeededRandom(7);
  const builder = new TraceBuilder();
  let last = -1;
  for (let made = 0; made < REFERENCES; made += 1) {
    let page = skewedPage(numbers);
    while (page === last) page = skewedPage(numbers);
    builder.add(page, numbers.below(4) === 0 ? 1 : 0);
    last = page;
  }
  return builder.finish();
}

let trace: ReferenceTrace | undefined;

function replayOf(policy: ReplayPolicyName, frames: readonly number[]): () => number {
  trace ??= skewedTrace();
  const references = trace;
  return () =>
    nanosecondsPer(REFERENCES, () => {
      const replay = replayTrace(references, { policies: [policy], frames });
      while (replay.next().done !== true);
    });
}

function lackeyText(references: number): Uint8Array {
  const numbers = new SeededRandom(7);
  const lines: string[] = [];
  let counter = 0x40_1000;
  for (let made = 0; made < references; made += 4) {
    for (let step = 0; step < 3; step += 1) {
      counter += 4;
      lines.push(`I  ${counter.toString(16)},4
`);
    }
    const address = 0x1ff_f000_0000 + skewedPage(numbers) * 4096 + numbers.below(512) * 8;
    lines.push(` ${numbers.bits(1) === 0 ? 'L' : 'S'} ${address.toString(16)},8\n`);
  }
  return new TextEncoder().encode(lines.join(''));
}

function readLackey(): () => number {
  const text = lackeyText(REFERENCES);
  return () =>
    nanosecondsPer(REFERENCES, () => {
      const reader = new TraceReader({ name: 'bench' });
      for (let at = 0; at < text.length; at += 65_536) reader.push(text.subarray(at, at + 65_536));
      reader.finish();
    });
}

const DOUBLINGS = Array.from({ length: 12 }, (_, index) => 8 << index);

export const cases: readonly Case[] = [
  ...REPLAY_POLICIES.map(
    (policy): Case => ({
      name: `replay.${policy}`,
      unit: 'ns',
      samples: 21,
      prepare: () => replayOf(policy, [FRAMES]),
    }),
  ),
  { name: 'replay.lru12', unit: 'ns', samples: 21, prepare: () => replayOf('lru', DOUBLINGS) },
  { name: 'replay.lackey', unit: 'ns', samples: 21, prepare: readLackey },
];
