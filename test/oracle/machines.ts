/** The machines that the oracle asks: what QEMU emulates, and what our model of it is made of. */

import { type CpuProfile, cortexA7, cortexA9, cortexA15 } from '../../src/format/index.js';

/** The processors by the name that the command line has for them. */
export const CPU_NAMES = ['a7', 'a15', 'a9'] as const;
export type CpuName = (typeof CPU_NAMES)[number];

/** One emulated machine. */
export interface OracleMachine {
  readonly cpu: CpuName;
  readonly profile: CpuProfile;
  /** QEMU's `-machine`. */
  readonly machine: string;
  readonly ramBase: number;
  readonly ramBytes: number;
  /** Whether it has EL3, and with it TTBCR.PD0 and PD1, and starts in the secure state. */
  readonly hasEl3: boolean;
  /** Whether accesses outside of everything read 0 and write nothing instead of aborting. */
  readonly toleratesNothing: boolean;
  /**
   * The unit in which QEMU forgets executed code by address: its page size, which is 1 KiB on boards
   * that could have an older processor.
   */
  readonly codeBytes: number;
}

/** The end of RAM in every machine; from here to 4 GiB nothing answers. */
export const RAM_END = 0x7000_0000;

const virt = (cpu: CpuName, profile: CpuProfile, hasEl3: boolean): OracleMachine => ({
  cpu,
  profile,
  machine: hasEl3 ? 'virt,secure=on' : 'virt',
  ramBase: 0x4000_0000,
  ramBytes: RAM_END - 0x4000_0000,
  hasEl3,
  toleratesNothing: false,
  codeBytes: 4096,
});

export const ORACLE_MACHINES: readonly [OracleMachine, ...OracleMachine[]] = [
  virt('a7', cortexA7, false),
  virt('a7', cortexA7, true),
  virt('a15', cortexA15, false),
  virt('a15', cortexA15, true),
  {
    cpu: 'a9',
    profile: cortexA9,
    machine: 'vexpress-a9',
    ramBase: 0x6000_0000,
    ramBytes: RAM_END - 0x6000_0000,
    hasEl3: true,
    toleratesNothing: true,
    codeBytes: 1024,
  },
];

/** The seed for one machine: each is asked about other situations. */
export function seedFor(machine: OracleMachine, seed: number): number {
  return seed + ORACLE_MACHINES.indexOf(machine) * 0x0100_0193;
}
