import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { VmError } from '../../src/base/index.js';
import { verifyPmap } from '../../src/inspect/index.js';
import { parseScenario, ScenarioRun } from '../../src/scenario/index.js';

const FOLDER = 'examples/scenarios';
const TEXTS = [
  readFileSync('examples/first-domain.yaml', 'utf8'),
  ...readdirSync(FOLDER).map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8')),
];
const SEED = 20261122;

/** Every program and text that a scenario may name, and nothing else. */
const files = (path: string): Uint8Array => {
  const name = path.replace(/^.*\//, '');
  if (name === 'belady.txt') return new Uint8Array(readFileSync('examples/traces/belady.txt'));
  if (!['hello.elf', 'sort.elf', 'tree.elf'].includes(name)) {
    throw new VmError('SOURCE_ERR_READ', `${path}: there is no such file`);
  }
  return new Uint8Array(readFileSync(`examples/programs/${name}`));
};

/**
 * Reads and runs a scenario. It may be refused by name; what it does is as it should be: every page
 * of every domain, shadow, tables and walk alike, and nothing stale in the strict TLB.
 */
function survives(text: string): 'refused' | 'ran' {
  try {
    const run = new ScenarioRun(parseScenario(text, 'fuzz.yaml'), files);
    for (const { violations } of run.steps()) expect(violations).toEqual([]);
    for (const { domain } of run.world.actors) {
      expect(verifyPmap(run.world.kernel, domain.pmap).first).toEqual([]);
    }
    return 'ran';
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    expect(error.message).not.toBe('');
    return 'refused';
  }
}

/** A text with some of its characters changed, taken out, doubled or moved. */
const brokenText = fc
  .tuple(
    fc.constantFrom(...TEXTS),
    fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        cut: fc.nat(12),
        put: fc.oneof(
          fc.constantFrom(
            '',
            ' ',
            '\n',
            '-',
            '{',
            '}',
            '[',
            ']',
            ':',
            '&a ',
            '*a',
            '0x',
            '"',
            '!',
            '#',
          ),
          fc.string({ maxLength: 6, unit: 'binary' }),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((now, { at, cut, put }) => {
      const from = Math.floor(at * now.length);
      return now.slice(0, from) + put + now.slice(from + cut);
    }, text),
  );

/** What a value of a scenario might be instead. */
const OTHER_VALUES = [
  null,
  true,
  -1,
  0,
  1,
  2 ** 31,
  2 ** 53,
  1.5,
  Number.NaN,
  '',
  'none',
  'rwx',
  'large',
  '4K',
  '3',
  '1G',
  '0x0',
  '0x7fff_f000',
  '0x8000_0000',
  '0xffff_ffff',
  '0x4000_0000',
  'heap',
  'data+1',
  [],
  {},
  ['x'],
  { at: '0x5000_0000' },
  'x'.repeat(2_000),
];

/** The places of all values in `value`. */
function paths(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    paths(child, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return [[...path], ...inner];
}

/** A scenario of which some values are others, gone, or come from elsewhere in it. */
const brokenValues = fc
  .tuple(
    fc.constantFrom(...TEXTS),
    fc.array(
      fc.record({ pick: fc.nat(), other: fc.nat(), how: fc.constantFrom('put', 'drop', 'move') }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([text, edits]) => {
    const root: unknown = parse(text);
    for (const { pick, other, how } of edits) {
      const all = paths(root).filter((path) => path.length > 0);
      const path = all[pick % all.length];
      const from = all[other % all.length];
      if (path === undefined || from === undefined) continue;
      const holder = valueAt(root, path.slice(0, -1)) as Record<string | number, unknown>;
      const key = path.at(-1) ?? '';
      if (how === 'drop') {
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
      } else if (how === 'put') holder[key] = OTHER_VALUES[other % OTHER_VALUES.length];
      else holder[key] = structuredClone(valueAt(root, from));
    }
    return stringify(root);
  });

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce((value, key) => (value as Record<string | number, unknown>)[key], root);
}

describe('a scenario that somebody broke', () => {
  it('in its text ends in a named error, or runs and is right', () => {
    let ran = 0;
    fc.assert(
      fc.property(brokenText, (text) => {
        if (survives(text) === 'ran') ran += 1;
      }),
      { numRuns: 400, seed: SEED },
    );
    expect(ran).toBeGreaterThan(5);
  });

  it('in its values ends in a named error, or runs and is right', () => {
    let ran = 0;
    fc.assert(
      fc.property(brokenValues, (text) => {
        if (survives(text) === 'ran') ran += 1;
      }),
      { numRuns: 400, seed: SEED },
    );
    expect(ran).toBeGreaterThan(20);
  });
});
