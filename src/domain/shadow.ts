/**
 * The shadow: what a pmap knows of its tables without asking the kernel. Only records change here;
 * nothing is allocated from anybody, and nothing can fail once the records are there.
 */
import {
  anyBit,
  clearBit,
  clearBits,
  countBits,
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
  recordAt,
} from './leaf-records.js';
import { leafEntries, leafFlags, leafKindOf, packLeafRun } from './leaf-run.js';
import { BLOCK_PAGES, BLOCK_SHIFT, blockPlace } from './page-blocks.js';
import { isRootKind, pagesPerEntry } from './pmap-policy.js';
import {
  ROOT_ENTRY_PAGES,
  ROOT_INDEX_SHIFT,
  startsAt,
  TABLE_ADDRESS,
  TABLE_BLOCKS,
  TABLE_INDEX,
  TABLE_MAPPING,
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
    const block = words[at + TABLE_BLOCKS + (entry >>> BLOCK_SHIFT)];
    if (block !== 0) {
      const place = blockPlace(block, page);
      if (this.leaves.blocks.words[place] !== 0) return -place;
    }
    const start = lastBitUpTo(this.tables.starts, startsAt(at), entry);
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

  /**
   * Records a run of leaves: in its block where there is one and it fits in, or else in a record that
   * the slab has free. Answers the record.
   */
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
    if (kind === Kind.SMALL && total === 1) {
      const held = this.putInBlock(page, flags, mapping, frame, offset);
      if (held !== 0) return held;
    }
    return this.putRecord(page, entries, kind, flags, mapping, frame, offset, head, total);
  }

  /** Records a Mapping of one small page in its block. Answers the record, or 0 where that cannot be. */
  putInBlock(page: number, flags: number, mapping: number, frame: number, offset: number): number {
    const { words } = this.tables;
    const table = tableAt(this.tableOf(page));
    const entry = page & ENTRY_MASK;
    const at = this.blockAt(page);
    const block = words[at];
    if (block === 0 || !this.leaves.facts.put(mapping, frame, offset, flags)) return 0;
    const place = blockPlace(block, page);
    this.leaves.blocks.put(place, mapping);
    words[at] = block + 1;
    setBit(words, table + TABLE_TAKEN, entry);
    return -place;
  }

  /** As {@link putLeaf}, in a record of the slab. */
  private putRecord(
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
    const at = recordAt(record);
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
    setBit(this.tables.starts, startsAt(table), entry);
    if (entries === 1) setBit(this.tables.words, table + TABLE_TAKEN, entry);
    else setBits(this.tables.words, table + TABLE_TAKEN, entry, entries);
    return record;
  }

  /**
   * As {@link putLeaf} for a whole Mapping of small pages in the table whose words begin at `table`.
   * Answers whether it is due to be moved into a block.
   */
  putPages(
    page: number,
    pages: number,
    flags: number,
    mapping: number,
    frame: number,
    offset: number,
    table: number,
  ): boolean {
    const at = recordAt(this.leaves.take(page));
    const { words } = this.leaves;
    words[at | LEAF_RUN] = packLeafRun(pages, Kind.SMALL, flags);
    words[at | LEAF_MAPPING] = mapping;
    words[at | LEAF_FRAME] = frame;
    words[at | LEAF_OFFSET] = offset;
    words[at | LEAF_HEAD] = page;
    words[at | LEAF_TOTAL] = pages;
    const bits = this.tables.words;
    const entry = page & ENTRY_MASK;
    const word = entry >>> 5;
    const bit = 1 << (entry & 31);
    this.tables.starts[startsAt(table) + word] |= bit;
    if (pages === 1) {
      bits[table + TABLE_TAKEN + word] |= bit;
      return this.isBlockDue(page, table);
    }
    setBits(bits, table + TABLE_TAKEN, entry, pages);
    return false;
  }

  /**
   * Whether a page that got a record shall be moved into a block: into the one that is there, or with its
   * neighbours into a new one where they are many; that is asked again only now and then.
   */
  private isBlockDue(page: number, table: number): boolean {
    const { words, starts } = this.tables;
    const quarter = (page & ENTRY_MASK) >>> BLOCK_SHIFT;
    const first = startsAt(table) + (quarter << 1);
    const records = countBits(starts[first]) + countBits(starts[first + 1]);
    return records % this.leaves.blocks.worth === 0 || words[table + TABLE_BLOCKS + quarter] !== 0;
  }

  /** Where in the words of the tables it stands which block the pages around `page` have. */
  blockAt(page: number): number {
    const quarter = (page & ENTRY_MASK) >>> BLOCK_SHIFT;
    return tableAt(this.tableOf(page)) + TABLE_BLOCKS + quarter;
  }

  /** Forgets a leaf record. */
  dropLeaf(record: number): void {
    const { leaves, tables } = this;
    const { words } = tables;
    const page = leaves.pageOf(record);
    const run = leaves.runOf(record);
    const entries = leafEntries(run);
    const index = page >>> ROOT_INDEX_SHIFT;
    if (page !== leaves.headOf(record)) this.parts -= 1;
    if (isRootKind(leafKindOf(run))) {
      tables.setRoot(index, entries, 0);
      leaves.releaseForRoot(record);
      return;
    }
    const table = tableAt(tables.root[index] >>> 1);
    const entry = page & ENTRY_MASK;
    if (entries === 1) clearBit(words, table + TABLE_TAKEN, entry);
    else clearBits(words, table + TABLE_TAKEN, entry, entries);
    if (record < 0) {
      leaves.blocks.drop(-record);
      words[table + TABLE_BLOCKS + (entry >>> BLOCK_SHIFT)] -= 1;
    } else {
      clearBit(tables.starts, startsAt(table), entry);
      leaves.release(record);
    }
  }

  /** The same leaf in a record of the slab, which must have one free. Answers the record. */
  moveOut(record: number): number {
    if (record > 0) return record;
    const { leaves } = this;
    const page = leaves.pageOf(record);
    const flags = leafFlags(leaves.runOf(record));
    const [mapping, frame] = [leaves.mappingOf(record), leaves.frameOf(record)];
    const offset = leaves.offsetOf(record);
    this.dropLeaf(record);
    return this.putRecord(page, 1, Kind.SMALL, flags, mapping, frame, offset, page, 1);
  }

  /** Records a table in a record that the slab has free. Answers the record. */
  putTable(index: number, vnode: number, mapping: number, address: number): number {
    const record = this.tables.slab.allocate();
    const words = this.tables.words;
    const at = tableAt(record);
    const next = tableAt(record + 1);
    words.fill(0, at, next);
    this.tables.starts.fill(0, startsAt(at), startsAt(next));
    words[at + TABLE_INDEX] = index;
    words[at + TABLE_VNODE] = vnode;
    words[at + TABLE_MAPPING] = mapping;
    words[at + TABLE_ADDRESS] = address / 1024;
    this.tables.setRoot(index, 1, (record << 1) | 1);
    return record;
  }

  /** The first page of each block that there is. */
  *blockPages(): Generator<number> {
    const { root, words } = this.tables;
    for (let page = 0; page < root.length << ROOT_INDEX_SHIFT; page += BLOCK_PAGES) {
      if (this.tableOf(page) === 0) page += ROOT_ENTRY_PAGES - BLOCK_PAGES;
      else if (words[this.blockAt(page)] !== 0) yield page;
    }
  }

  /** Forgets a table record without leaves. */
  dropTable(record: number): void {
    const { tables, leaves } = this;
    const at = tableAt(record);
    for (let word = at + TABLE_BLOCKS; word < at + TABLE_TAKEN; word += 1) {
      if (tables.words[word] !== 0) leaves.blocks.release(tables.words[word]);
    }
    tables.setRoot(tables.words[at + TABLE_INDEX], 1, 0);
    tables.slab.release(record);
  }

  /** The first page behind a leaf record. */
  endOf(record: number): number {
    const run = this.leaves.runOf(record);
    return this.leaves.pageOf(record) + leafEntries(run) * pagesPerEntry(leafKindOf(run));
  }

  /** The first page behind the whole Mapping that a leaf record belongs to. */
  mappingEnd(record: number): number {
    const { leaves } = this;
    const perEntry = pagesPerEntry(leafKindOf(leaves.runOf(record)));
    return leaves.headOf(record) + leaves.totalOf(record) * perEntry;
  }

  /** Whether a leaf record is the first of its Mapping. */
  isHead(record: number): boolean {
    return this.leaves.pageOf(record) === this.leaves.headOf(record);
  }

  /** Cuts a leaf record in two before `page`, a border of its leaves strictly inside it. */
  cut(record: number, page: number): void {
    const words = this.leaves.words;
    const at = recordAt(record);
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
    const at = recordAt(head);
    const mapping = words[at + LEAF_MAPPING];
    const perEntry = pagesPerEntry(leafKindOf(words[at + LEAF_RUN]));
    const first = words[at + LEAF_PAGE];
    this.assign(page, end, slot, (end - page) / perEntry);
    this.assign(first, page, mapping, (page - first) / perEntry);
    this.parts -= 1;
  }

  /**
   * The inverse: the Mapping that begins with `head` takes in the one behind it. It takes up to two
   * records from the slab where one of them is in a block.
   */
  joinMappings(head: number): void {
    const { leaves } = this;
    const page = this.mappingEnd(head);
    const end = this.mappingEnd(this.leafAt(page));
    const record = this.moveOut(head);
    this.moveOut(this.leafAt(page));
    const first = leaves.pageOf(record);
    const perEntry = pagesPerEntry(leafKindOf(leaves.runOf(record)));
    this.assign(first, end, leaves.mappingOf(record), (end - first) / perEntry);
    this.parts += 1;
    this.mergeWithNext(this.leafAt(page - 1));
  }

  /** Makes all records of `[from, to)` one Mapping of `total` entries in `slot`. */
  private assign(from: number, to: number, slot: number, total: number): void {
    const words = this.leaves.words;
    for (let page = from; page < to; ) {
      const record = this.leafAt(page);
      const at = recordAt(record);
      words[at + LEAF_MAPPING] = slot;
      words[at + LEAF_HEAD] = from;
      words[at + LEAF_TOTAL] = total;
      page = this.endOf(record);
    }
  }

  /** Changes the kind of the only leaf of a record: both kinds take the same entries. */
  changeKind(record: number, kind: number): void {
    const at = recordAt(record) + LEAF_RUN;
    const run = this.leaves.words[at];
    this.leaves.words[at] = packLeafRun(leafEntries(run), kind, leafFlags(run));
  }

  /** Makes one record of `record` and the one behind it where nothing tells them apart. */
  mergeWithNext(record: number): boolean {
    const { leaves } = this;
    const end = this.endOf(record);
    if (end >= this.mappingEnd(record)) return false;
    const next = this.leafAt(end);
    const run = leaves.runOf(record);
    const nextRun = leaves.runOf(next);
    if (leafFlags(run) !== leafFlags(nextRun)) return false;
    const entries = leafEntries(run) + leafEntries(nextRun);
    this.dropLeaf(next);
    leaves.setRun(record, packLeafRun(entries, leafKindOf(run), leafFlags(run)));
    this.claim(record, entries);
    return true;
  }

  /** Marks the entries of a record as its own again, after a neighbour's were dropped. */
  private claim(record: number, entries: number): void {
    const at = recordAt(record);
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
