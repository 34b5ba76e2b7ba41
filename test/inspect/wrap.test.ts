import { describe, expect, it } from 'vitest';
import { plainText } from '../../src/inspect/index.js';
import { wrapped, wrappedSpans } from '../../src/inspect/wrap.js';

describe('text', () => {
  const lines = (text: string, columns: number, indent = 0, hang = 0): string[] =>
    wrapped(text, columns, indent, undefined, hang).map(plainText);

  it('is broken between words', () => {
    expect(lines('one two three four five', 20)).toEqual(['one two three four', 'five']);
    expect(lines('one two three four five', 24, 2, 2)).toEqual([
      '  one two three four',
      '    five',
    ]);
  });

  it('keeps words that are too long, and blanks inside a line', () => {
    expect(lines(`${'x'.repeat(30)} y`, 20)).toEqual(['x'.repeat(30), 'y']);
    expect(lines('a  b', 20)).toEqual(['a  b']);
    expect(lines('', 20)).toEqual([]);
  });
});

it('pieces of a line stay whole', () => {
  const spans = ['alpha  ', 'beta  ', 'gamma'].map((text) => ({ text }));
  expect(wrappedSpans(spans, 12, 0).map(plainText)).toEqual(['alpha  beta', 'gamma']);
  expect(wrappedSpans(spans, 80, 2).map(plainText)).toEqual(['  alpha  beta  gamma']);
});
