import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/errors.js';
import { parseExecutable } from '../../src/domain/elf.js';
import { ElfArrayReader } from '../../src/domain/elf-reader.js';
import { readSymbols } from '../../src/domain/elf-sections.js';
import { E, expectRefusal, hello, patched, sectionField } from '../support/elf-file.js';

describe('sections and symbols', () => {
  const image = parseExecutable(hello);

  it('are read with their names', () => {
    expect(image.sections.map((section) => section.name)).toEqual([
      '',
      '.text',
      '.rodata',
      '.data',
      '.bss',
      '.ARM.attributes',
      '.symtab',
      '.strtab',
      '.shstrtab',
    ]);
    expect(image.sections[4]).toMatchObject({ type: 8, address: 0x13000, bytes: 0x4000 });
  });

  it('are found by name', () => {
    expect(image.symbol('_start')).toMatchObject({ address: 0x10000, thumb: false });
    expect(image.symbol('pages')).toEqual({
      name: 'pages',
      address: 0x13000,
      bytes: 0x4000,
      thumb: false,
      section: 4,
    });
    for (const name of ['', 'page', 'pages2', '.text', 'hello.o', 'Käse', 'x'.repeat(10_000)]) {
      expect(image.symbol(name)).toBeUndefined();
    }
  });

  it('are all listed, without mapping symbols', () => {
    const listed = [...readSymbols(new ElfArrayReader(hello), image.sections)];
    expect(listed.map((symbol) => symbol.name)).toEqual([
      'PAGE',
      'PAGES',
      'EXIT',
      'pages',
      'greet',
      'remaining',
      'compare',
      'GREETING_SPACE',
      'greeting',
      'copy',
      '_start',
    ]);
    expect(listed.at(-1)).toEqual(image.symbol('_start'));
    expect([...readSymbols(new ElfArrayReader(hello), [])]).toEqual([]);
  });

  it('prefer global to weak to local, and know Thumb functions', () => {
    // The first four symbols of the table become functions called `pages`.
    const [symbols, strings] = [image.sections[6], image.sections[7]].map((section) =>
      hello.subarray(section?.fileOffset, (section?.fileOffset ?? 0) + (section?.bytes ?? 0)),
    );
    const name = Buffer.from(strings ?? []).indexOf('\0pages\0') + 1;
    const used = [1, 2, 3, 4].map((index) => (symbols?.byteOffset ?? 0) + 16 * index);
    const LOCAL_FUNC = 0x02;
    const GLOBAL_FUNC = 0x12;
    const WEAK_FUNC = 0x22;
    const UNIQUE_FUNC = 0xa2;
    const cases: [number[], number][] = [
      [[LOCAL_FUNC, WEAK_FUNC, GLOBAL_FUNC, GLOBAL_FUNC], 2],
      [[WEAK_FUNC, LOCAL_FUNC, WEAK_FUNC, UNIQUE_FUNC], 0],
      [[UNIQUE_FUNC, LOCAL_FUNC, LOCAL_FUNC, LOCAL_FUNC], 1],
    ];
    for (const [infos, winner] of cases) {
      const patches = used.flatMap((at, index): [number, 1 | 2 | 4, number][] => [
        [at, 4, name],
        [at + 4, 4, 0x101 + 0x100 * index],
        [at + 12, 1, infos[index] ?? 0],
        [at + 14, 2, 1],
      ]);
      expect(parseExecutable(patched(...patches)).symbol('pages')).toMatchObject({
        address: 0x100 + 0x100 * winner,
        thumb: true,
      });
    }
  });

  it('fall back to the dynamic symbols', () => {
    const dynamic = parseExecutable(patched([sectionField(6, 'type'), 4, 11]));
    expect(dynamic.symbol('pages')?.address).toBe(0x13000);
  });

  it('may be missing', () => {
    expect(parseExecutable(patched([E.shnum, 2, 0])).sections).toEqual([]);
    const nameless = parseExecutable(patched([E.shstrndx, 2, 0]));
    expect(nameless.sections.map((section) => section.name).join('')).toBe('');
    expect(nameless.symbol('_start')?.address).toBe(0x10000);
  });

  it.each<[string, Uint8Array, number, RegExp]>([
    ['e_shentsize', patched([E.shentsize, 2, 39]), E.shentsize, /is 39, must be 40/],
    ['too many', patched([E.shnum, 2, 0xffff]), E.shoff, /65535 section headers.*leave the file/],
    ['a cut file', hello.slice(0, -1), E.shoff, /9 section headers: .* leave the file/],
    ['e_shstrndx', patched([E.shstrndx, 2, 9]), E.shstrndx, /section 9: 9 exist, must be a string/],
    ['names that are none', patched([E.shstrndx, 2, 1]), E.shstrndx, /its type is 1, must be/],
    [
      'a section beyond the file',
      patched([sectionField(2, 'size'), 4, 0x10000]),
      sectionField(2, 'offset'),
      /section 2: 0x10000 bytes from 0x2000 leave the file/,
    ],
    [
      'a name beyond the names',
      patched([sectionField(1, 'name'), 4, 0xffff_ffff]),
      sectionField(1, 'name'),
      /sh_name of section 1 is 0xffffffff, must start a string/,
    ],
    [
      'a name without an end',
      patched(...Array.from({ length: 17 }, (_, word) => letters(word))),
      sectionField(1, 'name'),
      /must start a string of less than 256 in 0x44 bytes of names/,
    ],
  ])('are refused for %s', (_, file, at, message) => {
    expectRefusal(file, 'ELF_ERR_SECTION', at, message);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['the size of an entry', patched([sectionField(6, 'entsize'), 4, 15]), /whole entries of 16/],
    ['half an entry', patched([sectionField(6, 'size'), 4, 0x18]), /0x18 bytes of entries of 16/],
    ['names that are none', patched([sectionField(6, 'link'), 4, 1]), /sh_link names section 1/],
    [
      'no names',
      patched([sectionField(7, 'size'), 4, 1]),
      /st_name is 0x.*must lie in the 0x1 bytes/,
    ],
  ])('are refused when a symbol is asked for: %s', (_, file, message) => {
    const lying = parseExecutable(file);
    expect(() => lying.symbol('pages')).toThrow(message);
    expect(() => lying.symbol('pages')).toThrow(VmError);
  });

  /** Four letters in place of a word of the names of hello.elf's sections. */
  function letters(word: number): [number, 4, number] {
    return [(image.sections[8]?.fileOffset ?? 0) + 4 * word, 4, 0x6161_6161];
  }
});
