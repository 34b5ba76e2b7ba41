/** The command line of `npm run oracle`. */

import { parseArgs } from 'node:util';
import { CPU_NAMES, type CpuName } from './machines.js';

/** What was asked for. */
export interface OracleCommand {
  readonly seed: number;
  readonly tables: number;
  readonly checks: number;
  readonly cpus: readonly CpuName[];
}

/** How to call it. */
export const USAGE = `npm run oracle -- [--seed N] [--tables N] [--checks N] [--cpu a7|a9|a15]

  --seed N    where to begin; another one each time unless given
  --tables N  situations on each machine (default 500)
  --checks N  checks of each situation, at most 4000 (default 2000)
  --cpu NAME  only this processor`;

const MOST_CHECKS = 4000;

/** Reads the arguments. @throws Error: one that is not there, or a value that it cannot have. */
export function parseCommand(args: readonly string[], now = Date.now()): OracleCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      tables: { type: 'string', default: '500' },
      checks: { type: 'string', default: '2000' },
      cpu: { type: 'string' },
    },
  });
  const { cpu } = values;
  const cpus = CPU_NAMES.filter((name) => cpu === undefined || name === cpu);
  if (cpus.length === 0) {
    throw new Error(`--cpu ${cpu}: the processors are ${CPU_NAMES.join(', ')}`);
  }
  return {
    seed: values.seed === undefined ? now % 1_000_000_007 : count('seed', values.seed, 0, 2 ** 32),
    tables: count('tables', values.tables, 1, 10_000_000),
    checks: count('checks', values.checks, 1, MOST_CHECKS),
    cpus,
  };
}

function count(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`--${name} ${text}: a number from ${least} to ${most} is wanted`);
}
