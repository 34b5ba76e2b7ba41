import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Access, Kind, leafShape } from '../../src/format/index.js';
import { Sctlr, type TlbViolation } from '../../src/machine/index.js';
import { FRAMES, LEAF_KINDS, PagedMachine } from '../support/paged-machine.js';

const { USER_READ, USER_WRITE } = Access;
const VA = 0x1000_0000;
const OTHER = FRAMES + 0x100_0000;

/** A machine that has used a small page at VA. */
function used(attributes = {}): PagedMachine {
  const paged = new PagedMachine('strict');
  paged.write(0, Kind.SMALL, VA, FRAMES, attributes);
  paged.cpu.translate(VA, USER_READ);
  expect(paged.strict.violations).toEqual([]);
  return paged;
}

function kinds(paged: PagedMachine): [TlbViolation['kind'], TlbViolation['seenAt']][] {
  return paged.strict.violations.map(({ kind, seenAt }) => [kind, seenAt]);
}

describe('using an entry that the tables no longer support', () => {
  it('is told with step, address, old and new, and goes on with the old one', () => {
    const paged = used();
    paged.strict.step = 17;
    paged.write(0, Kind.SMALL, VA, undefined);
    expect(paged.cpu.translate(VA + 4, USER_READ)).toBe(FRAMES + 4);
    expect(paged.strict.violations).toEqual([
      {
        kind: 'stale',
        step: 17,
        seenAt: 'use',
        va: VA + 4,
        asid: 1,
        old: {
          pa: FRAMES + 4,
          bytes: 4096,
          type: 'normal-wbwa',
          privileged: 'rw-',
          user: 'rw-',
          global: false,
        },
        now: undefined,
      },
    ]);
  });

  it('is told once for each entry', () => {
    const paged = used();
    paged.write(0, Kind.SMALL, VA, undefined);
    for (let use = 0; use < 3; use++) paged.cpu.translate(VA, USER_READ);
    expect(kinds(paged)).toEqual([['stale', 'use']]);
  });

  it('a right that was taken away is stale where it is used', () => {
    const paged = used();
    paged.write(0, Kind.SMALL, VA, FRAMES, { ap: 7 });
    paged.cpu.translate(VA, USER_READ);
    expect(kinds(paged)).toEqual([]);
    expect(paged.cpu.translate(VA, USER_WRITE)).toBe(FRAMES);
    expect(kinds(paged)).toEqual([['stale', 'use']]);
    expect(paged.strict.violations[0]).toMatchObject({
      old: { user: 'rw-' },
      now: { user: 'r--' },
    });
  });

  it('a right that was given is withheld', () => {
    const paged = used({ ap: 7 });
    paged.write(0, Kind.SMALL, VA, FRAMES);
    expect(paged.cpu.translate(VA, USER_WRITE)).toBeLessThan(0);
    expect(kinds(paged)).toEqual([['withheld', 'use']]);
  });

  it('an ASID that is used again without invalidation is seen', () => {
    const paged = used();
    paged.cpu.switchTo(paged.rootOf(1), 1);
    paged.cpu.translate(VA, USER_READ);
    expect(kinds(paged)).toEqual([['stale', 'use']]);
  });
});

describe('what owes nothing', () => {
  it('a first mapping', () => {
    const paged = used();
    expect(paged.cpu.translate(VA + 4096, USER_READ)).toBeLessThan(0);
    paged.write(0, Kind.SMALL, VA + 4096, FRAMES + 4096);
    expect(paged.cpu.translate(VA + 4096, USER_READ)).toBe(FRAMES + 4096);
    expect(kinds(paged)).toEqual([]);
  });

  it('an access flag that was clear: such a leaf is never cached', () => {
    const paged = new PagedMachine('strict');
    paged.cpu.registers.sctlr |= Sctlr.AFE;
    paged.write(0, Kind.SMALL, VA, FRAMES, { ap: 2 });
    expect(paged.cpu.translate(VA, USER_READ)).toBeLessThan(0);
    paged.write(0, Kind.SMALL, VA, FRAMES, { ap: 3 });
    expect(paged.cpu.translate(VA, USER_READ)).toBe(FRAMES);
    expect(kinds(paged)).toEqual([]);
  });

  it('the DACR and another space', () => {
    const paged = used();
    paged.cpu.registers.dacr = 0;
    expect(paged.cpu.translate(VA, USER_READ)).toBeLessThan(0);
    paged.cpu.registers.dacr = 0x5555_5555;
    paged.run(1);
    paged.cpu.translate(VA, USER_READ);
    paged.run(0);
    paged.cpu.translate(VA, USER_READ);
    expect(kinds(paged)).toEqual([]);
  });

  it('a change that nobody had cached', () => {
    const paged = used();
    paged.write(0, Kind.SMALL, VA + 4096, FRAMES);
    paged.write(0, Kind.SMALL, VA + 4096, OTHER);
    paged.tlb.invalidateAddress(VA + 4096, 1);
    expect(paged.cpu.translate(VA + 4096, USER_READ)).toBe(OTHER);
    expect(kinds(paged)).toEqual([]);
  });

  it('permissions alone, with the invalidation', () => {
    const paged = used();
    paged.write(0, Kind.SMALL, VA, FRAMES, { ap: 7, xn: false });
    paged.tlb.invalidateAddress(VA, 1);
    expect(paged.cpu.translate(VA, USER_WRITE)).toBeLessThan(0);
    expect(kinds(paged)).toEqual([]);
  });

  it('a memory type that TEX remap leaves the same', () => {
    const paged = used();
    const { registers } = paged.cpu;
    registers.prrr = 0xff0a_81a8;
    registers.nmrr = 0x40e0_40e0;
    registers.sctlr |= Sctlr.TRE;
    paged.write(0, Kind.SMALL, VA, FRAMES, { tex: 7 });
    paged.cpu.translate(VA, USER_READ);
    expect(kinds(paged)).toEqual([]);
  });
});

describe('break before make', () => {
  it.each([
    ['another frame', OTHER, {}],
    ['another memory type', FRAMES, { tex: 0, c: false, b: true }],
    ['other shareability', FRAMES, { s: true }],
    ['a global one', FRAMES, { ng: false }],
  ])('replacing a page by %s is seen at its use', (_name, pa, attributes) => {
    const paged = used();
    paged.write(0, Kind.SMALL, VA, pa, attributes);
    paged.cpu.translate(VA, USER_READ);
    expect(kinds(paged)).toEqual([['break-before-make', 'use']]);
  });

  it('is seen at the invalidation that comes too late', () => {
    const paged = used();
    paged.write(0, Kind.SMALL, VA, OTHER);
    paged.tlb.invalidateAddress(VA, 1);
    expect(kinds(paged)).toEqual([['break-before-make', 'invalidation']]);
    expect(paged.strict.violations[0]).toMatchObject({ old: { pa: FRAMES }, now: { pa: OTHER } });
    expect(paged.cpu.translate(VA, USER_READ)).toBe(OTHER);
    expect(kinds(paged)).toHaveLength(1);
  });

  it('the break without the invalidation is no break', () => {
    const paged = used();
    paged.write(0, Kind.SMALL, VA, undefined);
    paged.write(0, Kind.SMALL, VA, OTHER);
    paged.cpu.translate(VA, USER_READ);
    expect(kinds(paged)).toEqual([['break-before-make', 'use']]);
  });

  it('break, invalidate, make is right', () => {
    const paged = used();
    paged.write(0, Kind.SMALL, VA, undefined);
    paged.tlb.invalidateAddress(VA, 1);
    paged.write(0, Kind.SMALL, VA, OTHER);
    expect(paged.cpu.translate(VA, USER_READ)).toBe(OTHER);
    expect(kinds(paged)).toEqual([]);
  });

  it('a section over cached pages is seen when it is used anywhere', () => {
    const paged = used();
    paged.write(0, Kind.SECTION, VA, OTHER);
    expect(paged.cpu.translate(VA + 0x8_0000, USER_READ)).toBe(OTHER + 0x8_0000);
    expect(kinds(paged)).toEqual([['break-before-make', 'fill']]);
    expect(paged.strict.violations[0]).toMatchObject({
      va: VA,
      old: { bytes: 4096 },
      now: { bytes: 2 ** 20, pa: OTHER },
    });
  });

  it('a section split into pages without a break is seen, whichever page comes back', () => {
    const paged = new PagedMachine('strict');
    paged.write(0, Kind.SECTION, VA, OTHER);
    paged.cpu.translate(VA, USER_READ);
    paged.write(0, Kind.SMALL, VA + 0x7_f000, OTHER + 0x7_f000);
    paged.tlb.invalidateAddress(VA, 1);
    expect(kinds(paged)).toEqual([['break-before-make', 'invalidation']]);
    expect(paged.strict.violations[0]).toMatchObject({ va: VA + 0x7_f000 });
  });

  it('dropping everything does not ask for tables of spaces that do not run', () => {
    const paged = used();
    paged.run(1);
    paged.machine.memory.fill(paged.rootOf(0), 0x4000, 0x0e);
    paged.tlb.invalidateAsid(1);
    paged.tlb.invalidateAll();
    expect(kinds(paged)).toEqual([]);
    expect([...paged.tlb.entries()]).toEqual([]);
  });
});

describe('maintenance', () => {
  it('drops what the other models drop', () => {
    for (const [index, kind] of LEAF_KINDS.entries()) {
      const paged = new PagedMachine('strict');
      const va = VA * (index + 1);
      const last = va + leafShape(kind).bytes - 1;
      const use = () => {
        for (const space of [0, 1]) {
          paged.write(space, kind, va, FRAMES);
          paged.run(space);
          paged.cpu.translate(last, USER_READ);
        }
      };
      const asids = () => [...paged.tlb.entries()].map((entry) => entry.asid);
      use();
      expect(asids()).toEqual([1, 2]);
      paged.tlb.invalidateAddress(last, 1);
      expect(asids()).toEqual([2]);
      use();
      paged.tlb.invalidateAddressAllAsids(last);
      expect(asids()).toEqual([]);
      use();
      paged.tlb.invalidateAsid(2);
      expect(asids()).toEqual([1]);
      expect(paged.machine.counters.snapshot().TLB_MAINTENANCE).toBe(3);
      expect(kinds(paged)).toEqual([]);
    }
  });

  it('it holds as many entries as are used', () => {
    const paged = new PagedMachine('strict');
    for (let page = 0; page < 1000; page++) {
      paged.write(0, Kind.SMALL, VA + page * 4096, FRAMES + page * 4096);
      paged.cpu.translate(VA + page * 4096, USER_READ);
    }
    expect([...paged.tlb.entries()]).toHaveLength(1000);
    for (let page = 0; page < 1000; page++) {
      expect(paged.cpu.translate(VA + page * 4096, USER_READ)).toBe(FRAMES + page * 4096);
    }
    paged.tlb.invalidateAll();
    expect([...paged.tlb.entries()]).toHaveLength(0);
    expect(kinds(paged)).toEqual([]);
  });
});

describe('random changes', () => {
  const change = fc.record({
    kind: fc.constantFrom(...LEAF_KINDS),
    place: fc.nat(3),
    space: fc.nat(1),
    frame: fc.nat(3),
    ap: fc.constantFrom(1, 3, 5, 7),
    access: fc.nat(5),
    offset: fc.nat(0xf_ffff),
  });
  const STEP = 0x100_0000;
  const translated = (step: { offset: number; kind: number }, base: number) =>
    base + (step.offset % leafShape(step.kind).bytes);

  it('with break, invalidation and make are never faulted, and translate as the walk does', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const paged = new PagedMachine('strict');
        const plain = new PagedMachine('none');
        const now = new Map<number, { kind: number; frame: number }>();
        for (const step of changes) {
          const base = STEP * (step.place + 1);
          const key = step.space * 16 + step.place;
          const old = now.get(key);
          const same = old?.kind === step.kind && old.frame === step.frame;
          for (const target of [paged, plain]) {
            if (old !== undefined && !same) {
              target.write(step.space, old.kind, base, undefined);
              target.tlb.invalidateAddress(base, step.space + 1);
            }
            const frame = FRAMES + step.frame * STEP;
            target.write(step.space, step.kind, base, frame, { ap: step.ap });
            if (same) target.tlb.invalidateAddress(base, step.space + 1);
            target.run(step.space);
          }
          now.set(key, step);
          const va = translated(step, base);
          const got = paged.cpu.translate(va, step.access);
          expect(got).toBe(plain.cpu.translate(va, step.access));
          expect(paged.strict.violations).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('without the invalidation are always found out', () => {
    fc.assert(
      fc.property(change, change, (first, second) => {
        const paged = new PagedMachine('strict');
        const base = STEP;
        paged.write(0, first.kind, base, FRAMES + first.frame * STEP, { ap: 3, xn: false });
        paged.cpu.translate(base, USER_READ);
        paged.write(0, first.kind, base, undefined);
        paged.write(0, second.kind, base, FRAMES + second.frame * STEP, { ap: 3, xn: false });
        const differs = first.kind !== second.kind || first.frame !== second.frame;
        paged.cpu.translate(base, second.access);
        expect(kinds(paged)).toEqual(differs ? [['break-before-make', 'use']] : []);
      }),
      { numRuns: 300 },
    );
  });
});
