import { describe, expect, it } from 'vitest';
import { COST_NAMES, Cost, CostCounters } from '../../src/machine/index.js';

describe('cost counters', () => {
  it('have a place of their own for each count', () => {
    expect(COST_NAMES.map((name) => Cost[name])).toEqual(COST_NAMES.map((_, index) => index));
    expect(new CostCounters().values).toHaveLength(COST_NAMES.length);
  });

  it('give the counts by name, those that are kept aside among them', () => {
    const counters = new CostCounters();
    counters.values[Cost.BARRIERS] = 2;
    counters.hits.tlbHits += 5;
    counters.walks += 3;
    counters.walksPastTlb += 1;
    counters.walkReads += 6;
    const counts = counters.snapshot();
    expect(counts).toMatchObject({ BARRIERS: 2, TLB_HITS: 5, WALKS: 3, WALK_READS: 6 });
    expect(counts.TLB_MISSES).toBe(2);
    expect(counters.snapshot()).toEqual(counts);
    counters.hits.tlbHits += 1;
    expect(counters.values[Cost.TLB_HITS]).toBe(6);
  });

  it('go back to 0', () => {
    const counters = new CostCounters();
    counters.values[Cost.FAULTS] = 9;
    counters.walks = 4;
    counters.reset();
    expect(Object.values(counters.snapshot()).every((count) => count === 0)).toBe(true);
  });
});
