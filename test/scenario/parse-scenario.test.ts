import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { type FileProblem, MOST_FILE_BYTES } from '../../src/layout/yaml-tree.js';
import { parseScenario } from '../../src/scenario/parse-scenario.js';

/** What is wrong with `text`: the code, and each problem as `line:column message`. */
function refusal(text: string): { code: string; problems: string[] } {
  try {
    parseScenario(text, 's.yaml');
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    const problems = error.evidence as FileProblem[];
    return {
      code: error.code,
      problems: problems.map(({ line, column, message }) => `${line}:${column} ${message}`),
    };
  }
  throw new Error('the scenario was accepted');
}

const steps = (...lines: string[]): string =>
  `domains: [{name: one}]\nsteps:\n${lines.map((line) => `  - ${line}\n`).join('')}`;

describe('a scenario file', () => {
  it('is read with its defaults', () => {
    const scenario = parseScenario('domains: [{name: one}]', 's.yaml');
    expect(scenario).toMatchObject({ file: 's.yaml', title: '', steps: [] });
    expect(scenario.machine.banks).toEqual([
      { name: 'ram', base: 0x8000_0000, size: 64 * 2 ** 20, kind: 'ram' },
    ]);
    expect(scenario.domains[0]).toMatchObject({ ram: 2 * 2 ** 20, leaves: 'largest' });
  });

  it('keeps the domain of the last switch', () => {
    const scenario = parseScenario(
      'domains: [{name: one}, {name: two}]\nsteps: [trim: , switch: two, trim: , {domain: one, trim: }]',
      's.yaml',
    );
    expect(scenario.steps.map((step) => step.domain)).toEqual(['one', 'two', 'two', 'one']);
  });
});

const CASES: readonly [what: string, text: string, code: string, ...problems: string[]][] = [
  ['an empty file', '', 'SCENARIO_ERR_SCHEMA', '1:1 `domains` is missing'],
  [
    'a list',
    '[]',
    'SCENARIO_ERR_SCHEMA',
    '1:1 the file must be a map with `$schema`, `title`, `about`, `machine`, `kernel`, `domains`, `steps`',
  ],
  [
    'a number for a list',
    'domains: 5',
    'SCENARIO_ERR_SCHEMA',
    '1:10 `domains` must be a list of domains, each at least {name}',
  ],
  [
    'no domain',
    'domains: []',
    'SCENARIO_ERR_SCHEMA',
    '1:10 `domains` must hold at least one domain, like `- name: first`',
  ],
  [
    'a misspelt key',
    'domain: 5\ndomains: [{name: a}]',
    'SCENARIO_ERR_SCHEMA',
    '1:1 `domain` is not known here; did you mean `domains`?',
  ],
  [
    'a processor that there is not',
    'machine: {cpu: cortex-a5}\ndomains: [{name: a}]',
    'SCENARIO_ERR_SCHEMA',
    '1:16 `cpu` must be one of cortex-a7, cortex-a9, cortex-a15',
  ],
  [
    'half a TLB',
    'machine: {tlb: {sets: 3}}\ndomains: [{name: a}]',
    'SCENARIO_ERR_SCHEMA',
    '1:16 `tlb` must be none, profile (that of the processor), strict (checks every use), or {sets: 64, ways: 2}',
  ],
  [
    'a negative size',
    'domains: [{name: a, ram: -4K}]',
    'SCENARIO_ERR_SCHEMA',
    '1:26 `-4K` is not a size: write bytes with a unit, like 4K, 64K, 1M, 0x1000',
  ],
  [
    'half a page',
    'domains: [{name: a, ram: 2048}]',
    'SCENARIO_ERR_SCHEMA',
    '1:26 `ram` must be a multiple of 4K',
  ],
  [
    'an absolute path',
    'domains: [{name: a, elf: /etc/passwd}]',
    'SCENARIO_ERR_SCHEMA',
    '1:26 `elf` must be a path relative to the scenario',
  ],
  [
    'a misspelt verb',
    steps('mapp: {frame: x}'),
    'SCENARIO_ERR_SCHEMA',
    '3:5 `mapp` is not known here; did you mean `map`?',
  ],
  [
    'two verbs',
    steps('map: {frame: x}\n    unmap: {at: 0x1000}'),
    'SCENARIO_ERR_SCHEMA',
    '3:5 a step has exactly one verb, here map and unmap; verbs are allocate, map, unmap, protect, split, promote, trim, share, revoke, free, load, store, fetch, touch, create, fill, unfill, append, pin, unpin, evict, flush, budget, reserve, guard, stack, heap, malloc, release, write, read, transfer, clone, exit, kill, switch',
  ],
  [
    'a list for a map',
    steps('load: [1]'),
    'SCENARIO_ERR_SCHEMA',
    '3:11 `load` must be a map with `at`, `bytes`',
  ],
  [
    'a decimal address',
    steps('load: {at: 1000}'),
    'SCENARIO_ERR_SCHEMA',
    '3:16 `1000` is not a place: write an address like 0x1000_0000, or the name of a region or symbol, like heap or heap+4K',
  ],
  [
    'an address of 33 bits',
    steps('load: {at: 0x1_0000_0000}'),
    'SCENARIO_ERR_SCHEMA',
    '3:16 `0x1_0000_0000` is not a place: write an address like 0x1000_0000, or the name of a region or symbol, like heap or heap+4K',
  ],
  [
    'rights in another order',
    steps('allocate: {frame: a, size: 1M}', 'map: {frame: a, rights: xr}'),
    'SCENARIO_ERR_SCHEMA',
    '4:29 `xr` is not a set of rights: write letters of rwx in this order, like r, rw, r-x, or none',
  ],
  [
    'a size without a known unit',
    steps('allocate: {frame: a, size: 12 pages}'),
    'SCENARIO_ERR_SCHEMA',
    '3:32 `12 pages` is not a size: write bytes with a unit, like 4K, 64K, 1M, 0x1000',
  ],
  [
    'more accesses than a run may take',
    steps('touch: {at: 0x1000, size: 4K, count: 5000000}'),
    'SCENARIO_ERR_SCHEMA',
    '3:42 `5000000` is not a whole number from 1 to 1,000,000',
  ],
  [
    'an expectation that makes no sense',
    steps('store: {at: 0x1000}\n    expect: {value: 4}'),
    'SCENARIO_ERR_SCHEMA',
    '4:14 `value` can only be expected of load, fetch',
  ],
  [
    'an error that there is not',
    steps('load: {at: 0x1000}\n    expect: {error: LIB_ERR_NOPE}'),
    'SCENARIO_ERR_SCHEMA',
    '4:21 `error` must be the name of an error, like LIB_ERR_PMAP_EXISTING_MAPPING',
  ],
  [
    'a misspelt cost',
    steps('load: {at: 0x1000}\n    expect: {costs: {walk: 4}}'),
    'SCENARIO_ERR_SCHEMA',
    '4:22 `walk` is not known here; did you mean `walks`?',
  ],
  [
    'a frame that is not defined',
    steps('map: {frame: x}'),
    'SCENARIO_ERR_REFERENCE',
    '3:18 no frame is called `x`; there is none here',
  ],
  [
    'a region that is not defined',
    steps('allocate: {frame: heap, size: 4K}', 'map: {frame: heap}', 'load: {at: heep}'),
    'SCENARIO_ERR_REFERENCE',
    '5:16 no region is called `heep`; did you mean `heap`?',
  ],
  [
    'a domain that is not defined',
    steps('switch: two'),
    'SCENARIO_ERR_REFERENCE',
    '3:13 no domain is called `two`; here: one',
  ],
  [
    'a frame of another domain',
    'domains: [{name: a}, {name: b}]\nsteps: [allocate: {frame: f, size: 4K}, {domain: b, map: {frame: f}}]',
    'SCENARIO_ERR_REFERENCE',
    '2:66 no frame is called `f`; there is none here',
  ],
  [
    'a frame that was freed',
    steps('allocate: {frame: f, size: 4K}', 'free: {frame: f}', 'map: {frame: f}'),
    'SCENARIO_ERR_REFERENCE',
    '5:18 no frame is called `f`; there is none here',
  ],
  [
    'a name twice',
    'domains: [{name: a}, {name: a}]',
    'SCENARIO_ERR_REFERENCE',
    '1:29 `a` is there twice',
  ],
  ['YAML that ends too early', '{', 'SCENARIO_ERR_SYNTAX', '1:2 Flow map must end with a }'],
  ['tabs', 'steps:\n\t- x', 'SCENARIO_ERR_SYNTAX', '2:1 Tabs are not allowed as indentation'],
  ['a key twice', 'a: 1\na: 2', 'SCENARIO_ERR_SYNTAX', '2:1 `a` is there twice'],
  [
    'an anchor that holds itself',
    'a: &a [*a]',
    'SCENARIO_ERR_SYNTAX',
    '1:7 anchors are not taken: write the value out',
  ],
  [
    'a tag',
    'a: !!binary x',
    'SCENARIO_ERR_SYNTAX',
    '1:13 tags are not taken: leave out the word with `!`',
  ],
  [
    'a key that every object has',
    '__proto__: 3',
    'SCENARIO_ERR_SYNTAX',
    '1:1 `__proto__` is not a key that is known here',
  ],
  [
    'a key that is a list',
    '? [a]\n: 3',
    'SCENARIO_ERR_SYNTAX',
    '1:3 the key of a map must be a plain word',
  ],
  [
    'two documents',
    '---\na\n---\nb',
    'SCENARIO_ERR_SYNTAX',
    '3:1 one file holds one document: leave out the `---`',
  ],
  [
    'deep lists',
    '['.repeat(1000),
    'SCENARIO_ERR_LIMIT',
    '1:25 maps and lists lie more than 24 deep in each other',
  ],
  [
    'deep lists of another kind',
    '- '.repeat(1000),
    'SCENARIO_ERR_LIMIT',
    '1:49 maps and lists lie more than 24 deep in each other',
  ],
];

/** What cannot be in one step of self-paging, with its place. */
const PAGING_CASES: readonly [step: string, code: string, problem: string][] = [
  ['create: {object: o}', 'SCHEMA', '3:13 an object of kind anonymous needs `size`'],
  ['create: {object: o, size: 5000}', 'SCHEMA', '3:31 `size` must be a multiple of 4K'],
  [
    'create: {object: o, size: 4K, frame: f}',
    'SCHEMA',
    '3:35 `frame` is nothing for an object of kind anonymous',
  ],
  ['create: {object: o, kind: file}', 'SCHEMA', '3:13 `contents` or `file` is missing'],
  [
    'create: {object: o, kind: file, contents: a, file: b}',
    'SCHEMA',
    '3:50 `contents` and `file` cannot both be',
  ],
  [
    'create: {object: o, kind: copy-on-write, of: x}',
    'REFERENCE',
    '3:50 no object is called `x`; there is none here',
  ],
  ['map: {rights: r}', 'SCHEMA', '3:10 `frame` or `object` is missing'],
  ['map: {object: x}', 'REFERENCE', '3:19 no object is called `x`; there is none here'],
  [
    'reserve: {as: a, size: 4K, at: 0x5000_0000, below: 0x6000_0000}',
    'SCHEMA',
    '3:49 `below` and `at` cannot both be',
  ],
  ['guard: {as: a, size: 4K, replace: true}', 'SCHEMA', '3:30 `replace` needs `at`'],
  ['revoke: {object: o}', 'SCHEMA', '3:13 to revoke an object needs `from`'],
  [
    'malloc: {as: a, heap: h, size: 8}',
    'REFERENCE',
    '3:27 no heap is called `h`; there is none here',
  ],
  ['clone: {as: one}', 'REFERENCE', '3:17 a domain `one` is there already'],
  ['kill: three', 'REFERENCE', '3:11 no domain is called `three`; here: one'],
  [
    'write: {at: 0x5000_0000, contents: "hex:0"}',
    'SCHEMA',
    '3:40 `hex:0` is not contents: write ASCII text, or bytes like hex:00 ff 10',
  ],
  [
    '{read: {at: 0x5000_0000}, expect: {value: 1}}',
    'SCHEMA',
    '3:40 `value` can only be expected of load, fetch',
  ],
];

describe('a step of self-paging is refused for', () => {
  it.each(PAGING_CASES)('%s', (step, code, problem) => {
    expect(refusal(steps(step))).toEqual({ code: `SCENARIO_ERR_${code}`, problems: [problem] });
  });

  it('a budget that nothing can be done with', () => {
    expect(refusal('domains: [{name: one, pager: {frames: 2}}]').problems).toEqual([
      '1:39 `2` is not a whole number from 3 to 65,536',
    ]);
  });
});

describe('a scenario file is refused for', () => {
  it.each(CASES)('%s', (_, text, code, ...problems) => {
    expect(refusal(text)).toEqual({ code, problems });
  });

  it('too many steps', () => {
    const many = steps(...Array.from({ length: 2_001 }, () => 'trim:'));
    expect(refusal(many)).toEqual({
      code: 'SCENARIO_ERR_SCHEMA',
      problems: ['3:3 `steps` holds at most 2,000 steps'],
    });
  });

  it('its size', () => {
    expect(refusal('a'.repeat(2 ** 20))).toEqual({
      code: 'SCENARIO_ERR_LIMIT',
      problems: ['1:1 the file has 1048576 characters, at most 131072 are read'],
    });
  });

  it('a laugh that a billion others are made of', () => {
    const laughs = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n},*a${n}]`);
    expect(refusal(`a0: &a0 lol\n${laughs.join('\n')}`).problems).toEqual([
      '1:9 anchors are not taken: write the value out',
    ]);
  });
});

/** Files of the largest size that is taken, each of which keeps one part of a YAML parser busy. */
const HOSTILE: Readonly<Record<string, (length: number) => string>> = {
  'flow lists': (length) => '['.repeat(length),
  'flow maps': (length) => '[{a:'.repeat(length / 4),
  'block lists': (length) => '- '.repeat(length / 2),
  'block keys': (length) => '? '.repeat(length / 2),
  'closing brackets': (length) => ']'.repeat(length),
  commas: (length) => `[${','.repeat(length - 1)}`,
  quotes: (length) => '"'.repeat(length),
  anchors: (length) => '&a '.repeat(length / 3),
  'keys that are alike': (length) => `{${'a: 1, '.repeat((length - 2) / 6)}}`,
  'keys that differ': (length) =>
    Array.from({ length: length / 12 }, (_, n) => `k${n}: 1`).join('\n'),
  'steps without end': (length) => `steps:\n${'- trim:\n'.repeat(length / 8 - 1)}`,
  documents: (length) => '---\n'.repeat(length / 4),
  colons: (length) => 'a: '.repeat(length / 3),
};

describe('a hostile file ends in a named error within the time of a test', () => {
  it.each(Object.entries(HOSTILE))('%s', (_, make) => {
    const text = make(MOST_FILE_BYTES);
    expect(text.length).toBeLessThanOrEqual(MOST_FILE_BYTES);
    expect(refusal(text).code).toMatch(/^SCENARIO_ERR_/);
  });
});
