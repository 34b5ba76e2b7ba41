import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cortexA7,
  cortexA9,
  type Descriptor,
  decode,
  encode,
  Kind,
  leafPattern,
  tablePattern,
} from '../../src/format/index.js';
import { errorOf } from '../support/errors.js';

const PROFILES = [cortexA7, cortexA9];
const bool = [false, true];

/** Words that differ in every bit above `low`, so that no bit of an address goes unseen. */
function* sampledAbove(low: number): Generator<number> {
  yield 0;
  for (let bit = low; bit < 32; bit++) {
    yield 2 ** bit;
    yield 2 ** 32 - 2 ** bit;
  }
  yield (0x5a5a_5a5a & ~(2 ** low - 1)) >>> 0;
}

describe('words', () => {
  it.each([
    [1, 20],
    [2, 16],
  ])(
    'of level %i all come back from what they say',
    (level, low) => {
      let wrong = 0;
      for (const profile of PROFILES) {
        for (const high of sampledAbove(low)) {
          for (let rest = 0; rest < 2 ** low; rest += high === 0 ? 1 : 257) {
            const word = (high | rest) >>> 0;
            if (encode(level, decode(level, word, profile)) !== word) wrong += 1;
          }
        }
      }
      expect(wrong).toBe(0);
    },
    120_000,
  );

  it('of any value come back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2),
        fc.nat(0xffff_ffff),
        fc.constantFrom(...PROFILES),
        (level, word, profile) => encode(level, decode(level, word, profile)) === word,
      ),
      { numRuns: 20_000 },
    );
  });
});

describe('descriptors', () => {
  const leaf = fc.record({
    ap: fc.nat(7),
    xn: fc.boolean(),
    tex: fc.nat(7),
    c: fc.boolean(),
    b: fc.boolean(),
    s: fc.boolean(),
    ng: fc.boolean(),
  });
  const outer = { pxn: fc.boolean(), ns: fc.boolean(), implementation: fc.boolean() };
  const at = (bits: number, count: number) =>
    fc.nat(2 ** count - 1).map((frame) => frame * 2 ** bits);
  const any: fc.Arbitrary<[number, Descriptor]> = fc.oneof(
    fc.tuple(
      fc.constantFrom(1, 2),
      fc.nat(2 ** 30 - 1).map((rest) => ({ kind: 'fault' as const, ignored: rest * 4 })),
    ),
    fc.tuple(
      fc.constant(1),
      fc.record({
        kind: fc.constant('table' as const),
        address: at(10, 22),
        domain: fc.nat(15),
        ignored: fc.constantFrom(0, 16),
        ...outer,
      }),
    ),
    fc.tuple(
      fc.constant(1),
      fc
        .tuple(leaf, fc.record({ address: at(20, 12), domain: fc.nat(15), ...outer }))
        .map(([a, b]) => ({ kind: 'section' as const, ...a, ...b })),
    ),
    fc.tuple(
      fc.constant(1),
      fc
        .tuple(leaf, fc.record({ address: at(24, 16), domain: fc.constant(0), ...outer }))
        .map(([a, b]) => ({ kind: 'supersection' as const, ...a, ...b })),
    ),
    fc.tuple(
      fc.constant(2),
      fc.tuple(leaf, at(16, 16), fc.nat(7)).map(([a, address, rest]) => ({
        kind: 'large' as const,
        address,
        ...a,
        ignored: rest << 6,
      })),
    ),
    fc.tuple(
      fc.constant(2),
      fc.tuple(leaf, at(12, 20)).map(([a, address]) => ({ kind: 'small' as const, address, ...a })),
    ),
  );

  it('all come back from their words', () => {
    fc.assert(
      fc.property(any, ([level, descriptor]) => {
        expect(decode(level, encode(level, descriptor), cortexA7)).toEqual(descriptor);
      }),
      { numRuns: 20_000 },
    );
  });

  it('without PXN: type 11 is reserved, and bit 2 of a table entry is ignored', () => {
    expect(decode(1, 0x1234_5c03, cortexA9)).toEqual({ kind: 'reserved', word: 0x1234_5c03 });
    const table = { address: 0x6000_0400, domain: 3, ns: false, implementation: true };
    expect(decode(1, 0x6000_0665, cortexA9)).toEqual({
      kind: 'table',
      ...table,
      pxn: false,
      ignored: 4,
    });
    expect(decode(1, 0x6000_0665, cortexA7)).toEqual({
      kind: 'table',
      ...table,
      pxn: true,
      ignored: 0,
    });
  });

  it('encode as the codec of the hot path does', () => {
    for (const pxn of bool) {
      const attributes = { ap: 5, xn: true, tex: 1, c: true, b: false, s: true, ng: true };
      const section = { ...attributes, domain: 7, pxn, ns: true };
      const descriptor = { address: 0x1230_0000, implementation: false, ...section };
      expect(encode(1, { kind: 'section', ...descriptor })).toBe(
        0x1230_0000 | leafPattern(Kind.SECTION, section),
      );
      const table = { domain: 9, pxn, ns: false };
      const entry = { kind: 'table', address: 0xffff_fc00, ignored: 0, ...table } as const;
      expect(encode(1, { ...entry, implementation: false })).toBe(
        (0xffff_fc00 | tablePattern(table)) >>> 0,
      );
    }
  });
});

describe('what no word can say', () => {
  const page = { ap: 0, xn: false, tex: 0, c: false, b: false, s: false, ng: false };
  const section = { ...page, pxn: false, ns: false, domain: 0, implementation: false };
  const table = { domain: 0, pxn: false, ns: false, implementation: false, ignored: 0 };
  const cases: [string, number, Descriptor, string][] = [
    ['a page at level 1', 1, { kind: 'small', address: 0, ...page }, 'FORMAT_ERR_LEVEL'],
    ['a section at level 2', 2, { kind: 'section', address: 0, ...section }, 'FORMAT_ERR_LEVEL'],
    ['a table at level 2', 2, { kind: 'table', address: 0, ...table }, 'FORMAT_ERR_LEVEL'],
    ['a level 3', 3, { kind: 'fault', ignored: 0 }, 'FORMAT_ERR_LEVEL'],
    [
      'an unaligned section',
      1,
      { kind: 'section', address: 0x1000, ...section },
      'FORMAT_ERR_FIELD',
    ],
    [
      'a section beyond 4 GiB',
      1,
      { kind: 'section', address: 2 ** 32, ...section },
      'FORMAT_ERR_FIELD',
    ],
    [
      'a supersection beyond 40 bits',
      1,
      { kind: 'supersection', address: 2 ** 40, ...section },
      'FORMAT_ERR_FIELD',
    ],
    ['a negative address', 2, { kind: 'small', address: -4096, ...page }, 'FORMAT_ERR_FIELD'],
    ['an unaligned table', 1, { kind: 'table', address: 512, ...table }, 'FORMAT_ERR_FIELD'],
    ['a table beyond 4 GiB', 1, { kind: 'table', address: 2 ** 32, ...table }, 'FORMAT_ERR_FIELD'],
    [
      'ignored bits that mean something',
      2,
      { kind: 'large', address: 0, ...page, ignored: 2 },
      'FORMAT_ERR_FIELD',
    ],
    ['a fault of a valid type', 1, { kind: 'fault', ignored: 1 }, 'FORMAT_ERR_FIELD'],
    ['a reserved word of a valid type', 1, { kind: 'reserved', word: 2 }, 'FORMAT_ERR_FIELD'],
  ];
  it.each(cases)('%s', (_name, level, descriptor, code) => {
    expect(errorOf(() => encode(level, descriptor)).code).toBe(code);
  });

  it('decode has only levels 1 and 2', () => {
    expect(errorOf(() => decode(0, 0, cortexA7)).code).toBe('FORMAT_ERR_LEVEL');
  });

  it('the message says what would be right', () => {
    const unaligned: Descriptor = { kind: 'section', address: 0x1000, ...section };
    expect(errorOf(() => encode(1, unaligned)).message).toBe(
      'a section entry cannot hold the address 0x1000: it must be aligned to its size and below 4 GiB',
    );
  });
});
