/**
 * The usual map in one go: small pages in a table that is there, or whole sections where nothing is,
 * with records and slots at hand. It checks what `MapOperation` plans, and does what that commits, for
 * the case that needs no list of pieces and nothing to be undone.
 *
 * Whatever is not plainly right is {@link NOT_SIMPLE}, has changed nothing, and is left to the plan to
 * judge. Each function is kept so short that what it calls becomes one piece of machine code with it.
 */
import {
  anyBit,
  type CapRef,
  Code,
  type ErrorNumber,
  OK,
  PAGE_BYTES,
  PAGE_SHIFT,
  pushError,
  testBit,
} from '../base/index.js';
import { Kind } from '../format/index.js';
import { EventKind } from '../machine/index.js';
import type { LeafRecords } from './leaf-records.js';
import { BLOCK_SHIFT, blockPlace, type PageBlocks } from './page-blocks.js';
import type { PageGathering } from './page-gathering.js';
import { type PmapCore, RESERVED_LEAVES } from './pmap-core.js';
import type { MapOperation } from './pmap-map.js';
import type { Shadow } from './shadow.js';
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
import { ALL_VREGION_FLAGS, VRegionFlags } from './vregion-flags.js';

const PAGE_MASK = PAGE_BYTES - 1;
const ROOT_ENTRY_BYTES = ROOT_ENTRY_PAGES * PAGE_BYTES;
const TABLE_ENTRY_PAGES_MASK = ROOT_ENTRY_PAGES - 1;
/** Offsets up to here are plain 32-bit numbers. */
const MAX_OFFSET = 2 ** 31 - 1;
/** Flags that leave no choice but small pages. */
const SMALL_FLAGS = ALL_VREGION_FLAGS & ~(VRegionFlags.LARGE | VRegionFlags.HUGE);
/** No error number: what {@link SimpleMap.run} answers when the simple way is not the way. */
export const NOT_SIMPLE = -1;

/** The usual map calls of one pmap. */
export class SimpleMap {
  /** Offset in the frame that the mapping begins with, in bytes. */
  offset = 0;
  /** Bytes mapped, rounded to pages. */
  bytes = 0;
  private readonly core: PmapCore;
  private readonly planned: MapOperation;
  private readonly gathering: PageGathering;
  // At hand: each object on the way would cost a check.
  private readonly shadow: Shadow;
  private readonly leaves: LeafRecords;
  private readonly blocks: PageBlocks;
  private readonly tables: TableRecords;
  private readonly slots: SlotAllocator;

  /** `planned` says in its own words what is wrong with a request. */
  constructor(core: PmapCore, planned: MapOperation, gathering: PageGathering) {
    this.core = core;
    this.planned = planned;
    this.gathering = gathering;
    this.shadow = core.shadow;
    this.leaves = core.shadow.leaves;
    this.blocks = core.shadow.leaves.blocks;
    this.tables = core.shadow.tables;
    this.slots = core.slots;
  }

  /** Does it, or answers an error or {@link NOT_SIMPLE}. What it did is in {@link offset} and {@link bytes}. */
  run(address: number, frame: CapRef, offset: number, bytes: number, flags: number): ErrorNumber {
    return (flags & VRegionFlags.LARGE) === 0
      ? this.mapPages(address, frame, offset, bytes, flags)
      : this.mapSections(address, frame, offset, bytes, flags);
  }

  /** Small pages in one table that is there. */
  private mapPages(
    address: number,
    frame: CapRef,
    offset: number,
    bytes: number,
    flags: number,
  ): ErrorNumber {
    const { core, leaves, blocks, tables, slots } = this;
    const page = address >>> PAGE_SHIFT;
    const inPage = offset & PAGE_MASK;
    const pages = (inPage + bytes + PAGE_MASK) >>> PAGE_SHIFT;
    const entry = page & TABLE_ENTRY_PAGES_MASK;
    const root = tables.root[page >>> ROOT_INDEX_SHIFT];
    if ((flags & ~SMALL_FLAGS) !== 0 || bytes > ROOT_ENTRY_BYTES || (root & 1) === 0) {
      return NOT_SIMPLE;
    }
    const fits =
      (page << PAGE_SHIFT) >>> 0 === address &&
      (offset | 0) === offset &&
      offset >= 0 &&
      (bytes | 0) === bytes &&
      pages > 0 &&
      entry + pages <= ROOT_ENTRY_PAGES &&
      page + pages <= core.endPage;
    if (!fits || core.policy.identifiesEachStep) return NOT_SIMPLE;
    const table = tableAt(root >>> 1);
    const tableWords = tables.words;
    const taken =
      pages === 1
        ? testBit(tableWords, table + TABLE_TAKEN, entry)
        : anyBit(tableWords, table + TABLE_TAKEN, entry, pages);
    const blockAt = (table + TABLE_BLOCKS + (entry >>> BLOCK_SHIFT)) | 0;
    const block = tableWords[blockAt];
    if (taken || leaves.freeCount <= RESERVED_LEAVES || slots.freeCount === 0) {
      return NOT_SIMPLE;
    }
    const slot = slots.allocate() as CapRef;
    if (slot < 0) return NOT_SIMPLE;
    const start = offset - inPage;
    const error = core.invocations.vnodeMap(
      (tableWords[table + TABLE_VNODE] | 0) as CapRef,
      frame,
      entry,
      core.pagingFlags[flags & ALL_VREGION_FLAGS],
      start,
      pages,
      slot,
    );
    if (error !== OK) return this.refused(error, slot, address, frame, offset, bytes, flags);
    const first = start >>> PAGE_SHIFT;
    if (pages === 1 && block !== 0 && leaves.facts.put(slot, frame, first, flags)) {
      blocks.put(blockPlace(block, page), slot);
      tableWords[blockAt] = (block + 1) | 0;
      tableWords[(table + TABLE_TAKEN + (entry >>> 5)) | 0] |= 1 << (entry & 31);
    } else if (this.shadow.putPages(page, pages, flags, slot, frame, first, table)) {
      this.gathering.gather(page);
    }
    this.offset = start;
    this.bytes = pages << PAGE_SHIFT;
    const { events } = core;
    if (events.on) events.record(EventKind.MAP, core.resources.domain, address, this.bytes, flags);
    return OK;
  }

  /** Whole sections where there is neither a table nor a section. */
  private mapSections(
    address: number,
    frame: CapRef,
    offset: number,
    bytes: number,
    flags: number,
  ): ErrorNumber {
    const { core, leaves, tables, slots } = this;
    const { policy } = core;
    if (!policy.makesSections || (flags & ~(SMALL_FLAGS | VRegionFlags.LARGE)) !== 0) {
      return NOT_SIMPLE;
    }
    const whole = ((address | offset | bytes) & (ROOT_ENTRY_BYTES - 1)) === 0;
    const sections = bytes / ROOT_ENTRY_BYTES;
    const index = address / ROOT_ENTRY_BYTES;
    const inRange = address >= 0 && offset >= 0 && offset <= MAX_OFFSET && sections >= 1;
    // The bits say something only where all three are 32-bit numbers; where not, nothing is whole.
    if (!whole || !inRange || (index | 0) !== index || (sections | 0) !== sections)
      return NOT_SIMPLE;
    if ((index + sections) << ROOT_INDEX_SHIFT > core.endPage) return NOT_SIMPLE;
    if (anyBit(tables.rootUsed, 0, index, sections)) return NOT_SIMPLE;
    if (leaves.freeCount <= RESERVED_LEAVES || slots.freeCount === 0) return NOT_SIMPLE;
    const slot = slots.allocate() as CapRef;
    if (slot < 0) return NOT_SIMPLE;
    const paging = core.pagingFlags[flags & ALL_VREGION_FLAGS];
    const error = core.invocations.vnodeMap(
      core.root,
      frame,
      index,
      paging,
      offset,
      sections,
      slot,
    );
    if (error !== OK) {
      // A frame that does not begin on a MiB is not wrong: the plan maps it by smaller leaves.
      const freed = slots.free(slot);
      return freed === OK
        ? NOT_SIMPLE
        : pushError(core.mapFailed(error, freed), Code.LIB_ERR_PMAP_DO_MAP);
    }
    const page = index << ROOT_INDEX_SHIFT;
    const first = offset >>> PAGE_SHIFT;
    this.shadow.putLeaf(page, sections, Kind.SECTION, flags, slot, frame, first, page, sections);
    this.offset = offset;
    this.bytes = bytes;
    const { events } = core;
    if (events.on) events.record(EventKind.MAP, core.resources.domain, address, bytes, flags);
    return OK;
  }

  /** What the kernel refused after all: what is wrong with the request itself, the plan says in its own words. */
  private refused(
    error: ErrorNumber,
    slot: CapRef,
    address: number,
    frame: CapRef,
    offset: number,
    bytes: number,
    flags: number,
  ): ErrorNumber {
    const { core } = this;
    const freed = core.slots.free(slot);
    const planned = this.planned.plan(address, frame, offset, bytes, flags);
    return planned !== OK
      ? planned
      : pushError(core.mapFailed(error, freed), Code.LIB_ERR_PMAP_DO_MAP);
  }
}
