/**
 * Frames that code was executed in. QEMU keeps what it has translated until the guest itself stores to
 * those bytes; what we write past it, it does not see. So a frame that was ever mapped executable and
 * is then written by us has to be rewritten in place by the guest before anything runs again.
 */
import { PAGE_BYTES } from '../base/index.js';

/** Which frames may hold translated code, and which of them were written since. */
export class ExecutedFrames {
  /** By number of the 4 KiB frame. */
  private readonly executable = new Set<number>();
  private readonly stale = new Set<number>();

  /** `pages` frames from `frame` on are mapped so that they can be executed. */
  noteMapped(frame: number, pages: number): void {
    for (let index = 0; index < pages; index += 1) this.executable.add(frame + index);
  }

  /** We have written to `bytes` from the physical address `pa` on. */
  noteWritten(pa: number, bytes: number): void {
    if (this.executable.size === 0) return;
    const end = pa + bytes;
    for (let frame = Math.floor(pa / PAGE_BYTES); frame * PAGE_BYTES < end; frame += 1) {
      if (this.executable.has(frame)) this.stale.add(frame);
    }
  }

  /** Whether {@link take} would answer anything. */
  get anyStale(): boolean {
    return this.stale.size > 0;
  }

  /** What has to be rewritten, which from then on counts as rewritten. */
  take(): FrameRun[] {
    const frames = [...this.stale].sort((a, b) => a - b);
    this.stale.clear();
    const runs = runsOf(frames, 1);
    // To rewrite what lies between does no harm: the guest is the only one that runs.
    return runs.length > MOST_RUNS ? runsOf(frames, Number.POSITIVE_INFINITY) : runs;
  }
}

/** Frames next to each other. */
export interface FrameRun {
  readonly frame: number;
  readonly count: number;
}

/** Frames of one run, and runs that are asked for at once. */
const MOST_FRAMES = 4096;
const MOST_RUNS = 64;

/** `frames`, which ascend, as runs; frames that lie at most `reach` apart are in one. */
function runsOf(frames: readonly number[], reach: number): FrameRun[] {
  const runs: { frame: number; count: number }[] = [];
  for (const frame of frames) {
    const last = runs.at(-1);
    const isNext = last !== undefined && frame - (last.frame + last.count - 1) <= reach;
    if (isNext && frame - last.frame < MOST_FRAMES) last.count = frame - last.frame + 1;
    else runs.push({ frame, count: 1 });
  }
  return runs;
}
