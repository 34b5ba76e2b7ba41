import { describe, expect, it } from 'vitest';
import {
  addressBits,
  attributesOf,
  entryDomain,
  entryNs,
  entryPxn,
  isTable,
  Kind,
  kindOf,
  type LeafAttributes,
  leafAp,
  leafHolds,
  leafNotGlobal,
  leafPattern,
  leafShareable,
  leafTex,
  leafTexCb,
  leafXn,
  NO_ATTRIBUTES,
  pageFrameOf,
  tableAddressBits,
  tableAttributesOf,
  tableKibibyteOf,
  tablePattern,
} from '../../src/format/index.js';
import { errorOf } from '../support/errors.js';

const bool = [false, true];
const LEAVES = [Kind.SECTION, Kind.SUPERSECTION, Kind.LARGE, Kind.SMALL];

/** Every attribute pattern that a leaf of `kind` can have. */
function* allAttributes(kind: number): Generator<LeafAttributes> {
  const section = kind === Kind.SECTION || kind === Kind.SUPERSECTION;
  const domains = kind === Kind.SECTION ? 16 : 1;
  for (let ap = 0; ap < 8; ap++) {
    for (let tex = 0; tex < 8; tex++) {
      for (let flags = 0; flags < (section ? 128 : 32); flags++) {
        for (let domain = 0; domain < domains; domain++) {
          yield {
            ap,
            tex,
            domain,
            c: (flags & 1) !== 0,
            b: (flags & 2) !== 0,
            s: (flags & 4) !== 0,
            ng: (flags & 8) !== 0,
            xn: (flags & 16) !== 0,
            pxn: (flags & 32) !== 0,
            ns: (flags & 64) !== 0,
          };
        }
      }
    }
  }
}

describe('kinds', () => {
  it('tells the four types apart at each level', () => {
    const types = [0b00, 0b01, 0b10, 0b11];
    const bit18 = 1 << 18;
    expect(types.map((type) => kindOf(1, type, true))).toEqual([
      Kind.FAULT,
      Kind.TABLE,
      Kind.SECTION,
      Kind.SECTION,
    ]);
    expect(types.map((type) => kindOf(1, type | bit18, true))).toEqual([
      Kind.FAULT,
      Kind.TABLE,
      Kind.SUPERSECTION,
      Kind.SUPERSECTION,
    ]);
    expect(types.map((type) => kindOf(1, type | bit18, false))).toEqual([
      Kind.FAULT,
      Kind.TABLE,
      Kind.SUPERSECTION,
      Kind.RESERVED,
    ]);
    for (const hasPxn of bool) {
      expect(types.map((type) => kindOf(2, type, hasPxn))).toEqual([
        Kind.FAULT,
        Kind.LARGE,
        Kind.SMALL,
        Kind.SMALL,
      ]);
    }
    expect(types.map(isTable)).toEqual([false, true, false, false]);
  });
});

describe('known words', () => {
  it.each([
    [
      'the original: read-write small page',
      2,
      0x6020_103e,
      Kind.SMALL,
      { ap: 3, c: true, b: true },
    ],
    ['the original: read-only small page', 2, 0x6020_102e, Kind.SMALL, { ap: 2, c: true, b: true }],
    ['the original: uncached small page', 2, 0x6020_1036, Kind.SMALL, { ap: 3, b: true }],
    ['the original: read-write section', 1, 0x4000_0c0e, Kind.SECTION, { ap: 3, c: true, b: true }],
    ['Linux: user text', 2, 0x6020_123f, Kind.SMALL, { ap: 7, c: true, b: true, xn: true }],
    [
      'Linux: lowmem section',
      1,
      0x4021_941e,
      Kind.SECTION,
      { ap: 5, tex: 1, c: true, b: true, xn: true, s: true },
    ],
  ] as const)('%s', (_name, level, word, kind, expected) => {
    expect(kindOf(level, word, true)).toBe(kind);
    expect(attributesOf(kind, word)).toEqual({ ...NO_ATTRIBUTES, ...expected });
    expect(leafPattern(kind, { ...NO_ATTRIBUTES, ...expected })).toBe(
      word & (level === 1 ? 0xf_ffff : 0xfff),
    );
  });
});

describe('attributes', () => {
  it.each([
    ['section', Kind.SECTION, 131_072],
    ['supersection', Kind.SUPERSECTION, 8192],
    ['large page', Kind.LARGE, 2048],
    ['small page', Kind.SMALL, 2048],
  ])('every pattern of a %s comes back, and no two share a word', (_name, kind, patterns) => {
    const words = new Set<number>();
    let wrong = 0;
    for (const attributes of allAttributes(kind)) {
      const word = leafPattern(kind, attributes);
      words.add(word);
      const level = kind >= Kind.LARGE ? 2 : 1;
      const read = attributesOf(kind, word);
      if (kindOf(level, word, true) !== kind || word !== word >>> 0) wrong += 1;
      for (const [name, value] of Object.entries(attributes)) {
        if (read[name as keyof LeafAttributes] !== value) wrong += 1;
      }
    }
    expect(wrong).toBe(0);
    expect(words.size).toBe(patterns);
  });

  it('the single accessors say what attributesOf says', () => {
    let wrong = 0;
    for (const kind of LEAVES) {
      for (const attributes of allAttributes(kind)) {
        const word = leafPattern(kind, attributes);
        const { ap, xn, tex, c, b, s, ng, pxn, ns, domain } = attributes;
        const texCb = (tex << 2) | (c ? 2 : 0) | (b ? 1 : 0);
        const same =
          leafAp(kind, word) === ap &&
          leafXn(kind, word) === xn &&
          leafTex(kind, word) === tex &&
          leafTexCb(kind, word) === texCb &&
          leafShareable(kind, word) === s &&
          leafNotGlobal(kind, word) === ng;
        const section = kind <= Kind.SUPERSECTION;
        const outer =
          !section ||
          (entryPxn(kind, word) === pxn &&
            entryNs(kind, word) === ns &&
            entryDomain(kind, word) === domain);
        if (!same || !outer) wrong += 1;
      }
    }
    expect(wrong).toBe(0);
  });

  it('does not let the address of a leaf into its attributes', () => {
    for (const kind of LEAVES) {
      for (const frame of [0, 0xf_f000, 0xfff_f000]) {
        if (!leafHolds(kind, frame)) continue;
        const word = addressBits(kind, frame) | leafPattern(kind, { ...NO_ATTRIBUTES, ap: 5 });
        expect(attributesOf(kind, word)).toEqual({ ...NO_ATTRIBUTES, ap: 5 });
      }
    }
  });

  it('every table entry comes back', () => {
    const words = new Set<number>();
    for (let domain = 0; domain < 16; domain++) {
      for (const pxn of bool) {
        for (const ns of bool) {
          const word = tablePattern({ domain, pxn, ns });
          words.add(word);
          expect(kindOf(1, word, true)).toBe(Kind.TABLE);
          expect(tableAttributesOf(word)).toEqual({ domain, pxn, ns });
          expect(entryDomain(Kind.TABLE, word)).toBe(domain);
          expect(entryPxn(Kind.TABLE, word)).toBe(pxn);
          expect(entryNs(Kind.TABLE, word)).toBe(ns);
        }
      }
    }
    expect(words.size).toBe(64);
  });

  it.each([
    ['a domain on a supersection', Kind.SUPERSECTION, { domain: 1 }, 'FORMAT_ERR_FIELD'],
    ['a domain on a page', Kind.SMALL, { domain: 1 }, 'FORMAT_ERR_FIELD'],
    ['PXN on a page', Kind.LARGE, { pxn: true }, 'FORMAT_ERR_FIELD'],
    ['NS on a page', Kind.SMALL, { ns: true }, 'FORMAT_ERR_FIELD'],
    ['AP of four bits', Kind.SECTION, { ap: 8 }, 'FORMAT_ERR_FIELD'],
    ['TEX below zero', Kind.LARGE, { tex: -1 }, 'FORMAT_ERR_FIELD'],
    ['half a domain', Kind.SECTION, { domain: 0.5 }, 'FORMAT_ERR_FIELD'],
    ['a domain beyond 15', Kind.SECTION, { domain: 16 }, 'FORMAT_ERR_FIELD'],
    ['a leaf that is a table', Kind.TABLE, {}, 'FORMAT_ERR_LEVEL'],
    ['a leaf that is a fault', Kind.FAULT, {}, 'FORMAT_ERR_LEVEL'],
  ])('refuses %s', (_name, kind, change, code) => {
    expect(errorOf(() => leafPattern(kind, { ...NO_ATTRIBUTES, ...change })).code).toBe(code);
  });

  it('refuses a table in domain 16', () => {
    const error = errorOf(() => tablePattern({ domain: 16, pxn: false, ns: false }));
    expect(error.code).toBe('FORMAT_ERR_FIELD');
    expect(error.message).toBe('domain of a table entry cannot be 0x10: it can be 0 to 15');
  });
});

describe('addresses', () => {
  it('every frame that a leaf can hold comes back', () => {
    const ALIGNMENT = { [Kind.SMALL]: 1, [Kind.LARGE]: 16, [Kind.SECTION]: 256 } as const;
    for (const [kind, step] of Object.entries(ALIGNMENT)) {
      let wrong = 0;
      for (let frame = 0; frame < 0x10_0000; frame += step) {
        const bits = addressBits(Number(kind), frame);
        if (bits !== bits >>> 0 || pageFrameOf(Number(kind), bits) !== frame) wrong += 1;
      }
      expect(wrong).toBe(0);
    }
    let wrong = 0;
    for (let frame = 0; frame < 0x1000_0000; frame += 0x1000) {
      const bits = addressBits(Kind.SUPERSECTION, frame);
      if (bits !== bits >>> 0 || pageFrameOf(Kind.SUPERSECTION, bits) !== frame) wrong += 1;
    }
    expect(wrong).toBe(0);
  });

  it('puts the 40-bit address of a supersection where the manual has it', () => {
    // PA[39:36] = 0xa in bits 8..5, PA[35:32] = 0xb in bits 23..20, PA[31:24] = 0xcd.
    expect(addressBits(Kind.SUPERSECTION, 0xab_cd00_0000 / 4096)).toBe(0xcdb0_0140);
  });

  it('knows which frames fit', () => {
    expect(leafHolds(Kind.SMALL, 0xf_ffff)).toBe(true);
    expect(leafHolds(Kind.SMALL, 0x10_0000)).toBe(false);
    expect(leafHolds(Kind.LARGE, 0x10)).toBe(true);
    expect(leafHolds(Kind.LARGE, 0x18)).toBe(false);
    expect(leafHolds(Kind.SECTION, 0x100)).toBe(true);
    expect(leafHolds(Kind.SECTION, 0x110)).toBe(false);
    expect(leafHolds(Kind.SUPERSECTION, 0xfff_f000)).toBe(true);
    expect(leafHolds(Kind.SUPERSECTION, 0xfff_f100)).toBe(false);
    expect(leafHolds(Kind.SUPERSECTION, 0x1000_0000)).toBe(false);
    expect(leafHolds(Kind.TABLE, 0)).toBe(false);
  });

  it('every table address comes back', () => {
    for (let kibibyte = 0; kibibyte < 0x40_0000; kibibyte += 0x3ff) {
      const bits = tableAddressBits(kibibyte);
      expect(bits).toBe(kibibyte * 1024);
      expect(tableKibibyteOf((bits | 0x3ff) >>> 0)).toBe(kibibyte);
    }
  });
});
