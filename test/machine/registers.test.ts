import { describe, expect, it } from 'vitest';
import { cortexA7, cortexA9, effectiveRightsTable } from '../../src/format/index.js';
import { Sctlr, SystemRegisters, Ttbcr, ttbr0Base } from '../../src/machine/index.js';
import { errorOf } from '../support/errors.js';

describe('system registers', () => {
  it('reset to 0, but for a DACR where every domain is a client', () => {
    const registers = new SystemRegisters(cortexA7);
    const { sctlr, ttbr0, ttbr1, ttbcr, contextidr, dfsr, par, mmuOn } = registers;
    expect([sctlr, ttbr0, ttbr1, ttbcr, contextidr, dfsr, par]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(registers.dacr).toBe(0x5555_5555);
    expect(mmuOn).toBe(false);
  });

  it('hold unsigned words', () => {
    const registers = new SystemRegisters(cortexA7);
    const words = { ttbr0: -1, ttbr1: -2, dacr: -3, contextidr: -4, sctlr: 1 << 31 };
    Object.assign(registers, words);
    expect(registers.ttbr0).toBe(0xffff_ffff);
    expect(registers.ttbr1).toBe(0xffff_fffe);
    expect(registers.dacr).toBe(0xffff_fffd);
    expect(registers.contextidr).toBe(0xffff_fffc);
    expect(registers.sctlr).toBe(0x8000_0000);
  });

  it('the ASID is the low byte of CONTEXTIDR', () => {
    const registers = new SystemRegisters(cortexA7);
    registers.contextidr = 0xabcd_ef12;
    expect(registers.asid).toBe(0x12);
    registers.asid = 0x34;
    expect(registers.contextidr).toBe(0xabcd_ef34);
  });

  it('refuse the long-descriptor format and big-endian tables', () => {
    const registers = new SystemRegisters(cortexA7);
    const eae = errorOf(() => {
      registers.ttbcr = Ttbcr.EAE;
    });
    const ee = errorOf(() => {
      registers.sctlr = Sctlr.EE;
    });
    expect([eae.code, ee.code]).toEqual(['MACHINE_ERR_REGISTER', 'MACHINE_ERR_REGISTER']);
    expect([registers.ttbcr, registers.sctlr]).toEqual([0, 0]);
  });

  it('know where the roots are', () => {
    const registers = new SystemRegisters(cortexA7);
    registers.ttbr0 = 0x8000_406a;
    registers.ttbr1 = 0xc000_406a;
    const roots = () => [registers.root0 * 4, registers.root1 * 4, registers.highBits >>> 0];
    expect(roots()).toEqual([0x8000_4000, 0xc000_4000, 0]);
    registers.ttbcr = 2;
    expect(roots()).toEqual([0x8000_4000, 0xc000_4000, 0xc000_0000]);
    registers.ttbcr = Ttbcr.PD0 | 7;
    expect(roots()).toEqual([-4, 0xc000_4000, 0xfe00_0000]);
    registers.ttbcr = Ttbcr.PD1;
    expect(roots()).toEqual([0x8000_4000, -4, 0]);
  });

  it('TTBR0 has more bits, the smaller its table', () => {
    for (let n = 0; n < 8; n++) {
      expect(ttbr0Base(0xffff_ffff, n)).toBe(2 ** 32 - 2 ** (14 - n));
    }
  });

  it('work out the rights under SCTLR, the DACR and the processor', () => {
    for (const profile of [cortexA7, cortexA9]) {
      const registers = new SystemRegisters(profile);
      registers.dacr = 0b11_01;
      registers.sctlr = Sctlr.AFE | Sctlr.WXN | Sctlr.UWXN;
      const more = profile.hasVirtualization;
      expect(registers.rights).toEqual(
        effectiveRightsTable(0b11_01, { afe: true, wxn: more, uwxn: more }),
      );
    }
  });
});
