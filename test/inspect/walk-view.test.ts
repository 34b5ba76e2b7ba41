import { describe, expect, it } from 'vitest';
import { Access, cortexA9, cortexA15, Kind } from '../../src/format/index.js';
import { parseRange } from '../../src/inspect/address-range.js';
import { AddressSpace } from '../../src/inspect/address-space.js';
import { decodeEntry, decodeFault, decodeLines, faultText } from '../../src/inspect/decode-view.js';
import { Names } from '../../src/inspect/names.js';
import { Regions } from '../../src/inspect/regions.js';
import { plainLines } from '../../src/inspect/styled-text.js';
import { walkAddress, walkLines, walkRecord, walkSucceeds } from '../../src/inspect/walk-view.js';
import { whereIs, whereLines, whereRecords } from '../../src/inspect/where.js';
import { linuxInput, linuxOracle } from '../support/linux-fixture.js';
import { boardSpace, CODE, DATA, HandTables } from '../support/tables.js';

const golden = (name: string): string => `../golden/inspect/${name}.txt`;
const NAMES = new Names([
  { name: 'vectors', base: 0, bytes: 0x1000, space: 'virtual', role: 'region', origin: 'test' },
  {
    name: 'uart0',
    base: 0x4020_0000,
    bytes: 0x1000,
    space: 'physical',
    role: 'region',
    origin: 'x',
  },
  { name: 'main', base: 0x5000_0100, bytes: 0x40, space: 'virtual', role: 'symbol', origin: 'x' },
]);

describe('walk', () => {
  const { input } = boardSpace();

  it('prints every entry and the verdict', async () => {
    const addresses = [
      0x0000_0024, 0x4020_0010, 0x5000_0104, 0x5002_1234, 0x5003_1000, 0x6000_0000, 0x7000_0000,
      0x9000_0000, 0x1123_4567,
    ];
    const lines = addresses.flatMap((va) =>
      walkLines(input, walkAddress(input, va), undefined, NAMES),
    );
    const asked = [
      [0x4020_0010, Access.USER_WRITE],
      [0x5002_1234, Access.USER_FETCH],
      [0x5000_0104, Access.USER_FETCH],
    ] as const;
    for (const [va, access] of asked) {
      lines.push(...walkLines(input, walkAddress(input, va, access), access, NAMES));
    }
    await expect(plainLines(lines)).toMatchFileSnapshot(golden('walk-board'));
  });

  it('tells that the MMU is off', () => {
    const off = new HandTables({ sctlr: 0 }).input;
    expect(plainLines(walkLines(off, walkAddress(off, 0x1234)))).toMatch(
      /^00001234 {2}= 00001234 {2}page 00000000 \(MMU off\)/,
    );
  });

  it('succeeds where something is mapped, or where the access is allowed', () => {
    const succeeds = (va: number, access?: number): boolean =>
      walkSucceeds(walkAddress(input, va, access), access);
    expect(succeeds(0x4020_0000)).toBe(true);
    expect(succeeds(0x4020_0000, Access.USER_READ)).toBe(false);
    expect(succeeds(0x4020_0000, Access.PRIVILEGED_WRITE)).toBe(true);
    expect(succeeds(0x9000_0000)).toBe(false);
  });

  it('gives JSON with null where nothing is mapped', () => {
    expect(walkRecord(input, walkAddress(input, 0x9000_0000))).toMatchObject({
      va: '0x90000000',
      pa: null,
      fault: { name: 'translation', level: 1, fsr: '0x005', access: 'privileged read' },
    });
    expect(walkRecord(input, walkAddress(input, 0x5000_0104), NAMES)).toMatchObject({
      pa: '0x61100104',
      page: '0x61100000',
      pageBytes: 0x1_0000,
      pl0: 'r-x',
      name: 'main',
      root: { register: 'TTBR0', address: '0x60000000' },
      steps: [{ level: 1 }, { level: 2, entry: '0x60100000', word: '0x6110123d' }],
      fault: null,
    });
  });
});

describe('the walk of a process under Linux', () => {
  const input = linuxInput();
  const { pages } = linuxOracle();
  const differing = pages.filter(([va, entry]) => {
    const { leaf } = walkAddress(input, va);
    return leaf === undefined || BigInt(leaf.pa >>> 12) !== (entry & ((1n << 55n) - 1n));
  });

  it('agrees with pagemap in 296 of 300 pages', () => {
    expect(pages).toHaveLength(300);
    expect(differing).toHaveLength(4);
  });

  it('differs in the PROT_NONE pages only, which Linux keeps out of the hardware tables', () => {
    expect(differing.map(([va]) => va)).toEqual([
      0x2100_8000, 0x2100_9000, 0x2100_a000, 0x2100_b000,
    ]);
    for (const [va] of differing) {
      expect(walkAddress(input, va).steps.at(-1)).toMatchObject({ level: 2, word: 0 });
    }
  });

  it('finds the vectors, which pagemap leaves out', () => {
    const { leaf } = walkAddress(input, 0xffff_0000, Access.USER_FETCH);
    expect(leaf?.attributes).toMatchObject({ domain: 3, ap: 7, xn: false });
  });

  it('is turned round by where', () => {
    const regions = new Regions(new AddressSpace(input));
    for (const [va] of pages) {
      const { leaf } = walkAddress(input, va);
      if (leaf === undefined) continue;
      const vas = [...whereIs(regions, { base: leaf.pa, bytes: 1, single: true })];
      expect(vas.map((reach) => reach.va)).toContain(va);
    }
  });
});

describe('where', () => {
  const tables = new HandTables()
    .map(Kind.SMALL, 0x1000, 0x6020_0000, 2, DATA)
    .map(Kind.SMALL, 0x5000, 0x6020_0000, 1, CODE)
    .map(Kind.SECTION, 0xc020_0000, 0x6020_0000, 1, { ...DATA, ap: 1 });
  const regions = new Regions(new AddressSpace(tables.input));

  it('prints every address that reaches the memory', async () => {
    const lines = ['60200004', '60201000..60202fff', '70000000'].flatMap((text) => {
      const range = parseRange(text, 'physical');
      return whereLines(regions, range, [...whereIs(regions, range)]);
    });
    await expect(plainLines(lines)).toMatchFileSnapshot(golden('where'));
  });

  it('gives JSON with null where nothing reaches it', () => {
    const records = (text: string) => {
      const range = parseRange(text, 'physical');
      return whereRecords(regions, range, [...whereIs(regions, range)]);
    };
    expect(records('60200ffc').map(({ va, pa }) => [va, pa])).toEqual([
      ['0x00001ffc', '0x60200ffc'],
      ['0x00005ffc', '0x60200ffc'],
      ['0xc0200ffc', '0x60200ffc'],
    ]);
    expect(records('70000000')).toMatchObject([{ pa: '0x70000000', va: null }]);
  });
});

describe('addresses', () => {
  it.each([
    ['c0008000', 0xc000_8000, 1, true],
    ['0xc000_8000', 0xc000_8000, 1, true],
    ['c0000000..c00fffff', 0xc000_0000, 0x10_0000, false],
    ['c0000000+64K', 0xc000_0000, 0x1_0000, false],
    ['c0000000+0x1000', 0xc000_0000, 0x1000, false],
    ['main', 0x5000_0100, 1, true],
    ['main+0x24', 0x5000_0124, 1, true],
    ['main..5000013f', 0x5000_0100, 0x40, false],
    ['ffffffff', 0xffff_ffff, 1, true],
  ])('%s', (text, base, bytes, single) => {
    expect(parseRange(text, 'virtual', NAMES)).toEqual({ base, bytes, single });
  });

  it.each([
    ['zz', /"zz" is no hexadecimal address, nor is anything called that/],
    ['100000000', /at most 32 bits/],
    ['2..1', /ends before it begins/],
    ['1000+x', /no size/],
    ['1000+0', /empty/],
    ['fffff000+8K', /at most 32 bits/],
    ['', /no hexadecimal address/],
  ])('refuses %j', (text, message) => {
    expect(() => parseRange(text, 'virtual', NAMES)).toThrowError(message);
  });
});

describe('decode', () => {
  const { registers } = new HandTables();

  it('prints one word at both levels', async () => {
    const words = [0x6010_4001, 0x6020_123f, 0x0004_0c0e, 0, 0x1234_5678, 0x6000_0c0f];
    const lines = words.flatMap((word) =>
      ([1, 2] as const).flatMap((level) =>
        decodeLines(decodeEntry(word, level, registers, cortexA15)),
      ),
    );
    lines.push(...decodeLines(decodeEntry(0x6000_0c0f, 1, registers, cortexA9)));
    lines.push(
      ...decodeLines(decodeFault(0x817, 'DFSR')),
      ...decodeLines(decodeFault(0xd, 'IFSR')),
    );
    await expect(plainLines(lines)).toMatchFileSnapshot(golden('decode'));
  });

  it.each([
    [0x817, 'DFSR', 'write: translation fault, page, domain 1'],
    [0x00d, 'DFSR', 'read: permission fault, section, domain 0'],
    [0x005, 'IFSR', 'fetch: translation fault, section'],
    [0x2805, 'DFSR', 'write: translation fault, section, by a cache maintenance operation'],
    [0x206, 'DFSR', 'in the long-descriptor format, which these tables are not'],
  ] as const)('%i as %s', (word, register, text) => {
    expect(faultText(word, register)).toBe(text);
  });
});
