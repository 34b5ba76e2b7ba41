import { describe, expect, it } from 'vitest';
import { Access, Kind } from '../../src/format/index.js';
import { Sctlr } from '../../src/machine/index.js';
import { FRAMES, PagedMachine } from '../support/paged-machine.js';

const { USER_READ, USER_WRITE, USER_FETCH, PRIVILEGED_READ } = Access;
const VA = 0x8000_0000;

/** A machine that has used one page often enough to know it by heart. */
function warm(): PagedMachine {
  const paged = new PagedMachine('profile');
  paged.write(0, Kind.SMALL, VA, FRAMES);
  for (let use = 0; use < 3; use++) {
    expect(paged.cpu.translate(VA + 8, USER_READ)).toBe(FRAMES + 8);
  }
  return paged;
}

describe('the shortcut through the TLB', () => {
  it('counts hits as the TLB does', () => {
    expect(warm().machine.counters.snapshot()).toMatchObject({
      TLB_HITS: 2,
      TLB_MISSES: 1,
      WALKS: 1,
      WALK_READS: 2,
    });
  });

  it('keeps each access to itself', () => {
    const paged = warm();
    paged.write(0, Kind.SMALL, VA, FRAMES, { ap: 7 });
    paged.tlb.invalidateAll();
    for (let use = 0; use < 3; use++) {
      expect(paged.cpu.translate(VA, USER_READ)).toBe(FRAMES);
      expect(paged.cpu.translate(VA, PRIVILEGED_READ)).toBe(FRAMES);
      expect(paged.cpu.translate(VA, USER_WRITE)).toBeLessThan(0);
      expect(paged.cpu.translate(VA, USER_FETCH)).toBeLessThan(0);
    }
  });

  it.each([
    ['TLBIALL', (paged: PagedMachine) => paged.tlb.invalidateAll()],
    ['TLBIMVA', (paged: PagedMachine) => paged.tlb.invalidateAddress(VA, 1)],
    ['TLBIMVAA', (paged: PagedMachine) => paged.tlb.invalidateAddressAllAsids(VA)],
    ['TLBIASID', (paged: PagedMachine) => paged.tlb.invalidateAsid(1)],
  ])('is gone after %s', (_name, invalidate) => {
    const paged = warm();
    paged.write(0, Kind.SMALL, VA, undefined);
    expect(paged.cpu.translate(VA, USER_READ)).toBe(FRAMES);
    invalidate(paged);
    expect(paged.cpu.translate(VA, USER_READ)).toBeLessThan(0);
  });

  it('is gone when the ASID, the DACR or SCTLR changes', () => {
    const paged = warm();
    const { registers } = paged.cpu;
    registers.dacr = 0;
    expect(paged.cpu.translate(VA, USER_READ)).toBeLessThan(0);
    registers.dacr = 0x5555_5555;
    expect(paged.cpu.translate(VA, USER_READ)).toBe(FRAMES);
    registers.asid = 7;
    paged.write(0, Kind.SMALL, VA, undefined);
    expect(paged.cpu.translate(VA, USER_READ)).toBeLessThan(0);
    registers.asid = 1;
    expect(paged.cpu.translate(VA, USER_READ)).toBe(FRAMES);
    expect(paged.cpu.translate(VA, USER_READ)).toBe(FRAMES);
    registers.sctlr = 0;
    expect(paged.cpu.translate(VA, USER_READ)).toBe(VA);
    registers.sctlr = Sctlr.M;
    expect(paged.cpu.translate(VA, USER_READ)).toBe(FRAMES);
  });

  it('is gone when the TLB needs the entry for another page', () => {
    const paged = new PagedMachine({ sets: 1, ways: 1 });
    paged.write(0, Kind.SMALL, VA, FRAMES);
    paged.write(0, Kind.SMALL, VA + 4096, FRAMES);
    for (const va of [VA, VA, VA + 4096]) paged.cpu.translate(va, USER_READ);
    paged.machine.counters.reset();
    paged.cpu.translate(VA, USER_READ);
    expect(paged.machine.counters.snapshot()).toMatchObject({ TLB_HITS: 0, TLB_MISSES: 1 });
  });

  it('tells pages apart that share a slot', () => {
    const paged = new PagedMachine('profile');
    const pages = [0, 256, 512, 768].map((page) => VA + page * 4096);
    for (const [index, va] of pages.entries()) {
      paged.write(0, Kind.SMALL, va, FRAMES + index * 4096);
    }
    for (let use = 0; use < 3; use++) {
      for (const [index, va] of pages.entries()) {
        expect(paged.cpu.translate(va + 4, USER_READ)).toBe(FRAMES + index * 4096 + 4);
      }
    }
  });
});
