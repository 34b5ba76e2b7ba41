/**
 * Move: a capability changes its slot. Nothing is copied and nothing deleted, so that even a Mapping,
 * of which there can be only one, can be handed to another CSpace.
 */
import { Kind } from '../format/index.js';
import {
  type Capabilities,
  MAPPING_NEXT,
  MAPPING_PREVIOUS,
  MAPPING_SOURCE,
  OBJECT_COPY,
  OBJECT_SHIFT,
  SLOT_MAPPINGS,
  SLOT_NEXT_COPY,
  SLOT_OBJECT,
  SLOT_PART,
  SLOT_PREVIOUS_COPY,
  SLOT_SHIFT,
} from './capabilities.js';
import { isMapping } from './capability-types.js';
import type { TranslationTables } from './translation-tables.js';

/** Moves the capability in the slot `from` into the empty slot `to`. */
export function moveCapability(
  capabilities: Capabilities,
  tables: TranslationTables,
  from: number,
  to: number,
): void {
  const { slots } = capabilities;
  const fromAt = from << SLOT_SHIFT;
  slots.copyWithin(to << SLOT_SHIFT, fromAt, fromAt + (1 << SLOT_SHIFT));
  if (isMapping(capabilities.typeOf(from))) moveMapping(capabilities, tables, from, to);
  else moveCopy(capabilities, from, to);
  capabilities.clearSlot(from);
}

/** Makes everything that names the slot of a Mapping name the new one. */
function moveMapping(
  capabilities: Capabilities,
  tables: TranslationTables,
  from: number,
  to: number,
): void {
  const { slots } = capabilities;
  const at = to << SLOT_SHIFT;
  const previous = slots[at + MAPPING_PREVIOUS];
  const next = slots[at + MAPPING_NEXT];
  const source = slots[at + MAPPING_SOURCE];
  if (previous !== 0) slots[(previous << SLOT_SHIFT) + MAPPING_NEXT] = to;
  else slots[(source << SLOT_SHIFT) + SLOT_MAPPINGS] = to;
  if (next !== 0) slots[(next << SLOT_SHIFT) + MAPPING_PREVIOUS] = to;
  if (((slots[at] >>> 16) & 0xff) !== Kind.TABLE) return;
  const child = tables.table(slots[(source << SLOT_SHIFT) + SLOT_PART]);
  child.installedBy[child.installedBy.indexOf(from)] = to;
}

/** Makes the other copies, the object, and the Mappings made from a capability name the new slot. */
function moveCopy(capabilities: Capabilities, from: number, to: number): void {
  const { slots, objects } = capabilities;
  const at = to << SLOT_SHIFT;
  const next = slots[at + SLOT_NEXT_COPY];
  if (next === from) {
    slots[at + SLOT_NEXT_COPY] = to;
    slots[at + SLOT_PREVIOUS_COPY] = to;
  } else {
    slots[(next << SLOT_SHIFT) + SLOT_PREVIOUS_COPY] = to;
    slots[(slots[at + SLOT_PREVIOUS_COPY] << SLOT_SHIFT) + SLOT_NEXT_COPY] = to;
  }
  const objectAt = slots[at + SLOT_OBJECT] << OBJECT_SHIFT;
  if (objects[objectAt + OBJECT_COPY] === from) objects[objectAt + OBJECT_COPY] = to;
  for (let mapping = slots[at + SLOT_MAPPINGS]; mapping !== 0; ) {
    slots[(mapping << SLOT_SHIFT) + MAPPING_SOURCE] = to;
    mapping = slots[(mapping << SLOT_SHIFT) + MAPPING_NEXT];
  }
}
