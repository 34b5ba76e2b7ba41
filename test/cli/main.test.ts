import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const BIN = 'dist/bin/pagewright.js';

it('prints the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const printed = execFileSync(BIN, ['--version'], { encoding: 'utf8' });
  expect(printed).toBe(`${version}\n`);
});

it('ends quietly when nobody reads on', () => {
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', `${BIN} run examples/first-domain.yaml --events | head -n 1`],
    { encoding: 'utf8' },
  );
  expect([stdout, stderr]).toEqual(['A domain builds its own address space\n', '']);
});

it('says that its output cannot be written', () => {
  const command = `${BIN} decode 4001141e > /dev/full`;
  const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([
    3,
    expect.stringMatching(
      /^pagewright: standard output cannot be written: .*\n\[SOURCE_ERR_WRITE\]\n$/,
    ),
  ]);
});

it('takes a scenario from standard input, and prints plain text into a pipe', () => {
  const { status, stdout, stderr } = spawnSync(BIN, ['run', '-'], {
    input: 'domains: [{name: one}]',
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('✓ 0 steps, all as expected');
  expect(stdout).not.toContain('\u001b');
});

it('points at what is wrong in a file', () => {
  const { status, stdout, stderr } = spawnSync(BIN, ['run', '-'], {
    input: 'domains: [{name: one}]\nsteps:\n  - mapp: {frame: f}\n',
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([3, '']);
  expect(stderr).toBe(
    'standard input:3:5: `mapp` is not known here; did you mean `map`?\n' +
      '3 │   - mapp: {frame: f}\n' +
      '  │     ^\n' +
      'docs/scenarios.md describes scenario files.\n' +
      '[SCENARIO_ERR_SCHEMA]\n',
  );
});

it('shows its help at once', () => {
  const least = (...args: string[]): number => {
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      execFileSync(process.execPath, args, { encoding: 'utf8' });
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  // 120 ms where nothing else runs, which is less than three times what Node takes for nothing;
  // the tests may share their machine, so that only the relation can be tested.
  expect(least(BIN, '--help')).toBeLessThan(4 * least('--eval', '0'));
});

it('reads tables without loading what runs domains', () => {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    const code = readFileSync(file, 'utf8');
    for (const [, target] of code.matchAll(/^(?:import|export)\b[^"']*["'](\.[^"']+)["'];?$/gm)) {
      load(join(dirname(file), target ?? ''));
    }
  };
  load('dist/source/index.js');
  load('dist/chunks/show-report.js');
  expect(loaded.size).toBeGreaterThan(5);
  const heavy = /^(?:var|let|const) (?:Domain|Pmap) = class|^class (?:Domain|Pmap) /m;
  expect([...loaded].filter((file) => heavy.test(readFileSync(file, 'utf8')))).toEqual([]);
  load('dist/domain/index.js');
  expect([...loaded].some((file) => heavy.test(readFileSync(file, 'utf8')))).toBe(true);
});

it('answers all addresses of standard input or tells which line is wrong', () => {
  const words = ['walk', 'tables:test/fixtures/linux-armv7-short', '-', '--format', 'ndjson', '-q'];
  const walk = (input: string) => spawnSync(BIN, words, { input, encoding: 'utf8' });
  const good = walk('c0008000\n\n0xc0009000 # two\nc000_a000..c000bfff\n');
  expect([good.status, good.stdout.trim().split('\n').length]).toEqual([0, 4]);
  const bad = walk('c0008000\n# nothing\nhere\n');
  expect([bad.status, bad.stdout]).toEqual([2, '']);
  expect(bad.stderr).toContain('standard input, line 3: "here" is no hexadecimal address');
});
