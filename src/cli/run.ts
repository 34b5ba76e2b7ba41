/** `pagewright run`: performs a scenario and shows what came of it. */

import type { RunFlags } from './run-flags.js';
import type { DefineCommand } from './session.js';

export const defineRun: DefineCommand = (program, perform) => {
  program
    .command('run')
    .description('run a scenario: machine, domains, steps; then show tables, costs and the proof')
    .argument('<scenario>', 'a scenario file, or - for standard input')
    .option('-j, --json', 'print one JSON object instead of text')
    .option('--events', 'print what the machine did in each step')
    .option('--exit-zero', 'exit 0 even where something is not as expected')
    .addHelpText(
      'after',
      `
Prints each step with what came of it, then for each domain its address space and the 4 GiB as a
picture of 64 x 64 cells, what it all cost, and the proof: every page, shadow = tables = walk.
A step that does not end as the scenario expects ends the run with exit code 1.

Examples:
  pagewright run examples/first-domain.yaml
  pagewright run examples/scenarios/larger-leaves.yaml --events
  pagewright run examples/first-domain.yaml --json | jq '.steps[] | select(.faults != [])'`,
    )
    .action((scenario: string, flags: RunFlags) =>
      perform(async (session) => {
        const { runScenario } = await import('./run-report.js');
        return runScenario(session, scenario, flags);
      }),
    );
};
