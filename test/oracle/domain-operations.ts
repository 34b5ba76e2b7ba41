/** Random things that a domain does to its address space. */

import { type CapRef, hex0x, KIB, MIB, OK, VmError } from '../../src/base/index.js';
import { type Domain, VRegionFlags } from '../../src/domain/index.js';
import type { Random } from './random.js';

/** A frame of a domain. */
export interface TestFrame {
  readonly cap: CapRef;
  readonly base: number;
  readonly bytes: number;
}

/** A range that was mapped at some time; parts of it may be gone. */
export interface Extent {
  readonly va: number;
  readonly bytes: number;
}

/** A domain with what the operations know of it. */
export interface Actor {
  readonly domain: Domain;
  readonly frames: TestFrame[];
  readonly extents: Extent[];
}

/** What operations tell of memory that comes and goes. */
export interface FrameWatcher {
  frameMade(frame: TestFrame): void;
  frameGone(frame: TestFrame): void;
}

/** An operation that is about to be done. */
export interface PlannedOperation {
  readonly text: string;
  /** Addresses around which something will change. */
  readonly near: Extent;
  /** Does it. @throws VmError: the domain refuses, and has changed nothing. */
  run(): void;
}

type Maker = (random: Random, actor: Actor, watcher: FrameWatcher) => PlannedOperation | undefined;

/** Blocks of 16 MiB that everything is mapped in, so that things meet. */
const BLOCKS = [0x0100_0000, 0x0200_0000, 0x1000_0000, 0x1100_0000] as const;
const MOST_FRAMES = 16;

const { READ, WRITE, EXECUTE, NOCACHE, WRITE_COMBINING, GUARD, LARGE, HUGE } = VRegionFlags;

/** How often each operation is chosen. */
const OPERATION_MAKERS: readonly (readonly [number, Maker])[] = [
  [30, mapNew],
  [10, mapAgain],
  [14, unmap],
  [22, protect],
  [10, split],
  [9, promote],
  [5, freeFrame],
];

/** A random operation for a domain. */
export function planOperation(
  random: Random,
  actor: Actor,
  watcher: FrameWatcher,
): PlannedOperation {
  while (true) {
    const planned = random.weighted(OPERATION_MAKERS)(random, actor, watcher);
    if (planned !== undefined) return planned;
  }
}

function randomFlags(random: Random): number {
  const rights = random.pick([READ, READ | WRITE, READ | WRITE | EXECUTE, READ | EXECUTE, EXECUTE]);
  const memory = random.weighted([
    [8, 0],
    [1, NOCACHE],
    [1, WRITE_COMBINING],
  ]);
  return rights | memory | (random.chance(6) ? GUARD : 0);
}

function leafFlags(random: Random): number {
  return random.pick([0, 0, LARGE, LARGE | HUGE, LARGE | HUGE]);
}

function place(random: Random, bytes: number): number {
  const whole = bytes >= 16 * MIB ? 16 * MIB : bytes >= MIB ? MIB : 64 * KIB;
  const step = random.pick([4 * KIB, 64 * KIB, whole, whole]);
  return random.pick(BLOCKS) + Math.floor(random.below(16 * MIB) / step) * step;
}

function mapNew(random: Random, actor: Actor, watcher: FrameWatcher): PlannedOperation | undefined {
  if (actor.frames.length >= MOST_FRAMES) return undefined;
  const bytes = random.weighted([
    [30, 4 * KIB * (1 + random.below(20))],
    [25, 64 * KIB * (1 + random.below(3))],
    [25, MIB],
    [8, 2 * MIB],
    [2, 16 * MIB],
  ]);
  const va = place(random, bytes);
  const flags = randomFlags(random) | leafFlags(random);
  const text = `map ${hex0x(bytes)} at ${hex0x(va)}, flags ${hex0x(flags)}`;
  const run = (): void => {
    const frame = makeFrame(actor, bytes);
    watcher.frameMade(frame);
    map(actor, frame, 0, { va, bytes }, flags);
  };
  return { text, near: { va, bytes }, run };
}

function makeFrame({ domain, frames }: Actor, bytes: number): TestFrame {
  const cap = domain.allocateFrame(bytes);
  const error = domain.invocations.identifyFrame(cap);
  if (error !== OK) throw VmError.from(error, 'the new frame cannot be identified');
  const frame = { cap, base: domain.invocations.identity.base, bytes };
  frames.push(frame);
  return frame;
}

function map(
  { domain, extents }: Actor,
  frame: TestFrame,
  offset: number,
  extent: Extent,
  flags: number,
): void {
  domain.pmap.map(extent.va, frame.cap, offset, extent.bytes, flags);
  extents.push(extent);
}

function mapAgain(random: Random, actor: Actor): PlannedOperation | undefined {
  if (actor.frames.length === 0) return undefined;
  const frame = random.pick(actor.frames);
  const offset = random.below(frame.bytes / 4096) * 4096;
  const bytes = 4096 * (1 + random.below((frame.bytes - offset) / 4096));
  const va = place(random, bytes);
  const flags = randomFlags(random) | leafFlags(random);
  const text = `map ${hex0x(bytes)} of the frame at ${hex0x(frame.base)} at ${hex0x(va)}`;
  const run = (): void => map(actor, frame, offset, { va, bytes }, flags);
  return { text, near: { va, bytes }, run };
}

function unmap(random: Random, actor: Actor): PlannedOperation | undefined {
  if (actor.extents.length === 0) return undefined;
  const index = random.below(actor.extents.length);
  const near = actor.extents[index] as Extent;
  const text = `unmap ${hex0x(near.bytes)} at ${hex0x(near.va)}`;
  const run = (): void => {
    actor.extents.splice(index, 1);
    actor.domain.pmap.unmap(near.va, near.bytes);
  };
  return { text, near, run };
}

function protect(random: Random, actor: Actor): PlannedOperation | undefined {
  if (actor.extents.length === 0) return undefined;
  const { va, bytes } = random.pick(actor.extents);
  const pages = bytes / 4096;
  const first = random.chance(50) ? 0 : random.below(pages);
  const count = random.chance(50) ? pages - first : 1 + random.below(pages - first);
  const near = { va: va + first * 4096, bytes: count * 4096 };
  const flags = randomFlags(random);
  const text = `protect ${hex0x(near.bytes)} at ${hex0x(near.va)}, flags ${hex0x(flags)}`;
  return { text, near, run: () => actor.domain.pmap.modifyFlags(near.va, near.bytes, flags) };
}

function split(random: Random, actor: Actor): PlannedOperation | undefined {
  if (actor.extents.length === 0) return undefined;
  const near = random.pick(actor.extents);
  const va = near.va + random.below(near.bytes / 4096) * 4096;
  const run = (): void => actor.domain.pmap.split(va);
  return { text: `split at ${hex0x(va)}`, near, run };
}

function promote(random: Random, actor: Actor): PlannedOperation | undefined {
  const large = actor.extents.filter(({ bytes }) => bytes >= 64 * KIB);
  if (large.length === 0) return undefined;
  const near = random.pick(large);
  const fitting = [64 * KIB, MIB, 16 * MIB].filter((bytes) => bytes <= near.bytes);
  const bytes = random.pick(fitting);
  const va = near.va + Math.floor(random.below(near.bytes) / bytes) * bytes;
  const text = `promote at ${hex0x(va)} to ${hex0x(bytes)}`;
  return { text, near, run: () => actor.domain.pmap.promote(va, bytes) };
}

function freeFrame(
  random: Random,
  actor: Actor,
  watcher: FrameWatcher,
): PlannedOperation | undefined {
  if (actor.frames.length === 0) return undefined;
  const index = random.below(actor.frames.length);
  const frame = actor.frames[index] as TestFrame;
  const near = random.pick(
    actor.extents.length > 0 ? actor.extents : [{ va: BLOCKS[0], bytes: MIB }],
  );
  const run = (): void => {
    watcher.frameGone(frame);
    actor.frames.splice(index, 1);
    actor.domain.freeFrame(frame.cap);
  };
  return { text: `free the frame at ${hex0x(frame.base)}`, near, run };
}
