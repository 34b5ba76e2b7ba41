/**
 * Where everything lies that host and runtime share; `guest/live.S` has the same numbers.
 *
 *     RAM            what QEMU puts there: the devicetree of the board
 *     RAM + 1 MiB    the code of the runtime      80100000   PL1 r-x
 *     RAM + 2 MiB    mailbox, first tables        80200000   PL1 rw-
 *     RAM + 3 MiB    the memory of the domains    80300000   PL1 rw-
 */
import { MIB } from '../base/index.js';

/** Where the RAM begins in the addresses that TTBR1 translates. */
export const WINDOW_BASE = 0x8000_0000;
export const CODE_OFFSET = MIB;
export const MAILBOX_OFFSET = 2 * MIB;
/** From here on the RAM is the domains'. */
export const DOMAINS_OFFSET = 3 * MIB;

/** In the MiB of the mailbox: the table that the runtime turns the MMU on with, and that for TTBR1. */
export const START_TABLE_OFFSET = 0x4000;
export const WINDOW_TABLE_OFFSET = 0x8000;

/** Offsets of words in the mailbox. */
export const Word = {
  GO: 0x000,
  REQUEST: 0x040,
  ANSWER: 0x080,
  OPERATION_COUNT: 0x084,
  ASLEEP: 0x0c0,
  RUNTIME_SLEEPS: 0x0c8,
  CONTEXT: 0x100,
  OPERATIONS: 0x200,
} as const;

/** The end of the mailbox: a page. */
export const MAILBOX_BYTES = 0x1000;
/** Operations that one answer can ask for. */
export const MOST_OPERATIONS = (MAILBOX_BYTES - Word.OPERATIONS) / 8;

/** Why the runtime asks. */
export const Trap = {
  /** The runtime runs, with its MMU on, and has no program yet. */
  HELLO: 1,
  SUPERVISOR_CALL: 2,
  DATA_ABORT: 3,
  PREFETCH_ABORT: 4,
  UNDEFINED: 5,
  /** An exception that was not taken from a program. */
  PANIC: 6,
} as const;

/** What the runtime does before it goes on. */
export const Operation = { TLBIALL: 0, TLBIMVA: 1, TLBIASID: 2, TLBIMVAA: 3, REWRITE: 4 } as const;

/** Words of a program's registers: r0 to r14, pc, cpsr. */
export const CONTEXT_WORDS = 17;
export const PC = 15;
export const CPSR = 16;

/** CPSR of a program: user mode, asynchronous aborts, IRQ and FIQ masked; T is bit 5. */
export const USER_CPSR = 0x1d0;
export const CPSR_THUMB = 1 << 5;
export const CPSR_MODE = 0x1f;
export const USER_MODE = 0x10;
