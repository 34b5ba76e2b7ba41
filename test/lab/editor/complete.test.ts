import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completions, type JsonSchema } from '../../../lab/editor/complete.js';
import { yamlPlace } from '../../../lab/editor/yaml-place.js';

const schema = JSON.parse(readFileSync('schema/scenario.schema.json', 'utf8')) as JsonSchema;

/** What is offered where `|` stands. */
function offered(marked: string): string[] {
  const offset = marked.indexOf('|');
  return completions(schema, marked.replace('|', ''), offset).map(({ text }) => text);
}

describe('completion', () => {
  it.each([
    ['|', 'machine: '],
    ['mach|', 'machine: '],
    ['machine: { c|', 'cpu: '],
    ['machine: { cpu: |', 'cortex-a7'],
    ['machine: { cpu: cortex-a7, t|', 'tlb: '],
    ['machine:\n  t|', 'tlb: '],
    ['machine:\n  tlb: s|', 'strict'],
    ['machine:\n  banks:\n    - { name: ram, k|', 'kind: '],
    ['machine:\n  banks:\n    - { name: ram, kind: d|', 'device'],
    ['machine: { tlb: { s|', 'sets: '],
    ['domains:\n  - n|', 'name: '],
    ['domains:\n  - name: a\n    r|', 'ram: '],
    ['domains: [ { name: a, r|', 'ram: '],
    ['steps:\n  - m|', 'map: '],
    ['steps:\n  - map: { f|', 'frame: '],
    ['steps:\n  - map: { frame: a, leaves: h|', 'huge'],
    ['steps:\n  - map: { frame: a }\n    e|', 'expect: '],
    ['steps:\n  - load: { at: a }\n    expect: { costs: { tlbM|', 'tlbMisses: '],
    ['steps:\n  - share: { frame: a, map: f|', 'false'],
  ])('of %j offers %j', (text, wanted) => {
    expect(offered(text)).toContain(wanted);
  });

  it.each([
    'title: m|',
    'steps:\n  - say: m|',
    'steps:\n  - map: { frame: m|',
    'unknown:\n  - m|',
    'machine: { cpu: cortex-a7 } m|',
  ])('of %j offers nothing', (text) => {
    expect(offered(text)).toEqual([]);
  });

  it('never fails, whatever the text is', () => {
    const pieces = fc.constantFrom(
      'steps:',
      '\n',
      '  ',
      '- ',
      'map',
      ': ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      '#',
      'a',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), fc.nat(80), (parts, at) => {
        const text = parts.join('');
        const offset = Math.min(at, text.length);
        const place = yamlPlace(text, offset);
        expect(place.from).toBeLessThanOrEqual(offset);
        expect(text.slice(place.from, offset)).toBe(place.word);
        completions(schema, text, offset);
      }),
    );
  });
});
