/** `pagewright replay`: a trace of memory references through page replacement policies. */
import { Option } from 'commander';
import { REPLAY_FORMATS, type ReplayFlags } from './replay-flags.js';
import type { DefineCommand } from './session.js';

export const defineReplay: DefineCommand = (program, perform) => {
  program
    .command('replay')
    .description('replay a trace of memory references through page replacement policies')
    .argument(
      '<trace>',
      'what Valgrind’s lackey printed, or a text; also by gzip; - for standard input',
    )
    .option(
      '--policy <names>',
      'opt, lru, clock, second-chance, fifo, lfu, random, or all',
      'opt,lru,clock,fifo',
    )
    .option('--frames <numbers>', 'numbers of frames; auto doubles them up to all pages', 'auto')
    .option('--page-size <size>', 'a power of two', '4K')
    .option('--pages', 'the numbers of the trace are page numbers, decimal')
    .addOption(
      new Option('--accesses <which>', 'which references count')
        .choices(['all', 'data', 'instructions'])
        .default('all'),
    )
    .option('--seed <number>', 'of the policy random', '1')
    .option(
      '--times <access,in,out>',
      'what an access, a page in and a page out take',
      '100ns,100us,100us',
    )
    .option('--skip-bad-lines', 'pass over what is no reference, and say how much it was')
    .addOption(
      new Option(
        '--format <which>',
        'how to print; as the ending of --output says, else table',
      ).choices(REPLAY_FORMATS),
    )
    .option('--json', 'short for --format json')
    .option('-o, --output <file>', 'write to a file instead of standard output')
    .option('--svg <file>', 'draw the miss-ratio curve into a file as well')
    .addHelpText(
      'after',
      `
A trace has one reference a line: an address in hexadecimal, with r, w or x before or behind it if
wanted, or what lackey prints. With --pages, or a line that says \`pages\`, it is a string of page
numbers. All policies and sizes are replayed in one go; only \`opt\` knows what comes.

Examples:
  valgrind --tool=lackey --trace-mem=yes --log-file=app.trace ./app
  pagewright replay app.trace --policy lru,clock,opt --frames 64,128,auto
  pagewright replay app.trace.gz --policy all --svg curve.svg
  echo 1 2 3 4 1 2 5 1 2 3 4 5 | pagewright replay - --pages --policy fifo --frames 3,4
  pagewright replay app.trace --json | jq '.rows[] | select(.policy == "lru")'`,
    )
    .action((trace: string, flags: ReplayFlags) =>
      perform(async (session) => {
        const { replay } = await import('./replay-report.js');
        return replay(session, trace, flags);
      }),
    );
};
