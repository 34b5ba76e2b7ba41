import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { EXTERNAL_ABORT } from '../../src/machine/index.js';
import { MemoryFile, readWhole } from '../../src/source/byte-file.js';
import { coverageText } from '../../src/source/coverage.js';
import { openByteFile } from '../../src/source/disk-file.js';
import { type Extent, PhysicalImage } from '../../src/source/physical-image.js';
import { joinRanges, rangesText } from '../../src/source/source-memory.js';
import { rejectionOf } from '../support/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Bytes that tell their own place. */
const content = Uint8Array.from({ length: 0x20000 }, (_, at) => (at * 7 + (at >> 8)) & 255);
const file = new MemoryFile('dump', content);
const extent = (pa: number, bytes: number, fileOffset: number, fileBytes = bytes): Extent => ({
  pa,
  bytes,
  fileOffset,
  fileBytes,
});

/** The byte at `pa` by the rule that the constructor documents, or undefined. */
function reference(extents: readonly Extent[], pa: number): number | undefined {
  const inOrder = extents.toSorted((left, right) => left.pa - right.pa);
  const home = inOrder.find((one) => pa >= one.pa && pa < one.pa + one.bytes && pa < 2 ** 32);
  if (home === undefined) return undefined;
  const offset = pa - home.pa;
  return offset < home.fileBytes ? (content[home.fileOffset + offset] ?? 0) : 0;
}

describe('an image of physical memory', () => {
  it('has the words of its pieces and nothing between them', () => {
    const image = new PhysicalImage(file, [
      extent(0x4000_0000, 0x1000, 0x100),
      extent(0x2000, 0x3000, 0x4000, 0x800),
    ]);
    expect(image.ranges).toEqual([
      { pa: 0x2000, bytes: 0x3000 },
      { pa: 0x4000_0000, bytes: 0x1000 },
    ]);
    const view = new DataView(content.buffer);
    expect(image.readWord(0x4000_0004)).toBe(view.getUint32(0x104, true));
    expect(image.readWord(0x4000_0007)).toBe(view.getUint32(0x104, true));
    expect(image.readWord(0x27fc)).toBe(view.getUint32(0x47fc, true));
    expect(image.readWord(0x2800)).toBe(0);
    for (const pa of [0, 0x1ffc, 0x5000, 0x4000_1000, 2 ** 32, 2 ** 32 + 0x2000, -4]) {
      expect(image.readWord(pa)).toBe(EXTERNAL_ABORT);
    }
    expect(image.readBytes(0x4ffe, 2)).toEqual(new Uint8Array(2));
    expect(image.readBytes(0x4ffe, 3)).toBeUndefined();
    expect(image.readBytes(0, 1)).toBeUndefined();
    const position = { file: 'dump', byteOffset: 0x4010, compressed: false };
    expect(image.locate(0x2010)).toEqual(position);
    expect(image.locate(0x2800)).toBeUndefined();
    expect(image.locate(0x10)).toBeUndefined();
  });

  it('is what a plain look at its pieces gives, whatever they are', () => {
    const piece = fc
      .tuple(
        fc.integer({ min: 0, max: 0xa000 }),
        fc.integer({ min: 1, max: 0x6000 }),
        fc.integer({ min: 0, max: 0x1000 }),
        fc.integer({ min: 0, max: 0x6000 }),
      )
      .map(([pa, bytes, offset, fileBytes]) =>
        extent(pa, bytes, offset, Math.min(bytes, fileBytes)),
      );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.array(fc.integer({ min: 0, max: 0x10000 }), { minLength: 20, maxLength: 20 }),
        (extents, addresses) => {
          const image = new PhysicalImage(file, extents);
          for (const pa of addresses) {
            const byte = reference(extents, pa);
            expect(image.readBytes(pa, 1)?.[0]).toBe(byte);
            const start = pa & ~3;
            const bytes = [0, 1, 2, 3].map((index) => reference(extents, start + index));
            const word = bytes.includes(undefined)
              ? EXTERNAL_ABORT
              : bytes.reduce<number>((sum, one, index) => sum + (one ?? 0) * 256 ** index, 0);
            expect(image.readWord(pa)).toBe(word);
          }
        },
      ),
      { seed: 20261122, numRuns: 300 },
    );
  });

  it('ends at 4 GiB', () => {
    const image = new PhysicalImage(file, [extent(0xffff_f000, 0x3000, 0)]);
    expect(image.ranges).toEqual([{ pa: 0xffff_f000, bytes: 0x1000 }]);
    expect(image.readWord(0xffff_fffc)).toBe(new DataView(content.buffer).getUint32(0xffc, true));
  });

  it('keeps only a part of a large file, and reads it right all the same', async () => {
    const path = join(folder, 'large');
    writeFileSync(path, '');
    const large = openSync(path, 'r+');
    const { ftruncateSync, writeSync, closeSync } = await import('node:fs');
    ftruncateSync(large, 2 ** 31);
    for (let at = 0; at < 2 ** 31; at += 2 ** 18) {
      writeSync(large, new Uint8Array(Uint32Array.of(at + 1).buffer), 0, 4, at);
    }
    closeSync(large);
    const disk = await openByteFile(path);
    const image = new PhysicalImage(disk, [extent(0x6000_0000, 2 ** 31, 0)]);
    const before = process.memoryUsage().rss;
    for (const round of [0, 1]) {
      for (let at = 0; at < 2 ** 31; at += 2 ** 18) {
        if (image.readWord(0x6000_0000 + at) !== at + 1) throw new Error(`round ${round}, ${at}`);
      }
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
    let read = 0;
    const counted = { ...image, ranges: image.ranges, locate: () => undefined, readWord: () => 0 };
    const text = coverageText({
      ...counted,
      readBytes: (pa, bytes) => {
        read += bytes;
        return image.readBytes(pa, bytes);
      },
    });
    expect(text).toBe('2.0 GiB at 0x60000000, about 2 % non-zero');
    expect(read).toBe(2048 * 4096);
    disk.close();
    disk.close();
  }, 30_000);
});

describe('ranges', () => {
  it('are joined where they touch', () => {
    expect(
      joinRanges([
        { pa: 8, bytes: 4 },
        { pa: 0, bytes: 4 },
        { pa: 4, bytes: 0 },
        { pa: 10, bytes: 6 },
        { pa: 20, bytes: 4 },
        { pa: 16, bytes: 4 },
      ]),
    ).toEqual([
      { pa: 0, bytes: 4 },
      { pa: 8, bytes: 16 },
    ]);
  });

  it('are told in words', () => {
    expect(rangesText([])).toBe('no memory');
    expect(rangesText([{ pa: 0x6000_0000, bytes: 2 ** 27 }])).toBe('128 MiB at 0x60000000');
    expect(rangesText([{ pa: 0, bytes: 512 }])).toBe('512 B at 0x0');
    expect(
      rangesText([
        { pa: 0, bytes: 2 ** 20 },
        { pa: 2 ** 31, bytes: 2 ** 20 },
      ]),
    ).toBe('2.0 MiB in 2 ranges 0x0..0x800fffff');
  });
});

describe('coverage', () => {
  it.each([
    [0, '0 %'],
    [1, 'less than 1 %'],
    [3, '1 %'],
    [255, '99 %'],
    [256, '100 %'],
  ])('with %d of 256 pages in use', (used, percent) => {
    const bytes = new Uint8Array(2 ** 20);
    for (let page = 0; page < used; page += 1) bytes[page * 4096 + 4095] = 1;
    const image = new PhysicalImage(new MemoryFile('x', bytes), [extent(0x1000, 2 ** 20, 0)]);
    expect(coverageText(image)).toBe(`1.0 MiB at 0x1000, ${percent} non-zero`);
  });

  it('of nothing is nothing', () => {
    expect(coverageText(new PhysicalImage(file, []))).toBe('no memory');
  });
});

describe('files', () => {
  it('tell why they cannot be read', async () => {
    expect((await rejectionOf(openByteFile(join(folder, 'none')))).message).toMatch(
      /none: there is no such file$/,
    );
    expect((await rejectionOf(openByteFile(folder))).message).toMatch(/is a directory, not a file/);
    const path = join(folder, 'notes');
    writeFileSync(path, 'x');
    expect((await rejectionOf(openByteFile(join(path, 'x')))).message).toMatch(
      /a part of its path is not a directory/,
    );
    expect((await rejectionOf(openByteFile('a\0b'))).code).toBe('SOURCE_ERR_READ');
    expect((await rejectionOf(openByteFile('a'.repeat(5000)))).code).toBe('SOURCE_ERR_READ');
  });

  it('that have no end are refused', async () => {
    const error = await rejectionOf(openByteFile('/dev/zero'));
    expect(error.message).toBe('/dev/zero gives more than 1.0 G: save it to a file and name that');
  }, 60_000);

  it('may be streams', async () => {
    const { execFileSync } = await import('node:child_process');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { spawn } = await import('node:child_process');
    spawn('sh', ['-c', `printf hello > '${pipe}'`]);
    const stream = await openByteFile(pipe);
    expect(stream.bytes).toBe(5);
    expect(Buffer.from(readWhole(stream, 10, 'a word')).toString()).toBe('hello');
    stream.close();
  });
});
