import { describe, expect, it } from 'vitest';
import {
  apOf,
  attributesOf,
  domainOf,
  isNonSecure,
  isNotGlobal,
  isShareable,
  Kind,
  kindOf,
  type LeafInfo,
  leafKindOf,
  leafShape,
  OFFSET_MASKS,
  pageInfo,
  rightsIndexOf,
  sectionInfo,
  tableAttributesOf,
  tableInfo,
  texCbOf,
} from '../../src/format/index.js';

/** The facts as `attributesOf` would give them, domain, PXN and NS of a page from its table. */
function facts(info: LeafInfo) {
  return {
    kind: leafKindOf(info),
    ap: apOf(info),
    xn: (rightsIndexOf(info) & 8) !== 0,
    pxn: (rightsIndexOf(info) & 16) !== 0,
    domain: domainOf(info),
    tex: texCbOf(info) >> 2,
    c: (texCbOf(info) & 2) !== 0,
    b: (texCbOf(info) & 1) !== 0,
    s: isShareable(info),
    ng: isNotGlobal(info),
    ns: isNonSecure(info),
  };
}

function same(left: object, right: object): boolean {
  return Object.entries(left).every(([name, value]) => right[name as keyof typeof right] === value);
}

describe('leaf facts', () => {
  it('of every level-1 word are what the codec reads', () => {
    let wrong = 0;
    for (let word = 0; word < 2 ** 20; word++) {
      for (const hasPxn of [false, true]) {
        const kind = kindOf(1, word, hasPxn);
        const info = sectionInfo(word, hasPxn);
        if (kind !== Kind.SECTION && kind !== Kind.SUPERSECTION) {
          if (info !== 0) wrong += 1;
        } else if (!same(facts(info), { kind, ...attributesOf(kind, word) })) wrong += 1;
        if (rightsIndexOf(info) >> 5 !== domainOf(info)) wrong += 1;
      }
    }
    expect(wrong).toBe(0);
  });

  it('of every level-2 word are what the codec reads, under every table entry', () => {
    let wrong = 0;
    for (let entry = 0; entry < 1024; entry += 4) {
      for (const hasPxn of [false, true]) {
        const outer = tableInfo(entry | 1, hasPxn);
        const { domain, pxn, ns } = tableAttributesOf(entry | 1);
        const above = { domain, ns, pxn: pxn && hasPxn };
        for (let word = entry & 3; word < 2 ** 16; word += entry === 0 ? 1 : 97) {
          const kind = kindOf(2, word, hasPxn);
          const info = pageInfo(word, outer);
          if (kind === Kind.FAULT) {
            if (info !== 0) wrong += 1;
          } else if (!same(facts(info), { kind, ...attributesOf(kind, word), ...above })) {
            wrong += 1;
          }
        }
      }
    }
    expect(wrong).toBe(0);
  });

  it('do not see the address of the leaf', () => {
    for (const word of [0x0000_0c0e, 0x0004_0c0e]) {
      expect(sectionInfo((word | 0xfff0_0000) >>> 0, true)).toBe(sectionInfo(word, true));
    }
    expect(pageInfo(0xffff_f03e, 0)).toBe(pageInfo(0x0000_003e, 0));
    expect(pageInfo(0xffff_0035, 0)).toBe(pageInfo(0x0000_0035, 0));
  });

  it('the masks are the sizes of the leaves', () => {
    for (const kind of [Kind.SECTION, Kind.SUPERSECTION, Kind.LARGE, Kind.SMALL]) {
      expect(OFFSET_MASKS[kind]).toBe(leafShape(kind).bytes - 1);
    }
  });
});
