import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { command } from '../support/command.js';

const EXAMPLES = [
  'examples/first-domain.yaml',
  ...readdirSync('examples/scenarios').map((name) => `examples/scenarios/${name}`),
];

/** The file of a golden text. */
const golden = (name: string): string => `../golden/cli/${name}.txt`;
const nameOf = (path: string): string => path.replace(/^.*\/|\.yaml$/g, '');

const folder = mkdtempSync(join(tmpdir(), 'pagewright-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A scenario in a file of its own. */
function scenario(text: string): string {
  const path = join(mkdtempSync(join(folder, 'one-')), 'scenario.yaml');
  writeFileSync(path, text);
  return path;
}

describe('run prints an example', () => {
  it.each(EXAMPLES)('%s', async (path) => {
    const { exit, out, err } = await command(['run', path]);
    await expect(out).toMatchFileSnapshot(golden(nameOf(path)));
    expect([exit, err]).toEqual([0, '']);
  });

  it.each([40, 80, 120])('on %i columns', async (columns) => {
    const variables = { COLUMNS: `${columns}` };
    const { out } = await command(['run', 'examples/first-domain.yaml'], { variables });
    await expect(out).toMatchFileSnapshot(golden(`first-domain-${columns}`));
    if (columns < 80) return;
    // Only the lines of the map are as long as they have to be, and the fixed ones around the grid.
    const long = out.split('\n').filter((line) => line.length > columns);
    expect(long.filter((line) => !/^(?:source|regs| {2}[0-9a-f]{8}-)/.test(line))).toEqual([]);
  });

  it('in colour', async () => {
    const { out } = await command(['run', 'examples/first-domain.yaml', '--color', 'always']);
    await expect(out.replaceAll('\u001b', '␛')).toMatchFileSnapshot(golden('first-domain-color'));
  });

  it('with the events of the machine', async () => {
    const { out } = await command(['run', 'examples/scenarios/execute-never.yaml', '--events']);
    await expect(out).toMatchFileSnapshot(golden('execute-never-events'));
  });
});

describe('the same text', () => {
  it('comes with and without colour', async () => {
    const plain = await command(['run', 'examples/first-domain.yaml']);
    const colored = await command(['run', 'examples/first-domain.yaml', '--color', 'always']);
    // The legend of the colours is there only where there are some.
    const text = stripVTControlCharacters(colored.out).split('\n');
    const legend = text.findIndex((line) => line.startsWith('read-only  writable'));
    text.splice(legend, 1);
    expect(text).toEqual(plain.out.split('\n'));
  });
});

describe('a run that does not go as expected', () => {
  const path = scenario(`domains: [{name: one}]
steps:
  - allocate: {frame: f, size: 4K}
  - map: {frame: f, at: 0x5000_0000}
  - load: {at: f}
    expect: {value: 7}
  - load: {at: f}
`);

  it('ends there, still shows the tables, and says where', async () => {
    const { exit, out } = await command(['run', path]);
    expect(exit).toBe(1);
    expect(out).toContain('✗ value: expected 0x7, got 0x0');
    expect(out).toContain('50000000-50000fff');
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      `✗ step 3 (${path}:5) did not end as expected; 1 step after it not performed`,
    );
  });

  it('exits with 0 if it is told to', async () => {
    expect((await command(['run', path, '--exit-zero'])).exit).toBe(0);
  });

  it('says so in JSON', async () => {
    const { exit, out } = await command(['run', path, '--json']);
    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      holds: false,
      failure: { step: 3, line: 5, unmet: ['value: expected 0x7, got 0x0'] },
    });
  });
});

describe('run --json', () => {
  it('carries objects, regions, pagers and the fault timeline', async () => {
    const { exit, out } = await command(['run', 'examples/scenarios/eviction.yaml', '--json']);
    expect(exit).toBe(0);
    const { steps, faults, faultCount, domains } = JSON.parse(out);
    expect(faults).toHaveLength(faultCount);
    expect(faults[0]).toEqual({
      fault: 'translation',
      va: '0x50000000',
      fsr: expect.stringMatching(/^0x/),
      region: 'data',
      solved: true,
      solution: 'the domain mapped a page of zeros',
      step: 3,
      domain: 'squeezed',
    });
    expect(steps[2].paging).toEqual({
      taken: 10,
      evicted: 6,
      written: 6,
      readBack: 0,
      resident: 4,
    });
    const [domain] = domains;
    expect(domain.pager).toMatchObject({ policy: 'lru', evicted: 25, store: { writes: 10 } });
    expect(domain.regions[1]).toEqual({
      name: 'data',
      base: '0x50000000',
      bytes: 40960,
      backing: 'object',
      rights: 'rw-',
      mostRights: 'rw-',
      object: { name: 'data', kind: 'anonymous', bytes: 40960, residentBytes: 40960, offset: 0 },
      inheritance: 'copy',
    });
  });

  it('carries schema and version, addresses as hex strings, and the proof', async () => {
    const { exit, out, err } = await command(['run', 'examples/first-domain.yaml', '--json']);
    expect([exit, err]).toEqual([0, '']);
    const report = JSON.parse(out);
    expect(Object.keys(report)).toEqual([
      'schema',
      'version',
      'scenario',
      'holds',
      'failure',
      'machine',
      'steps',
      'faults',
      'faultCount',
      'domains',
      'costs',
      'tlbViolations',
    ]);
    expect(report).toMatchObject({ schema: 'pagewright/run', version: 1, holds: true });
    expect(report.steps[1]).toMatchObject({
      number: 2,
      domain: 'hello',
      verb: 'store',
      outcome: 'done',
      va: '0x13000',
      bytes: 4,
      value: '0x6c6c6548',
      asExpected: true,
      faults: [{ fault: 'translation', va: '0x13000', solved: true }],
      costs: { faults: 1, entryWrites: 1 },
    });
    expect(report.domains.map((domain: { name: string }) => domain.name)).toEqual([
      'hello',
      'peer',
      'init',
    ]);
    expect(report.domains[1].proof).toMatchObject({ pages: 4, disagreements: 0 });
    const [row] = report.domains[1].ranges;
    expect(row).toMatchObject({ va: '0x50000000', bytes: 16384, pl0: 'r--', level: 2 });
    expect(row.entry).toMatch(/^0x[0-9a-f]{8}$/);
    expect(row.word).toMatch(/^0x[0-9a-f]{8}$/);
  });

  it('tells the walk of a fault, and the events if they are wanted', async () => {
    const path = 'examples/scenarios/execute-never.yaml';
    const { out } = await command(['run', path, '--json', '--events']);
    const { steps } = JSON.parse(out);
    expect(steps[3]).toMatchObject({ outcome: 'fault', fault: 'permission', fsr: '0xf' });
    expect(steps[3].walk.steps).toHaveLength(2);
    expect(steps[3].events.at(-1)).toMatchObject({ kind: 'FAULT', far: '0x40400000' });
  });
});
