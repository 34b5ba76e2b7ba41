import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabSession } from '../../../lab/engine/lab-session.js';
import { raceOf, studyOf, traceOfSession, traceOfText } from '../../../lab/model/policy-race.js';
import { tlbHeat } from '../../../lab/model/tlb-heat.js';
import { traceOfPages } from '../../../src/scenario/index.js';
import { rejectionOf } from '../../support/errors.js';

const quiet = (): void => {};

describe('policies on a trace', () => {
  it('race to what the curve says, at every number of frames', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { minLength: 1, maxLength: 400 }), async (pages) => {
        const study = await studyOf('random', traceOfPages(pages), quiet);
        expect(study.sizes.at(-1)).toBe(new Set(pages).size);
        for (const frames of study.sizes) {
          const race = raceOf(study, frames);
          expect(race?.references.at(-1)).toBe(pages.length);
          for (const row of study.rows.filter((each) => each.frames === frames)) {
            const misses = race?.misses[row.policy] ?? [];
            expect(misses.at(-1)).toBe(row.misses);
            expect(misses.toSorted((left, right) => left - right)).toEqual(misses);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("show Belady's anomaly", async () => {
    const text = readFileSync('examples/traces/belady.txt', 'utf8');
    const { rows } = await studyOf('belady', await traceOfText('belady', text), quiet);
    const misses = (frames: number): number | undefined =>
      rows.find((row) => row.policy === 'fifo' && row.frames === frames)?.misses;
    expect([misses(3), misses(4)]).toEqual([9, 10]);
    expect((await rejectionOf(traceOfText('empty', '# nothing\n'))).code).toBe('TRACE_ERR_EMPTY');
  });
});

describe('what a machine did', () => {
  it('is a trace of its accesses, and its heat counts every use', () => {
    const session = new LabSession(readFileSync('lab/lessons/sections.yaml', 'utf8'));
    session.finish();
    expect(traceOfSession(session)).toMatchObject({ references: 2048, pages: 2048 });
    const heat = tlbHeat(session);
    const { costs } = session.at(session.lastMoment);
    const sum = (counts: Uint32Array | undefined): number =>
      (counts ?? new Uint32Array()).reduce((all, each) => all + each, 0);
    expect(sum(heat?.hits)).toBe(costs.TLB_HITS);
    expect(sum(heat?.misses)).toBe(costs.TLB_MISSES);
    expect(sum(heat?.faults)).toBe(costs.FAULTS);
    const idle = new LabSession('domains: [ { name: a } ]\n');
    expect([traceOfSession(idle), tlbHeat(idle)]).toEqual([undefined, undefined]);
  });
});
