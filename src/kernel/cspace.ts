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
export const capRefOf = (cnode: number, slot: number): CapRef =>
  ((cnode << SLOT_BITS) | slot) as CapRef;

/** The reference to slot `slot` of the root CNode itself. */
export const rootSlotRef = (slot: number): CapRef => ~slot as CapRef;

/** The slot of the root CNode that `ref` goes through. */
export const cnodeOf = (ref: CapRef): number => (ref < 0 ? ~ref : ref >>> SLOT_BITS);

/** The slot inside its L2 CNode that `ref` names. */
export const slotOf = (ref: CapRef): number => ref & SLOT_MASK;

/**
 * The slot that `ref` names in the CSpace under the L1 CNode object `root`, or the negative of an
 * error: `SYS_ERR_L1_CNODE_INDEX`, `SYS_ERR_CNODE_NOT_FOUND`, `SYS_ERR_CNODE_TYPE`;
 * `SYS_ERR_CNODE_RIGHTS` the capability to the L2 CNode lacks one of `rights`: READ to use what lies
 * in it, WRITE to fill or empty a slot. `root` 0 is a CSpace that is gone.
 */
export function findSlot(
  capabilities: Capabilities,
  root: number,
  ref: CapRef,
  rights: number = Rights.READ,
): number {
  const rootAt = root << OBJECT_SHIFT;
  const objects = capabilities.objects;
  const cnode = ref < 0 ? ~ref : ref >>> SLOT_BITS;
  // A reference that is no 32-bit integer must not come out below 0 either.
  if (cnode < 0 || cnode >= objects[rootAt + OBJECT_SLOTS]) return -Code.SYS_ERR_L1_CNODE_INDEX;
  const slot = objects[rootAt + OBJECT_PART] + cnode;
  if (ref < 0) return slot;
  const at = slot << SLOT_SHIFT;
  const head = capabilities.slots[at];
  const needed = CapType.L2_CNODE | (rights << 8);
  if ((head & (0xff | needed)) !== needed) return -pathError(head & 0xff);
  return capabilities.slots[at + SLOT_PART] + (ref & SLOT_MASK);
}

/** Why a capability of `type` in the root CNode does not lead to a slot. */
function pathError(type: number): ErrorNumber {
  if (type === CapType.NULL) return Code.SYS_ERR_CNODE_NOT_FOUND;
  return type === CapType.L2_CNODE ? Code.SYS_ERR_CNODE_RIGHTS : Code.SYS_ERR_CNODE_TYPE;
}

/**
 * As {@link findSlot}, for a slot that a capability of `type` shall be put into. The root CNode holds
 * L2 CNodes and nothing else: `SYS_ERR_DEST_TYPE_INVALID`.
 */
export function findDestination(
  capabilities: Capabilities,
  root: number,
  ref: CapRef,
  type: number,
): number {
  if (ref < 0 && type !== CapType.L2_CNODE) return -Code.SYS_ERR_DEST_TYPE_INVALID;
  return findSlot(capabilities, root, ref, Rights.WRITE);
}

/** The error of a failed look-up with the code of the layer that looked up. */
export function lookupError(slot: number, code: number): ErrorNumber {
  return pushError(-slot, code);
}
