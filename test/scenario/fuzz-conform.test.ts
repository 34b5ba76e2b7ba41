import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { replayLine } from '../../src/scenario/index.js';

const LINES = ['directed', 'directed_env', 'defects-directed'].flatMap((name) =>
  gunzipSync(readFileSync(`test/fixtures/vectors/${name}.jsonl.gz`))
    .toString()
    .trim()
    .split('\n'),
);
const SEED = 20261122;

/** Words that stand in operations, and numbers that may stand there instead. */
const WORDS = [
  'map',
  'unmap',
  'modify',
  'lookup',
  'inject',
  'vregion',
  'serialise',
  'determine_addr',
  'determine_addr_raw',
  '0x0',
  '-1',
  '1.5',
  '0x7ffff000',
  '0x80000000',
  '0xffffffff',
  '0x100000000',
  '1e300',
  'type=null',
  'type=dev',
  'x',
  '',
];

/** A vector of which some operations say something else. */
const brokenVector = fc
  .tuple(
    fc.constantFrom(...LINES),
    fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(...WORDS)), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([line, edits]) => {
    const vector = JSON.parse(line) as { ops: string[] };
    for (const [operation, place, word] of edits) {
      const at = operation % vector.ops.length;
      const words = (vector.ops[at] ?? '').split(' ');
      words[place % words.length] = word;
      vector.ops[at] = words.join(' ');
    }
    return JSON.stringify(vector);
  });

/** A line with some characters changed. */
const brokenLine = fc
  .tuple(
    fc.constantFrom(...LINES),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(8),
    fc.constantFrom('', '"', '{', '[', 'null', '9', '-', ',', ':', ' '),
  )
  .map(([line, at, cut, put]) => {
    const from = Math.floor(at * line.length);
    return line.slice(0, from) + put + line.slice(from + cut);
  });

it.each([
  ['operations', brokenVector],
  ['characters', brokenLine],
])('a vector with other %s is replayed, or refused by name', (_, lines) => {
  let replayed = 0;
  fc.assert(
    fc.property(lines, (line) => {
      try {
        replayLine(line, 'fuzz:1');
        replayed += 1;
      } catch (error) {
        if (!(error instanceof VmError)) throw error;
        expect(error.code).toBe('CONFORM_ERR_VECTOR');
      }
    }),
    { numRuns: 300, seed: SEED },
  );
  expect(replayed).toBeGreaterThan(5);
});
