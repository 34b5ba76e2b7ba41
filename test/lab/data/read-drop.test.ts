import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DropAnswers,
  type DroppedFile,
  type DropResult,
  readDrop,
} from '../../../lab/data/read-drop.js';
import { CPU_PROFILES, type CpuProfile } from '../../../src/format/index.js';
import { AddressSpace, snapshotReader, snapshotText } from '../../../src/inspect/index.js';
import { rejectionOf } from '../../support/errors.js';
import { buildFirmware, hasToolchain } from '../../support/firmware.js';
import { coreFile, limeHeader, writeLimeDump, writeRawDump } from '../../support/linux-dump.js';
import { linuxInput, linuxRegisters } from '../../support/linux-fixture.js';

const FIXTURE = 'test/fixtures/linux-armv7-short';
const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** A blob whose parts come from elsewhere: from bytes, or from a file of the disk. */
interface FakeBlob {
  readonly size: number;
  readonly part: (from: number, to: number) => Uint8Array;
}

const slice = (blob: Blob, from: number, to: number): Uint8Array =>
  (blob as unknown as FakeBlob).part(from, to);

function bytes(name: string, content: Uint8Array | string): DroppedFile {
  const data = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const blob: FakeBlob = { size: data.length, part: (from, to) => data.slice(from, to) };
  return { path: name, blob: blob as unknown as Blob };
}

function onDisk(name: string, place: string): DroppedFile {
  const blob: FakeBlob = {
    size: statSync(place).size,
    part: (from, to) => {
      const descriptor = openSync(place, 'r');
      const data = new Uint8Array(to - from);
      readSync(descriptor, data, 0, data.length, from);
      closeSync(descriptor);
      return data;
    },
  };
  return { path: name, blob: blob as unknown as Blob };
}

const drop = (files: readonly DroppedFile[], answers: DropAnswers = {}): Promise<DropResult> =>
  readDrop(files, answers, { slice });

const archive = ['tables.json', 'tables.bin.gz', 'registers.json'].map((name) =>
  bytes(`linux/${name}`, readFileSync(`${FIXTURE}/${name}`)),
);
const registers = bytes('regs.json', readFileSync(`${FIXTURE}/registers.json`));

/** Expects that the drop is the space of the fixture, table for table. */
function expectLinux(result: DropResult): void {
  if (result.kind !== 'space') throw new Error(`the drop is ${result.kind}`);
  const { snapshot } = result.space;
  const reader = snapshotReader(snapshot.memory);
  const profile = CPU_PROFILES[snapshot.cpu] as CpuProfile;
  const ours = new AddressSpace({ reader, registers: linuxRegisters, profile });
  const theirs = new AddressSpace(linuxInput());
  expect(ours.rootWords).toEqual(theirs.rootWords);
  expect(ours.tableWords).toEqual(theirs.tableWords);
  const ttbr0 = snapshot.registers.find(({ name }) => name === 'ttbr0')?.value ?? 0;
  expect(ttbr0 & ~0x3fff).toBe(linuxRegisters.ttbr0 & ~0x3fff);
}

/** A zip archive of `files`, stored or deflated in turn. */
function zip(files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [index, [name, content]] of files.entries()) {
    const method = index % 2 === 0 ? 8 : 0;
    const packed = method === 8 ? deflateRawSync(content) : content;
    const label = new TextEncoder().encode(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x0403_4b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(content.length, 22);
    local.writeUInt16LE(label.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x0201_4b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(label.length, 28);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, label);
    parts.push(local, label, packed);
    at += 30 + label.length + packed.length;
  }
  const tail = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(tail.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, tail, end]);
}

const archiveZip = zip(
  ['linux/', 'linux/tables.json', 'linux/tables.bin.gz', 'linux/registers.json'].map((name) => [
    name,
    name.endsWith('/') ? new Uint8Array() : readFileSync(`${FIXTURE}/${name.slice(6)}`),
  ]),
);

describe('a drop', () => {
  beforeAll(() => {
    writeRawDump(path('dump.bin'));
    writeLimeDump(path('dump.lime'));
  });

  it.each([
    ['a folder of tables', () => drop(archive)],
    ['tables in a zip archive', () => drop([bytes('linux.zip', archiveZip)])],
    [
      'a raw dump with registers',
      () => drop([onDisk('dump.bin', path('dump.bin')), registers], { address: 0x4000_0000 }),
    ],
    [
      'a raw dump whose name says where it begins',
      () => drop([onDisk('dump@0x40000000.bin', path('dump.bin')), registers]),
    ],
    ['a LiME dump with registers', () => drop([onDisk('a.lime', path('dump.lime')), registers])],
    [
      'a packed dump',
      () => {
        const packed = gzipSync(readFileSync(path('dump.bin')), { level: 1 });
        return drop([bytes('d@0x40000000.bin.gz', packed), registers]);
      },
    ],
  ])('of %s is the space that it holds', async (_name, read) => {
    expectLinux(await read());
  });

  it('of a raw dump alone asks where it begins, then finds its root tables', async () => {
    const file = onDisk('dump.bin', path('dump.bin'));
    expect(await drop([file])).toEqual({ kind: 'ask-address', name: 'dump.bin', bytes: 2 ** 26 });
    const found = await drop([file], { address: 0x4000_0000 });
    if (found.kind !== 'space') throw new Error(found.kind);
    const { roots, notes, word } = found.space;
    expect(word).toBe('ram:dump.bin@0x40000000');
    expect(roots.length).toBeGreaterThan(5);
    expect(notes.join()).toContain('TTBR0 was not given');
    const chosen = await drop([file, registers], {
      address: 0x4000_0000,
      root: linuxRegisters.ttbr0,
    });
    expectLinux(chosen);
  });

  it('of a snapshot is what was kept, and two of them are compared', async () => {
    const first = await drop(archive);
    if (first.kind !== 'space') throw new Error(first.kind);
    const text = snapshotText(first.space.snapshot);
    expectLinux(await drop([bytes('kept.json', text)]));
    const both = await drop([bytes('a.json', text), bytes('b.json', text)]);
    expect(both.kind).toBe('diff');
  });

  it('of a core is its memory', async () => {
    const core = coreFile({
      bits: 32,
      loads: [{ pa: 0x4000_0000, bytes: 16, data: new Uint8Array(16) }],
    });
    const error = await rejectionOf(drop([bytes('vmcore', core)]));
    expect(error.code).toBe('SOURCE_ERR_ROOT');
    expect(error.message).toContain('core:vmcore');
  });

  it.each([
    ['examples/layouts/zynq-board.yaml', 'layout'],
    ['examples/scenarios/revocation.yaml', 'scenario'],
    ['examples/first-domain.yaml', 'scenario'],
  ])('of %s goes to the screen of a %s', async (place, what) => {
    const text = readFileSync(place, 'utf8');
    const result = await drop([bytes('x.yaml', text)]);
    expect(result).toMatchObject({ kind: 'text', what, name: 'x.yaml', text });
  });

  it('of a scenario with its program brings both', async () => {
    const program = readFileSync('examples/programs/hello.elf');
    const result = await drop([
      bytes('x.yaml', 'domains: [ { name: a, elf: hello.elf } ]\n'),
      bytes('hello.elf', program),
    ]);
    if (result.kind !== 'text') throw new Error(result.kind);
    expect([...result.files.keys()]).toEqual(['hello.elf']);
  });

  it.each([
    ['I  04015a10,3\n S 1ffeffe8,8\n L 1000,4\n', 'a.txt'],
    ['pages\n7 0 1 2 0 3\n', 'belady.txt'],
    ['r 0x1000\nw 0x2000,4\n', 'b.txt'],
    ['1000\n2000\n', 'c.trace'],
  ])('of the trace %j is one', async (text, name) => {
    expect(await drop([bytes(name, text)])).toMatchObject({ kind: 'text', what: 'trace' });
  });

  describe.skipIf(!hasToolchain)('of firmware', () => {
    it('is its table, or asks for the symbol', async () => {
      const named = readFileSync(buildFirmware(folder, 'executable'));
      expect(await drop([bytes('fw.elf', named)])).toMatchObject({
        kind: 'space',
        space: { word: 'elf:fw.elf', snapshot: { table: 'MMUTable' } },
      });
      const [symbols, stripped] = [
        Buffer.from(named.toString('latin1').replace('MMUTable', 'MyTables'), 'latin1'),
        readFileSync(buildFirmware(folder, 'unnamed')),
      ];
      for (const [file, wanted, bytesOfIt] of [
        [symbols, 'MyTables', 16 * 1024],
        [stripped, '.mmu', 17 * 1024],
      ] as const) {
        const asked = await drop([bytes('fw.elf', file)]);
        if (asked.kind !== 'ask-symbol') throw new Error(asked.kind);
        const found = asked.symbols.find(({ name }) => name === wanted);
        expect(found).toMatchObject({ address: 0x10_4000, bytes: bytesOfIt });
        const answered = await drop([bytes('fw.elf', file)], { symbol: wanted });
        expect(answered).toMatchObject({ kind: 'space', space: { word: `elf:fw.elf#${wanted}` } });
      }
    });
  });

  it.each([
    ['nothing', [], 'SOURCE_ERR_READ'],
    ['an empty file', [bytes('empty', '')], 'SOURCE_ERR_FORMAT'],
    ['registers alone', [registers], 'SOURCE_ERR_FORMAT'],
    ['an index alone', [archive[0] as DroppedFile], 'SOURCE_ERR_READ'],
    ['a cut-off zip archive', [bytes('a.zip', archiveZip.subarray(0, 500))], 'SOURCE_ERR_FORMAT'],
    [
      'a damaged gzip file',
      [bytes('a.gz', gzipSync('x'.repeat(999)).subarray(0, 20))],
      'SOURCE_ERR_FORMAT',
    ],
    ['a bomb', [bytes('a.gz', gzipSync(new Uint8Array(2 ** 28 + 1)))], 'SOURCE_ERR_FORMAT'],
    [
      'a cut-off snapshot',
      [bytes('s', '{ "schema": "pagewright/snapshot", "version": 1, "sou')],
      'SOURCE_ERR_FORMAT',
    ],
    [
      'a header of LiME alone',
      [bytes('l', limeHeader(0, 2 ** 20).subarray(0, 20))],
      'SOURCE_ERR_FORMAT',
    ],
    [
      'noise that is memory',
      [bytes('n@0x80000000', Buffer.alloc(2 ** 16, 0xa5))],
      'SOURCE_ERR_ROOT',
    ],
    [
      'an ELF file for another machine',
      [bytes('/bin/x', readFileSync(process.execPath).subarray(0, 4096))],
      'SOURCE_ERR_FORMAT',
    ],
    ['too many files', Array.from({ length: 65 }, () => registers), 'SOURCE_ERR_READ'],
  ])('of %s has a named error', async (_name, files, code) => {
    const error = await rejectionOf(drop(files));
    expect(error.code).toBe(code);
    expect(error.message).not.toBe('');
  });

  it('of anything is something that is known, or a named error', async () => {
    const beginnings = fc.constantFrom(
      [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1],
      [0x45, 0x4d, 0x69, 0x4c],
      [0x50, 0x4b, 3, 4],
      [0x1f, 0x8b, 8],
      [...new TextEncoder().encode('{"schema": "pagewright/snapshot"')],
      [...new TextEncoder().encode('{"frames": [')],
      [...new TextEncoder().encode('steps:\n')],
      [],
    );
    await fc.assert(
      fc.asyncProperty(
        beginnings,
        fc.uint8Array({ maxLength: 600 }),
        fc.string({ maxLength: 12 }),
        async (head, tail, name) => {
          const file = bytes(name, Uint8Array.from([...head, ...tail]));
          try {
            expect(typeof (await drop([file], { address: 0 })).kind).toBe('string');
          } catch (error) {
            expect(error).toMatchObject({
              code: expect.stringMatching(/^(?:SOURCE|ELF|MACHINE)_ERR_/),
            });
          }
        },
      ),
      { numRuns: 600 },
    );
  });

  it.each([
    ['2 GiB whose root is said', 2 ** 31, { root: 0x4000_4000 }, 'space'],
    ['128 MiB that are looked through', 2 ** 27, {}, 'SOURCE_ERR_ROOT'],
  ])('of %s is read in parts, of which few are kept', async (_name, size, answers, ending) => {
    let largest = 0;
    let read = 0;
    const zeros = new Uint8Array(4 * 2 ** 20);
    const blob: FakeBlob = {
      size,
      part: (from, to) => {
        largest = Math.max(largest, to - from);
        read += to - from;
        return zeros.subarray(0, to - from);
      },
    };
    const file = { path: 'big@0x40000000.bin', blob: blob as unknown as Blob };
    const ended = await drop([file], answers).then(
      ({ kind }) => kind,
      ({ code }: { readonly code: string }) => code,
    );
    expect(ended).toBe(ending);
    expect(largest).toBeLessThanOrEqual(zeros.length);
    expect(read).toBeLessThan(1.1 * size);
  });
});
