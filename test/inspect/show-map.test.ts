import { describe, expect, it } from 'vitest';
import { Kind } from '../../src/format/index.js';
import { AddressSpace } from '../../src/inspect/address-space.js';
import { mapRows, placeText } from '../../src/inspect/map-rows.js';
import { type NamedRange, Names } from '../../src/inspect/names.js';
import { Regions } from '../../src/inspect/regions.js';
import { gridLines } from '../../src/inspect/show-grid.js';
import { mapLines } from '../../src/inspect/show-map.js';
import { dacrText } from '../../src/inspect/space-header.js';
import { cutLine, line, plainLines, plainText } from '../../src/inspect/styled-text.js';
import { linuxInput, linuxRegisters } from '../support/linux-fixture.js';
import { boardSpace, CODE, DATA, DEVICE, HandTables } from '../support/tables.js';

const golden = (name: string): string => `../golden/inspect/${name}.txt`;
const region = (
  name: string,
  base: number,
  bytes: number,
  space: NamedRange['space'] = 'virtual',
): NamedRange => ({ name, base, bytes, space, role: 'region', origin: 'test' });

const NAMES = new Names([
  region('vectors', 0, 0x1000),
  region('ocm', 0x1000_0000, 0x200_0000),
  region('uart0', 0x4020_0000, 0x1000, 'physical'),
  region('timer', 0x4020_1000, 0x1000, 'physical'),
  region('gic', 0x4020_8000, 0x1000, 'physical'),
]);

function map(tables: HandTables, names?: Names): string {
  const space = new AddressSpace(tables.input);
  const rows = mapRows(new Regions(space), names === undefined ? {} : { names });
  const provenance = {
    source: 'elf:fsbl.elf',
    table: 'MMUTable',
    origins: { dacr: 'assumed', sctlr: '--sctlr' },
  };
  return plainLines(mapLines(space, rows, provenance, names));
}

describe('the merged map', () => {
  it('prints a board', async () => {
    await expect(map(boardSpace(), NAMES)).toMatchFileSnapshot(golden('map-board'));
  });

  it('prints a process under Linux', async () => {
    const space = new AddressSpace(linuxInput());
    const lines = mapLines(space, mapRows(new Regions(space)), { source: 'tables:linux' });
    await expect(plainLines(lines)).toMatchFileSnapshot(golden('map-linux-ttbr0'));
  });

  it('prints the kernel alone under Linux', async () => {
    const registers = { ...linuxRegisters, ttbr0: linuxRegisters.ttbr1 };
    const space = new AddressSpace({ ...linuxInput(), registers });
    const lines = mapLines(space, mapRows(new Regions(space)), { source: 'tables:linux' });
    await expect(plainLines(lines)).toMatchFileSnapshot(golden('map-linux-ttbr1'));
  });

  it('leaves the less telling columns out where lines are short', () => {
    const space = new AddressSpace(boardSpace().input);
    const rows = [...mapRows(new Regions(space), { names: NAMES })];
    const lines = [...mapLines(space, rows, { source: 'x' }, undefined, { room: 80 })].map(
      plainText,
    );
    expect(lines[2]).toBe(
      '  VA                 →PA            SIZE  KIND   PL1 PL0  TYPE           NAME',
    );
    expect(lines[3]?.slice(0, 91)).toBe(
      '  00000000-00000fff  =             4.0 K  sect   rwx rwx  normal-wbwa    vectors !W^X !null',
    );
    const short = [...mapLines(space, rows, { source: 'x' }, undefined, { room: 60 })];
    expect(plainText(short[2] ?? [])).toBe(
      '  VA                 →PA            SIZE  PL1 PL0  NAME',
    );
  });

  it('prints an empty space with the MMU off', async () => {
    await expect(map(new HandTables({ sctlr: 0 }))).toMatchFileSnapshot(golden('map-empty'));
  });

  it('styles rows by what they allow', () => {
    const space = new AddressSpace(boardSpace().input);
    const lines = [...mapLines(space, mapRows(new Regions(space)), { source: 'x' })];
    const styles = lines.slice(3, -1).map((each) => [each[0]?.style, each[0]?.dim ?? false]);
    expect(styles.slice(0, 4)).toEqual([
      ['danger', false],
      ['writable', false],
      ['hole', false],
      ['writable', true],
    ]);
  });
});

describe('rows', () => {
  const rowsOf = (tables: HandTables, unfolded = false) => [
    ...mapRows(new Regions(new AddressSpace(tables.input)), { unfolded }),
  ];

  it('cover the space without a gap, folded or not', () => {
    for (const unfolded of [false, true]) {
      let va = 0;
      for (const row of rowsOf(boardSpace(), unfolded)) {
        expect(row.va).toBe(va);
        va += row.bytes;
      }
      expect(va).toBe(2 ** 32);
    }
  });

  it('can be asked for a part of the space', () => {
    const regions = new Regions(new AddressSpace(boardSpace().input));
    const rows = [...mapRows(regions, { from: 0x1080_0000, to: 0x4010_0000 })];
    expect(rows.map(({ va, bytes, pa }) => [va, bytes, pa])).toEqual([
      [0x1080_0000, 0x180_0000, 0x6280_0000],
      [0x1200_0000, 0x2e00_0000, undefined],
      [0x4000_0000, 0x10_0000, 0x4000_0000],
    ]);
  });

  it('fold what is scattered, but never devices, nor long runs', () => {
    const scattered = (count: number, attributes: typeof DATA, length = 1): number => {
      const tables = new HandTables();
      for (let at = 0; at < count; at++) {
        const pa = 0x6100_0000 + ((at * 3) % count) * length * 4096;
        tables.map(Kind.SMALL, at * length * 4096, pa, length, attributes);
      }
      return rowsOf(tables).filter((row) => row.type !== undefined).length;
    };
    expect(scattered(7, DATA)).toBe(1);
    expect(scattered(3, DATA)).toBeGreaterThan(1);
    expect(scattered(7, DEVICE)).toBe(7);
    expect(scattered(7, DATA, 16)).toBe(7);
  });

  it('tell where memory is without misleading', () => {
    const tables = new HandTables()
      .map(Kind.SECTION, 0, 0, 1, DATA)
      .map(Kind.SECTION, 0x0100_0000, 0x6100_0000, 1, DATA)
      .map(Kind.SECTION, 0xf000_0000, 0x6200_0000, 1, DATA)
      .map(Kind.SMALL, 0x0200_0000, 0x6300_0000, 1, CODE);
    const texts = rowsOf(tables)
      .filter((row) => row.type !== undefined)
      .map(placeText);
    expect(texts).toEqual(['=', '+0x60000000', '63000000', '-0x8e000000']);
  });
});

describe('the grid', () => {
  it('prints a board', async () => {
    const regions = new Regions(new AddressSpace(boardSpace().input));
    await expect(plainLines(gridLines(regions, { source: 'x' }))).toMatchFileSnapshot(
      golden('grid-board'),
    );
  });

  it.each([
    [1, '7c000000', 'TTBR1 below this line'],
    [7, '00000000', 'TTBR1 from the 33th cell on'],
  ])('tells where TTBR1 begins with N = %i', (n, start, words) => {
    const tables = new HandTables({ ttbcr: n, ttbr1: 0x6000_0000 });
    const regions = new Regions(new AddressSpace(tables.input));
    const marked = [...gridLines(regions, { source: 'x' })]
      .map(plainText)
      .filter((text) => text.includes('TTBR1 below') || text.includes('TTBR1 from'));
    expect(marked).toHaveLength(1);
    expect(marked[0]).toMatch(new RegExp(`^${start}.*${words}$`));
  });
});

describe('lines', () => {
  it('are cut to the width of a terminal', () => {
    const styled = [{ text: 'abc', style: 'good' as const }, { text: 'defgh' }];
    expect(plainText(cutLine(styled, 8))).toBe('abcdefgh');
    expect(cutLine(styled, 5)).toEqual([
      { text: 'abc', style: 'good' },
      { text: 'd' },
      { text: '…' },
    ]);
    expect(plainText(cutLine(line('abcdef'), 2))).toBe('a…');
  });

  it('tell the DACR in words', () => {
    expect(dacrText(0x5555_5555)).toBe('all client');
    expect(dacrText(0x0000_0055)).toBe('0-3 client, others none');
    expect(dacrText(0xc000_0001)).toBe('0 client, 15 manager, others none');
    expect(dacrText(0x0000_0021)).toBe('0 client, 2 reserved, others none');
  });
});

describe('names', () => {
  const names = new Names([
    region('all', 0, 0x10_0000),
    region('low', 0x1000, 0x1000),
    region('lower', 0x1000, 0x100),
  ]);

  it('answer with the smallest range', () => {
    const at = (address: number) => names.at('virtual', address)?.name;
    expect([0x1000, 0x1100, 0x2000, 0x10_0000].map(at)).toEqual(['lower', 'low', 'all', undefined]);
    expect(names.at('physical', 0x1000)).toBeUndefined();
  });

  it('are fit for a terminal', () => {
    const evil = new Names([region('a\u001b[2Jb', 0, 1)]);
    expect(evil.at('virtual', 0)?.name).toBe('a\ufffd[2Jb');
  });

  it('answer with all that overlap', () => {
    const found = [...names.overlapping('virtual', 0x1080, 0x1000)].map((range) => range.name);
    expect(found.toSorted()).toEqual(['all', 'low', 'lower']);
  });
});
