import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, EXTERNAL_ABORT, PhysicalMemory } from '../../src/machine/index.js';
import { errorOf } from '../support/errors.js';

const ram = (base: number, bytes: number, name = 'ram') =>
  ({ name, base, bytes, kind: 'ram' }) as const;

describe('banks', () => {
  it.each([
    ['none', []],
    ['an empty one', [ram(0, 0)]],
    ['half a page', [ram(0, 0x800)]],
    ['an unaligned one', [ram(0x100, 0x1000)]],
    ['one beyond 40 bits', [ram(2 ** 40 - 0x1000, 0x2000)]],
    ['a negative one', [ram(-0x1000, 0x1000)]],
    ['an overlap', [ram(0x1000, 0x2000, 'a'), ram(0x2000, 0x1000, 'b')]],
    ['no number', [ram(Number.NaN, 0x1000)]],
  ])('are refused: %s', (_name, banks) => {
    expect(errorOf(() => new PhysicalMemory(banks)).code).toBe('MACHINE_ERR_BANK');
  });

  it('the message names both', () => {
    const banks = [ram(0x2000, 0x1000, 'b'), ram(0x1000, 0x2000, 'a')];
    expect(errorOf(() => new PhysicalMemory(banks)).message).toBe(
      'bank b (0x2000, 0x1000 bytes) overlaps bank a',
    );
  });

  it('are found by address, and nothing answers outside', () => {
    const memory = new PhysicalMemory([ram(0x8000_0000, 0x2000, 'high'), ram(0, 0x1000, 'low')]);
    expect(memory.banks.map((bank) => bank.name)).toEqual(['low', 'high']);
    expect(memory.bankAt(0xfff)?.name).toBe('low');
    expect(memory.bankAt(0x8000_1fff)?.name).toBe('high');
    for (const pa of [0x1000, 0x7fff_fffc, 0x8000_2000, 2 ** 32, 2 ** 39, -4, Number.NaN]) {
      expect(memory.bankAt(pa)).toBeUndefined();
      expect(memory.readWord(pa)).toBe(EXTERNAL_ABORT);
      expect(memory.readHalfword(pa)).toBe(EXTERNAL_ABORT);
      expect(memory.readByte(pa)).toBe(EXTERNAL_ABORT);
      expect(memory.writeWord(pa, 1)).toBe(false);
      expect(memory.writeHalfword(pa, 1)).toBe(false);
      expect(memory.writeByte(pa, 1)).toBe(false);
      expect(memory.chunkAt(pa)).toBeUndefined();
    }
    expect(memory.residentBytes()).toBe(0);
  });

  it('a write near the end of a bank does not open what lies behind it', () => {
    const memory = new PhysicalMemory([ram(0, CHUNK_BYTES + 0x1000)]);
    memory.writeWord(CHUNK_BYTES, 7);
    memory.writeWord(CHUNK_BYTES - 4, 6);
    expect(memory.readWord(CHUNK_BYTES)).toBe(7);
    expect(memory.readWord(CHUNK_BYTES + 0x1000)).toBe(EXTERNAL_ABORT);
    expect(memory.writeWord(CHUNK_BYTES + 0x1000, 1)).toBe(false);
  });

  it('two banks in one chunk keep to themselves', () => {
    const memory = new PhysicalMemory([ram(0x1000, 0x1000, 'a'), ram(0x2000, 0x1000, 'b')]);
    memory.fill(0x1000, 0x2000, 0x5a);
    memory.writeWord(0x1ffc, 1);
    memory.writeWord(0x2000, 2);
    expect([memory.readWord(0x1ffc), memory.readWord(0x2000)]).toEqual([1, 2]);
    expect(memory.readWord(0x2ffc)).toBe(0x5a5a_5a5a);
  });
});

describe('storage', () => {
  it('is made on the first write only', () => {
    const memory = new PhysicalMemory([ram(0, 2 ** 40)]);
    expect(memory.readWord(2 ** 39)).toBe(0);
    expect(memory.readBytes(2 ** 38, 64)).toEqual(new Uint8Array(64));
    memory.fill(0, 2 ** 24, 0);
    expect(memory.residentBytes()).toBe(0);
    memory.writeByte(2 ** 39 + 3, 0xab);
    expect(memory.residentBytes()).toBe(CHUNK_BYTES);
    expect(memory.readWord(2 ** 39)).toBe(0xab00_0000);
    memory.writeWord(2 ** 40 - 4, 0xffff_ffff);
    expect(memory.readWord(2 ** 40 - 4)).toBe(0xffff_ffff);
    expect(memory.residentBytes()).toBe(2 * CHUNK_BYTES);
  });

  it('chunks are shared with whoever writes tables', () => {
    const memory = new PhysicalMemory([ram(0x4000_0000, 2 * CHUNK_BYTES)]);
    const pa = 0x4000_0000 + CHUNK_BYTES + 0x400;
    const chunk = memory.chunkAt(pa);
    if (chunk === undefined) throw new Error('no chunk');
    chunk[(pa % CHUNK_BYTES) >>> 2] = 0xdead_beef;
    expect(memory.readWord(pa)).toBe(0xdead_beef);
    expect(memory.chunkAt(pa + 4)).toBe(chunk);
    expect(memory.residentBytes()).toBe(CHUNK_BYTES);
  });

  it('can be another’s, shared', () => {
    const memory = new PhysicalMemory([ram(0x4000_0000, 2 * CHUNK_BYTES)]);
    memory.writeWord(0x4000_0000, 1);
    const words = new Uint32Array(new SharedArrayBuffer(CHUNK_BYTES));
    words[1] = 42;
    memory.adoptChunk(0x4000_0000, words);
    expect([memory.readWord(0x4000_0000), memory.readWord(0x4000_0004)]).toEqual([0, 42]);
    memory.writeHalfword(0x4000_0006, 0xffff);
    expect(words[1]).toBe(0xffff_002a);
    memory.writeBytes(0x4000_0009, Uint8Array.of(1, 2));
    expect(words[2]).toBe(0x0002_0100);
    const part = new Uint32Array(words.buffer, 0, 16);
    for (const [pa, chunk] of [
      [0x4000_0004, words],
      [0x4000_0000, part],
      [0x5000_0000, words],
    ] as const) {
      expect(errorOf(() => memory.adoptChunk(pa, chunk)).code).toBe('MACHINE_ERR_BANK');
    }
  });
});

describe('devices', () => {
  const log: string[] = [];
  const memory = new PhysicalMemory([
    ram(0, 0x1000),
    {
      name: 'uart',
      base: 0x1000,
      bytes: 0x1000,
      kind: 'device',
      registers: {
        read: (offset, bytes) => {
          log.push(`read ${offset} ${bytes}`);
          return -1;
        },
        write: (offset, bytes, value) => {
          log.push(`write ${offset} ${bytes} ${value.toString(16)}`);
        },
      },
    },
  ]);
  const logged = (run: () => unknown): [unknown, string[]] => {
    log.length = 0;
    return [run(), [...log]];
  };

  it('answer each access once, with its size', () => {
    expect(logged(() => memory.readWord(0x1006))).toEqual([0xffff_ffff, ['read 4 4']]);
    expect(logged(() => memory.readHalfword(0x1006))).toEqual([0xffff, ['read 6 2']]);
    expect(logged(() => memory.readByte(0x1fff))).toEqual([0xff, ['read 4095 1']]);
    expect(logged(() => memory.writeWord(0x1000, -2))).toEqual([true, ['write 0 4 fffffffe']]);
    expect(logged(() => memory.writeHalfword(0x1002, 0x1_2345))).toEqual([
      true,
      ['write 2 2 2345'],
    ]);
    expect(logged(() => memory.writeByte(0x1003, 0x1ff))).toEqual([true, ['write 3 1 ff']]);
  });

  it('take bulk operations byte by byte, and are nobody’s chunk', () => {
    const [bytes, reads] = logged(() => memory.readBytes(0xffe, 4));
    expect(bytes).toEqual(Uint8Array.of(0, 0, 0xff, 0xff));
    expect(reads).toEqual(['read 0 1', 'read 1 1']);
    const [, writes] = logged(() => memory.writeBytes(0xfff, Uint8Array.of(1, 2)));
    expect(writes).toEqual(['write 0 1 2']);
    const [, filled] = logged(() => memory.fill(0x1000, 2, 7));
    expect(filled).toEqual(['write 0 1 7', 'write 1 1 7']);
    expect(memory.chunkAt(0x1000)).toBeUndefined();
    const words = new Uint32Array(CHUNK_BYTES / 4);
    expect(errorOf(() => memory.adoptChunk(0x1000, words)).code).toBe('MACHINE_ERR_BANK');
  });

  it('without registers are plain storage', () => {
    const plain = new PhysicalMemory([{ name: 'sram', base: 0, bytes: 0x1000, kind: 'device' }]);
    plain.writeWord(8, 5);
    expect(plain.readWord(8)).toBe(5);
  });
});

describe('bulk operations', () => {
  it('do nothing when a part of them leaves the banks', () => {
    const memory = new PhysicalMemory([ram(0, 0x1000, 'a'), ram(0x2000, 0x1000, 'b')]);
    expect(memory.fill(0xffe, 4, 1)).toBe(false);
    expect(memory.writeBytes(0xfff, Uint8Array.of(1, 2))).toBe(false);
    expect(memory.copy(0, 0x2ff0, 0x20)).toBe(false);
    expect(memory.copy(0x2ff0, 0, 0x20)).toBe(false);
    expect(memory.readBytes(0xfff, 2)).toBeUndefined();
    expect(memory.residentBytes()).toBe(0);
    expect(memory.holds(0, 0x1000)).toBe(true);
    expect(memory.holds(0, 0x1001)).toBe(false);
    expect(memory.holds(0x1000, 0)).toBe(true);
  });
});

describe('a naive model', () => {
  const base = 0x7ffc_0000;
  const end = base + 3 * CHUNK_BYTES;
  // Addresses near the borders of chunks and banks, and around 2 GiB.
  const address = fc
    .tuple(fc.nat(3), fc.integer({ min: -16, max: 16 }))
    .map(([chunk, offset]) => base + chunk * CHUNK_BYTES + offset);
  const value = fc.nat(0xffff_ffff);
  const size = fc.constantFrom(1, 2, 4);
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), address, size, value }),
    fc.record({ kind: fc.constant('read' as const), address, size, value: fc.constant(0) }),
    fc.record({ kind: fc.constant('fill' as const), address, size: fc.nat(40), value }),
    fc.record({
      kind: fc.constant('copy' as const),
      address,
      size: fc.nat(40),
      value: fc.nat(200),
    }),
  );

  it('gives the same bytes', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const memory = new PhysicalMemory([
          ram(base, CHUNK_BYTES + 0x1000, 'a'),
          ram(base + CHUNK_BYTES + 0x1000, 2 * CHUNK_BYTES - 0x1000, 'b'),
        ]);
        const model = new Map<number, number>();
        const inside = (pa: number, bytes: number) => pa >= base && pa + bytes <= end;
        const byte = (pa: number) => model.get(pa) ?? 0;
        for (const { kind, address, size, value } of operations) {
          const bytes = kind === 'read' || kind === 'write' ? size : 0;
          const pa = bytes === 0 ? address : address - (address % bytes);
          if (kind === 'write') {
            const done =
              size === 4
                ? memory.writeWord(address, value)
                : size === 2
                  ? memory.writeHalfword(address, value)
                  : memory.writeByte(address, value);
            expect(done).toBe(inside(pa, size));
            for (let at = 0; done && at < size; at++) {
              model.set(pa + at, Math.floor(value / 2 ** (8 * at)) % 256);
            }
          } else if (kind === 'read') {
            const got =
              size === 4
                ? memory.readWord(address)
                : size === 2
                  ? memory.readHalfword(address)
                  : memory.readByte(address);
            let wanted = 0;
            for (let at = 0; at < size; at++) wanted += byte(pa + at) * 2 ** (8 * at);
            expect(got).toBe(inside(pa, size) ? wanted : EXTERNAL_ABORT);
          } else if (kind === 'fill') {
            const done = memory.fill(pa, size, value);
            expect(done).toBe(size === 0 || inside(pa, size));
            for (let at = 0; done && at < size; at++) model.set(pa + at, value % 256);
          } else {
            const to = base + CHUNK_BYTES - 100 + value;
            if (Math.abs(to - pa) < size) continue;
            const done = memory.copy(to, pa, size);
            expect(done).toBe(size === 0 || (inside(pa, size) && inside(to, size)));
            const copied = Array.from({ length: size }, (_, at) => byte(pa + at));
            if (done) for (const [at, one] of copied.entries()) model.set(to + at, one);
          }
        }
        for (const [pa, one] of model) expect(memory.readByte(pa)).toBe(one);
      }),
      { numRuns: 300 },
    );
  });
});
