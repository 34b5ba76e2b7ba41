/**
 * Taking over a pmap that was serialised (`pmap-serialise.ts`). Nothing in the bytes is believed: they
 * have to make whole Mappings, and the kernel has to know each of them, and each table, as what the
 * bytes say it is. Only the flags are taken at their word.
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
import { leafEntries, leafFlags, leafKindOf } from './leaf-run.js';
import type { PmapCore } from './pmap-core.js';
import { isRootKind, pagesPerEntry, pagesPerLeaf } from './pmap-policy.js';
import {
  checkSum,
  HEADER_WORDS,
  LEAF_WORDS,
  MAGIC,
  TABLE_WORDS,
  VERSION,
} from './pmap-serialise.js';
import { ROOT_ENTRY_PAGES, ROOT_INDEX_SHIFT } from './table-records.js';
import { ALL_VREGION_FLAGS } from './vregion-flags.js';

/** One table as the bytes have it, and the word that it begins with. */
interface TableWords {
  readonly at: number;
  readonly index: number;
  readonly vnode: CapRef;
  readonly mapping: CapRef;
  readonly kibibyte: number;
}

/** One run of leaves as the bytes have it, and the word that it begins with. */
interface LeafWords {
  readonly at: number;
  readonly page: number;
  readonly end: number;
  readonly entries: number;
  readonly kind: number;
  readonly flags: number;
  readonly mapping: CapRef;
  readonly frame: CapRef;
  readonly offset: number;
  /** First page and entries of the whole Mapping. */
  readonly head: number;
  readonly total: number;
}

/**
 * Fills the empty records of `core` from bytes that `serialisePmap` made. Everything is checked before
 * the first record is made.
 * Errors: `LIB_ERR_PMAP_DESERIALISE` says which word is wrong; `LIB_ERR_SLAB_REFILL` with its cause.
 */
export function deserialisePmap(core: PmapCore, bytes: Uint8Array): void {
  const words = readWords(bytes);
  const tables = tablesOf(words);
  const leaves = leavesOf(words);
  const slots = new Set<number>();
  checkTables(core, tables, slots);
  checkLeaves(core, tables, leaves, slots);
  const error: ErrorNumber = core.reserveRecords(leaves.length, tables.length);
  if (error !== OK) {
    throw VmError.from(
      pushError(error, Code.LIB_ERR_PMAP_DESERIALISE),
      `no memory for ${leaves.length} leaf and ${tables.length} table records`,
    );
  }
  const { shadow } = core;
  for (const { index, vnode, mapping, kibibyte } of tables) {
    shadow.putTable(index, vnode, mapping, kibibyte * 1024);
  }
  for (const { page, entries, kind, flags, mapping, frame, offset, head, total } of leaves) {
    shadow.putLeaf(page, entries, kind, flags, mapping, frame, offset, head, total);
  }
}

function refuse(word: number, message: string): never {
  throw new VmError('LIB_ERR_PMAP_DESERIALISE', `serialised pmap, word ${word}: ${message}`);
}

/** The words of bytes whose length, counts and check sum agree. */
function readWords(bytes: Uint8Array): number[] {
  const header = HEADER_WORDS * 4;
  if (bytes.length % 4 !== 0 || bytes.length < header) {
    refuse(0, `${bytes.length} bytes; a header of ${header} and whole words were expected`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = Array.from({ length: bytes.length / 4 }, (_, index) =>
    view.getUint32(index * 4, true),
  );
  if (words[0] !== MAGIC) refuse(0, `${hex0x(words[0])} is not the magic ${hex0x(MAGIC)}`);
  if (words[1] !== VERSION) refuse(1, `version ${words[1]}; this reader knows ${VERSION}`);
  const expected = HEADER_WORDS + words[2] * TABLE_WORDS + words[3] * LEAF_WORDS;
  if (words.length !== expected) {
    refuse(2, `${words.length} words where the counts make ${expected}`);
  }
  if (checkSum(words.slice(HEADER_WORDS)) !== words[4]) refuse(4, 'the check sum is another one');
  return words;
}

function tablesOf(words: readonly number[]): TableWords[] {
  return Array.from({ length: words[2] }, (_, table) => {
    const at = HEADER_WORDS + table * TABLE_WORDS;
    return {
      at,
      index: words[at],
      vnode: words[at + 1] as CapRef,
      mapping: words[at + 2] as CapRef,
      kibibyte: words[at + 3],
    };
  });
}

function leavesOf(words: readonly number[]): LeafWords[] {
  const first = HEADER_WORDS + words[2] * TABLE_WORDS;
  return Array.from({ length: words[3] }, (_, leaf) => {
    const at = first + leaf * LEAF_WORDS;
    const run = words[at + 1];
    const [kind, entries] = [leafKindOf(run), leafEntries(run)];
    const isLeaf = kind >= Kind.SECTION && kind <= Kind.SMALL;
    if (!isLeaf || entries === 0) refuse(at + 1, `${hex0x(run)} is no run of leaves`);
    return {
      at,
      page: words[at],
      end: words[at] + entries * pagesPerEntry(kind),
      entries,
      kind,
      flags: leafFlags(run),
      mapping: words[at + 2] as CapRef,
      frame: words[at + 3] as CapRef,
      offset: words[at + 4],
      head: words[at + 5],
      total: words[at + 6],
    };
  });
}

/** Tables in order, in free entries of the root, which the kernel knows there; notes their slots. */
function checkTables(core: PmapCore, tables: readonly TableWords[], slots: Set<number>): void {
  const { invocations, shadow } = core;
  const root = invocations.identify(core.root) === OK ? invocations.identity.kibibyte : -1;
  let last = -1;
  for (const { at, index, vnode, mapping, kibibyte } of tables) {
    if (index <= last || index * ROOT_ENTRY_PAGES >= core.endPage) {
      refuse(at, `table index ${index} is out of order or in the kernel window`);
    }
    last = index;
    if (shadow.tables.root[index] !== 0) refuse(at, `entry ${index} is taken already`);
    const identified = invocations.identify(vnode);
    if (identified !== OK || invocations.typeName(vnode) !== 'VNode_ARM_l2') {
      refuse(at + 1, `slot ${hex0x(vnode)} holds no L2 table`);
    }
    if (invocations.identity.kibibyte !== kibibyte) {
      refuse(at + 3, `the table lies at ${hex0x(invocations.identity.base)}`);
    }
    const found = invocations.mappingIdentity;
    const isInstalled =
      invocations.identifyMapping(mapping) === OK &&
      found.kind === Kind.TABLE &&
      found.tableKibibyte === root &&
      found.entry === index &&
      found.kibibyte === kibibyte;
    if (!isInstalled) {
      refuse(at + 2, `slot ${hex0x(mapping)} holds no Mapping of the table at entry ${index}`);
    }
    noteSlot(slots, vnode, at + 1);
    noteSlot(slots, mapping, at + 2);
  }
}

/** Each slot that a pmap owns serves one thing. */
function noteSlot(slots: Set<number>, slot: CapRef, word: number): void {
  if (slots.has(slot)) refuse(word, `slot ${hex0x(slot)} is named twice`);
  slots.add(slot);
}

/** Runs of leaves in order, which make whole Mappings in free places. */
function checkLeaves(
  core: PmapCore,
  tables: readonly TableWords[],
  leaves: readonly LeafWords[],
  slots: Set<number>,
): void {
  const places = new Map(tables.map(({ index, kibibyte }) => [index, kibibyte]));
  let before: LeafWords | undefined;
  for (const leaf of leaves) {
    const { at, page, end, kind, flags } = leaf;
    const leafPages = pagesPerLeaf(kind);
    const aligned = page % leafPages === 0 && (end - page) % leafPages === 0;
    if (page < (before?.end ?? 0) || end > core.endPage || !aligned) {
      refuse(
        at,
        `pages ${hex0x(page)} to ${hex0x(end)} are out of order, misaligned, or the kernel's`,
      );
    }
    if ((flags & ~ALL_VREGION_FLAGS) !== 0) refuse(at + 1, `${hex0x(flags)} are no region flags`);
    const isOpen = before !== undefined && endOfMapping(before) !== before.end;
    if (isOpen ? !continues(before as LeafWords, leaf) : leaf.head !== page) {
      refuse(at + 5, `page ${hex0x(page)} does not go on with a Mapping, or begin one`);
    }
    if (core.shadow.anyMapped(page, end - page)) refuse(at, 'pages that are mapped already');
    if (leaf.head === page) {
      checkMapping(core, places, leaf);
      noteSlot(slots, leaf.mapping, at + 2);
    }
    before = leaf;
  }
  if (before !== undefined && endOfMapping(before) !== before.end) {
    refuse(before.at + 6, `the Mapping of page ${hex0x(before.page)} is not whole`);
  }
}

function endOfMapping({ head, total, kind }: LeafWords): number {
  return head + total * pagesPerEntry(kind);
}

/** Whether `next` is the next run of the Mapping that `before` belongs to. */
function continues(before: LeafWords, next: LeafWords): boolean {
  return (
    next.page === before.end &&
    next.end <= endOfMapping(before) &&
    next.head === before.head &&
    next.total === before.total &&
    next.kind === before.kind &&
    next.mapping === before.mapping &&
    next.frame === before.frame &&
    next.offset === before.offset + (next.page - before.page)
  );
}

/** Whether the kernel knows the Mapping that begins with `leaf` as the one that is said. */
function checkMapping(core: PmapCore, places: ReadonlyMap<number, number>, leaf: LeafWords): void {
  const { invocations } = core;
  const { at, page, kind, mapping, frame, offset, total } = leaf;
  const index = page >>> ROOT_INDEX_SHIFT;
  const end = endOfMapping(leaf);
  let table = places.get(index);
  if (isRootKind(kind)) {
    for (let entry = index; entry < end >>> ROOT_INDEX_SHIFT; entry += 1) {
      if (places.has(entry)) refuse(at, `a section where entry ${entry} holds a table`);
    }
    table = invocations.identify(core.root) === OK ? invocations.identity.kibibyte : -1;
  } else if (table === undefined || (end - 1) >>> ROOT_INDEX_SHIFT !== index) {
    refuse(at, `pages at ${hex0x(page * PAGE_BYTES)} outside of any table`);
  }
  if (invocations.identifyFrame(frame) !== OK) {
    refuse(at + 3, `slot ${hex0x(frame)} holds no frame`);
  }
  const found = invocations.mappingIdentity;
  const isThere =
    invocations.identifyMapping(mapping) === OK &&
    found.kind === kind &&
    found.tableKibibyte === table &&
    found.entry === core.entryOf(page, kind) &&
    found.entries === total;
  if (!isThere) {
    refuse(at + 2, `slot ${hex0x(mapping)} holds no Mapping of ${total} entries at that page`);
  }
  if (found.kibibyte !== invocations.identity.kibibyte || found.page !== offset) {
    refuse(at + 4, `page ${hex0x(offset)} of the frame is not what is mapped there`);
  }
}
