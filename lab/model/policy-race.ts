/** Replacement policies on one trace: the curve of their misses over frames, and how they race. */

import {
  automaticFrames,
  findNextUses,
  MemoryChunks,
  REPLAY_POLICIES,
  type ReferenceTrace,
  type ReplayPolicyName,
  type ReplayRow,
  repeatsOfRun,
  replayTrace,
  startSimulation,
  TraceBuilder,
  TraceReader,
} from '../../src/scenario/index.js';
import type { LabSession } from '../engine/lab-session.js';

/** A trace with what the policies make of it. */
export interface PolicyStudy {
  readonly name: string;
  readonly trace: ReferenceTrace;
  /** Numbers of frames, ascending. */
  readonly sizes: readonly number[];
  readonly rows: readonly ReplayRow[];
}

/** Up to so many pages, every number of frames is replayed. */
const MOST_EVERY = 40;
const SLICE_MILLISECONDS = 12;

/** Replays `trace` through every policy, with the page free in between. */
export async function studyOf(
  name: string,
  trace: ReferenceTrace,
  onProgress: (done: number, all: number) => void,
): Promise<PolicyStudy> {
  const sizes =
    trace.pages <= MOST_EVERY
      ? Array.from({ length: trace.pages }, (_, index) => index + 1)
      : automaticFrames(trace.pages);
  const replay = replayTrace(trace, { policies: REPLAY_POLICIES, frames: sizes });
  let since = performance.now();
  for (;;) {
    const next = replay.next();
    if (next.done === true) return { name, trace, sizes, rows: next.value };
    if (performance.now() - since < SLICE_MILLISECONDS) continue;
    onProgress(next.value.done, next.value.total);
    await new Promise((resume) => setTimeout(resume));
    since = performance.now();
  }
}

const PIECE_BYTES = 2 ** 20;

/**
 * The trace in `text`.
 *
 * Errors: TRACE_ERR_SYNTAX, TRACE_ERR_LIMIT, TRACE_ERR_EMPTY — as `TraceReader` has them.
 */
export async function traceOfText(name: string, text: string): Promise<ReferenceTrace> {
  const reader = new TraceReader({ name });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    reader.push(bytes.subarray(at, at + PIECE_BYTES));
    await new Promise((resume) => setTimeout(resume));
  }
  return reader.finish();
}

/** The accesses that a machine has recorded, as a trace; undefined where there are none. */
export function traceOfSession(session: LabSession): ReferenceTrace | undefined {
  const builder = new TraceBuilder();
  for (let index = 0; index < session.eventCount; index += 1) {
    const { kind, fields } = session.event(index);
    if (kind === 'ACCESS')
      builder.add(Math.floor((fields['va'] ?? 0) / 4096), kindOf(fields['access'] ?? 0));
  }
  return builder.references === 0 ? undefined : builder.finish();
}

/** The place in REFERENCE_KINDS of an access: privileged or user, read, write, fetch. */
function kindOf(access: number): number {
  return access % 3;
}

/** How the misses of each policy grow along a trace. */
export interface PolicyRace {
  readonly frames: number;
  /** References at each point; the first is 0, the last all. */
  readonly references: readonly number[];
  readonly misses: Readonly<Record<ReplayPolicyName, readonly number[]>>;
}

/** Points of a race. */
const POINTS = 120;
/** Runs of the longest trace that is raced: more of them take too long beside a slider. */
const MOST_RACED_RUNS = 2 ** 18;

/** The race with so many frames; undefined for a trace that is too long. */
export function raceOf({ trace }: PolicyStudy, frames: number): PolicyRace | undefined {
  if (trace.runs > MOST_RACED_RUNS) return undefined;
  const uses = new MemoryChunks();
  for (const _ of findNextUses(trace, uses));
  const pieces = piecesOf(trace);
  const references = [0];
  for (const { repeats } of pieces) references.push((references.at(-1) ?? 0) + repeats);
  const misses = Object.fromEntries(
    REPLAY_POLICIES.map((policy) => {
      const simulation = startSimulation(policy, frames, trace.pages);
      const counts = [0];
      for (const { chunk, from, end } of pieces) {
        const future = policy === 'opt' ? uses.read(chunk).subarray(from, end) : undefined;
        simulation.feed(trace.store.read(chunk).subarray(from, end), future);
        counts.push(simulation.counts()[0]?.misses ?? 0);
      }
      return [policy, counts];
    }),
  ) as unknown as PolicyRace['misses'];
  return { frames, references, misses };
}

interface Piece {
  readonly chunk: number;
  readonly from: number;
  readonly end: number;
  readonly repeats: number;
}

/** The trace in about {@link POINTS} parts. */
function piecesOf(trace: ReferenceTrace): Piece[] {
  const length = Math.max(1, Math.ceil(trace.runs / POINTS));
  const pieces: Piece[] = [];
  for (let chunk = 0; chunk < trace.chunks; chunk += 1) {
    const runs = trace.store.read(chunk);
    for (let from = 0; from < runs.length; from += length) {
      const end = Math.min(runs.length, from + length);
      let repeats = 0;
      for (let at = from; at < end; at += 1) repeats += repeatsOfRun(runs[at] as number);
      pieces.push({ chunk, from, end, repeats });
    }
  }
  return pieces;
}
