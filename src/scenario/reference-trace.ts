/**
 * The references of a trace as a replay needs them: pages by number, in the order of their use, what
 * follows on the same page joined. Four bytes a run, in chunks that may lie elsewhere than in memory:
 *
 *     bits 31..8   the page's number (see `PageNumbers`)
 *     bit  7       whether one of the references writes
 *     bits 6..0    how many references they are, less one
 */
import { VmError } from '../base/index.js';
import { PageNumbers } from './page-numbers.js';

/** What a reference does; a modification reads and then writes. */
export const REFERENCE_KINDS = ['read', 'write', 'fetch', 'modify'] as const;
/** One of {@link REFERENCE_KINDS}. */
export type ReferenceKind = (typeof REFERENCE_KINDS)[number];

/** Runs of one chunk. */
export const CHUNK_RUNS = 2 ** 16;
/** References of the longest run. */
const MOST_REPEATS = 128;
const COUNT_MASK = MOST_REPEATS - 1;
const WRITE_BIT = 1 << 7;
const PAGE_SHIFT = 8;
/** Pages that a trace may use. */
const MOST_PAGES = 2 ** 24;
/** Runs that a trace may have: their places are words too, and the last word stands for "never". */
const MOST_RUNS = 2 ** 32 - 1;

/** Whether a reference of each kind writes. */
const WRITES: readonly boolean[] = REFERENCE_KINDS.map(
  (kind) => kind === 'write' || kind === 'modify',
);

export const pageOfRun = (run: number): number => run >>> PAGE_SHIFT;
export const writesOfRun = (run: number): boolean => (run & WRITE_BIT) !== 0;
export const repeatsOfRun = (run: number): number => (run & COUNT_MASK) + 1;

/** Where chunks of words are kept. */
export interface ChunkStore {
  /** Keeps a copy of the words of chunk `index`; chunks come in any order. */
  write(index: number, words: Uint32Array): void;
  /** The words of chunk `index`, which are only looked at, and only until the next call. */
  read(index: number): Uint32Array;
}

/** Chunks in memory. */
export class MemoryChunks implements ChunkStore {
  private readonly chunks: Uint32Array[] = [];

  write(index: number, words: Uint32Array): void {
    this.chunks[index] = words.slice();
  }

  read(index: number): Uint32Array {
    return this.chunks[index] ?? new Uint32Array();
  }
}

/** A trace, ready to be replayed. */
export interface ReferenceTrace {
  readonly references: number;
  /** How many references there are of each kind. */
  readonly kinds: Readonly<Record<ReferenceKind, number>>;
  /** How many pages are used. */
  readonly pages: number;
  readonly runs: number;
  readonly chunks: number;
  readonly store: ChunkStore;
}

/** Makes a trace of references. */
export class TraceBuilder {
  private readonly store: ChunkStore;
  private readonly numbers = new PageNumbers();
  private readonly kinds = new Float64Array(REFERENCE_KINDS.length);
  private readonly words = new Uint32Array(CHUNK_RUNS);
  private used = 0;
  private chunks = 0;
  /** The run that may still grow; no page for none. */
  private page = -1;
  private number = 0;
  private writes = 0;
  private repeats = 0;

  constructor(store: ChunkStore = new MemoryChunks()) {
    this.store = store;
  }

  /** How many references there are so far. */
  get references(): number {
    return this.kinds.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Adds a reference to `page`, an integer from 0 below 2^53; `kind` is a place in
   * {@link REFERENCE_KINDS}.
   * Error: `TRACE_ERR_LIMIT` more pages or runs than a replay takes.
   */
  add(page: number, kind: number): void {
    this.kinds[kind] = (this.kinds[kind] as number) + 1;
    const writes = WRITES[kind] === true ? WRITE_BIT : 0;
    if (page === this.page && this.repeats < MOST_REPEATS) {
      this.writes |= writes;
      this.repeats += 1;
      return;
    }
    if (this.repeats > 0) this.putRun();
    if (page !== this.page) this.number = this.numbers.of(page);
    this.page = page;
    this.writes = writes;
    this.repeats = 1;
  }

  /** The trace of what was added. Error: as {@link add}. */
  finish(): ReferenceTrace {
    if (this.repeats > 0) this.putRun();
    const runs = this.chunks * CHUNK_RUNS + this.used;
    if (this.used > 0) this.putChunk();
    return {
      references: this.references,
      kinds: Object.fromEntries(
        REFERENCE_KINDS.map((kind, index) => [kind, this.kinds[index] as number]),
      ) as Record<ReferenceKind, number>,
      pages: this.numbers.count,
      runs,
      chunks: this.chunks,
      store: this.store,
    };
  }

  private putRun(): void {
    this.words[this.used] = (this.number << PAGE_SHIFT) | this.writes | (this.repeats - 1);
    this.used += 1;
    this.repeats = 0;
    if (this.used === CHUNK_RUNS) this.putChunk();
  }

  private putChunk(): void {
    if (this.numbers.count > MOST_PAGES) {
      throw new VmError(
        'TRACE_ERR_LIMIT',
        `the trace uses more than ${MOST_PAGES.toLocaleString('en')} pages; larger pages make it fewer`,
      );
    }
    if (this.chunks * CHUNK_RUNS + this.used >= MOST_RUNS) {
      const most = MOST_RUNS.toLocaleString('en');
      throw new VmError('TRACE_ERR_LIMIT', `the trace changes the page more than ${most} times`);
    }
    this.store.write(this.chunks, this.words.subarray(0, this.used));
    this.chunks += 1;
    this.used = 0;
  }
}

/** The trace of reads of `pages`, such as a reference string from a textbook. */
export function traceOfPages(pages: Iterable<number>): ReferenceTrace {
  const builder = new TraceBuilder();
  for (const page of pages) builder.add(page, 0);
  return builder.finish();
}

/** The word for "never again" among the next uses. */
export const NEVER = 2 ** 32 - 1;

/**
 * For each run the place of the next one on the same page, from 0, or {@link NEVER}: what OPT has to
 * know. The trace is gone through from its end. Yields how many chunks are done.
 */
export function* findNextUses(trace: ReferenceTrace, into: ChunkStore): Generator<number> {
  const upcoming = new Uint32Array(trace.pages).fill(NEVER);
  const uses = new Uint32Array(CHUNK_RUNS);
  for (let chunk = trace.chunks - 1; chunk >= 0; chunk -= 1) {
    const runs = trace.store.read(chunk);
    const first = chunk * CHUNK_RUNS;
    for (let index = runs.length - 1; index >= 0; index -= 1) {
      const page = pageOfRun(runs[index] as number);
      uses[index] = upcoming[page] as number;
      upcoming[page] = first + index;
    }
    into.write(chunk, uses.subarray(0, runs.length));
    yield trace.chunks - chunk;
  }
}
