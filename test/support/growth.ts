/** How work grows with its input: a relation inside one run, so that a loaded machine changes nothing. */

/** The processor time of this process for `work`, the least of some runs, in microseconds. */
function leastTime(work: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const start = process.cpuUsage();
    work();
    return process.cpuUsage(start).user;
  });
  return Math.min(...times);
}

/** Work of less than this is not worth an exponent: the clock is too coarse. */
const NOTHING_MICROSECONDS = 20_000;
const SIZE = 25_000;

/**
 * The exponent with which `work` grows from an input of one size to one eight times as large: about 1
 * where each part of the input is looked at so many times, 2 where each part is held against all.
 */
export function growthOf(work: (size: number) => void): number {
  work(SIZE);
  const small = leastTime(() => work(SIZE));
  const large = leastTime(() => work(8 * SIZE));
  return Math.log2(Math.max(large, 1) / Math.max(small, NOTHING_MICROSECONDS / 8)) / 3;
}
