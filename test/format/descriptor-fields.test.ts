import { describe, expect, it } from 'vitest';
import {
  addressBits,
  attributesOf,
  DESCRIPTOR_FIELDS,
  fieldValue,
  IMPLEMENTATION_DEFINED,
  KIND_NAMES,
  Kind,
  kindOf,
  type LeafAttributes,
  pageFrameOf,
  tableAttributesOf,
  tableKibibyteOf,
} from '../../src/format/index.js';

const kinds = KIND_NAMES.map((name, kind) => [name, kind] as const);
const LEAVES = kinds.filter(([, kind]) => kind >= Kind.SECTION && kind <= Kind.SMALL);

/** A word of `kind` without anything set that it need not have. */
const BARE = [0, 1, 2, 2 | (1 << 18), 1, 2, 3];

describe('fields', () => {
  it.each(kinds)('of a %s cover every bit once, highest first', (_name, kind) => {
    let next = 32;
    for (const field of DESCRIPTOR_FIELDS[kind] ?? []) {
      expect(field.low + field.bits).toBe(next);
      next = field.low;
    }
    expect(next).toBe(0);
  });

  it.each(LEAVES)('of a %s are where the codec reads them', (_name, kind) => {
    const bare = BARE[kind] as number;
    for (const field of DESCRIPTOR_FIELDS[kind] ?? []) {
      if (field.role === 'type') continue;
      const word = (bare | ((2 ** field.bits - 1) << field.low)) >>> 0;
      expect(fieldValue(field, word)).toBe(2 ** field.bits - 1);
      const changed = changes(kind, bare, word);
      expect([field.name, changed]).toEqual([field.name, EXPECTED[field.name]]);
    }
  });

  it('of a table are where the codec reads them', () => {
    for (const field of DESCRIPTOR_FIELDS[Kind.TABLE] ?? []) {
      if (field.role === 'type') continue;
      const word = (1 | ((2 ** field.bits - 1) << field.low)) >>> 0;
      const before = { ...tableAttributesOf(1), address: tableKibibyteOf(1), imp: false };
      const after = {
        ...tableAttributesOf(word),
        address: tableKibibyteOf(word),
        imp: (word & IMPLEMENTATION_DEFINED) !== 0,
      };
      const changed = Object.entries(after)
        .filter(([name, value]) => value !== before[name as keyof typeof before])
        .map(([name]) => name);
      expect([field.name, changed]).toEqual([field.name, EXPECTED[field.name]]);
    }
  });
});

/** What the codec reads differently when all bits of a field are set. */
const EXPECTED: Readonly<Record<string, string[]>> = {
  address: ['address'],
  'PA[35:32]': ['address'],
  'PA[39:36]': ['address'],
  NS: ['ns'],
  nG: ['ng'],
  S: ['s'],
  'AP[2]': ['ap'],
  'AP[1:0]': ['ap'],
  TEX: ['tex'],
  IMP: ['imp'],
  SBZ: [],
  domain: ['domain'],
  XN: ['xn'],
  PXN: ['pxn'],
  C: ['c'],
  B: ['b'],
};

function changes(kind: number, before: number, after: number): string[] {
  const level = kind >= Kind.LARGE ? 2 : 1;
  expect(kindOf(level, after, true)).toBe(kind);
  const old = attributesOf(kind, before);
  const names = Object.entries(attributesOf(kind, after))
    .filter(([name, value]) => value !== old[name as keyof LeafAttributes])
    .map(([name]) => name);
  const frame = pageFrameOf(kind, after);
  if (frame !== pageFrameOf(kind, before)) {
    names.push('address');
    expect(addressBits(kind, frame)).toBe((after & ~before) >>> 0);
  }
  if (level === 1 && ((before ^ after) & IMPLEMENTATION_DEFINED) !== 0) names.push('imp');
  return names;
}
