/** `pagewright conform`: replays recorded vectors and tells where ours parts from them. */

import type { ConformFlags } from './conform-flags.js';
import type { DefineCommand } from './session.js';

export const defineConform: DefineCommand = (program, perform) => {
  program
    .command('conform')
    .description('replay recorded vectors of the original pmap through ours, under its policy')
    .argument('<vectors...>', 'vector files, .jsonl or .jsonl.gz, or folders of them')
    .option('-j, --json', 'print one JSON object instead of text')
    .option('--exit-zero', 'exit 0 even where a sequence does not conform')
    .addHelpText(
      'after',
      `
Prints for each file and in all how many sequences passed and failed, and for each that failed the
operation, what was expected and what came. One failure makes the exit code 1.

Examples:
  pagewright conform test/fixtures/vectors
  pagewright conform recorded.jsonl --json | jq .total`,
    )
    .action((vectors: string[], flags: ConformFlags) =>
      perform(async (session) => {
        const { conform } = await import('./conform-report.js');
        return conform(session, vectors, flags);
      }),
    );
};
