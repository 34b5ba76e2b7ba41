/** What the command tells the shell. */
import { type ErrorName, VmError } from '../base/index.js';

/** The exit codes of every command. */
export const Exit = {
  /** All is well. */
  FINE: 0,
  /** The answer is "no": an expectation was not met, a sequence did not conform. */
  NO: 1,
  /** The command line is not one that the command takes. */
  USAGE: 2,
  /** An input could not be read, or is not what it should be. */
  INPUT: 3,
  /** A live target was lost or did not answer in time. */
  TARGET: 4,
  /** A mistake of ours. */
  INTERNAL: 70,
} as const;

/** One of {@link Exit}. */
export type ExitCode = (typeof Exit)[keyof typeof Exit];

/** Errors that are not about the input. */
const CODES: Readonly<Partial<Record<ErrorName, ExitCode>>> = {
  USAGE_ERR: Exit.USAGE,
  SOURCE_ERR_WORD: Exit.USAGE,
  SOURCE_ERR_TARGET_CONNECT: Exit.TARGET,
  SOURCE_ERR_TARGET_LOST: Exit.TARGET,
  SOURCE_ERR_TARGET_TIMEOUT: Exit.TARGET,
  LIVE_ERR_ENDED: Exit.TARGET,
  LIVE_ERR_TIMEOUT: Exit.TARGET,
};

/** The exit code of a command that ended in `error`. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof VmError)) return Exit.INTERNAL;
  return CODES[error.code] ?? Exit.INPUT;
}

/** The exit codes, for the help of the command. */
export const EXIT_HELP = `Exit codes:
  0  fine
  1  the answer is "no": an expectation was not met, a sequence did not conform
  2  the command line is wrong
  3  an input could not be read, or is not what it should be
  4  a live target was lost or did not answer in time
  70 internal error`;
