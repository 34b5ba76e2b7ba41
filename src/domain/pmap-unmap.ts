/** Unmapping: whole Mappings, checked first, all or none. */
import {
  type CapRef,
  Code,
  type ErrorNumber,
  OK,
  PAGE_BYTES,
  PAGE_SHIFT,
  pageNumber,
  pushError,
} from '../base/index.js';
import { EventKind } from '../machine/index.js';
import {
  LEAF_HEAD,
  LEAF_MAPPING,
  LEAF_RUN,
  LEAF_TOTAL,
  type LeafRecords,
  recordAt,
} from './leaf-records.js';
import { leafEntries, leafKindOf } from './leaf-run.js';
import { BLOCK_SHIFT, blockPlace, isSparse, type PageBlocks } from './page-blocks.js';
import type { PageGathering } from './page-gathering.js';
import type { PmapCore } from './pmap-core.js';
import type { PmapCost } from './pmap-map.js';
import { isRootKind, pagesPerEntry } from './pmap-policy.js';
import type { SlotAllocator } from './slot-allocator.js';
import {
  ROOT_ENTRY_PAGES,
  ROOT_INDEX_SHIFT,
  TABLE_BLOCKS,
  TABLE_TAKEN,
  TABLE_VNODE,
  type TableRecords,
  tableAt,
} from './table-records.js';

const ADDRESS_SPACE_BYTES = 2 ** 32;
/** No error number: what {@link UnmapOperation} answers itself when the simple way is not the way. */
const NOT_SIMPLE = -1;

/** One unmap call. One object serves all calls of a pmap. */
export class UnmapOperation {
  /** Bytes that were removed. */
  bytes = 0;
  private readonly core: PmapCore;
  private readonly gathering: PageGathering;
  // At hand for the usual case: each object on the way would cost a check.
  private readonly leaves: LeafRecords;
  private readonly blocks: PageBlocks;
  private readonly tables: TableRecords;
  private readonly slots: SlotAllocator;
  /** The first record of each Mapping to remove. */
  private heads = new Int32Array(64);
  private count = 0;

  constructor(core: PmapCore, gathering: PageGathering) {
    this.core = core;
    this.gathering = gathering;
    this.leaves = core.shadow.leaves;
    this.blocks = core.shadow.leaves.blocks;
    this.tables = core.shadow.tables;
    this.slots = core.slots;
  }

  /** Plans and does it. The answer is in {@link bytes}. */
  run(address: number, bytes: number): ErrorNumber {
    const done = this.unmapSimply(address, bytes);
    return done === NOT_SIMPLE ? this.runPlanned(address, bytes) : done;
  }

  private runPlanned(address: number, bytes: number): ErrorNumber {
    const planned = this.plan(address, bytes);
    if (planned !== OK || this.count === 0) return planned;
    const error = this.count === 1 ? this.core.unmapLeaves(this.heads[0]) : this.commit();
    if (error !== OK) return pushError(error, Code.LIB_ERR_PMAP_UNMAP);
    const { events, resources } = this.core;
    if (events.on) events.record(EventKind.UNMAP, resources.domain, address, this.bytes);
    return OK;
  }

  /**
   * The usual cases in one go: a Mapping of a page that is in a block, or of small pages with one record
   * that is exactly this range. Anything else is {@link NOT_SIMPLE}, and left to the plan to judge.
   */
  private unmapSimply(address: number, bytes: number): ErrorNumber {
    const { core, tables, blocks } = this;
    const page = address >>> PAGE_SHIFT;
    const root = tables.root[page >>> ROOT_INDEX_SHIFT];
    if ((root & 1) === 0 || (page << PAGE_SHIFT) >>> 0 !== address) return NOT_SIMPLE;
    const table = tableAt(root >>> 1);
    const entry = page & (ROOT_ENTRY_PAGES - 1);
    const bits = tables.words;
    const blockAt = (table + TABLE_BLOCKS + (entry >>> BLOCK_SHIFT)) | 0;
    const block = bits[blockAt];
    const place = blockPlace(block, page);
    const mapping = blocks.words[place] as CapRef;
    // The first block is nobody's, and holds nothing.
    if (mapping === 0) return this.unmapRecord(page, bytes, table);
    if (bytes !== PAGE_BYTES) return NOT_SIMPLE;
    const vnode = (bits[(table + TABLE_VNODE) | 0] | 0) as CapRef;
    const error = core.invocations.vnodeUnmap(vnode, mapping, core.watch);
    if (error !== OK) return this.refused(error);
    const freed = this.slots.free(mapping);
    if (freed !== OK) return this.slotRefused(-place, freed);
    bits[(table + TABLE_TAKEN + (entry >>> 5)) | 0] &= ~(1 << (entry & 31));
    blocks.drop(place);
    const left = (block - 1) | 0;
    bits[blockAt] = left;
    if (isSparse(left) && this.leaves.isSparse) this.gathering.thin(page);
    this.bytes = PAGE_BYTES;
    const { events } = core;
    if (events.on) events.record(EventKind.UNMAP, core.resources.domain, address, bytes);
    return OK;
  }

  /** {@link unmapSimply} for what has a record of the slab. */
  private unmapRecord(page: number, bytes: number, table: number): ErrorNumber {
    const { core, leaves, tables } = this;
    const head = leaves.find(page);
    const { words } = leaves;
    const at = recordAt(head);
    const entries = leafEntries(words[at | LEAF_RUN]);
    const isPart = (words[at | LEAF_HEAD] ^ page) | (words[at | LEAF_TOTAL] ^ entries);
    if (isPart !== 0 || head === 0 || entries << PAGE_SHIFT !== bytes) return NOT_SIMPLE;
    const mapping = words[at | LEAF_MAPPING] as CapRef;
    const vnode = (tables.words[table + TABLE_VNODE] | 0) as CapRef;
    const error = core.invocations.vnodeUnmap(vnode, mapping, core.watch);
    if (error !== OK) return this.refused(error);
    const freed = this.slots.free(mapping);
    if (freed !== OK) return this.slotRefused(head, freed);
    core.shadow.dropLeaf(head);
    this.bytes = bytes;
    const { events } = core;
    const { domain } = core.resources;
    if (events.on) events.record(EventKind.UNMAP, domain, page * PAGE_BYTES, bytes);
    return OK;
  }

  private refused(error: ErrorNumber): ErrorNumber {
    return pushError(pushError(error, Code.LIB_ERR_VNODE_UNMAP), Code.LIB_ERR_PMAP_UNMAP);
  }

  private slotRefused(head: number, freed: ErrorNumber): ErrorNumber {
    const { core } = this;
    const undone = core.undone(core.attach(head), pushError(freed, Code.LIB_ERR_SLOT_FREE));
    return pushError(undone, Code.LIB_ERR_PMAP_UNMAP);
  }

  /** What the planned change gives back, as negative numbers, and the entries that it writes. */
  get cost(): PmapCost {
    const { shadow } = this.core;
    let entryWrites = 0;
    let records = 0;
    for (let index = 0; index < this.count; index += 1) {
      const head = this.heads[index];
      const end = shadow.mappingEnd(head);
      const kind = leafKindOf(shadow.leaves.runOf(head));
      for (let page = shadow.leaves.pageOf(head); page < end; ) {
        const next = shadow.endOf(shadow.leafAt(page));
        entryWrites += (next - page) / pagesPerEntry(kind);
        records -= 1;
        page = next;
      }
    }
    return { tables: 0, tableBytes: 0, entryWrites, records, slots: 0 - this.count };
  }

  /** Checks everything and lists the Mappings. Changes nothing. */
  plan(address: number, bytes: number): ErrorNumber {
    const { core } = this;
    const { shadow, policy } = core;
    this.count = 0;
    this.bytes = 0;
    if (address % PAGE_BYTES !== 0) return Code.LIB_ERR_VREGION_BAD_ALIGNMENT;
    const pages = pageNumber(bytes + PAGE_BYTES - 1);
    if (bytes === 0) return OK;
    const first = pageNumber(address);
    if (!(address >= 0 && address + bytes <= ADDRESS_SPACE_BYTES && bytes > 0)) return notFound();
    const end = first + pages;
    for (let page = first; page < end; ) {
      const head = shadow.leafAt(page);
      const { leaves } = shadow;
      if (head === 0 || leaves.headOf(head) !== page) return notFound();
      const kind = leafKindOf(leaves.runOf(head));
      const next = shadow.mappingEnd(head);
      // A section is matched by its size rounded up to a MiB; pages exactly, and by the original one
      // Mapping for each table that the call touches.
      const limit = isRootKind(kind) ? roundUpToEntry(page, end) : this.pieceEnd(page, end);
      if (next > limit || (!policy.spansMappings && !isRootKind(kind) && next !== limit)) {
        return notFound();
      }
      this.add(head);
      page = next;
    }
    const last = this.heads[this.count - 1];
    this.bytes = (shadow.mappingEnd(last) - first) * PAGE_BYTES;
    return OK;
  }

  private pieceEnd(page: number, end: number): number {
    const border = (page | (ROOT_ENTRY_PAGES - 1)) + 1;
    return border < end ? border : end;
  }

  private add(head: number): void {
    if (this.count === this.heads.length) {
      const larger = new Int32Array(this.heads.length * 2);
      larger.set(this.heads);
      this.heads = larger;
    }
    this.heads[this.count] = head;
    this.count += 1;
  }

  /** Entries first, then slots, then records: each can be put back until the next is complete. */
  private commit(): ErrorNumber {
    const { core, heads, count } = this;
    const { leaves } = core.shadow;
    let detached = 0;
    let freed = 0;
    let error: ErrorNumber = OK;
    for (; detached < count; detached += 1) {
      error = core.detach(heads[detached]);
      if (error !== OK) break;
    }
    for (; error === OK && freed < count; freed += 1) {
      error = core.slots.free(leaves.mappingOf(heads[freed]));
      if (error !== OK) {
        error = pushError(error, Code.LIB_ERR_SLOT_FREE);
        break;
      }
    }
    if (error === OK) {
      for (let index = 0; index < count; index += 1) core.forgetMapping(heads[index]);
      return OK;
    }
    for (let slot = freed - 1; slot >= 0; slot -= 1) core.slots.allocate();
    let undo: ErrorNumber = OK;
    for (let index = detached - 1; index >= 0; index -= 1) undo ||= core.attach(heads[index]);
    return core.undone(undo, error);
  }
}

function roundUpToEntry(page: number, end: number): number {
  const over = (end - page) % ROOT_ENTRY_PAGES;
  return over === 0 ? end : end + ROOT_ENTRY_PAGES - over;
}

function notFound(): ErrorNumber {
  return pushError(Code.LIB_ERR_PMAP_FIND_VNODE, Code.LIB_ERR_PMAP_UNMAP);
}
