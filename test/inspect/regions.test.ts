import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Access, cortexA7, cortexA9, Kind, sameMemoryType } from '../../src/format/index.js';
import { AddressSpace } from '../../src/inspect/address-space.js';
import {
  domainNumberOf,
  flagFaultOf,
  isLeaf,
  isWritableAndExecutable,
  meaningKind,
  nonSecureOf,
  notGlobalOf,
  rightsOf,
} from '../../src/inspect/leaf-meaning.js';
import { Regions } from '../../src/inspect/regions.js';
import { Sctlr, walk } from '../../src/machine/index.js';
import { CODE, DATA, HandTables } from '../support/tables.js';

describe('regions', () => {
  it('merge what is alike and continues in memory', () => {
    const tables = new HandTables()
      .map(Kind.SECTION, 0, 0x6000_0000, 4, DATA)
      .map(Kind.SECTION, 0x0040_0000, 0x6040_0000, 2, CODE)
      .map(Kind.SECTION, 0x0060_0000, 0x6100_0000, 1, CODE)
      .map(Kind.SUPERSECTION, 0x0200_0000, 0x6200_0000, 2, DATA)
      .map(Kind.LARGE, 0x0510_0000, 0x6210_0000, 2, DATA)
      .map(Kind.SMALL, 0x0512_0000, 0x6220_0000, 3, DATA);
    const regions = new Regions(new AddressSpace(tables.input));
    const rows = Array.from({ length: regions.count }, (_, region) => [
      (regions.pages[region] as number) * 4096,
      (regions.lengths[region] as number) * 4096,
      meaningKind(regions.meaningOf[region] as number),
      (regions.frames[region] as number) * 4096,
      regions.leaves(region),
    ]);
    expect(rows).toEqual([
      [0, 0x40_0000, Kind.SECTION, 0x6000_0000, 4],
      [0x40_0000, 0x20_0000, Kind.SECTION, 0x6040_0000, 2],
      [0x60_0000, 0x10_0000, Kind.SECTION, 0x6100_0000, 1],
      [0x70_0000, 0x190_0000, Kind.FAULT, 0, 0],
      [0x200_0000, 0x200_0000, Kind.SUPERSECTION, 0x6200_0000, 2],
      [0x400_0000, 0x110_0000, Kind.FAULT, 0, 0],
      [0x510_0000, 0x2_0000, Kind.LARGE, 0x6210_0000, 2],
      [0x512_0000, 0x3000, Kind.SMALL, 0x6220_0000, 3],
      [0x512_3000, 0xfaed_d000, Kind.FAULT, 0, 0],
    ]);
    for (const [va, bytes] of rows as [number, number][]) {
      expect(regions.at(va / 4096)).toBe(regions.at((va + bytes) / 4096 - 1));
    }
  });

  it('merge different permission bits that give the same rights', () => {
    const tables = new HandTables()
      .map(Kind.SMALL, 0, 0x6020_0000, 1, { ...DATA, ap: 6 })
      .map(Kind.SMALL, 0x1000, 0x6020_1000, 1, { ...DATA, ap: 7 })
      .map(Kind.SMALL, 0x2000, 0x6020_2000, 1, { ...DATA, ap: 5 });
    const regions = new Regions(new AddressSpace(tables.input));
    expect([...regions.lengths.subarray(0, 3)]).toEqual([2, 1, 2 ** 20 - 3]);
  });

  it('agree with the walk in every page, whatever the words and the registers are', () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 256, maxLength: 256 }),
        fc.array(word, { minLength: 16, maxLength: 16 }),
        fc.record({
          dacr: word,
          prrr: word,
          nmrr: word,
          flags: fc.subarray([Sctlr.AFE, Sctlr.TRE, Sctlr.WXN, Sctlr.UWXN]),
        }),
        fc.constantFrom(cortexA7, cortexA9),
        (pages, roots, { flags, ...registers }, profile) => {
          const sctlr = flags.reduce((sum, flag) => sum | flag, Sctlr.M);
          const tables = new HandTables({ ...registers, sctlr }, profile);
          for (const [index, entry] of roots.entries()) {
            // A table entry leads to the one table that holds `pages`.
            const table = (entry & 3) === 1 ? (entry & 0x3ff) | 0x6010_0000 : entry;
            tables.root(index * 2 ** 20, table >>> 0);
          }
          for (const [index, page] of pages.entries()) {
            tables.memory.writeWord(0x6010_0000 + index * 4, page);
          }
          expectAgreement(tables, 16 * 256);
        },
      ),
      { seed: 7, numRuns: 30 },
    );
  });
});

/** Expects that the first pages of the space mean what the walk says. */
function expectAgreement(tables: HandTables, pages: number): void {
  const { input } = tables;
  const { reader, registers, profile } = input;
  const space = new AddressSpace(input);
  const regions = new Regions(space);
  const differences: unknown[] = [];
  let region = 0;
  for (let page = 0; page < pages; page++) {
    if (page >= (regions.pages[region] as number) + (regions.lengths[region] as number)) region++;
    const meaning = regions.meaningOf[region] as number;
    const frame = (regions.frames[region] as number) + page - (regions.pages[region] as number);
    const { leaf, steps } = walk(reader, registers, profile, page * 4096, Access.USER_READ);
    const entry = space.entryAt(page);
    const last = steps.at(-1);
    const same =
      entry.address === last?.entryAddress &&
      entry.word === last.word &&
      entry.kind === last.kind &&
      isLeaf(meaning) === (leaf !== undefined) &&
      (leaf === undefined ||
        (frame * 4096 === leaf.pa &&
          meaningKind(meaning) === last.kind &&
          rightsOf(meaning) === leaf.rights &&
          flagFaultOf(meaning) === leaf.accessFlagFault &&
          sameMemoryType(regions.meanings.typeOf(meaning), leaf.type) &&
          domainNumberOf(meaning) === leaf.attributes.domain &&
          notGlobalOf(meaning) === leaf.attributes.ng &&
          nonSecureOf(meaning) === leaf.attributes.ns));
    if (!same) differences.push({ page, entry, meaning, leaf });
  }
  expect(differences).toEqual([]);
}

describe('writable and executable', () => {
  const rights = { pw: 2, px: 4, uw: 16, ux: 32 };
  it.each([
    ['PL1 writes, PL1 executes', rights.pw | rights.px, true],
    ['PL0 writes, PL0 executes', rights.uw | rights.ux, true],
    ['PL0 writes, PL1 executes', rights.uw | rights.px, true],
    ['PL1 writes, PL0 executes', rights.pw | rights.ux, false],
    ['nobody writes', rights.px | rights.ux, false],
    ['nobody executes', rights.pw | rights.uw, false],
  ])('%s: %i', (_text, mask, expected) => {
    expect(isWritableAndExecutable(mask)).toBe(expected);
  });
});
