/** `pagewright lab`: the web lab on a source, served to this machine only. */
import { Option } from 'commander';
import { VmError } from '../base/errors.js';
import { POLICY_CHOICES } from './boot-flags.js';
import { type LabFlags, USUAL_INTERVAL } from './lab-flags.js';
import type { DefineCommand } from './session.js';
import { addSourceOptions, positiveNumber } from './source-flags.js';

export const defineLab: DefineCommand = (program, perform) => {
  const command = program
    .command('lab')
    .description('open the web lab on an address space: see it, walk it, take it apart')
    .argument(
      '[source]',
      'where the address space is read from, a scenario, or boot:PROGRAM; without one, the examples',
    )
    .addOption(
      new Option('--port <number>', 'the port to serve on; a free one unless told')
        .argParser(portNumber)
        .default(0, 'free'),
    )
    .option('--no-open', 'print the address and open no browser')
    .addOption(
      new Option('--every <ms>', 'how often a live target is read again')
        .argParser(positiveNumber('every'))
        .default(USUAL_INTERVAL),
    )
    .option('--frames <count>', 'page frames of a program that is booted', positiveNumber('frames'))
    .addOption(
      new Option('--policy <name>', 'which of its pages goes when the frames are used up')
        .choices(POLICY_CHOICES)
        .default('clock'),
    );
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
The page is served on the loopback address only, and speaks to nobody else. A live target (gdb:, qmp:)
is read again and again while the page follows it, each time stopped for as long as that takes; Freeze
on the page leaves it alone. Ctrl-C ends the server.

A scenario (see pagewright run) runs in the page, where each of its moments can be gone back to.

boot:PROGRAM runs a static ARM executable in QEMU, as pagewright boot does, while a page follows it. The
program waits for every picture and may then take twice as many faults until the next, so that its
first steps are seen one by one; Freeze holds it, Follow lets it go on. What it writes goes to standard
output.

Examples:
  pagewright lab
  pagewright lab elf:fsbl.elf#MMUTable
  pagewright lab examples/first-domain.yaml
  pagewright lab gdb:127.0.0.1:1234 --every 500
  pagewright lab boot:examples/live/quicksort.elf --frames 12 --policy lru
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
