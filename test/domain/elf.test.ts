import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/errors.js';
import { parseExecutable } from '../../src/domain/elf.js';
import { pageRuns } from '../../src/domain/page-runs.js';
import {
  build,
  E,
  EXECUTE,
  expectRefusal,
  HEADER,
  hello,
  P,
  PROGRAM_HEADER,
  patched,
  READ,
  S,
  SECTION_HEADER,
  TEXT,
  WRITE,
} from '../support/elf-file.js';

describe('parseExecutable', () => {
  it('reads header and segments, the segments by address', () => {
    const image = parseExecutable(
      build([{ vaddr: 0x20010, filesz: 0x20, memsz: 0x3000, flags: READ | WRITE }, TEXT]),
    );
    expect(image).toMatchObject({
      entry: 0x10000,
      thumb: false,
      positionIndependent: false,
      flags: 0x0500_0200,
      eabiVersion: 5,
      sections: [],
    });
    expect(image.segments).toEqual([
      {
        header: 1,
        address: 0x10000,
        memoryBytes: 0x100,
        fileOffset: 0x1000,
        fileBytes: 0x100,
        alignment: 0x1000,
        readable: true,
        writable: false,
        executable: true,
      },
      {
        header: 0,
        address: 0x20010,
        memoryBytes: 0x3000,
        fileOffset: 0x1010,
        fileBytes: 0x20,
        alignment: 0x1000,
        readable: true,
        writable: true,
        executable: false,
      },
    ]);
    expect(image.symbol('_start')).toBeUndefined();
  });

  it('reads from the middle of a larger buffer', () => {
    const file = build([TEXT]);
    const buffer = new Uint8Array(file.length + 7);
    buffer.set(file, 7);
    expect(parseExecutable(buffer.subarray(7)).segments).toHaveLength(1);
  });

  it('splits the Thumb bit off the entry', () => {
    const image = parseExecutable(build([TEXT], { entry: 0x10003 }));
    expect([image.entry, image.thumb]).toEqual([0x10002, true]);
  });

  it('says that a static PIE can be moved', () => {
    const image = parseExecutable(build([{ vaddr: 0 }], { type: 3, entry: 0x40 }));
    expect(image.positionIndependent).toBe(true);
  });

  it('leaves out what takes no memory, and reads past what does not load', () => {
    const stack = { type: 0x6474e551, vaddr: 0, filesz: 0, flags: READ | WRITE };
    const image = parseExecutable(build([stack, { vaddr: 0x11000, filesz: 0 }, TEXT]));
    expect(image.segments.map((segment) => segment.header)).toEqual([2]);
  });

  it('takes an alignment of 0 as none, and a segment that ends at 4 GiB', () => {
    const image = parseExecutable(
      build([TEXT, { vaddr: 0xffff_ff00, offset: 0x1111, align: 0 }, { vaddr: 0x3, align: 1 }]),
    );
    expect(image.segments.map((segment) => segment.alignment)).toEqual([1, 0x1000, 1]);
  });
});

describe('parseExecutable refuses in the header', () => {
  it.each<[string, Uint8Array, number, RegExp]>([
    ['nothing', new Uint8Array(0), 0, /has 0 bytes/],
    ['a file shorter than the header', build([TEXT]).slice(0, 51), 51, /has 51 bytes/],
    ['another kind of file', new Uint8Array(100), 0, /magic number is 0x0/],
    ['64-bit', build([TEXT], { class: 2 }), E.class, /EI_CLASS is 0x2, must be 0x1/],
    ['big-endian', build([TEXT], { data: 2 }), E.data, /EI_DATA is 0x2, must be 0x1/],
    ['another machine', build([TEXT], { machine: 62 }), E.machine, /e_machine is 0x3e.*EM_ARM/],
    ['an object file', build([TEXT], { type: 1 }), E.type, /e_type is 1, must be 2/],
    ['a core file', build([TEXT], { type: 4 }), E.type, /e_type is 4/],
    ['its own size', build([TEXT], { ehsize: 64 }), E.ehsize, /e_ehsize is 0x40, must be 0x34/],
    ['a shared library', build([{ vaddr: 0 }], { type: 3, entry: 0 }), E.entry, /shared library/],
    ['a crooked entry', build([TEXT], { entry: 0x10002 }), E.entry, /multiple of 4/],
    ['an entry in no segment', build([TEXT], { entry: 0x10100 }), E.entry, /in no segment/],
    ['an entry in data', build([{ ...TEXT, flags: 6 }]), E.entry, /in segment 0, without PF_X/],
  ])('%s', (_, file, at, message) => {
    expectRefusal(file, 'ELF_ERR_HEADER', at, message);
  });
});

describe('parseExecutable refuses in the program headers', () => {
  const field = (header: number, name: keyof typeof P): number =>
    HEADER + header * PROGRAM_HEADER + P[name];

  it.each<[string, Uint8Array, number, RegExp]>([
    ['none', build([]), E.phnum, /e_phnum is 0, must be 1 to 65534/],
    ['an escaped number', build([TEXT], { phnum: 0xffff }), E.phnum, /e_phnum is 65535/],
    ['their size', build([TEXT], { phentsize: 31 }), E.phentsize, /e_phentsize is 31, must be 32/],
    ['too many', build([TEXT], { phnum: 0xfffe }), E.phoff, /65534 program headers.*leave the/],
    ['a far table', build([TEXT], { phoff: 0xffff_ffff }), E.phoff, /from 0xffffffff leave/],
    ['a dynamic one', build([TEXT, { ...TEXT, type: 3 }]), field(1, 'type'), /PT_INTERP.*-static/],
    ['nothing to load', build([{ ...TEXT, type: 4 }]), HEADER, /none of 1 program headers/],
    ['only empty ones', build([{ ...TEXT, filesz: 0 }]), HEADER, /at least one byte/],
    [
      'bytes beyond the file',
      build([{ vaddr: 0x10000, offset: 0xf000, filesz: 0x1001 }]),
      field(0, 'filesz'),
      /segment 0: 0x1001 bytes from 0xf000 leave the file, which has 0x10000/,
    ],
    [
      'a range that wraps in 32 bits',
      build([{ vaddr: 0x10000, offset: 0xffff_f000, filesz: 0x2000 }]),
      field(0, 'filesz'),
      /0x2000 bytes from 0xfffff000 leave/,
    ],
    [
      'more in the file than in memory',
      build([{ vaddr: 0x10000, filesz: 0x100, memsz: 0xff }]),
      field(0, 'filesz'),
      /p_filesz is 0x100, must be at most p_memsz 0xff/,
    ],
    [
      'addresses that wrap',
      build([TEXT, { vaddr: 0xffff_f000, memsz: 0x1001 }]),
      field(1, 'memsz'),
      /p_memsz is 0x1001, at 0xfffff000 must be at most 0x1000/,
    ],
    [
      'an odd alignment',
      build([{ vaddr: 0x10000, align: 0x3000 }]),
      field(0, 'align'),
      /p_align is 0x3000, must be 0 or a power of two/,
    ],
    [
      'an offset that does not fit the address',
      build([{ vaddr: 0x10000, offset: 0x1004 }]),
      field(0, 'offset'),
      /p_offset 0x1004 and p_vaddr 0x10000 must be alike modulo p_align 0x1000/,
    ],
    [
      'segments that overlap',
      build([{ vaddr: 0x100ff }, TEXT]),
      field(0, 'vaddr'),
      /segments 1 and 0 overlap: the one ends at 0x10100, the other starts at 0x100ff/,
    ],
    [
      'a segment inside another',
      build([{ ...TEXT, memsz: 0x10000 }, { vaddr: 0x11000 }, { vaddr: 0x13000 }]),
      field(1, 'vaddr'),
      /segments 0 and 1 overlap/,
    ],
  ])('%s', (_, file, at, message) => {
    expectRefusal(file, 'ELF_ERR_PROGHDR', at, message);
  });
});

describe('hostile files', () => {
  /** Everything that a loader does with a file; false when the file was refused by name. */
  function survives(file: Uint8Array): boolean {
    try {
      const image = parseExecutable(file);
      for (const run of pageRuns(image)) {
        for (const fill of run.fills) {
          expect(fill.address).toBeGreaterThanOrEqual(run.address);
          expect(fill.address + fill.bytes).toBeLessThanOrEqual(run.address + run.bytes);
          expect(fill.fileOffset + fill.bytes).toBeLessThanOrEqual(file.length);
        }
      }
      image.symbol('pages');
      return true;
    } catch (error) {
      if (error instanceof VmError && error.code.startsWith('ELF_ERR_')) return false;
      throw error;
    }
  }

  it('are accepted or refused by name, whatever was changed in a good one', () => {
    const tables = fc.oneof(
      fc.nat(HEADER + 3 * PROGRAM_HEADER - 1),
      fc.integer({
        min: (parseExecutable(hello).sections[6]?.fileOffset ?? 0) - 16,
        max: hello.length - 1,
      }),
    );
    const value = fc.oneof(
      fc.constantFrom(0, 1, 2, 3, 0x7fff_ffff, 0x8000_0000, 0xffff_f000, 0xffff_ffff),
      fc.nat(0xffff_ffff),
      fc.nat(0x4000),
    );
    const change = fc.tuple(tables, fc.constantFrom<1 | 2 | 4>(1, 2, 4), value);
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 4 }),
        fc.option(fc.nat(hello.length), { freq: 10 }),
        (changes, cut) => {
          const fitting = changes.filter(([at, size]) => at + size <= hello.length);
          const file = patched(...fitting);
          if (survives(cut === null ? file : file.slice(0, cut))) accepted += 1;
        },
      ),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('are refused by name when they are noise behind a good header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(96), (noise, keep) => {
        const file = new Uint8Array(HEADER + noise.length);
        file.set(noise, HEADER);
        file.set(hello.subarray(0, Math.min(keep, file.length)));
        survives(file);
      }),
      { numRuns: 1000 },
    );
  });

  it('cost no more than their size, as many headers and names as they claim', () => {
    const count = 0xfffe;
    const loads = new Uint8Array(HEADER + count * (PROGRAM_HEADER + SECTION_HEADER) + 0x10000);
    const view = new DataView(loads.buffer);
    loads.set(build([TEXT]).subarray(0, HEADER));
    const sections = HEADER + count * PROGRAM_HEADER;
    const names = sections + count * SECTION_HEADER;
    // Every section has the same long name, and all 65,534 segments share 16 MiB of pages.
    loads.fill(0x61, names);
    view.setUint8(names + 255, 0);
    view.setUint16(E.phnum, count, true);
    view.setUint32(E.shoff, sections, true);
    view.setUint16(E.shentsize, SECTION_HEADER, true);
    view.setUint16(E.shnum, count, true);
    view.setUint16(E.shstrndx, 1, true);
    for (let index = 0; index < count; index += 1) {
      const header = HEADER + index * PROGRAM_HEADER;
      view.setUint32(header + P.type, 1, true);
      view.setUint32(header + P.vaddr, 0x10000 + 256 * (count - 1 - index), true);
      view.setUint32(header + P.filesz, 256, true);
      view.setUint32(header + P.memsz, 256, true);
      view.setUint32(header + P.flags, READ + (index % 2), true);
      const section = sections + index * SECTION_HEADER;
      view.setUint32(section + S.type, 3, true);
      view.setUint32(section + S.offset, names, true);
      view.setUint32(section + S.size, 0x10000, true);
    }
    view.setUint32(E.entry, 0x10000, true);
    view.setUint32(HEADER + (count - 1) * PROGRAM_HEADER + P.flags, READ | EXECUTE, true);
    // Work that grew with the square of the count would not end within the test's time.
    const image = parseExecutable(loads);
    const runs = pageRuns(image);
    expect(image.sections).toHaveLength(count);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.conflicts).toHaveLength(Math.ceil(count / 16));
  });
});
