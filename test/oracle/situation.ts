/** What is asked: registers, tables, and one access. */

import { Access } from '../../src/format/index.js';
import type { TranslationRegisters } from '../../src/machine/index.js';
import { GUEST_BASE, SECTION_BYTES, TABLES_BASE, TABLES_BYTES } from './memory-map.js';

/** The values of the registers that translation depends on. */
export type RegisterValues = TranslationRegisters;

/** Registers, and the tables that they lead to. */
export interface Situation {
  readonly registers: RegisterValues;
  /** The bank, and with it where the tables lie. */
  readonly bank: number;
  readonly base: number;
  /** What lies from `base` on: TABLES_BYTES of tables. */
  readonly tables: Uint32Array;
}

/** Where the tables of a bank lie. */
export function tablesOf(bank: number): number {
  return TABLES_BASE + bank * TABLES_BYTES;
}

/** The MiB that the guest borrows from every address space. */
export const GUEST_MIB = GUEST_BASE / SECTION_BYTES;

/** One way to ask: a routine of the guest, and what our model does for it. */
export interface Operation {
  /** The name of the routine, and of the AT operation where it is one. */
  readonly name: string;
  readonly kind: 'read' | 'write' | 'fetch' | 'translate';
  readonly access: number;
  readonly bytes: 1 | 2 | 4;
}

const { PRIVILEGED_READ, PRIVILEGED_WRITE, PRIVILEGED_FETCH, USER_READ, USER_WRITE, USER_FETCH } =
  Access;

function sizes(name: string, kind: 'read' | 'write', access: number): Operation[] {
  return ([1, 2, 4] as const).map((bytes) => ({ name: `${name}_${bytes}`, kind, access, bytes }));
}

/** Everything that the guest can be asked to do to an address. */
export const OPERATIONS: readonly Operation[] = [
  ...sizes('privileged_read', 'read', PRIVILEGED_READ),
  ...sizes('privileged_write', 'write', PRIVILEGED_WRITE),
  ...sizes('user_read', 'read', USER_READ),
  ...sizes('user_write', 'write', USER_WRITE),
  { name: 'privileged_fetch', kind: 'fetch', access: PRIVILEGED_FETCH, bytes: 4 },
  { name: 'user_fetch', kind: 'fetch', access: USER_FETCH, bytes: 4 },
  { name: 'ATS1CPR', kind: 'translate', access: PRIVILEGED_READ, bytes: 1 },
  { name: 'ATS1CPW', kind: 'translate', access: PRIVILEGED_WRITE, bytes: 1 },
  { name: 'ATS1CUR', kind: 'translate', access: USER_READ, bytes: 1 },
  { name: 'ATS1CUW', kind: 'translate', access: USER_WRITE, bytes: 1 },
];

/** The operation with that name. */
export function operation(name: string): Operation {
  const found = OPERATIONS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no operation is called ${name}`);
  return found;
}

/** One question: an operation on an address. */
export interface Check {
  readonly operation: Operation;
  readonly va: number;
  /** What is written. */
  readonly value: number;
}

/** What became of an operation, as the guest tells it. */
export interface Answer {
  /** One of `Outcome`. */
  readonly outcome: number;
  /** The value read, PAR, or the FSR; for a fetch the physical address of the code. */
  readonly result: number;
  /** The address that was accessed, or the FAR. */
  readonly address: number;
}

/** Whether two answers are the same. */
export function sameAnswer(left: Answer, right: Answer): boolean {
  return (
    left.outcome === right.outcome && left.result === right.result && left.address === right.address
  );
}

/** The addresses that a check translates: one, or the start of the next page as well. */
export function partsOf({ va, operation: { kind, bytes } }: Check): readonly number[] {
  const over = kind !== 'fetch' && kind !== 'translate' && (va % 4096) + bytes > 4096;
  return over ? [va, (va - (va % 4096) + 4096) >>> 0] : [va];
}
