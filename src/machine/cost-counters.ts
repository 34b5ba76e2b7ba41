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

/** One set of counts. The hot paths add to `values[Cost.…]` directly. */
export class CostCounters {
  readonly values = new Float64Array(COST_NAMES.length);

  /** Sets every count to 0. */
  reset(): void {
    this.values.fill(0);
  }

  /** The counts by name, as they are now. */
  snapshot(): Record<CostName, number> {
    const counts = {} as Record<CostName, number>;
    for (const name of COST_NAMES) counts[name] = this.values[Cost[name]];
    return counts;
  }
}
