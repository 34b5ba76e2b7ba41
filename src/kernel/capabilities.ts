/**
 * Where capabilities and the objects that they name are kept: two pools of plain words.
 *
 * A *slot* (Barrelfish's CTE, capability table entry) holds one capability and is named by a number;
 * a CNode is a run of slots. An *object* is what copies of a capability have in common. Slot 0 and
 * object 0 are nobody.
 *
 *     slot word   a memory capability          a Mapping
 *     0           type | rights << 8           type | rights << 8 | leaf kind << 16
 *     1           object                       number of the table that it is installed in
 *     2           L2 CNode: its first slot     slot of the capability that is mapped
 *                 VNode: number of its table
 *     3           first Mapping made from it   first entry | number of entries << 12
 *     4           next copy (ring)             offset in the source, in pages
 *     5           previous copy (ring)         next Mapping of the same source
 *     6           –                            previous Mapping of the same source
 *     7           –                            –
 *
 * What a look-up wants stands in the first four words: those lie in one cache line wherever the
 * pool begins.
 *
 *     object word
 *     0 type   1 base, KiB   2 size, KiB   3 parent object   4, 5 left and right in the database
 *     6 depth in the tree of descent   7 one of its copies (a slot)
 *     8 CNode: first slot; VNode: number of its table; Dispatcher, EndPoint: number of the domain
 *     9 CNode: number of slots   10 number of the object without a parent that all came from
 */
import { RegionTree } from '../base/index.js';
import { CapType } from './capability-types.js';

export const SLOT_SHIFT = 3;
const SLOT_HEAD = 0;
export const SLOT_OBJECT = 1;
/** A copy of {@link OBJECT_PART}, so that a look-up does not have to visit the object. */
export const SLOT_PART = 2;
export const SLOT_MAPPINGS = 3;
export const SLOT_NEXT_COPY = 4;
export const SLOT_PREVIOUS_COPY = 5;

export const MAPPING_TABLE = 1;
export const MAPPING_SOURCE = 2;
export const MAPPING_RUN = 3;
export const MAPPING_OFFSET = 4;
export const MAPPING_NEXT = 5;
export const MAPPING_PREVIOUS = 6;

/** Bits of the entry in {@link MAPPING_RUN}: an L1 table has 4096 entries. */
export const RUN_ENTRY_BITS = 12;
export const RUN_ENTRY_MASK = (1 << RUN_ENTRY_BITS) - 1;

export const OBJECT_SHIFT = 4;
export const OBJECT_TYPE = 0;
export const OBJECT_BASE = 1;
export const OBJECT_SIZE = 2;
export const OBJECT_PARENT = 3;
export const OBJECT_LEFT = 4;
export const OBJECT_RIGHT = 5;
export const OBJECT_DEPTH = 6;
export const OBJECT_COPY = 7;
/** The kernel's own number for what the object is made of: see the figure above. */
export const OBJECT_PART = 8;
export const OBJECT_SLOTS = 9;
/**
 * What is told apart by this may overlap: capabilities that a boot loader hands over can name the same
 * memory, while objects made from one of them never do unless one was made from the other.
 */
export const OBJECT_FAMILY = 10;

const FIRST_CAPACITY = 1024;
/** The most slots and objects that the kernel holds: a run-away domain must not exhaust the host. */
const MAX_SLOTS = 1 << 24;
const MAX_OBJECTS = 1 << 23;

function grown(pool: Int32Array, words: number): Int32Array {
  const next = new Int32Array(Math.max(words, pool.length * 2));
  next.set(pool);
  return next;
}

/** The two pools, their free lists, and the rings of copies. */
export class Capabilities {
  /** Slots, {@link SLOT_SHIFT} words each. Replaced when the pool grows: load it anew after one. */
  slots: Int32Array = new Int32Array(FIRST_CAPACITY << SLOT_SHIFT);
  /** Objects, {@link OBJECT_SHIFT} words each. Replaced when the pool grows. */
  objects: Int32Array = new Int32Array(FIRST_CAPACITY << OBJECT_SHIFT);

  private usedSlots = 1;
  private usedObjects = 1;
  private freeObject = 0;
  private liveObjects = 0;
  private families = 0;
  /** The runs of slots in use. The lowest place that fits is taken, whatever run was there before. */
  private readonly runs = new RegionTree();

  /** The number of objects that exist. */
  get objectCount(): number {
    return this.liveObjects;
  }

  /** The first of `count` adjacent empty slots, or 0 when the kernel holds too many already. */
  allocateSlots(count: number): number {
    const first = this.runs.firstGap(1, MAX_SLOTS, count, 1);
    if (first < 0) return 0;
    this.runs.insert(first, count, 0);
    this.usedSlots = Math.max(this.usedSlots, first + count);
    const words = this.usedSlots << SLOT_SHIFT;
    if (words > this.slots.length) this.slots = grown(this.slots, words);
    return first;
  }

  /** Gives back the run of slots that begins with `first`, all of them empty. */
  freeSlots(first: number): void {
    this.runs.remove(first);
  }

  /** A new object without copies, or 0 when the kernel holds too many already. Units: KiB. */
  createObject(type: number, base: number, size: number, parent: number): number {
    let object = this.freeObject;
    if (object !== 0) {
      this.freeObject = this.objects[(object << OBJECT_SHIFT) + OBJECT_LEFT];
    } else {
      if (this.usedObjects >= MAX_OBJECTS) return 0;
      object = this.usedObjects;
      this.usedObjects += 1;
      const words = this.usedObjects << OBJECT_SHIFT;
      if (words > this.objects.length) this.objects = grown(this.objects, words);
    }
    const at = object << OBJECT_SHIFT;
    this.objects.fill(0, at, at + (1 << OBJECT_SHIFT));
    this.objects[at + OBJECT_TYPE] = type;
    this.objects[at + OBJECT_BASE] = base;
    this.objects[at + OBJECT_SIZE] = size;
    this.objects[at + OBJECT_PARENT] = parent;
    this.objects[at + OBJECT_DEPTH] =
      parent === 0 ? 0 : this.objects[(parent << OBJECT_SHIFT) + OBJECT_DEPTH] + 1;
    if (parent === 0) this.families += 1;
    this.objects[at + OBJECT_FAMILY] =
      parent === 0 ? this.families : this.objects[(parent << OBJECT_SHIFT) + OBJECT_FAMILY];
    this.liveObjects += 1;
    return object;
  }

  /** Forgets an object that has no copies left. */
  freeObjectId(object: number): void {
    const at = object << OBJECT_SHIFT;
    this.objects[at + OBJECT_TYPE] = CapType.NULL;
    this.objects[at + OBJECT_LEFT] = this.freeObject;
    this.freeObject = object;
    this.liveObjects -= 1;
  }

  /** The type of the capability in `slot`. */
  typeOf(slot: number): number {
    return this.slots[slot << SLOT_SHIFT] & 0xff;
  }

  /** The rights of the capability in `slot`. */
  rightsOf(slot: number): number {
    return (this.slots[slot << SLOT_SHIFT] >>> 8) & 0xff;
  }

  /** The object that the memory capability in `slot` names. */
  objectOf(slot: number): number {
    return this.slots[(slot << SLOT_SHIFT) + SLOT_OBJECT];
  }

  /** Fills the empty `slot` with a capability to `object` and joins the ring of its copies. */
  putCopy(slot: number, object: number, rights: number): void {
    const slots = this.slots;
    const objects = this.objects;
    const at = slot << SLOT_SHIFT;
    const objectAt = object << OBJECT_SHIFT;
    const type = objects[objectAt + OBJECT_TYPE];
    slots[at + SLOT_HEAD] = type | (rights << 8);
    slots[at + SLOT_OBJECT] = object;
    slots[at + SLOT_MAPPINGS] = 0;
    slots[at + SLOT_PART] = objects[objectAt + OBJECT_PART];
    const first = objects[objectAt + OBJECT_COPY];
    if (first === 0) {
      slots[at + SLOT_NEXT_COPY] = slot;
      slots[at + SLOT_PREVIOUS_COPY] = slot;
      objects[objectAt + OBJECT_COPY] = slot;
      return;
    }
    const last = slots[(first << SLOT_SHIFT) + SLOT_PREVIOUS_COPY];
    slots[at + SLOT_NEXT_COPY] = first;
    slots[at + SLOT_PREVIOUS_COPY] = last;
    slots[(last << SLOT_SHIFT) + SLOT_NEXT_COPY] = slot;
    slots[(first << SLOT_SHIFT) + SLOT_PREVIOUS_COPY] = slot;
  }

  /** Empties `slot`, a memory capability without Mappings. Answers whether it was the last copy. */
  takeCopy(slot: number): boolean {
    const slots = this.slots;
    const at = slot << SLOT_SHIFT;
    const objectAt = slots[at + SLOT_OBJECT] << OBJECT_SHIFT;
    const next = slots[at + SLOT_NEXT_COPY];
    const previous = slots[at + SLOT_PREVIOUS_COPY];
    const last = next === slot;
    slots[(previous << SLOT_SHIFT) + SLOT_NEXT_COPY] = next;
    slots[(next << SLOT_SHIFT) + SLOT_PREVIOUS_COPY] = previous;
    if (last) this.objects[objectAt + OBJECT_COPY] = 0;
    else if (this.objects[objectAt + OBJECT_COPY] === slot) {
      this.objects[objectAt + OBJECT_COPY] = next;
    }
    this.clearSlot(slot);
    return last;
  }

  /** Makes `slot` empty: what is left behind the type means nothing. */
  clearSlot(slot: number): void {
    this.slots[slot << SLOT_SHIFT] = CapType.NULL;
  }

  /** The number of capabilities that name `object`. */
  copyCount(object: number): number {
    const first = this.objects[(object << OBJECT_SHIFT) + OBJECT_COPY];
    if (first === 0) return 0;
    let count = 1;
    for (
      let slot = this.slots[(first << SLOT_SHIFT) + SLOT_NEXT_COPY];
      slot !== first;
      slot = this.slots[(slot << SLOT_SHIFT) + SLOT_NEXT_COPY]
    ) {
      count += 1;
    }
    return count;
  }

  /** Links the Mapping in `slot` at the head of the list of its source's Mappings. */
  linkMapping(slot: number, source: number): void {
    const slots = this.slots;
    const at = slot << SLOT_SHIFT;
    const sourceAt = source << SLOT_SHIFT;
    const next = slots[sourceAt + SLOT_MAPPINGS];
    slots[at + MAPPING_NEXT] = next;
    slots[at + MAPPING_PREVIOUS] = 0;
    if (next !== 0) slots[(next << SLOT_SHIFT) + MAPPING_PREVIOUS] = slot;
    slots[sourceAt + SLOT_MAPPINGS] = slot;
  }

  /** Takes the Mapping in `slot` out of the list of its source's Mappings. */
  unlinkMapping(slot: number): void {
    const slots = this.slots;
    const at = slot << SLOT_SHIFT;
    const next = slots[at + MAPPING_NEXT];
    const previous = slots[at + MAPPING_PREVIOUS];
    if (previous !== 0) slots[(previous << SLOT_SHIFT) + MAPPING_NEXT] = next;
    else slots[(slots[at + MAPPING_SOURCE] << SLOT_SHIFT) + SLOT_MAPPINGS] = next;
    if (next !== 0) slots[(next << SLOT_SHIFT) + MAPPING_PREVIOUS] = previous;
  }
}
