/**
 * Promotion: leaves that fill a larger one, continue each other in one frame, and have the same
 * flags, become that larger leaf.
 *
 *     64 KiB   sixteen small pages        become a large page       in the same table
 *      1 MiB   all pages of a table       become a section          and the table goes
 *     16 MiB   sixteen sections           become a supersection     in the root
 */
import {
  type CapRef,
  Code,
  capRef,
  type ErrorNumber,
  MIB,
  OK,
  PAGE_BYTES,
  pageNumber,
  pushError,
} from '../base/index.js';
import { Kind } from '../format/index.js';
import { leafFlags, leafKindOf } from './leaf-run.js';
import type { PmapCore } from './pmap-core.js';
import type { PmapCost } from './pmap-map.js';
import { isRootKind, pagesPerEntry, pagesPerLeaf } from './pmap-policy.js';
import {
  ROOT_INDEX_SHIFT,
  TABLE_ADDRESS,
  TABLE_MAPPING,
  TABLE_VNODE,
  tableAt,
} from './table-records.js';
import type { UndoLog } from './undo-log.js';

/** The leaf kind of each size that can be asked for. */
const KIND_OF_BYTES: Readonly<Record<number, number>> = {
  [16 * PAGE_BYTES]: Kind.LARGE,
  [MIB]: Kind.SECTION,
  [16 * MIB]: Kind.SUPERSECTION,
};

/** One promotion: planned, then run. */
export class PmapPromotion {
  /** The pages that become one leaf. */
  first = 0;
  pages = 0;
  /** What it gives back, as negative numbers; undefined where the leaf is that large already. */
  cost: PmapCost | undefined;
  private readonly core: PmapCore;
  private kind = 0;
  private flags = 0;
  private frame: CapRef = capRef(0);
  private offset = 0;

  constructor(core: PmapCore) {
    this.core = core;
  }

  /** Checks everything. Changes nothing. */
  plan(address: number, bytes: number): ErrorNumber {
    const { shadow } = this.core;
    this.cost = undefined;
    const kind = KIND_OF_BYTES[bytes];
    if (kind === undefined || !(address >= 0 && address < 2 ** 32)) {
      return Code.LIB_ERR_VREGION_BAD_ALIGNMENT;
    }
    this.kind = kind;
    this.pages = pagesPerLeaf(kind);
    const page = pageNumber(address);
    this.first = page - (page % this.pages);
    const record = shadow.leafAt(this.first);
    if (record === 0) return Code.LIB_ERR_PMAP_FIND_VNODE;
    const { leaves } = shadow;
    if (leafKindOf(leaves.runOf(record)) === kind) return OK;
    this.flags = leafFlags(leaves.runOf(record));
    this.frame = leaves.frameOf(record);
    this.offset = leaves.offsetOf(record) + this.first - leaves.pageOf(record);
    return this.checkAlike();
  }

  private checkAlike(): ErrorNumber {
    const { core, first, pages } = this;
    const { shadow } = core;
    const { leaves } = shadow;
    let records = 0;
    let inRoot = true;
    let entryWrites = 0;
    for (let page = first; page < first + pages; records += 1) {
      const record = shadow.leafAt(page);
      if (record === 0) return Code.LIB_ERR_PMAP_FIND_VNODE;
      const run = leaves.runOf(record);
      const offset = leaves.offsetOf(record) + page - leaves.pageOf(record);
      const alike =
        leafFlags(run) === this.flags &&
        leaves.frameOf(record) === this.frame &&
        offset === this.offset + page - first &&
        pagesPerLeaf(leafKindOf(run)) < pages;
      if (!alike) return Code.LIB_ERR_PMAP_EXISTING_MAPPING;
      const end = Math.min(shadow.endOf(record), first + pages);
      entryWrites += (end - page) / pagesPerEntry(leafKindOf(run));
      inRoot &&= isRootKind(leafKindOf(run));
      page = end;
    }
    // A table among the sixteen MiB would have to be promoted to a section first.
    if (this.kind === Kind.SUPERSECTION && !inRoot) return Code.LIB_ERR_PMAP_EXISTING_MAPPING;
    const error = core.invocations.identifyFrame(this.frame);
    if (error !== OK) return error;
    const frame = (core.invocations.identity.kibibyte >>> 2) + this.offset;
    if (frame % pages !== 0) return Code.SYS_ERR_VM_FRAME_UNALIGNED;
    const tables = this.kind === Kind.SECTION ? -1 : 0;
    const { remnants, cuts } = this.borders();
    this.cost = {
      tables,
      tableBytes: tables * 1024,
      // The entries of a table that goes are cleared with the Mappings of its pages.
      entryWrites: this.kind === Kind.SECTION ? 2 + entryWrites : entryWrites * 2,
      records: 1 - records + remnants + tables,
      slots: 1 - this.heads().length + cuts + 2 * tables,
    };
    return OK;
  }

  /** How many Mappings, and how many records, reach out of the range at its two ends. */
  private borders(): { readonly cuts: number; readonly remnants: number } {
    const { shadow } = this.core;
    const { first, pages } = this;
    const { leaves } = shadow;
    const record = shadow.leafAt(first);
    const last = shadow.leafAt(first + pages - 1);
    return {
      cuts:
        (leaves.headOf(record) < first ? 1 : 0) + (shadow.mappingEnd(last) > first + pages ? 1 : 0),
      remnants:
        (leaves.pageOf(record) < first ? 1 : 0) + (shadow.endOf(last) > first + pages ? 1 : 0),
    };
  }

  /** The first records of the Mappings in the range, whose borders are its borders when it runs. */
  private heads(): number[] {
    const { shadow } = this.core;
    const heads: number[] = [];
    for (let page = this.first; page < this.first + this.pages; ) {
      const record = shadow.leafAt(page);
      heads.push(record);
      page = shadow.mappingEnd(record);
    }
    return heads;
  }

  /** Does it. The Mappings in the range end where it ends. */
  run(undo: UndoLog): ErrorNumber {
    return this.kind === Kind.SECTION ? this.replaceTable(undo) : this.replaceLeaves(undo);
  }

  /** Leaves of one table give way to a larger one in the same table; the first slot serves it. */
  private replaceLeaves(undo: UndoLog): ErrorNumber {
    const { core } = this;
    const { leaves } = core.shadow;
    const heads = this.heads();
    const slots = heads.map((head) => leaves.mappingOf(head));
    for (const head of heads) {
      const error = core.detach(head);
      if (error !== OK) return error;
      undo.push(() => core.attach(head));
    }
    const [slot = capRef(0), ...spare] = slots;
    const table = core.tableCap(this.first, this.kind);
    const error = this.mapInto(table, core.entryOf(this.first, this.kind), 16, slot);
    if (error !== OK) return error;
    undo.push(() => core.unmapMapping(table, slot));
    const freed = this.freeSlots(spare, undo);
    if (freed !== OK) return freed;
    for (const head of heads) core.forgetMapping(head);
    this.record(16, slot);
    return OK;
  }

  private mapInto(table: CapRef, entry: number, count: number, slot: CapRef): ErrorNumber {
    const { core } = this;
    const error = core.invocations.vnodeMap(
      table,
      this.frame,
      entry,
      core.kernelFlags(this.flags, this.kind),
      this.offset * PAGE_BYTES,
      count,
      slot,
    );
    return error === OK ? OK : pushError(error, Code.LIB_ERR_VNODE_MAP);
  }

  private freeSlots(slots: readonly CapRef[], undo: UndoLog): ErrorNumber {
    const { core } = this;
    for (const slot of slots) {
      const error = core.slots.free(slot);
      if (error !== OK) return pushError(error, Code.LIB_ERR_SLOT_FREE);
      undo.push(() => (core.slots.allocate() === slot ? OK : Code.LIB_ERR_SLOT_ALLOC));
    }
    return OK;
  }

  private record(entries: number, slot: CapRef): void {
    const { first, kind, flags, frame, offset } = this;
    this.core.shadow.putLeaf(first, entries, kind, flags, slot, frame, offset, first, entries);
  }

  /** A whole table gives way to a section: out of the root first, and destroyed last. */
  private replaceTable(undo: UndoLog): ErrorNumber {
    const { core } = this;
    const { shadow } = core;
    const heads = this.heads();
    const { leaves } = shadow;
    const slots = heads.map((head) => leaves.mappingOf(head));
    const index = this.first >>> ROOT_INDEX_SHIFT;
    const table = shadow.tableOf(this.first);
    const words = shadow.tables.words;
    const vnode = capRef(words[tableAt(table) + TABLE_VNODE]);
    const tableMapping = capRef(words[tableAt(table) + TABLE_MAPPING]);
    const address = words[tableAt(table) + TABLE_ADDRESS] * 1024;

    const section = core.allocateSlot();
    if (section < 0) return -section;
    undo.push(() => core.slots.free(capRef(section)));
    const broken = core.unmapMapping(core.root, tableMapping);
    if (broken !== OK) return broken;
    undo.push(() => core.putBack(index, vnode, tableMapping));
    const error = this.mapInto(core.root, index, 1, capRef(section));
    if (error !== OK) return error;
    undo.push(() => core.unmapMapping(core.root, capRef(section)));

    // The table is walked by nobody now; with it go the Mappings of its pages.
    const destroyed = core.resources.tables.destroy(vnode);
    if (destroyed !== OK) return pushError(destroyed, Code.LIB_ERR_CAP_DESTROY);
    undo.push(() => this.restoreTable(vnode, address, heads));
    const freed = this.freeSlots([...slots, vnode, tableMapping], undo);
    if (freed !== OK) return freed;
    for (const head of heads) core.forgetMapping(head);
    shadow.dropTable(table);
    this.record(1, capRef(section));
    return OK;
  }

  private restoreTable(vnode: CapRef, address: number, heads: readonly number[]): ErrorNumber {
    const { core } = this;
    let failed = core.resources.tables.create(vnode, address);
    for (const head of heads) failed = failed === OK ? core.attach(head) : failed;
    return failed;
  }
}
