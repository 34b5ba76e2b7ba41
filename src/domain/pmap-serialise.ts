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
import {
  type CapRef,
  Code,
  type ErrorNumber,
  hex0x,
  OK,
  PAGE_BYTES,
  pushError,
  VmError,
} from '../base/index.js';
import { Kind } from '../format/index.js';
import {
  LEAF_FRAME,
  LEAF_HEAD,
  LEAF_MAPPING,
  LEAF_OFFSET,
  LEAF_RUN,
  LEAF_TOTAL,
  leafEntries,
  leafFlags,
  leafKindOf,
  RECORD_SHIFT,
} from './leaf-records.js';
import type { PmapCore } from './pmap-core.js';
import { isRootKind, pagesPerEntry, pagesPerLeaf } from './pmap-policy.js';
import {
  ROOT_ENTRIES,
  ROOT_ENTRY_PAGES,
  ROOT_INDEX_SHIFT,
  TABLE_ADDRESS,
  TABLE_INDEX,
  TABLE_MAPPING,
  TABLE_VNODE,
  tableAt,
} from './table-records.js';

const MAGIC = 0x4d50_5750;
const VERSION = 1;
const HEADER_WORDS = 5;
const TABLE_WORDS = 4;
const LEAF_WORDS = 7;

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
    const words = shadow.leaves.words;
    const at = record << RECORD_SHIFT;
    leaves.push(
      page,
      words[at + LEAF_RUN],
      slotFor(words[at + LEAF_MAPPING] as CapRef),
      slotFor(words[at + LEAF_FRAME] as CapRef),
      words[at + LEAF_OFFSET],
      words[at + LEAF_HEAD],
      words[at + LEAF_TOTAL],
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
function checkSum(words: readonly number[]): number {
  let sum = 0x811c_9dc5;
  for (const word of words) sum = Math.imul(sum ^ word, 0x0100_0193);
  return sum >>> 0;
}

/**
 * Fills the empty records of `core` from bytes that {@link serialisePmap} made. Everything is checked
 * before the first record is made: the records themselves, and that the kernel knows each capability
 * that they name as what they say it is.
 * Errors: `LIB_ERR_PMAP_DESERIALISE` says which word is wrong; `LIB_ERR_SLAB_REFILL` with its cause.
 */
export function deserialisePmap(core: PmapCore, bytes: Uint8Array): void {
  const words = readWords(bytes);
  const tableCount = words[2];
  const leafCount = words[3];
  checkTables(core, words, tableCount);
  checkLeaves(core, words, tableCount, leafCount);
  const error: ErrorNumber = core.reserveRecords(leafCount, tableCount);
  if (error !== OK) {
    throw VmError.from(
      pushError(error, Code.LIB_ERR_PMAP_DESERIALISE),
      `no memory for ${leafCount} leaf and ${tableCount} table records`,
    );
  }
  for (let table = 0; table < tableCount; table += 1) {
    const at = HEADER_WORDS + table * TABLE_WORDS;
    core.shadow.putTable(words[at], words[at + 1], words[at + 2], words[at + 3] * 1024);
  }
  for (let leaf = 0; leaf < leafCount; leaf += 1) {
    const at = leafStart(tableCount) + leaf * LEAF_WORDS;
    const run = words[at + 1];
    core.shadow.putLeaf(
      words[at],
      leafEntries(run),
      leafKindOf(run),
      leafFlags(run),
      words[at + 2],
      words[at + 3],
      words[at + 4],
      words[at + 5],
      words[at + 6],
    );
  }
}

function leafStart(tableCount: number): number {
  return HEADER_WORDS + tableCount * TABLE_WORDS;
}

function refuse(word: number, message: string): never {
  throw new VmError('LIB_ERR_PMAP_DESERIALISE', `serialised pmap, word ${word}: ${message}`);
}

function readWords(bytes: Uint8Array): number[] {
  if (bytes.length % 4 !== 0 || bytes.length < HEADER_WORDS * 4) {
    refuse(
      0,
      `${bytes.length} bytes; a header of ${HEADER_WORDS * 4} and whole words were expected`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = Array.from({ length: bytes.length / 4 }, (_, index) =>
    view.getUint32(index * 4, true),
  );
  if (words[0] !== MAGIC) refuse(0, `${hex0x(words[0])} is not the magic ${hex0x(MAGIC)}`);
  if (words[1] !== VERSION) refuse(1, `version ${words[1]}; this reader knows ${VERSION}`);
  const expected = HEADER_WORDS + words[2] * TABLE_WORDS + words[3] * LEAF_WORDS;
  if (words.length !== expected)
    refuse(2, `${words.length} words where the counts make ${expected}`);
  if (checkSum(words.slice(HEADER_WORDS)) !== words[4]) refuse(4, 'the check sum is another one');
  return words;
}

function checkTables(core: PmapCore, words: readonly number[], count: number): void {
  let last = -1;
  for (let table = 0; table < count; table += 1) {
    const at = HEADER_WORDS + table * TABLE_WORDS;
    const index = words[at];
    if (index <= last || index * ROOT_ENTRY_PAGES >= core.endPage) {
      refuse(at, `table index ${index} is out of order or in the kernel window`);
    }
    last = index;
    if (core.shadow.tables.root[index] !== 0) refuse(at, `entry ${index} is taken already`);
    const vnode = core.invocations.identify(words[at + 1] as CapRef);
    if (vnode !== OK || core.invocations.typeName(words[at + 1] as CapRef) !== 'VNode_ARM_l2') {
      refuse(at + 1, `slot ${hex0x(words[at + 1])} holds no L2 table`);
    }
    if (core.invocations.identity.base !== words[at + 3] * 1024) {
      refuse(at + 3, `the table lies at ${hex0x(core.invocations.identity.base)}`);
    }
    if (core.invocations.typeName(words[at + 2] as CapRef) !== 'VNode_ARM_l2_Mapping') {
      refuse(at + 2, `slot ${hex0x(words[at + 2])} holds no Mapping of a table`);
    }
  }
}

function checkLeaves(
  core: PmapCore,
  words: readonly number[],
  tableCount: number,
  leafCount: number,
): void {
  const tables = new Set<number>();
  for (let table = 0; table < tableCount; table += 1)
    tables.add(words[HEADER_WORDS + table * TABLE_WORDS]);
  let end = 0;
  for (let leaf = 0; leaf < leafCount; leaf += 1) {
    const at = leafStart(tableCount) + leaf * LEAF_WORDS;
    const [page, run, , , , head, total] = words.slice(at, at + LEAF_WORDS) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const entries = leafEntries(run);
    const kind = leafKindOf(run);
    const isLeaf = kind >= Kind.SECTION && kind <= Kind.SMALL;
    if (!isLeaf || entries === 0) refuse(at + 1, `${hex0x(run)} is no run of leaves`);
    const perEntry = pagesPerEntry(kind);
    const last = page + entries * perEntry;
    const aligned =
      page % pagesPerLeaf(kind) === 0 && (entries * perEntry) % pagesPerLeaf(kind) === 0;
    if (page < end || last > core.endPage || !aligned) {
      refuse(
        at,
        `pages ${hex0x(page)} to ${hex0x(last)} are out of order, misaligned, or the kernel's`,
      );
    }
    end = last;
    if (head > page || last > head + total * perEntry || head + total * perEntry > core.endPage) {
      refuse(at + 5, `the Mapping does not hold page ${hex0x(page)}`);
    }
    checkPlace(core, tables, at, page, last, kind);
    checkMapping(core, words, at, kind);
  }
}

function checkPlace(
  core: PmapCore,
  tables: ReadonlySet<number>,
  at: number,
  page: number,
  last: number,
  kind: number,
): void {
  const index = page >>> ROOT_INDEX_SHIFT;
  if (isRootKind(kind)) {
    for (let entry = index; entry < last >>> ROOT_INDEX_SHIFT; entry += 1) {
      if (tables.has(entry)) refuse(at, `a section where entry ${entry} holds a table`);
    }
  } else if (!tables.has(index) || (last - 1) >>> ROOT_INDEX_SHIFT !== index) {
    refuse(at, `pages at ${hex0x(page * PAGE_BYTES)} outside of any table`);
  }
  if (core.shadow.anyMapped(page, last - page)) refuse(at, 'pages that are mapped already');
}

function checkMapping(core: PmapCore, words: readonly number[], at: number, kind: number): void {
  const frame = words[at + 3] as CapRef;
  if (core.invocations.identifyFrame(frame) !== OK)
    refuse(at + 3, `slot ${hex0x(frame)} holds no frame`);
  const { bytes } = core.invocations.identity;
  const end = (words[at + 4] + leafEntries(words[at + 1]) * pagesPerEntry(kind)) * PAGE_BYTES;
  if (end > bytes) refuse(at + 4, `the run leaves the frame of ${hex0x(bytes)} bytes`);
  const name = core.invocations.typeName(words[at + 2] as CapRef);
  if (name !== 'Frame_Mapping' && name !== 'DevFrame_Mapping') {
    refuse(at + 2, `slot ${hex0x(words[at + 2])} holds no Mapping of a frame`);
  }
}
