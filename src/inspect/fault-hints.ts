/**
 * What meets the eye in an address that faulted: a null pointer, a value that somebody fills memory
 * with, text, or an address just outside of a region.
 */

import { formatBytes, hex } from '../base/index.js';
import { isWritable } from './leaf-meaning.js';
import type { MapRow } from './map-rows.js';

/** Addresses below this are members of a structure at address 0. */
const NULL_BYTES = 0x1_0000;
/** How far outside of a region an access still has to do with it. */
const NEAR_BYTES = 0x1_0000;
/** How far from a poison value an address still comes from it: the offset of a member. */
const MEMBER_BYTES = 0x1000;

/** Values that memory is filled with, and by whom. */
const POISONS: readonly (readonly [number, string])[] = [
  [0x6b6b_6b6b, 'Linux fills freed slab objects with it: a use after free'],
  [0x5a5a_5a5a, 'Linux fills new slab objects with it: memory that was never initialised'],
  [0xa5a5_a5a5, 'FreeRTOS fills stacks with it: memory that was never written'],
  [0xdead_beef, 'memory that was marked as dead'],
  [0xcccc_cccc, 'memory that a debugger or compiler filled'],
];

/** Linux writes these into list entries that were removed; they would be null pointers otherwise. */
const LIST_POISONS = [0x100, 0x122, 0x200];

/** What there is to say about `va`, given the map around it. */
export function hintsFor(
  va: number,
  faults: boolean,
  around: Readonly<Record<'region' | 'below' | 'above', MapRow | undefined>>,
): string[] {
  if (!faults) return [];
  const hints: string[] = [];
  if (va < NULL_BYTES) {
    const list = LIST_POISONS.includes(va) ? ', or a list entry that Linux removed' : '';
    hints.push(va === 0 ? 'a null pointer' : `a null pointer, offset ${formatHex(va)}${list}`);
  }
  for (const [value, text] of POISONS) {
    if (Math.abs(va - value) < MEMBER_BYTES) hints.push(`${hex(value)}: ${text}`);
  }
  const text = asText(va);
  if (text !== undefined) hints.push(`the bytes of the address are the text ${text}`);
  // Only where nothing is mapped does it matter what is near.
  if (around.region?.type !== undefined) return hints;
  const { below, above } = around;
  if (above !== undefined && above.va - va <= NEAR_BYTES && above.va > va) {
    const what = isWritable(above.rights) ? ': a stack that grew over its end?' : '';
    hints.push(`${formatBytes(above.va - va)} below the region at ${hex(above.va)}${what}`);
  }
  const end = below === undefined ? 0 : below.va + below.bytes;
  if (below !== undefined && va >= end && va - end < NEAR_BYTES) {
    hints.push(`${formatBytes(va - end)} behind the end of the region at ${hex(below.va)}`);
  }
  return hints;
}

/** The four bytes of the address as text, lowest first as they lie in memory, if all are letters. */
function asText(va: number): string | undefined {
  const bytes = [0, 8, 16, 24].map((shift) => (va >>> shift) & 255);
  if (!bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return undefined;
  const letters = bytes.filter((byte) => /[A-Za-z0-9 /._-]/.test(String.fromCharCode(byte)));
  return letters.length === 4 ? JSON.stringify(String.fromCharCode(...bytes)) : undefined;
}

function formatHex(value: number): string {
  return `0x${value.toString(16)}`;
}
