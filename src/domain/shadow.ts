/**
 * The shadow: what a pmap knows of its tables without asking the kernel. Only records change here;
 * nothing is allocated from anybody, and nothing can fail once the records are there.
 */
import {
  anyBit,
  clearBit,
  clearBits,
  firstBitFrom,
  lastBitUpTo,
  setBit,
  setBits,
  testBit,
} from '../base/index.js';
import { Kind } from '../format/index.js';
import {
  LEAF_FRAME,
  LEAF_HEAD,
  LEAF_MAPPING,
  LEAF_OFFSET,
  LEAF_PAGE,
  LEAF_RUN,
  LEAF_TOTAL,
  LeafRecords,
  leafEntries,
  leafFlags,
  leafKindOf,
  packLeafRun,
  RECORD_SHIFT,
} from './leaf-records.js';
import { isRootKind, pagesPerEntry } from './pmap-policy.js';
import {
  ROOT_ENTRY_PAGES,
  ROOT_INDEX_SHIFT,
  TABLE_ADDRESS,
  TABLE_INDEX,
  TABLE_MAPPING,
  TABLE_STARTS,
  TABLE_TAKEN,
  TABLE_VNODE,
  TableRecords,
  tableAt,
} from './table-records.js';

const ENTRY_MASK = ROOT_ENTRY_PAGES - 1;

/** The records of one pmap and how they are found. Addresses are page numbers. */
export class Shadow {
  readonly leaves = new LeafRecords();
  readonly tables = new TableRecords();
  /** Records that do not begin a Mapping but go on with one. */
  private parts = 0;

  /** Mappings of leaves that there are. */
  get mappings(): number {
    return this.leaves.usedCount - this.parts;
  }

  /** The table record that serves `page`, or 0. */
  tableOf(page: number): number {
    const root = this.tables.root[page >>> ROOT_INDEX_SHIFT];
    return (root & 1) !== 0 ? root >>> 1 : 0;
  }

  /** The leaf record that covers `page`, or 0. */
  leafAt(page: number): number {
    const root = this.tables.root[page >>> ROOT_INDEX_SHIFT];
    if ((root & 1) === 0) return root >>> 1;
    const words = this.tables.words;
    const at = tableAt(root >>> 1);
    const entry = page & ENTRY_MASK;
    if (!testBit(words, at + TABLE_TAKEN, entry)) return 0;
    const start = lastBitUpTo(words, at + TABLE_STARTS, entry);
    return this.leaves.find((page & ~ENTRY_MASK) | start);
  }

  /** The first mapped page from `page` on and below `end`, or -1. */
  nextMapped(page: number, end: number): number {
    for (let at = page; at < end; ) {
      const border = (at & ~ENTRY_MASK) + ROOT_ENTRY_PAGES;
      const root = this.tables.root[at >>> ROOT_INDEX_SHIFT];
      if (root !== 0) {
        if ((root & 1) === 0) return at;
        const taken = tableAt(root >>> 1) + TABLE_TAKEN;
        const words = this.tables.words;
        const entry = firstBitFrom(words, taken, at & ENTRY_MASK, ROOT_ENTRY_PAGES);
        if (entry >= 0) {
          const found = (at & ~ENTRY_MASK) | entry;
          return found < end ? found : -1;
        }
      }
      at = border;
    }
    return -1;
  }

  /** Whether the last {@link anyMapped} that found nothing came upon a table without leaves. */
  sawTable = false;

  /** Whether any of `pages` from `page` on is mapped. */
  anyMapped(page: number, pages: number): boolean {
    const { root, rootUsed } = this.tables;
    const end = page + pages;
    const limit = ((end - 1) >>> ROOT_INDEX_SHIFT) + 1;
    this.sawTable = false;
    let index = page >>> ROOT_INDEX_SHIFT;
    for (; ; index += 1) {
      index = firstBitFrom(rootUsed, 0, index, limit);
      if (index < 0) return false;
      this.sawTable = true;
      const entry = root[index];
      if ((entry & 1) === 0) return true;
      const first = index << ROOT_INDEX_SHIFT;
      const from = first < page ? page : first;
      const to = first + ROOT_ENTRY_PAGES < end ? first + ROOT_ENTRY_PAGES : end;
      const taken = tableAt(entry >>> 1) + TABLE_TAKEN;
      if (anyBit(this.tables.words, taken, from & ENTRY_MASK, to - from)) return true;
    }
  }

  /** Records a run of leaves in a record that the slab has free. Answers the record. */
  putLeaf(
    page: number,
    entries: number,
    kind: number,
    flags: number,
    mapping: number,
    frame: number,
    offset: number,
    head: number,
    total: number,
  ): number {
    const inRoot = isRootKind(kind);
    const record = inRoot ? this.leaves.takeForRoot(page) : this.leaves.take(page);
    const words = this.leaves.words;
    const at = record << RECORD_SHIFT;
    words[at + LEAF_RUN] = packLeafRun(entries, kind, flags);
    words[at + LEAF_MAPPING] = mapping;
    words[at + LEAF_FRAME] = frame;
    words[at + LEAF_OFFSET] = offset;
    words[at + LEAF_HEAD] = head;
    words[at + LEAF_TOTAL] = total;
    if (page !== head) this.parts += 1;
    const index = page >>> ROOT_INDEX_SHIFT;
    if (inRoot) {
      this.tables.setRoot(index, entries, record << 1);
      return record;
    }
    const table = tableAt(this.tables.root[index] >>> 1);
    const entry = page & ENTRY_MASK;
    setBit(this.tables.words, table + TABLE_STARTS, entry);
    if (entries === 1) setBit(this.tables.words, table + TABLE_TAKEN, entry);
    else setBits(this.tables.words, table + TABLE_TAKEN, entry, entries);
    return record;
  }

  /** As {@link putLeaf} for a whole Mapping of small pages in the table whose words begin at `table`. */
  putPages(
    page: number,
    pages: number,
    flags: number,
    mapping: number,
    frame: number,
    offset: number,
    table: number,
  ): void {
    const at = this.leaves.take(page) << RECORD_SHIFT;
    const { words } = this.leaves;
    words[at | LEAF_RUN] = packLeafRun(pages, Kind.SMALL, flags);
    words[at | LEAF_MAPPING] = mapping;
    words[at | LEAF_FRAME] = frame;
    words[at | LEAF_OFFSET] = offset;
    words[at | LEAF_HEAD] = page;
    words[at | LEAF_TOTAL] = pages;
    const bits = this.tables.words;
    const entry = page & ENTRY_MASK;
    const word = table + (entry >>> 5);
    const bit = 1 << (entry & 31);
    bits[word + TABLE_STARTS] |= bit;
    if (pages === 1) bits[word + TABLE_TAKEN] |= bit;
    else setBits(bits, table + TABLE_TAKEN, entry, pages);
  }

  /** Forgets a leaf record. */
  dropLeaf(record: number): void {
    const words = this.leaves.words;
    const at = record << RECORD_SHIFT;
    const page = words[at + LEAF_PAGE];
    const run = words[at + LEAF_RUN];
    const entries = leafEntries(run);
    const index = page >>> ROOT_INDEX_SHIFT;
    if (page !== words[at + LEAF_HEAD]) this.parts -= 1;
    if (isRootKind(leafKindOf(run))) {
      this.tables.setRoot(index, entries, 0);
      this.leaves.releaseForRoot(record);
    } else {
      const table = tableAt(this.tables.root[index] >>> 1);
      const entry = page & ENTRY_MASK;
      clearBit(this.tables.words, table + TABLE_STARTS, entry);
      if (entries === 1) clearBit(this.tables.words, table + TABLE_TAKEN, entry);
      else clearBits(this.tables.words, table + TABLE_TAKEN, entry, entries);
      this.leaves.release(record);
    }
  }

  /** Records a table in a record that the slab has free. Answers the record. */
  putTable(index: number, vnode: number, mapping: number, address: number): number {
    const record = this.tables.slab.allocate();
    const words = this.tables.words;
    const at = tableAt(record);
    words.fill(0, at, tableAt(record + 1));
    words[at + TABLE_INDEX] = index;
    words[at + TABLE_VNODE] = vnode;
    words[at + TABLE_MAPPING] = mapping;
    words[at + TABLE_ADDRESS] = address / 1024;
    this.tables.setRoot(index, 1, (record << 1) | 1);
    return record;
  }

  /** Forgets a table record without leaves. */
  dropTable(record: number): void {
    this.tables.setRoot(this.tables.words[tableAt(record) + TABLE_INDEX], 1, 0);
    this.tables.slab.release(record);
  }

  /** The first page behind a leaf record. */
  endOf(record: number): number {
    const at = record << RECORD_SHIFT;
    const run = this.leaves.words[at + LEAF_RUN];
    return this.leaves.words[at + LEAF_PAGE] + leafEntries(run) * pagesPerEntry(leafKindOf(run));
  }

  /** The first page behind the whole Mapping that a leaf record belongs to. */
  mappingEnd(record: number): number {
    const at = record << RECORD_SHIFT;
    const words = this.leaves.words;
    return (
      words[at + LEAF_HEAD] +
      words[at + LEAF_TOTAL] * pagesPerEntry(leafKindOf(words[at + LEAF_RUN]))
    );
  }

  /** Whether a leaf record is the first of its Mapping. */
  isHead(record: number): boolean {
    const at = record << RECORD_SHIFT;
    return this.leaves.words[at + LEAF_PAGE] === this.leaves.words[at + LEAF_HEAD];
  }

  /** Cuts a leaf record in two before `page`, a border of its leaves strictly inside it. */
  cut(record: number, page: number): void {
    const words = this.leaves.words;
    const at = record << RECORD_SHIFT;
    const run = words[at + LEAF_RUN];
    const kind = leafKindOf(run);
    const flags = leafFlags(run);
    const pages = page - words[at + LEAF_PAGE];
    const entries = pages / pagesPerEntry(kind);
    words[at + LEAF_RUN] = packLeafRun(entries, kind, flags);
    this.putLeaf(
      page,
      leafEntries(run) - entries,
      kind,
      flags,
      words[at + LEAF_MAPPING],
      words[at + LEAF_FRAME],
      words[at + LEAF_OFFSET] + pages,
      words[at + LEAF_HEAD],
      words[at + LEAF_TOTAL],
    );
  }

  /** Makes the records from `page` on, which a record begins with, a Mapping of their own in `slot`. */
  splitMapping(head: number, page: number, slot: number): void {
    const end = this.mappingEnd(head);
    const words = this.leaves.words;
    const at = head << RECORD_SHIFT;
    const mapping = words[at + LEAF_MAPPING];
    const perEntry = pagesPerEntry(leafKindOf(words[at + LEAF_RUN]));
    const first = words[at + LEAF_PAGE];
    this.assign(page, end, slot, (end - page) / perEntry);
    this.assign(first, page, mapping, (page - first) / perEntry);
    this.parts -= 1;
  }

  /** The inverse: the Mapping that begins with `head` takes in the one behind it. */
  joinMappings(head: number): void {
    const words = this.leaves.words;
    const at = head << RECORD_SHIFT;
    const page = this.mappingEnd(head);
    const end = this.mappingEnd(this.leafAt(page));
    const first = words[at + LEAF_PAGE];
    const perEntry = pagesPerEntry(leafKindOf(words[at + LEAF_RUN]));
    this.assign(first, end, words[at + LEAF_MAPPING], (end - first) / perEntry);
    this.parts += 1;
    this.mergeWithNext(this.leafAt(page - 1));
  }

  /** Makes all records of `[from, to)` one Mapping of `total` entries in `slot`. */
  private assign(from: number, to: number, slot: number, total: number): void {
    const words = this.leaves.words;
    for (let page = from; page < to; ) {
      const record = this.leafAt(page);
      const at = record << RECORD_SHIFT;
      words[at + LEAF_MAPPING] = slot;
      words[at + LEAF_HEAD] = from;
      words[at + LEAF_TOTAL] = total;
      page = this.endOf(record);
    }
  }

  /** Changes the kind of the only leaf of a record: both kinds take the same entries. */
  changeKind(record: number, kind: number): void {
    const at = (record << RECORD_SHIFT) + LEAF_RUN;
    const run = this.leaves.words[at];
    this.leaves.words[at] = packLeafRun(leafEntries(run), kind, leafFlags(run));
  }

  /** Makes one record of `record` and the one behind it where nothing tells them apart. */
  mergeWithNext(record: number): boolean {
    const words = this.leaves.words;
    const at = record << RECORD_SHIFT;
    const end = this.endOf(record);
    if (end >= this.mappingEnd(record)) return false;
    const next = this.leafAt(end);
    const run = words[at + LEAF_RUN];
    const nextRun = words[(next << RECORD_SHIFT) + LEAF_RUN];
    if (leafFlags(run) !== leafFlags(nextRun)) return false;
    const entries = leafEntries(run) + leafEntries(nextRun);
    this.dropLeaf(next);
    words[at + LEAF_RUN] = packLeafRun(entries, leafKindOf(run), leafFlags(run));
    this.claim(record, entries);
    return true;
  }

  /** Marks the entries of a record as its own again, after a neighbour's were dropped. */
  private claim(record: number, entries: number): void {
    const at = record << RECORD_SHIFT;
    const page = this.leaves.words[at + LEAF_PAGE];
    const index = page >>> ROOT_INDEX_SHIFT;
    if (isRootKind(leafKindOf(this.leaves.words[at + LEAF_RUN]))) {
      this.tables.setRoot(index, entries, record << 1);
      return;
    }
    const table = tableAt(this.tables.root[index] >>> 1);
    setBits(this.tables.words, table + TABLE_TAKEN, page & ENTRY_MASK, entries);
  }
}
