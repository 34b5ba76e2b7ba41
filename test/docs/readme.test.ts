import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COST_KEYS, parseScenario } from '../../src/scenario/index.js';
import { VERBS } from '../../src/scenario/schema.js';
import { blocks, missing } from '../support/markdown.js';

/** A line with every address in RAM as one: where the allocator puts a thing is no claim. */
const anywhere = (line: string): string => line.replaceAll(/\b8[0-9a-f]{7}\b/g, '8.......');

describe('README.md', () => {
  const all = blocks('README.md');
  const folder = mkdtempSync(join(tmpdir(), 'pagewright-readme-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  symlinkSync(resolve('examples'), join(folder, 'examples'));
  for (const { language, name, text } of all) {
    if (language === 'yaml') writeFileSync(join(folder, name), text);
  }

  const consoles = all.filter(({ language }) => language === 'console');
  it.each(consoles.map(({ text }) => text.split('\n').slice(0, -1)))('%s', (first, ...expected) => {
    const [, program, ...args] = first.replace('npx pagewright', 'pagewright').split(' ');
    const bin = program === 'pagewright' ? [resolve('dist/bin/pagewright.js')] : [];
    const { stdout } = spawnSync(process.execPath, [...bin, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    const printed = stdout.split('\n').slice(0, -1);
    expect(missing(expected.map(anywhere), printed.map(anywhere))).toBeUndefined();
  });

  it('shows the program that is in the examples', () => {
    const shown = all.filter(({ language }) => language === 'js');
    expect(shown.length).toBeGreaterThan(0);
    for (const { name, text } of shown) expect(readFileSync(name, 'utf8')).toBe(text);
  });

  it('names commands that are there', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(scripts.start).toContain('pagewright.js run examples/first-domain.yaml');
    const text = readFileSync('README.md', 'utf8');
    for (const [, path = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      expect(() => readFileSync(path)).not.toThrow(/ENOENT/);
    }
  });

  it('counts the vectors that are replayed', () => {
    const lines = execFileSync('sh', ['-c', 'zcat test/fixtures/vectors/*.gz | wc -l']);
    const count = Number(lines.toString()).toLocaleString('en');
    expect(readFileSync('README.md', 'utf8')).toContain(`${count} sequences of operations`);
  });
});

describe('docs/scenarios.md', () => {
  const text = readFileSync('docs/scenarios.md', 'utf8');

  it('shows scenarios that can be read', () => {
    const scenarios = blocks('docs/scenarios.md').filter(({ name }) => name === 'scenario');
    expect(scenarios.length).toBeGreaterThan(0);
    for (const scenario of scenarios) parseScenario(scenario.text, 'docs/scenarios.md');
  });

  it.each([...VERBS])('describes %s', (verb) => {
    expect(text).toContain(`\n| \`${verb}\` |`);
  });

  it('describes every key of the schema', () => {
    const schema = JSON.parse(readFileSync('schema/scenario.schema.json', 'utf8'));
    const keys = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const { properties } = value as { properties?: Record<string, unknown> };
      for (const key of Object.keys(properties ?? {})) keys.add(key);
      for (const inner of Object.values(value)) collect(inner);
    };
    collect(schema);
    const described = (key: string): boolean =>
      text.includes(`\`${key}\``) || text.includes(`${key}:`);
    keys.delete('$schema');
    // Banks, the size of a TLB and random places are written as the map that they are.
    const inMaps = ['base', 'kind', 'sets', 'ways', 'bits'];
    expect([...keys].filter((key) => !described(key) && !inMaps.includes(key))).toEqual([]);
    expect(Object.keys(COST_KEYS).filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
  });
});
