/**
 * Spaces of our own machine, as the inspector reads them.
 */

import { Code, hex0x, OK, pushError, VmError } from '../base/index.js';
import type { Pmap } from '../domain/index.js';
import type { Kernel } from '../kernel/index.js';
import { type Machine, Sctlr, SystemRegisters, Ttbcr } from '../machine/index.js';
import type { SpaceInput } from './address-space.js';

/** The space that the CPU of the machine is running in. */
export function machineSpace(machine: Machine): SpaceInput {
  const { memory, profile, cpu } = machine;
  return { reader: memory, registers: cpu.registers, profile };
}

/**
 * The space that a pmap manages, whether it is running or not.
 *
 * Errors: `LIB_ERR_PMAP_INIT` its root table cannot be identified any more.
 */
export function pmapSpace(kernel: Kernel, pmap: Pmap): SpaceInput {
  const { memory, profile } = kernel.machine;
  return { reader: memory, registers: pmapRegisters(kernel, pmap), profile };
}

/** The registers under which the machine would run the space of a pmap. Errors: as {@link pmapSpace}. */
export function pmapRegisters(kernel: Kernel, pmap: Pmap): SystemRegisters {
  const { invocations, root } = pmap.core;
  const error = invocations.identify(root);
  if (error !== OK) {
    const text = `the root table in slot ${hex0x(root)} of this pmap is gone`;
    throw VmError.from(pushError(error, Code.LIB_ERR_PMAP_INIT), text);
  }
  const current = kernel.machine.cpu.registers;
  const registers = new SystemRegisters(kernel.machine.profile);
  registers.ttbr0 = invocations.identity.base;
  registers.ttbr1 = current.ttbr1;
  registers.ttbcr = current.ttbcr & ~Ttbcr.PD0;
  registers.dacr = current.dacr;
  registers.sctlr = current.sctlr | Sctlr.M;
  registers.prrr = current.prrr;
  registers.nmrr = current.nmrr;
  registers.contextidr = current.contextidr;
  return registers;
}
