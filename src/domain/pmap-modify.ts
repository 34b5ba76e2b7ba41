/**
 * Changing flags: any run of leaves inside Mappings, checked first, all or none.
 *
 * The kernel changes the entries; the records are cut where the flags now differ, and joined again
 * where they no longer do, so that toggling a page's flags leaves nothing behind.
 */
import { Code, type ErrorNumber, OK, PAGE_BYTES, pageNumber, pushError } from '../base/index.js';
import { EventKind } from '../machine/index.js';
import { leafEntries, leafFlags, leafKindOf, packLeafRun } from './leaf-run.js';
import type { PmapCore } from './pmap-core.js';
import type { PmapCost } from './pmap-map.js';
import { pagesPerEntry, pagesPerLeaf } from './pmap-policy.js';
import { ROOT_ENTRY_PAGES } from './table-records.js';
import { ALL_VREGION_FLAGS } from './vregion-flags.js';

const ADDRESS_SPACE_BYTES = 2 ** 32;

/** Pages `from` up to `to` of one Mapping. */
interface Piece {
  readonly from: number;
  readonly to: number;
}

/** One change of flags. One object serves all calls of a pmap. */
export class ModifyOperation {
  /** Bytes that were changed. */
  bytes = 0;
  private readonly core: PmapCore;
  private readonly pieces: Piece[] = [];

  constructor(core: PmapCore) {
    this.core = core;
  }

  /** Plans and does it. The answer is in {@link bytes}. */
  run(address: number, bytes: number, flags: number): ErrorNumber {
    const planned = this.plan(address, bytes);
    if (planned !== OK || this.pieces.length === 0) return planned;
    const { core } = this;
    const mark = core.metadata === undefined ? 0 : core.metadata.mark;
    // At most two cuts: before the first page of the range, and behind the last.
    let error = core.reserveRecords(2 * this.pieces.length, 0);
    if (error === OK) {
      error = this.commit(flags & ALL_VREGION_FLAGS);
      if (error !== OK) core.metadata?.undoTo(mark);
    }
    if (error !== OK) return pushError(error, Code.LIB_ERR_PMAP_MODIFY_FLAGS);
    const { events, domain } = core.resources;
    if (events.on) events.record(EventKind.PROTECT, domain, address, this.bytes, flags);
    return OK;
  }

  /** What the planned change takes at most. */
  get cost(): PmapCost {
    let entryWrites = 0;
    for (const { from, to } of this.pieces) entryWrites += (to - from) / this.perEntry(from);
    const records = 2 * this.pieces.length;
    return { tables: 0, tableBytes: 0, entryWrites, records, slots: 0 };
  }

  /** Checks everything and lists the pieces. Changes nothing. */
  plan(address: number, bytes: number): ErrorNumber {
    this.pieces.length = 0;
    this.bytes = 0;
    if (address % PAGE_BYTES !== 0) return Code.LIB_ERR_VREGION_BAD_ALIGNMENT;
    const pages = pageNumber(bytes + PAGE_BYTES - 1);
    if (bytes === 0) return OK;
    const first = pageNumber(address);
    if (!(address >= 0 && address + bytes <= ADDRESS_SPACE_BYTES && bytes > 0)) {
      return pushError(Code.LIB_ERR_PMAP_FIND_VNODE, Code.LIB_ERR_PMAP_MODIFY_FLAGS);
    }
    let crosses = false;
    let missing = false;
    for (let page = first; page < first + pages; ) {
      const end = this.pieceEnd(page, first + pages);
      if (!this.planPiece(page, end)) {
        if (this.core.shadow.anyMapped(page, end - page)) crosses = true;
        else missing = true;
      }
      page = end;
    }
    if (crosses || missing) {
      this.pieces.length = 0;
      const cause = crosses ? Code.LIB_ERR_PMAP_EXISTING_MAPPING : Code.LIB_ERR_PMAP_FIND_VNODE;
      return pushError(cause, Code.LIB_ERR_PMAP_MODIFY_FLAGS);
    }
    this.bytes = pages * PAGE_BYTES;
    return OK;
  }

  /** Where the piece that begins at `page` ends: the original cut at every MiB, we only by Mappings. */
  private pieceEnd(page: number, end: number): number {
    const { shadow, policy } = this.core;
    const border = Math.min(end, (page | (ROOT_ENTRY_PAGES - 1)) + 1);
    const record = shadow.leafAt(page);
    if (record === 0 || !policy.spansMappings) return border;
    return Math.min(end, shadow.mappingEnd(record));
  }

  /** Notes a piece; whether it is made of whole leaves of one Mapping. */
  private planPiece(page: number, end: number): boolean {
    const { shadow } = this.core;
    const record = shadow.leafAt(page);
    if (record === 0 || end > shadow.mappingEnd(record)) return false;
    const { leaves } = shadow;
    const leaf = pagesPerLeaf(leafKindOf(leaves.runOf(record)));
    const head = leaves.headOf(record);
    if ((page - head) % leaf !== 0 || (end - head) % leaf !== 0) return false;
    this.pieces.push({ from: page, to: end });
    return true;
  }

  private perEntry(page: number): number {
    const { shadow } = this.core;
    const run = shadow.leaves.runOf(shadow.leafAt(page));
    return pagesPerEntry(leafKindOf(run));
  }

  private commit(flags: number): ErrorNumber {
    const { core, pieces } = this;
    for (const [index, piece] of pieces.entries()) {
      const error = this.change(piece, flags);
      if (error === OK) continue;
      let undo: ErrorNumber = OK;
      for (let done = index - 1; done >= 0; done -= 1) {
        const { from, to } = pieces[done];
        undo ||= core.restoreFlags(this.headOf(from), from, to);
      }
      return core.undone(undo, error);
    }
    for (const piece of pieces) this.record(piece, flags);
    return OK;
  }

  private headOf(page: number): number {
    const { shadow } = this.core;
    return shadow.leafAt(shadow.leaves.headOf(shadow.leafAt(page)));
  }

  private change({ from, to }: Piece, flags: number): ErrorNumber {
    const { core } = this;
    const { leaves } = core.shadow;
    const record = core.shadow.leafAt(from);
    const kind = leafKindOf(leaves.runOf(record));
    const perEntry = pagesPerEntry(kind);
    return core.invocations.mappingModify(
      leaves.mappingOf(record),
      (from - leaves.headOf(record)) / perEntry,
      (to - from) / perEntry,
      core.kernelFlags(flags, kind),
    );
  }

  /** Writes the new flags into the records of a piece. */
  private record({ from, to }: Piece, flags: number): void {
    const { shadow } = this.core;
    const first = shadow.leafAt(from);
    const page = shadow.leaves.pageOf(first);
    if (page < from && leafFlags(this.runOf(first)) !== flags) shadow.cut(first, from);
    for (let at = from; at < to; ) {
      const record = shadow.leafAt(at);
      const run = this.runOf(record);
      const end = shadow.endOf(record);
      if (leafFlags(run) !== flags) {
        if (end > to) shadow.cut(record, to);
        const changed = this.runOf(record);
        const entries = leafEntries(changed);
        shadow.leaves.setRun(record, packLeafRun(entries, leafKindOf(changed), flags));
      }
      at = Math.min(end, to);
    }
    this.mergeAround(from, to);
  }

  private runOf(record: number): number {
    return this.core.shadow.leaves.runOf(record);
  }

  private mergeAround(from: number, to: number): void {
    const { shadow } = this.core;
    const { leaves } = shadow;
    let record = shadow.leafAt(from);
    const page = leaves.pageOf(record);
    if (!shadow.isHead(record)) {
      const before = shadow.leafAt(page - 1);
      if (shadow.mergeWithNext(before)) record = before;
    }
    while (shadow.endOf(record) <= to) {
      if (shadow.mergeWithNext(record)) continue;
      if (shadow.endOf(record) >= Math.min(to, shadow.mappingEnd(record))) break;
      record = shadow.leafAt(shadow.endOf(record));
    }
  }
}
