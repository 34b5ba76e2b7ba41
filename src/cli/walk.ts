/** `pagewright walk`: what virtual addresses are translated to. */
import { Option } from 'commander';
import { addFormatOptions } from './format-options.js';
import type { DefineCommand } from './session.js';
import { addSourceOptions } from './source-flags.js';
import { ACCESS_CHOICES, ANSWER_FORMATS, type WalkFlags } from './walk-flags.js';

export const defineWalk: DefineCommand = (program, perform) => {
  const command = program
    .command('walk')
    .alias('v2p')
    .description('translate virtual addresses, showing every entry on the way')
    .argument('<source>', 'where the address space is read from')
    .argument('<address...>', 'addresses, ranges A..B or A+SIZE, names; - reads one from each line')
    .addOption(new Option('--access <what>', 'ask for this access').choices(ACCESS_CHOICES))
    .option('--user', 'ask for PL0 instead of PL1')
    .option('--exit-zero', 'exit 0 even where an address faults');
  addFormatOptions(command, ANSWER_FORMATS);
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
Of a range every page is translated. Exit code 1: an address is not mapped, or the access is refused.

Examples:
  pagewright walk tables:test/fixtures/linux-armv7-short c0008000 ffff0000
  pagewright walk elf:fsbl.elf e0001000 --access write --user
  cut -d' ' -f1 addresses.txt | pagewright walk state.json - --format ndjson`,
    )
    .action((word: string, addresses: string[], flags: WalkFlags) =>
      perform(async (session) => {
        const { walkAddresses } = await import('./walk-report.js');
        return walkAddresses(session, word, addresses, flags);
      }),
    );
};
