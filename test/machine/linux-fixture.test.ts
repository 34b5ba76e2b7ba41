import { describe, expect, it } from 'vitest';
import { Access, cortexA7, rightsText } from '../../src/format/index.js';
import { SystemRegisters, TableWalker, walk } from '../../src/machine/index.js';
import { linuxMemory, linuxOracle, linuxRegisters } from '../support/linux-fixture.js';

const memory = linuxMemory();
const walkTo = (va: number, access: number = Access.PRIVILEGED_READ) =>
  walk(memory, linuxRegisters, cortexA7, va, access);

describe('the tables of a running Linux', () => {
  const { pages } = linuxOracle();

  it('agree with its own pagemap in 296 of 300 pages; the rest it hides from the hardware', () => {
    expect(pages).toHaveLength(300);
    const differing = [];
    for (const [va, entry] of pages) {
      const pa = Number(entry & ((1n << 55n) - 1n)) * 4096;
      if (walkTo(va).leaf?.pa !== pa) differing.push(va);
    }
    // PROT_NONE: present for Linux, a fault for the hardware.
    expect(differing).toEqual([0x2100_8000, 0x2100_9000, 0x2100_a000, 0x2100_b000]);
    for (const va of differing)
      expect(walkTo(va).fault?.meaning.text).toBe('translation fault, page');
  });

  it('give the same through the walker of the hot path', () => {
    const registers = Object.assign(new SystemRegisters(cortexA7), linuxRegisters);
    const walker = new TableWalker(memory, true);
    let found = 0;
    for (const [va] of pages) {
      if (walker.walk(registers, va) !== 0) continue;
      found += 1;
      expect(walker.frame * 4096).toBe(walkTo(va).leaf?.pa);
    }
    expect(found).toBe(296);
  });

  it.each([
    ['text', 0x1_0000, 'small', 'r--', 'r-x'],
    ['data that was written', 0x1_1000, 'small', 'rw-', 'rw-'],
    ['[vectors]', 0xffff_0000, 'small', 'r-x', 'r-x'],
    ['kernel text', 0xc030_0000, 'section', 'r-x', '---'],
  ])('%s', (_name, va, kind, privileged, user) => {
    const { leaf } = walkTo(va);
    expect(leaf?.kind).toBe(kind);
    expect(rightsText(leaf?.rights ?? 0, true)).toBe(privileged);
    expect(rightsText(leaf?.rights ?? 0, false)).toBe(user);
  });
});
