import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fifo, lru, opt } from '../../src/domain/index.js';
import {
  automaticFrames,
  MemoryChunks,
  REPLAY_POLICIES,
  type ReferenceTrace,
  type ReplayPlan,
  type ReplayPolicyName,
  type ReplayRow,
  replayTrace,
  TraceBuilder,
  traceOfPages,
} from '../../src/scenario/index.js';
import { PolicySimulation } from '../../src/scenario/simulation.js';
import { errorOf } from '../support/errors.js';
import { naiveReplay, type Use } from '../support/naive-replay.js';

/** The rows of a replay, run to its end. */
function rowsOf(trace: ReferenceTrace, plan: ReplayPlan): ReplayRow[] {
  const replay = replayTrace(trace, plan);
  for (;;) {
    const step = replay.next();
    if (step.done === true) return step.value;
  }
}

/** The misses of one policy on a reference string, for each number of frames. */
function misses(
  string: readonly number[],
  policy: ReplayPolicyName,
  ...frames: readonly number[]
): number[] {
  return rowsOf(traceOfPages(string), { policies: [policy], frames }).map((row) => row.misses);
}

function traceOf(uses: readonly Use[]): ReferenceTrace {
  const builder = new TraceBuilder();
  for (const { page, write } of uses) builder.add(page, write ? 1 : 0);
  return builder.finish();
}

const uses = fc.array(fc.record({ page: fc.nat(11), write: fc.boolean() }), {
  minLength: 1,
  maxLength: 250,
});
const SEED = { seed: 20_261_126, numRuns: 300 };

describe('published results', () => {
  // Belady, Nelson and Shedler, "An Anomaly in Space-Time Characteristics of Certain Programs
  // Running in a Paging Machine", CACM 12 (1969).
  test('Belady’s anomaly: more frames, more faults, under FIFO only', () => {
    const string = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
    expect(misses(string, 'fifo', 3, 4)).toEqual([9, 10]);
    expect(misses(string, 'lru', 3, 4)).toEqual([10, 8]);
    expect(misses(string, 'opt', 3, 4)).toEqual([7, 6]);
  });

  // Silberschatz, Galvin and Gagne, "Operating System Concepts", chapter "Virtual Memory",
  // section "Page Replacement".
  test('the reference string of Silberschatz, Galvin and Gagne, three frames', () => {
    const string = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
    expect(misses(string, 'fifo', 3)).toEqual([15]);
    expect(misses(string, 'opt', 3)).toEqual([9]);
    expect(misses(string, 'lru', 3)).toEqual([12]);
  });

  // Arpaci-Dusseau and Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 22, the
  // traces of its figures: hit rates of 54.5 % (OPT), 36.4 % (FIFO) and 54.5 % (LRU) of 11.
  test('the traced example of OSTEP', () => {
    const string = [0, 1, 2, 0, 1, 3, 0, 3, 1, 2, 1];
    expect(misses(string, 'opt', 3)).toEqual([5]);
    expect(misses(string, 'fifo', 3)).toEqual([7]);
    expect(misses(string, 'lru', 3)).toEqual([5]);
  });

  // OSTEP, chapter 22, homework 2: the worst stream for a cache of five pages is a loop over six, and
  // one more page of cache makes up for it. By hand: FIFO and LRU throw out just what comes next.
  test('the homework of OSTEP: a loop of one page too many', () => {
    const loop = Array.from({ length: 60 }, (_, index) => index % 6);
    expect(misses(loop, 'fifo', 5, 6)).toEqual([60, 6]);
    expect(misses(loop, 'lru', 5, 6)).toEqual([60, 6]);
    // OPT keeps four of the loop for good: after the six first uses one in five misses.
    expect(misses(loop, 'opt', 5, 6)).toEqual([16, 6]);
  });

  // Tanenbaum and Bos, "Modern Operating Systems", chapter 3, exercise: FIFO 6, LRU 7.
  test('the exercise of Tanenbaum and Bos, four frames', () => {
    const string = [0, 1, 7, 2, 3, 2, 7, 1, 0, 3];
    expect(misses(string, 'fifo', 4)).toEqual([6]);
    expect(misses(string, 'lru', 4)).toEqual([7]);
  });

  // By hand. CLOCK, three frames: 1 2 3 come in with their bits set; 4 finds all set, clears them
  // and takes the place of 1, the hand on 2; 2 is used, so that 5 spares it and drives 3 out.
  test('CLOCK and second chance by hand', () => {
    expect(misses([1, 2, 3, 4, 2, 5, 3], 'clock', 3)).toEqual([6]);
    expect(misses([1, 2, 3, 4, 2, 5, 2], 'clock', 3)).toEqual([5]);
    // Second chance: 1 was used twice and goes to the end of the queue, 2 goes.
    expect(misses([1, 1, 2, 3, 4, 1], 'second-chance', 3)).toEqual([4]);
    expect(misses([1, 2, 3, 4, 1], 'second-chance', 3)).toEqual([5]);
    // LFU: 1 has two uses, 2 is the older of the others.
    expect(misses([1, 2, 3, 1, 4, 2, 1], 'lfu', 3)).toEqual([5]);
  });
});

describe('against a naive simulation', () => {
  for (const policy of ['fifo', 'clock', 'second-chance', 'lru', 'lfu'] as const) {
    test(`${policy}: misses, evictions and pages written back`, () => {
      fc.assert(
        fc.property(uses, fc.integer({ min: 1, max: 9 }), (string, frames) => {
          const [row] = rowsOf(traceOf(string), { policies: [policy], frames: [frames] });
          const { misses: missed, evictions, writeBacks } = row as ReplayRow;
          expect({ missed, evictions, writeBacks }).toEqual(naiveReplay(string, frames, policy));
        }),
        SEED,
      );
    });
  }

  test('opt: misses, of which no policy has fewer', () => {
    fc.assert(
      fc.property(uses, fc.integer({ min: 1, max: 9 }), (string, frames) => {
        const rows = rowsOf(traceOf(string), {
          policies: REPLAY_POLICIES,
          frames: [frames],
          seed: 3,
        });
        const best = naiveReplay(string, frames, 'opt').missed;
        expect(rows[0]).toMatchObject({ policy: 'opt', misses: best });
        for (const row of rows) {
          expect(row.misses).toBeGreaterThanOrEqual(best);
          expect(row.evictions).toBe(
            row.misses - Math.min(frames, new Set(string.map((use) => use.page)).size),
          );
          expect(row.writeBacks).toBeLessThanOrEqual(row.evictions);
        }
      }),
      SEED,
    );
  });

  test('lru with many sizes at once is lru with each of them', () => {
    fc.assert(
      fc.property(uses, (string) => {
        const trace = traceOf(string);
        const sizes = [1, 2, 3, 4, 5, 7, 9, 11, 12, 13];
        const rows = rowsOf(trace, { policies: ['lru'], frames: sizes });
        const each = sizes.map((frames) => {
          const alone = new PolicySimulation(lru(), frames, trace.pages);
          for (let chunk = 0; chunk < trace.chunks; chunk += 1) {
            alone.feed(trace.store.read(chunk), undefined);
          }
          return alone.counts()[0];
        });
        expect(rows).toMatchObject(each);
      }),
      SEED,
    );
  });

  test('more sizes than one stack takes', () => {
    const string = Array.from({ length: 500 }, (_, index) => (index * index) % 97);
    const sizes = Array.from({ length: 70 }, (_, index) => index + 1);
    const alone = sizes.map((frames) => misses(string, 'lru', frames)[0]);
    expect(misses(string, 'lru', ...sizes)).toEqual(alone);
  });
});

test('random: the seed decides, and every frame has its turn', () => {
  const string = Array.from({ length: 400 }, (_, index) => (index * 7) % 13);
  const run = (seed: number): ReplayRow[] =>
    rowsOf(traceOfPages(string), { policies: ['random'], frames: [5], seed });
  expect(run(1)).toEqual(run(1));
  const counts = new Set([1, 2, 3, 4, 5].map((seed) => run(seed)[0]?.misses));
  expect(counts.size).toBeGreaterThan(1);
});

test('a long run on one page counts each reference, for LFU too', () => {
  // Page 1 has 1000 uses, so that the 300 of page 2 do not drive it out.
  const string = [...Array(1000).fill(1), ...Array(300).fill(2), 3, 1];
  const trace = traceOfPages(string);
  expect(trace).toMatchObject({ references: 1302, pages: 3, runs: 8 + 3 + 1 + 1 });
  expect(misses(string, 'lfu', 2)).toEqual([3]);
});

test('the time of a replay is that of its parts', () => {
  const builder = new TraceBuilder();
  for (const [page, kind] of [
    [1, 1],
    [2, 0],
    [1, 0],
  ] as const)
    builder.add(page, kind);
  const times = { accessNs: 1, readNs: 10, writeNs: 1000 };
  const [row] = rowsOf(builder.finish(), { policies: ['fifo'], frames: [1], times });
  expect(row).toEqual({
    policy: 'fifo',
    frames: 1,
    references: 3,
    misses: 3,
    missRatio: 1,
    evictions: 2,
    writeBacks: 1,
    totalNs: 3 + 30 + 1000,
    nsPerReference: 1033 / 3,
  });
});

test('auto sizes double up to the number of pages', () => {
  expect(automaticFrames(1)).toEqual([1]);
  expect(automaticFrames(5)).toEqual([1, 2, 4, 5]);
  expect(automaticFrames(8)).toEqual([1, 2, 4, 8]);
  const many = automaticFrames(1_000_000);
  expect(many).toHaveLength(13);
  expect(many.slice(0, 2)).toEqual([256, 512]);
  expect(many.slice(-2)).toEqual([524_288, 1_000_000]);
});

test('sizes are sorted, and asked for once', () => {
  const rows = rowsOf(traceOfPages([1, 2, 3, 1]), {
    policies: ['fifo', 'fifo'],
    frames: [3, 'auto', 1, 100],
  });
  expect(rows.map(({ frames }) => frames)).toEqual([1, 2, 3, 100]);
});

test('what cannot be replayed is named', () => {
  const trace = traceOfPages([1, 2]);
  const failure = (plan: ReplayPlan, of = trace): string => errorOf(() => rowsOf(of, plan)).code;
  expect(failure({ policies: ['fifo'], frames: [0] })).toBe('USAGE_ERR');
  expect(failure({ policies: ['fifo'], frames: [2 ** 25] })).toBe('USAGE_ERR');
  expect(failure({ policies: ['fifo'], frames: [1] }, traceOfPages([]))).toBe('TRACE_ERR_EMPTY');
  const sizes = Array.from({ length: 5000 }, (_, index) => index + 1);
  expect(failure({ policies: ['fifo'], frames: sizes })).toBe('TRACE_ERR_LIMIT');
});

test('a trace of many chunks is one trace, forwards and backwards', () => {
  const builder = new TraceBuilder(new MemoryChunks());
  const numbers = new Map<number, number>();
  const numberOf = (page: number): number => {
    if (!numbers.has(page)) numbers.set(page, numbers.size);
    return numbers.get(page) as number;
  };
  const string = Array.from({ length: 200_000 }, (_, index) => (index * 31 + (index >> 9)) % 1000);
  for (const page of string) builder.add(page, 0);
  const trace = builder.finish();
  expect(trace.chunks).toBe(4);
  const progress = [...replayTrace(trace, { policies: ['opt', 'fifo'], frames: [100] })];
  expect(progress.at(-1)).toEqual({ done: 8, total: 8 });
  const rows = rowsOf(trace, { policies: ['opt', 'fifo', 'lru'], frames: [100] });
  // The same in one piece, with the next uses found another way.
  const runs = Uint32Array.from(string, (page) => numberOf(page) << 8);
  const last = new Map<number, number>();
  const nextUses = new Uint32Array(string.length);
  for (let index = string.length - 1; index >= 0; index -= 1) {
    const page = string[index] as number;
    nextUses[index] = last.get(page) ?? 2 ** 32 - 1;
    last.set(page, index);
  }
  const future = { nextUse: 0 };
  const whole = [
    new PolicySimulation(opt(future), 100, 1000, future),
    new PolicySimulation(fifo, 100, 1000),
    new PolicySimulation(lru(), 100, 1000),
  ];
  for (const each of whole) each.feed(runs, nextUses);
  expect(rows).toMatchObject(whole.map((each) => each.counts()[0]));
});
