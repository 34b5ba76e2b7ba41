import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { AddressSpace } from '../../src/inspect/address-space.js';
import { mapRows } from '../../src/inspect/map-rows.js';
import { Names } from '../../src/inspect/names.js';
import { Regions } from '../../src/inspect/regions.js';
import { globMatcher, parseFilter } from '../../src/inspect/row-filter.js';
import { boardSpace } from '../support/tables.js';

const names = new Names([
  {
    name: 'uart0',
    base: 0x4020_0000,
    bytes: 0x1000,
    space: 'physical',
    role: 'region',
    origin: '',
  },
]);
const rows = [...mapRows(new Regions(new AddressSpace(boardSpace().input)), { names })];
const addresses = (text: string): string[] =>
  rows.filter(parseFilter(text)).map(({ va }) => va.toString(16));

describe('a filter', () => {
  it.each([
    ['w and x', ['0', '40000000']],
    ['w & x & device', []],
    ['strongly', ['40000000']],
    ['device and kernel', ['40200000', '50100000']],
    ['super', ['10000000', 'f0000000', 'f0400000']],
    ['(super or large) and pl1.w', ['10000000']],
    ['not (not large)', ['50000000']],
    ['!normal && mapped', ['40000000', '40200000', '50100000']],
    ['domain=2', ['60000000']],
    ["name='UART*'", ['40200000']],
    ['name=uart?', ['40200000']],
    ["type='str*' | unreadable", ['40000000', '70000000']],
    ['small and ng', ['50020000', '50030000']],
    ['scattered', ['50030000']],
    ['user and not w and not x', ['50020000']],
  ])('%s', (text, expected) => {
    expect(addresses(text)).toEqual(expected);
  });

  it('binds `and` before `or`', () => {
    expect(addresses('large or w and x')).toEqual(addresses('large or (w and x)'));
  });

  it.each([
    ['', /something is missing/],
    ['w and', /column 6: something is missing/],
    ['w x', /column 3: write `and` or `or` before it/],
    ['(w', /a \) is missing/],
    ['writable', /"writable" stands for nothing; it knows r w x/],
    ['colour=blue', /"colour" stands for nothing/],
    ['w % x', /column 2: this is no word/],
    [`${'not '.repeat(300)}w`, /more than 256 words/],
  ])('refuses %j', (text, message) => {
    expect(() => parseFilter(text)).toThrowError(message);
  });

  it('is a filter or a named error, whatever the text is', () => {
    const word = fc.constantFrom('w', 'x', 'and', 'or', 'not', '(', ')', 'name=a*', '=', '"', ' ');
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 4 }))), (words) => {
        try {
          rows.filter(parseFilter(words.join(' ')));
        } catch (error) {
          expect(error).toBeInstanceOf(VmError);
        }
      }),
      { seed: 9, numRuns: 500 },
    );
  });
});

describe('a glob', () => {
  it.each([
    ['uart*', 'UART0', true],
    ['a.c', 'abc', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*', '', true],
    ['', 'a', false],
    ['*b*d', 'abcbcd', true],
    ['*b*d', 'abcbcde', false],
    ['a**', 'a', true],
  ])('%j fits %j: %s', (glob, text, fits) => {
    expect(globMatcher(glob)(text)).toBe(fits);
  });

  it('is matched in bounded time', () => {
    expect(globMatcher(`${'*a'.repeat(200)}*b`)('a'.repeat(5000))).toBe(false);
  });
});
