import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodePacket,
  type GdbMessage,
  LONGEST_PACKET,
  PacketParser,
} from '../../src/source/gdb-packets.js';

const parse = (...chunks: string[]): GdbMessage[] => {
  const parser = new PacketParser();
  return chunks.flatMap((chunk) => parser.push(Buffer.from(chunk, 'latin1')));
};

describe('packets of the remote protocol', () => {
  it('have a checksum', () => {
    expect(encodePacket('')).toBe('$#00');
    expect(encodePacket('OK')).toBe('$OK#9a');
    expect(encodePacket('m40000000,400')).toBe('$m40000000,400#b1');
    expect(encodePacket('a#b')).toBe(`$a}${String.fromCharCode(0x03)}b#43`);
  });

  it('are found between acknowledgements and noise', () => {
    expect(parse('+$OK#9a-xyz$#00')).toEqual([
      { kind: 'acknowledgement', good: true },
      { kind: 'packet', payload: 'OK' },
      { kind: 'acknowledgement', good: false },
      { kind: 'packet', payload: '' },
    ]);
  });

  it('are put together from pieces', () => {
    expect(parse('$', 'O', 'K', '#', '9', 'a')).toEqual([{ kind: 'packet', payload: 'OK' }]);
  });

  it('may repeat a character', () => {
    expect(parse('$0* #7a')).toEqual([{ kind: 'packet', payload: '0000' }]);
    expect(parse('$* #4a')).toEqual([{ kind: 'broken', reason: 'a repetition of nothing' }]);
    expect(parse('$0*#5a')).toMatchObject([{ kind: 'broken' }]);
  });

  it('are no packets when they are notifications', () => {
    expect(parse('%Stop:T05#99$OK#9a')).toEqual([{ kind: 'packet', payload: 'OK' }]);
  });

  it('are broken with a wrong checksum, or without end', () => {
    expect(parse('$OK#9b')).toMatchObject([{ kind: 'broken' }]);
    const endless = parse('$', ...Array.from({ length: 17 }, () => 'a'.repeat(2 ** 16)));
    expect(endless).toMatchObject([{ kind: 'broken' }]);
    expect(endless[0]).toMatchObject({ reason: expect.stringContaining(`${LONGEST_PACKET}`) });
  });

  it('do not grow without bound by repetition', () => {
    const raw = `0${'*~'.repeat(2 ** 14)}`;
    const sum = [...raw].reduce((total, character) => total + character.charCodeAt(0), 0) & 255;
    const messages = parse(`$${raw}#${sum.toString(16).padStart(2, '0')}`);
    expect(messages).toMatchObject([{ kind: 'broken' }]);
  });

  it('come back as they were, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)) }),
        ),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (payloads, cuts) => {
          const wire = payloads.map(encodePacket).join('');
          const chunks: string[] = [];
          for (let at = 0, cut = 0; at < wire.length; cut += 1) {
            const length = cuts[cut % cuts.length] as number;
            chunks.push(wire.slice(at, at + length));
            at += length;
          }
          expect(parse(...chunks)).toEqual(
            payloads.map((payload) => ({ kind: 'packet', payload })),
          );
        },
      ),
      { seed: 20261122 },
    );
  });

  it('are whatever comes out of noise, without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const message of new PacketParser().push(Buffer.from(bytes))) {
          expect(['packet', 'acknowledgement', 'broken']).toContain(message.kind);
        }
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });
});
