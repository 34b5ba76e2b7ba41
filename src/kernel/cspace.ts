/**
 * The two-level CSpace: how a reference finds its slot.
 *
 *     CapRef  31                          8 7        0
 *            ┌─────────────────────────────┬──────────┐
 *            │ slot of the root (L1) CNode │ slot of  │
 *            │ that holds an L2 CNode      │ that one │
 *            └─────────────────────────────┴──────────┘
 *     ~n     the slot n of the root CNode itself, where L2 CNodes live
 */
import { type CapRef, Code, type ErrorNumber, pushError } from '../base/index.js';
import {
  type Capabilities,
  OBJECT_PART,
  OBJECT_SHIFT,
  OBJECT_SLOTS,
  SLOT_PART,
  SLOT_SHIFT,
} from './capabilities.js';
import { CapType, CNODE_SLOTS, Rights } from './capability-types.js';

const SLOT_BITS = 8;
const SLOT_MASK = CNODE_SLOTS - 1;

/** The reference to slot `slot` of the L2 CNode that lies in slot `cnode` of the root. */
export function capRefOf(cnode: number, slot: number): CapRef {
  return ((cnode << SLOT_BITS) | slot) as CapRef;
}

/** The reference to slot `slot` of the root CNode itself. */
export function rootSlotRef(slot: number): CapRef {
  return ~slot as CapRef;
}

/** The slot of the root CNode that `ref` goes through. */
export function cnodeOf(ref: CapRef): number {
  return ref < 0 ? ~ref : ref >>> SLOT_BITS;
}

/** The slot inside its L2 CNode that `ref` names. */
export function slotOf(ref: CapRef): number {
  return ref & SLOT_MASK;
}

/**
 * The slot that `ref` names in the CSpace under the L1 CNode object `root`, or the negative of an
 * error: `SYS_ERR_L1_CNODE_INDEX`, `SYS_ERR_CNODE_NOT_FOUND`, `SYS_ERR_CNODE_TYPE`.
 * `root` 0 is a CSpace that is gone.
 */
export function findSlot(capabilities: Capabilities, root: number, ref: CapRef): number {
  const rootAt = root << OBJECT_SHIFT;
  const objects = capabilities.objects;
  const cnode = ref < 0 ? ~ref : ref >>> SLOT_BITS;
  if (cnode >= objects[rootAt + OBJECT_SLOTS]) return -Code.SYS_ERR_L1_CNODE_INDEX;
  const slot = objects[rootAt + OBJECT_PART] + cnode;
  if (ref < 0) return slot;
  const at = slot << SLOT_SHIFT;
  const type = capabilities.slots[at] & 0xff;
  if (type !== CapType.L2_CNODE) {
    return type === CapType.NULL ? -Code.SYS_ERR_CNODE_NOT_FOUND : -Code.SYS_ERR_CNODE_TYPE;
  }
  return capabilities.slots[at + SLOT_PART] + (ref & SLOT_MASK);
}

/** As {@link findSlot}, for a slot that a capability shall be put into. */
export function findDestination(capabilities: Capabilities, root: number, ref: CapRef): number {
  const slot = findSlot(capabilities, root, ref);
  if (slot < 0 || ref < 0) return slot;
  const cnode = capabilities.objects[(root << OBJECT_SHIFT) + OBJECT_PART] + (ref >>> SLOT_BITS);
  const writable = (capabilities.rightsOf(cnode) & Rights.WRITE) !== 0;
  return writable ? slot : -Code.SYS_ERR_CNODE_RIGHTS;
}

/** The error of a failed look-up with the code of the layer that looked up. */
export function lookupError(slot: number, code: number): ErrorNumber {
  return pushError(-slot, code);
}
