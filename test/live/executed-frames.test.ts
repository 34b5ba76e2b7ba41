import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExecutedFrames } from '../../src/live/executed-frames.js';

describe('frames that code was executed in', () => {
  it('have to be rewritten once after they were written', () => {
    const frames = new ExecutedFrames();
    frames.noteWritten(0x4000_0000, 4096);
    frames.noteMapped(0x4_0000, 2);
    expect(frames.anyStale).toBe(false);
    frames.noteWritten(0x4000_0ffc, 8);
    frames.noteWritten(0x4000_5000, 4096);
    expect(frames.anyStale).toBe(true);
    expect(frames.take()).toEqual([{ frame: 0x4_0000, count: 2 }]);
    expect(frames.take()).toEqual([]);
    frames.noteWritten(0x4000_1000, 1);
    expect(frames.take()).toEqual([{ frame: 0x4_0001, count: 1 }]);
  });

  it('are asked for in few runs that hold all of them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(20_000), { maxLength: 400 }), (numbers) => {
        const frames = new ExecutedFrames();
        for (const number of numbers) frames.noteMapped(number, 1);
        for (const number of numbers) frames.noteWritten(number * 4096, 4);
        const runs = frames.take();
        expect(runs.length).toBeLessThanOrEqual(64);
        for (const { count } of runs) expect(count).toBeLessThanOrEqual(4096);
        const held = (number: number): boolean =>
          runs.some(({ frame, count }) => number >= frame && number < frame + count);
        expect(numbers.filter((number) => !held(number))).toEqual([]);
        if (numbers.length <= 64) {
          expect(runs.reduce((sum, { count }) => sum + count, 0)).toBe(numbers.length);
        }
      }),
      { seed: 9, numRuns: 100 },
    );
  });
});
