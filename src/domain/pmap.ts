/**
 * The pmap: a domain's own record of its translation tables, and the operations on them.
 *
 * After Barrelfish's `lib/barrelfish/arch/arm/pmap_arch.c`. Every operation is planned whole and
 * checked before anything changes, and undone whole if the environment fails it; a `plan…` method
 * tells what an operation would take. Failures are thrown as {@link VmError}, whose chain is that of
 * the original where the original was right.
 */
import {
  type CapRef,
  Code,
  capRef,
  type ErrorNumber,
  hex0x,
  MIB,
  OK,
  PAGE_BYTES,
  PAGE_SHIFT,
  pushError,
  type RegionTree,
  VmError,
} from '../base/index.js';
import { Kind } from '../format/index.js';
import type { CSpaces } from '../kernel/index.js';
import type { FrameAllocator } from './frame-allocator.js';
import {
  LEAF_FRAME,
  LEAF_HEAD,
  LEAF_MAPPING,
  LEAF_OFFSET,
  LEAF_RUN,
  LEAF_TOTAL,
  type LeafRecords,
  recordAt,
} from './leaf-records.js';
import { leafFlags, leafKindOf } from './leaf-run.js';
import { MetadataRegion } from './metadata-region.js';
import { BLOCK_SHIFT, blockPlace, type PageBlocks } from './page-blocks.js';
import { PageGathering } from './page-gathering.js';
import { findAddress, findRawAddress } from './pmap-address.js';
import { PmapCore, type PmapResources, type RecordSource } from './pmap-core.js';
import { deserialisePmap } from './pmap-deserialise.js';
import { MapOperation, type PmapCost } from './pmap-map.js';
import { NOT_SIMPLE, SimpleMap } from './pmap-map-simply.js';
import { ModifyOperation } from './pmap-modify.js';
import { pagesPerLeaf } from './pmap-policy.js';
import { ReshapeOperation } from './pmap-reshape.js';
import { type SerialisedPmap, serialisePmap } from './pmap-serialise.js';
import { UnmapOperation } from './pmap-unmap.js';
import type { Shadow } from './shadow.js';
import { factFlags, factOffset, type SlotFacts } from './slot-facts.js';
import {
  ROOT_ENTRIES,
  ROOT_INDEX_SHIFT,
  TABLE_ADDRESS,
  TABLE_BLOCKS,
  TABLE_MAPPING,
  TABLE_RECORD_BYTES,
  TABLE_VNODE,
  type TableRecords,
  tableAt,
} from './table-records.js';
import { UndoLog } from './undo-log.js';
import { VRegionFlags } from './vregion-flags.js';
import type { VSpace } from './vspace.js';

/** What a map call did. */
export class MapResult {
  /** Offset in the frame that the mapping begins with: the offset asked for, rounded down. */
  offset = 0;
  /** Bytes mapped: the size asked for, rounded up. */
  bytes = 0;
}

/** Everything that a pmap knows of one address. */
export class MappingInfo {
  /** The first page of the whole Mapping, and how many it has. */
  page = 0;
  pages = 0;
  /** One of `Kind`. */
  kind = 0;
  /** The frame that is mapped, and the page of it that the Mapping begins with. */
  frame: CapRef = capRef(0);
  framePage = 0;
  /** Region flags of the address. */
  flags = 0;
  /** The slot of the Mapping. */
  mapping: CapRef = capRef(0);
  /** The slot of the table that holds the leaf. */
  table: CapRef = capRef(0);

  /** Where the whole Mapping begins. */
  get address(): number {
    return this.page * PAGE_BYTES;
  }

  /** Bytes of the whole Mapping. */
  get bytes(): number {
    return this.pages * PAGE_BYTES;
  }

  /** Bytes of the leaf that translates the address. */
  get leafBytes(): number {
    return pagesPerLeaf(this.kind) * PAGE_BYTES;
  }

  /** Where in the frame the Mapping begins, in bytes. */
  get offset(): number {
    return this.framePage * PAGE_BYTES;
  }
}

/** One line of a dump: a table, or a run of leaves. */
export interface PmapDumpLine {
  readonly address: number;
  readonly bytes: number;
  /** One of `Kind`. */
  readonly kind: number;
  /** Region flags; 0 for a table. */
  readonly flags: number;
  /** The slot of the frame, or of the VNode of a table. */
  readonly object: CapRef;
  /** Where in the frame the run begins, in bytes. */
  readonly offset: number;
  readonly mapping: CapRef;
}

const ADDRESS_SPACE_BYTES = 2 ** 32;
const ROOT_ENTRY_BYTES = 2 ** 20;

/** What a pmap has taken and still has free. */
export interface PmapMeasure {
  /** Leaf records: one for each run of pages with one Mapping and the same flags. */
  readonly leaves: { readonly used: number; readonly free: number };
  readonly tables: { readonly used: number; readonly free: number };
  /** Mappings of leaves. */
  readonly mappings: number;
  /** Capability slots in use: two for each table, one for each Mapping. */
  readonly slots: number;
  /** Bytes of hardware tables, the root left out. */
  readonly tableBytes: number;
  readonly metadata: {
    /** Bytes of records in use, of records free, and of the index of the root. */
    readonly used: number;
    readonly free: number;
    readonly rootIndex: number;
  };
}

/** The page-table manager of one address space. */
export class Pmap {
  /** Records and steps; for what belongs to this room. */
  readonly core: PmapCore;
  // What a look-up needs, at hand: a way through two more objects is a tenth of its time.
  private readonly shadow: Shadow;
  private readonly leaves: LeafRecords;
  private readonly blocks: PageBlocks;
  private readonly facts: SlotFacts;
  private readonly tables: TableRecords;
  private readonly gathering: PageGathering;
  private readonly mapping: MapOperation;
  private readonly simpleMap: SimpleMap;
  private readonly unmapping: UnmapOperation;
  private readonly modifying: ModifyOperation;
  private readonly reshaping: ReshapeOperation;

  private constructor(core: PmapCore) {
    this.core = core;
    this.shadow = core.shadow;
    this.leaves = core.shadow.leaves;
    this.blocks = core.shadow.leaves.blocks;
    this.facts = core.shadow.leaves.facts;
    this.tables = core.shadow.tables;
    this.gathering = new PageGathering(core);
    this.mapping = new MapOperation(core);
    this.simpleMap = new SimpleMap(core, this.mapping, this.gathering);
    this.unmapping = new UnmapOperation(core, this.gathering);
    this.modifying = new ModifyOperation(core);
    this.reshaping = new ReshapeOperation(core);
  }

  /**
   * A pmap for the root table `resources.root` (`pmap_init`). A root in another CSpace, which `space`
   * names, is copied into this one, since only what lies here can be invoked. Records beyond the
   * first few come from `metadata`, the region of the domain that manages this address space.
   * Errors: `LIB_ERR_PMAP_INIT` over `LIB_ERR_SLOT_ALLOC`, `LIB_ERR_CAP_COPY`, or the kernel's error.
   */
  static init(resources: PmapResources, metadata?: RecordSource, space?: CapRef): Pmap {
    const core = new PmapCore(resources);
    core.metadata = metadata;
    const growths = space === undefined ? 0 : core.slots.reserve(1);
    let error = growths < 0 ? pushError(-growths, Code.LIB_ERR_SLOT_ALLOC) : OK;
    if (error === OK && space !== undefined) error = copyRoot(core, { source: space });
    if (error === OK) {
      error = core.observe();
      if (error !== OK && space !== undefined) dropRoot(core);
    }
    if (error !== OK) {
      core.slots.release(growths);
      throw VmError.from(
        pushError(error, Code.LIB_ERR_PMAP_INIT),
        `no pmap can be made for the table in slot ${hex0x(resources.root)}`,
      );
    }
    return new Pmap(core);
  }

  /**
   * Makes this the domain's own pmap (`pmap_current_init`): its records live in frames that it maps
   * for itself in a region at `base`, which `vspace` keeps everybody else out of.
   * Errors: `LIB_ERR_VSPACE_REGION_OVERLAP` something is there already.
   */
  currentInit(
    vspace: VSpace,
    frames: FrameAllocator,
    base?: number,
    bytes?: number,
  ): MetadataRegion {
    const region = new MetadataRegion(this.core, frames, base, bytes);
    vspace.add({
      name: 'metadata',
      base: region.base,
      bytes: region.bytes,
      flags: VRegionFlags.READ_WRITE,
      backing: 'metadata',
    });
    this.core.metadata = region;
    return region;
  }

  /**
   * Maps `bytes` of `frame` from `offset` on at `address`, with region flags.
   *
   * `address` is page-aligned. Offset and size are rounded to pages (under the `original` policy to
   * sections where it chooses them); what is visible at `address` is the offset that is answered.
   * A size of 0 maps nothing and is no error. `into` is filled and answered; give the same one again
   * where many calls must not allocate.
   *
   * Errors, outermost first: `LIB_ERR_PMAP_FRAME_IDENTIFY` no such frame;
   * `LIB_ERR_VREGION_BAD_ALIGNMENT`; `LIB_ERR_PMAP_FRAME_SIZE` the range leaves the frame;
   * `LIB_ERR_OUT_OF_VIRTUAL_ADDR` it leaves the 4 GiB; `LIB_ERR_PMAP_DO_MAP` over
   * `LIB_ERR_PMAP_EXISTING_MAPPING`, over `…GET_PTABLE`, `…PMAP_MAP`, `SYS_ERR_VNODE_SLOT_RESERVED`
   * the kernel window, or over what the environment failed in; `LIB_ERR_SLAB_REFILL`.
   */
  map(
    address: number,
    frame: CapRef,
    offset: number,
    bytes: number,
    flags: number,
    into: MapResult = new MapResult(),
  ): MapResult {
    const { simpleMap, mapping } = this;
    const simply = simpleMap.run(address, frame, offset, bytes, flags);
    const error =
      simply === NOT_SIMPLE ? mapping.run(address, frame, offset, bytes, flags) : simply;
    if (error !== OK) throw this.failure(error, 'map', address, bytes);
    const done = simply === NOT_SIMPLE ? mapping : simpleMap;
    into.offset = done.offset;
    into.bytes = done.bytes;
    return into;
  }

  /** What {@link map} would take. Errors: all that do not come from the environment. */
  planMap(address: number, frame: CapRef, offset: number, bytes: number, flags: number): PmapCost {
    const error = this.mapping.plan(address, frame, offset, bytes, flags);
    if (error !== OK) throw this.failure(error, 'map', address, bytes);
    return this.mapping.cost;
  }

  /**
   * Unmaps whole Mappings; answers the bytes removed. `bytes` is rounded up to pages, and for a
   * section up to its own size. Under the `original` policy each table that the range touches must
   * hold exactly one Mapping of it.
   * Errors: `LIB_ERR_VREGION_BAD_ALIGNMENT`; `LIB_ERR_PMAP_UNMAP` over `LIB_ERR_PMAP_FIND_VNODE`
   * nothing there, or not with these borders; over `LIB_ERR_VNODE_UNMAP`, `LIB_ERR_SLOT_FREE`.
   */
  unmap(address: number, bytes: number): number {
    const error = this.unmapping.run(address, bytes);
    if (error !== OK) throw this.failure(error, 'unmap', address, bytes);
    return this.unmapping.bytes;
  }

  /** What {@link unmap} would give back, as negative numbers. Errors: as there. */
  planUnmap(address: number, bytes: number): PmapCost {
    const error = this.unmapping.plan(address, bytes);
    if (error !== OK) throw this.failure(error, 'unmap', address, bytes);
    return this.unmapping.cost;
  }

  /**
   * Gives a range new region flags; answers the bytes changed. The range is rounded up to pages and
   * must be made of whole leaves inside Mappings.
   * Errors: `LIB_ERR_VREGION_BAD_ALIGNMENT`; `LIB_ERR_PMAP_MODIFY_FLAGS` over
   * `LIB_ERR_PMAP_FIND_VNODE` nothing is mapped there, over `LIB_ERR_PMAP_EXISTING_MAPPING` the range
   * crosses a border, over the kernel's error, over `LIB_ERR_SLAB_REFILL`.
   */
  modifyFlags(address: number, bytes: number, flags: number): number {
    const error = this.modifying.run(address, bytes, flags);
    if (error !== OK) throw this.failure(error, 'change the flags of', address, bytes);
    return this.modifying.bytes;
  }

  /** What {@link modifyFlags} would take at most. Errors: those that do not come from outside. */
  planModifyFlags(address: number, bytes: number): PmapCost {
    const error = this.modifying.plan(address, bytes);
    if (error !== OK) throw this.failure(error, 'change the flags of', address, bytes);
    return this.modifying.cost;
  }

  /**
   * Makes `address`, page-aligned, a border between Mappings: a Mapping that spans it becomes two,
   * and a leaf that spans it is replaced by smaller ones, broken before they are made.
   * Errors: `LIB_ERR_PMAP_SPLIT` over `LIB_ERR_PMAP_FIND_VNODE` nothing is mapped there, or over what
   * the environment failed in.
   */
  split(address: number): void {
    const error = this.reshaping.split(address);
    if (error !== OK) throw this.failure(error, 'split the mapping at', address, PAGE_BYTES);
  }

  /** What {@link split} would take at most. Errors: those that do not come from outside. */
  planSplit(address: number): PmapCost {
    const error = this.reshaping.planSplit(address);
    if (error !== OK) throw this.failure(error, 'split the mapping at', address, PAGE_BYTES);
    return this.reshaping.cost;
  }

  /**
   * Replaces the leaves around `address` by one larger leaf of `bytes` (64 KiB, 1 MiB or 16 MiB),
   * where they fill it, continue each other in one frame, and have the same flags.
   * Errors: `LIB_ERR_PMAP_PROMOTE` over `LIB_ERR_PMAP_FIND_VNODE` not filled, over
   * `LIB_ERR_PMAP_EXISTING_MAPPING` not alike or not contiguous, over `SYS_ERR_VM_FRAME_UNALIGNED`.
   */
  promote(address: number, bytes: number): void {
    const error = this.reshaping.promote(address, bytes);
    if (error !== OK) throw this.failure(error, 'promote the leaves at', address, bytes);
  }

  /** What {@link promote} would give back, as negative numbers. Errors: as there. */
  planPromote(address: number, bytes: number): PmapCost {
    const error = this.reshaping.planPromote(address, bytes);
    if (error !== OK) throw this.failure(error, 'promote the leaves at', address, bytes);
    return this.reshaping.cost;
  }

  /**
   * Gives back every empty table, and what is left of tables that others took out of the root; answers
   * how many empty ones there were. Errors: `LIB_ERR_VNODE_UNMAP`, `LIB_ERR_CAP_DESTROY`,
   * `LIB_ERR_SLOT_FREE` with their causes. All tables are there again then.
   */
  trim(): number {
    const { core } = this;
    const { tables } = core.shadow;
    const undo = new UndoLog();
    let trimmed = 0;
    for (let index = 0; index < ROOT_ENTRIES; index += 1) {
      const record = tables.root[index] >>> 1;
      if ((tables.root[index] & 1) === 0 || !tables.isEmpty(record)) continue;
      const address = tables.words[tableAt(record) + TABLE_ADDRESS] * 1024;
      const error = core.removeTable(record);
      if (error !== OK) {
        const undone = core.undone(undo.rollBack(), error);
        throw this.failure(undone, 'give back the table of', index * MIB, MIB);
      }
      undo.push(() => core.createTable(index, address));
      trimmed += 1;
    }
    this.gathering.trim();
    const swept = core.sweep();
    if (swept !== OK) throw this.failure(swept, 'give back lost tables of', 0, ADDRESS_SPACE_BYTES);
    return trimmed;
  }

  /**
   * What is mapped at `address`, or undefined. `into` is filled and answered; give the same one again
   * where many look-ups must not allocate. Where nothing is mapped, what stands in it means nothing.
   */
  lookup(address: number, into: MappingInfo = new MappingInfo()): MappingInfo | undefined {
    const { tables } = this;
    const page = address >>> PAGE_SHIFT;
    if (address >>> 0 !== address && !(address >= 0 && address < ADDRESS_SPACE_BYTES)) {
      return undefined;
    }
    const root = tables.root[page >>> ROOT_INDEX_SHIFT];
    if ((root & 1) === 0) return root === 0 ? undefined : this.lookupSection(root >>> 1, into);
    const { words } = tables;
    const table = tableAt(root >>> 1);
    const block = words[(table + TABLE_BLOCKS + ((page >>> BLOCK_SHIFT) & 3)) | 0];
    into.table = (words[(table + TABLE_VNODE) | 0] | 0) as CapRef;
    return block === 0
      ? this.lookupRecord(page, into)
      : this.lookupHeld(page, blockPlace(block, page), into);
  }

  // The ways of a look-up stand apart, so that V8 makes one piece of each with what is above.

  /** {@link lookup} of a page that may be in a block, by its place there. */
  private lookupHeld(page: number, place: number, into: MappingInfo): MappingInfo | undefined {
    const { facts } = this;
    const mapping = this.blocks.words[place];
    if (mapping === 0) return this.lookupRecord(page, into);
    const at = facts.placeOf(mapping);
    const { words } = facts;
    const fact = words[at | 1];
    into.page = page;
    into.pages = 1;
    into.kind = Kind.SMALL;
    into.frame = words[at] as CapRef;
    into.framePage = factOffset(fact);
    into.flags = factFlags(fact);
    into.mapping = mapping as CapRef;
    return into;
  }

  /** {@link lookup} of a page that no block holds. */
  private lookupRecord(page: number, into: MappingInfo): MappingInfo | undefined {
    const { leaves } = this;
    const { words } = leaves;
    // Mostly it is asked for by its first page, and is then the first of its bucket.
    const first = leaves.firstOf(page);
    const at = recordAt(first);
    if (words[at] !== page) return this.lookupInside(page, first, into);
    const run = words[at | LEAF_RUN];
    const head = words[at | LEAF_HEAD];
    into.page = head;
    into.pages = words[at | LEAF_TOTAL];
    into.kind = leafKindOf(run);
    into.frame = words[at | LEAF_FRAME] as CapRef;
    into.framePage = (words[at | LEAF_OFFSET] - page + head) | 0;
    into.flags = leafFlags(run);
    into.mapping = words[at | LEAF_MAPPING] as CapRef;
    return into;
  }

  /** {@link lookup} of a page that no block holds, nor begins the first record of its bucket with. */
  private lookupInside(page: number, first: number, into: MappingInfo): MappingInfo | undefined {
    const found = this.leaves.findBehind(first, page);
    const record = found !== 0 ? found : this.shadow.leafAt(page);
    if (record === 0) return undefined;
    fill(into, this.leaves, record);
    return into;
  }

  /** {@link lookup} of what the root itself maps, by its record. */
  private lookupSection(record: number, into: MappingInfo): MappingInfo {
    fill(into, this.leaves, record);
    into.pages <<= ROOT_INDEX_SHIFT;
    into.table = this.core.root;
    return into;
  }

  /** Every Mapping that overlaps `[from, to)`, in order of addresses, as fresh objects. */
  *mappings(from = 0, to: number = ADDRESS_SPACE_BYTES): Generator<MappingInfo> {
    const { shadow } = this.core;
    const end = Math.ceil(Math.min(to, ADDRESS_SPACE_BYTES) / PAGE_BYTES);
    let page = shadow.nextMapped(Math.floor(Math.max(from, 0) / PAGE_BYTES), end);
    while (page >= 0) {
      const info = this.lookup(page * PAGE_BYTES);
      if (info !== undefined) yield info;
      page = shadow.nextMapped(shadow.mappingEnd(shadow.leafAt(page)), end);
    }
  }

  /**
   * Every table and every run of leaves with the same flags, in order of addresses, for a person or a
   * tool to read (`pmap_dump`). Nothing is asked of the kernel: this is what the pmap believes.
   */
  *dump(): Generator<PmapDumpLine> {
    const { shadow } = this.core;
    for (let index = 0; index < ROOT_ENTRIES; index += 1) {
      const entry = shadow.tables.root[index];
      if ((entry & 1) !== 0) {
        const at = tableAt(entry >>> 1);
        const words = shadow.tables.words;
        yield {
          address: index * ROOT_ENTRY_BYTES,
          bytes: ROOT_ENTRY_BYTES,
          kind: Kind.TABLE,
          flags: 0,
          object: capRef(words[at + TABLE_VNODE]),
          offset: 0,
          mapping: capRef(words[at + TABLE_MAPPING]),
        };
      }
      yield* this.dumpLeaves(index);
    }
  }

  /** The leaf records that begin in one entry of the root. */
  private *dumpLeaves(index: number): Generator<PmapDumpLine> {
    const { shadow } = this.core;
    const first = index << ROOT_INDEX_SHIFT;
    const end = first + (1 << ROOT_INDEX_SHIFT);
    for (let page = shadow.nextMapped(first, end); page >= 0; ) {
      const record = shadow.leafAt(page);
      const { leaves } = shadow;
      const next = shadow.endOf(record);
      if (leaves.pageOf(record) === page) {
        const run = leaves.runOf(record);
        yield {
          address: page * PAGE_BYTES,
          bytes: (next - page) * PAGE_BYTES,
          kind: leafKindOf(run),
          flags: leafFlags(run),
          object: leaves.frameOf(record),
          offset: leaves.offsetOf(record) * PAGE_BYTES,
          mapping: leaves.mappingOf(record),
        };
      }
      if (next >= end) return;
      page = shadow.nextMapped(next, end);
    }
  }

  /**
   * The lowest free address for `bytes` behind the first region above 1 GiB, below the kernel window,
   * at a multiple of `alignment` (any positive number; 0 means a page). Nothing is reserved.
   * Errors: `LIB_ERR_OUT_OF_VIRTUAL_ADDR`.
   */
  determineAddr(regions: RegionTree, bytes: number, alignment = 0): number {
    const { memoryOffset } = this.core.resources;
    const address = findAddress(regions, bytes, alignment, memoryOffset);
    if (address < 0) throw noAddress(bytes, alignment);
    return address;
  }

  /**
   * The lowest MiB from 1.5 GiB on where `bytes` fit and neither section nor table is; at a multiple
   * of `alignment`. Nothing is reserved. Errors: `LIB_ERR_OUT_OF_VIRTUAL_ADDR`.
   */
  determineAddrRaw(bytes: number, alignment = 0): number {
    const { core } = this;
    const { memoryOffset } = core.resources;
    const address = findRawAddress(core.shadow.tables.root, bytes, alignment, memoryOffset);
    if (address < 0) throw noAddress(bytes, alignment);
    return address;
  }

  /**
   * The records as bytes, for a domain that shall manage the same tables. `slotFor` says where in its
   * CSpace each of our slots will be; without it the references stay as they are.
   */
  serialise(slotFor?: (slot: CapRef) => number): SerialisedPmap {
    return serialisePmap(this.core, slotFor);
  }

  /**
   * Takes over the records that {@link serialise} made, into a pmap that has none in those places.
   * Errors: `LIB_ERR_PMAP_DESERIALISE` the bytes, or the capabilities they name, are not right; with
   * `LIB_ERR_SLAB_REFILL` below it where the records have no room. Nothing has changed then.
   */
  deserialise(bytes: Uint8Array): void {
    deserialisePmap(this.core, bytes);
  }

  /** What is in use and free. */
  measure(): PmapMeasure {
    const { leaves, tables } = this.core.shadow;
    const { mappings } = this.core.shadow;
    const used = leaves.usedBytes + tables.usedCount * TABLE_RECORD_BYTES;
    const free = leaves.freeBytes + tables.freeCount * TABLE_RECORD_BYTES;
    return {
      leaves: { used: leaves.usedCount, free: leaves.freeCount },
      tables: { used: tables.usedCount, free: tables.freeCount },
      mappings,
      slots: 2 * tables.usedCount + mappings,
      tableBytes: tables.usedCount * 1024,
      metadata: { used, free, rootIndex: tables.root.byteLength },
    };
  }

  /** The entries of the root that L2 tables serve, lowest first. */
  tableIndexes(): number[] {
    const indexes: number[] = [];
    for (const [index, entry] of this.core.shadow.tables.root.entries()) {
      if ((entry & 1) !== 0) indexes.push(index);
    }
    return indexes;
  }

  /** The physical addresses of the L2 tables, lowest virtual address first. */
  tableAddresses(): number[] {
    const { root, words } = this.core.shadow.tables;
    return this.tableIndexes().map(
      (index) => words[tableAt(root[index] >>> 1) + TABLE_ADDRESS] * 1024,
    );
  }

  /** Gives back the table of one entry of the root if nothing is mapped in it. Errors: as {@link trim}. */
  trimTable(index: number): void {
    const { core } = this;
    const { tables } = core.shadow;
    const entry = tables.root[index];
    if ((entry & 1) === 0 || !tables.isEmpty(entry >>> 1)) return;
    const error = core.removeTable(entry >>> 1);
    if (error !== OK) throw this.failure(error, 'give back the table of', index * MIB, MIB);
  }

  private failure(error: ErrorNumber, verb: string, address: number, bytes: number): VmError {
    return VmError.from(error, `cannot ${verb} ${hex0x(address)}+${hex0x(bytes)}`, {
      address,
      bytes,
    });
  }
}

/** What a record says, but for the table; the size in entries. */
function fill(into: MappingInfo, leaves: LeafRecords, record: number): void {
  const run = leaves.runOf(record);
  const head = leaves.headOf(record);
  into.page = head;
  into.pages = leaves.totalOf(record);
  into.kind = leafKindOf(run);
  into.frame = leaves.frameOf(record);
  into.framePage = leaves.offsetOf(record) - leaves.pageOf(record) + head;
  into.flags = leafFlags(run);
  into.mapping = leaves.mappingOf(record);
}

/** Copies a root table that lies in another CSpace into this one. */
function copyRoot(core: PmapCore, spaces: CSpaces): ErrorNumber {
  const slot = core.allocateSlot();
  if (slot < 0) return -slot;
  const error = core.invocations.copy(capRef(slot), core.root, spaces);
  if (error !== OK) {
    core.slots.free(capRef(slot));
    return pushError(error, Code.LIB_ERR_CAP_COPY);
  }
  core.root = capRef(slot);
  return OK;
}

/** Gives back what {@link copyRoot} took. */
function dropRoot(core: PmapCore): void {
  core.invocations.delete(core.root);
  core.slots.free(core.root);
}

function noAddress(bytes: number, alignment: number): VmError {
  const at = alignment > PAGE_BYTES ? ` at a multiple of ${hex0x(alignment)}` : '';
  return new VmError('LIB_ERR_OUT_OF_VIRTUAL_ADDR', `no free range of ${hex0x(bytes)} bytes${at}`);
}
