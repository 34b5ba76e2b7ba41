/** One replacement policy at work on a trace with one number of frames. */
import type { Future, PolicyKind, ReplacementPolicy } from '../domain/index.js';
import { NEVER, pageOfRun, repeatsOfRun, writesOfRun } from './reference-trace.js';

/** What was counted with so many frames. */
export interface MissCount {
  readonly frames: number;
  readonly misses: number;
  readonly evictions: number;
  readonly writeBacks: number;
}

/** A policy at work on a trace, with one number of frames or with several. */
export interface Simulation {
  /** Replays the runs of the next chunk; `nextUses` is there for OPT. */
  feed(runs: Uint32Array, nextUses: Uint32Array | undefined): void;
  counts(): MissCount[];
}

const NO_FRAME = -1;
const anyFrame = (): boolean => true;

/** Any policy of a domain, with one number of frames. */
export class PolicySimulation implements Simulation {
  private readonly frames: number;
  private readonly policy: ReplacementPolicy;
  private readonly future: { -readonly [Key in keyof Future]: Future[Key] } | undefined;
  /** By page its frame, by frame its page and whether it was written to. */
  private readonly frameOf: Int32Array;
  private readonly pageIn: Int32Array;
  private readonly dirty: Uint8Array;
  private resident = 0;
  private misses = 0;
  private writeBacks = 0;

  constructor(kind: PolicyKind, frames: number, pages: number, future?: { nextUse: number }) {
    this.frames = frames;
    this.policy = kind.start();
    this.future = future;
    this.frameOf = new Int32Array(pages).fill(NO_FRAME);
    this.pageIn = new Int32Array(Math.min(frames, pages));
    this.dirty = new Uint8Array(this.pageIn.length);
  }

  feed(runs: Uint32Array, nextUses: Uint32Array | undefined): void {
    const { policy, future, frameOf, dirty } = this;
    for (let index = 0; index < runs.length; index += 1) {
      const run = runs[index] as number;
      if (future !== undefined && nextUses !== undefined) {
        const next = nextUses[index] as number;
        future.nextUse = next === NEVER ? Number.POSITIVE_INFINITY : next;
      }
      const page = pageOfRun(run);
      let repeats = repeatsOfRun(run);
      let frame = frameOf[page] as number;
      if (frame === NO_FRAME) {
        frame = this.bringIn(page);
        repeats -= 1;
      }
      if (repeats > 0) policy.touch(frame, repeats);
      if (writesOfRun(run)) dirty[frame] = 1;
    }
  }

  counts(): MissCount[] {
    const { frames, misses, resident, writeBacks } = this;
    return [{ frames, misses, evictions: misses - resident, writeBacks }];
  }

  private bringIn(page: number): number {
    const { policy, frameOf, pageIn, dirty } = this;
    this.misses += 1;
    let frame = this.resident;
    if (frame < this.frames) this.resident += 1;
    else {
      frame = policy.victim(anyFrame);
      policy.remove(frame);
      frameOf[pageIn[frame] as number] = NO_FRAME;
      this.writeBacks += dirty[frame] as number;
      dirty[frame] = 0;
    }
    frameOf[page] = frame;
    pageIn[frame] = page;
    policy.admit(frame);
    return frame;
  }
}
