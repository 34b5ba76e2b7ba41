/**
 * What every operation of a pmap stands on: its records, its resources, and the few steps that all
 * changes are made of. A step does one thing in kernel and shadow at once, or nothing; each has an
 * inverse, so that an operation which fails half-way goes back the way it came.
 *
 *     step            inverse          invocations
 *     createTable     removeTable      retype, map
 *     mapLeaves       unmapLeaves      map
 *     detach          attach           unmap │ map, and modify where flags differ
 */
import {
  type CapRef,
  Code,
  capRef,
  type ErrorNumber,
  OK,
  PAGE_BYTES,
  pageNumber,
  pushError,
} from '../base/index.js';
import { Kind } from '../format/index.js';
import { type Invocations, type MappingObserver, PagingFlags } from '../kernel/index.js';
import { EventKind, type EventRing } from '../machine/index.js';
import { leafEntries, leafFlags, leafKindOf } from './leaf-run.js';
import { isRootKind, type PmapPolicy, pagesPerEntry } from './pmap-policy.js';
import { Shadow } from './shadow.js';
import type { Growable } from './slab.js';
import type { SlotAllocator } from './slot-allocator.js';
import type { TableAllocator } from './table-allocator.js';
import {
  ROOT_ENTRY_PAGES,
  ROOT_INDEX_SHIFT,
  TABLE_ADDRESS,
  TABLE_INDEX,
  TABLE_MAPPING,
  TABLE_VNODE,
  tableAt,
} from './table-records.js';
import { ALL_VREGION_FLAGS } from './vregion-flags.js';

/** What a pmap is given to work with. */
export interface PmapResources {
  readonly invocations: Invocations;
  /** The root table, in the CSpace of `invocations`. */
  readonly root: CapRef;
  readonly slots: SlotAllocator;
  readonly tables: TableAllocator;
  readonly policy: PmapPolicy;
  /** Where lines about this pmap go, and the domain number that they carry. */
  readonly events: EventRing;
  readonly domain: number;
  /** The first virtual address that the kernel keeps for itself. */
  readonly memoryOffset: number;
}

/** Where more records come from. */
export interface RecordSource {
  /** Makes sure that the pmap has these many records free, and one of `other`, or changes nothing. */
  refill(pmap: PmapCore, leaves: number, tables: number, other?: Growable): ErrorNumber;
  /** Where the source stands now, for {@link undoTo}. */
  readonly mark: number;
  /** Undoes every growth since `mark`, all of whose records are free again. */
  undoTo(mark: number): void;
}

/** What is left of a table that is in the root no more. */
interface LostTable {
  readonly vnode: CapRef;
  /** Slots of its own Mapping and of those of its leaves, which hold them still or are empty. */
  readonly mappings: CapRef[];
  /** Physical address. */
  readonly address: number;
}

const ENTRY_MASK = ROOT_ENTRY_PAGES - 1;

/** Records that must stay free so that the records themselves can always be refilled. */
export const RESERVED_LEAVES = 2;
export const RESERVED_TABLES = 2;
/** Memory that a pmap brings along: enough to map its first metadata frames. */
const FIRST_LEAF_BYTES = 16 * 36;
const FIRST_TABLE_BYTES = 8 * 96;

/** Records, resources and steps of one pmap. */
export class PmapCore implements MappingObserver {
  readonly shadow = new Shadow();
  readonly resources: PmapResources;
  readonly events: EventRing;
  readonly invocations: Invocations;
  readonly slots: SlotAllocator;
  readonly policy: PmapPolicy;
  /** The root table, where this CSpace can invoke it. */
  root: CapRef;
  /** Where more records come from; until it is set only the first ones are there. */
  metadata: RecordSource | undefined;
  /** The first page that the kernel keeps for itself. */
  readonly endPage: number;
  /** The kernel's flags for every set of region flags. */
  readonly pagingFlags: Uint8Array;
  /** Mappings and tables that others took away, told by the kernel. */
  lostMappings = 0;
  /** Tables that others took away, until their slots and their memory are given back. */
  private readonly lostTables: LostTable[] = [];
  /** The number under which the kernel tells us what others take away. */
  watch = 0;

  constructor(resources: PmapResources) {
    this.resources = resources;
    this.events = resources.events;
    this.invocations = resources.invocations;
    this.slots = resources.slots;
    this.policy = resources.policy;
    this.root = resources.root;
    this.endPage = pageNumber(resources.memoryOffset);
    this.pagingFlags = Uint8Array.from({ length: ALL_VREGION_FLAGS + 1 }, (_, flags) =>
      this.policy.pagingFlags(flags),
    );
    this.shadow.leaves.grow(FIRST_LEAF_BYTES);
    this.shadow.tables.grow(FIRST_TABLE_BYTES);
  }

  /** Asks the kernel to tell us of what others take away. Errors: those of `observe`. */
  observe(): ErrorNumber {
    const error = this.invocations.observe(this.root, this);
    this.watch = this.invocations.watch;
    return error;
  }

  /** Makes sure that records are free, the reserve left over. Error: `LIB_ERR_SLAB_REFILL`. */
  reserveRecords(leaves: number, tables: number): ErrorNumber {
    const { leaves: leafRecords, tables: tableRecords } = this.shadow;
    if (
      leafRecords.freeCount >= leaves + RESERVED_LEAVES &&
      tableRecords.freeCount >= tables + RESERVED_TABLES
    ) {
      return OK;
    }
    if (this.metadata === undefined) return Code.LIB_ERR_SLAB_ALLOC_FAIL;
    const error = this.metadata.refill(this, leaves + RESERVED_LEAVES, tables + RESERVED_TABLES);
    return error === OK ? OK : pushError(error, Code.LIB_ERR_SLAB_REFILL);
  }

  /** Makes sure that a block of one of the pmap's slabs is free; false where no memory is to be had. */
  reserveBlock(blocks: Growable): boolean {
    if (blocks.freeCount > 0) return true;
    return this.metadata?.refill(this, RESERVED_LEAVES, RESERVED_TABLES, blocks) === OK;
  }

  /** A slot, or the negative of `LIB_ERR_SLOT_ALLOC` with its cause. */
  allocateSlot(): number {
    const slot = this.slots.allocate();
    return slot < 0 ? -pushError(-slot, Code.LIB_ERR_SLOT_ALLOC) : slot;
  }

  /** The table that leaves of `kind` at `page` go into; it must exist. */
  tableCap(page: number, kind: number): CapRef {
    if (isRootKind(kind)) return this.root;
    const at = tableAt(this.shadow.tableOf(page));
    return capRef(this.shadow.tables.words[at + TABLE_VNODE]);
  }

  /** The entry of `page` in the table that leaves of `kind` go into. */
  entryOf(page: number, kind: number): number {
    return isRootKind(kind) ? page >>> ROOT_INDEX_SHIFT : page & ENTRY_MASK;
  }

  /** The kernel's flags for leaves of `kind` of a region with `flags`. */
  kernelFlags(flags: number, kind: number): number {
    const paging = this.pagingFlags[flags];
    const larger = kind === Kind.LARGE || kind === Kind.SUPERSECTION;
    return larger ? paging | PagingFlags.LARGER_LEAF : paging;
  }

  /** Makes an L2 table and puts it into the entry `index` of the root; at `address` if that is given. */
  createTable(index: number, address?: number): ErrorNumber {
    const vnode = this.allocateSlot();
    if (vnode < 0) return -vnode;
    const created = this.resources.tables.create(capRef(vnode), address);
    if (created !== OK) {
      this.slots.free(capRef(vnode));
      return pushError(created, Code.LIB_ERR_VNODE_CREATE);
    }
    const error = this.installTable(index, capRef(vnode));
    if (error === OK) return OK;
    this.resources.tables.destroy(capRef(vnode));
    this.slots.free(capRef(vnode));
    return error;
  }

  /** Puts the table in the slot `vnode` into the entry `index` of the root, and records it. */
  installTable(index: number, vnode: CapRef): ErrorNumber {
    const { READ, WRITE } = PagingFlags;
    const mapping = this.allocateSlot();
    if (mapping < 0) return -mapping;
    let error = this.invocations.identify(vnode);
    const address = this.invocations.identity.base;
    if (error === OK) {
      error = this.invocations.vnodeMap(
        this.root,
        vnode,
        index,
        READ | WRITE,
        0,
        1,
        capRef(mapping),
      );
    }
    if (error !== OK) {
      this.slots.free(capRef(mapping));
      return pushError(error, Code.LIB_ERR_PMAP_MAP);
    }
    this.shadow.putTable(index, vnode, mapping, address);
    const { events, domain } = this.resources;
    if (events.on) events.record(EventKind.TABLE_ALLOC, domain, index * 2 ** 20, address);
    return OK;
  }

  /** Takes an empty table out of the root and gives back its memory and its two slots. */
  removeTable(record: number): ErrorNumber {
    const at = tableAt(record);
    const words = this.shadow.tables.words;
    const index = words[at + TABLE_INDEX];
    const address = words[at + TABLE_ADDRESS] * 1024;
    const vnode = capRef(words[at + TABLE_VNODE]);
    const error = this.uninstallTable(record);
    if (error !== OK) return error;
    const destroyed = this.resources.tables.destroy(vnode);
    if (destroyed !== OK) {
      return this.undone(
        this.installTable(index, vnode),
        pushError(destroyed, Code.LIB_ERR_CAP_DESTROY),
      );
    }
    const freed = this.slots.free(vnode);
    if (freed !== OK) {
      // The slot counts as taken and is empty: the table can be made anew in it.
      const created = this.resources.tables.create(vnode, address);
      const undo = created === OK ? this.installTable(index, vnode) : created;
      return this.undone(undo, pushError(freed, Code.LIB_ERR_SLOT_FREE));
    }
    const { events, domain } = this.resources;
    if (events.on) events.record(EventKind.TABLE_FREE, domain, index * 2 ** 20, address);
    return OK;
  }

  /** Takes a table out of the root; it and what it maps stay, but nothing walks it any more. */
  uninstallTable(record: number): ErrorNumber {
    const at = tableAt(record);
    const words = this.shadow.tables.words;
    const index = words[at + TABLE_INDEX];
    const mapping = capRef(words[at + TABLE_MAPPING]);
    const error = this.unmapMapping(this.root, mapping);
    if (error !== OK) return error;
    const freed = this.slots.free(mapping);
    if (freed !== OK) {
      const { READ, WRITE } = PagingFlags;
      const vnode = capRef(words[at + TABLE_VNODE]);
      const undo = this.invocations.vnodeMap(this.root, vnode, index, READ | WRITE, 0, 1, mapping);
      return this.undone(undo, pushError(freed, Code.LIB_ERR_SLOT_FREE));
    }
    this.shadow.dropTable(record);
    return OK;
  }

  /**
   * Maps `entries` leaves' entries of `kind` at `page` from page `offset` of `frame` on, with a slot
   * and a record of their own. The table exists and the entries are free.
   */
  mapLeaves(
    page: number,
    entries: number,
    kind: number,
    flags: number,
    frame: CapRef,
    offset: number,
  ): ErrorNumber {
    const slot = this.slots.allocate();
    if (slot < 0) return pushError(-slot, Code.LIB_ERR_SLOT_ALLOC);
    const isRoot = kind === Kind.SECTION || kind === Kind.SUPERSECTION;
    const error = this.invocations.vnodeMap(
      isRoot ? this.root : this.tableCap(page, kind),
      frame,
      isRoot ? page >>> ROOT_INDEX_SHIFT : page & ENTRY_MASK,
      this.kernelFlags(flags, kind),
      offset * PAGE_BYTES,
      entries,
      slot as CapRef,
    );
    if (error !== OK) {
      return this.mapFailed(error, this.slots.free(slot as CapRef));
    }
    this.shadow.putLeaf(page, entries, kind, flags, slot, frame, offset, page, entries);
    return OK;
  }

  /** The error of a map that the kernel refused, and of giving its slot back if that failed too. */
  mapFailed(error: ErrorNumber, freed: ErrorNumber): ErrorNumber {
    const chain = freed === OK ? error : pushError(error, freed % 1024);
    return pushError(chain, Code.LIB_ERR_VNODE_MAP);
  }

  /** Removes the Mapping that begins with the leaf record `head`: entries, slot and records. */
  unmapLeaves(head: number): ErrorNumber {
    const error = this.detach(head);
    if (error !== OK) return error;
    const { leaves } = this.shadow;
    const freed = this.slots.free(leaves.mappingOf(head));
    if (freed !== OK) {
      return this.undone(this.attach(head), pushError(freed, Code.LIB_ERR_SLOT_FREE));
    }
    this.forgetMapping(head);
    return OK;
  }

  /** Takes the entries and the capability of a Mapping away; slot and records stay. */
  detach(head: number): ErrorNumber {
    const { leaves } = this.shadow;
    const table = this.tableCap(leaves.pageOf(head), leafKindOf(leaves.runOf(head)));
    return this.unmapMapping(table, leaves.mappingOf(head));
  }

  /** The inverse of unmapping the Mapping of a table: the table in `vnode` serves the entry `index` again. */
  putBack(index: number, vnode: CapRef, mapping: CapRef): ErrorNumber {
    const { READ, WRITE } = PagingFlags;
    return this.invocations.vnodeMap(this.root, vnode, index, READ | WRITE, 0, 1, mapping);
  }

  /** Unmaps by our own hand: the kernel need not tell us what we know. */
  unmapMapping(table: CapRef, mapping: CapRef): ErrorNumber {
    const error = this.invocations.vnodeUnmap(table, mapping, this.watch);
    return error === OK ? OK : pushError(error, Code.LIB_ERR_VNODE_UNMAP);
  }

  /** The inverse of {@link detach}: the Mapping as the records have it. */
  attach(head: number): ErrorNumber {
    const { leaves } = this.shadow;
    const page = leaves.pageOf(head);
    const run = leaves.runOf(head);
    const kind = leafKindOf(run);
    const mapping = leaves.mappingOf(head);
    const error = this.invocations.vnodeMap(
      this.tableCap(page, kind),
      leaves.frameOf(head),
      this.entryOf(page, kind),
      this.kernelFlags(leafFlags(run), kind),
      leaves.offsetOf(head) * PAGE_BYTES,
      leaves.totalOf(head),
      mapping,
    );
    if (error !== OK) return error;
    const restored = this.restoreFlags(head, page, this.shadow.mappingEnd(head), leafFlags(run));
    return restored === OK ? OK : this.undone(this.detach(head), restored);
  }

  /**
   * Gives the pages `from` up to `to` of one Mapping the flags that the records have for them; those that
   * have the flags `given` have got them already.
   */
  restoreFlags(head: number, from: number, to: number, given = -1): ErrorNumber {
    const { leaves } = this.shadow;
    const first = leaves.pageOf(head);
    const kind = leafKindOf(leaves.runOf(head));
    const perEntry = pagesPerEntry(kind);
    const mapping = leaves.mappingOf(head);
    for (let page = from; page < to; ) {
      const record = this.shadow.leafAt(page);
      const run = leaves.runOf(record);
      const end = Math.min(to, this.shadow.endOf(record));
      if (leafFlags(run) !== given) {
        const error = this.invocations.mappingModify(
          mapping,
          (page - first) / perEntry,
          (end - page) / perEntry,
          this.kernelFlags(leafFlags(run), kind),
        );
        if (error !== OK) return error;
      }
      page = end;
    }
    return OK;
  }

  /** Forgets all records of the Mapping that begins with the record `head`. */
  forgetMapping(head: number): void {
    const { leaves } = this.shadow;
    const total = leaves.totalOf(head);
    const run = leaves.runOf(head);
    if (leafEntries(run) === total) {
      this.shadow.dropLeaf(head);
      return;
    }
    const end = this.shadow.mappingEnd(head);
    for (let page = leaves.headOf(head); page < end; ) {
      const record = this.shadow.leafAt(page);
      page = this.shadow.endOf(record);
      this.shadow.dropLeaf(record);
    }
  }

  /** The error of a step after its undoing: `LIB_ERR_PMAP_ROLLBACK` on top where even that failed. */
  undone(undo: ErrorNumber, error: ErrorNumber): ErrorNumber {
    return undo === OK ? error : pushError(error, Code.LIB_ERR_PMAP_ROLLBACK);
  }

  /** From the kernel: a Mapping has gone that we did not ask it to take away. */
  mappingLost(address: number): void {
    const head = this.shadow.leafAt(pageNumber(address));
    if (head === 0) return;
    const mapping = this.shadow.leaves.mappingOf(head);
    this.forgetMapping(head);
    this.slots.free(mapping as CapRef);
    this.lostMappings += 1;
  }

  /**
   * From the kernel: a table has gone from the root, and every leaf in it from our sight. The table
   * itself may still be there, and the Mappings of its leaves with it: we must not ask now, so that
   * their slots stay taken until {@link sweep}.
   */
  tableLost(address: number): void {
    const page = pageNumber(address);
    const record = this.shadow.tableOf(page);
    if (record === 0) return;
    const { leaves, tables } = this.shadow;
    const at = tableAt(record);
    const mappings = [capRef(tables.words[at + TABLE_MAPPING])];
    const end = page + ROOT_ENTRY_PAGES;
    for (let next = page; ; ) {
      next = this.shadow.nextMapped(next, end);
      if (next < 0) break;
      const head = this.shadow.leafAt(next);
      mappings.push(capRef(leaves.mappingOf(head)));
      this.forgetMapping(head);
      this.lostMappings += 1;
    }
    const vnode = capRef(tables.words[at + TABLE_VNODE]);
    this.lostTables.push({ vnode, mappings, address: tables.words[at + TABLE_ADDRESS] * 1024 });
    this.shadow.dropTable(record);
    this.lostMappings += 1;
  }

  /** Gives back what is left of tables that others took out of the root, and their slots. */
  sweep(): ErrorNumber {
    const { invocations, slots, resources } = this;
    for (let lost = this.lostTables.at(-1); lost !== undefined; lost = this.lostTables.at(-1)) {
      // The last one first, so that a failure leaves what is still to do.
      for (
        let mapping = lost.mappings.at(-1);
        mapping !== undefined;
        mapping = lost.mappings.at(-1)
      ) {
        const isThere = invocations.typeName(mapping) !== 'Null';
        const error = isThere ? invocations.delete(mapping) : OK;
        if (error !== OK) return pushError(error, Code.LIB_ERR_CAP_DELETE);
        lost.mappings.pop();
        slots.free(mapping);
      }
      if (invocations.typeName(lost.vnode) !== 'Null') {
        const error = resources.tables.destroy(lost.vnode);
        if (error !== OK) return pushError(error, Code.LIB_ERR_CAP_DESTROY);
      } else {
        resources.tables.free(lost.address);
      }
      slots.free(lost.vnode);
      this.lostTables.pop();
    }
    return OK;
  }
}
