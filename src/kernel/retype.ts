/**
 * Retype: the only way in which objects come to be. Range-based, as Barrelfish's: `count` objects of
 * one size are made from a range of the source, which must have no descendants in it.
 */
import { Code, type ErrorNumber, OK } from '../base/index.js';
import { Cost, EventKind } from '../machine/index.js';
import {
  OBJECT_BASE,
  OBJECT_PART,
  OBJECT_SHIFT,
  OBJECT_SIZE,
  OBJECT_SLOTS,
  OBJECT_TYPE,
} from './capabilities.js';
import {
  CapType,
  CNODE_KIBIBYTES,
  CNODE_SLOTS,
  canRetype,
  isCNode,
  isObjectSize,
  isVNode,
  objectAlignment,
} from './capability-types.js';
import type { KernelState } from './kernel-state.js';

/** Tables lie below 4 GiB, in KiB: TTBR0 and the entries that point to tables hold no more bits. */
const TABLE_LIMIT = 2 ** 22;

/** What to make: type, place in the source and size in bytes, how many. */
export interface RetypeRequest {
  readonly type: number;
  /** Bytes from the start of the source to the first object. */
  readonly offset: number;
  /** Bytes of each object. */
  readonly objectBytes: number;
  readonly count: number;
}

/**
 * Makes objects from the capability in `source` and puts them into the slots from `destination` on,
 * which exist and are empty. All or nothing.
 *
 * Errors: `SYS_ERR_INVALID_RETYPE` the type cannot be made from the source;
 * `SYS_ERR_INVALID_SIZE` not a size of the type; `SYS_ERR_RETYPE_INVALID_COUNT`;
 * `SYS_ERR_RETYPE_INVALID_OFFSET` unaligned, or the range leaves the source;
 * `SYS_ERR_REVOKE_FIRST` the range has descendants; `SYS_ERR_RETYPE_CREATE` no RAM lies there;
 * `SYS_ERR_PADDR_OVERFLOW` a table above 4 GiB;
 * `SYS_ERR_OUT_OF_CAPABILITIES`.
 */
export function retype(
  state: KernelState,
  source: number,
  request: RetypeRequest,
  destination: number,
): ErrorNumber {
  const { capabilities, database, costs, events } = state;
  const { type, offset, objectBytes, count } = request;
  if (!canRetype(capabilities.typeOf(source), type)) return Code.SYS_ERR_INVALID_RETYPE;
  const parent = capabilities.objectOf(source);
  const parentAt = parent << OBJECT_SHIFT;
  const size = objectBytes / 1024;
  if (!isObjectSize(type, size)) return Code.SYS_ERR_INVALID_SIZE;
  if (!Number.isInteger(count) || count <= 0) return Code.SYS_ERR_RETYPE_INVALID_COUNT;
  const first = capabilities.objects[parentAt + OBJECT_BASE] + offset / 1024;
  const left = capabilities.objects[parentAt + OBJECT_SIZE] - offset / 1024;
  const aligned = Number.isSafeInteger(first) && first % objectAlignment(type) === 0;
  if (!(offset >= 0) || !aligned) return Code.SYS_ERR_RETYPE_INVALID_OFFSET;
  if (type === CapType.END_POINT) {
    // It takes no memory of its own, so that any number can be made, where the Dispatcher lies: the
    // mapping database relies on descendants lying inside of what they were made from.
    if (offset !== 0) return Code.SYS_ERR_RETYPE_INVALID_OFFSET;
  } else {
    if (!(count * size <= left)) return Code.SYS_ERR_RETYPE_INVALID_OFFSET;
    if (database.descendantIn(parent, first, count * size) !== 0) return Code.SYS_ERR_REVOKE_FIRST;
    if (isVNode(type) && first + count * size > TABLE_LIMIT) return Code.SYS_ERR_PADDR_OVERFLOW;
  }

  const rights = capabilities.rightsOf(source);
  const made: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const base = type === CapType.END_POINT ? first : first + index * size;
    const object = capabilities.createObject(type, base, size, parent);
    const error = object === 0 ? Code.SYS_ERR_OUT_OF_CAPABILITIES : furnish(state, object, parent);
    if (error !== OK) {
      if (object !== 0) capabilities.freeObjectId(object);
      for (const other of made.reverse()) unfurnish(state, other);
      return error;
    }
    made.push(object);
  }
  for (const [index, object] of made.entries()) {
    database.insert(object);
    capabilities.putCopy(destination + index, object, rights);
  }
  costs[Cost.CAPABILITY_OPERATIONS] += 1;
  if (events.on) events.record(EventKind.CAP_RETYPE, source, destination, type, count);
  return OK;
}

/** Gives a new object what it is made of, and takes what was there before out of its memory. */
function furnish(state: KernelState, object: number, parent: number): ErrorNumber {
  const { capabilities, tables, memory } = state;
  const at = object << OBJECT_SHIFT;
  const type = capabilities.objects[at + OBJECT_TYPE];
  const base = capabilities.objects[at + OBJECT_BASE];
  const size = capabilities.objects[at + OBJECT_SIZE];
  if (isVNode(type)) {
    const table = tables.create(object, type === CapType.VNODE_ARM_L1 ? 1 : 2, base);
    if (table === undefined) return Code.SYS_ERR_RETYPE_CREATE;
    capabilities.objects[at + OBJECT_PART] = table.number;
  } else if (isCNode(type)) {
    const slots = (size / CNODE_KIBIBYTES) * CNODE_SLOTS;
    const first = capabilities.allocateSlots(slots);
    if (first === 0) return Code.SYS_ERR_OUT_OF_CAPABILITIES;
    capabilities.objects[at + OBJECT_PART] = first;
    capabilities.objects[at + OBJECT_SLOTS] = slots;
  } else if (type === CapType.DISPATCHER) {
    capabilities.objects[at + OBJECT_PART] = state.newDomain();
  } else if (type === CapType.END_POINT) {
    capabilities.objects[at + OBJECT_PART] =
      capabilities.objects[(parent << OBJECT_SHIFT) + OBJECT_PART];
  } else if (type === CapType.FRAME) {
    // A frame is memory that a domain will read: nothing of its last owner may be left in it.
    if (capabilities.objects[(parent << OBJECT_SHIFT) + OBJECT_TYPE] === CapType.RAM) {
      memory.fill(base * 1024, size * 1024, 0);
    }
  }
  return OK;
}

/** Undoes {@link furnish} for an object that is in no database and has no copy yet. */
function unfurnish(state: KernelState, object: number): void {
  const { capabilities, tables } = state;
  const at = object << OBJECT_SHIFT;
  const type = capabilities.objects[at + OBJECT_TYPE];
  const part = capabilities.objects[at + OBJECT_PART];
  if (isVNode(type)) tables.destroy(tables.table(part));
  else if (isCNode(type)) capabilities.freeSlots(part);
  else if (type === CapType.DISPATCHER) state.objectGone(object, type, part);
  capabilities.freeObjectId(object);
}
