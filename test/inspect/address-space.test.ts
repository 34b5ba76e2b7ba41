import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cortexA7, cortexA9, Kind } from '../../src/format/index.js';
import { AddressSpace, entryText, UNREADABLE } from '../../src/inspect/address-space.js';
import { Regions } from '../../src/inspect/regions.js';
import { EXTERNAL_ABORT, Ttbcr } from '../../src/machine/index.js';
import { linuxInput, linuxTables } from '../support/linux-fixture.js';
import { CODE, DATA, fullSpace, HandTables } from '../support/tables.js';

describe('reading an address space', () => {
  it('reads each level-2 table once, however many entries share it', () => {
    const tables = new HandTables().map(Kind.SMALL, 0x1000, 0x6020_0000, 3, DATA);
    const shared = tables.memory.readWord(tables.base);
    tables.root(0x0050_0000, shared);
    const space = new AddressSpace(tables.input);
    expect([...space.tableKibibytes]).toEqual([0x6010_0000 / 1024]);
    expect([space.tableOf[0], space.tableOf[5], space.tableOf[1]]).toEqual([0, 0, -1]);
    expect(space.tableBytes()).toBe(16 * 1024 + 1024);
  });

  it('gives each page the entry that decides about it', () => {
    const tables = new HandTables()
      .map(Kind.SMALL, 0x1000, 0x6020_1000, 1, DATA)
      .map(Kind.SECTION, 0x0030_0000, 0x6030_0000, 1, CODE);
    const space = new AddressSpace(tables.input);
    expect(entryText(space.entryAt(1))).toBe('L2[0x01] @0x60100004 = 0x6020107f');
    expect(entryText(space.entryAt(0x301))).toBe('L1[0x003] @0x6000000c = 0x60309c0e');
    expect(space.entryAt(0x2)).toMatchObject({ level: 2, kind: Kind.FAULT });
  });

  it('takes both halves where TTBCR.N splits them', () => {
    const tables = new HandTables({ ttbcr: 2, ttbr1: 0x6000_4000, ttbr0: 0x6000_8000 });
    const high = new HandTables({}, cortexA7, 0x6000_4000);
    high.map(Kind.SECTION, 0x4000_0000, 0x6100_0000, 1, DATA);
    for (let index = 0; index < 4096; index++) {
      tables.memory.writeWord(
        0x6000_4000 + index * 4,
        high.memory.readWord(0x6000_4000 + index * 4),
      );
    }
    tables.memory.writeWord(0x6000_8000, 0x6020_0c0e);
    const space = new AddressSpace(tables.input);
    expect(space.roots).toMatchObject([
      { register: 'TTBR0', base: 0x6000_8000, first: 0, end: 1024 },
      { register: 'TTBR1', base: 0x6000_4000, first: 1024, end: 4096 },
    ]);
    expect(space.rootKinds[0]).toBe(Kind.SECTION);
    expect(space.rootKinds[1024]).toBe(Kind.SECTION);
    expect(space.rootEntry(1024).address).toBe(0x6000_4000 + 1024 * 4);
    expect(space.rootAt(1023).register).toBe('TTBR0');
    expect(space.tableBytes()).toBe(16 * 1024);
  });

  it('reads nothing where TTBCR forbids the walk', () => {
    const tables = new HandTables({ ttbcr: Ttbcr.PD0 });
    tables.map(Kind.SECTION, 0, 0x6000_0000, 1, DATA);
    expect(new AddressSpace(tables.input).rootKinds[0]).toBe(Kind.FAULT);
  });

  it('remembers what it could not read', () => {
    const tables = new HandTables().root(0x0010_0000, 0x9000_0001).root(0x0020_0000, 0x63ff_fc01);
    const space = new AddressSpace(tables.input);
    expect(space.entryAt(0x100)).toMatchObject({ level: 2, word: undefined });
    expect(entryText(space.entryAt(0x100))).toContain('unreadable');
    expect(space.entryAt(0x200).word).toBe(0);
    const absent = new AddressSpace({
      ...tables.input,
      reader: { readWord: () => EXTERNAL_ABORT },
    });
    expect(absent.rootKinds.every((kind) => kind === UNREADABLE)).toBe(true);
    expect(absent.rootEntry(7).word).toBeUndefined();
    expect(new Regions(absent).count).toBe(1);
  });

  it('takes type 11 as reserved on a CPU without PXN', () => {
    const word = 0x6000_0c0f;
    const kinds = [cortexA9, cortexA7].map((profile) => {
      const tables = new HandTables({}, profile).root(0, word);
      return new AddressSpace(tables.input).rootKinds[0];
    });
    expect(kinds).toEqual([Kind.RESERVED, Kind.SECTION]);
  });

  it('refuses long descriptors', () => {
    const tables = new HandTables({ ttbcr: Ttbcr.EAE >>> 0 });
    expect(() => new AddressSpace(tables.input)).toThrowError(/EAE/);
  });

  it('reads the tables of a running Linux', () => {
    const space = new AddressSpace(linuxInput());
    expect(space.tableKibibytes.length).toBe(48);
    const frames = new Set(linuxTables.frames.map(Number));
    for (const kibibyte of space.tableKibibytes) {
      expect(frames.has(kibibyte * 1024 - ((kibibyte * 1024) % 4096))).toBe(true);
    }
  });
});

describe('tables that mean harm', () => {
  it('are read in bounded time when every entry points back to the root', () => {
    const tables = new HandTables();
    for (let index = 0; index < 4096; index++) {
      tables.root(index * 2 ** 20, tables.base + ((index % 16) << 10) + 1);
    }
    const space = new AddressSpace(tables.input);
    expect(space.tableKibibytes.length).toBe(16);
    // A pointer to the root reads the root's words as pages: nothing recurses.
    expect(new Regions(space).count).toBeGreaterThan(0);
  });

  it('are read whatever the words are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7fff_ffff }), (seed) => {
        let state = seed;
        const reader = {
          readWord: (pa: number): number => {
            state = (Math.imul(state, 1_664_525) + 1_013_904_223 + pa) >>> 0;
            return state % 7 === 0 ? EXTERNAL_ABORT : state;
          },
        };
        const regions = new Regions(new AddressSpace({ ...new HandTables().input, reader }));
        let page = 0;
        for (let region = 0; region < regions.count; region++) {
          if (regions.pages[region] !== page) throw new Error(`a gap before page ${page}`);
          page += regions.lengths[region] as number;
        }
        expect(page).toBe(2 ** 20);
      }),
      { seed: 4, numRuns: 5 },
    );
  });

  it('may fill all 4 GiB', () => {
    const space = new AddressSpace(fullSpace((page) => (page * 7919) & 0xf_ffff, DATA).input);
    const regions = new Regions(space);
    expect(space.tableKibibytes.length).toBe(4096);
    expect(regions.count).toBe(2 ** 20);
  });
});
