import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AddressSpace } from '../../src/inspect/index.js';
import { cpuNameOf } from '../../src/source/elf-attributes.js';
import {
  openSource,
  readNames,
  type SourceOptions,
  type TableSource,
} from '../../src/source/index.js';
import { rejectionOf } from '../support/errors.js';
import { buildFirmware, type FirmwareKind, hasToolchain } from '../support/firmware.js';

const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function open(word: string, options: SourceOptions = {}): Promise<TableSource> {
  const source = await openSource(word, options);
  if (source.evidence !== 'tables') throw new Error(`${word} has no tables`);
  return source;
}

describe.skipIf(!hasToolchain)('firmware with its table inside', () => {
  const files = {} as Record<FirmwareKind, string>;
  beforeAll(() => {
    for (const kind of ['executable', 'copied', 'shared', 'object', 'unnamed'] as const) {
      files[kind] = buildFirmware(folder, kind);
    }
  });

  it('is read by its symbol', async () => {
    const source = await open(`elf:${files.executable}#MMUTable`);
    expect(source.registers.facts[0]).toMatchObject({
      value: 0x10_4000,
      origin: 'symbol MMUTable',
    });
    expect(source.provenance.table).toBe('MMUTable');
    expect(source.cpu).toMatchObject({
      profile: { name: 'cortex-a9' },
      origin: 'cortex-a9 by the file',
    });
    const space = new AddressSpace(source.input());
    expect([...space.rootWords.subarray(0, 4)]).toEqual([0xc02, 0x10_0c12, 0x10_8001, 0]);
    expect([...space.tableWords.subarray(0, 2)]).toEqual([0x42032, 0]);
    const at = source.memory.locate(0x10_4004);
    expect(readFileSync(files.executable).readUInt32LE(at?.byteOffset)).toBe(0x10_0c12);
    expect(at?.file).toBe(files.executable);
    source.close();
  });

  it('is read by its well-known symbol without naming it, or by a section', async () => {
    const byName = await open(files.executable);
    expect(byName.registers.facts[0]).toMatchObject({
      value: 0x10_4000,
      origin: 'symbol MMUTable, by its name',
    });
    byName.close();
    const bySection = await open(`${files.executable}#.mmu`);
    expect(bySection.registers.facts[0]).toMatchObject({
      value: 0x10_4000,
      origin: 'section .mmu',
    });
    bySection.close();
    const stripped = await open(files.unnamed);
    expect(stripped.registers.values).toBeUndefined();
    expect(stripped.coverage).toMatch(/ranges? 0x100000/);
    stripped.close();
  });

  it('may lie behind a symbol or a section', async () => {
    const direct = await open(`${files.executable}#.mmu`);
    const table = direct.registers.values?.ttbr0 ?? 0;
    const sections = direct.names().filter(({ role, base }) => role === 'region' && base < table);
    const before = sections.toSorted((left, right) => right.base - left.base)[0];
    direct.close();
    const bytes = `0x${(table - (before?.base ?? 0)).toString(16)}`;
    const behind = await open(`${files.executable}#${before?.name}+${bytes}`);
    expect(behind.registers.facts[0]).toMatchObject({
      value: table,
      origin: `section ${before?.name}+${bytes}`,
    });
    behind.close();
    const error = await rejectionOf(openSource(`${files.executable}#.mmu+soon`));
    expect(error.code).toBe('SOURCE_ERR_SYMBOL');
  });

  it('gives way to a table that is named by hand', async () => {
    const source = await open(files.executable, { registers: { ttbr0: 0x8000 } });
    expect(source.registers.values?.ttbr0).toBe(0x8000);
    expect(source.provenance.table).toBeUndefined();
    source.close();
  });

  it('lies where it is loaded, and where it is copied to', async () => {
    const source = await open(`elf:${files.copied}#MMUTable`);
    expect(source.registers.values?.ttbr0).toBe(0x0800_4000);
    const space = new AddressSpace(source.input());
    expect(space.rootWords[2]).toBe(0x2000_8001);
    expect(space.tableWords[0]).toBe(0x42032);
    source.close();
  });

  it('may be position-independent', async () => {
    const source = await open(`elf:${files.shared}#MMUTable`);
    expect(source.registers.values?.ttbr0).toBe(0x4000);
    expect(source.memory.readWord(0x4004)).toBe(0x10_0c12);
    source.close();
  });

  it('may be moved to where the symbol is said to be', async () => {
    const source = await open(`elf:${files.shared}#MMUTable@0x60004000`);
    expect(source.registers.values?.ttbr0).toBe(0x6000_4000);
    expect(source.memory.readWord(0x6000_4004)).toBe(0x10_0c12);
    source.close();
  });

  it('may be an object file, where its entries are final', async () => {
    const source = await open(`elf:${files.object}#pages@0x60000400`, {
      registers: { ttbr0: 0x6000_0000 },
    });
    expect(source.memory.readWord(0x6000_0400)).toBe(0x42032);
    source.close();
    const bare = await rejectionOf(openSource(`elf:${files.object}#pages`));
    expect(bare.message).toContain(`elf:${files.object}#pages@0x100000`);
    const open1 = await rejectionOf(openSource(`elf:${files.object}#MMUTable@0x4000`));
    expect(open1.message).toMatch(/\.mmu_tbl has relocations \(\.rel\.mmu_tbl\).*link the object/);
    expect(open1.code).toBe('SOURCE_ERR_FORMAT');
  });

  it.each([
    [
      'MMUTab',
      'SOURCE_ERR_SYMBOL',
      /no symbol or section MMUTab; of the size or the name of a root table are .*MMUTable/,
    ],
    ['late_table', 'SOURCE_ERR_SYMBOL', /late_table lies in \.bss, which is zero in the file/],
    ['.bss', 'SOURCE_ERR_SYMBOL', /\.bss lies in \.bss/],
    [
      'skew',
      'SOURCE_ERR_SYMBOL',
      /skew lies at 0x10[89]\w+: a root table with TTBCR\.N = 0 is aligned to 0x4000/,
    ],
    ['linker_constant', 'SOURCE_ERR_SYMBOL', /at 0x1234 lies in no segment/],
  ])('has no table %s', async (symbol, code, message) => {
    const error = await rejectionOf(openSource(`elf:${files.executable}#${symbol}`));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  it('may have a smaller root with TTBCR.N', async () => {
    const registers = { ttbcr: 4, ttbr1: 0x10_4000 };
    const source = await open(`elf:${files.executable}#skew`, { registers });
    expect(source.registers.values?.ttbr0).toBeGreaterThan(0x10_8000);
    source.close();
  });

  it('is not what it is called otherwise', async () => {
    const error = await rejectionOf(openSource(`core:${files.executable}`));
    expect(error.message).toMatch(/e_type is 2, not 4 \(core\): name a program elf:/);
    const nowhere = await rejectionOf(openSource(`elf:${files.executable}@0x4000`));
    expect(nowhere.message).toMatch(/says where the symbol after # lies: name one/);
  });

  it('names its sections and symbols', async () => {
    const source = await open(files.executable);
    const names = source.names();
    const origin = files.executable;
    const virtual = { space: 'virtual', origin };
    expect(names).toContainEqual({
      ...virtual,
      name: '.text',
      base: 0x10_0000,
      bytes: 4,
      role: 'region',
    });
    expect(names).toContainEqual({
      ...virtual,
      name: 'MMUTable',
      base: 0x10_4000,
      bytes: 0x4000,
      role: 'symbol',
    });
    expect(names.map(({ name }) => name)).not.toContain('linker_constant');
    expect(await readNames(files.executable)).toEqual(names);
    source.close();
    const both = await open(files.unnamed, { nameFiles: [files.executable] });
    expect(both.names().map(({ name }) => name)).toContain('MMUTable');
    both.close();
  });
});

describe('a file that is no firmware', () => {
  it('is refused', async () => {
    const path = join(folder, 'other');
    writeFileSync(path, 'hello');
    const error = await rejectionOf(openSource(`elf:${path}`));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_FORMAT',
      `${path}: it is no ELF file: it does not begin with 0x7f "ELF"`,
    ]);
  });
});

describe('build attributes', () => {
  const attributes = (...tags: number[]): Uint8Array => {
    const inner = [1, 0, 0, 0, 0, ...tags];
    inner[1] = inner.length;
    const vendor = [0, 0, 0, 0, ...Buffer.from('aeabi\0'), ...inner];
    vendor[0] = vendor.length;
    return Uint8Array.from([0x41, ...vendor]);
  };

  it('tell the processor', () => {
    const name = [...Buffer.from('Cortex-A9\0')];
    expect(cpuNameOf(attributes(5, ...name))).toBe('cortex-a9');
    expect(cpuNameOf(attributes(4, 65, 0, 32, 1, 65, 0, 6, 0x80, 1, 67, 50, 0, 5, ...name))).toBe(
      'cortex-a9',
    );
    expect(cpuNameOf(attributes(6, 10))).toBeUndefined();
  });

  it('may be anything', () => {
    for (const section of [[], [0x41], [0x42, 1, 2, 3, 4, 5, 6], [0x41, 0, 0, 0, 0, 0, 0, 0]]) {
      expect(cpuNameOf(Uint8Array.from(section))).toBeUndefined();
    }
    const cut = attributes(5, ...Buffer.from('Cortex-A9\0'));
    for (let bytes = 0; bytes < cut.length; bytes += 1) cpuNameOf(cut.subarray(0, bytes));
  });
});
