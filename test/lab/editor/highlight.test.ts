import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partsOfLines } from '../../../lab/editor/highlight.js';

/** The parts of each line that are not plain, as `kind text`. */
const coloured = (text: string): string[][] =>
  partsOfLines(text.split('\n')).map((parts) =>
    parts.filter(({ kind }) => kind !== 'plain').map((part) => `${part.kind} ${part.text}`),
  );

describe('the colours of YAML', () => {
  it('sets keys, numbers, strings and comments apart', () => {
    expect(coloured('- map: { at: 0x1000, name: "a" } # why')).toEqual([
      [
        'mark -',
        'key map',
        'mark :',
        'mark {',
        'key at',
        'mark :',
        'number 0x1000',
        'mark ,',
        'key name',
        'mark :',
        'string "a"',
        'mark }',
        'comment # why',
      ],
    ]);
  });

  it('leaves a text over several lines plain, and no line after it', () => {
    const text = 'about: >-\n  One thing is wrong: 3 pages.\n\n  # no comment\ncpu: a7\n';
    expect(coloured(text)).toEqual([
      ['key about', 'mark :'],
      [],
      [],
      [],
      ['key cpu', 'mark :'],
      [],
    ]);
    const step = '  - say: |\n      It has 2: see.\n    map: { frame: page }';
    expect(coloured(step)[1]).toEqual([]);
    expect(coloured(step)[2]?.[0]).toBe('key map');
  });

  it('changes no letter of any text', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.constantFrom('a: >-', '  - b: |', '', '    c'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (texts) => {
        const lines = texts.flatMap((text) => text.split('\n'));
        const written = partsOfLines(lines).map((parts) => parts.map(({ text }) => text).join(''));
        expect(written).toEqual(lines);
      }),
    );
  });
});
