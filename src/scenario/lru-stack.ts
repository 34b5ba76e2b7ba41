/**
 * LRU with many numbers of frames at once. Under LRU the pages in a smaller memory are also in each
 * larger one (Mattson, Gecsei, Slutz and Traiger, "Evaluation Techniques for Storage Hierarchies",
 * 1970): all of them are the top of one stack of pages, most recently used first. Where each size
 * ends is marked, so that a use costs one step for each mark that its page lay below, and not one for
 * each page.
 *
 *     most recent                                                least recent
 *     [ p q ] [ r s ] [ t u v w ] [ x y …
 *      level 0  level 1   level 2    beyond
 *           ^2      ^4          ^8             the marks of 2, 4 and 8 frames
 *
 * A page that the mark of a size passes leaves that memory; a bit for each size says whether it has
 * to be written back then.
 */
import { pageOfRun, writesOfRun } from './reference-trace.js';
import type { MissCount, Simulation } from './simulation.js';

/** Sizes of one stack: a bit each in a word. */
export const MOST_STACK_SIZES = 32;

const NONE = -1;
/** LRU at work with several numbers of frames. */
export class LruStack implements Simulation {
  /** Numbers of frames, smallest first. */
  private readonly sizes: readonly number[];
  /** The stack as a list: which page was used after and before each. */
  private readonly newer: Int32Array;
  private readonly older: Int32Array;
  private top = NONE;
  private bottom = NONE;
  /** How many pages were used. */
  private depth = 0;
  /** By page how many marks lie above it; more than there are for a page that was not used yet. */
  private readonly level: Uint8Array;
  /** By page a bit for each size in whose memory it was changed. */
  private readonly changed: Int32Array;
  /** By size the last page in its memory; none while it is not full. */
  private readonly marks: Int32Array;
  /** How many uses found their page at each level. */
  private readonly usesAt: Float64Array;
  private readonly writeBacks: Float64Array;

  /** Sizes have to be in ascending order, at most {@link MOST_STACK_SIZES}. */
  constructor(sizes: readonly number[], pages: number) {
    this.sizes = sizes;
    this.newer = new Int32Array(pages).fill(NONE);
    this.older = new Int32Array(pages).fill(NONE);
    this.level = new Uint8Array(pages).fill(sizes.length + 1);
    this.changed = new Int32Array(pages);
    this.marks = new Int32Array(sizes.length).fill(NONE);
    this.usesAt = new Float64Array(sizes.length + 2);
    this.writeBacks = new Float64Array(sizes.length);
  }

  feed(runs: Uint32Array): void {
    for (let index = 0; index < runs.length; index += 1) {
      const run = runs[index] as number;
      const page = pageOfRun(run);
      if (page !== this.top) this.use(page);
      if (writesOfRun(run)) this.changed[page] = -1;
    }
  }

  counts(): MissCount[] {
    return this.sizes.map((frames, size) => {
      let misses = 0;
      for (let level = size + 1; level < this.usesAt.length; level += 1) {
        misses += this.usesAt[level] as number;
      }
      const evictions = misses - Math.min(frames, this.depth);
      return { frames, misses, evictions, writeBacks: this.writeBacks[size] as number };
    });
  }

  /** Brings a page that is not on top there. */
  private use(page: number): void {
    const { newer, older, level, marks } = this;
    const found = level[page] as number;
    this.usesAt[found] = (this.usesAt[found] as number) + 1;
    const passed = Math.min(found, marks.length);
    for (let size = 0; size < passed; size += 1) this.raiseMark(size, page);
    if (found < marks.length && marks[found] === page) marks[found] = newer[page] as number;
    if (found <= marks.length) this.unlink(page);
    else this.depth += 1;
    older[page] = this.top;
    newer[page] = NONE;
    if (this.top === NONE) this.bottom = page;
    else newer[this.top] = page;
    this.top = page;
    level[page] = 0;
    if (found > marks.length) this.setMark();
  }

  /** The last page of a full memory leaves it, because `page` comes in on top. */
  private raiseMark(size: number, page: number): void {
    const last = this.marks[size] as number;
    if (last === NONE) return;
    this.level[last] = size + 1;
    const changed = this.changed[last] as number;
    if (((changed >>> size) & 1) !== 0) {
      this.writeBacks[size] = (this.writeBacks[size] as number) + 1;
      this.changed[last] = changed & ~(1 << size);
    }
    const next = this.newer[last] as number;
    this.marks[size] = next === NONE ? page : next;
  }

  private unlink(page: number): void {
    const { newer, older } = this;
    const above = newer[page] as number;
    const below = older[page] as number;
    older[above] = below;
    if (below === NONE) this.bottom = above;
    else newer[below] = above;
  }

  /** Marks the memory that has just become full, if one has. */
  private setMark(): void {
    const size = this.sizes.indexOf(this.depth);
    if (size >= 0) this.marks[size] = this.bottom;
  }
}
