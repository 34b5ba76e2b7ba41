import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Access, Kind, leafShape } from '../../src/format/index.js';
import { Machine, type TlbEntry } from '../../src/machine/index.js';
import { errorOf } from '../support/errors.js';
import { FRAMES, LEAF_KINDS, PagedMachine } from '../support/paged-machine.js';

const { USER_READ, USER_WRITE } = Access;

/** A machine where both spaces map a leaf of each size, and a global page. */
function filled(): PagedMachine {
  const paged = new PagedMachine({ sets: 4, ways: 16 });
  for (const space of [0, 1]) {
    for (const [index, kind] of LEAF_KINDS.entries()) {
      paged.write(space, kind, 0x1000_0000 * (index + 1), FRAMES + index * 0x100_0000);
    }
    paged.write(space, Kind.SMALL, 0x1000_1000, FRAMES + 0x1000, { ng: false });
  }
  for (const space of [0, 1]) {
    paged.run(space);
    for (const va of [0x1000_0000, 0x2000_8000, 0x3008_0000, 0x40f0_0000, 0x1000_1000]) {
      expect(paged.cpu.translate(va, USER_READ)).toBeGreaterThan(0);
    }
  }
  return paged;
}

const held = (paged: PagedMachine): string[] =>
  [...paged.tlb.entries()].map(label).sort((left, right) => left.localeCompare(right));
const label = ({ va, bytes, asid }: TlbEntry): string =>
  `${va.toString(16)} ${bytes / 1024}K ${asid ?? 'global'}`;

const ALL = [
  '10000000 4K 1',
  '10000000 4K 2',
  '10001000 4K global',
  '20000000 64K 1',
  '20000000 64K 2',
  '30000000 1024K 1',
  '30000000 1024K 2',
  '40000000 16384K 1',
  '40000000 16384K 2',
];

describe('what is held', () => {
  it('one entry for each leaf and ASID, one for a global leaf', () => {
    expect(held(filled())).toEqual(ALL);
  });

  it('answers any address of a leaf without another walk', () => {
    const paged = filled();
    const { counters } = paged.machine;
    counters.reset();
    for (const va of [0x1000_0fff, 0x2000_0000, 0x2000_ffff, 0x300f_ffff, 0x40ff_ffff]) {
      paged.cpu.translate(va, USER_WRITE);
    }
    expect(counters.snapshot()).toMatchObject({ TLB_HITS: 5, TLB_MISSES: 0, WALKS: 0 });
  });

  it('another ASID finds global entries only', () => {
    const paged = filled();
    paged.cpu.registers.asid = 3;
    paged.machine.counters.reset();
    paged.cpu.translate(0x1000_1000, USER_READ);
    paged.cpu.translate(0x1000_0000, USER_READ);
    expect(paged.machine.counters.snapshot()).toMatchObject({ TLB_HITS: 1, TLB_MISSES: 1 });
  });

  it('a refused access is remembered with its leaf, a fault of the walk is not', () => {
    const paged = new PagedMachine('profile');
    paged.write(0, Kind.SMALL, 0x1000_0000, FRAMES, { ap: 7 });
    for (const repeat of [1, 2]) {
      expect(paged.cpu.translate(0x1000_0000, USER_WRITE)).toBeLessThan(0);
      expect(paged.cpu.translate(0x1000_1000, USER_READ)).toBeLessThan(0);
      expect(held(paged)).toEqual(['10000000 4K 1']);
      expect(paged.machine.counters.snapshot()).toMatchObject({ TLB_HITS: repeat - 1 });
    }
  });
});

describe('replacement', () => {
  it('keeps to the set, round robin', () => {
    const paged = new PagedMachine({ sets: 4, ways: 2 });
    const pages = [0, 4, 8, 12].map((page) => 0x1000_0000 + page * 4096);
    for (const va of [...pages, 0x1000_1000]) paged.write(0, Kind.SMALL, va, FRAMES);
    for (const va of [...pages, 0x1000_1000]) paged.cpu.translate(va, USER_READ);
    expect(held(paged)).toEqual(['10001000 4K 1', '10008000 4K 1', '1000c000 4K 1']);
    expect([...paged.tlb.entries()].map(({ set, way }) => [set, way])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
    ]);
  });

  it.each([
    [3, 2],
    [0, 1],
    [4, 0],
    [4, 256],
    [4, 1.5],
  ])('%i sets × %i ways is refused', (sets, ways) => {
    const banks = [{ name: 'ram', base: 0, bytes: 4096, kind: 'ram' } as const];
    const make = () => new Machine({ banks, profile: 'cortex-a7', tlb: { sets, ways } });
    expect(errorOf(make).code).toBe('MACHINE_ERR_REGISTER');
  });
});

describe('maintenance', () => {
  const without = (...gone: string[]): string[] => ALL.filter((entry) => !gone.includes(entry));

  it('of everything', () => {
    const paged = filled();
    paged.tlb.invalidateAll();
    expect(held(paged)).toEqual([]);
    paged.cpu.translate(0x1000_0000, USER_READ);
    expect(held(paged)).toEqual(['10000000 4K 2']);
  });

  it.each([
    [0x1000_0fff, ['10000000 4K 1']],
    [0x2000_f000, ['20000000 64K 1']],
    [0x300f_f000, ['30000000 1024K 1']],
    [0x40ff_f000, ['40000000 16384K 1']],
    [0x1000_1000, ['10001000 4K global']],
    [0x1000_2000, []],
  ])('by address %i and ASID 1', (va, gone) => {
    const paged = filled();
    paged.tlb.invalidateAddress(va, 1);
    expect(held(paged)).toEqual(without(...gone));
  });

  it('by address for all ASIDs', () => {
    const paged = filled();
    for (const va of [0x2000_3000, 0x4050_0000, 0x1000_1000]) {
      paged.tlb.invalidateAddressAllAsids(va);
    }
    expect(held(paged)).toEqual([
      '10000000 4K 1',
      '10000000 4K 2',
      '30000000 1024K 1',
      '30000000 1024K 2',
    ]);
  });

  it('by ASID, global entries staying', () => {
    const paged = filled();
    paged.tlb.invalidateAsid(2);
    expect(held(paged)).toEqual(ALL.filter((entry) => !entry.endsWith(' 2')));
    paged.tlb.invalidateAsid(0);
    expect(held(paged)).toEqual(ALL.filter((entry) => !entry.endsWith(' 2')));
  });

  it('is counted and recorded, each once', () => {
    const paged = filled();
    const { events, counters } = paged.machine;
    counters.reset();
    events.on = true;
    paged.tlb.invalidateAddress(0x1000_0000, 1);
    paged.tlb.invalidateAddressAllAsids(0x2000_0000);
    paged.tlb.invalidateAsid(2);
    paged.tlb.invalidateAll();
    expect(counters.snapshot().TLB_MAINTENANCE).toBe(4);
    expect([...events].map(({ kind, fields }) => [kind, ...Object.values(fields)])).toEqual([
      ['TLB_INVALIDATE', 1, 0x1000_0000, 1, 1],
      ['TLB_INVALIDATE', 2, 0x2000_0000, 0, 2],
      ['TLB_INVALIDATE', 3, 0, 2, 3],
      ['TLB_INVALIDATE', 0, 0, 0, 3],
    ]);
  });
});

describe('with the maintenance that changes owe', () => {
  // A few places that collide in a small TLB, in every size.
  const kind = fc.constantFrom(...LEAF_KINDS);
  const place = fc.nat(5);
  const space = fc.nat(2);
  const operation = fc.oneof(
    fc.record({
      do: fc.constant('map' as const),
      kind,
      place,
      space,
      frame: fc.nat(7),
      ap: fc.nat(7),
    }),
    fc.record({
      do: fc.constant('read' as const),
      kind,
      place,
      space,
      frame: fc.nat(255),
      ap: fc.nat(5),
    }),
  );
  const STEP = 0x100_0000;

  it('every translation is that of the walk', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 80 }),
        fc.constantFrom({ sets: 1, ways: 1 }, { sets: 2, ways: 3 }, { sets: 64, ways: 4 }),
        fc.boolean(),
        (operations, geometry, global) => {
          const paged = new PagedMachine(geometry);
          const plain = new PagedMachine('none');
          const kinds = new Map<number, number>();
          for (const step of operations) {
            const base = STEP * (step.place + 1);
            const key = step.space * 16 + step.place;
            if (step.do === 'map') {
              const old = kinds.get(key);
              for (const target of [paged, plain]) {
                if (old !== undefined) target.write(step.space, old, base, undefined);
                if (old !== undefined && global) target.tlb.invalidateAddressAllAsids(base);
                else if (old !== undefined) target.tlb.invalidateAddress(base, step.space + 1);
                const frame = FRAMES + step.frame * STEP;
                target.write(step.space, step.kind, base, frame, { ap: step.ap, ng: !global });
              }
              kinds.set(key, step.kind);
            }
            const offset = (step.frame * 0x1357) % leafShape(step.kind).bytes;
            for (const target of [paged, plain]) {
              target.run(step.space);
              // Global leaves of one space hit in another: that is what global means.
              if (global) target.tlb.invalidateAll();
            }
            const got = paged.cpu.translate(base + offset, step.ap % 6);
            expect(got).toBe(plain.cpu.translate(base + offset, step.ap % 6));
            expect(paged.cpu.translate(base + offset, step.ap % 6)).toBe(got);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
