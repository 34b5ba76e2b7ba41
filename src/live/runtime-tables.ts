/** The tables under which the runtime runs: its own MiB, the mailbox, and a window on all frames. */
import { MIB, PAGE_BYTES } from '../base/index.js';
import { addressBits, type CpuProfile, Kind, leafPattern } from '../format/index.js';
import type { PhysicalMemory } from '../machine/index.js';
import {
  CODE_OFFSET,
  MAILBOX_OFFSET,
  START_TABLE_OFFSET,
  WINDOW_BASE,
  WINDOW_TABLE_OFFSET,
} from './mailbox-layout.js';

/** Where the tables lie. */
export interface RuntimeTables {
  /** For TTBR0 until the first program runs: the runtime's code where it lies, to turn the MMU on. */
  readonly start: number;
  /** For TTBR1. */
  readonly window: number;
}

/** Permissions: PL1 reads and executes, PL1 reads and writes; the program never anything. */
const AP = { READ: 0b101, READ_WRITE: 0b001 } as const;

/** Writes both tables. */
export function writeRuntimeTables(
  memory: PhysicalMemory,
  profile: CpuProfile,
  ramBase: number,
  ramBytes: number,
): RuntimeTables {
  const mailbox = ramBase + MAILBOX_OFFSET;
  const start = mailbox + START_TABLE_OFFSET;
  const window = mailbox + WINDOW_TABLE_OFFSET;
  const code = ramBase + CODE_OFFSET;
  const section = (pa: number, executable: boolean, ng: boolean): number => {
    const pattern = leafPattern(Kind.SECTION, {
      ap: executable ? AP.READ : AP.READ_WRITE,
      xn: !executable,
      pxn: !executable && profile.hasPxn,
      tex: 0b001,
      c: true,
      b: true,
      s: false,
      ng,
      ns: false,
      domain: 0,
    });
    return (pattern | addressBits(Kind.SECTION, pa / PAGE_BYTES)) >>> 0;
  };
  // Not global, under the ASID 0 that no domain has: programs have other things at that address.
  memory.writeWord(start + (code / MIB) * 4, section(code, true, true));
  for (let pa = code; pa < ramBase + ramBytes; pa += MIB) {
    const va = WINDOW_BASE + pa - ramBase;
    memory.writeWord(window + (va / MIB) * 4, section(pa, pa === code, false));
  }
  return { start, window };
}
