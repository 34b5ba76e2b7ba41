/**
 * Timing by batches: a case times many operations at once, again and again, and says how long one of
 * them took in each batch. The median of the batches is the figure; other work on the machine shows
 * in the 99th percentile, not in it.
 */

/**
 * What a figure counts: `ns` for one operation, unless the name says per page; bytes; or VM-PUPs, faults
 * served in a millisecond, of which more is better.
 */
type Unit = 'ns' | 'bytes' | 'vm-pup';

/** One case: its name, what a figure counts, and how to take a sample. */
export interface Case {
  readonly name: string;
  readonly unit: Unit;
  readonly samples: number;
  /** Prepares, and answers a function that takes one sample. Throws {@link Unavailable}. */
  prepare(): () => number;
}

/** This machine lacks what a case needs; the message says what would be right. */
export class Unavailable extends Error {}

/** What a case gave. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly median: number;
  readonly min: number;
  readonly p99: number;
}

/** Takes the samples of a case: a third of them first to warm the compiler up, and then all of them. */
export function takeSamples({ samples, prepare }: Case): number[] {
  const sample = prepare();
  for (let warm = 0; warm < samples / 3; warm += 1) sample();
  return Array.from({ length: samples }, sample);
}

/** What the samples of a case say together. */
export function figureOf({ name, unit }: Case, samples: readonly number[]): Figure {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))];
  return { name, unit, median: at(0.5), min: at(0), p99: at(0.99) };
}

/** Nanoseconds that `work` takes, divided by how many operations it is. */
export function nanosecondsPer(operations: number, work: () => void): number {
  const begin = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - begin) / operations;
}

/** The numbers from 0 up to `count` in a random order that the seed fixes. */
export function shuffled(count: number, seed = 1): Int32Array {
  const numbers = Int32Array.from({ length: count }, (_, index) => index);
  let state = seed;
  for (let index = count - 1; index > 0; index -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (index + 1));
    const number = numbers[index];
    numbers[index] = numbers[other];
    numbers[other] = number;
  }
  return numbers;
}
