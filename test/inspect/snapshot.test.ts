import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { Kind } from '../../src/format/index.js';
import { AddressSpace } from '../../src/inspect/address-space.js';
import {
  parseSnapshot,
  type Snapshot,
  snapshotReader,
  snapshotText,
  tableMemory,
} from '../../src/inspect/snapshot.js';
import { packWords, unpackWords } from '../../src/inspect/word-runs.js';
import { EXTERNAL_ABORT } from '../../src/machine/index.js';
import { linuxInput } from '../support/linux-fixture.js';
import { boardSpace, DATA, fullSpace, HandTables } from '../support/tables.js';

const word = fc.integer({ min: 0, max: 0xffff_ffff });

describe('the compact form of words', () => {
  it('gives back every sequence of words', () => {
    const run = fc.oneof(
      fc.array(word, { maxLength: 20 }),
      fc.tuple(word, fc.nat(40)).map(([value, count]) => Array<number>(count).fill(value)),
      fc
        .tuple(word, word, fc.nat(40))
        .map(([value, step, count]) =>
          Array.from({ length: count }, (_, index) => (value + Math.imul(step, index)) >>> 0),
        ),
    );
    fc.assert(
      fc.property(fc.array(run), (runs) => {
        const words = Uint32Array.from(runs.flat());
        expect(unpackWords(packWords(words), words.length)).toEqual(words);
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it('is small for tables', () => {
    const words = Uint32Array.from({ length: 4096 }, (_, index) => 0x6000_0c0e + index * 0x10_0000);
    expect(packWords(words).length).toBeLessThan(32);
  });

  it.each([
    ['AAA', 1, /no base64/],
    ['AA?=', 1, /no letter of base64/],
    ['BQAAAAA=', 2, /1 words are there instead of 2/],
    ['BQAA', 1, /cut off/],
    ['////////', 1, /no end|does not fit/],
    ['CQAAAAA=', 1, /2 words does not fit 1/],
    ['', 3, /0 words are there/],
  ])('refuses %j for %i words', (text, count, message) => {
    expect(() => unpackWords(text, count)).toThrowError(message);
  });
});

const REGISTERS = [
  { name: 'ttbr0', value: 0x6000_0000, origin: '--ttbr0' },
  { name: 'dfsr', value: 0x805, origin: 'core' },
];

function snapshotOf(input: Parameters<typeof tableMemory>[0]): Snapshot {
  return { source: 'test', cpu: 'cortex-a7', registers: REGISTERS, memory: tableMemory(input) };
}

describe('a snapshot', () => {
  it.each([
    ['a board', boardSpace().input],
    ['Linux', linuxInput()],
    ['both halves', { ...linuxInput(), registers: { ...linuxInput().registers, ttbcr: 2 } }],
  ])('of %s reads as the space it was taken from', (_name, input) => {
    const snapshot = snapshotOf(input);
    const back = parseSnapshot(snapshotText(snapshot));
    expect(back).toEqual(snapshot);
    const before = new AddressSpace(input);
    const after = new AddressSpace({ ...input, reader: snapshotReader(back.memory) });
    expect(after.rootWords).toEqual(before.rootWords);
    expect(after.rootKinds).toEqual(before.rootKinds);
    expect(after.tableWords).toEqual(before.tableWords);
  });

  it('holds the tables only, and little of them', () => {
    const { memory } = snapshotOf(linuxInput());
    const words = memory.reduce((sum, piece) => sum + piece.words.length, 0);
    expect(words * 4).toBe(16 * 1024 + 48 * 1024);
    expect(snapshotText(snapshotOf(linuxInput())).length).toBeLessThan(16 * 1024);
    const whole = snapshotText(snapshotOf(fullSpace((page) => page, DATA).input));
    expect(whole.length).toBeLessThan(8 * 2 ** 20);
  });

  it('reads nothing outside of its pieces', () => {
    const { readWord } = snapshotReader([{ base: 0x1000, words: Uint32Array.of(1, 2) }]);
    expect([0xffc, 0x1000, 0x1004, 0x1008, 2 ** 32].map(readWord)).toEqual([
      EXTERNAL_ABORT,
      1,
      2,
      EXTERNAL_ABORT,
      EXTERNAL_ABORT,
    ]);
  });

  it('leaves out what could not be read', () => {
    const tables = new HandTables()
      .root(0, 0x9000_0001)
      .map(Kind.SMALL, 0x10_0000, 0x6020_0000, 1, DATA);
    expect(tableMemory(tables.input).map((piece) => piece.base)).toEqual([
      0x6000_0000, 0x6010_0000,
    ]);
  });

  it.each([
    ['no JSON', '{"schema": ', /JSON|Unexpected/],
    ['another file', '{"schema":"other"}', /schema is not/],
    ['no object', '[]', /is no object/],
    [
      'a later version',
      '{"schema":"pagewright/snapshot","version":2}',
      /version 2, and 1 is known/,
    ],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parseSnapshot(text)).toThrowError(message);
  });

  it.each([
    ['memory out of order', { memory: [{ base: '0x10' }] }, /number of words/],
    ['memory that is not aligned', { memory: [{ base: '0x1', words: 1, runs: '' }] }, /aligned/],
    ['memory without end', { memory: [{ base: '0x0', words: 1e9, runs: '' }] }, /number of words/],
    ['memory that is no list', { memory: {} }, /no list/],
    ['a register that is no number', { registers: [{ name: 'ttbr0', value: 'x' }] }, /ttbr0/],
    ['a source that is no text', { source: 5 }, /source is no text/],
  ])('refuses %s', (_name, change, message) => {
    const document = JSON.parse(snapshotText(snapshotOf(boardSpace().input))) as object;
    const text = JSON.stringify({ ...document, ...change });
    expect(() => parseSnapshot(text)).toThrowError(message);
  });

  it('answers every damaged file with a named error', () => {
    const text = snapshotText(snapshotOf(boardSpace().input));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (at, change) => {
        try {
          parseSnapshot(text.slice(0, at) + change + text.slice(at + 1));
        } catch (error) {
          expect(error).toBeInstanceOf(VmError);
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
