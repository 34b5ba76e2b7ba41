import { describe, expect, it } from 'vitest';
import {
  CPU_PROFILES,
  cortexA7,
  cortexA9,
  entryReach,
  Kind,
  leafShape,
  SHORT_DESCRIPTORS,
  tableIndex,
} from '../../src/format/index.js';
import { errorOf } from '../support/errors.js';

describe('geometry', () => {
  const [first, second] = SHORT_DESCRIPTORS.levels;
  if (first === undefined || second === undefined) throw new Error('two levels');

  it('the levels cover the address space without gap or overlap', () => {
    expect(first.shift + first.indexBits).toBe(32);
    expect(second.shift + second.indexBits).toBe(first.shift);
    expect(entryReach(first)).toBe(second.entries * entryReach(second));
    for (const level of SHORT_DESCRIPTORS.levels) {
      expect(level.entries).toBe(2 ** level.indexBits);
      expect(level.tableBytes).toBe(level.entries * SHORT_DESCRIPTORS.entryBytes);
      expect(level.tableAlignmentBytes).toBe(level.tableBytes);
    }
  });

  it('a leaf is as large as the entries that hold it reach', () => {
    for (const level of SHORT_DESCRIPTORS.levels) {
      for (const leaf of level.leaves) {
        expect(leaf.bytes).toBe(leaf.entries * entryReach(level));
        expect(leafShape(leaf.kind)).toBe(leaf);
      }
    }
  });

  it('indexes are the bits of the address, from 0 to the top', () => {
    expect(tableIndex(first, 0x3000_1004)).toBe(0x300);
    expect(tableIndex(second, 0x3000_1004)).toBe(0x001);
    expect(tableIndex(first, 0xffff_ffff)).toBe(4095);
    expect(tableIndex(second, 0xffff_ffff)).toBe(255);
  });

  it('what is not a leaf has no shape', () => {
    for (const kind of [Kind.FAULT, Kind.TABLE, Kind.RESERVED, 7]) {
      expect(errorOf(() => leafShape(kind)).code).toBe('FORMAT_ERR_LEVEL');
    }
  });
});

describe('processors', () => {
  it('are known by name', () => {
    for (const [name, profile] of Object.entries(CPU_PROFILES)) expect(profile.name).toBe(name);
    expect(cortexA7.hasPxn).toBe(true);
    expect(cortexA9.hasPxn).toBe(false);
  });
});
