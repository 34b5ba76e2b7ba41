import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  capRef,
  formatBytes,
  GIB,
  hex,
  hex0x,
  isPowerOfTwo,
  KIB,
  MIB,
  PAGE_BYTES,
  PAGE_SHIFT,
  parseAddress,
  parseBytes,
  physicalAddress,
  roundDown,
  roundUp,
  virtualAddress,
} from '../../src/base/addresses.js';

describe('branded numbers', () => {
  it('are the numbers that they brand', () => {
    expect(virtualAddress(0x1000)).toBe(0x1000);
    expect(physicalAddress(2 ** 40 - 1)).toBe(2 ** 40 - 1);
    expect(capRef(0x0102)).toBe(0x0102);
    expect(2 ** PAGE_SHIFT).toBe(PAGE_BYTES);
  });
});

describe('rounding', () => {
  it('reaches the nearest multiple of any granule on either side', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 52 }),
        fc.oneof(fc.integer({ min: 1, max: 2 ** 31 }), fc.constantFrom(1, 3, PAGE_BYTES, MIB)),
        (value, granule) => {
          const down = (BigInt(value) / BigInt(granule)) * BigInt(granule);
          const up = down === BigInt(value) ? down : down + BigInt(granule);
          expect(roundDown(value, granule)).toBe(Number(down));
          expect(roundUp(value, granule)).toBe(Number(up));
        },
      ),
    );
  });

  it('knows the powers of two', () => {
    for (let shift = 0; shift <= 48; shift += 1) expect(isPowerOfTwo(2 ** shift)).toBe(true);
    for (let shift = 2; shift <= 48; shift += 1) {
      expect(isPowerOfTwo(2 ** shift - 1)).toBe(false);
      expect(isPowerOfTwo(2 ** shift + 1)).toBe(false);
    }
    expect(isPowerOfTwo(2 ** 52 + 1)).toBe(false);
    expect([0, -2, 1.5, Number.NaN].map(isPowerOfTwo)).toEqual([false, false, false, false]);
  });
});

describe('printing', () => {
  it('writes hexadecimal of a width', () => {
    expect(hex(0x104000)).toBe('00104000');
    expect(hex(2 ** 40 - 1)).toBe('ffffffffff');
    expect(hex0x(0x104000)).toBe('0x104000');
    expect(hex0x(0xff, 4)).toBe('0x00ff');
    for (const value of [0, 0x0102_0304, 0x8000_0000, 0xfedc_ba98, 2 ** 32 - 1, 2 ** 32, -1]) {
      expect(hex(value)).toBe(value.toString(16).padStart(8, '0'));
    }
  });

  it('writes sizes with the unit that keeps them readable', () => {
    expect(
      [0, 1023, 4 * KIB, 64 * KIB, 512 * MIB, 3.17 * GIB, 1.5 * MIB, 1024 * GIB].map(formatBytes),
    ).toEqual(['0 B', '1023 B', '4.0 K', '64.0 K', '512 M', '3.17 G', '1.5 M', '1.0 T']);
  });
});

describe('parsing', () => {
  it('reads sizes as people write them', () => {
    const sizes: [string, number | undefined][] = [
      ['4096', 4096],
      ['0x1000', 4096],
      ['4_096', 4096],
      ['64K', 64 * KIB],
      ['64 KiB', 64 * KIB],
      ['1m', MIB],
      ['2 GB', 2 * GIB],
      [' 1T ', 1024 * GIB],
      ['0x10K', 16 * KIB],
      ['', undefined],
      ['K', undefined],
      ['-1', undefined],
      ['1.5M', undefined],
      ['1 P', undefined],
      ['9007199254740993', undefined],
      ['9999999T', undefined],
    ];
    for (const [text, bytes] of sizes) expect([text, parseBytes(text)]).toEqual([text, bytes]);
  });

  it('reads addresses in hexadecimal, prefix or not', () => {
    const addresses: [string, number | undefined][] = [
      ['0x104000', 0x104000],
      ['104000', 0x104000],
      ['0xFFFF_F000', 0xffff_f000],
      [' 10 ', 0x10],
      ['', undefined],
      ['0x', undefined],
      ['xyz', undefined],
      ['-1', undefined],
      ['ffffffffffffffff', undefined],
    ];
    for (const [text, address] of addresses) {
      expect([text, parseAddress(text)]).toEqual([text, address]);
    }
  });
});

describe('sizes for people', () => {
  it('never speak of 1024 of a unit', () => {
    expect(formatBytes(1023)).toBe('1023 B');
    expect(formatBytes(MIB - 1)).toBe('1.00 M');
    expect(formatBytes(GIB - 0x17_000)).toBe('1.00 G');
    expect(formatBytes(GIB)).toBe('1.0 G');
  });
});
