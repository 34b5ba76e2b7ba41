/**
 * A pmap as bytes: what a spawned domain needs to go on managing the tables that it starts with.
 *
 * Little-endian 32-bit words:
 *
 *     0 magic "PWPM"   1 version   2 tables   3 leaf records   4 check sum of all words that follow
 *     then for each table   index, VNode slot, Mapping slot, physical address in KiB
 *     then for each leaf    page, entries | kind << 13 | flags << 16, Mapping slot, frame slot,
 *                           offset in pages, first page of the Mapping, entries of the Mapping
 *
 * Tables stand in order of their index and leaves in order of their page, so that equal spaces have
 * equal bytes. Slots are references in the CSpace of the reader.
 */
import type { CapRef } from '../base/index.js';
import type { PmapCore } from './pmap-core.js';
import {
  ROOT_ENTRIES,
  ROOT_ENTRY_PAGES,
  TABLE_ADDRESS,
  TABLE_INDEX,
  TABLE_MAPPING,
  TABLE_VNODE,
  tableAt,
} from './table-records.js';

export const MAGIC = 0x4d50_5750;
export const VERSION = 1;
export const HEADER_WORDS = 5;
export const TABLE_WORDS = 4;
export const LEAF_WORDS = 7;

/** A pmap as bytes, and how many records they hold. */
export interface SerialisedPmap {
  readonly bytes: Uint8Array;
  readonly records: number;
}

/** The records of a pmap as bytes. `slotFor` says where in the reader's CSpace each slot will be. */
export function serialisePmap(
  core: PmapCore,
  slotFor: (slot: CapRef) => number = (slot) => slot,
): SerialisedPmap {
  const tables: number[] = [];
  const leaves: number[] = [];
  const { shadow } = core;
  const records = shadow.leaves;
  for (let index = 0; index < ROOT_ENTRIES; index += 1) {
    const entry = shadow.tables.root[index];
    if ((entry & 1) === 0) continue;
    const words = shadow.tables.words;
    const at = tableAt(entry >>> 1);
    const vnode = slotFor(words[at + TABLE_VNODE] as CapRef);
    const mapping = slotFor(words[at + TABLE_MAPPING] as CapRef);
    tables.push(words[at + TABLE_INDEX], vnode, mapping, words[at + TABLE_ADDRESS]);
  }
  const end = ROOT_ENTRIES * ROOT_ENTRY_PAGES;
  for (let page = shadow.nextMapped(0, end); page >= 0; ) {
    const record = shadow.leafAt(page);
    leaves.push(
      page,
      records.runOf(record),
      slotFor(records.mappingOf(record)),
      slotFor(records.frameOf(record)),
      records.offsetOf(record),
      records.headOf(record),
      records.totalOf(record),
    );
    page = shadow.nextMapped(shadow.endOf(record), end);
  }
  const counts = [tables.length / TABLE_WORDS, leaves.length / LEAF_WORDS];
  const body = [...tables, ...leaves];
  const words = [MAGIC, VERSION, ...counts, checkSum(body), ...body];
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word >>> 0, true);
  return { bytes, records: counts[0] + counts[1] };
}

/** FNV-1a over words: finds what was cut, flipped or swapped by accident; it is no signature. */
export function checkSum(words: readonly number[]): number {
  let sum = 0x811c_9dc5;
  for (const word of words) sum = Math.imul(sum ^ word, 0x0100_0193);
  return sum >>> 0;
}
