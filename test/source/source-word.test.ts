import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { parseSourceWord } from '../../src/source/source-word.js';
import { parseTargetAddress } from '../../src/source/target-socket.js';
import { errorOf } from '../support/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a source word', () => {
  it.each([
    ['elf:fw.elf', { kind: 'elf', place: 'fw.elf' }],
    ['elf:fw.elf#MMUTable', { kind: 'elf', place: 'fw.elf', symbol: 'MMUTable' }],
    ['elf:t.o#l1@0x10_0000', { kind: 'elf', place: 't.o', symbol: 'l1', address: 0x100000 }],
    ['elf:a#b/fw.elf#.mmu', { kind: 'elf', place: 'a#b/fw.elf', symbol: '.mmu' }],
    ['fw.elf#MMUTable', { kind: undefined, place: 'fw.elf', symbol: 'MMUTable' }],
    ['core:vmcore', { kind: 'core', place: 'vmcore' }],
    ['ram:dump.bin@60000000', { kind: 'ram', place: 'dump.bin', address: 0x60000000 }],
    ['ram:-@0', { kind: 'ram', place: '-', address: 0 }],
    ['dump.bin@0x60000000', { kind: undefined, place: 'dump.bin', address: 0x60000000 }],
    ['lime:m@1.lime', { kind: 'lime', place: 'm@1.lime' }],
    ['tables:linux', { kind: 'tables', place: 'linux' }],
    ['snap:state.json', { kind: 'snap', place: 'state.json' }],
    ['log:boot#1.txt', { kind: 'log', place: 'boot#1.txt' }],
    ['gdb:127.0.0.1:1234', { kind: 'gdb', place: '127.0.0.1:1234' }],
    ['gdb::1234', { kind: 'gdb', place: ':1234' }],
    ['qmp:/run/q.sock', { kind: 'qmp', place: '/run/q.sock' }],
    ['-', { kind: undefined, place: '-' }],
    ['C:\\dump.elf', { kind: undefined, place: 'C:\\dump.elf' }],
  ])('%s', (text, parts) => {
    const none = { symbol: undefined, address: undefined };
    expect(parseSourceWord(text)).toEqual({ text, ...none, ...parts });
  });

  it('is a path as it stands where a file has that name', () => {
    for (const name of ['gdb:dump', 'a@b', 'a#b']) {
      const path = join(folder, name);
      writeFileSync(path, '');
      expect(parseSourceWord(path)).toMatchObject({ kind: undefined, place: path });
    }
    expect(parseSourceWord(`elf:${join(folder, 'a#b')}`)).toMatchObject({
      place: join(folder, 'a#b'),
      symbol: undefined,
    });
  });

  it.each([
    ['jtag:0', /no source begins with jtag: .*ram:dump\.bin@0x60000000/],
    ['elf:', /say where it is, as in elf:firmware\.elf#MMUTable/],
    ['elf:fw.elf#', /name the symbol or section/],
    ['elf:#x', /say which file/],
    ['ram:dump.bin', /say at which physical address it begins/],
    ['ram:dump.bin@here', /here is no physical address/],
    ['ram:dump.bin@0x100000000', /at most 32 bits/],
  ])('is not %s', (text, message) => {
    const error = errorOf(() => parseSourceWord(text));
    expect(error.code).toBe('SOURCE_ERR_WORD');
    expect(error.message).toMatch(message);
  });

  it('has a named error for whatever it is not', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        try {
          parseSourceWord(text);
        } catch (error) {
          expect(error).toBeInstanceOf(VmError);
        }
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });
});

describe('the address of a target', () => {
  it.each([
    ['localhost:1234', { host: 'localhost', port: 1234 }],
    [':1234', { host: '127.0.0.1', port: 1234 }],
    ['3333', { host: '127.0.0.1', port: 3333 }],
    ['[::1]:1234', { host: '::1', port: 1234 }],
    ['/run/gdb.sock', { path: '/run/gdb.sock' }],
    ['./gdb.sock', { path: './gdb.sock' }],
  ])('%s', (place, address) => {
    expect(parseTargetAddress(place)).toEqual(address);
  });

  it.each(['', 'localhost', 'host:', 'host:0', 'host:65536', 'a:b:1', '::1:1234'])(
    'is not %s',
    (place) => {
      const error = errorOf(() => parseTargetAddress(place));
      expect(error.code).toBe('SOURCE_ERR_WORD');
      expect(error.message).toContain('a target is host:port');
    },
  );
});
