import { describe, expect, it } from 'vitest';
import { Kind } from '../../src/format/index.js';
import { candidateText, type ScannedMemory, scanForRoots } from '../../src/inspect/scan.js';
import { EXTERNAL_ABORT } from '../../src/machine/index.js';
import { linuxMemory, linuxTables } from '../support/linux-fixture.js';
import { boardSpace, CODE, DATA, HandTables } from '../support/tables.js';

/** RAM of `bytes` at `base` that `fill` writes to. */
function ram(base: number, bytes: number, fill: (words: Uint32Array) => void): ScannedMemory {
  const words = new Uint32Array(bytes / 4);
  fill(words);
  const all = new Uint8Array(words.buffer);
  return {
    ranges: [{ pa: base, bytes }],
    readWord: (pa) => words[(pa - base) / 4] ?? EXTERNAL_ABORT,
    readBytes: (pa, length) => all.subarray(pa - base, pa - base + length),
  };
}

/** The memory of hand-made tables, 64 MiB of it. */
function memoryOf(tables: HandTables): ScannedMemory {
  const bytes = tables.memory.readBytes(0x6000_0000, 64 << 20) ?? new Uint8Array(0);
  return {
    ranges: [{ pa: 0x6000_0000, bytes: bytes.length }],
    readWord: (pa) => tables.memory.readWord(pa),
    readBytes: (pa, length) => bytes.subarray(pa - 0x6000_0000, pa - 0x6000_0000 + length),
  };
}

describe('the scan', () => {
  it('finds the eight page directories of Linux in its RAM', () => {
    const { ramBase, ramSize, frames, pageDirectories } = linuxTables;
    const memory = linuxMemory();
    const dump = ram(ramBase, ramSize, (words) => {
      for (const frame of frames.map(Number)) {
        const bytes = memory.readBytes(frame, 4096) as Uint8Array;
        words.set(new Uint32Array(bytes.buffer), (frame - ramBase) / 4);
      }
    });
    const found = scanForRoots(dump);
    const addresses = found.map(({ address }) => address);
    expect(addresses.toSorted()).toEqual(pageDirectories.map(Number));
    for (const { score, reasons } of found) {
      expect(score).toBeGreaterThan(70);
      expect(reasons.join()).toMatch(/sections in rows/);
    }
  });

  it('finds the table of a board, and says who points to it', () => {
    const memory = memoryOf(boardSpace());
    const [first] = scanForRoots(memory, new Map([[0x6000_0000, 'TTBR0']]));
    expect(first?.address).toBe(0x6000_0000);
    expect(candidateText(first as NonNullable<typeof first>)).toMatch(
      /^0x60000000 .*TTBR0 points to it/,
    );
  });

  it('finds a table that only points to tables', () => {
    const tables = new HandTables();
    for (let at = 0; at < 20; at++) {
      tables.map(
        Kind.SMALL,
        at * 2 ** 20,
        0x6100_0000 + at * 0x1_0000,
        9,
        at % 2 === 0 ? CODE : DATA,
      );
    }
    expect(scanForRoots(memoryOf(tables)).map(({ address }) => address)).toEqual([0x6000_0000]);
  });

  it.each([1, 2, 5, 7])('finds the short tables of TTBR0 where TTBCR.N is %d', (split) => {
    const tables = new HandTables({ ttbcr: split }, undefined, 0x6000_0000 + (0x4000 >>> split));
    tables.map(Kind.SECTION, 0x10_0000, 0x6000_0000, 7, DATA);
    tables.map(Kind.SMALL, 0x80_0000, 0x6100_0000, 30, CODE);
    const memory = memoryOf(tables);
    // Without knowing of it, the block around them is all that can be found.
    expect(scanForRoots(memory).map(({ address }) => address)).toEqual([0x6000_0000]);
    // It may be a table of TTBR1 as well, of which a part is used; a register decides.
    const known = new Map([[tables.base, 'TTBR0']]);
    const found = scanForRoots(memory, known, undefined, split);
    expect(found.map(({ address }) => address)).toEqual([tables.base, 0x6000_0000]);
    // Two beside each other, from the beginning of a block on, can only be short ones.
    const bytes = 0x4000 >>> split;
    const copy = tables.memory.readBytes(tables.base, bytes) as Uint8Array;
    const [first, second] = [0x6001_0000, 0x6001_0000 + bytes];
    for (const at of [first, second]) tables.memory.writeBytes(at, copy);
    const pair = scanForRoots(memoryOf(tables), undefined, undefined, split);
    const addresses = pair.map(({ address }) => address);
    expect(addresses.filter((address) => address >= first)).toEqual([first, second]);
  });

  it('finds no more in Linux where its tables could be short', () => {
    const memory = linuxMemory();
    const ranges = linuxTables.frames.map((frame) => ({ pa: Number(frame), bytes: 4096 }));
    const joined = { ranges, readWord: memory.readWord.bind(memory) };
    const readBytes = memory.readBytes.bind(memory);
    expect(scanForRoots({ ...joined, readBytes }, undefined, undefined, 1).length).toBeLessThan(3);
  });

  it('finds nothing in pointers to pointers', () => {
    const memory = ram(0x6000_0000, 1 << 20, (words) => {
      let state = 1;
      for (let at = 0; at < words.length; at++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        words[at] = 0x6000_0001 | (state & 0xf_fc00);
      }
    });
    expect(scanForRoots(memory)).toEqual([]);
  });

  it.each([
    ['zeros', () => {}],
    [
      'noise',
      (words: Uint32Array) => {
        let state = 1;
        for (let at = 0; at < words.length; at++) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          words[at] = state;
        }
      },
    ],
    ['one value', (words: Uint32Array) => words.fill(0x6000_0001)],
    ['numbers that count', (words: Uint32Array) => words.set(words.map((_, at) => at))],
    [
      'small pages of a table',
      (words: Uint32Array) => words.set(words.map((_, at) => 0x6000_007f + at * 0x1000)),
    ],
    ['text', (words: Uint32Array) => words.fill(0x6c6c_6568)],
  ])('finds nothing in %s', (_name, fill) => {
    expect(scanForRoots(ram(0x6000_0000, 1 << 20, fill as (words: Uint32Array) => void))).toEqual(
      [],
    );
  });
});
