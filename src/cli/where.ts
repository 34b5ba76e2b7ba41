/** `pagewright where`: every virtual address that reaches a piece of physical memory. */
import { addFormatOptions } from './format-options.js';
import type { DefineCommand } from './session.js';
import { addSourceOptions } from './source-flags.js';
import { ANSWER_FORMATS } from './walk-flags.js';
import type { WhereFlags } from './where-flags.js';

export const defineWhere: DefineCommand = (program, perform) => {
  const command = program
    .command('where')
    .alias('p2v')
    .description('find every virtual address of physical memory')
    .argument('<source>', 'where the address space is read from')
    .argument('<address...>', 'physical addresses, ranges A..B or A+SIZE, names; - reads lines')
    .option('--exit-zero', 'exit 0 even where nothing reaches the memory');
  addFormatOptions(command, ANSWER_FORMATS);
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
Exit code 1: nothing reaches one of the addresses.

Examples:
  pagewright where tables:test/fixtures/linux-armv7-short 42ff4000
  pagewright where elf:fsbl.elf e0001000+4K --format ndjson`,
    )
    .action((word: string, addresses: string[], flags: WhereFlags) =>
      perform(async (session) => {
        const { whereAddresses } = await import('./where-report.js');
        return whereAddresses(session, word, addresses, flags);
      }),
    );
};
