/** `pagewright lab`: the web lab on a source, served to this machine only. */
import { Option } from 'commander';
import { VmError } from '../base/errors.js';
import { type LabFlags, USUAL_INTERVAL } from './lab-flags.js';
import type { DefineCommand } from './session.js';
import { addSourceOptions, positiveNumber } from './source-flags.js';

export const defineLab: DefineCommand = (program, perform) => {
  const command = program
    .command('lab')
    .description('open the web lab on an address space: see it, walk it, take it apart')
    .argument('[source]', 'where the address space is read from; without one, the examples')
    .addOption(
      new Option('--port <number>', 'the port to serve on; a free one unless told')
        .argParser(portNumber)
        .default(0, 'free'),
    )
    .option('--no-open', 'print the address and open no browser')
    .addOption(
      new Option('--every <ms>', 'how often a live target is read again')
        .argParser(positiveNumber)
        .default(USUAL_INTERVAL),
    );
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
The page is served on the loopback address only, and speaks to nobody else. A live target (gdb:, qmp:)
is read again and again while the page follows it, each time stopped for as long as that takes; Freeze
on the page leaves it alone. Ctrl-C ends the server.

Examples:
  pagewright lab
  pagewright lab elf:fsbl.elf#MMUTable
  pagewright lab gdb:127.0.0.1:1234 --every 500
  pagewright lab state.json --no-open --port 8000`,
    )
    .action((word: string | undefined, flags: LabFlags) =>
      perform(async (session) => {
        const { serveLab } = await import('./lab-report.js');
        return serveLab(session, word, flags);
      }),
    );
};

/** A port. Errors: USAGE_ERR — it is none. */
function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new VmError('USAGE_ERR', `--port ${text}: give a number up to 65535, or 0 for a free one`);
}
