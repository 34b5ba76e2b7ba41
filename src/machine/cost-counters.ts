/**
 * What an operation costs on real hardware, counted rather than timed.
 */

/** The place of each count in {@link CostCounters.values}. */
export const Cost = {
  /** Words written into translation tables. */
  ENTRY_WRITES: 0,
  /** Table walks. */
  WALKS: 1,
  /** Words that walks read from tables. */
  WALK_READS: 2,
  TLB_HITS: 3,
  TLB_MISSES: 4,
  /** TLB maintenance operations, of any scope. */
  TLB_MAINTENANCE: 5,
  /** DSB and ISB. */
  BARRIERS: 6,
  /** Invocations and other capability operations. */
  CAPABILITY_OPERATIONS: 7,
  /** Translation tables made. */
  TABLE_ALLOCATIONS: 8,
  /** Aborts that an access took. */
  FAULTS: 9,
} as const;

/** The name of a count. */
export type CostName = keyof typeof Cost;

/** The name of each count, at its place. */
export const COST_NAMES = Object.keys(Cost) as readonly CostName[];

/** One set of counts. The hot paths hold `values` and add to their place in it. */
export class CostCounters {
  private readonly counts = new Float64Array(COST_NAMES.length);

  // What a translation, or mapping a page, counts is kept in plain numbers until somebody reads `values`: adding to an
  // array element would take a fifth of the time of a TLB hit.
  /** Who counts TLB hits: the MMU, in a field of its own, since even the way here takes its time. */
  hits: { tlbHits: number } = { tlbHits: 0 };
  walks = 0;
  walkReads = 0;
  /** Those of {@link walks} that were not made for a TLB miss. */
  walksPastTlb = 0;
  maintenance = 0;
  entryWrites = 0;
  /** Mappings of small pages that were made: each an invocation and a barrier. */
  pageMaps = 0;
  /** Mappings of one page that were removed: each an invocation, an entry written, and two barriers. */
  pageUnmaps = 0;
  /** Those of {@link pageUnmaps} that owed no maintenance, and so no barriers. */
  unflushed = 0;

  /** The counts, at the places of {@link Cost}. Ask again for what the TLB and walks have counted. */
  get values(): Float64Array {
    const { counts } = this;
    counts[Cost.TLB_HITS] += this.hits.tlbHits;
    counts[Cost.TLB_MISSES] += this.walks - this.walksPastTlb;
    counts[Cost.WALKS] += this.walks;
    counts[Cost.WALK_READS] += this.walkReads;
    counts[Cost.TLB_MAINTENANCE] += this.maintenance;
    counts[Cost.ENTRY_WRITES] += this.entryWrites + this.pageUnmaps;
    counts[Cost.BARRIERS] += this.pageMaps + 2 * (this.pageUnmaps - this.unflushed);
    counts[Cost.CAPABILITY_OPERATIONS] += this.pageMaps + this.pageUnmaps;
    this.maintenance = 0;
    this.entryWrites = 0;
    this.pageMaps = 0;
    this.pageUnmaps = 0;
    this.unflushed = 0;
    this.hits.tlbHits = 0;
    this.walks = 0;
    this.walkReads = 0;
    this.walksPastTlb = 0;
    return counts;
  }

  /** Sets every count to 0. */
  reset(): void {
    this.values.fill(0);
  }

  /** The counts by name, as they are now. */
  snapshot(): Record<CostName, number> {
    const { values } = this;
    const counts = {} as Record<CostName, number>;
    for (const name of COST_NAMES) counts[name] = values[Cost[name]];
    return counts;
  }
}
