/** `pagewright explain`: why an access faulted. */
import { Option } from 'commander';
import type { ExplainFlags } from './explain-flags.js';
import { addFormatOptions, RECORD_FORMATS } from './format-options.js';
import type { DefineCommand } from './session.js';
import { addSourceOptions, registerValue } from './source-flags.js';

export const defineExplain: DefineCommand = (program, perform) => {
  const command = program
    .command('explain')
    .description('say why an access faulted, from fault registers or a crash dump, and the tables')
    .argument('<source>', 'where the address space is read from');
  for (const [name, text] of [
    ['dfsr', 'data fault status'],
    ['dfar', 'data fault address'],
    ['ifsr', 'instruction fault status'],
    ['ifar', 'instruction fault address'],
  ] as const) {
    command.addOption(
      new Option(`--${name} <hex>`, text).argParser((value: string) => registerValue(name, value)),
    );
  }
  command
    .option('--log <file>', 'a console log with the crash dump of a kernel; - for standard input')
    .option('--user', 'PL0 made the access')
    .option('--privileged', 'PL1 made the access');
  addFormatOptions(command, RECORD_FORMATS);
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
Without registers and log the fault registers of the source itself are explained.
It knows the dumps of Linux, Zephyr, U-Boot, OP-TEE, Xilinx and FreeRTOS programs.

Examples:
  pagewright explain elf:fsbl.elf --dfsr 80d --dfar e0001000
  pagewright explain ram:dump.bin@40000000 --ttbr0 423b406a --log console.txt
  pagewright explain tables:test/fixtures/linux-armv7-short`,
    )
    .action((word: string, flags: ExplainFlags) =>
      perform(async (session) => {
        const { explainSource } = await import('./explain-report.js');
        return explainSource(session, word, flags);
      }),
    );
};
