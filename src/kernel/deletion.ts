/**
 * Delete and revoke: how capabilities go, and what goes with them.
 *
 *     a Mapping          its entries
 *     any other copy     the Mappings made from that copy
 *     the last copy      the object: a CNode's contents, a VNode's entries and installations; its
 *                        descendants stay and become its parent's, whose memory the rest is again
 *
 * A CNode can hold capabilities to CNodes to any depth, so that objects to destroy stand in a queue
 * instead of on the call stack.
 */
import { Code, type ErrorNumber, OK } from '../base/index.js';
import { EventKind } from '../machine/index.js';
import {
  OBJECT_COPY,
  OBJECT_PARENT,
  OBJECT_PART,
  OBJECT_SHIFT,
  OBJECT_SLOTS,
  OBJECT_TYPE,
  SLOT_MAPPINGS,
  SLOT_NEXT_COPY,
  SLOT_SHIFT,
} from './capabilities.js';
import { CapType, isCNode, isMapping, isVNode } from './capability-types.js';
import type { KernelState } from './kernel-state.js';
import type { VNodeOperations } from './vnode-operations.js';

/** Deletion, revocation, and the end of objects. */
export class Deletion {
  private readonly state: KernelState;
  private readonly vnodes: VNodeOperations;
  private readonly doomed: number[] = [];

  constructor(state: KernelState, vnodes: VNodeOperations) {
    this.state = state;
    this.vnodes = vnodes;
  }

  /** Empties `slot`. */
  delete(slot: number): ErrorNumber {
    const type = this.state.capabilities.typeOf(slot);
    if (type === CapType.NULL) return Code.SYS_ERR_CAP_NOT_FOUND;
    this.empty(slot);
    this.destroyDoomed();
    return OK;
  }

  /** Removes every descendant and every other copy of the capability in `slot`, and its Mappings. */
  revoke(slot: number): ErrorNumber {
    const { capabilities, database, events } = this.state;
    const type = capabilities.typeOf(slot);
    if (type === CapType.NULL) return Code.SYS_ERR_CAP_NOT_FOUND;
    if (isMapping(type)) return OK;
    const object = capabilities.objectOf(slot);
    let removed = 0;
    // What goes may hold the slot itself (a CNode made from this very memory): look again each time.
    const holds = (): boolean =>
      capabilities.typeOf(slot) === type && capabilities.objectOf(slot) === object;
    for (let next = database.firstDescendant(object); next !== 0 && holds(); ) {
      this.empty(capabilities.objects[(next << OBJECT_SHIFT) + OBJECT_COPY]);
      this.destroyDoomed();
      removed += 1;
      if (holds()) next = database.firstDescendant(object);
    }
    while (holds()) {
      const copy = capabilities.slots[(slot << SLOT_SHIFT) + SLOT_NEXT_COPY];
      if (copy === slot) break;
      this.empty(copy);
      this.destroyDoomed();
      removed += 1;
    }
    if (holds()) this.removeMappings(slot);
    if (events.on) events.record(EventKind.CAP_REVOKE, slot, removed);
    return OK;
  }

  /** Empties a slot; an object that loses its last copy with it is queued to be destroyed. */
  private empty(slot: number): void {
    const { capabilities, events } = this.state;
    if (isMapping(capabilities.typeOf(slot))) {
      this.vnodes.remove(slot);
    } else {
      this.removeMappings(slot);
      const object = capabilities.objectOf(slot);
      if (capabilities.takeCopy(slot)) this.doomed.push(object);
    }
    if (events.on) events.record(EventKind.CAP_DELETE, slot);
  }

  private removeMappings(slot: number): void {
    const { slots } = this.state.capabilities;
    const at = (slot << SLOT_SHIFT) + SLOT_MAPPINGS;
    while (slots[at] !== 0) this.vnodes.remove(slots[at]);
  }

  private destroyDoomed(): void {
    for (let object = this.doomed.pop(); object !== undefined; object = this.doomed.pop()) {
      this.destroy(object);
    }
  }

  private destroy(object: number): void {
    const { capabilities } = this.state;
    const at = object << OBJECT_SHIFT;
    const type = capabilities.objects[at + OBJECT_TYPE];
    const part = capabilities.objects[at + OBJECT_PART];
    if (isCNode(type)) this.emptyCNode(part, capabilities.objects[at + OBJECT_SLOTS]);
    else if (isVNode(type)) this.destroyTable(part);
    this.state.objectGone(object, type, part);
    this.leaveDatabase(object);
    capabilities.freeObjectId(object);
  }

  private emptyCNode(first: number, count: number): void {
    const { capabilities } = this.state;
    for (let slot = first; slot < first + count; slot += 1) {
      if (capabilities.typeOf(slot) !== CapType.NULL) this.empty(slot);
    }
    capabilities.freeSlots(first, count);
  }

  private destroyTable(number: number): void {
    const { tables } = this.state;
    const table = tables.table(number);
    for (const slot of table.mappings) {
      if (slot !== 0) this.vnodes.remove(slot);
    }
    this.state.tableGone(table);
    tables.destroy(table);
  }

  /** Takes `object` out of the database; its descendants become its parent's. */
  private leaveDatabase(object: number): void {
    const { capabilities, database } = this.state;
    const { objects } = capabilities;
    const parent = objects[(object << OBJECT_SHIFT) + OBJECT_PARENT];
    const children: number[] = [];
    for (
      let next = database.firstDescendant(object);
      next !== 0 && database.isDescendant(next, object);
      next = database.next(next)
    ) {
      if (objects[(next << OBJECT_SHIFT) + OBJECT_PARENT] === object) children.push(next);
    }
    for (const child of children) objects[(child << OBJECT_SHIFT) + OBJECT_PARENT] = parent;
    database.remove(object);
  }
}
