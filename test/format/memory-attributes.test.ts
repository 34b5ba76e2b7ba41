import { describe, expect, it } from 'vitest';
import {
  CACHE_POLICIES,
  memoryType,
  memoryTypeName,
  type RemapRegisters,
  sameMemoryType,
  TYPE_FIELDS,
} from '../../src/format/index.js';

const direct: RemapRegisters = { tre: false, prrr: 0, nmrr: 0 };

/** `name shareability` of TEX C B with S clear and set. */
function names(texCb: number, remap: RemapRegisters): [string, string] {
  return [false, true].map((s) => {
    const type = memoryType(texCb, s, remap);
    return `${memoryTypeName(type)} ${type.shareability}`;
  }) as [string, string];
}

describe('without remap', () => {
  const bySetting = (name: string): [string, string] => [`${name} none`, `${name} outer`];
  const reserved = bySetting('reserved');
  it.each([
    [0b00000, ['strongly outer', 'strongly outer']],
    [0b00001, ['device outer', 'device outer']],
    [0b00010, bySetting('normal-wt')],
    [0b00011, bySetting('normal-wb-nwa')],
    [0b00100, bySetting('normal-nc')],
    [0b00101, reserved],
    [0b00110, reserved],
    [0b00111, bySetting('normal-wbwa')],
    [0b01000, ['device none', 'device none']],
    [0b01001, reserved],
    [0b01010, reserved],
    [0b01011, reserved],
    [0b01100, reserved],
    [0b01101, reserved],
    [0b01110, reserved],
    [0b01111, reserved],
  ])('TEX C B = %i', (texCb, expected) => {
    expect(names(texCb, direct)).toEqual(expected);
  });

  it('TEX = 1BB names the outer policy, C and B the inner one', () => {
    for (const [outer, outerName] of CACHE_POLICIES.entries()) {
      for (const [inner, innerName] of CACHE_POLICIES.entries()) {
        const name = inner === outer ? `normal-${innerName}` : `normal-i${innerName}-o${outerName}`;
        expect(names(0b10000 | (outer << 2) | inner, direct)).toEqual(bySetting(name));
      }
    }
  });

  it('PRRR and NMRR do not matter', () => {
    for (let texCb = 0; texCb < 32; texCb++) {
      const other = { tre: false, prrr: 0xffff_ffff, nmrr: 0xffff_ffff };
      expect(names(texCb, other)).toEqual(names(texCb, direct));
    }
  });

  it('the fields of the common types name them', () => {
    for (const [name, { tex, c, b }] of Object.entries(TYPE_FIELDS)) {
      const texCb = (tex << 2) | (c ? 2 : 0) | (b ? 1 : 0);
      expect(memoryTypeName(memoryType(texCb, false, direct))).toBe(name);
    }
  });
});

describe('with remap', () => {
  it('Linux: the eight types', () => {
    const linux = { tre: true, prrr: 0xff0a_81a8, nmrr: 0x40e0_40e0 };
    const expected = [
      ['strongly outer', 'strongly outer'],
      ['normal-nc none', 'normal-nc inner'],
      ['normal-wt none', 'normal-wt inner'],
      ['normal-wb-nwa none', 'normal-wb-nwa inner'],
      ['device none', 'device inner'],
      ['strongly outer', 'strongly outer'],
      ['strongly outer', 'strongly outer'],
      ['normal-wbwa none', 'normal-wbwa inner'],
    ];
    for (let index = 0; index < 8; index++) {
      expect([index, names(index, linux)]).toEqual([index, expected[index]]);
    }
  });

  it('TEX[2:1] belong to software', () => {
    const remap = { tre: true, prrr: 0xff0a_81a8, nmrr: 0x40e0_40e0 };
    for (let texCb = 0; texCb < 32; texCb++) {
      expect(names(texCb, remap)).toEqual(names(texCb & 7, remap));
    }
  });

  it('every index takes its own fields, whatever the others hold', () => {
    const KINDS = ['strongly', 'device', 'normal', 'reserved'];
    for (let index = 0; index < 8; index++) {
      for (const noise of [0, 0xffff]) {
        for (let kind = 0; kind < 4; kind++) {
          const prrr = (noise & ~(3 << (2 * index))) | (kind << (2 * index));
          const { kind: found } = memoryType(index, false, { tre: true, prrr, nmrr: 0 });
          expect(found).toBe(KINDS[kind]);
        }
        for (let policy = 0; policy < 4; policy++) {
          const prrr = 2 << (2 * index);
          const inner = (noise & ~(3 << (2 * index))) | (policy << (2 * index));
          const both = (inner | ((3 - policy) << (16 + 2 * index))) >>> 0;
          const type = memoryType(index, false, { tre: true, prrr, nmrr: both });
          expect(type.inner).toBe(CACHE_POLICIES[policy]);
          expect(type.outer).toBe(CACHE_POLICIES[3 - policy]);
        }
      }
    }
  });

  it.each([
    // kind, S, the PRRR bit that decides, NOS
    ['device', 1, false, 16],
    ['device', 1, true, 17],
    ['normal', 2, false, 18],
    ['normal', 2, true, 19],
  ] as const)('%s: PRRR says what S means', (_name, kind, s, bit) => {
    for (const nos of [0, 1]) {
      const base = kind | (nos << 24);
      const set = { tre: true, prrr: (base | (1 << bit)) >>> 0, nmrr: 0 };
      const clear = { tre: true, prrr: (base | (0xf_0000 & ~(1 << bit))) >>> 0, nmrr: 0 };
      expect(memoryType(0, s, set).shareability).toBe(nos === 1 ? 'inner' : 'outer');
      expect(memoryType(0, s, clear).shareability).toBe('none');
    }
  });

  it('strongly-ordered memory is outer shareable whatever PRRR says', () => {
    const type = memoryType(0, false, { tre: true, prrr: 0xff00_0000, nmrr: 0xffff_ffff });
    expect(type).toEqual({ kind: 'strongly', inner: 'nc', outer: 'nc', shareability: 'outer' });
  });
});

describe('sameness', () => {
  it('is kind, both policies and shareability', () => {
    const type = memoryType(7, true, direct);
    expect(sameMemoryType(type, memoryType(7, true, direct))).toBe(true);
    expect(sameMemoryType(type, memoryType(7, false, direct))).toBe(false);
    expect(sameMemoryType(type, memoryType(3, true, direct))).toBe(false);
    expect(sameMemoryType(type, memoryType(0b10111, true, direct))).toBe(false);
    expect(sameMemoryType(type, memoryType(0b11101, true, direct))).toBe(false);
  });
});
