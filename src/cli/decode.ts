/** `pagewright decode`: one descriptor, or one fault status register, bit field by bit field. */
import { Option } from 'commander';
import type { DecodeFlags } from './decode-flags.js';
import { addFormatOptions, RECORD_FORMATS } from './format-options.js';
import type { DefineCommand } from './session.js';
import { registerValue } from './source-flags.js';

export const defineDecode: DefineCommand = (program, perform) => {
  const command = program
    .command('decode')
    .description('take a word apart: a descriptor, or a fault status register')
    .argument('<word...>', 'words, hexadecimal')
    .addOption(
      new Option('--level <number>', 'the level of the table; both unless said').choices([
        '1',
        '2',
      ]),
    )
    .option('--dfsr', 'the word is a DFSR')
    .option('--ifsr', 'the word is an IFSR')
    .option('--cpu <name>', 'the processor: cortex-a7, cortex-a9, cortex-a15', 'cortex-a15');
  for (const [name, text] of [
    ['sctlr', 'TRE and AFE change what the bits mean'],
    ['dacr', 'what the domains allow; all are clients unless said'],
    ['prrr', 'the memory types under TEX remap'],
    ['nmrr', 'their cache policies'],
  ] as const) {
    command.addOption(
      new Option(`--${name} <hex>`, text).argParser((value: string) => registerValue(name, value)),
    );
  }
  addFormatOptions(command, RECORD_FORMATS)
    .addHelpText(
      'after',
      `
The same word means different things in a level-1 and a level-2 table.

Examples:
  pagewright decode 60104001 --level 1
  pagewright decode 6020123f
  pagewright decode 817 --dfsr`,
    )
    .action((words: string[], flags: DecodeFlags) =>
      perform(async (session) => {
        const { decodeWords } = await import('./decode-report.js');
        return decodeWords(session, words, flags);
      }),
    );
};
