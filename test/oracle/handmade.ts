/** Situations made by hand, for tests that pin one thing. */

import { Sctlr } from '../../src/machine/index.js';
import { type OracleGuest, Outcome } from './guest.js';
import { SECTION_BYTES, TABLES_BYTES } from './memory-map.js';
import type { Model } from './model.js';
import {
  type Answer,
  type Check,
  GUEST_MIB,
  operation,
  type RegisterValues,
  type Situation,
  tablesOf,
} from './situation.js';

/** The place of the level-2 table of a situation made by hand. */
const L2_OFFSET = 0x8000;
/** The address that entry 1 of the root translates. */
export const MIB_1 = SECTION_BYTES;
/** The level-2 table, for table entries. */
export const L2_TABLE = tablesOf(0) + L2_OFFSET;

/** A root table with entry 1 as given, a level-2 table with entries as given, the rest faults. */
export function handmade(
  entry: number,
  pages: readonly number[] = [],
  registers: Partial<RegisterValues> = {},
): Situation {
  const base = tablesOf(0);
  const tables = new Uint32Array(TABLES_BYTES / 4);
  // The guest in domain 15, privileged only.
  tables[GUEST_MIB] = ((GUEST_MIB << 20) | 0x5e2) >>> 0;
  tables[1] = entry;
  tables.set(pages, L2_OFFSET / 4);
  const usual: RegisterValues = {
    ttbr0: base,
    ttbr1: 0,
    ttbcr: 0,
    dacr: 0x5555_5555,
    prrr: 0,
    nmrr: 0,
    contextidr: 0,
    sctlr: Sctlr.M,
  };
  return { bank: 0, base, tables, registers: { ...usual, ...registers } };
}

/** What QEMU and our CPU answer, each by itself. */
export interface BothAnswers {
  readonly qemu: Answer;
  readonly ours: Answer;
}

/** Asks both sides, without any exception. */
export async function askBoth(
  guest: OracleGuest,
  model: Model,
  situation: Situation,
  routine: string,
  va: number,
): Promise<BothAnswers> {
  const list = guest.list(0);
  list.push('enter', guest.registersOf(0));
  list.push(routine, va, 0);
  list.push('leave');
  guest.memory.write(situation.base, situation.tables);
  guest.writeRegisters(0, situation.registers);
  const words = await guest.run(list, 0);
  const qemu = { outcome: words[4] ?? 0, result: words[5] ?? 0, address: words[6] ?? 0 };
  model.enter(situation);
  return { qemu, ours: model.perform({ operation: operation(routine), va, value: 0 }) };
}

/** A data abort with this DFSR. */
export function dataAbort(result: number, address: number): Answer {
  return { outcome: Outcome.DATA_ABORT, result, address };
}

/** A prefetch abort with this IFSR. */
export function prefetchAbort(result: number, address: number): Answer {
  return { outcome: Outcome.PREFETCH_ABORT, result, address };
}

/** An access or operation that came to its end. */
export function done(result: number, address: number): Answer {
  return { outcome: Outcome.DONE, result, address };
}

/** A check for the model alone. */
export function checkOf(routine: string, va: number): Check {
  return { operation: operation(routine), va, value: 0 };
}
