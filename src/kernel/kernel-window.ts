/**
 * The kernel window: the addresses from the memory offset up, translated by one table of the kernel's
 * own through TTBR1 (Arm ARM B3.5.4). All domains share it, no domain's table has a word of it, and a
 * context switch leaves it alone; its entries are global, so that every ASID uses the same TLB entries.
 */
import { hex0x, isPowerOfTwo, MIB, VmError } from '../base/index.js';
import { addressBits, Kind, leafPattern } from '../format/index.js';
import type { Machine } from '../machine/index.js';

const ADDRESS_SPACE = 2 ** 32;
/** TTBCR.N can be 0 to 7: TTBR0 translates all, or the lowest half down to a hundred and twenty-eighth. */
const SMALLEST_OFFSET = ADDRESS_SPACE / 128;

/**
 * Maps the RAM of the machine from `memoryOffset` on by sections of the table at `root`, as much of it as the window
 * holds, and lets TTBR1 translate the window.
 * Errors: `MACHINE_ERR_REGISTER` TTBCR.N cannot divide the addresses at `memoryOffset`.
 */
export function openKernelWindow(machine: Machine, root: number, memoryOffset: number): void {
  if (!isPowerOfTwo(memoryOffset) || memoryOffset < SMALLEST_OFFSET) {
    throw new VmError(
      'MACHINE_ERR_REGISTER',
      `TTBCR.N cannot divide the addresses at ${hex0x(memoryOffset)}: a power of two from ` +
        `${hex0x(SMALLEST_OFFSET)} to 0x80000000 can be`,
    );
  }
  const { memory, profile } = machine;
  const { registers } = machine.cpu;
  // Data of privileged code: read and written, cached, never run.
  const pattern = leafPattern(Kind.SECTION, {
    ap: 0b001,
    xn: true,
    pxn: profile.hasPxn,
    tex: 0b001,
    c: true,
    b: true,
    s: false,
    ng: false,
    ns: false,
    domain: 0,
  });
  const first = memory.banks.find(({ kind }) => kind === 'ram')?.base ?? 0;
  memory.fill(root, 16 * 1024, 0);
  for (const bank of memory.banks) {
    if (bank.kind !== 'ram') continue;
    const base = Math.ceil(bank.base / MIB) * MIB;
    for (let pa = base; pa + MIB <= bank.base + bank.bytes; pa += MIB) {
      const va = memoryOffset + pa - first;
      if (va < memoryOffset || va + MIB > ADDRESS_SPACE) continue;
      const word = pattern | addressBits(Kind.SECTION, pa / 4096);
      memory.writeWord(root + (va / MIB) * 4, word >>> 0);
    }
  }
  registers.ttbr1 = root;
  registers.ttbcr = Math.log2(ADDRESS_SPACE / memoryOffset);
}
