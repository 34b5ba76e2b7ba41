import { describe, expect, it } from 'vitest';
import { Kind } from '../../src/format/index.js';
import { AddressSpace } from '../../src/inspect/address-space.js';
import { ptdumpText, vmprintText } from '../../src/inspect/map-kernel-text.js';
import { mapCsv, mapJson, mapMarkdown, mapNdjson } from '../../src/inspect/map-records.js';
import { mapRows } from '../../src/inspect/map-rows.js';
import { mapSvg } from '../../src/inspect/map-svg.js';
import { Regions } from '../../src/inspect/regions.js';
import { pageLines, rawLines, treeLines } from '../../src/inspect/show-entries.js';
import { frameLines } from '../../src/inspect/show-frames.js';
import { plainLines } from '../../src/inspect/styled-text.js';
import { linuxInput } from '../support/linux-fixture.js';
import { boardSpace, CODE, DATA, HandTables } from '../support/tables.js';

const golden = (name: string): string => `../golden/inspect/${name}`;
const provenance = { source: 'ram:board.bin', origins: { ttbr0: '--ttbr0' } };
const space = new AddressSpace(boardSpace().input);
const regions = new Regions(space);
const rows = () => mapRows(regions);

describe('views', () => {
  it.each([
    ['tree-board.txt', () => plainLines(treeLines(regions, provenance))],
    ['pages-board.txt', () => plainLines(pageLines(regions, provenance))],
    ['frames-board.txt', () => plainLines(frameLines(regions, provenance))],
    ['raw-board.txt', () => plainLines(rawLines(space, provenance))],
    ['map-board.json', () => [...mapJson(space, rows(), provenance)].join('')],
    ['map-board.ndjson', () => [...mapNdjson(rows(), space.input.registers)].join('')],
    ['map-board.csv', () => [...mapCsv(rows(), space.input.registers)].join('')],
    ['map-board.md', () => [...mapMarkdown(rows(), space.input.registers)].join('')],
    ['map-board.ptdump', () => [...ptdumpText(regions)].join('')],
    ['map-board.vmprint', () => [...vmprintText(regions)].join('')],
    ['map-board.svg', () => mapSvg(regions, provenance)],
  ])('%s', async (name, text) => {
    await expect(text()).toMatchFileSnapshot(golden(name));
  });
});

describe('the tree', () => {
  it('shows a shared table once', () => {
    const tables = new HandTables().map(Kind.SMALL, 0x1000, 0x6020_0000, 1, DATA);
    tables.root(0x0070_0000, tables.memory.readWord(tables.base));
    const shared = new Regions(new AddressSpace(tables.input));
    const text = plainLines(treeLines(shared, provenance));
    expect(text).toContain('1 of 256 entries used');
    expect(text).toContain('shown above, at L1[0x000]');
    expect(text.match(/small ×1/g)).toHaveLength(1);
  });
});

describe('the frames', () => {
  it('tell what is mapped more than once', () => {
    const tables = new HandTables()
      .map(Kind.SMALL, 0x1000, 0x6020_0000, 2, DATA)
      .map(Kind.SMALL, 0x5000, 0x6020_0000, 1, CODE);
    const text = plainLines(frameLines(new Regions(new AddressSpace(tables.input)), provenance));
    expect(text.match(/2 mappings/g)).toHaveLength(2);
  });
});

describe('the JSON of a map', () => {
  const document = JSON.parse([...mapJson(space, rows(), provenance)].join('')) as {
    schema: string;
    version: number;
    rows: { va: string; bytes: number; entry: string; word: string | null }[];
    totals: { mappedBytes: number };
  };

  it('says what it is', () => {
    expect([document.schema, document.version]).toEqual(['pagewright/map', 1]);
  });

  it('covers the space, and every row has its entry', () => {
    let va = 0;
    for (const row of document.rows) {
      expect(Number(row.va)).toBe(va);
      va += row.bytes;
      expect(row.entry).toMatch(/^0x[0-9a-f]{8}$/);
    }
    expect(va).toBe(2 ** 32);
  });
});

describe('ptdump', () => {
  it('begins a new run at every chapter', () => {
    const text = [...ptdumpText(new Regions(new AddressSpace(linuxInput())))].join('');
    expect(text).toMatch(
      /^---\[ Address Space \]---\n0x00010000-0x00011000 {11}4K USR ro x {2}SHD/,
    );
    expect(text).toContain('0xc0300000-0xc0e00000          11M     ro x  SHD MEM/CACHED/WBWA');
  });
});
