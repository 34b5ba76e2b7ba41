import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ReferenceTrace,
  replayTrace,
  type TraceOptions,
  TraceReader,
} from '../../src/scenario/index.js';
import { errorOf } from '../support/errors.js';

/** The trace in `text`, which comes in pieces of `piece` bytes. */
function read(text: string, options: Partial<TraceOptions> = {}, piece = 7): ReferenceTrace {
  const reader = new TraceReader({ name: 't.trace', ...options });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  return reader.finish();
}

/** Runs as `[page number in order of use, references, whether written]`. */
function runs(trace: ReferenceTrace): [number, number, boolean][] {
  return Array.from(trace.store.read(0), (run) => [run >>> 8, (run & 127) + 1, (run & 128) !== 0]);
}

const LACKEY = `==12== Lackey, an example Valgrind tool
==12== Command: ./small
I  004014f0,2
I  004014f2,3
 L 1fff000780,8
I  004014f5,1
 S 1fff000ffc,8
 M 004014f8,4
==12==
`;

test('what lackey prints', () => {
  const trace = read(LACKEY);
  expect(trace).toMatchObject({
    references: 7,
    pages: 3,
    kinds: { fetch: 3, read: 1, write: 2, modify: 1 },
  });
  // The store crosses the border of two pages and counts for both.
  expect(runs(trace)).toEqual([
    [0, 2, false],
    [1, 1, false],
    [0, 1, false],
    [1, 1, true],
    [2, 1, true],
    [0, 1, true],
  ]);
});

test('instructions, or data, alone', () => {
  expect(read(LACKEY, { accesses: 'data' }).kinds).toEqual({
    fetch: 0,
    read: 1,
    write: 2,
    modify: 1,
  });
  expect(read(LACKEY, { accesses: 'instructions' }).references).toBe(3);
});

test('what people write', () => {
  const text = [
    '# a comment',
    '',
    '0x1000',
    '  1fff # the same page',
    'w 0x1_0000,4',
    '10000 W',
    'x\tFFFFFFFF_FFFFF000',
    'r ffff_ffff_ffff_f000\r',
    'm 0000000000000001000',
  ].join('\n');
  const trace = read(text);
  expect(trace).toMatchObject({ kinds: { read: 3, write: 2, fetch: 1, modify: 1 }, pages: 3 });
  expect(runs(trace)).toEqual([
    [0, 2, false],
    [1, 2, true],
    [2, 2, false],
    [0, 1, true],
  ]);
});

test('pages of another size', () => {
  const text = '0\n100\n200\n400\nff_0000_0000,1024';
  expect(read(text, { pageBytes: 256 }).pages).toBe(8);
  expect(read(text, { pageBytes: 1024 }).pages).toBe(3);
  expect(read(text, { pageBytes: 2 ** 30 }).pages).toBe(2);
  for (const pageBytes of [0, 128, 3000, 2 ** 31]) {
    expect(errorOf(() => read(text, { pageBytes })).code).toBe('USAGE_ERR');
  }
});

test('reference strings: the trace says so, or who calls', () => {
  const string = '7, 0 1 2 0 3 # section 10.4\n0,4,2w\nw 3\n0x10 0x1_0';
  const trace = read(`# figure 10.12\npages\n${string}`);
  expect(trace).toMatchObject({ references: 12, pages: 7, kinds: { read: 10, write: 2 } });
  expect(read(string, { unit: 'pages' })).toMatchObject({ references: 12, pages: 7 });
  expect(read(`addresses\n1000`, { unit: 'pages' }).references).toBe(1);
});

describe('what is no trace', () => {
  const cases: readonly [string, string, Partial<TraceOptions>?][] = [
    ['1000\nhello\n', 't.trace:2: not a reference'],
    [' S ,8\n', 't.trace:1: not a reference'],
    [' S 1000,0\n', 't.trace:1: not a reference'],
    [' S 1000,9999999\n', 't.trace:1: not a reference'],
    ['I  1000,4 garbage\n', 't.trace:1: not a reference'],
    ['12345678123456789\n', 't.trace:1: not a reference'],
    ['w r 1000\n', 't.trace:1: not a reference'],
    ['1000\n1000\npages\n1 2', 't.trace:3: not a reference'],
    ['pages\n1 2 3q', 't.trace:2: not page numbers'],
    ['pages\n1 -2', 't.trace:2: not page numbers'],
    ['pages\n1 99999999999999999999', 't.trace:2: not page numbers'],
    ['pages\n1 constructor', 't.trace:2: not page numbers'],
    ['\u0000\u0001\u007fELF', 't.trace:1: not a reference'],
    [`1000\n${'a'.repeat(70_000)}`, 't.trace:2: a line is longer than 65536 bytes'],
  ];
  test.each(cases)('%j', (text, message, options = {}) => {
    const error = errorOf(() => read(text, options));
    expect(error.code).toBe('TRACE_ERR_SYNTAX');
    expect(error.message).toContain(message);
  });

  test.each(['', '\n\n', '# nothing\n', '==1== a\n==1== b\n'])('nothing in %j', (text) => {
    const error = errorOf(() => read(text));
    expect(error.code).toBe('TRACE_ERR_EMPTY');
    expect(error.message).toMatch(/^t\.trace: there is no reference in it/);
  });

  test('bad lines can be passed over, and are counted', () => {
    const reader = new TraceReader({ name: 't', skipBadLines: true });
    reader.push(new TextEncoder().encode('1000\nsegfault!\n2000\n'));
    expect(reader.finish().pages).toBe(2);
    expect([reader.lines, reader.badLines]).toEqual([3, 1]);
  });
});

test('however the bytes come, it is the same trace', () => {
  const line = fc.oneof(
    fc
      .tuple(fc.constantFrom('I  ', ' L ', ' S ', ' M ', '', 'w 0x'), fc.bigInt(0n, 2n ** 64n - 1n))
      .map(([kind, address]) => `${kind}${address.toString(16)}${kind === '' ? '' : ',4'}`),
    fc.constantFrom('', '# comment', '==1== x'),
  );
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1 }),
      fc.integer({ min: 1, max: 50 }),
      (lines, piece) => {
        const text = `0\n${lines.join('\n')}`;
        const whole = read(text, {}, text.length);
        expect({ ...read(text, {}, piece), store: 0 }).toEqual({ ...whole, store: 0 });
        // Pages told apart exactly, up to the last of 64 bits.
        const pages = new Set([0n]);
        for (const each of lines) {
          const address = /([0-9a-f]+)(?:,4)?$/.exec(each.replace('0x', ''))?.[1];
          if (address === undefined || each.startsWith('#') || each.startsWith('=')) continue;
          const first = BigInt(`0x${address}`);
          pages.add(first >> 12n);
          pages.add((first + (each.includes(',') ? 3n : 0n)) >> 12n);
        }
        expect(whole.pages).toBe(pages.size);
      },
    ),
    { seed: 20_261_126, numRuns: 200 },
  );
});

test('whatever the bytes are, it is a trace or an error with a name', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const reader = new TraceReader({ name: 't', skipBadLines: false });
      try {
        reader.push(bytes);
        const trace = reader.finish();
        [...replayTrace(trace, { policies: ['lru'], frames: ['auto'] })];
      } catch (error) {
        expect(String((error as { code?: string }).code)).toMatch(/^TRACE_ERR_/);
      }
    }),
    { seed: 20_261_126, numRuns: 500 },
  );
});
