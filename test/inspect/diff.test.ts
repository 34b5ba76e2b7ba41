import { describe, expect, it } from 'vitest';
import { Kind } from '../../src/format/index.js';
import { AddressSpace } from '../../src/inspect/address-space.js';
import { type Change, changeLines, changeRecord, diffSpaces } from '../../src/inspect/diff.js';
import { Regions } from '../../src/inspect/regions.js';
import { plainLines } from '../../src/inspect/styled-text.js';
import { boardSpace, CODE, DATA, fullSpace, HandTables } from '../support/tables.js';

const regions = (tables: HandTables): Regions => new Regions(new AddressSpace(tables.input));
const diff = (before: HandTables, after: HandTables, leaves = false): Change[] => [
  ...diffSpaces(regions(before), regions(after), leaves),
];

describe('the difference', () => {
  it('of a space and itself is none', () => {
    expect(diff(boardSpace(), boardSpace())).toEqual([]);
  });

  it('tells what is new, gone and changed', async () => {
    const after = boardSpace()
      .map(Kind.SECTION, 0x0040_0000, 0x0040_0000, 2, { ...DATA, ap: 7 })
      .map(Kind.SECTION, 0x9000_0000, 0x6100_0000, 3, CODE)
      .map(Kind.SMALL, 0x5002_1000, 0x6130_0000, 2, { ...DATA, ap: 7, ng: true, s: true })
      .root(0x4020_0000, 0);
    const changes = diff(boardSpace(), after);
    const text = plainLines(changes.flatMap(changeLines));
    await expect(text).toMatchFileSnapshot('../golden/inspect/diff-board.txt');
    expect(changes.map(({ kind, differences }) => [kind, ...differences])).toEqual([
      ['changed', 'rights'],
      ['removed'],
      ['changed', 'pa'],
      ['added'],
    ]);
    expect(changeRecord(changes[0] as Change)).toMatchObject({
      va: '0x00400000',
      bytes: 0x20_0000,
      kind: 'changed',
      before: { pa: '0x00400000' },
    });
  });

  it('is turned round when the spaces are', () => {
    const other = boardSpace().root(0x4020_0000, 0);
    const [forth] = diff(boardSpace(), other);
    const [back] = diff(other, boardSpace());
    expect([forth?.kind, back?.kind]).toEqual(['removed', 'added']);
  });

  it('leaves the sizes of leaves out, unless they are asked for', () => {
    const sections = new HandTables().map(Kind.SECTION, 0, 0x6000_0000, 1, DATA);
    const pages = new HandTables().map(Kind.SMALL, 0, 0x6000_0000, 256, DATA);
    expect(diff(sections, pages)).toEqual([]);
    expect(diff(sections, pages, true)).toMatchObject([
      { va: 0, bytes: 2 ** 20, kind: 'changed', differences: ['leaf'] },
    ]);
  });

  it('sees other registers', () => {
    const before = new HandTables().map(Kind.SECTION, 0, 0x6000_0000, 1, DATA);
    const after = new HandTables({ dacr: 0 }).map(Kind.SECTION, 0, 0x6000_0000, 1, DATA);
    expect(diff(before, after)).toMatchObject([{ kind: 'changed', differences: ['rights'] }]);
  });

  it('of two full spaces is one range where all moved by as much', () => {
    const changes = diff(
      fullSpace((page) => page, DATA),
      fullSpace((page) => (page + 1) & 0xf_ffff, DATA),
    );
    expect(changes.length).toBe(2);
  });
});
