import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Access } from '../../src/format/index.js';
import { AddressSpace, Regions, snapshotText } from '../../src/inspect/index.js';
import { walk } from '../../src/machine/index.js';
import {
  openSource,
  type SourceOptions,
  type TableSource,
  takeSnapshot,
} from '../../src/source/index.js';
import { rejectionOf } from '../support/errors.js';
import { coreFile, limeHeader, writeLimeDump, writeRawDump } from '../support/linux-dump.js';
import { linuxInput, linuxOracle } from '../support/linux-fixture.js';

const FIXTURE = 'test/fixtures/linux-armv7-short';
const REGISTERS = `${FIXTURE}/registers.json`;
const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** Opens a source that has tables. */
async function openTables(word: string, options: SourceOptions = {}): Promise<TableSource> {
  const source = await openSource(word, options);
  if (source.evidence !== 'tables') throw new Error(`${word} has no tables`);
  return source;
}

/** Expects that the source leads to the very tables of the fixture. */
function expectLinux(source: TableSource): void {
  const [ours, theirs] = [new AddressSpace(source.input()), new AddressSpace(linuxInput())];
  expect(ours.roots).toEqual(theirs.roots);
  expect(ours.rootWords).toEqual(theirs.rootWords);
  expect(ours.tableKibibytes).toEqual(theirs.tableKibibytes);
  expect(ours.tableWords).toEqual(theirs.tableWords);
}

describe('an archive of tables', () => {
  it('has the registers and the tables of the machine', async () => {
    const source = await openTables(`tables:${FIXTURE}`);
    expect(source.coverage).toBe('71 frames of tables out of 64.0 MiB at 0x40000000');
    expect(source.registers.facts.find((fact) => fact.name === 'prrr')).toEqual({
      name: 'prrr',
      value: 0xff0a_81a8,
      origin: 'registers.json: MAIR0',
      note: undefined,
    });
    expect(source.registers.others.get('dfar')?.value).toBe(0x58810);
    expect(source.cpu.profile.name).toBe('cortex-a7');
    expectLinux(source);
    expect(source.memory.readWord(0x4000_0000)).toBe(-1);
    expect(source.memory.locate(0x4020_5004)).toEqual({
      file: `${FIXTURE}/tables.bin.gz`,
      byteOffset: 0x1004,
      compressed: true,
    });
    source.close();
  });

  it('translates as the running Linux did', async () => {
    const source = await openTables(FIXTURE);
    const { reader, registers, profile } = source.input();
    const wrong = linuxOracle().pages.filter(([va, entry]) => {
      const frame = Number(entry & ((1n << 55n) - 1n)) * 4096;
      return walk(reader, registers, profile, va, Access.USER_READ).leaf?.pa !== frame;
    });
    expect(wrong.map(([va]) => va)).toEqual([0x21008000, 0x21009000, 0x2100a000, 0x2100b000]);
  });

  it('may be without gzip, and without registers', async () => {
    const plain = path('plain');
    cpSync(FIXTURE, plain, { recursive: true });
    writeFileSync(
      join(plain, 'tables.bin'),
      gunzipSync(readFileSync(join(plain, 'tables.bin.gz'))),
    );
    rmSync(join(plain, 'registers.json'));
    const source = await openTables(plain, { registerFile: REGISTERS });
    expectLinux(source);
    expect(source.memory.locate(0x4020_4000)).toEqual({
      file: join(plain, 'tables.bin'),
      byteOffset: 0,
      compressed: false,
    });
    source.close();
    const bare = await openTables(plain);
    expect(bare.registers.values).toBeUndefined();
    bare.close();
  });

  it.each([
    ['no index', 'tables.json', undefined, 'SOURCE_ERR_READ', /no such file/],
    ['no JSON', 'tables.json', '{', 'SOURCE_ERR_FORMAT', /it is not JSON/],
    ['null', 'tables.json', 'null', 'SOURCE_ERR_FORMAT', /it has no list "frames"/],
    ['a number', 'tables.json', '{"frames":[1]}', 'SOURCE_ERR_FORMAT', /frame 0 is 1, not the/],
    ['text', 'tables.json', '{"frames":["x"]}', 'SOURCE_ERR_FORMAT', /frame 0 is "x", not/],
    ['twins', 'tables.json', '{"frames":[0,0]}', 'SOURCE_ERR_FORMAT', /lists a frame twice/],
    [
      'too few',
      'tables.json',
      '{"frames":[0]}',
      'SOURCE_ERR_FORMAT',
      /tables\.bin\.gz (is not|has more)/,
    ],
    ['no content', 'tables.bin.gz', undefined, 'SOURCE_ERR_READ', /tables\.bin: there is no such/],
    ['no gzip', 'tables.bin.gz', 'hello', 'SOURCE_ERR_FORMAT', /is no gzip file/],
    [
      'a bomb',
      'tables.bin.gz',
      gzipSync(new Uint8Array(2 ** 24)),
      'SOURCE_ERR_FORMAT',
      /has more than the 284 K/,
    ],
    [
      'short',
      'tables.bin.gz',
      gzipSync(new Uint8Array(9)),
      'SOURCE_ERR_FORMAT',
      /has 9 bytes, the frames of tables.json need 290816/,
    ],
    ['a value', 'registers.json', '{"TTBR0":[]}', 'SOURCE_ERR_REGISTER', /TTBR0 is \[\]/],
  ])('with a mistake is refused: %s', async (name, file, content, code, message) => {
    const broken = path(`broken-${name.replaceAll(' ', '-')}`);
    cpSync(FIXTURE, broken, { recursive: true });
    rmSync(join(broken, file));
    if (content !== undefined) writeFileSync(join(broken, file), content);
    const error = await rejectionOf(openSource(`tables:${broken}`));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });
});

describe('dumps of memory', () => {
  beforeAll(() => {
    writeRawDump(path('ram.bin'));
    writeLimeDump(path('ram.lime'));
  });

  it('may be raw, with the place said', async () => {
    const word = `ram:${path('ram.bin')}@0x40000000`;
    const source = await openTables(word, { registerFile: REGISTERS });
    expect(source.coverage).toBe('64.0 MiB at 0x40000000, less than 1 % non-zero');
    expectLinux(source);
    expect(source.memory.locate(0x4020_5004)).toEqual({
      file: path('ram.bin'),
      byteOffset: 0x20_5004,
      compressed: false,
    });
    expect(source.searchable).toEqual([{ pa: 0x4000_0000, bytes: 2 ** 26 }]);
    expect(source.provenance.source).toBe(word);
    source.close();
    const bare = await openTables(`${path('ram.bin')}@40000000`);
    expect(bare.kind).toBe('ram');
    expect((await rejectionOf(Promise.resolve().then(() => bare.input()))).code).toBe(
      'SOURCE_ERR_ROOT',
    );
    await bare.load([{ pa: 0, bytes: 4 }]);
    bare.close();
  });

  it('may be LiME, by name or by content', async () => {
    for (const word of [`lime:${path('ram.lime')}`, path('ram.lime')]) {
      const source = await openTables(word, { registerFile: REGISTERS });
      expect(source.kind).toBe('lime');
      expect(source.coverage).toMatch(/^64\.0 MiB at 0x40000000/);
      expectLinux(source);
      source.close();
    }
  });

  it.each([
    ['empty', new Uint8Array(), /is empty/],
    ['short', new Uint8Array(31), /it ends inside its first LiME header/],
    ['foreign', new Uint8Array(64), /0x0 is not LiME's magic 0x4c694d45/],
    ['backwards', limeHeader(0x1000, -16), /the range ends at 0xfef, before it begins at 0x1000/],
  ])('of LiME may be broken: %s', async (name, content, message) => {
    writeFileSync(path(name), content);
    const error = await rejectionOf(openSource(`lime:${path(name)}`));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_FORMAT',
      expect.stringMatching(message),
    ]);
  });

  it('of LiME may be cut off, which is told', async () => {
    const whole = [limeHeader(0, 4096), new Uint8Array(4096), limeHeader(0x1_0000, 8192)];
    writeFileSync(path('cut'), Buffer.concat([...whole, new Uint8Array(100)]));
    const source = await openSource(`lime:${path('cut')}`);
    expect(source.notes).toEqual([
      `${path('cut')} is cut off: 7.90 K of the range at 0x10000 are missing`,
    ]);
    expect(source.coverage).toBe('4.10 KiB in 2 ranges 0x0..0x10063, 0 % non-zero');
    source.close();
    writeFileSync(path('cut'), Buffer.concat([...whole.slice(0, 2), new Uint8Array(10)]));
    const other = await openSource(`lime:${path('cut')}`);
    expect(other.notes).toEqual([`${path('cut')} ends inside a LiME header`]);
    other.close();
  });

  it('above 4 GiB are left out, which is told', async () => {
    writeFileSync(
      path('high'),
      Buffer.concat([limeHeader(2 ** 32 - 4096, 8192), Buffer.alloc(8192)]),
    );
    const source = await openSource(path('high'));
    expect(source.notes[0]).toMatch(/^4\.0 K of .* lie above 4 GiB and are left out/);
    source.close();
  });

  it('that are raw do not tell what they are', async () => {
    const error = await rejectionOf(openSource(path('ram.bin')));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_FORMAT',
      `${path('ram.bin')} (64.0 M) does not tell what it is; if it is a raw dump say where it ` +
        `begins, ram:${path('ram.bin')}@0x60000000`,
    ]);
    writeFileSync(path('nothing'), '');
    expect((await rejectionOf(openSource(path('nothing')))).code).toBe('SOURCE_ERR_FORMAT');
    expect((await rejectionOf(openSource(`ram:${path('nothing')}@0`))).message).toMatch(/is empty/);
    symlinkSync(path('nowhere'), path('dangling'));
    expect((await rejectionOf(openSource(path('dangling')))).code).toBe('SOURCE_ERR_READ');
  });
});

const page = (word: number): Uint8Array => new Uint8Array(new Uint32Array(1024).fill(word).buffer);

/** An NT_PRSTATUS note of 32-bit Arm. */
function statusNote(pc: number, cpsr: number): Uint8Array {
  const content = new DataView(new ArrayBuffer(148));
  content.setUint32(72 + 60, pc, true);
  content.setUint32(72 + 64, cpsr, true);
  return new Uint8Array(content.buffer);
}

describe('core files', () => {
  it.each([32, 64] as const)(
    'of a machine have several pieces, with %d-bit headers',
    async (bits) => {
      writeFileSync(
        path('core'),
        coreFile({
          bits,
          loads: [
            { pa: 0x6000_0000, bytes: 8192, data: page(7) },
            { pa: 0x1000, bytes: 4096, data: page(5) },
          ],
          notes: [
            { name: 'CORE', type: 1, content: statusNote(0x10774, 0x6000_0010) },
            { name: 'CORE', type: 1, content: statusNote(1, 2) },
          ],
        }),
      );
      for (const word of [`core:${path('core')}`, path('core')]) {
        const source = await openTables(word);
        expect(source.kind).toBe('core');
        expect(source.coverage).toBe('12.0 KiB in 2 ranges 0x1000..0x60001fff, 67 % non-zero');
        expect(
          [0x6000_0ffc, 0x6000_1000, 0x1000, 0x2000].map((pa) => source.memory.readWord(pa)),
        ).toEqual([7, 0, 5, -1]);
        expect(source.registers.values).toBeUndefined();
        expect(source.registers.others.get('pc')?.value).toBe(0x10774);
        expect(source.registers.others.get('cpsr')).toMatchObject({
          value: 0x6000_0010,
          origin: 'core NT_PRSTATUS',
        });
        source.close();
      }
    },
  );

  it('of Linux tell where the table of the kernel is', async () => {
    const info = 'OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=c0004000\nPAGESIZE=4096\n';
    const notes = [{ name: 'VMCOREINFO', type: 0, content: Buffer.from(info) }];
    const loads = [{ pa: 0x6000_0000, va: 0xc000_0000, bytes: 0x8000, data: page(1) }];
    writeFileSync(path('vmcore'), coreFile({ bits: 32, loads, notes }));
    const source = await openTables(path('vmcore'));
    expect(source.registers.values?.ttbr0).toBe(0x6000_4000);
    expect(source.registers.facts[0]?.origin).toBe(
      `${path('vmcore')}: swapper_pg_dir 0xc0004000 of VMCOREINFO`,
    );
    source.close();
    const flat = coreFile({ bits: 32, loads: [{ ...loads[0], pa: 0xc000_0000 } as never], notes });
    writeFileSync(path('vmcore'), flat);
    const unknown = await openTables(path('vmcore'));
    expect(unknown.registers.values).toBeUndefined();
    unknown.close();
  });

  it('may be cut off, which is told', async () => {
    const whole = coreFile({ bits: 32, loads: [{ pa: 0, bytes: 4096, data: page(1) }] });
    writeFileSync(path('core'), whole.subarray(0, whole.length - 96));
    const source = await openTables(path('core'));
    expect(source.notes[0]).toMatch(/core is cut off: 96 B are missing behind its 4\.10 K$/);
    expect(source.memory.readWord(4000 - 4)).toBe(1);
    expect(source.memory.readWord(4000)).toBe(-1);
    source.close();
  });

  const one = { pa: 0, bytes: 4096, data: page(1) };
  it.each([
    ['no ELF', Uint8Array.of(1, 2, 3), /it is no ELF file/],
    [
      'a process',
      coreFile({ bits: 32, loads: [one, { ...one, va: 0x8000 }] }),
      /core of a process/,
    ],
    ['no memory', coreFile({ bits: 32, loads: [] }), /no PT_LOAD header has memory/],
    ['high', coreFile({ bits: 64, loads: [{ ...one, pa: 2 ** 50 }] }), /no PT_LOAD header has mem/],
    ['AArch64', coreFile({ bits: 64, loads: [one], machine: 183 }), /it is for AArch64/],
    ['x86', coreFile({ bits: 64, loads: [one], machine: 62 }), /it is for machine 62/],
    ['a program', coreFile({ bits: 32, loads: [one], type: 2 }), /e_type is 2, not 4 \(core\)/],
    [
      'half a header',
      coreFile({ bits: 64, loads: [one] }).subarray(0, 60),
      /it ends inside its ELF header/,
    ],
    [
      'no table',
      coreFile({ bits: 32, loads: [one] }).subarray(0, 140),
      /2 program headers at 0x84 leave the file/,
    ],
  ])('are refused: %s', async (_name, content, message) => {
    writeFileSync(path('core'), content);
    const error = await rejectionOf(openSource(`core:${path('core')}`));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_FORMAT',
      expect.stringMatching(message),
    ]);
  });
});

describe('snapshots', () => {
  it('are what was taken', async () => {
    const source = await openTables(`tables:${FIXTURE}`);
    const text = snapshotText(takeSnapshot(source));
    source.close();
    writeFileSync(path('state.json'), text);
    for (const word of [`snap:${path('state.json')}`, path('state.json')]) {
      const again = await openTables(word);
      expect(again.kind).toBe('snap');
      expectLinux(again);
      expect(again.cpu.profile.name).toBe('cortex-a7');
      expect(again.registers.facts.map(({ origin }) => origin)).toContain('registers.json: MAIR0');
      expect(again.registers.others.get('dfar')?.value).toBe(0x58810);
      expect(again.coverage).toMatch(/: the tables of tables:test\/fixtures\/linux-armv7-short$/);
      expect(again.memory.readBytes(0x423b_4000, 16384)).toEqual(
        linuxInput().reader.readWord(0x423b_4000) === -1
          ? undefined
          : (await openTables(FIXTURE)).memory.readBytes(0x423b_4000, 16384),
      );
      expect(again.memory.readBytes(0, 1)).toBeUndefined();
      expect(again.memory.locate(0x423b_4000)).toBeUndefined();
      again.close();
      expect(snapshotText({ ...takeSnapshot(again), source: `tables:${FIXTURE}` })).toBe(text);
    }
  });

  it('with mistakes are refused', async () => {
    writeFileSync(path('state.json'), '{"schema": "pagewright/snapshot", "version": 9}');
    const error = await rejectionOf(openSource(path('state.json')));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_FORMAT',
      expect.stringContaining('version 9'),
    ]);
  });

  it('of layouts are what was built', async () => {
    for (const word of [
      'layout:examples/layouts/zynq-board.yaml',
      'examples/layouts/zynq-board.yaml',
    ]) {
      const source = await openTables(word);
      expect(source.kind).toBe('layout');
      expect(source.coverage).toMatch(/: the tables of \d+ regions$/);
      const regions = new Regions(new AddressSpace(source.input()));
      expect(regions.count).toBeGreaterThan(1);
      expect(source.names().length).toBeGreaterThan(1);
      expect(takeSnapshot(source).memory.length).toBeGreaterThan(0);
      source.close();
    }
    writeFileSync(path('none.yaml'), 'regions: 7');
    expect((await rejectionOf(openSource(path('none.yaml')))).code).toMatch(/^LAYOUT_ERR_/);
    const program = 'programs:\n  fw: nowhere.elf\nregions: []\n';
    writeFileSync(path('none.yaml'), program);
    expect((await rejectionOf(openSource(path('none.yaml')))).code).toMatch(/_ERR_/);
  });

  it('need a root to be taken', async () => {
    writeFileSync(path('bare'), new Uint8Array(4096));
    const source = await openTables(`ram:${path('bare')}@0`);
    expect((await rejectionOf(Promise.resolve().then(() => takeSnapshot(source)))).code).toBe(
      'SOURCE_ERR_ROOT',
    );
    source.close();
  });
});
