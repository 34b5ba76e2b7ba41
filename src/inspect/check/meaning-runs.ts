/**
 * Neighbouring regions that mean the same, as one run, scattered over memory or not: a space of a
 * million scattered pages is one run, so that every rule can look at all of them.
 */

import type { Meaning } from '../leaf-meaning.js';
import type { Regions } from '../regions.js';

/** A run: its first region, its pages, and what they mean. */
export interface Run {
  readonly region: number;
  readonly page: number;
  readonly pages: number;
  readonly meaning: Meaning;
}

/** The runs of a space. */
export class MeaningRuns {
  private readonly regions: Regions;
  /** The first region of each run. */
  private readonly firsts: Uint32Array;

  constructor(regions: Regions) {
    this.regions = regions;
    const { meaningOf, count } = regions;
    let runs = 0;
    const firsts = new Uint32Array(count);
    for (let region = 0; region < count; region++) {
      if (region === 0 || meaningOf[region] !== meaningOf[region - 1]) firsts[runs++] = region;
    }
    this.firsts = firsts.subarray(0, runs);
  }

  /** The runs whose meaning `fits`. */
  *that(fits: (meaning: Meaning) => boolean): Generator<Run> {
    const { regions, firsts } = this;
    for (let index = 0; index < firsts.length; index++) {
      const region = firsts[index] as number;
      const meaning = regions.meaningOf[region] as number;
      if (!fits(meaning)) continue;
      const page = regions.pages[region] as number;
      const last = (firsts[index + 1] ?? regions.count) - 1;
      const end = (regions.pages[last] as number) + (regions.lengths[last] as number);
      yield { region, page, pages: end - page, meaning };
    }
  }
}
