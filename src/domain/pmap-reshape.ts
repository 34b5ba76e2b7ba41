/**
 * Splitting and promoting: the same memory under other leaves, and Mappings with other borders.
 *
 * Where one valid entry would give way to another one of another size, the old one is broken and
 * forgotten by the TLB before the new one is made (Arm ARM B3.10.1, break-before-make); the kernel
 * does so with every unmap. Each step notes its inverse, and a failure goes all the way back.
 */
import {
  Code,
  capRef,
  type ErrorNumber,
  OK,
  PAGE_BYTES,
  pageNumber,
  pushError,
} from '../base/index.js';
import { Kind } from '../format/index.js';
import { leafFlags, leafKindOf } from './leaf-run.js';
import type { PmapCore } from './pmap-core.js';
import type { PmapCost } from './pmap-map.js';
import { pagesPerEntry, pagesPerLeaf } from './pmap-policy.js';
import { PmapPromotion } from './pmap-promotion.js';
import { ROOT_INDEX_SHIFT, TABLE_ENTRIES } from './table-records.js';
import { UndoLog } from './undo-log.js';

/** Records and slots that one split takes at most: three borders, and a table. */
const SPLIT_LEAVES = 6;
const SPLIT_SLOTS = 8;

/** What a leaf is broken into, and how many entries that writes, the break included. */
const SMALLER: Readonly<Record<number, { readonly kind: number; readonly writes: number }>> = {
  [Kind.SUPERSECTION]: { kind: Kind.SECTION, writes: 32 },
  [Kind.SECTION]: { kind: Kind.SMALL, writes: TABLE_ENTRIES + 2 },
  [Kind.LARGE]: { kind: Kind.SMALL, writes: 32 },
};

/** Splits at an address, and promotes to larger leaves. One object serves all calls of a pmap. */
export class ReshapeOperation {
  /** What the last planned operation takes at most. */
  cost: PmapCost = NO_COST;
  private readonly core: PmapCore;
  private readonly promotion: PmapPromotion;

  constructor(core: PmapCore) {
    this.core = core;
    this.promotion = new PmapPromotion(core);
  }

  /** Makes `address` a border between Mappings. */
  split(address: number): ErrorNumber {
    const planned = this.planSplit(address);
    if (planned !== OK || this.cost === NO_COST) return planned;
    const error = this.transact((undo) => this.splitAt(pageNumber(address), undo));
    return error === OK ? OK : pushError(error, Code.LIB_ERR_PMAP_SPLIT);
  }

  /** Checks, and works out {@link cost}. */
  planSplit(address: number): ErrorNumber {
    const { shadow } = this.core;
    this.cost = NO_COST;
    if (address % PAGE_BYTES !== 0) return Code.LIB_ERR_VREGION_BAD_ALIGNMENT;
    const page = pageNumber(address);
    const record = page >= 0 && address < 2 ** 32 ? shadow.leafAt(page) : 0;
    if (record === 0) return pushError(Code.LIB_ERR_PMAP_FIND_VNODE, Code.LIB_ERR_PMAP_SPLIT);
    const { leaves } = shadow;
    const head = leaves.headOf(record);
    if (head === page) return OK;
    let kind = leafKindOf(leaves.runOf(record));
    const cost = { tables: 0, tableBytes: 0, entryWrites: 0, records: 1, slots: 1 };
    while ((page - head) % pagesPerLeaf(kind) !== 0) {
      const smaller = SMALLER[kind];
      if (smaller === undefined) break;
      cost.entryWrites += smaller.writes;
      cost.slots += 2;
      cost.records += 2;
      if (kind === Kind.SECTION) {
        cost.tables += 1;
        cost.tableBytes += 1024;
        cost.slots += 2;
        cost.records += 1;
      }
      kind = smaller.kind;
    }
    this.cost = cost;
    return OK;
  }

  /** Replaces the leaves around `address` by one of `bytes`. */
  promote(address: number, bytes: number): ErrorNumber {
    const planned = this.planPromote(address, bytes);
    if (planned !== OK || this.cost === NO_COST) return planned;
    const { first, pages } = this.promotion;
    const error = this.transact((undo) => {
      const begin = this.borderAt(first, undo);
      if (begin !== OK) return begin;
      const end = this.borderAt(first + pages, undo);
      return end === OK ? this.promotion.run(undo) : end;
    });
    return error === OK ? OK : pushError(error, Code.LIB_ERR_PMAP_PROMOTE);
  }

  /** Checks, and works out {@link cost}. */
  planPromote(address: number, bytes: number): ErrorNumber {
    this.cost = NO_COST;
    const error = this.promotion.plan(address, bytes);
    if (error !== OK) return pushError(error, Code.LIB_ERR_PMAP_PROMOTE);
    this.cost = this.promotion.cost ?? NO_COST;
    return OK;
  }

  /** Reserves what the steps need, and rolls everything back when one of them fails. */
  private transact(steps: (undo: UndoLog) => ErrorNumber): ErrorNumber {
    const { core } = this;
    const mark = core.metadata === undefined ? 0 : core.metadata.mark;
    const reserved = core.reserveRecords(SPLIT_LEAVES, 1);
    if (reserved !== OK) return reserved;
    const cnodes = core.slots.reserve(SPLIT_SLOTS);
    let error: ErrorNumber;
    if (cnodes < 0) {
      error = pushError(-cnodes, Code.LIB_ERR_SLOT_ALLOC);
    } else {
      const undo = new UndoLog();
      error = steps(undo);
      if (error === OK) return OK;
      error = core.undone(undo.rollBack(), error);
      core.slots.release(cnodes);
    }
    core.metadata?.undoTo(mark);
    return error;
  }

  private splitAt(page: number, undo: UndoLog): ErrorNumber {
    const { shadow } = this.core;
    for (;;) {
      const { leaves } = shadow;
      const record = shadow.leafAt(page);
      const kind = leafKindOf(leaves.runOf(record));
      const head = leaves.headOf(record);
      const leaf = pagesPerLeaf(kind);
      const start = page - ((page - head) % leaf);
      if (start === page) return this.borderAt(page, undo);
      let error = this.borderAt(start, undo);
      if (error === OK) error = this.borderAt(start + leaf, undo);
      if (error === OK) error = this.breakLeaf(start, kind, undo);
      if (error !== OK) return error;
    }
  }

  /** Cuts the Mapping that spans `page`, a border of its leaves; nothing to do where none does. */
  private borderAt(page: number, undo: UndoLog): ErrorNumber {
    const { core } = this;
    const { shadow } = core;
    const record = page < core.endPage ? shadow.leafAt(page) : 0;
    if (record === 0) return OK;
    const { leaves } = shadow;
    const headPage = leaves.headOf(record);
    if (headPage === page) return OK;
    const slot = core.allocateSlot();
    if (slot < 0) return -slot;
    const mapping = leaves.mappingOf(record);
    const perEntry = pagesPerEntry(leafKindOf(leaves.runOf(record)));
    const error = core.invocations.mappingSplit(
      mapping,
      (page - headPage) / perEntry,
      capRef(slot),
    );
    if (error !== OK) {
      core.slots.free(capRef(slot));
      return error;
    }
    if (leaves.pageOf(record) < page) shadow.cut(record, page);
    shadow.splitMapping(shadow.leafAt(headPage), page, slot);
    undo.push(() => {
      const joined = core.invocations.mappingJoin(mapping, capRef(slot));
      if (joined !== OK) return joined;
      shadow.joinMappings(shadow.leafAt(headPage));
      return core.slots.free(capRef(slot));
    });
    return OK;
  }

  /** Replaces the only leaf of a Mapping by smaller ones. */
  private breakLeaf(page: number, kind: number, undo: UndoLog): ErrorNumber {
    if (kind === Kind.SECTION) return this.breakSection(page, undo);
    return this.changeKind(page, kind, kind === Kind.LARGE ? Kind.SMALL : Kind.SECTION, undo);
  }

  /** Sixteen entries of one leaf become sixteen leaves: same table, same Mapping slot. */
  private changeKind(page: number, from: number, to: number, undo: UndoLog): ErrorNumber {
    const { core } = this;
    const record = core.shadow.leafAt(page);
    const error = core.detach(record);
    if (error !== OK) return error;
    core.shadow.changeKind(record, to);
    const attached = core.attach(record);
    if (attached !== OK) {
      core.shadow.changeKind(record, from);
      return core.undone(core.attach(record), attached);
    }
    undo.push(() => {
      const broken = core.detach(core.shadow.leafAt(page));
      core.shadow.changeKind(core.shadow.leafAt(page), from);
      return broken === OK ? core.attach(core.shadow.leafAt(page)) : broken;
    });
    return OK;
  }

  /** A section becomes a table of small pages, which is filled before anything can walk it. */
  private breakSection(page: number, undo: UndoLog): ErrorNumber {
    const { core } = this;
    const { shadow, slots } = core;
    const record = shadow.leafAt(page);
    const { leaves } = shadow;
    const flags = leafFlags(leaves.runOf(record));
    const section = leaves.mappingOf(record);
    const frame = leaves.frameOf(record);
    const offset = leaves.offsetOf(record);
    const index = page >>> ROOT_INDEX_SHIFT;

    const vnode = core.allocateSlot();
    if (vnode < 0) return -vnode;
    undo.push(() => slots.free(capRef(vnode)));
    const created = core.resources.tables.create(capRef(vnode));
    if (created !== OK) return pushError(created, Code.LIB_ERR_VNODE_CREATE);
    undo.push(() => core.resources.tables.destroy(capRef(vnode)));

    const pages = core.allocateSlot();
    if (pages < 0) return -pages;
    undo.push(() => slots.free(capRef(pages)));
    const filled = core.invocations.vnodeMap(
      capRef(vnode),
      frame,
      0,
      core.kernelFlags(flags, Kind.SMALL),
      offset * PAGE_BYTES,
      TABLE_ENTRIES,
      capRef(pages),
    );
    if (filled !== OK) return pushError(filled, Code.LIB_ERR_VNODE_MAP);
    undo.push(() => core.unmapMapping(capRef(vnode), capRef(pages)));

    const broken = core.detach(shadow.leafAt(page));
    if (broken !== OK) return broken;
    shadow.dropLeaf(shadow.leafAt(page));
    undo.push(() => {
      const record = shadow.putLeaf(page, 1, Kind.SECTION, flags, section, frame, offset, page, 1);
      return core.attach(record);
    });

    const installed = core.installTable(index, capRef(vnode));
    if (installed !== OK) return installed;
    undo.push(() => core.uninstallTable(shadow.tableOf(page)));
    shadow.putLeaf(
      page,
      TABLE_ENTRIES,
      Kind.SMALL,
      flags,
      pages,
      frame,
      offset,
      page,
      TABLE_ENTRIES,
    );
    undo.push(() => {
      shadow.dropLeaf(shadow.leafAt(page));
      return OK;
    });
    const freed = slots.free(section);
    if (freed !== OK) return pushError(freed, Code.LIB_ERR_SLOT_FREE);
    undo.push(() => (slots.allocate() === section ? OK : Code.LIB_ERR_SLOT_ALLOC));
    return OK;
  }
}

const NO_COST: PmapCost = { tables: 0, tableBytes: 0, entryWrites: 0, records: 0, slots: 0 };
