/** `pagewright boot`: runs ARM programs on an emulated processor, and answers their faults from here. */
import { Option } from 'commander';
import { formatBytes, parseBytes } from '../base/addresses.js';
import { VmError } from '../base/errors.js';
import { ACCESS_CHOICES, type BootFlags, CPU_CHOICES, POLICY_CHOICES } from './boot-flags.js';
import type { DefineCommand } from './session.js';
import { collect, positiveNumber, positiveSeconds } from './source-flags.js';

const PAGE = 4096;

export const defineBoot: DefineCommand = (program, perform) => {
  program
    .command('boot')
    .description('run ARM programs in QEMU, each in a domain of ours that answers its faults')
    .argument('<guest...>', 'static ARM executables, each for a domain of its own')
    .addOption(new Option('--cpu <name>', 'the processor').choices(CPU_CHOICES).default('a15'))
    .addOption(size('ram', 'RAM of the machine', 128 * 2 ** 20))
    .addOption(size('stack', 'the most that a stack can grow to', 2 ** 20))
    .option(
      '--frames <count>',
      'page frames that a program may have at a time',
      positiveNumber('frames'),
    )
    .addOption(
      new Option('--policy <name>', 'which page goes when the frames are used up')
        .choices(POLICY_CHOICES)
        .default('clock'),
    )
    .addOption(
      new Option('--arg <text>', 'an argument for every program; can be given again')
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--access <how>', 'how the RAM is reached: mapped needs the package koffi')
        .choices(ACCESS_CHOICES)
        .default('auto'),
    )
    .option('--timeout <seconds>', 'end programs that run longer', positiveSeconds('timeout'))
    .option('--events', 'print every fault and how it was answered')
    .option('--json', 'print one JSON object instead of text')
    .option('--exit-zero', 'exit 0 even where a program fails')
    .addHelpText(
      'after',
      `
What the programs write goes to standard output; everything else, a status line on a terminal, the
faults of --events and how each program ended, to standard error. Nothing of a program is in memory
before it runs: pages come from the executable, as zeros, as copies, or back from where they went. A
fault that nobody resolves ends the program, with its registers and the reason. The exit code is 1 if
a program did not end with 0, and 4 if the machine was lost.

Needs QEMU (Debian: apt-get install --no-install-recommends qemu-system-arm). guest/pagewright.h is
what a program can ask for. Ctrl-C ends the machine; nothing of it is left.

Examples:
  pagewright boot examples/live/sum.elf --frames 32
  pagewright boot examples/live/overflow.elf --stack 64K
  pagewright boot examples/live/quicksort.elf --frames 12 --policy lru --events
  pagewright boot examples/live/fork.elf examples/live/sum.elf --json | jq '.programs[].faults'`,
    )
    .action((guests: string[], flags: BootFlags) =>
      perform(async (session) => {
        const { bootGuests } = await import('./boot-report.js');
        return bootGuests(session, guests, flags);
      }),
    );
};

/** An option that takes whole pages. */
function size(name: string, text: string, usual: number): Option {
  return new Option(`--${name} <size>`, text)
    .default(usual, formatBytes(usual).replace(/\.0| /g, ''))
    .argParser((value: string) => {
      const bytes = parseBytes(value);
      if (bytes !== undefined && bytes > 0 && bytes % PAGE === 0) return bytes;
      const right = 'give a size in whole pages, like 64K or 128M';
      throw new VmError('USAGE_ERR', `--${name} ${value}: ${right}`);
    });
}
