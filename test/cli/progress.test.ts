import { afterEach, expect, it, vi } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { Progress, progressBar } from '../../src/cli/progress.js';

/** What is written while `tell` is called at each of these milliseconds. */
function written(isTTY: boolean, times: readonly number[]): string {
  let text = '';
  const stream = {
    isTTY,
    columns: 50,
    write: (part: string) => {
      text += part;
    },
  };
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  const progress = new Progress(new Output(stream, 'never', {}));
  for (const time of times) {
    now.mockReturnValue(time);
    progress.tell(() => `at ${time}`);
  }
  progress.end();
  progress.end();
  return text.replaceAll('\r\u001b[K', '|');
}

afterEach(() => vi.restoreAllMocks());

it('is not shown before 300 ms, then now and then, and taken away at the end', () => {
  expect(written(true, [0, 100, 299])).toBe('');
  expect(written(true, [0, 299, 301, 350, 390, 402])).toBe('|at 301|at 402|');
});

it('is not shown where nobody looks', () => {
  expect(written(false, [0, 1000, 2000])).toBe('');
});

it('a bar is full at the end, and never before', () => {
  expect(progressBar(0)).toBe(`[${'.'.repeat(24)}] 0 %`);
  expect(progressBar(0.5)).toBe(`[${'#'.repeat(12)}${'.'.repeat(12)}] 50 %`);
  expect(progressBar(0.999)).toMatch(/ 99 %$/);
  // A file that grows while it is read.
  expect(progressBar(1.2)).toBe(`[${'#'.repeat(24)}] 100 %`);
});
