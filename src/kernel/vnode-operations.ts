/**
 * Map, unmap, modify, split and join: the invocations on VNode and Mapping capabilities, with every
 * check before the first change. Slots are looked up already; all arguments else are untrusted.
 *
 *     table          source            makes                         leaf
 *     VNode_ARM_l1   VNode_ARM_l2      VNode_ARM_l2_Mapping          –
 *     VNode_ARM_l1   Frame, DevFrame   Frame_, DevFrame_Mapping      section, or supersection
 *     VNode_ARM_l2   Frame, DevFrame   Frame_, DevFrame_Mapping      small page, or large page
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
import { Cost, EventKind } from '../machine/index.js';
import { PagingFlags } from './attribute-policy.js';
import {
  MAPPING_OFFSET,
  MAPPING_RUN,
  MAPPING_SOURCE,
  MAPPING_TABLE,
  OBJECT_BASE,
  OBJECT_SHIFT,
  OBJECT_SIZE,
  RUN_ENTRY_BITS,
  RUN_ENTRY_MASK,
  SLOT_OBJECT,
  SLOT_PART,
  SLOT_SHIFT,
} from './capabilities.js';
import { CapType, isMapping, isVNode } from './capability-types.js';
import { findSlot } from './cspace.js';
import type { KernelState } from './kernel-state.js';
import {
  isReplicated,
  leafBytes,
  packRun,
  REPLICATION,
  type TranslationTable,
} from './translation-tables.js';

const PAGE_KIBIBYTES = PAGE_BYTES / 1024;

/** Bytes of memory that one table entry of a leaf of each {@link Kind} stands for. */
const ENTRY_BYTES = Float64Array.from({ length: 8 }, (_, kind) =>
  isReplicated(kind) ? leafBytes(kind) / REPLICATION : leafBytes(kind),
);

/** Pages that one table entry of a leaf of each kind stands for. */
const ENTRY_PAGES = Int32Array.from(ENTRY_BYTES, (bytes) => bytes / PAGE_BYTES);

/** Pages of one leaf of each kind. */
const LEAF_PAGES = Int32Array.from({ length: 8 }, (_, kind) => leafBytes(kind) / PAGE_BYTES);

/** The first page frame that a leaf of each kind cannot hold: 32 address bits, or 40. */
const FRAME_LIMIT = Int32Array.from({ length: 8 }, (_, kind) =>
  kind === Kind.SUPERSECTION ? 2 ** 28 : 2 ** 20,
);

/** Head of a slot with a Mapping of small pages of a Frame, without its rights. */
const SMALL_FRAME_MAPPING = CapType.FRAME_MAPPING | (Kind.SMALL << 16);

/** The Mapping type of each mappable type, 0 where the type cannot be mapped. */
const MAPPING_TYPE = mappingTypes();

function mappingTypes(): Uint8Array {
  const types = new Uint8Array(16);
  types[CapType.FRAME] = CapType.FRAME_MAPPING;
  types[CapType.DEV_FRAME] = CapType.DEV_FRAME_MAPPING;
  types[CapType.VNODE_ARM_L2] = CapType.VNODE_ARM_L2_MAPPING;
  return types;
}

const isCount = (value: number): boolean =>
  // Most are small, and the question whether a double is whole is a long one.
  value >= 0 && ((value | 0) === value || Number.isSafeInteger(value));

/** The operations on translation tables and Mappings. */
export class VNodeOperations {
  private readonly state: KernelState;

  constructor(state: KernelState) {
    this.state = state;
  }

  /**
   * Maps `count` entries of `source` from `offset` bytes on into the table in `tableSlot` from
   * `entry` on, and puts the Mapping into the empty slot `destination`.
   */
  map(
    tableSlot: number,
    sourceSlot: number,
    entry: number,
    flags: number,
    offset: number,
    count: number,
    destination: number,
  ): ErrorNumber {
    const { capabilities, tables, events, costs, reservedEntry } = this.state;
    const slots = capabilities.slots;
    const tableAt = tableSlot << SLOT_SHIFT;
    const tableType = slots[tableAt] & 0xff;
    if (!isVNode(tableType)) return notA(tableType);
    const sourceAt = sourceSlot << SLOT_SHIFT;
    const sourceHead = slots[sourceAt];
    const sourceType = sourceHead & 0xff;
    const mappingType = MAPPING_TYPE[sourceType];
    const table = tables.table(slots[tableAt + SLOT_PART]);
    const entries = table.words.length;
    const isL1 = tableType === CapType.VNODE_ARM_L1;
    const isTable = sourceType === CapType.VNODE_ARM_L2;
    if (sourceType === CapType.NULL) {
      return pushError(Code.SYS_ERR_CAP_NOT_FOUND, Code.SYS_ERR_SOURCE_CAP_LOOKUP);
    }
    if (mappingType === 0 || (isTable && !isL1)) return Code.SYS_ERR_DEST_TYPE_INVALID;
    if ((slots[destination << SLOT_SHIFT] & 0xff) !== 0) return Code.SYS_ERR_SLOT_IN_USE;
    if (!isCount(entry) || entry >= entries) return Code.SYS_ERR_VNODE_SLOT_INVALID;
    if (!isCount(count) || count === 0 || entry + count > entries) return Code.SYS_ERR_VM_MAP_SIZE;
    if (isL1 && entry + count > reservedEntry) return Code.SYS_ERR_VNODE_SLOT_RESERVED;

    let kind: number;
    if (isTable) {
      kind = Kind.TABLE;
      if (count !== 1) return Code.SYS_ERR_VM_MAP_SIZE;
      if (offset !== 0) return Code.SYS_ERR_FRAME_OFFSET_INVALID;
      if (table.words[entry] !== 0) return Code.SYS_ERR_VNODE_SLOT_INUSE;
      const child = tables.table(slots[sourceAt + SLOT_PART]);
      tables.writeTable(table, entry, child);
    } else {
      kind = leafKind(isL1, flags);
      const objects = capabilities.objects;
      const objectAt = slots[sourceAt + SLOT_OBJECT] << OBJECT_SHIFT;
      const kibibyte = objects[objectAt + OBJECT_BASE];
      const bytes = objects[objectAt + OBJECT_SIZE] * 1024;
      if (!isCount(offset) || offset + count * ENTRY_BYTES[kind] > bytes) {
        return Code.SYS_ERR_FRAME_OFFSET_INVALID;
      }
      if (isReplicated(kind) && ((entry | count) & (REPLICATION - 1)) !== 0) {
        return Code.SYS_ERR_VM_MAP_SIZE;
      }
      const frame = (kibibyte >>> 2) + pageNumber(offset);
      const inPage = (kibibyte & (PAGE_KIBIBYTES - 1)) | (offset & (PAGE_BYTES - 1));
      if (inPage !== 0 || (frame & (LEAF_PAGES[kind] - 1)) !== 0) {
        return Code.SYS_ERR_VM_FRAME_UNALIGNED;
      }
      if (frame + count * ENTRY_PAGES[kind] > FRAME_LIMIT[kind]) {
        return Code.SYS_ERR_PADDR_OVERFLOW;
      }
      const granted = tables.attributes.granted(flags);
      if ((granted & ~(sourceHead >>> 8) & 0xff) !== 0) return Code.SYS_ERR_VM_MAP_RIGHTS;
      if (!tables.isFree(table, entry, count)) return Code.SYS_ERR_VNODE_SLOT_INUSE;
      const pattern = tables.attributes.leaf(kind, flags, sourceType === CapType.DEV_FRAME);
      tables.writeLeaves(table, entry, count, kind, pattern, frame);
    }

    const at = destination << SLOT_SHIFT;
    slots[at] = mappingType | (sourceHead & 0xff00) | (kind << 16);
    slots[at + MAPPING_TABLE] = table.number;
    slots[at + MAPPING_SOURCE] = sourceSlot;
    slots[at + MAPPING_RUN] = entry | (count << RUN_ENTRY_BITS);
    slots[at + MAPPING_OFFSET] = pageNumber(offset);
    capabilities.linkMapping(destination, sourceSlot);
    if (isTable)
      tables.noteInstallation(tables.table(slots[sourceAt + SLOT_PART]), destination, true);
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    if (events.on) events.record(EventKind.CAP_MAP, table.number, entry, count, sourceSlot);
    return OK;
  }

  /** Removes the Mapping in `mappingSlot` from the table in `tableSlot`: entries and capability. */
  unmap(tableSlot: number, mappingSlot: number): ErrorNumber {
    const { capabilities, tables, costs } = this.state;
    const slots = capabilities.slots;
    const tableAt = tableSlot << SLOT_SHIFT;
    const tableType = slots[tableAt] & 0xff;
    if (!isVNode(tableType)) return notA(tableType);
    const at = mappingSlot << SLOT_SHIFT;
    const type = slots[at] & 0xff;
    if (!isMapping(type)) {
      return type === CapType.NULL ? Code.SYS_ERR_CAP_NOT_FOUND : Code.SYS_ERR_WRONG_MAPPING;
    }
    const number = slots[tableAt + SLOT_PART];
    if (slots[at + MAPPING_TABLE] !== number) return Code.SYS_ERR_VNODE_NOT_INSTALLED;
    this.removeFrom(tables.table(number), mappingSlot);
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    return OK;
  }

  /** Removes the Mapping in `slot`, wherever it is installed. */
  remove(slot: number): void {
    const { capabilities, tables } = this.state;
    const number = capabilities.slots[(slot << SLOT_SHIFT) + MAPPING_TABLE];
    this.removeFrom(tables.table(number), slot);
  }

  private removeFrom(table: TranslationTable, slot: number): void {
    const { capabilities, tables, events } = this.state;
    const slots = capabilities.slots;
    const at = slot << SLOT_SHIFT;
    const kind = (slots[at] >>> 16) & 0xff;
    const run = slots[at + MAPPING_RUN];
    const entry = run & RUN_ENTRY_MASK;
    const count = run >>> RUN_ENTRY_BITS;
    if (events.on) events.record(EventKind.CAP_UNMAP, table.number, entry, count, slot);
    if (kind === Kind.TABLE) {
      this.uninstall(table, entry, slot);
      return;
    }
    tables.clear(table, entry, count, kind);
    capabilities.unlinkMapping(slot);
    capabilities.clearSlot(slot);
    tables.tellLost(table, entry, count, kind);
  }

  /** Takes the L2 table that the Mapping in `slot` installs out of `parent`. */
  private uninstall(parent: TranslationTable, entry: number, slot: number): void {
    const { capabilities, tables } = this.state;
    const source = capabilities.slots[(slot << SLOT_SHIFT) + MAPPING_SOURCE];
    const child = tables.table(capabilities.slots[(source << SLOT_SHIFT) + SLOT_PART]);
    tables.clearTable(parent, entry, child);
    tables.noteInstallation(child, slot, false);
    capabilities.unlinkMapping(slot);
    capabilities.clearSlot(slot);
    if (parent.watch !== tables.unheard) {
      parent.observer?.tableLost(entry * ENTRY_BYTES[Kind.SECTION]);
    }
  }

  /** Gives `count` entries from `offset` of the Mapping in `slot` the attributes of `flags`. */
  modify(slot: number, offset: number, count: number, flags: number): ErrorNumber {
    const { capabilities, tables, events, costs } = this.state;
    const slots = capabilities.slots;
    const at = slot << SLOT_SHIFT;
    const head = slots[at];
    const type = head & 0xff;
    if (!isMapping(type)) return notA(type);
    if (type === CapType.VNODE_ARM_L2_MAPPING) return Code.SYS_ERR_ILLEGAL_INVOCATION;
    const run = slots[at + MAPPING_RUN];
    const length = run >>> RUN_ENTRY_BITS;
    if (!isCount(offset) || !isCount(count) || count === 0 || offset + count > length) {
      return Code.SYS_ERR_VM_MAP_SIZE;
    }
    const kind = (head >>> 16) & 0xff;
    if (isReplicated(kind) && ((offset | count) & (REPLICATION - 1)) !== 0) {
      return Code.SYS_ERR_VM_MAP_OFFSET;
    }
    const granted = tables.attributes.granted(flags);
    if ((granted & ~(head >>> 8) & 0xff) !== 0) return Code.SYS_ERR_VM_MAP_RIGHTS;
    const pattern = tables.attributes.leaf(kind, flags, type === CapType.DEV_FRAME_MAPPING);
    const table = tables.table(slots[at + MAPPING_TABLE]);
    tables.changeLeaves(table, (run & RUN_ENTRY_MASK) + offset, count, kind, pattern);
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    if (events.on) events.record(EventKind.CAP_MODIFY, slot, offset, count, flags);
    return OK;
  }

  /**
   * Gives the Mappings in `mappings`, named in the CSpace under `root`, the attributes of `flags` at
   * once: whole Mappings of small pages of Frames, each of which begins where the one before ends.
   */
  modifyAll(root: number, mappings: readonly CapRef[], flags: number): ErrorNumber {
    const { capabilities, tables, events, costs } = this.state;
    const { slots } = capabilities;
    const granted = tables.attributes.granted(flags);
    let number = 0;
    let first = 0;
    let end = 0;
    for (const mapping of mappings) {
      const slot = findSlot(capabilities, root, mapping);
      if (slot < 0) return -slot;
      const at = slot << SLOT_SHIFT;
      const head = slots[at];
      if (!isMapping(head & 0xff)) return notA(head & 0xff);
      const run = slots[at + MAPPING_RUN];
      const entry = run & RUN_ENTRY_MASK;
      if (number === 0) {
        number = slots[at + MAPPING_TABLE];
        first = entry;
        end = entry;
      }
      const follows = slots[at + MAPPING_TABLE] === number && entry === end;
      if ((head & 0xff00ff) !== SMALL_FRAME_MAPPING || !follows) return Code.SYS_ERR_WRONG_MAPPING;
      if ((granted & ~(head >>> 8) & 0xff) !== 0) return Code.SYS_ERR_VM_MAP_RIGHTS;
      end += run >>> RUN_ENTRY_BITS;
    }
    if (number === 0) return Code.SYS_ERR_VM_MAP_SIZE;
    const pattern = tables.attributes.leaf(Kind.SMALL, flags, false);
    tables.changeLeaves(tables.table(number), first, end - first, Kind.SMALL, pattern);
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    if (events.on) this.recordModified(root, mappings, flags);
    return OK;
  }

  private recordModified(root: number, mappings: readonly CapRef[], flags: number): void {
    const { events, capabilities } = this.state;
    for (const mapping of mappings) {
      const slot = findSlot(capabilities, root, mapping);
      const count = capabilities.slots[(slot << SLOT_SHIFT) + MAPPING_RUN] >>> RUN_ENTRY_BITS;
      events.record(EventKind.CAP_MODIFY, slot, 0, count, flags);
    }
  }

  /** Cuts the Mapping in `slot` in two: the entries from `offset` on go to `destination`. */
  split(slot: number, offset: number, destination: number): ErrorNumber {
    const { capabilities, costs } = this.state;
    const slots = capabilities.slots;
    const at = slot << SLOT_SHIFT;
    const head = slots[at];
    const type = head & 0xff;
    if (!isMapping(type)) return notA(type);
    const to = destination << SLOT_SHIFT;
    if ((slots[to] & 0xff) !== 0) return Code.SYS_ERR_SLOT_IN_USE;
    const run = slots[at + MAPPING_RUN];
    const entry = run & RUN_ENTRY_MASK;
    const count = run >>> RUN_ENTRY_BITS;
    if (!isCount(offset) || offset === 0 || offset >= count) return Code.SYS_ERR_VM_MAP_SIZE;
    const kind = (head >>> 16) & 0xff;
    if (isReplicated(kind) && offset % REPLICATION !== 0) return Code.SYS_ERR_VM_MAP_OFFSET;
    const source = slots[at + MAPPING_SOURCE];
    slots[at + MAPPING_RUN] = packRun(entry, offset);
    slots[to] = head;
    slots[to + MAPPING_TABLE] = slots[at + MAPPING_TABLE];
    slots[to + MAPPING_SOURCE] = source;
    slots[to + MAPPING_RUN] = packRun(entry + offset, count - offset);
    slots[to + MAPPING_OFFSET] = slots[at + MAPPING_OFFSET] + offset * ENTRY_PAGES[kind];
    capabilities.linkMapping(destination, source);
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    return OK;
  }

  /** Makes the Mapping in `slot` take in the one in `next`, which must continue it in every way. */
  join(slot: number, next: number): ErrorNumber {
    const { capabilities, costs } = this.state;
    const slots = capabilities.slots;
    const at = slot << SLOT_SHIFT;
    const nextAt = next << SLOT_SHIFT;
    const head = slots[at];
    if (!isMapping(head & 0xff)) return notA(head & 0xff);
    const run = slots[at + MAPPING_RUN];
    const count = run >>> RUN_ENTRY_BITS;
    const entry = (run & RUN_ENTRY_MASK) + count;
    const kind = (head >>> 16) & 0xff;
    const pages = count * ENTRY_PAGES[kind];
    const nextRun = slots[nextAt + MAPPING_RUN];
    const continues =
      slots[nextAt] === head &&
      slots[nextAt + MAPPING_TABLE] === slots[at + MAPPING_TABLE] &&
      slots[nextAt + MAPPING_SOURCE] === slots[at + MAPPING_SOURCE] &&
      (nextRun & RUN_ENTRY_MASK) === entry &&
      slots[nextAt + MAPPING_OFFSET] === slots[at + MAPPING_OFFSET] + pages;
    if (!continues) return Code.SYS_ERR_WRONG_MAPPING;
    slots[at + MAPPING_RUN] = packRun(run & RUN_ENTRY_MASK, count + (nextRun >>> RUN_ENTRY_BITS));
    capabilities.unlinkMapping(next);
    capabilities.clearSlot(next);
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    return OK;
  }
}

/** The kind of leaf that a frame becomes in a table of this level. */
function leafKind(isL1: boolean, flags: number): number {
  const larger = (flags & PagingFlags.LARGER_LEAF) !== 0;
  if (isL1) return larger ? Kind.SUPERSECTION : Kind.SECTION;
  return larger ? Kind.LARGE : Kind.SMALL;
}

/** The error for an invocation on a capability of the wrong type, or on an empty slot. */
function notA(type: number): ErrorNumber {
  return type === CapType.NULL ? Code.SYS_ERR_CAP_NOT_FOUND : Code.SYS_ERR_ILLEGAL_INVOCATION;
}
