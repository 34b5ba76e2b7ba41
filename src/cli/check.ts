/** `pagewright check`: what is wrong with an address space. */
import { Option } from 'commander';
import { type CheckFlags, FAIL_CHOICES, FINDING_FORMATS } from './check-flags.js';
import { addFormatOptions } from './format-options.js';
import type { DefineCommand } from './session.js';
import { addSourceOptions, collect } from './source-flags.js';

export const defineCheck: DefineCommand = (program, perform) => {
  const command = program
    .command('check')
    .description('check an address space by rules and a policy: W^X, devices, aliases, alignment')
    .argument('[source]', 'where the address space is read from; without it the rules are listed')
    .option('--policy <file>', 'what must and must not be, waivers, severities (YAML)')
    .option('--baseline <file>', 'findings that are known and not told again')
    .option('--write-baseline <file>', 'write what is found as a baseline')
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 for findings at least this bad')
        .choices(FAIL_CHOICES)
        .default('error'),
    )
    .addOption(
      new Option('--kernel <range>', 'addresses that belong to the kernel')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('-o, --output <file>', 'write the report to a file')
    .option('--today <day>', 'the day that waivers are held against, YYYY-MM-DD')
    .option('--exit-zero', 'exit 0 whatever is found');
  addFormatOptions(command, FINDING_FORMATS);
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
Exit code 1: something at least as bad as --fail-on was found. The report is written before that.

Examples:
  pagewright check                                     list the rules
  pagewright check elf:fsbl.elf#MMUTable --names zynq.svd
  pagewright check layout:board.yaml --policy policy.yaml --format sarif -o findings.sarif
  pagewright check state.json --write-baseline known.json`,
    )
    .action((word: string | undefined, flags: CheckFlags) =>
      perform(async (session) => {
        const { checkSource } = await import('./check-report.js');
        return checkSource(session, word, flags);
      }),
    );
};
