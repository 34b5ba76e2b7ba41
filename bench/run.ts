/**
 * Runs every `*.bench.ts` of this folder, or those whose names contain one of the arguments.
 * A bench file registers its cases with mitata when it is imported, and says in its header
 * what it measures.
 *
 *   npm run bench -- [name…]           a table for a person
 *   npm run --silent bench -- --json   nothing but JSON on standard output
 */
import { readdirSync } from 'node:fs';
import { run } from 'mitata';

const args = process.argv.slice(2);
const json = args.includes('--json');
const wanted = args.filter((arg) => !arg.startsWith('--'));

const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.bench.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();
for (const file of files) await import(new URL(file, import.meta.url).href);

if (files.length === 0) {
  console.error('bench: no file matches');
  process.exitCode = 1;
}
const { benchmarks, context } = await run(json ? { format: 'quiet' } : {});
if (json) {
  const cases = benchmarks.flatMap(({ alias, runs }) =>
    runs.map(({ name, args: params, stats }) => ({
      name: name || alias,
      params,
      ns: stats && {
        min: stats.min,
        avg: stats.avg,
        p50: stats.p50,
        p99: stats.p99,
        max: stats.max,
      },
    })),
  );
  console.log(JSON.stringify({ node: process.version, cpu: context.cpu, cases }, null, 2));
}
