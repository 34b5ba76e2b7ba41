import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cortexA7,
  cortexA9,
  faultDomainOf,
  faultStatusOf,
  KIND_NAMES,
  leafKindOf,
} from '../../src/format/index.js';
import { Machine, Sctlr, TableWalker, walk } from '../../src/machine/index.js';

const BASE = 0x4000_0000;
const TABLES = 0x4001_0000;
/** Root entries and pages that the random tables fill, so that walks meet them often. */
const ENTRIES = [0, 1, 0x3ff, 0x400, 0x7ff, 0x800, 0xfff];
const PAGES = [0, 1, 15, 16, 255];

const word = fc.nat(0xffff_ffff);
/** A level-1 word: anything, or one that points to one of four tables, or to no memory. */
const root = fc.oneof(
  word,
  fc
    .tuple(fc.nat(4), fc.nat(0x3ff))
    .map(
      ([table, low]) =>
        ((table === 4 ? 0x9000_0000 : TABLES + table * 1024) | (low & ~3) | 1) >>> 0,
    ),
);
const situation = fc.record({
  profile: fc.constantFrom(cortexA7, cortexA9),
  roots: fc.array(root, { minLength: ENTRIES.length, maxLength: ENTRIES.length }),
  pages: fc.array(word, { minLength: 4 * PAGES.length, maxLength: 4 * PAGES.length }),
  n: fc.constantFrom(0, 0, 0, 1, 2, 7),
  pd: fc.constantFrom(0, 0, 0, 0, 0x10, 0x20),
  dacr: fc.oneof(fc.constant(0x5555_5555), word),
  sctlr: fc
    .subarray([Sctlr.AFE, Sctlr.WXN, Sctlr.UWXN, Sctlr.TRE])
    .map((bits) => (bits.reduce((left, right) => left | right, 0) | Sctlr.M) >>> 0),
  ttbr1: fc.constantFrom(BASE, BASE + 0x8000, 0x9000_0000),
});

describe('the walker of the hot path', () => {
  it('finds what the walk with evidence finds, and the MMU answers the same', () => {
    fc.assert(
      fc.property(situation, ({ profile, roots, pages, n, pd, dacr, sctlr, ttbr1 }) => {
        const machine = new Machine({
          banks: [{ name: 'ram', base: BASE, bytes: 0x10_0000, kind: 'ram' }],
          profile,
          tlb: 'none',
        });
        const { memory, cpu } = machine;
        for (const [index, entry] of ENTRIES.entries()) {
          memory.writeWord(BASE + entry * 4, roots[index] ?? 0);
        }
        for (const [index, value] of pages.entries()) {
          const table = Math.floor(index / PAGES.length);
          const page = PAGES[index % PAGES.length] ?? 0;
          memory.writeWord(TABLES + table * 1024 + page * 4, value);
        }
        const { registers } = cpu;
        Object.assign(registers, { ttbr0: BASE, ttbr1, ttbcr: n | pd, dacr, sctlr });
        const walker = new TableWalker(memory, profile.hasPxn);
        for (const entry of ENTRIES) {
          for (const page of PAGES) {
            const va = entry * 2 ** 20 + page * 4096 + 0xabc;
            for (let access = 0; access < 6; access++) {
              const full = walk(memory, registers, profile, va, access);
              const found = walker.walk(registers, va);
              expect(walker.reads).toBe(full.steps.filter((s) => s.word !== undefined).length);
              const { leaf, fault } = full;
              expect(found < 0).toBe(leaf === undefined || leaf.accessFlagFault);
              if (leaf !== undefined) {
                const kind = KIND_NAMES[leafKindOf(walker.info)];
                expect([kind, walker.frame]).toEqual([
                  leaf.kind,
                  Math.floor(leaf.pa / leaf.bytes) * (leaf.bytes / 4096),
                ]);
              }
              const answer = cpu.translate(va, access);
              if (fault === undefined) expect(answer).toBe(leaf?.pa);
              else {
                expect(answer).toBeLessThan(0);
                const { status, domain } = fault;
                expect([faultStatusOf(answer), faultDomainOf(answer)]).toEqual([status, domain]);
                if (found < 0) expect(found).toBe(answer);
              }
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
