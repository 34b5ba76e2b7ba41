import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { AddressSpace, snapshotText } from '../../src/inspect/index.js';
import { openSource, type SourceOptions, takeSnapshot } from '../../src/source/index.js';
import { coreFile, limeHeader } from '../support/linux-dump.js';

const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'fuzz');

const FIXTURE = 'test/fixtures/linux-armv7-short';
/** What ends later than this has hung; it is no measure of speed. */
const MILLISECONDS = 30_000;
const GROWTH_BYTES = 150 * 2 ** 20;

const page = new Uint8Array(4096).fill(0x41);
const core = coreFile({
  bits: 32,
  loads: [
    { pa: 0x4000, va: 0xc000_4000, bytes: 0x4000, data: page },
    { pa: 0x6000_0000, bytes: 4096, data: page },
  ],
  notes: [
    { name: 'CORE', type: 1, content: new Uint8Array(148).fill(1) },
    { name: 'VMCOREINFO', type: 0, content: Buffer.from('SYMBOL(swapper_pg_dir)=c0004000\n') },
  ],
});
const wide = coreFile({ bits: 64, loads: [{ pa: 0x4000, bytes: 0x4000, data: page }] });
const lime = new Uint8Array(
  Buffer.concat([limeHeader(0x4000, 4096), page, limeHeader(0x9000, 4096), page]),
);
const hello = new Uint8Array(readFileSync('examples/programs/hello.elf'));
const log = new Uint8Array(
  Buffer.from(
    'type IO_SEC va 0x10900000..0x109fffff pa 0x08000000..0x080fffff size 0x00100000 (pgdir)\n' +
      '---[ Kernel Mapping ]---\n0xc0000000-0xc0100000           1M     RW NX SHD\n',
  ),
);

/** Some bytes changed, some cut off or put in. */
const changes = fc.record({
  bytes: fc.array(
    fc.tuple(fc.nat(), fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constant(255))),
    {
      maxLength: 12,
    },
  ),
  words: fc.array(fc.tuple(fc.nat(), fc.integer()), { maxLength: 3 }),
  keep: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
});
type Changes = typeof changes extends fc.Arbitrary<infer Value> ? Value : never;

function changed(content: Uint8Array, { bytes, words, keep }: Changes): Uint8Array {
  const made = content.slice(0, Math.ceil(content.length * keep));
  if (made.length < 4) return made;
  const view = new DataView(made.buffer);
  // Most of what matters stands in front.
  for (const [at, byte] of bytes) made[at % Math.min(made.length, 512)] = byte;
  for (const [at, word] of words) view.setInt32(at % (made.length - 3), word, true);
  return made;
}

/** Opens and reads a source: it gives an answer or a named error, soon and with little memory. */
async function tryAll(words: readonly string[], options: SourceOptions = {}): Promise<void> {
  for (const word of words) {
    const start = performance.now();
    const before = process.memoryUsage().rss;
    try {
      const source = await openSource(word, options);
      if (source.evidence === 'tables') {
        source.names();
        new AddressSpace(source.input());
        takeSnapshot(source);
      }
      source.close();
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      expect(error.message.length).toBeLessThan(600);
    }
    expect(performance.now() - start).toBeLessThan(MILLISECONDS);
    expect(process.memoryUsage().rss - before).toBeLessThan(GROWTH_BYTES);
  }
}

describe('whatever a file holds', () => {
  it.each([
    ['a program', hello, [`elf:${path}`, `elf:${path}#pages`, `elf:${path}#.data@0x4000`, path]],
    ['a core', core, [`core:${path}`, path]],
    ['a 64-bit core', wide, [`core:${path}`]],
    ['a LiME dump', lime, [`lime:${path}`, path]],
    ['a log', log, [`log:${path}`, path]],
  ])(
    'it is %s or has a named error',
    async (_name, content, words) => {
      await fc.assert(
        fc.asyncProperty(changes, async (change) => {
          writeFileSync(path, changed(content, change));
          await tryAll(words);
          await tryAll(words.slice(0, 1), { registers: { ttbr0: 0x4000, ttbcr: 0 } });
        }),
        { seed: 20261122, numRuns: 120 },
      );
    },
    120_000,
  );

  it('it is a snapshot or has a named error', async () => {
    const source = await openSource(FIXTURE);
    if (source.evidence !== 'tables') throw new Error('no tables');
    const text = snapshotText(takeSnapshot(source));
    source.close();
    await fc.assert(
      fc.asyncProperty(changes, async (change) => {
        writeFileSync(path, changed(new Uint8Array(Buffer.from(text)), change));
        await tryAll([`snap:${path}`, path]);
      }),
      { seed: 20261122, numRuns: 40 },
    );
  }, 120_000);

  it('a directory is an archive or has a named error', async () => {
    const archive = join(folder, 'archive');
    mkdirSync(archive);
    const files = ['tables.json', 'tables.bin.gz', 'registers.json'];
    const contents = files.map((name) => new Uint8Array(readFileSync(join(FIXTURE, name))));
    await fc.assert(
      fc.asyncProperty(fc.nat(2), changes, async (chosen, change) => {
        for (const [index, name] of files.entries()) {
          const content = contents[index] as Uint8Array;
          writeFileSync(join(archive, name), index === chosen ? changed(content, change) : content);
        }
        await tryAll([archive]);
      }),
      { seed: 20261122, numRuns: 60 },
    );
  }, 120_000);

  it('noise is a dump, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 40_000 }), async (noise) => {
        writeFileSync(path, noise);
        const registers = { ttbr0: 0x4000_0000 };
        await tryAll([`ram:${path}@0x40000000`, path], { registers });
        await tryAll(['elf', 'core', 'lime', 'snap', 'log'].map((kind) => `${kind}:${path}`));
      }),
      { seed: 20261122, numRuns: 40 },
    );
  }, 120_000);

  it('a program may claim as many segments as fit', async () => {
    const many = 60_000;
    const file = new DataView(new ArrayBuffer(52 + many * 32));
    for (const [at, byte] of [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1].entries()) file.setUint8(at, byte);
    file.setUint16(16, 2, true);
    file.setUint16(18, 40, true);
    file.setUint32(28, 52, true);
    file.setUint16(42, 32, true);
    file.setUint16(44, many, true);
    for (let index = 0; index < many; index += 1) {
      const at = 52 + index * 32;
      for (const [field, value] of [
        [0, 1],
        [8, index * 4096],
        [12, (many - index) * 4096],
        [16, 64],
        [20, 8192],
      ] as const) {
        file.setUint32(at + field, value, true);
      }
    }
    writeFileSync(path, new Uint8Array(file.buffer));
    await tryAll([`elf:${path}`]);
    file.setUint16(16, 4, true);
    writeFileSync(path, new Uint8Array(file.buffer));
    await tryAll([`core:${path}`], { registers: { ttbr0: 0x4000 } });
  });
});
