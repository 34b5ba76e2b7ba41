/** `pagewright scan`: root tables in memory of unknown origin. */

import { addFormatOptions, RECORD_FORMATS } from './format-options.js';
import type { ScanFlags } from './scan-flags.js';
import type { DefineCommand } from './session.js';
import { addSourceOptions, positiveNumber } from './source-flags.js';

export const defineScan: DefineCommand = (program, perform) => {
  const command = program
    .command('scan')
    .description('look for root tables in a dump of unknown origin')
    .argument('<source>', 'what to look through')
    .option('--most <count>', 'tell the best so many', positiveNumber('most'), 20);
  addFormatOptions(command, RECORD_FORMATS);
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
Exit code 1: nothing was found. Where --ttbcr or the source gives TTBCR.N above 0, the shorter tables
of TTBR0 are looked for as well.

Examples:
  pagewright scan ram:dump.bin@0x40000000
  pagewright show ram:dump.bin@0x40000000 --ttbr0 $(pagewright scan ram:dump.bin@0x40000000 --json | jq -r '.candidates[0].address')`,
    )
    .action((word: string, flags: ScanFlags) =>
      perform(async (session) => {
        const { scanSource } = await import('./scan-report.js');
        return scanSource(session, word, flags);
      }),
    );
};
