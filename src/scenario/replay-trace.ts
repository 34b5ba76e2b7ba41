/**
 * Replays a trace through page replacement policies with so many frames, and counts what each would
 * have done: misses, evictions, pages written back, and the time that it takes.
 */
import { VmError } from '../base/index.js';
import { clock, fifo, lfu, opt, type PolicyKind, random, secondChance } from '../domain/index.js';
import { LruStack, MOST_STACK_SIZES } from './lru-stack.js';
import {
  type ChunkStore,
  findNextUses,
  MemoryChunks,
  type ReferenceTrace,
} from './reference-trace.js';
import { type MissCount, PolicySimulation, type Simulation } from './simulation.js';

/** The policies of a replay, in the order in which tables list them. */
export const REPLAY_POLICIES = [
  'opt',
  'lru',
  'clock',
  'second-chance',
  'fifo',
  'lfu',
  'random',
] as const;
/** One of {@link REPLAY_POLICIES}. */
export type ReplayPolicyName = (typeof REPLAY_POLICIES)[number];

/** What the parts of a reference take, in nanoseconds. */
export interface ReferenceTimes {
  /** The access itself, which every reference makes. */
  readonly accessNs: number;
  /** Bringing a page in, for each miss. */
  readonly readNs: number;
  /** Writing a page back that was changed, before its frame is used again. */
  readonly writeNs: number;
}

/** Memory, and a solid-state disk behind it. */
export const USUAL_TIMES: ReferenceTimes = { accessNs: 100, readNs: 100_000, writeNs: 100_000 };

/** What is to be replayed. */
export interface ReplayPlan {
  readonly policies: readonly ReplayPolicyName[];
  /** Numbers of frames; `auto` for {@link automaticFrames}. */
  readonly frames: readonly (number | 'auto')[];
  /** For the policy `random`; 1 if not said. */
  readonly seed?: number;
  readonly times?: ReferenceTimes;
  /** Where the next uses for OPT are kept; in memory if not said. */
  readonly nextUses?: ChunkStore;
}

/** What one policy with so many frames did. */
export interface ReplayRow {
  readonly policy: ReplayPolicyName;
  readonly frames: number;
  readonly references: number;
  readonly misses: number;
  readonly missRatio: number;
  /** Pages that had to leave for another one. */
  readonly evictions: number;
  /** Evicted pages that had been written to. */
  readonly writeBacks: number;
  /** The time of all references, and of one on average. */
  readonly totalNs: number;
  readonly nsPerReference: number;
}

/** How far a replay is: `done` of `total` chunks. */
export interface ReplayProgress {
  readonly done: number;
  readonly total: number;
}

/** Frames of the largest memory that is replayed. */
export const MOST_FRAMES = 2 ** 24;
/** Policies times sizes of one replay. */
const MOST_ROWS = 4096;
/** Bytes that the simulations may take that run side by side. */
const SIDE_BY_SIDE_BYTES = 256 * 2 ** 20;
/** How many doublings `auto` makes at most. */
const MOST_DOUBLINGS = 12;

/**
 * Sizes that show how misses fall: powers of two below the number of pages, twelve at most, and the
 * number itself, where nothing but the first use of each page misses.
 */
export function automaticFrames(pages: number): number[] {
  const sizes = [pages];
  let size = 2 ** (Math.ceil(Math.log2(Math.max(pages, 2))) - 1);
  for (; size >= 1 && sizes.length <= MOST_DOUBLINGS; size /= 2) {
    if (size < pages) sizes.unshift(size);
  }
  return sizes;
}

/**
 * Replays `trace` through each policy with each number of frames, rows in this order. Yields now and
 * then how far it is, so that whoever calls can do something else meanwhile.
 * Errors: `TRACE_ERR_EMPTY`; `TRACE_ERR_LIMIT` more rows than a replay takes; `USAGE_ERR` a number of
 * frames that is none; what the stores throw.
 */
export function* replayTrace(
  trace: ReferenceTrace,
  plan: ReplayPlan,
): Generator<ReplayProgress, ReplayRow[]> {
  if (trace.references === 0) throw new VmError('TRACE_ERR_EMPTY', 'there is nothing to replay');
  const sizes = sizesOf(plan.frames, trace.pages);
  const policies = [...new Set(plan.policies)];
  if (sizes.length * policies.length > MOST_ROWS) {
    const message = `${policies.length} policies with ${sizes.length} sizes are more than ${MOST_ROWS} rows`;
    throw new VmError('TRACE_ERR_LIMIT', message);
  }
  const needsFuture = policies.includes('opt');
  const simulations = policies.flatMap((policy) => simulationsOf(policy, sizes, trace, plan));
  const groups = grouped(simulations);
  const total = trace.chunks * (groups.length + (needsFuture ? 1 : 0));
  let done = 0;
  const nextUses = needsFuture ? (plan.nextUses ?? new MemoryChunks()) : undefined;
  if (nextUses !== undefined) {
    for (done of findNextUses(trace, nextUses)) yield { done, total };
  }
  const counts = new Map<string, MissCount>();
  for (const group of groups) {
    const running = group.map(({ start }) => start());
    const future = group.some(({ policy }) => policy === 'opt') ? nextUses : undefined;
    for (let chunk = 0; chunk < trace.chunks; chunk += 1) {
      const uses = future?.read(chunk);
      const runs = trace.store.read(chunk);
      for (const each of running) each.feed(runs, uses);
      done += 1;
      yield { done, total };
    }
    for (const [index, each] of running.entries()) {
      const { policy } = group[index] as PlannedSimulation;
      for (const count of each.counts()) counts.set(`${policy} ${count.frames}`, count);
    }
  }
  return policies.flatMap((policy) =>
    sizes.map((frames) => {
      const count = counts.get(`${policy} ${frames}`) as MissCount;
      return rowOf(policy, trace.references, count, plan.times ?? USUAL_TIMES);
    }),
  );
}

/** A simulation that is not begun yet. */
interface PlannedSimulation {
  readonly policy: ReplayPolicyName;
  readonly bytes: number;
  start(): Simulation;
}

function sizesOf(frames: ReplayPlan['frames'], pages: number): number[] {
  const sizes = frames.flatMap((size) => (size === 'auto' ? automaticFrames(pages) : size));
  for (const size of sizes) {
    if (Number.isInteger(size) && size >= 1 && size <= MOST_FRAMES) continue;
    const most = MOST_FRAMES.toLocaleString('en');
    throw new VmError('USAGE_ERR', `${size} is no number of frames: 1 to ${most} may be`);
  }
  return [...new Set(sizes)].sort((left, right) => left - right);
}

/** Bytes of a page and of a frame in a simulation, policies' own records included. */
const PAGE_STATE_BYTES = 4;
const FRAME_STATE_BYTES = 32;
const STACK_STATE_BYTES = 14;

function simulationsOf(
  policy: ReplayPolicyName,
  sizes: readonly number[],
  { pages }: ReferenceTrace,
  { seed }: ReplayPlan,
): PlannedSimulation[] {
  if (policy === 'lru') {
    return chunked(sizes, MOST_STACK_SIZES).map((part) => ({
      policy,
      bytes: pages * STACK_STATE_BYTES,
      start: () => new LruStack(part, pages),
    }));
  }
  return sizes.map((frames) => ({
    policy,
    bytes: pages * PAGE_STATE_BYTES + Math.min(frames, pages) * FRAME_STATE_BYTES,
    start: () => startPolicy(policy, frames, pages, seed ?? 1),
  }));
}

function chunked<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}

/** Simulations in groups that fit side by side. */
function grouped(simulations: readonly PlannedSimulation[]): PlannedSimulation[][] {
  const groups: PlannedSimulation[][] = [];
  let room = 0;
  for (const each of simulations) {
    if (each.bytes > room) {
      groups.push([]);
      room = SIDE_BY_SIDE_BYTES;
    }
    groups.at(-1)?.push(each);
    room -= each.bytes;
  }
  return groups;
}

/** A policy with one number of frames, for who feeds it a trace of `pages` pages bit by bit. */
export function startSimulation(
  policy: ReplayPolicyName,
  frames: number,
  pages: number,
  seed = 1,
): Simulation {
  return policy === 'lru'
    ? new LruStack([frames], pages)
    : startPolicy(policy, frames, pages, seed);
}

function startPolicy(
  policy: Exclude<ReplayPolicyName, 'lru'>,
  frames: number,
  pages: number,
  seed: number,
): Simulation {
  if (policy !== 'opt') return new PolicySimulation(KINDS[policy](seed), frames, pages);
  const future = { nextUse: 0 };
  return new PolicySimulation(opt(future), frames, pages, future);
}

/** Those that need no future. */
const KINDS: Readonly<
  Record<Exclude<ReplayPolicyName, 'opt' | 'lru'>, (seed: number) => PolicyKind>
> = {
  clock: () => clock,
  'second-chance': () => secondChance,
  fifo: () => fifo,
  lfu: () => lfu(),
  random,
};

function rowOf(
  policy: ReplayPolicyName,
  references: number,
  { frames, misses, evictions, writeBacks }: MissCount,
  { accessNs, readNs, writeNs }: ReferenceTimes,
): ReplayRow {
  const totalNs = references * accessNs + misses * readNs + writeBacks * writeNs;
  return {
    policy,
    frames,
    references,
    misses,
    missRatio: misses / references,
    evictions,
    writeBacks,
    totalNs,
    nsPerReference: totalNs / references,
  };
}
