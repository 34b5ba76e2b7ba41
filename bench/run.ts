/**
 * Runs the cases of every `*.bench.ts` of this folder, or those whose names contain an argument.
 *
 *   npm run bench -- [name…]           a table for a person
 *   npm run --silent bench -- --json   [{name, unit, median, min, p99}] on standard output
 *
 * Each case has a process of its own, so that what the compiler has learned from one is not what it
 * makes of the next. Where the C library of Linux lets us ask for it, that process has its large
 * arrays in huge pages, as a server would be set up that manages large spaces; `--small-pages` asks for
 * what Node does by itself.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Case, type Figure, runCase, Unavailable } from './measure.js';

/** For glibc 2.35 and later: memory of `malloc` is advised to be huge pages. Others ignore it. */
const HUGE_PAGES = 'glibc.malloc.hugetlb=1';
/** How a child says what it found: the figure, or why there is none. */
type Answer = { readonly figure: Figure } | { readonly missing: string };

const modules = import.meta.glob<{ readonly cases: readonly Case[] }>('./*.bench.ts', {
  eager: true,
});
const cases = Object.values(modules).flatMap((module) => module.cases);

/** Runs the case of that name here, and prints the answer for the parent. */
function runHere(name: string): void {
  const wanted = cases.find((each) => each.name === name);
  if (wanted === undefined) throw new Error(`no case ${name}`);
  let answer: Answer;
  try {
    answer = { figure: runCase(wanted) };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    answer = { missing: error.message };
  }
  console.log(JSON.stringify(answer));
}

/** Runs a case in a process of its own. */
function runApart(name: string, hugePages: boolean): Answer {
  const { stdout, status, signal } = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), '--case', name],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: hugePages ? { GLIBC_TUNABLES: HUGE_PAGES, ...process.env } : process.env,
    },
  );
  if (status !== 0) throw new Error(`bench: ${name} ended with ${signal ?? status}`);
  return JSON.parse(stdout) as Answer;
}

function printHead(): void {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, node ${process.version}\n`);
  console.log(
    `${'case'.padEnd(34)} ${'median'.padStart(10)} ${'min'.padStart(10)} ${'p99'.padStart(10)}`,
  );
}

function printRow({ name, unit, median, min, p99 }: Figure): void {
  const columns = [median, min, p99].map((value) => value.toFixed(1).padStart(10));
  console.log(`${name.padEnd(34)} ${columns.join(' ')}  ${unit}`);
}

function runAll(args: readonly string[]): void {
  const json = args.includes('--json');
  const hugePages = !args.includes('--small-pages');
  const parts = args.filter((arg) => !arg.startsWith('--'));
  const chosen = cases
    .map(({ name }) => name)
    .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)));
  if (chosen.length === 0) {
    console.error('bench: no case matches');
    process.exitCode = 1;
    return;
  }
  const figures: Figure[] = [];
  const missing = new Set<string>();
  if (!json) printHead();
  for (const name of chosen) {
    const answer = runApart(name, hugePages);
    if ('figure' in answer) {
      figures.push(answer.figure);
      if (!json) printRow(answer.figure);
    } else if (!missing.has(answer.missing)) {
      missing.add(answer.missing);
      console.error(`bench: ${name}: ${answer.missing}`);
    }
  }
  if (json) console.log(JSON.stringify(figures, null, 2));
}

const args = process.argv.slice(2);
if (args[0] === '--case') runHere(args[1] ?? '');
else runAll(args);
