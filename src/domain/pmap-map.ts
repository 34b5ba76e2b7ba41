/**
 * Mapping: plan, reserve, commit.
 *
 * The plan is a list of pieces, each a run of leaves of one kind in one table, and what they need.
 * It is kept in arrays that are used again, because a map of one page must not allocate. All checks
 * are made in the plan; what the commit still meets are allocations that fail, and it undoes them.
 */
import {
  type CapRef,
  Code,
  type ErrorNumber,
  OK,
  PAGE_BYTES,
  pageNumber,
  pushError,
} from '../base/index.js';
import { Kind } from '../format/index.js';
import { EventKind } from '../machine/index.js';
import type { PmapCore } from './pmap-core.js';
import { isRootKind, type MapRequest, pagesPerLeaf } from './pmap-policy.js';
import { ROOT_ENTRY_PAGES, ROOT_INDEX_SHIFT, TABLE_ADDRESS, tableAt } from './table-records.js';
import { ALL_VREGION_FLAGS } from './vregion-flags.js';

/** What an operation takes before it can be done. */
export interface PmapCost {
  /** L2 tables that are made, or given back where negative. */
  readonly tables: number;
  readonly tableBytes: number;
  /** Words written into tables. */
  readonly entryWrites: number;
  /** Leaf and table records. */
  readonly records: number;
  /** Capability slots. */
  readonly slots: number;
}

const PIECE_WORDS = 4;
const ADDRESS_SPACE_BYTES = 2 ** 32;
const TABLE_ENTRY_PAGES_MASK = ROOT_ENTRY_PAGES - 1;

/** Pages of the next larger leaf of the same table, for each kind; 0 where there is none. */
const LARGER_LEAF_PAGES = Int32Array.from({ length: 8 }, (_, kind) => {
  if (kind === Kind.SMALL) return pagesPerLeaf(Kind.LARGE);
  return kind === Kind.SECTION ? pagesPerLeaf(Kind.SUPERSECTION) : 0;
});

/** One map call, from request to done. One object serves all calls of a pmap. */
export class MapOperation {
  /** Offset in the frame that the mapping begins with, in bytes. */
  offset = 0;
  /** Bytes mapped, rounded to the leaves. */
  bytes = 0;
  private readonly core: PmapCore;
  private readonly request: MapRequest = {
    page: 0,
    frame: 0,
    frameBytes: 0,
    offset: 0,
    bytes: 0,
    flags: 0,
  };
  /** Page, entries, kind and page of the frame for each piece. */
  private pieces = new Int32Array(64 * PIECE_WORDS);
  private count = 0;
  /** Bytes that offset and size were rounded to. */
  private granule = PAGE_BYTES;
  /** Roots' entries that need a table, and those whose empty table gives way to sections. */
  private readonly missing: number[] = [];
  private readonly emptied: number[] = [];

  constructor(core: PmapCore) {
    this.core = core;
  }

  /** Plans and does it. The answer is in {@link offset} and {@link bytes}. */
  run(address: number, frame: CapRef, offset: number, bytes: number, flags: number): ErrorNumber {
    const error = this.plan(address, frame, offset, bytes, flags);
    if (error !== OK || this.count === 0) return error;
    const done = this.reserveAndCommit(frame, flags & ALL_VREGION_FLAGS);
    if (done !== OK) return done;
    const { events, resources } = this.core;
    if (events.on) events.record(EventKind.MAP, resources.domain, address, this.bytes, flags);
    return OK;
  }

  /** What the planned mapping takes. */
  get cost(): PmapCost {
    let entryWrites = this.missing.length + this.emptied.length;
    for (let piece = 0; piece < this.count; piece += 1) {
      entryWrites += this.pieces[piece * PIECE_WORDS + 1];
    }
    const tables = this.missing.length - this.emptied.length;
    return {
      tables,
      tableBytes: tables * 1024,
      entryWrites,
      records: this.count + tables,
      slots: this.count + 2 * tables,
    };
  }

  /**
   * Checks everything and lists the pieces. Changes nothing.
   *
   *     identify ─ alignment ─ size 0: done ─ inside the frame ─ inside 4 GiB ─ below the kernel ─ free
   */
  plan(address: number, frame: CapRef, offset: number, bytes: number, flags: number): ErrorNumber {
    const { core, request } = this;
    this.count = 0;
    const { invocations, policy } = core;
    const identified = invocations.identifyFrame(frame);
    if (identified !== OK) return pushError(identified, Code.LIB_ERR_PMAP_FRAME_IDENTIFY);
    const identity = invocations.identity;
    if (address % PAGE_BYTES !== 0) return Code.LIB_ERR_VREGION_BAD_ALIGNMENT;
    const sizes = Number.isSafeInteger(offset) && Number.isSafeInteger(bytes);
    if (!sizes || offset < 0 || bytes < 0) return Code.LIB_ERR_PMAP_FRAME_SIZE;
    request.page = pageNumber(address);
    request.frame = identity.kibibyte >>> 2;
    request.frameBytes = identity.bytes;
    request.offset = offset;
    request.bytes = bytes;
    request.flags = flags;
    let granule = policy.granule(request);
    this.round(granule);
    if (this.bytes === 0) return OK;
    if (granule > PAGE_BYTES && this.offset + this.bytes > identity.bytes) {
      // Defect 16: what does not fit rounded to sections is mapped by pages.
      granule = PAGE_BYTES;
      this.round(granule);
    }
    if (policy.identifiesEachStep) {
      const again = invocations.identifyFrame(frame);
      if (again !== OK) return pushError(again, Code.LIB_ERR_PMAP_DO_MAP);
    }
    if (this.offset + this.bytes > identity.bytes) return Code.LIB_ERR_PMAP_FRAME_SIZE;
    if (this.bytes === 0) return OK;
    const end = address + this.bytes;
    if (!(address >= 0 && end <= ADDRESS_SPACE_BYTES)) return Code.LIB_ERR_OUT_OF_VIRTUAL_ADDR;
    if (policy.identifiesEachStep) {
      const error = this.identifyPieces(frame, granule);
      if (error !== OK) return error;
    }
    const kind = policy.leafKind(request, granule, request.page, 0, 1);
    if (end > core.resources.memoryOffset) return reservedError(isRootKind(kind));
    this.granule = granule;
    return this.arrange();
  }

  /** Lists the pieces for what is mapped now. Error: `LIB_ERR_PMAP_EXISTING_MAPPING`. */
  private arrange(): ErrorNumber {
    const { core, request } = this;
    const pages = pageNumber(this.bytes);
    this.count = 0;
    if (this.missing.length > 0) this.missing.length = 0;
    if (this.emptied.length > 0) this.emptied.length = 0;
    if (core.shadow.anyMapped(request.page, pages)) {
      return pushError(Code.LIB_ERR_PMAP_EXISTING_MAPPING, Code.LIB_ERR_PMAP_DO_MAP);
    }
    this.listPieces(this.granule, pages);
    return OK;
  }

  /** The offset down to, and the size up to, whole granules. */
  private round(granule: number): void {
    const { offset, bytes } = this.request;
    const inGranule = offset % granule;
    const size = inGranule + bytes;
    const rest = size % granule;
    this.bytes = rest === 0 ? size : size + granule - rest;
    this.offset = offset - inGranule;
  }

  /**
   * The original identified the frame once more in `do_map`, and then for each piece before it looked
   * whether that was free; a recorded environment failure counts those calls.
   */
  private identifyPieces(frame: CapRef, granule: number): ErrorNumber {
    const { core, request } = this;
    const end = request.page + pageNumber(this.bytes);
    for (let page = request.page; page < end; ) {
      const error = core.invocations.identifyFrame(frame);
      if (error !== OK) {
        const identified = pushError(error, Code.LIB_ERR_PMAP_FRAME_IDENTIFY);
        return pushError(identified, Code.LIB_ERR_PMAP_DO_MAP);
      }
      const border = (page | TABLE_ENTRY_PAGES_MASK) + 1;
      const next = granule > PAGE_BYTES || border > end ? end : border;
      if (next > core.endPage || core.shadow.anyMapped(page, next - page)) return OK;
      page = next;
    }
    return OK;
  }

  /** Cuts the pages into runs of one kind in one table, and notes the tables that come and go. */
  private listPieces(granule: number, pages: number): void {
    const { core, request } = this;
    const end = request.page + pages;
    const firstOffset = pageNumber(this.offset);
    for (let page = request.page; page < end; ) {
      const offset = firstOffset + page - request.page;
      const kind = core.policy.leafKind(request, granule, page, request.frame + offset, end - page);
      const border = (page | TABLE_ENTRY_PAGES_MASK) + 1;
      const limit = isRootKind(kind) || border > end ? end : border;
      const next = this.endOfRun(granule, kind, page, limit, end);
      this.addPiece(page, next - page, kind, offset);
      page = next;
    }
  }

  /**
   * Where the run of leaves of `kind` from `page` on ends. A larger leaf can begin only at a multiple
   * of its own size; if it does not at the first such page, it does at none of the run, because how
   * address and frame lie to each other stays the same and what is left only becomes less.
   */
  private endOfRun(
    granule: number,
    kind: number,
    page: number,
    limit: number,
    end: number,
  ): number {
    const { core, request } = this;
    const leaf = pagesPerLeaf(kind);
    const last = limit - ((limit - page) % leaf);
    const larger = LARGER_LEAF_PAGES[kind];
    const turn = larger === 0 ? last : page - (page % larger) + larger;
    if (turn >= last) return last;
    const frame = request.frame + pageNumber(this.offset) + turn - request.page;
    const there = core.policy.leafKind(request, granule, turn, frame, end - turn);
    return there === kind ? last : turn;
  }

  private addPiece(page: number, pages: number, kind: number, offset: number): void {
    if ((this.count + 1) * PIECE_WORDS > this.pieces.length) {
      const larger = new Int32Array(this.pieces.length * 2);
      larger.set(this.pieces);
      this.pieces = larger;
    }
    const at = this.count * PIECE_WORDS;
    this.pieces[at] = page;
    this.pieces[at + 1] = isRootKind(kind) ? pages >>> ROOT_INDEX_SHIFT : pages;
    this.pieces[at + 2] = kind;
    this.pieces[at + 3] = offset;
    this.count += 1;
    const root = this.core.shadow.tables.root;
    const index = page >>> ROOT_INDEX_SHIFT;
    if (isRootKind(kind)) {
      if (!this.core.shadow.sawTable) return;
      const end = index + (pages >>> ROOT_INDEX_SHIFT);
      for (let entry = index; entry < end; entry += 1) {
        if (root[entry] !== 0) this.emptied.push(entry);
      }
    } else if (root[index] === 0 && this.missing[this.missing.length - 1] !== index) {
      this.missing.push(index);
    }
  }

  private reserveAndCommit(frame: CapRef, flags: number): ErrorNumber {
    const { core } = this;
    const mark = core.metadata === undefined ? 0 : core.metadata.mark;
    let error = core.reserveRecords(this.count, this.missing.length);
    if (error !== OK) return error;
    if (core.metadata !== undefined && core.metadata.mark !== mark) {
      // The records that were made lie in mappings themselves, perhaps in a table that was missing.
      error = this.arrange();
      if (error !== OK) {
        core.metadata.undoTo(mark);
        return error;
      }
    }
    const slots = this.count + 2 * this.missing.length;
    const cnodes = core.slots.freeCount >= slots ? 0 : core.slots.reserve(slots);
    if (cnodes < 0) {
      error = pushError(pushError(-cnodes, Code.LIB_ERR_SLOT_ALLOC), Code.LIB_ERR_PMAP_DO_MAP);
    } else {
      error = this.commit(frame, flags);
      if (error === OK) return OK;
      if (cnodes > 0) core.slots.release(cnodes);
    }
    core.metadata?.undoTo(mark);
    return error;
  }

  private commit(frame: CapRef, flags: number): ErrorNumber {
    const { core, emptied, missing } = this;
    let removed = 0;
    let made = 0;
    let mapped = 0;
    let error: ErrorNumber = OK;
    const addresses: number[] | undefined = emptied.length === 0 ? undefined : [];
    for (; error === OK && removed < emptied.length; removed += 1) {
      const record = core.shadow.tables.root[emptied[removed]] >>> 1;
      addresses?.push(core.shadow.tables.words[tableAt(record) + TABLE_ADDRESS] * 1024);
      error = core.removeTable(record);
      if (error !== OK) break;
    }
    for (; error === OK && made < missing.length; made += 1) {
      error = core.createTable(missing[made]);
      if (error !== OK) {
        error = pushError(error, Code.LIB_ERR_PMAP_GET_PTABLE);
        break;
      }
    }
    for (; error === OK && mapped < this.count; mapped += 1) {
      const at = mapped * PIECE_WORDS;
      error = core.mapLeaves(
        this.pieces[at],
        this.pieces[at + 1],
        this.pieces[at + 2],
        flags,
        frame,
        this.pieces[at + 3],
      );
      if (error !== OK) break;
    }
    if (error === OK) return OK;
    const undo = this.undo(removed, made, mapped, addresses ?? []);
    return core.undone(undo, pushError(error, Code.LIB_ERR_PMAP_DO_MAP));
  }

  private undo(removed: number, made: number, mapped: number, addresses: number[]): ErrorNumber {
    const { core } = this;
    let failed: ErrorNumber = OK;
    for (let piece = mapped - 1; piece >= 0; piece -= 1) {
      failed ||= core.unmapLeaves(core.shadow.leafAt(this.pieces[piece * PIECE_WORDS]));
    }
    for (let table = made - 1; table >= 0; table -= 1) {
      failed ||= core.removeTable(core.shadow.tables.root[this.missing[table]] >>> 1);
    }
    for (let table = removed - 1; table >= 0; table -= 1) {
      failed ||= core.createTable(this.emptied[table], addresses[table]);
    }
    return failed;
  }
}

/** The original's chain for a mapping that reaches into the kernel window. */
function reservedError(sections: boolean): ErrorNumber {
  const reserved = Code.SYS_ERR_VNODE_SLOT_RESERVED;
  if (sections)
    return pushError(pushError(reserved, Code.LIB_ERR_VNODE_MAP), Code.LIB_ERR_PMAP_DO_MAP);
  const table = pushError(pushError(reserved, Code.LIB_ERR_PMAP_MAP), Code.LIB_ERR_PMAP_GET_PTABLE);
  return pushError(table, Code.LIB_ERR_PMAP_DO_MAP);
}
