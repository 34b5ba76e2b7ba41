/**
 * Runs the cases of every `*.bench.ts` of this folder, or those whose names contain an argument.
 *
 *   npm run bench -- [name…]           a table for a person
 *   npm run --silent bench -- --json   [{name, unit, median, min, p99}] on standard output
 *
 * Each case has a process of its own, so that what the compiler has learned from one is not what it
 * makes of the next; and five of them, in rounds over all cases, so that neither a neighbour who has
 * the processor for some seconds nor the mood of the compiler makes a figure. Where the C library of
 * Linux lets us ask for it, that process has its large arrays in huge pages, as a server would be set
 * up that manages large spaces; `--small-pages` asks for what Node does by itself.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Case, type Figure, figureOf, takeSamples, Unavailable } from './measure.js';

/** For glibc 2.35 and later: memory of `malloc` is advised to be huge pages. Others ignore it. */
const HUGE_PAGES = 'glibc.malloc.hugetlb=1';
/** Some thousand samples, as text. */
const MOST_ANSWER_BYTES = 2 ** 24;
/** How often each case is run; less often where it has taken long enough before. */
const ROUNDS = 5;
const LONG_ENOUGH_MS = 5_000;
/** How a child says what it found: the samples, or why there are none. */
type Answer = { readonly samples: readonly number[] } | { readonly missing: string };

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
    answer = { samples: takeSamples(wanted) };
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
      maxBuffer: MOST_ANSWER_BYTES,
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
  const chosen = cases.filter(
    ({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)),
  );
  if (chosen.length === 0) {
    console.error('bench: no case matches');
    process.exitCode = 1;
    return;
  }
  const figures = measure(chosen, hugePages);
  if (json) {
    console.log(JSON.stringify(figures, null, 2));
    return;
  }
  printHead();
  for (const figure of figures) printRow(figure);
}

/** The figures of some cases; says on standard error which ones there are none of, and why. */
function measure(chosen: readonly Case[], hugePages: boolean): Figure[] {
  const samples = new Map<Case, number[]>(chosen.map((each) => [each, []]));
  const tookMs = new Map<Case, number>();
  const missing = new Set<string>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [wanted, taken] of samples) {
      const before = tookMs.get(wanted) ?? 0;
      if (before > LONG_ENOUGH_MS) continue;
      showProgress(`round ${round} of ${ROUNDS}: ${wanted.name}`);
      const begin = performance.now();
      const answer = runApart(wanted.name, hugePages);
      tookMs.set(wanted, before + performance.now() - begin);
      if ('samples' in answer) {
        taken.push(...answer.samples);
        continue;
      }
      samples.delete(wanted);
      if (missing.has(answer.missing)) continue;
      missing.add(answer.missing);
      showProgress('');
      console.error(`bench: ${wanted.name}: ${answer.missing}`);
    }
  }
  showProgress('');
  return Array.from(samples, ([each, taken]) => figureOf(each, taken));
}

/** One line for a person who waits; nobody else gets it. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const args = process.argv.slice(2);
if (args[0] === '--case') runHere(args[1] ?? '');
else runAll(args);
