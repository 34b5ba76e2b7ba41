import { runCommandLine } from '../../src/cli/command-line.js';
import type { ExitCode } from '../../src/cli/exit-code.js';

/** What a command printed, and what it told the shell. */
export interface CommandResult {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** How a command is called. */
export interface CommandCall {
  readonly variables?: NodeJS.ProcessEnv;
  /** Whether it writes to a terminal. */
  readonly terminal?: boolean;
}

/** Runs a command in this process and collects what it prints. */
export async function command(
  args: readonly string[],
  { variables = {}, terminal = false }: CommandCall = {},
): Promise<CommandResult> {
  let out = '';
  let err = '';
  const stream = (take: (text: string) => void) => ({
    ...(terminal ? { isTTY: true, columns: 100 } : {}),
    write: (data: string | Uint8Array) =>
      take(typeof data === 'string' ? data : Buffer.from(data).toString()),
  });
  const exit = await runCommandLine(args, {
    stdout: stream((text) => {
      out += text;
    }),
    stderr: stream((text) => {
      err += text;
    }),
    variables,
  });
  return { exit, out, err };
}
