/**
 * Runs the cases of every `*.bench.ts` of this folder, or those whose names contain an argument.
 *
 *   npm run bench -- [name…]           a table for a person
 *   npm run --silent bench -- --json   [{name, unit, median, min, p99}] on standard output
 */
import { cpus } from 'node:os';
import { type Case, type Figure, runCase, Unavailable } from './measure.js';

const args = process.argv.slice(2);
const json = args.includes('--json');
const wanted = args.filter((arg) => !arg.startsWith('--'));

const modules = import.meta.glob<{ readonly cases: readonly Case[] }>('./*.bench.ts', {
  eager: true,
});
const figures: Figure[] = [];
const missing = new Set<string>();

/** Runs a case; undefined where this machine cannot. Each reason is told once. */
function tryCase(each: Case): Figure | undefined {
  try {
    return runCase(each);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    if (!missing.has(error.message)) console.error(`bench: ${each.name}: ${error.message}`);
    missing.add(error.message);
    return undefined;
  }
}

if (!json) {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, node ${process.version}\n`);
  console.log(
    `${'case'.padEnd(34)} ${'median'.padStart(10)} ${'min'.padStart(10)} ${'p99'.padStart(10)}`,
  );
}
for (const { cases } of Object.values(modules)) {
  for (const each of cases) {
    if (wanted.length > 0 && !wanted.some((part) => each.name.includes(part))) continue;
    const figure = tryCase(each);
    if (figure === undefined) continue;
    figures.push(figure);
    if (json) continue;
    const columns = [figure.median, figure.min, figure.p99].map((value) =>
      value.toFixed(1).padStart(10),
    );
    console.log(`${figure.name.padEnd(34)} ${columns.join(' ')}  ${figure.unit}`);
  }
}
if (figures.length === 0 && missing.size === 0) {
  console.error('bench: no case matches');
  process.exitCode = 1;
}
if (json) console.log(JSON.stringify(figures, null, 2));
