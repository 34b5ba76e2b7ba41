import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFaultReports } from '../../src/inspect/fault-report.js';
import { growthOf } from '../support/growth.js';

const LINUX = `[    1.234567] 8<--- cut here ---
[    1.234600] Unable to handle kernel paging request at virtual address c4803010 when write
[    1.234700] [c4803010] *pgd=4191800d, *pte=08020653, *ppte=08020453
[    1.234800] Internal error: Oops: 80f [#1] SMP ARM
[    1.234900] Modules linked in:
[    1.235000] CPU: 0 PID: 121 Comm: insmod Not tainted 6.1.0-armmp #1
[    1.235100] PC is at probe+0x10/0x20 [board]
[    1.235200] pc : [<bf000010>]    lr : [<c0300abc>]    psr: 60000013
[    1.235300] sp : c4a8de50  ip : 00000000  fp : 00000001
[    1.235400] Flags: nZCv  IRQs on  FIQs on  Mode SVC_32  ISA ARM  Segment none
[    1.235500] Control: 10c5387d  Table: 423b406a  DAC: 00000051
`;

describe('reading the dump of', () => {
  it('Linux', () => {
    expect(parseFaultReports(LINUX)).toEqual([
      {
        origin: 'Linux',
        kind: 'data',
        fsr: 0x80f,
        far: 0xc480_3010,
        fault: undefined,
        write: true,
        privileged: true,
        pc: 0xbf00_0010,
        registers: { sctlr: 0x10c5_387d, ttbr0: 0x423b_406a, dacr: 0x51 },
        pgd: 0x4191_800d,
        pte: 0x0802_0453,
      },
    ]);
  });

  it('Linux before 5.9, which does not say how memory was accessed', () => {
    const text = `Unable to handle kernel NULL pointer dereference at virtual address 00000004
pgd = ee4b8000
[00000004] *pgd=00000000
Internal error: Oops: 17 [#1] PREEMPT ARM`;
    expect(parseFaultReports(text)).toMatchObject([
      { origin: 'Linux', fsr: 0x17, far: 4, pgd: 0, write: undefined, privileged: true },
    ]);
  });

  it('a process of Linux that jumped into nothing', () => {
    const text = `dashboard: unhandled page fault (11) at 0xff520464, code 0x80000005
[ff520464] *pgd=00000000
pc : [<ff520464>]    lr : [<00015510>]    psr: 60000010`;
    expect(parseFaultReports(text)).toMatchObject([
      { kind: 'prefetch', fsr: 5, far: 0xff52_0464, privileged: false, pc: 0xff52_0464 },
    ]);
  });

  it('Linux for a fault that is not about pages', () => {
    const text = 'Unhandled fault: alignment exception (0x001) at 0xc0008001';
    expect(parseFaultReports(text)).toMatchObject([{ kind: 'data', fsr: 1, far: 0xc000_8001 }]);
    const fetch = 'Unhandled prefetch abort: breakpoint debug exception (0x002) at 0x00010420';
    expect(parseFaultReports(fetch)).toMatchObject([{ kind: 'prefetch', fsr: 2, far: 0x1_0420 }]);
  });

  it('Zephyr', () => {
    const text = `E: ***** DATA ABORT *****
E: Permission Fault @ 0x00100004
E: r0/a1:  0x00000001  r1/a2:  0x00100004  r2/a3:  0x00000000
E:  xpsr:  0x6000001f
E: Faulting instruction address (r15/pc): 0x00102f40`;
    expect(parseFaultReports(text)).toMatchObject([
      {
        origin: 'Zephyr',
        kind: 'data',
        fsr: undefined,
        far: 0x0010_0004,
        fault: 'permission',
        privileged: true,
        pc: 0x0010_2f40,
      },
    ]);
  });

  it('U-Boot, which tells no fault registers', () => {
    const text = `prefetch abort
pc : [<deadbeec>]    lr : [<87f3e19f>]
reloc pc : [<de0cbeec>]    lr : [<1780e19f>]`;
    expect(parseFaultReports(text)).toMatchObject([
      { origin: 'U-Boot', kind: 'prefetch', far: 0xdead_beec, fsr: undefined, privileged: true },
    ]);
  });

  it('OP-TEE', () => {
    const text = `E/TC:0 0 Core data-abort at address 0xdeadbeef (translation fault)
E/TC:0 0  fsr 0x00000805  ttbr0 0x0e18006a  ttbr1 0x0e17c06a  cidr 0x0
E/TC:0 0  cpu #0          cpsr 0x60000133`;
    expect(parseFaultReports(text)).toMatchObject([
      {
        origin: 'OP-TEE',
        fsr: 0x805,
        far: 0xdead_beef,
        privileged: true,
        registers: { ttbr0: 0x0e18_006a, ttbr1: 0x0e17_c06a },
      },
    ]);
  });

  it('a Xilinx stand-alone program', () => {
    const text = `Data abort with Data Fault Status Register  80d
Address of Instruction causing Data abort 101234
Write Fault to 0xE0001000`;
    expect(parseFaultReports(text)).toMatchObject([
      { origin: 'Xilinx', kind: 'data', fsr: 0x80d, far: 0xe000_1000, pc: 0x10_1234 },
    ]);
  });

  it('handlers that write the names of the registers out', () => {
    const text = `Data Fault Status Register = 0x0000080F
Data Fault Address Register (DFAR): 0x21004010
Instruction Fault Status Register = 0x00000005
PC: 0x00102f40`;
    expect(parseFaultReports(text)).toMatchObject([
      { kind: 'data', fsr: 0x80f, far: 0x2100_4010, pc: 0x10_2f40 },
    ]);
    expect(
      parseFaultReports('Data abort. PC: 00102f40 DFAR: 21004010 DFSR: 0000080f'),
    ).toMatchObject([{ kind: 'data', fsr: 0x80f, far: 0x2100_4010, pc: 0x10_2f40 }]);
  });

  it('anything that names the registers', () => {
    expect(parseFaultReports('task blink: DFSR=0x00000805 DFAR=0x00000010 LR=0')).toMatchObject([
      { kind: 'data', fsr: 0x805, far: 0x10 },
    ]);
    expect(parseFaultReports('IFSR: 0x0000000D\nIFAR: 0x60000000')).toMatchObject([
      { kind: 'prefetch', fsr: 0xd, far: 0x6000_0000 },
    ]);
  });

  it('registers by their bare names, and nothing by the word', () => {
    const [report] = parseFaultReports('***** DATA ABORT *****\nFSR=0x80f FAR=0x00010000');
    expect(report).toMatchObject({ kind: 'data', fsr: 0x80f, far: 0x1_0000 });
    const talk = 'so far added 5 pages\nDFSR: 0x805, FSR: 0x007, DFAR: 0x4000, FAR: 0x10';
    expect(parseFaultReports(talk)).toMatchObject([{ fsr: 0x805, far: 0x4000 }]);
  });
});

it('finds every fault of a log', () => {
  const reports = parseFaultReports(`${LINUX}\nnoise\n${LINUX}`);
  expect(reports.map((report) => report.far)).toEqual([0xc480_3010, 0xc480_3010]);
});

it('finds nothing in a log without faults', () => {
  expect(parseFaultReports('Booting Linux on physical CPU 0x0\nall is well\n')).toEqual([]);
});

it('reads whatever it is given', () => {
  const lines = fc.array(fc.oneof(fc.string(), fc.constantFrom(...LINUX.split('\n'))));
  fc.assert(
    fc.property(lines, (parts) => {
      for (const { far, fsr } of parseFaultReports(parts.join('\n'))) {
        for (const value of [far ?? 0, fsr ?? 0]) {
          expect(value >= 0 && value <= 0xffff_ffff).toBe(true);
        }
      }
    }),
    { seed: 5, numRuns: 200 },
  );
  const growth = growthOf((size) => parseFaultReports('[c4803010] *pgd='.repeat(size)));
  expect(growth).toBeLessThan(1.6);
});
