/** The boards that QEMU emulates for a live machine, one for each processor. */
import { formatBytes, MIB, VmError } from '../base/index.js';

/** One board. */
export interface Board {
  /** The name on the command line. */
  readonly cpu: string;
  /** QEMU's `-machine` and `-cpu`, which is also the name of our profile. */
  readonly machine: string;
  readonly profile: string;
  readonly ramBase: number;
}

/** By the names that the command line has for the processors. */
const BOARDS: readonly Board[] = [
  { cpu: 'a7', machine: 'virt', profile: 'cortex-a7', ramBase: 0x4000_0000 },
  { cpu: 'a15', machine: 'virt', profile: 'cortex-a15', ramBase: 0x4000_0000 },
  { cpu: 'a9', machine: 'vexpress-a9', profile: 'cortex-a9', ramBase: 0x6000_0000 },
];

/** RAM of a machine, at least and at most: whole MiB, and the three first ones are the runtime's. */
const LEAST_RAM = 8 * MIB;
const MOST_RAM = 1024 * MIB;

/** The board with that processor. Errors: USAGE_ERR — there is none. */
export function boardOf(cpu: string): Board {
  const board = BOARDS.find((each) => each.cpu === cpu || each.profile === cpu);
  if (board !== undefined) return board;
  const known = BOARDS.map((each) => each.cpu).join(', ');
  throw new VmError('USAGE_ERR', `no board has the processor ${cpu}; there are ${known}`);
}

/** Errors: USAGE_ERR — no board has that much RAM. */
export function requireRam(bytes: number): void {
  if (bytes % MIB === 0 && bytes >= LEAST_RAM && bytes <= MOST_RAM) return;
  throw new VmError(
    'USAGE_ERR',
    `RAM of ${formatBytes(bytes)}; whole MiB from ${LEAST_RAM / MIB} to ${MOST_RAM / MIB} were expected`,
  );
}
