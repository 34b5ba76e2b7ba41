/**
 * The capabilities of a machine as they stand in the kernel's two pools, or as they stood in copies
 * of them: for whoever draws them, proves them or goes back in time. Nothing here changes anything.
 */
import { type CapRef, capRef } from '../base/index.js';
import {
  MAPPING_OFFSET,
  MAPPING_RUN,
  MAPPING_SOURCE,
  MAPPING_TABLE,
  OBJECT_BASE,
  OBJECT_COPY,
  OBJECT_DEPTH,
  OBJECT_FAMILY,
  OBJECT_PARENT,
  OBJECT_PART,
  OBJECT_SHIFT,
  OBJECT_SIZE,
  OBJECT_SLOTS,
  OBJECT_TYPE,
  RUN_ENTRY_BITS,
  RUN_ENTRY_MASK,
  SLOT_NEXT_COPY,
  SLOT_OBJECT,
  SLOT_PART,
  SLOT_SHIFT,
} from './capabilities.js';
import { CapType, CNODE_SLOTS, isMapping } from './capability-types.js';
import { capRefOf, rootSlotRef } from './cspace.js';

/** The pools of slots and objects (see `capabilities.ts`), or copies of them. */
export interface CapabilityImage {
  readonly slots: Int32Array;
  readonly objects: Int32Array;
}

/** A memory object in the mapping database. */
export interface ObjectImage {
  readonly number: number;
  /** One of `CapType`. */
  readonly type: number;
  /** Physical address and size in bytes. */
  readonly base: number;
  readonly bytes: number;
  /** The object that it was made from; 0 for none. */
  readonly parent: number;
  /** Steps of descent from what nothing was made from. */
  readonly depth: number;
  /** The slots that hold its copies. */
  readonly copies: readonly number[];
  /** For a VNode the number of its table. */
  readonly part: number;
}

/** A slot of a domain that is not empty. */
export interface SlotImage {
  /** The number of the slot in the kernel. */
  readonly slot: number;
  /** How the domain names it. */
  readonly ref: CapRef;
  readonly type: number;
  readonly rights: number;
  /** The object of a memory capability; 0 for a Mapping. */
  readonly object: number;
  readonly mapping: MappingImage | undefined;
}

/** What a Mapping says. */
export interface MappingImage {
  /** The number of the table that it is installed in. */
  readonly table: number;
  /** The slot of the capability that is mapped. */
  readonly source: number;
  /** Its first entry in the table, and how many there are. */
  readonly entry: number;
  readonly entries: number;
  /** Where it begins in what is mapped, in bytes. */
  readonly offset: number;
}

const PAGE_BYTES = 4096;

/** Every object, in the order of the mapping database: descendants right behind what they are from. */
export function objectImages({ slots, objects }: CapabilityImage): ObjectImage[] {
  const found: (ObjectImage & { readonly family: number })[] = [];
  for (let at = 1 << OBJECT_SHIFT; at < objects.length; at += 1 << OBJECT_SHIFT) {
    const type = objects[at + OBJECT_TYPE];
    if (type === CapType.NULL) continue;
    found.push({
      number: at >> OBJECT_SHIFT,
      type,
      base: objects[at + OBJECT_BASE] * 1024,
      bytes: objects[at + OBJECT_SIZE] * 1024,
      parent: objects[at + OBJECT_PARENT],
      depth: objects[at + OBJECT_DEPTH],
      copies: copiesFrom(slots, objects[at + OBJECT_COPY]),
      part: objects[at + OBJECT_PART],
      family: objects[at + OBJECT_FAMILY],
    });
  }
  return found
    .sort(
      (left, right) =>
        left.family - right.family ||
        left.base - right.base ||
        right.bytes - left.bytes ||
        left.depth - right.depth ||
        left.number - right.number,
    )
    .map(({ family: _, ...object }) => object);
}

/** The ring of copies that `first` is in. */
function copiesFrom(slots: Int32Array, first: number): number[] {
  const copies: number[] = [];
  for (let slot = first; slot !== 0; ) {
    copies.push(slot);
    slot = slots[(slot << SLOT_SHIFT) + SLOT_NEXT_COPY];
    if (slot === first) break;
  }
  return copies;
}

/**
 * The slots under the L1 CNode object `cspace` that hold something: those of its L2 CNodes, each
 * behind the slot of the root that holds the L2 CNode. None where `cspace` is 0.
 */
export function slotImages(image: CapabilityImage, cspace: number): SlotImage[] {
  const found: SlotImage[] = [];
  if (cspace === 0) return found;
  const { slots, objects } = image;
  const root = objects[(cspace << OBJECT_SHIFT) + OBJECT_PART];
  const count = objects[(cspace << OBJECT_SHIFT) + OBJECT_SLOTS];
  for (let index = 0; index < count; index++) {
    const at = (root + index) << SLOT_SHIFT;
    const type = slots[at] & 0xff;
    if (type === CapType.NULL) continue;
    found.push(slotImage(slots, root + index, rootSlotRef(index)));
    if (type !== CapType.L2_CNODE) continue;
    const first = slots[at + SLOT_PART];
    for (let inner = 0; inner < CNODE_SLOTS; inner++) {
      if ((slots[(first + inner) << SLOT_SHIFT] & 0xff) === CapType.NULL) continue;
      found.push(slotImage(slots, first + inner, capRefOf(index, inner)));
    }
  }
  return found;
}

function slotImage(slots: Int32Array, slot: number, ref: CapRef): SlotImage {
  const at = slot << SLOT_SHIFT;
  const head = slots[at];
  const type = head & 0xff;
  const common = { slot, ref: capRef(ref), type, rights: (head >>> 8) & 0xff };
  if (!isMapping(type)) {
    return { ...common, object: slots[at + SLOT_OBJECT], mapping: undefined };
  }
  const run = slots[at + MAPPING_RUN];
  const mapping = {
    table: slots[at + MAPPING_TABLE],
    source: slots[at + MAPPING_SOURCE],
    entry: run & RUN_ENTRY_MASK,
    entries: run >>> RUN_ENTRY_BITS,
    offset: slots[at + MAPPING_OFFSET] * PAGE_BYTES,
  };
  return { ...common, object: 0, mapping };
}
