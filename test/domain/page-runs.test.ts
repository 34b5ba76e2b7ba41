import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExecutable } from '../../src/domain/elf.js';
import { pageRuns } from '../../src/domain/page-runs.js';
import { build, EXECUTE, READ, TEXT, WRITE } from '../support/elf-file.js';

describe('pageRuns', () => {
  const RX = { readable: true, writable: false, executable: true };
  const RW = { readable: true, writable: true, executable: false };
  const RWX = { readable: true, writable: true, executable: true };

  it('rounds to pages and says which bytes go where', () => {
    const image = parseExecutable(
      build([{ vaddr: 0x10010, offset: 0x2010, filesz: 0x1000, memsz: 0x2ff0 }], {
        entry: 0x10010,
      }),
    );
    expect(pageRuns(image)).toEqual([
      {
        address: 0x10000,
        bytes: 0x3000,
        ...RX,
        fills: [{ header: 0, address: 0x10010, fileOffset: 0x2010, bytes: 0x1000 }],
        conflicts: [],
      },
    ]);
  });

  it('joins neighbours of the same rights, and no others', () => {
    const image = parseExecutable(
      build([
        { vaddr: 0x10000, filesz: 0x1000 },
        { vaddr: 0x11000, filesz: 0, memsz: 0x800 },
        { vaddr: 0x12000, flags: READ | WRITE },
        { vaddr: 0x14000, flags: READ | WRITE },
      ]),
    );
    expect(pageRuns(image).map((run) => [run.address, run.bytes, run.fills.length])).toEqual([
      [0x10000, 0x2000, 1],
      [0x12000, 0x1000, 1],
      [0x14000, 0x1000, 1],
    ]);
  });

  it('gives a shared page the rights of both segments and reports it', () => {
    const image = parseExecutable(
      build([
        { vaddr: 0x10000, filesz: 0x1800 },
        { vaddr: 0x11800, filesz: 0x1000, memsz: 0x2000, flags: READ | WRITE },
      ]),
    );
    expect(pageRuns(image)).toEqual([
      {
        address: 0x10000,
        bytes: 0x1000,
        ...RX,
        fills: [{ header: 0, address: 0x10000, fileOffset: 0x1000, bytes: 0x1000 }],
        conflicts: [],
      },
      {
        address: 0x11000,
        bytes: 0x1000,
        ...RWX,
        fills: [
          { header: 0, address: 0x11000, fileOffset: 0x2000, bytes: 0x800 },
          { header: 1, address: 0x11800, fileOffset: 0x1800, bytes: 0x800 },
        ],
        conflicts: [0x11000],
      },
      {
        address: 0x12000,
        bytes: 0x2000,
        ...RW,
        fills: [{ header: 1, address: 0x12000, fileOffset: 0x2000, bytes: 0x800 }],
        conflicts: [],
      },
    ]);
  });

  it('keeps a shared page in one run when the rights are the same', () => {
    const image = parseExecutable(
      build([{ vaddr: 0x10000 }, { vaddr: 0x10100 }, { vaddr: 0x10200 }]),
    );
    expect(pageRuns(image)).toMatchObject([{ address: 0x10000, bytes: 0x1000, conflicts: [] }]);
    expect(pageRuns(image)[0]?.fills).toHaveLength(3);
  });

  it('covers the last page below 4 GiB', () => {
    const image = parseExecutable(build([TEXT, { vaddr: 0xffff_ff00 }]));
    expect(pageRuns(image)[1]).toMatchObject({ address: 0xffff_f000, bytes: 0x1000 });
  });

  it('agrees with a map of pages, for any disjoint segments', () => {
    const piece = fc.record({
      skip: fc.nat(0x2800),
      bytes: fc.integer({ min: 1, max: 0x2800 }),
      inFile: fc.nat(0x2800),
      flags: fc.nat(7),
    });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
        let vaddr = 0x20000;
        const loads = pieces.map(({ skip, bytes, inFile, flags }) => {
          const load = {
            vaddr: vaddr + skip,
            offset: skip,
            filesz: Math.min(bytes, inFile),
            memsz: bytes,
            flags,
            align: 1,
          };
          vaddr += skip + bytes;
          return load;
        });
        const image = parseExecutable(build([...loads, TEXT]));
        const pages = new Map<number, { flags: Set<number>; content: Uint8Array }>();
        for (const { vaddr: start, offset, filesz, memsz, flags } of loads) {
          for (let at = start; at < start + memsz; at += 1) {
            const number = Math.floor(at / 0x1000);
            const page = pages.get(number) ?? { flags: new Set(), content: new Uint8Array(0x1000) };
            pages.set(number, page);
            page.flags.add(flags);
            if (at - start < filesz)
              page.content[at % 0x1000] = image.file[offset + at - start] ?? 0;
          }
        }
        let before: { end: number; rights: number } | undefined;
        for (const run of pageRuns(image).slice(1)) {
          const rights =
            (run.readable ? READ : 0) + (run.writable ? WRITE : 0) + (run.executable ? EXECUTE : 0);
          expect(run.address === before?.end && rights === before.rights).toBe(false);
          before = { end: run.address + run.bytes, rights };
          const content = new Uint8Array(run.bytes);
          for (const { address, fileOffset, bytes } of run.fills) {
            content.set(image.file.subarray(fileOffset, fileOffset + bytes), address - run.address);
          }
          const conflicts: number[] = [];
          for (let at = run.address as number; at < run.address + run.bytes; at += 0x1000) {
            const page = pages.get(at / 0x1000);
            pages.delete(at / 0x1000);
            expect([...(page?.flags ?? [])].reduce((all, flags) => all | flags, 0)).toBe(rights);
            const from = at - run.address;
            const same = page?.content.every((byte, index) => byte === content[from + index]);
            expect(same).toBe(true);
            if ((page?.flags.size ?? 0) > 1) conflicts.push(at);
          }
          expect(run.conflicts).toEqual(conflicts);
        }
        expect(pages.size).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
