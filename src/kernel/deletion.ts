/**
 * Delete and revoke: how capabilities go, and what goes with them.
 *
 *     a Mapping          its entries
 *     any other copy     the Mappings made from that copy
 *     the last copy      the object: a CNode's contents, a VNode's entries and installations; its
 *                        children become its parent's, whose memory the rest is again
 *
 * A CNode can hold capabilities to CNodes to any depth, so that objects to destroy stand in a queue
 * instead of on the call stack.
 */
import { Code, type ErrorNumber, OK } from '../base/index.js';
import { EventKind } from '../machine/index.js';
import {
  OBJECT_COPY,
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
import { mappingsByTable } from './mappings-by-table.js';
import type { TranslationTable } from './translation-tables.js';
import type { VNodeOperations } from './vnode-operations.js';

/** Deletion, revocation, and the end of objects. */
export class Deletion {
  private readonly state: KernelState;
  private readonly vnodes: VNodeOperations;
  private readonly doomed: number[] = [];
  /** The Mappings of each table, for the time of one invocation, in which none are made. */
  private mappings: ReadonlyMap<number, readonly number[]> | undefined;
  /** A slot in no CNode, for the time of a revocation. */
  private readonly anchor: number;

  constructor(state: KernelState, vnodes: VNodeOperations) {
    this.state = state;
    this.vnodes = vnodes;
    this.anchor = state.capabilities.allocateSlots(1);
  }

  /** Empties `slot`. */
  delete(slot: number): ErrorNumber {
    const type = this.state.capabilities.typeOf(slot);
    if (type === CapType.NULL) return Code.SYS_ERR_CAP_NOT_FOUND;
    this.empty(slot);
    this.destroyDoomed();
    this.mappings = undefined;
    return OK;
  }

  /**
   * Removes every descendant and every other copy of the capability in `slot`, and its Mappings. Among
   * what goes may be the slot itself, in a CNode made from this very memory: then the rest goes all the
   * same, and the object with it.
   */
  revoke(slot: number): ErrorNumber {
    const { capabilities, database, events } = this.state;
    const type = capabilities.typeOf(slot);
    if (type === CapType.NULL) return Code.SYS_ERR_CAP_NOT_FOUND;
    if (isMapping(type)) return OK;
    const object = capabilities.objectOf(slot);
    let removed = 0;
    // A copy of the kernel's own keeps the object until the end, whatever becomes of the others.
    capabilities.putCopy(this.anchor, object, 0);
    for (let next = database.firstDescendant(object); next !== 0; ) {
      this.empty(capabilities.objects[(next << OBJECT_SHIFT) + OBJECT_COPY]);
      this.destroyDoomed();
      removed += 1;
      next = database.firstDescendant(object);
    }
    for (let copy = this.copyBehind(this.anchor); copy !== this.anchor; ) {
      const other = copy;
      copy = this.copyBehind(copy);
      if (other === slot) continue;
      this.empty(other);
      removed += 1;
    }
    if (this.copyBehind(this.anchor) === slot) this.removeMappings(slot);
    if (capabilities.takeCopy(this.anchor)) this.doomed.push(object);
    this.destroyDoomed();
    this.mappings = undefined;
    if (events.on) events.record(EventKind.CAP_REVOKE, slot, removed);
    return OK;
  }

  private copyBehind(slot: number): number {
    return this.state.capabilities.slots[(slot << SLOT_SHIFT) + SLOT_NEXT_COPY];
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
    const { capabilities, database } = this.state;
    const at = object << OBJECT_SHIFT;
    const type = capabilities.objects[at + OBJECT_TYPE];
    const part = capabilities.objects[at + OBJECT_PART];
    if (isCNode(type)) this.emptyCNode(part, capabilities.objects[at + OBJECT_SLOTS]);
    else if (isVNode(type)) this.destroyTable(part);
    this.state.objectGone(object, type, part);
    database.passOnChildren(object);
    database.remove(object);
    capabilities.freeObjectId(object);
  }

  private emptyCNode(first: number, count: number): void {
    const { capabilities } = this.state;
    for (let slot = first; slot < first + count; slot += 1) {
      if (capabilities.typeOf(slot) !== CapType.NULL) this.empty(slot);
    }
    capabilities.freeSlots(first);
  }

  private destroyTable(number: number): void {
    const { tables } = this.state;
    const table = tables.table(number);
    if (!tables.isFree(table, 0, table.words.length)) this.removeAllFrom(table);
    this.state.tableGone(table);
    tables.destroy(table);
  }

  /** Removes every Mapping of a table. */
  private removeAllFrom(table: TranslationTable): void {
    const { capabilities } = this.state;
    this.mappings ??= mappingsByTable(capabilities);
    for (const slot of this.mappings.get(table.number) ?? []) {
      // What was found may have gone since: a Mapping of another table cannot have come in its place.
      if (isMapping(capabilities.typeOf(slot))) this.vnodes.remove(slot);
    }
  }
}
