import { describe, expect, test } from 'vitest';
import { type Region, VSpace } from '../../src/domain/index.js';

const region = (name: string, base: number, bytes: number): Region => ({
  name,
  base,
  bytes,
  flags: 3,
  backing: 'image',
});

describe('the regions of a domain', () => {
  test('are found by address and listed in order', () => {
    const vspace = new VSpace();
    vspace.add(region('high', 0x9000, 0x1000));
    vspace.add(region('low', 0x1000, 0x2000));
    expect(vspace.find(0x2fff)?.name).toBe('low');
    expect(vspace.find(0x3000)).toBeUndefined();
    expect(vspace.all().map(({ name }) => name)).toEqual(['low', 'high']);
  });

  test('do not overlap', () => {
    const vspace = new VSpace();
    vspace.add(region('a', 0x1000, 0x2000));
    expect(() => vspace.add(region('b', 0x2000, 0x1000))).toThrow(/`b` at 0x2000.*overlaps `a`/);
  });

  test('make room when they are removed', () => {
    const vspace = new VSpace();
    vspace.add(region('a', 0x1000, 0x1000));
    vspace.add(region('b', 0x2000, 0x1000));
    expect(vspace.remove(0x1000)).toBe(true);
    expect(vspace.remove(0x1000)).toBe(false);
    expect(vspace.find(0x1000)).toBeUndefined();
    vspace.add(region('c', 0x0, 0x2000));
    expect(vspace.find(0x1000)?.name).toBe('c');
    expect(vspace.find(0x2000)?.name).toBe('b');
    expect(vspace.all().map(({ name }) => name)).toEqual(['c', 'b']);
  });
});
