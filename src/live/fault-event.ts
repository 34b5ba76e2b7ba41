/** What a fault came to, for whoever watches. */
import type { AbortInfo } from '../machine/index.js';
import type { LiveProgram } from './live-program.js';

/** How a fault was answered. */
export type FaultAnswer =
  /** A page of zeros. */
  | 'zeros'
  /** The page was read from the executable. */
  | 'loaded'
  /** The page came back from where evicted pages are. */
  | 'brought back'
  /** The page was copied before it was written. */
  | 'copied'
  /** A page that was there may be written from now on. */
  | 'made writable'
  /** A page that was there was mapped again. */
  | 'mapped'
  /** Nobody resolved it. */
  | 'fatal';

/** One fault. */
export interface FaultEvent {
  readonly program: LiveProgram;
  /** Of this program, from 1 on. */
  readonly number: number;
  readonly abort: AbortInfo;
  /** The instruction that faulted. */
  readonly pc: number;
  readonly answer: FaultAnswer;
  /** The region, and how far into it the address is. */
  readonly region: string | undefined;
  readonly offset: number;
  /** Where the page is now; undefined where nobody resolved the fault. */
  readonly pa: number | undefined;
  readonly stackGrew: boolean;
  /** Pages that had to go for it. */
  readonly evicted: number;
  readonly microseconds: number;
}

/** What is counted of a program before and after a fault. */
export interface FaultCounts {
  readonly pages: number;
  readonly admitted: number;
  readonly evicted: number;
  readonly reads: number;
  readonly stackBytes: number;
}

/** The counts of a program now. */
export function countsOf(program: LiveProgram): FaultCounts {
  const { pager, store } = program.parts;
  return {
    pages: program.domain.pool.usedPages,
    admitted: pager?.counts.admitted ?? 0,
    evicted: pager?.counts.evicted ?? 0,
    reads: store.reads,
    stackBytes: program.stackBytes,
  };
}

/** How the fault between two counts was answered, in a region of an object of that kind. */
export function answerOf(
  before: FaultCounts,
  after: FaultCounts,
  abort: AbortInfo,
  kind: string | undefined,
): FaultAnswer {
  const isNew = after.pages > before.pages || after.admitted > before.admitted;
  if (after.reads > before.reads) return 'brought back';
  if (!isNew)
    return abort.write && abort.meaning.name === 'permission' ? 'made writable' : 'mapped';
  if (abort.write && (abort.meaning.name === 'permission' || kind === 'copy-on-write'))
    return 'copied';
  return kind === 'file' ? 'loaded' : 'zeros';
}
