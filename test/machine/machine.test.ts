import { describe, expect, it } from 'vitest';
import { cortexA9, cortexA15 } from '../../src/format/index.js';
import { Machine, type MachineConfig, SetAssociativeTlb } from '../../src/machine/index.js';
import { errorOf } from '../support/errors.js';

const banks = [{ name: 'ram', base: 0, bytes: 0x10_0000, kind: 'ram' }] as const;

function make(config: Partial<MachineConfig> = {}): Machine {
  return new Machine({ banks, profile: 'cortex-a7', ...config });
}

describe('a machine', () => {
  it('takes its processor by name or as it is', () => {
    expect(make({ profile: 'cortex-a15' }).profile).toBe(cortexA15);
    expect(make({ profile: cortexA9 }).profile).toBe(cortexA9);
    const error = errorOf(() => make({ profile: 'cortex-m0' }));
    expect(error.code).toBe('MACHINE_ERR_REGISTER');
    expect(error.message).toBe(
      'no processor is called cortex-m0; known: cortex-a7, cortex-a9, cortex-a15',
    );
  });

  it('has the main TLB of its processor, or the one that was asked for', () => {
    const { tlb } = make();
    if (!(tlb instanceof SetAssociativeTlb)) throw new Error('not sets and ways');
    expect([tlb.sets, tlb.ways]).toEqual([128, 2]);
    expect(make({ tlb: 'none' }).tlb.model).toBe('none');
    expect(make({ tlb: 'strict' }).tlb.model).toBe('strict');
    expect(make({ tlb: { sets: 2, ways: 3 } }).tlb).toMatchObject({ sets: 2, ways: 3 });
  });

  it('begins privileged, with the MMU off, its events off and its counts at 0', () => {
    const machine = make({ eventCapacity: 100 });
    expect(machine.cpu.privileged).toBe(true);
    expect(machine.events.on).toBe(false);
    expect(machine.events.capacity).toBe(128);
    machine.cpu.store(0x1000, 4, 5);
    expect(machine.memory.readWord(0x1000)).toBe(5);
    expect(Object.values(machine.counters.snapshot()).every((count) => count === 0)).toBe(true);
  });

  it('in the secure state says so in PAR', () => {
    expect(make().cpu.at('ATS1CPR', 0) & 0x200).toBe(0x200);
    expect(make({ secure: true }).cpu.at('ATS1CPR', 0) & 0x200).toBe(0);
  });

  it('refuses banks as its memory does', () => {
    expect(errorOf(() => make({ banks: [] })).code).toBe('MACHINE_ERR_BANK');
  });
});
