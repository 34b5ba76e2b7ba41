import { expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { decodeDfsr, FaultStatus } from '../../src/format/index.js';
import { type AtOperation, Machine, Sctlr } from '../../src/machine/index.js';

const ROOT = 0x6000_4000;

/** A machine whose entry for the first MiB is a table that lies where nothing answers. */
function machineWithLostTable(): Machine {
  const banks = [{ name: 'ram', base: 0x6000_0000, bytes: 0x10_0000, kind: 'ram' as const }];
  const machine = new Machine({ banks, profile: 'cortex-a15', tlb: 'none' });
  machine.memory.writeWord(ROOT, 0x9000_0001);
  machine.cpu.registers.ttbr0 = ROOT;
  machine.cpu.registers.sctlr = Sctlr.M;
  return machine;
}

it.each<AtOperation>(['ATS1CPR', 'ATS1CPW', 'ATS1CUR', 'ATS1CUW'])(
  'an external abort on the walk of %s is a data abort with WnR 1',
  (operation) => {
    const { cpu } = machineWithLostTable();
    expect(() => cpu.at(operation, 0x1234)).toThrow(VmError);
    expect(cpu.registers.dfar).toBe(0x1234);
    expect(decodeDfsr(cpu.registers.dfsr)).toMatchObject({
      status: FaultStatus.EXTERNAL_WALK_L2,
      write: true,
    });
  },
);

it('says in words that it was a translation', () => {
  const { cpu } = machineWithLostTable();
  expect(() => cpu.at('ATS1CUR', 0x1234)).toThrow(
    /^translation for a user read at 0x1234: external/,
  );
});
