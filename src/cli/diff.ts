/** `pagewright diff`: what changed between two address spaces. */
import type { DiffFlags } from './diff-flags.js';
import { addFormatOptions } from './format-options.js';
import type { DefineCommand } from './session.js';
import { addSourceOptions } from './source-flags.js';
import { ANSWER_FORMATS } from './walk-flags.js';

export const defineDiff: DefineCommand = (program, perform) => {
  const command = program
    .command('diff')
    .description('compare two address spaces: what is new, gone, moved, or has other rights')
    .argument('<before>', 'a source')
    .argument('<after>', 'another source')
    .option('--leaves', 'tell as well where only the size of the leaves changed')
    .option('--exit-zero', 'exit 0 even where they differ');
  addFormatOptions(command, ANSWER_FORMATS);
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
The options of a source hold for both. Exit code 1: they differ.

Examples:
  pagewright diff layout:board.yaml gdb:127.0.0.1:1234
  pagewright diff before.json after.json`,
    )
    .action((before: string, after: string, flags: DiffFlags) =>
      perform(async (session) => {
        const { diffSources } = await import('./diff-report.js');
        return diffSources(session, before, after, flags);
      }),
    );
};
