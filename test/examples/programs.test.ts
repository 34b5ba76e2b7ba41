import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ElfImage, parseExecutable } from '../../src/domain/elf.js';
import { pageRuns } from '../../src/domain/page-runs.js';

const FOLDER = fileURLToPath(new URL('../../examples/programs/', import.meta.url));
const COMPILER = 'arm-none-eabi-gcc';

const read = (folder: string, name: string): ElfImage =>
  parseExecutable(new Uint8Array(readFileSync(join(folder, `${name}.elf`))));

/** What a loader would put into memory. */
const loadable = (image: ElfImage): unknown =>
  image.segments.map(({ fileOffset, fileBytes, ...segment }) => ({
    ...segment,
    bytes: Buffer.from(image.file.subarray(fileOffset, fileOffset + fileBytes)).toString('hex'),
  }));

const programs = [
  { name: 'hello', bss: 'pages', bssBytes: 0x4000, dataPages: 5 },
  { name: 'sort', bss: 'numbers', bssBytes: 0x10000, dataPages: 17 },
  { name: 'tree', bss: 'heap', bssBytes: 0x10000, dataPages: 18 },
];

describe.each(programs)('the example program $name', ({ name, bss, bssBytes, dataPages }) => {
  const image = read(FOLDER, name);

  it('starts at 0x10000 in Arm state', () => {
    expect(image).toMatchObject({
      entry: 0x10000,
      thumb: false,
      positionIndependent: false,
      eabiVersion: 5,
    });
    expect(image.symbol('_start')?.address).toBe(image.entry);
  });

  it('has text, rodata and data on pages of their own, each with its rights', () => {
    expect(pageRuns(image)).toMatchObject([
      { address: 0x10000, bytes: 0x1000, readable: true, writable: false, executable: true },
      { address: 0x11000, bytes: 0x1000, readable: true, writable: false, executable: false },
      {
        address: 0x12000,
        bytes: dataPages * 0x1000,
        readable: true,
        writable: true,
        executable: false,
      },
    ]);
    expect(pageRuns(image).flatMap((run) => run.conflicts)).toEqual([]);
    expect(image.segments.map((segment) => segment.address % segment.alignment)).toEqual([0, 0, 0]);
  });

  it('has its array in whole pages of bss', () => {
    const symbol = image.symbol(bss);
    expect(symbol?.bytes).toBe(bssBytes);
    expect((symbol?.address ?? 1) % 0x1000).toBe(0);
    const data = image.segments[2];
    expect(symbol?.address).toBeGreaterThanOrEqual((data?.address ?? 0) + (data?.fileBytes ?? 0));
  });
});

describe('what the programs start with', () => {
  it('is in the file where the symbols say', () => {
    const hello = read(FOLDER, 'hello');
    const bytesOf = (name: string): Uint8Array => {
      const symbol = hello.symbol(name);
      const home = hello.segments.findLast(({ address }) => address <= (symbol?.address ?? 0));
      const from = (home?.fileOffset ?? 0) + (symbol?.address ?? 0) - (home?.address ?? 0);
      return hello.file.subarray(from, from + (symbol?.bytes ?? 0));
    };
    expect(Buffer.from(bytesOf('greeting')).toString()).toBe(
      'Hello from a domain that maps its own memory.\n\0',
    );
    expect([...bytesOf('remaining')]).toEqual([4, 0, 0, 0]);
  });
});

// On a developer's machine without the cross compiler the executables are taken as they are; CI has
// to have it, and fails without.
const missing = spawnSync(COMPILER, ['--version']).error !== undefined;

describe.skipIf(missing && process.env['CI'] !== 'true')('built anew from the source', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pagewright-programs-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(programs)('$name loads the same bytes', ({ name }) => {
    const target = join(folder, `${name}.elf`);
    execFileSync('make', ['-C', FOLDER, `OUT=${folder}`, target], { stdio: 'pipe' });
    expect(loadable(read(folder, name))).toEqual(loadable(read(FOLDER, name)));
  });
});
