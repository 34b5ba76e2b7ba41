/**
 * The two invocations that a domain makes most, in one go: mapping small pages into an L2 table, and
 * removing such a Mapping. Each is one function over the pools, without a call between its first
 * look-up and its last write, because at this size calls are what costs.
 *
 * They do what `VNodeOperations` does where everything is plainly right, and otherwise nothing:
 * a refusal here is no error but a question for there, where each wrong has its name.
 */
import { anyBit, type CapRef, type ErrorNumber, OK, setBits } from '../base/index.js';
import { Kind, smallPageAddress } from '../format/index.js';
import { type CostCounters, EventKind, type EventRing } from '../machine/index.js';
import {
  type Capabilities,
  MAPPING_NEXT,
  MAPPING_OFFSET,
  MAPPING_PREVIOUS,
  MAPPING_RUN,
  MAPPING_SOURCE,
  MAPPING_TABLE,
  OBJECT_BASE,
  OBJECT_PART,
  OBJECT_SHIFT,
  OBJECT_SIZE,
  OBJECT_SLOTS,
  RUN_ENTRY_BITS,
  RUN_ENTRY_MASK,
  SLOT_MAPPINGS,
  SLOT_OBJECT,
  SLOT_PART,
  SLOT_SHIFT,
} from './capabilities.js';
import { CapType, Rights } from './capability-types.js';
import type { KernelState } from './kernel-state.js';
import {
  INFO_ASID,
  INFO_CHUNK,
  INFO_FIRST_WORD,
  INFO_ROOT,
  INFO_ROOT_PAGE,
  INFO_SHIFT,
  INFO_WATCH,
  L2_ENTRIES,
  SMALL_PAGE_STEP,
  type TranslationTables,
  writeRun,
} from './translation-tables.js';

/** Head of a slot that holds an L2 CNode that may be read, or also written. */
const READABLE_CNODE = CapType.L2_CNODE | (Rights.READ << 8);
const WRITABLE_CNODE = CapType.L2_CNODE | (Rights.WRITE << 8);
/** Head of a slot that holds a Mapping of small pages, without its rights. */
const SMALL_MAPPING = CapType.FRAME_MAPPING | (Kind.SMALL << 16);
/** Flags that small pages can have. */
const SMALL_PAGE_FLAGS = 31;
/** Page frames below 4 GiB, which is as far as a small page reaches. */
const FRAMES = 2 ** 20;

/**
 * The number of an observer: which interface it was given through, and which of that one's it is. So
 * nobody can pass for another's.
 */
export const WATCH_BITS = 12;
export const WATCH_MASK = (1 << WATCH_BITS) - 1;

/**
 * For the kernel: the CSpace has another root CNode from now on, or none (0). No method, since whoever
 * holds the interface would reach any CSpace with it.
 */
export let rebase: (invocations: PageInvocations, root: number) => void;

/** Mapping and unmapping in the usual way, and the way in which everything else goes. */
export abstract class PageInvocations {
  protected readonly state: KernelState;
  /** The object of the L1 CNode; 0 once that is gone. */
  protected root = 0;
  /** The first slot of the L1 CNode, and how many it has. */
  private firstCNode = 0;
  private cnodes = 0;
  /** Tells this interface from all others of the kernel; never 0. */
  protected readonly number: number;
  private readonly capabilities: Capabilities;
  private readonly tables: TranslationTables;
  private readonly counters: CostCounters;
  private readonly events: EventRing;

  constructor(state: KernelState, root: number, number: number) {
    this.state = state;
    this.number = number;
    this.capabilities = state.capabilities;
    this.tables = state.tables;
    this.counters = state.counters;
    this.events = state.events;
    rebase(this, root);
  }

  static {
    rebase = (invocations, root) => {
      const { objects } = invocations.capabilities;
      invocations.root = root;
      invocations.firstCNode = objects[(root << OBJECT_SHIFT) | OBJECT_PART];
      invocations.cnodes = objects[(root << OBJECT_SHIFT) | OBJECT_SLOTS];
    };
  }

  /** {@link vnodeMap}, whatever is to be mapped. */
  protected abstract mapByName(
    table: CapRef,
    source: CapRef,
    entry: number,
    flags: number,
    offset: number,
    count: number,
    mapping: CapRef,
  ): ErrorNumber;

  /** {@link vnodeUnmap}, whatever is to be unmapped. */
  protected abstract unmapByName(table: CapRef, mapping: CapRef, watch: number): ErrorNumber;

  /**
   * Maps `count` entries of `source` from `offset` bytes on into `table` from `entry` on; `flags`
   * are `PagingFlags`. The Mapping goes into the empty slot `mapping`.
   * Errors: `SYS_ERR_SOURCE_CAP_LOOKUP`, `SYS_ERR_DEST_CNODE_LOOKUP` over a look-up error; those of
   * part 2 of the original's contract, one cause each (see `VNodeOperations.map`).
   */
  vnodeMap(
    table: CapRef,
    source: CapRef,
    entry: number,
    flags: number,
    offset: number,
    count: number,
    mapping: CapRef,
  ): ErrorNumber {
    return this.mapPages(table, source, entry, flags, offset, count, mapping)
      ? OK
      : this.mapByName(table, source, entry, flags, offset, count, mapping);
  }

  /**
   * Removes a Mapping from the table that it is installed in: its entries and the capability. The
   * observer with the number `watch`, which the caller was given by `observe`, is not told.
   * Errors: look-up errors; `SYS_ERR_WRONG_MAPPING`, `SYS_ERR_VNODE_NOT_INSTALLED`.
   */
  vnodeUnmap(table: CapRef, mapping: CapRef, watch = 0): ErrorNumber {
    return this.unmapPage(table, mapping, watch) ? OK : this.unmapByName(table, mapping, watch);
  }

  private mapPages(
    tableRef: number,
    sourceRef: number,
    entry: number,
    flags: number,
    offset: number,
    count: number,
    mappingRef: number,
  ): boolean {
    const { tables } = this;
    const { objects, slots } = this.capabilities;
    const { firstCNode: first, cnodes } = this;
    const tableCNode = tableRef >>> 8;
    const sourceCNode = sourceRef >>> 8;
    const mappingCNode = mappingRef >>> 8;
    if (tableCNode >= cnodes || sourceCNode >= cnodes || mappingCNode >= cnodes) return false;
    let at = (first + tableCNode) << SLOT_SHIFT;
    if ((slots[at] & (0xff | READABLE_CNODE)) !== READABLE_CNODE) return false;
    const tableAt = (slots[at | SLOT_PART] + (tableRef & 0xff)) << SLOT_SHIFT;
    at = (first + sourceCNode) << SLOT_SHIFT;
    if ((slots[at] & (0xff | READABLE_CNODE)) !== READABLE_CNODE) return false;
    const source = slots[at | SLOT_PART] + (sourceRef & 0xff);
    const sourceAt = source << SLOT_SHIFT;
    at = (first + mappingCNode) << SLOT_SHIFT;
    if ((slots[at] & (0xff | WRITABLE_CNODE)) !== WRITABLE_CNODE) return false;
    const mapping = slots[at | SLOT_PART] + (mappingRef & 0xff);
    at = mapping << SLOT_SHIFT;

    const head = slots[sourceAt];
    if ((slots[tableAt] & 0xff) !== CapType.VNODE_ARM_L2) return false;
    if ((head & 0xff) !== CapType.FRAME || (slots[at] & 0xff) !== CapType.NULL) return false;
    const whole = (entry | 0) === entry && (count | 0) === count && (offset | 0) === offset;
    if (!whole || (entry | count | offset) < 0) return false;
    if (count === 0 || entry + count > L2_ENTRIES) return false;
    const objectAt = slots[sourceAt | SLOT_OBJECT] << OBJECT_SHIFT;
    const kibibyte = objects[objectAt | OBJECT_BASE];
    const page = offset >>> 12;
    const frame = (kibibyte >>> 2) + page;
    if (((kibibyte & 3) | (offset & 0xfff)) !== 0) return false;
    if ((page + count) * 4 > objects[objectAt | OBJECT_SIZE] || frame + count > FRAMES)
      return false;
    const { attributes } = tables;
    if ((flags & SMALL_PAGE_FLAGS) !== flags) return false;
    if ((attributes.rights[flags] & ~(head >>> 8)) !== 0) return false;
    const number = slots[tableAt | SLOT_PART];
    const { info } = tables;
    const infoAt = number << INFO_SHIFT;
    const bitsAt = infoAt | (entry >>> 5);
    const bit = 1 << (entry & 31);
    if (count === 1) {
      if ((info[bitsAt] & bit) !== 0) return false;
      info[bitsAt] |= bit;
    } else {
      if (anyBit(info, infoAt, entry, count)) return false;
      setBits(info, infoAt, entry, count);
    }

    const word = attributes.smallPages[flags] | smallPageAddress(frame);
    const words = tables.chunks[info[infoAt | INFO_CHUNK]];
    const wordAt = (info[infoAt | INFO_FIRST_WORD] + entry) | 0;
    if (count === 1) words[wordAt] = word;
    else writeRun(words, wordAt, count, word, SMALL_PAGE_STEP);
    if (tables.watcher !== null) tables.watcher(tables.table(number), entry, count);
    const next = slots[sourceAt | SLOT_MAPPINGS];
    slots[at] = SMALL_MAPPING | (head & 0xff00);
    slots[at | MAPPING_TABLE] = number;
    slots[at | MAPPING_SOURCE] = source;
    slots[at | MAPPING_RUN] = entry | (count << RUN_ENTRY_BITS);
    slots[at | MAPPING_OFFSET] = page;
    slots[at | MAPPING_NEXT] = next;
    slots[at | MAPPING_PREVIOUS] = 0;
    if (next !== 0) slots[(next << SLOT_SHIFT) | MAPPING_PREVIOUS] = mapping;
    slots[sourceAt | SLOT_MAPPINGS] = mapping;
    const { counters, events } = this;
    counters.entryWrites += count;
    counters.pageMaps += 1;
    if (events.on) events.record(EventKind.CAP_MAP, number, entry, count, source);
    return true;
  }

  private unmapPage(tableRef: number, mappingRef: number, watch: number): boolean {
    const { tables } = this;
    const { slots } = this.capabilities;
    const { firstCNode: first, cnodes } = this;
    // A reference to the root CNode itself is negative, and lies behind its end as an unsigned number.
    const tableCNode = tableRef >>> 8;
    const mappingCNode = mappingRef >>> 8;
    if (tableCNode >= cnodes || mappingCNode >= cnodes) return false;
    let at = (first + tableCNode) << SLOT_SHIFT;
    if ((slots[at] & (0xff | READABLE_CNODE)) !== READABLE_CNODE) return false;
    const tableAt = (slots[at | SLOT_PART] + (tableRef & 0xff)) << SLOT_SHIFT;
    at = (first + mappingCNode) << SLOT_SHIFT;
    if ((slots[at] & (0xff | WRITABLE_CNODE)) !== WRITABLE_CNODE) return false;
    at = (slots[at | SLOT_PART] + (mappingRef & 0xff)) << SLOT_SHIFT;

    if ((slots[tableAt] & 0xff) !== CapType.VNODE_ARM_L2) return false;
    if ((slots[at] & ~0xff00) !== SMALL_MAPPING) return false;
    const number = slots[tableAt | SLOT_PART];
    const run = slots[at | MAPPING_RUN];
    if (((slots[at | MAPPING_TABLE] ^ number) | ((run >>> RUN_ENTRY_BITS) ^ 1)) !== 0) return false;
    const { info } = tables;
    const infoAt = number << INFO_SHIFT;
    const spaceAt = info[infoAt | INFO_ROOT] << INFO_SHIFT;
    if (spaceAt === 0) return false;
    const heard = info[spaceAt | INFO_WATCH];
    if (heard !== 0 && (heard !== watch || heard >>> WATCH_BITS !== this.number)) return false;

    const entry = run & RUN_ENTRY_MASK;
    info[infoAt | (entry >>> 5)] &= ~(1 << (entry & 31));
    tables.chunks[info[infoAt | INFO_CHUNK]][(info[infoAt | INFO_FIRST_WORD] + entry) | 0] = 0;
    if (tables.watcher !== null) tables.watcher(tables.table(number), entry, 1);
    const next = slots[at | MAPPING_NEXT];
    const previous = slots[at | MAPPING_PREVIOUS];
    if (previous !== 0) slots[(previous << SLOT_SHIFT) | MAPPING_NEXT] = next;
    else slots[(slots[at | MAPPING_SOURCE] << SLOT_SHIFT) | SLOT_MAPPINGS] = next;
    if (next !== 0) slots[(next << SLOT_SHIFT) | MAPPING_PREVIOUS] = previous;
    slots[at] = CapType.NULL;
    const { counters, events } = this;
    counters.pageUnmaps += 1;
    const asid = info[spaceAt | INFO_ASID];
    if (asid === 0) counters.unflushed += 1;
    else {
      tables.tlb.invalidateAddress((info[infoAt | INFO_ROOT_PAGE] + entry) * SMALL_PAGE_STEP, asid);
    }
    if (events.on) events.record(EventKind.CAP_UNMAP, number, entry, 1, at >>> SLOT_SHIFT);
    return true;
  }
}
