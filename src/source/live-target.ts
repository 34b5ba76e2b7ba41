/** A machine that runs somewhere else, while we look at it. */

import { VmError } from '../base/index.js';
import type { GivenRegister } from './register-banks.js';
import type { MemoryRange } from './source-memory.js';
import type { MemoryTreeRegion } from './text-names.js';

/** A target that stands still until we leave it. */
export interface LiveTarget {
  readonly registers: readonly GivenRegister[];
  /** What the person at the target should know. */
  readonly notes: readonly string[];
  /** The regions of its memory, if it is a QEMU, which tells them; empty if not. */
  readonly regions: readonly MemoryTreeRegion[];
  /**
   * The physical memory of each range; undefined where the target has none.
   *
   * Errors: those of its connection.
   */
  read(ranges: readonly MemoryRange[]): Promise<(Uint8Array | undefined)[]>;
  /** Leaves the target as it was found. Errors: those of its connection. */
  leave(): Promise<void>;
}

/** How a live target is reached and left. */
export interface TargetOptions {
  /** How long each answer may take. */
  readonly timeoutMilliseconds: number;
  /** What the target does afterwards: what it did before, or what is said here. */
  readonly leave: 'as-found' | 'running' | 'halted';
}

/** Something that opens a target. */
export type TargetOpener = () => Promise<LiveTarget>;

/**
 * What `act` answers about the target, which is left as it was found whatever happens.
 *
 * Errors: those of `open`, of `act` and of leaving the target.
 */
export async function withTarget<Answer>(
  open: TargetOpener,
  act: (target: LiveTarget) => Promise<Answer>,
): Promise<Answer> {
  const target = await open();
  let answer: Answer;
  try {
    answer = await act(target);
  } catch (error) {
    await leaveAfter(target, error);
    throw error;
  }
  await target.leave();
  return answer;
}

/**
 * Leaves the target after `error`, which its caller throws; if that fails as well for another reason,
 * both are told.
 *
 * Errors: `error` with the other one beside it.
 */
export async function leaveAfter(target: Pick<LiveTarget, 'leave'>, error: unknown): Promise<void> {
  try {
    await target.leave();
  } catch (second) {
    if (!(error instanceof VmError) || !(second instanceof VmError)) throw error;
    // A connection that is lost fails in the same words again.
    if (error.message === second.message) return;
    const both = `${error.message}; nor could the target be left as it was found: ${second.message}`;
    throw new VmError(error.code, both, { cause: second });
  }
}
