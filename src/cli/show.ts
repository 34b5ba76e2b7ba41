/** `pagewright show`: the map of an address space. */
import { Option } from 'commander';
import { addFormatOptions } from './format-options.js';
import type { DefineCommand } from './session.js';
import { MAP_FORMATS, type ShowFlags, VIEWS } from './show-flags.js';
import { addSourceOptions } from './source-flags.js';

export const defineShow: DefineCommand = (program, perform) => {
  const command = program
    .command('show')
    .description('show the map of an address space: what is where, and who may do what')
    .argument('<source>', 'where the address space is read from')
    .addOption(new Option('--view <which>', 'what to show').choices(VIEWS).default('map'))
    .option('--only <expression>', "rows that fit, such as 'w and x and user'")
    .option('--has <address>', 'the rows with this virtual address or range')
    .option('--pa <range>', 'the rows that reach this physical memory')
    .option('--name <glob>', "the rows with such a name, such as 'uart*'")
    .option('--unfolded', 'tell scattered pages one by one')
    .option('--raw', 'the entry of each row as well: its place, its word, its bits');
  addFormatOptions(command, MAP_FORMATS, 'how to print the map');
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  pagewright show elf:fsbl.elf#MMUTable
  pagewright show tables:test/fixtures/linux-armv7-short --only 'w and x'
  pagewright show gdb:127.0.0.1:1234 --view grid --save state.json`,
    )
    .action((word: string, flags: ShowFlags) =>
      perform(async (session) => {
        const { showSpace } = await import('./show-report.js');
        return showSpace(session, word, flags);
      }),
    );
};
