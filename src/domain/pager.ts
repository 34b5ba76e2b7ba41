/**
 * Paging out: a domain lives within a number of frames. When its pool needs one more, a policy names
 * the page that goes; what was written to it is kept in a backing store first.
 *
 * Evicting needs nothing that it would have to wait for: no frame, no record and no slot, only a
 * buffer that is there. So it always ends, however small the budget is.
 */
import { VmError } from '../base/index.js';
import type { BackingStore, PageKeeper, PagePool } from './page-pool.js';
import { PooledObject } from './pooled-object.js';
import type { PolicyKind, ReplacementPolicy } from './replacement.js';

/**
 * The fewest frames that a domain can make progress with: the page of the instruction, and the two pages
 * that its access may cross between.
 */
export const FEWEST_FRAMES = 3;

/** How a domain is paged. */
export interface PagerOptions {
  /** Page frames that it may use at a time. */
  readonly frames: number;
  readonly policy: PolicyKind;
  readonly store: BackingStore;
}

/** What happened so far. */
export interface PagerCounts {
  /** Pages that came into a frame. */
  admitted: number;
  evicted: number;
  /** Uses of resident pages that a fault told of. */
  touched: number;
}

/** Keeps the pool of one domain within its budget. */
export class Pager implements PageKeeper {
  readonly counts: PagerCounts = { admitted: 0, evicted: 0, touched: 0 };
  readonly policyName: string;
  private readonly pool: PagePool;
  private readonly policy: ReplacementPolicy;
  /** The page that came last stays: the access that wanted it has still to be made. */
  private last = -1;

  /**
   * Puts a pager in charge of a pool.
   * Errors: `LIB_ERR_PAGER_BUDGET` fewer than {@link FEWEST_FRAMES}, or so many pages are pinned;
   * `LIB_ERR_PAGER_STORE` when pages have to go at once. The pool has no pager then.
   */
  constructor(pool: PagePool, options: PagerOptions) {
    this.pool = pool;
    this.policyName = options.policy.name;
    const age = (id: number): void => pool.owner(id)?.makeOld(pool.index(id), id);
    this.policy = options.policy.start({ age });
    requireFrames(options.frames);
    pool.store = options.store;
    pool.trackOwners();
    pool.keeper = this;
    for (const owner of pool.allOwners()) {
      if (owner instanceof PooledObject) owner.beginTracking();
    }
    for (let id = 0; id < pool.endPage; id += 1) if (pool.inUse(id)) this.taken(id);
    try {
      this.setFrames(options.frames);
    } catch (error) {
      pool.keeper = undefined;
      throw error;
    }
  }

  /** Changes the budget. Errors: as for the constructor; the budget is the old one then. */
  setFrames(frames: number): void {
    requireFrames(frames);
    while (this.pool.usedPages > frames) this.makeRoom();
    this.pool.budget = frames;
    this.pool.trim();
  }

  makeRoom(): void {
    const { pool } = this;
    const id = this.policy.victim((page) => page !== this.last && pool.pins(page) === 0);
    const owner = id < 0 ? undefined : pool.owner(id);
    if (owner === undefined) {
      throw new VmError(
        'LIB_ERR_PAGER_BUDGET',
        `none of the ${pool.usedPages} pages of ${pool.channels.party.name} may go: they are pinned, ` +
          `or just came; the budget is ${pool.budget} frames`,
      );
    }
    owner.evict(pool.index(id), id);
    this.counts.evicted += 1;
  }

  taken(id: number): void {
    this.counts.admitted += 1;
    this.last = id;
    this.policy.admit(id);
  }

  released(id: number): void {
    if (this.last === id) this.last = -1;
    this.policy.remove(id);
  }

  touched(id: number): void {
    this.counts.touched += 1;
    this.policy.touch(id);
  }
}

function requireFrames(frames: number): void {
  if (Number.isInteger(frames) && frames >= FEWEST_FRAMES) return;
  throw new VmError(
    'LIB_ERR_PAGER_BUDGET',
    `a budget of ${frames} frames; ${FEWEST_FRAMES} are the fewest that every access can be made with`,
  );
}
