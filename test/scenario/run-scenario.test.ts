import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { verifyPmap } from '../../src/inspect/index.js';
import { parseScenario, ScenarioRun, type StepResult } from '../../src/scenario/index.js';

/** Programs by the paths that scenarios name them by. */
const files = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(`examples/programs/${path}`));

/** A run of `steps` in a domain called one, beside one called two. */
function run(steps: string, head = ''): { results: StepResult[]; run: ScenarioRun } {
  const text = `${head === '' ? 'machine: {tlb: strict}\ndomains: [{name: one, ram: 4M}, {name: two, ram: 1M}]' : head}
steps:
${steps.replaceAll(/^ *(?=\S)/gm, '  - ')}`;
  const started = new ScenarioRun(parseScenario(text, 's.yaml'), files);
  return { results: [...started.steps()], run: started };
}

/** What the steps did, and what was not as expected. */
function facts(steps: string, head?: string): unknown[] {
  return run(steps, head).results.map(({ outcome, unmet }) => {
    if (unmet.length > 0) return unmet;
    if (outcome.kind === 'done') return outcome.facts;
    return outcome.kind === 'fault' ? outcome.fault : outcome.codes;
  });
}

describe('steps', () => {
  it('allocate, map, look, unmap', () => {
    expect(
      facts(`
        allocate: {frame: f, size: 10000}
        map: {frame: f, rights: r, as: here}
        load: {at: here+0x10}
        unmap: {at: here}
        {load: {at: here}, expect: {fault: translation}}
        map: {frame: f, at: 0x5000_0000, offset: 8K, size: 4K}
        {store: {at: f+2, value: 0x1234_5678, bytes: 2}}
        {load: {at: f, bytes: 4}, expect: {value: 0x5678_0000}}
      `),
    ).toMatchObject([
      { verb: 'allocate', frame: 'f', bytes: 12288 },
      { mapping: { region: 'here', va: 0x4040_0000, bytes: 12288, flags: 1, placed: true } },
      { verb: 'load', va: 0x4040_0010, value: 0 },
      { verb: 'unmap', va: 0x4040_0000, bytes: 12288 },
      'translation',
      { mapping: { va: 0x5000_0000, bytes: 4096, placed: false } },
      { verb: 'store', value: 0x5678, bytes: 2 },
      { value: 0x5678_0000 },
    ]);
  });

  it('place a region again where one was unmapped, and not where one is', () => {
    expect(
      facts(`
        allocate: {frame: f, size: 4K}
        map: {frame: f}
        map: {frame: f, as: g}
        unmap: {at: f}
        map: {frame: f, as: h}
      `),
    ).toMatchObject([
      {},
      { mapping: { va: 0x4040_0000 } },
      { mapping: { va: 0x4040_1000 } },
      {},
      { mapping: { va: 0x4040_0000 } },
    ]);
  });

  it('align what they place to the leaves that were allowed', () => {
    expect(
      facts(`
        allocate: {frame: small, size: 4K}
        allocate: {frame: large, size: 1M}
        map: {frame: small}
        map: {frame: large, leaves: large}
        unmap: {at: large}
        map: {frame: large, leaves: small}
      `).slice(3),
    ).toMatchObject([
      { mapping: { va: 0x4050_0000, leaves: [{ kind: 'section', count: 1 }] } },
      { verb: 'unmap', bytes: 2 ** 20 },
      { mapping: { va: 0x4040_1000, leaves: [{ kind: 'small', count: 256 }] } },
    ]);
  });

  it('split, protect, promote, trim', () => {
    expect(
      facts(`
        allocate: {frame: f, size: 1M}
        map: {frame: f, at: 0x5000_0000, leaves: large}
        split: {at: f+4K}
        protect: {at: f, rights: none}
        {load: {at: f}, expect: {fault: permission}}
        protect: {at: f, rights: rw}
        promote: {at: f, size: 1M}
        unmap: {at: f}
        trim:
      `).slice(2),
    ).toMatchObject([
      {
        verb: 'split',
        leaves: [
          { kind: 'small', count: 1 },
          { kind: 'small', count: 255 },
        ],
      },
      { verb: 'protect', bytes: 4096, flags: 0x40, before: 0x43 },
      'permission',
      { verb: 'protect', flags: 0x43 },
      { verb: 'promote', bytes: 2 ** 20 },
      { verb: 'unmap', bytes: 2 ** 20 },
      { verb: 'trim' },
    ]);
  });

  it('share, revoke and free across domains', () => {
    expect(
      facts(`
        allocate: {frame: f, size: 8K}
        {share: {frame: f, with: two, rights: r, map: false}}
        {domain: two, map: {frame: f, rights: r, at: 0x5000_0000}}
        {share: {frame: f, with: two, rights: rw, as: g}}
        {domain: two, store: {at: g, value: 5}}
        {domain: two, load: {at: f}, expect: {value: 5}}
        {domain: two, share: {frame: g, with: one, as: h}}
        load: {at: h}
        revoke: {frame: f}
        {load: {at: h}, expect: {fault: translation}}
        map: {frame: f}
        free: {frame: f}
        {load: {at: f}, expect: {fault: translation}}
      `),
    ).toMatchObject([
      {},
      { verb: 'share', with: 'two', as: 'f', rights: 1 },
      { mapping: { va: 0x5000_0000 } },
      { verb: 'share', as: 'g', mapping: { region: 'g', bytes: 8192 } },
      { verb: 'store' },
      { value: 5 },
      { mapping: { region: 'h' } },
      { value: 5 },
      { verb: 'revoke', count: 3 },
      'translation',
      { verb: 'map' },
      { verb: 'free', bytes: 8192, count: 1 },
      'translation',
    ]);
  });

  it('run in the domain of the last switch, or in their own', () => {
    const { results } = run('switch: two\ntrim:\n{domain: one, trim: }\ntrim:');
    expect(results.map(({ step }) => step.domain)).toEqual(['two', 'two', 'one', 'two']);
  });

  it('touch a range and take the faults that this costs', () => {
    const { results } = run(
      'touch: {at: stack, size: 64K, pattern: strided, access: write}\ntouch: {at: stack, size: 1M, pattern: random, count: 50, seed: 7}',
      'domains: [{name: p, elf: sort.elf, ram: 4M}]',
    );
    expect(results.map(({ outcome, unmet }) => [outcome.kind, unmet])).toEqual([
      ['done', []],
      ['done', []],
    ]);
    expect(results[0]?.costs.FAULTS).toBe(16);
    expect(results[0]?.faults).toHaveLength(4);
    expect(results[0]?.faults[0]).toMatchObject({ region: 'stack', solved: true });
  });

  it('tell why the fault handler of a domain could not help', () => {
    const { results } = run(
      '{touch: {at: stack, size: 1M, access: write}, expect: {fault: translation, error: LIB_ERR_PAGEFAULT}}',
      'domains: [{name: p, elf: sort.elf, ram: 1M}]',
    );
    const { outcome, unmet, costs, faults } = results[0] as StepResult;
    expect(unmet).toEqual([]);
    expect(costs.FAULTS).toBeGreaterThan(100);
    expect(faults).toHaveLength(4);
    expect(outcome).toMatchObject({
      kind: 'fault',
      handler: expect.stringMatching(/^p has no memory for another page: .* no block that fits$/),
    });
  });

  it('tell of a fault that nobody solves', () => {
    const { results } = run('{load: {at: 0x1000}, expect: {fault: translation}}');
    expect(results[0]?.faults).toMatchObject([{ va: 0x1000, solved: false }]);
  });

  it('make frames of devices', () => {
    const head =
      'machine: {banks: [{name: r, base: 0x8000_0000, size: 8M}, {name: d, base: 0x1000, size: 8K, kind: device}]}\ndomains: [{name: one, ram: 1M}]';
    expect(
      facts(
        `
        allocate: {frame: f, device: d, offset: 4K}
        map: {frame: f, at: 0x5000_0000}
        store: {at: f, value: 7}
        {allocate: {frame: g, device: d, size: 16K}, expect: {error: SYS_ERR_RETYPE_INVALID_OFFSET}}
      `,
        head,
      ),
    ).toMatchObject([
      { device: 'd', pa: 0x2000, bytes: 4096 },
      {},
      { pa: 0x2000 },
      ['LIB_ERR_CAP_RETYPE', 'SYS_ERR_RETYPE_INVALID_OFFSET'],
    ]);
  });
});

describe('expectations', () => {
  it.each([
    ['load: {at: 0x1000}', /^it was to succeed, and got a translation fault$/],
    [
      '{load: {at: 0x1000}, expect: {fault: permission}}',
      /^expected a permission fault, got a translation fault$/,
    ],
    ['{trim: , expect: {error: LIB_ERR_PMAP_UNMAP}}', /^expected the error .*, and it succeeded/],
    ['{trim: , expect: {count: 1}}', /^count: expected 1, got 0/],
    ['{trim: , expect: {costs: {entryWrites: "> 3"}}}', /^entryWrites: expected > 3, got 0/],
    [
      '{unmap: {at: 0x1000}, expect: {error: LIB_ERR_PMAP_DO_MAP}}',
      /^expected the error .*, got LIB_ERR_PMAP_UNMAP over LIB_ERR_PMAP_FIND_VNODE/,
    ],
    [
      '{load: {at: 0x1000}, expect: {fault: translation, faults: ">= 2"}}',
      /^faults: expected >= 2/,
    ],
  ])('%s', (step, message) => {
    const { results, run: ended } = run(`${step}\ntrim:`);
    expect(results).toHaveLength(1);
    expect(results[0]?.unmet[0]).toMatch(message);
    expect(ended.failure).toBe(results[0]);
  });

  it('that hold', () => {
    const { results } = run(`
      {trim: , expect: {count: 0, costs: {entryWrites: "<= 0", faults: "< 1", walks: ">= 0"}}}
      {load: {at: 0x1000}, expect: {fault: translation, error: LIB_ERR_PAGEFAULT, faults: 1}}
    `);
    expect(results.map(({ unmet }) => unmet)).toEqual([[], []]);
  });
});

describe('a run refuses', () => {
  const refusal = (steps: string, head?: string): [string, string] => {
    try {
      run(steps, head);
    } catch (error) {
      if (error instanceof VmError) return [error.code, error.message];
      throw error;
    }
    throw new Error('it ran');
  };

  it('names that only its programs could have', () => {
    const head = 'domains: [{name: p, elf: hello.elf, ram: 2M}]';
    expect(refusal('load: {at: pages}\nload: {at: nothing}', head)).toEqual([
      'SCENARIO_ERR_REFERENCE',
      's.yaml:4: p has no region or symbol `nothing`',
    ]);
    expect(refusal('touch: {at: 0xffff_f000, size: 8K}')[1]).toMatch(
      /^s.yaml:4: the range of 0xffff_f000 leaves the 32-bit space/,
    );
    expect(refusal('allocate: {frame: f, size: 4K}\nmap: {frame: f}\nload: {at: f+3G}')[1]).toMatch(
      /^s.yaml:6: f\+3G is 0x1\w+, beyond 32 bits/,
    );
  });

  it('frames that a step should have made and did not', () => {
    const steps =
      '{allocate: {frame: f, size: 1G}, expect: {error: LIB_ERR_RAM_ALLOC}}\nmap: {frame: f}';
    expect(refusal(steps)).toEqual(['SCENARIO_ERR_REFERENCE', 's.yaml:5: one has no frame `f`']);
  });

  it('more work than a run may make', () => {
    const touch = 'touch: {at: 0x1000, size: 4M, count: 1000000}';
    const head = 'domains: [{name: p, elf: hello.elf, ram: 2M}]';
    const expected = `{${touch}, expect: {fault: translation}}\n`;
    expect(refusal(expected.repeat(21), head)).toEqual([
      'SCENARIO_ERR_LIMIT',
      's.yaml:23: the steps ask for more than 20,000,000 accesses and pages in all',
    ]);
  });

  it('machines that cannot be', () => {
    const bank = (text: string): string => `machine: {banks: [${text}]}\ndomains: [{name: one}]`;
    expect(refusal('trim:', bank('{name: a, base: 0x0, size: 5}'))[0]).toBe('MACHINE_ERR_BANK');
    expect(refusal('trim:', bank('{name: a, base: 0x0, size: 64K}'))).toEqual([
      'LIB_ERR_RAM_ALLOC',
      's.yaml: domain `one`: the machine has no 16384 bytes of free memory in one piece',
    ]);
    expect(refusal('trim:', bank('{name: a, base: 0x0, size: 1M, kind: device}'))[0]).toBe(
      'LIB_ERR_RAM_ALLOC',
    );
  });

  it('programs that cannot be', () => {
    const scenario = parseScenario('domains: [{name: p, elf: x.elf}]', 's.yaml');
    const start = (file: Uint8Array): unknown => new ScenarioRun(scenario, () => file);
    expect(() => start(new Uint8Array(100))).toThrow(/^s.yaml: domain `p`: byte 0x0 of the ELF/);
  });
});

it('leaves every page as shadow, tables and walk have it', () => {
  const text = readFileSync('examples/first-domain.yaml', 'utf8');
  const program = (path: string): Uint8Array => new Uint8Array(readFileSync(`examples/${path}`));
  const started = new ScenarioRun(parseScenario(text, 'first-domain.yaml'), program);
  for (const result of started.steps()) {
    expect(result.unmet).toEqual([]);
    for (const { domain } of started.world.actors) {
      expect(verifyPmap(started.world.kernel, domain.pmap).first).toEqual([]);
    }
  }
  expect(started.results).toHaveLength(21);
});
