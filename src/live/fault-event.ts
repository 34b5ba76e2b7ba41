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

/** What is counted before and after a fault. */
export interface FaultCounts {
  /** Pages that came into memory, for whomever. */
  readonly admitted: number;
  /** Pages of all programs. */
  readonly pages: number;
  /** Pages that had to go. */
  readonly evicted: number;
  /** Pages that came back from where evicted ones are. */
  readonly reads: number;
  /** Bytes of the stack of the program. */
  readonly stackBytes: number;
}

/** The counts now, for a fault of `program`, one of `programs`. */
export function countsOf(program: LiveProgram, programs: readonly LiveProgram[]): FaultCounts {
  let [admitted, pages, evicted, reads] = [0, 0, 0, 0];
  for (const { domain, end, parts } of programs) {
    admitted += parts.pager?.counts.admitted ?? 0;
    pages += end === undefined ? domain.pool.usedPages : 0;
    evicted += parts.pager?.counts.evicted ?? 0;
    reads += parts.store.reads;
  }
  return { admitted, pages, evicted, reads, stackBytes: program.stackBytes };
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
