/** What a command works with, and how it is added to the program. */
import type { Command } from 'commander';
import type { ExitCode } from './exit-code.js';
import type { Output, TextStream } from './output.js';

/** The streams and variables that a command works with. */
export interface Environment {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly variables: NodeJS.ProcessEnv;
}

/** What a command is given: where its data go, and where it talks. */
export interface Session {
  readonly out: Output;
  readonly talk: Output;
  /** Whether only what was asked for is to be printed. */
  readonly quiet: boolean;
}

/** What a command does: it answers its exit code, or throws. */
export type Action = (session: Session) => Promise<ExitCode>;

/** Adds a command to the program; `perform` is to be called with what it does. */
export type DefineCommand = (program: Command, perform: (action: Action) => Promise<void>) => void;
