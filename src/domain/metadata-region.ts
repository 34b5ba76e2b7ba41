/**
 * The reserved region: where a domain maps the frames that its pmaps' records live in.
 *
 * A record slab that runs short gets a frame of the domain's own memory, mapped in the region of its
 * own pmap; that mapping needs a record, and perhaps a table, itself:
 *
 *     refill ─► frame ─► map in the region ─► 1 leaf record ─┐  both from the reserve that every
 *                                └───────────► 1 table record┘  operation leaves free
 *
 * A frame is never mapped across a MiB, so that it needs one leaf and at most one table, and it
 * always brings more records than that: the recursion is one level deep.
 * (The original's `refill_slabs` had no such bound: defects 21 to 23.)
 */
import {
  bitSetWords,
  type CapRef,
  Code,
  clearBits,
  type ErrorNumber,
  firstBitFrom,
  firstClearBitFrom,
  MIB,
  OK,
  PAGE_BYTES,
  pageNumber,
  pushError,
  roundUp,
  setBits,
} from '../base/index.js';
import { Kind } from '../format/index.js';
import { EventKind } from '../machine/index.js';
import type { FrameAllocator } from './frame-allocator.js';
import { type PmapCore, RESERVED_LEAVES, RESERVED_TABLES, type RecordSource } from './pmap-core.js';
import type { Growable } from './slab.js';
import { ROOT_ENTRY_PAGES, ROOT_INDEX_SHIFT } from './table-records.js';
import { VRegionFlags } from './vregion-flags.js';

/** The original's region: 4 MiB from 1 GiB on. */
export const METADATA_BASE = 0x4000_0000;
export const METADATA_BYTES = 4 * MIB;
/** At most this much is taken at once, so that small spaces stay small. */
const MOST_BYTES = 64 * 1024;

/** One frame that was mapped, and what it was for. */
interface Growth {
  readonly target: Growable;
  readonly added: number;
  readonly page: number;
  readonly pages: number;
  readonly frame: CapRef;
  readonly madeTable: boolean;
  readonly cnodes: number;
}

/** The metadata of one domain: of its own pmap, and of those that it manages for others. */
export class MetadataRegion implements RecordSource {
  readonly base: number;
  readonly bytes: number;
  private readonly owner: PmapCore;
  private readonly frames: FrameAllocator;
  private readonly growths: Growth[] = [];
  /** A bit for each page of the region that a frame is mapped at. */
  private readonly taken: Uint32Array;

  /** `owner` is the domain's own pmap; `base` is MiB-aligned, and nothing else is mapped there. */
  constructor(
    owner: PmapCore,
    frames: FrameAllocator,
    base: number = METADATA_BASE,
    bytes: number = METADATA_BYTES,
  ) {
    this.owner = owner;
    this.frames = frames;
    this.base = base;
    this.bytes = bytes;
    this.taken = new Uint32Array(bitSetWords(bytes / PAGE_BYTES));
  }

  /** Bytes of the region that frames are mapped in. */
  get usedBytes(): number {
    return this.growths.reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0);
  }

  /** Where the region stands now, for {@link undoTo}. */
  get mark(): number {
    return this.growths.length;
  }

  /**
   * Makes sure that `pmap`, the domain's own or one that it manages, has these many records free, and
   * one block of `other`, which is the pmap's too.
   * Errors: `LIB_ERR_FRAME_ALLOC`, `LIB_ERR_PMAP_DO_MAP` with their causes;
   * `LIB_ERR_PMAP_METADATA_FULL`. After one nothing has changed.
   */
  refill(pmap: PmapCore, leaves: number, tables: number, other?: Growable): ErrorNumber {
    const mark = this.mark;
    const { owner } = this;
    // Each growth uses up a leaf record of the owner, and perhaps a table record: those come first, the
    // leaf before the table, and again after every growth. (Two growths in a row never need a table each.)
    const needs: readonly (readonly [Growable, number])[] = [
      [owner.shadow.leaves, RESERVED_LEAVES],
      [owner.shadow.tables, RESERVED_TABLES],
      [pmap.shadow.tables, tables],
      [pmap.shadow.leaves, leaves],
      ...(other === undefined ? [] : [[other, 1] as const]),
    ];
    for (;;) {
      const need = needs.find(([target, count]) => target.freeCount < count);
      if (need === undefined) return OK;
      const [target, count] = need;
      const error = this.grow(target, count - target.freeCount);
      if (error === OK) continue;
      this.undoTo(mark);
      return error;
    }
  }

  /** Undoes every growth since `mark`, all of whose records are free again. */
  undoTo(mark: number): void {
    while (this.growths.length > mark) this.undoLast();
  }

  private grow(target: Growable, blocks: number): ErrorNumber {
    const wanted = Math.min(roundUp(blocks * target.blockBytes, PAGE_BYTES), MOST_BYTES);
    const { page, pages } = this.findRoom(pageNumber(wanted));
    if (pages === 0) return Code.LIB_ERR_PMAP_METADATA_FULL;
    const { owner } = this;
    const cnodes = owner.slots.reserve(4);
    if (cnodes < 0) return pushError(-cnodes, Code.LIB_ERR_SLOT_ALLOC);
    const frame = this.frames.allocate(pages * PAGE_BYTES, PAGE_BYTES);
    if (frame < 0) {
      owner.slots.release(cnodes);
      return -frame;
    }
    const madeTable = owner.shadow.tableOf(page) === 0;
    const error = this.mapFrame(page, pages, frame as CapRef, madeTable);
    if (error !== OK) {
      this.frames.free(frame as CapRef);
      owner.slots.release(cnodes);
      return pushError(error, Code.LIB_ERR_PMAP_DO_MAP);
    }
    const added = target.grow(pages * PAGE_BYTES);
    this.growths.push({ target, added, page, pages, frame: frame as CapRef, madeTable, cnodes });
    setBits(this.taken, 0, page - pageNumber(this.base), pages);
    const { events, domain } = owner.resources;
    if (events.on) events.record(EventKind.SLAB_GROW, domain, page * PAGE_BYTES, added);
    return OK;
  }

  private mapFrame(page: number, pages: number, frame: CapRef, makeTable: boolean): ErrorNumber {
    const { owner } = this;
    if (makeTable) {
      const error = owner.createTable(page >>> ROOT_INDEX_SHIFT);
      if (error !== OK) return pushError(error, Code.LIB_ERR_PMAP_GET_PTABLE);
    }
    const error = owner.mapLeaves(page, pages, Kind.SMALL, VRegionFlags.READ_WRITE, frame, 0);
    if (error !== OK && makeTable) owner.removeTable(owner.shadow.tableOf(page));
    return error;
  }

  /** The lowest free run of at most `most` pages that lies in one MiB; none where the region is full. */
  private findRoom(most: number): { readonly page: number; readonly pages: number } {
    const { shadow } = this.owner;
    const base = pageNumber(this.base);
    const all = pageNumber(this.bytes);
    let first = firstClearBitFrom(this.taken, 0, 0, all);
    // Whoever maps something of his own here must not keep the records from growing.
    for (let other = 0; first >= 0; ) {
      other = shadow.leafAt(base + first);
      if (other === 0) break;
      first = firstClearBitFrom(this.taken, 0, shadow.mappingEnd(other) - base, all);
    }
    if (first < 0) return { page: 0, pages: 0 };
    const border = Math.min(all, (first | (ROOT_ENTRY_PAGES - 1)) + 1, first + most);
    const taken = firstBitFrom(this.taken, 0, first, border);
    const end = base + (taken < 0 ? border : taken);
    const mapped = shadow.nextMapped(base + first, end);
    return { page: base + first, pages: (mapped < 0 ? end : mapped) - base - first };
  }

  private undoLast(): void {
    const growth = this.growths.pop();
    if (growth === undefined) return;
    growth.target.shrink(growth.added);
    this.withdraw(growth);
    this.owner.slots.release(growth.cnodes);
  }

  /** Unmaps and frees the frame of a growth. */
  private withdraw({ page, pages, frame, madeTable }: Growth): void {
    const { owner } = this;
    owner.unmapLeaves(owner.shadow.leafAt(page));
    if (madeTable) owner.removeTable(owner.shadow.tableOf(page));
    this.frames.free(frame);
    clearBits(this.taken, 0, page - pageNumber(this.base), pages);
  }

  /** Takes back all that the records of a pmap of somebody else's live in; it is not used any more. */
  close(pmap: PmapCore): void {
    const targets: ReadonlySet<Growable> = new Set([
      pmap.shadow.leaves,
      pmap.shadow.tables,
      pmap.shadow.leaves.blocks,
      pmap.shadow.leaves.facts,
    ]);
    const theirs = this.growths.filter(({ target }) => targets.has(target));
    const others = this.growths.filter(({ target }) => !targets.has(target));
    this.growths.splice(0, this.growths.length, ...others);
    for (const growth of theirs.reverse()) this.withdraw({ ...growth, madeTable: false });
  }

  /** Whether the region holds the address. */
  contains(address: number): boolean {
    return address >= this.base && address < this.base + this.bytes;
  }
}
