import {
  Kind,
  kindOf,
  leafAp,
  leafXn,
  pageFrameOf,
  tableKibibyteOf,
} from '../../src/format/index.js';
import {
  type Capabilities,
  MAPPING_NEXT,
  MAPPING_OFFSET,
  MAPPING_PREVIOUS,
  MAPPING_RUN,
  MAPPING_SOURCE,
  MAPPING_TABLE,
  OBJECT_BASE,
  OBJECT_COPY,
  OBJECT_DEPTH,
  OBJECT_PARENT,
  OBJECT_PART,
  OBJECT_SHIFT,
  OBJECT_SIZE,
  OBJECT_SLOTS,
  OBJECT_TYPE,
  RUN_ENTRY_BITS,
  RUN_ENTRY_MASK,
  SLOT_MAPPINGS,
  SLOT_NEXT_COPY,
  SLOT_OBJECT,
  SLOT_PART,
  SLOT_PREVIOUS_COPY,
  SLOT_SHIFT,
} from '../../src/kernel/capabilities.js';
import { CapType, type Kernel, Rights } from '../../src/kernel/index.js';
import { mappingsByTable } from '../../src/kernel/mappings-by-table.js';
import type { TranslationTable } from '../../src/kernel/translation-tables.js';
import type { StrictTlb } from '../../src/machine/index.js';

/** One object as the audit sees it. Units: KiB. */
export interface AuditObject {
  readonly id: number;
  readonly type: number;
  readonly base: number;
  readonly size: number;
  readonly parent: number;
  readonly depth: number;
  readonly part: number;
  readonly slots: number;
  /** Slots that hold a capability to it. */
  readonly copies: readonly number[];
}

/** Every object, in the order of the mapping database. */
export function objectsInOrder(kernel: Kernel): AuditObject[] {
  const { capabilities, database } = kernel.state;
  const found: AuditObject[] = [];
  for (let id = database.first(); id !== 0; id = database.next(id)) {
    const at = id << OBJECT_SHIFT;
    const word = (field: number): number => capabilities.objects[at + field] ?? 0;
    found.push({
      id,
      type: word(OBJECT_TYPE),
      base: word(OBJECT_BASE),
      size: word(OBJECT_SIZE),
      parent: word(OBJECT_PARENT),
      depth: word(OBJECT_DEPTH),
      part: word(OBJECT_PART),
      slots: word(OBJECT_SLOTS),
      copies: copiesOf(capabilities, word(OBJECT_COPY)),
    });
    if (found.length > 1_000_000) throw new Error('the database goes in circles');
  }
  return found;
}

function copiesOf(capabilities: Capabilities, first: number): number[] {
  const copies: number[] = [];
  let slot = first;
  do {
    if (slot === 0) return copies;
    copies.push(slot);
    slot = word(capabilities, slot, SLOT_NEXT_COPY);
  } while (slot !== first && copies.length < 1_000_000);
  return copies;
}

function word(capabilities: Capabilities, slot: number, field: number): number {
  return capabilities.slots[(slot << SLOT_SHIFT) + field] ?? Number.NaN;
}

/** All tables that exist. */
export function tablesOf(kernel: Kernel): TranslationTable[] {
  const tables: readonly (TranslationTable | undefined)[] = kernel.state.tables['tables'];
  return tables.filter((table) => table !== undefined);
}

/**
 * Everything in the kernel that is not as it has to be, one line each; nothing where all is well.
 * `overlaps` lets objects without a parent overlap each other, as granted ones may.
 */
export function auditKernel(kernel: Kernel, overlaps = false): string[] {
  const wrong: string[] = [];
  const objects = objectsInOrder(kernel);
  const byId = new Map(objects.map((object) => [object.id, object]));
  if (byId.size !== kernel.state.capabilities.objectCount) {
    wrong.push(`${byId.size} objects in order, ${kernel.state.capabilities.objectCount} counted`);
  }
  auditNesting(objects, byId, overlaps, wrong);
  auditSlots(kernel, byId, wrong);
  const mappings = mappingsByTable(kernel.state.capabilities);
  for (const table of tablesOf(kernel)) {
    auditTable(kernel, table, mappings.get(table.number) ?? [], byId, wrong);
  }
  const { tlb } = kernel.machine;
  if (tlb.model === 'strict') {
    for (const { kind, va, step } of (tlb as StrictTlb).violations) {
      wrong.push(`TLB ${kind} at ${va.toString(16)}, step ${step}`);
    }
  }
  return wrong;
}

function auditNesting(
  objects: readonly AuditObject[],
  byId: ReadonlyMap<number, AuditObject>,
  overlaps: boolean,
  wrong: string[],
): void {
  const open: AuditObject[] = [];
  for (const object of objects) {
    const name = describeObject(object);
    if (object.copies.length === 0) wrong.push(`${name} has no copy`);
    const parent = byId.get(object.parent);
    if (object.parent !== 0 && parent === undefined) wrong.push(`${name}: its parent is gone`);
    if (parent !== undefined) {
      const inside =
        object.base >= parent.base && object.base + object.size <= parent.base + parent.size;
      if (!inside) wrong.push(`${name} leaves its parent ${describeObject(parent)}`);
      if (object.depth <= parent.depth) wrong.push(`${name} is not deeper than its parent`);
    }
    if (overlaps) continue;
    while (open.length > 0 && end(open[open.length - 1]) <= object.base) open.pop();
    const around = open[open.length - 1];
    const isEndpoint = object.type === CapType.END_POINT;
    if (around !== undefined && !isEndpoint && around.id !== object.parent) {
      wrong.push(`${name} overlaps ${describeObject(around)}, which is not its parent`);
    }
    if (!isEndpoint) open.push(object);
  }
}

function end(object: AuditObject | undefined): number {
  return object === undefined ? 0 : object.base + object.size;
}

/** An object for a message. */
function describeObject({ id, type, base, size }: AuditObject): string {
  return `object ${id} (type ${type}, ${base}+${size} KiB)`;
}

/** Each run of slots that exists, and what it belongs to. */
function auditSlots(kernel: Kernel, byId: ReadonlyMap<number, AuditObject>, wrong: string[]): void {
  const { capabilities } = kernel.state;
  const owner = new Map<number, number>();
  for (const object of byId.values()) {
    if (object.type !== CapType.L1_CNODE && object.type !== CapType.L2_CNODE) continue;
    for (let slot = object.part; slot < object.part + object.slots; slot += 1) {
      const other = owner.get(slot);
      if (other !== undefined) wrong.push(`slot ${slot} is in objects ${other} and ${object.id}`);
      owner.set(slot, object.id);
    }
  }
  const memory = new Set(kernel['memorySlots']);
  for (let slot = 0; slot < capabilities['usedSlots']; slot += 1) {
    const type = capabilities.typeOf(slot);
    if (type === CapType.NULL) continue;
    if (!owner.has(slot) && !memory.has(slot)) wrong.push(`slot ${slot} is used and in no CNode`);
    if (type >= CapType.FRAME_MAPPING) auditMapping(kernel, slot, wrong);
    else auditCopy(capabilities, slot, byId, wrong);
  }
}

function auditCopy(
  capabilities: Capabilities,
  slot: number,
  byId: ReadonlyMap<number, AuditObject>,
  wrong: string[],
): void {
  const object = byId.get(word(capabilities, slot, SLOT_OBJECT));
  if (object === undefined) {
    wrong.push(`slot ${slot} names object ${word(capabilities, slot, SLOT_OBJECT)}, which is gone`);
    return;
  }
  if (object.type !== capabilities.typeOf(slot)) wrong.push(`slot ${slot} has another type`);
  if (!object.copies.includes(slot)) wrong.push(`slot ${slot} is not in the ring of its copies`);
  if (word(capabilities, slot, SLOT_PART) !== object.part) wrong.push(`slot ${slot}: wrong part`);
  const next = word(capabilities, slot, SLOT_NEXT_COPY);
  if (word(capabilities, next, SLOT_PREVIOUS_COPY) !== slot) {
    wrong.push(`slot ${slot}: the ring is broken`);
  }
  if ((capabilities.rightsOf(slot) & ~Rights.ALL) !== 0) wrong.push(`slot ${slot}: odd rights`);
  let previous = 0;
  for (let mapping = word(capabilities, slot, SLOT_MAPPINGS); mapping !== 0; ) {
    if (word(capabilities, mapping, MAPPING_SOURCE) !== slot) {
      wrong.push(`slot ${slot}: Mapping ${mapping} has another source`);
      break;
    }
    if (word(capabilities, mapping, MAPPING_PREVIOUS) !== previous) {
      wrong.push(`slot ${slot}: the list of Mappings is broken at ${mapping}`);
      break;
    }
    previous = mapping;
    mapping = word(capabilities, mapping, MAPPING_NEXT);
  }
}

function auditMapping(kernel: Kernel, slot: number, wrong: string[]): void {
  const { capabilities } = kernel.state;
  const source = word(capabilities, slot, MAPPING_SOURCE);
  const listed: number[] = [];
  for (let at = word(capabilities, source, SLOT_MAPPINGS); at !== 0; ) {
    listed.push(at);
    at = word(capabilities, at, MAPPING_NEXT);
  }
  if (!listed.includes(slot)) wrong.push(`Mapping ${slot} is not in the list of slot ${source}`);
  const fits =
    capabilities.typeOf(slot) - CapType.FRAME_MAPPING ===
    [CapType.FRAME, CapType.DEV_FRAME, CapType.VNODE_ARM_L2].indexOf(
      capabilities.typeOf(source) as 5,
    );
  if (!fits) wrong.push(`Mapping ${slot} is of another type than its source`);
  const table = word(capabilities, slot, MAPPING_TABLE);
  if (!tablesOf(kernel).some(({ number }) => number === table)) {
    wrong.push(`Mapping ${slot} is in a table that is gone`);
  }
}

/** Every valid word belongs to a Mapping and says what that may say; all others are zero. */
function auditTable(
  kernel: Kernel,
  table: TranslationTable,
  mappings: readonly number[],
  byId: ReadonlyMap<number, AuditObject>,
  wrong: string[],
): void {
  const { capabilities, tables } = kernel.state;
  const name = `table ${table.number} at ${(table.kibibyte * 1024).toString(16)}`;
  const holder = byId.get(table.object);
  if (holder?.part !== table.number || holder.base !== table.kibibyte) {
    wrong.push(`${name} belongs to no VNode`);
  }
  const owners = new Map<number, number>();
  for (const slot of mappings) {
    const head = capabilities.slots[slot << SLOT_SHIFT] ?? 0;
    const run = word(capabilities, slot, MAPPING_RUN);
    const first = run & RUN_ENTRY_MASK;
    const count = run >>> RUN_ENTRY_BITS;
    if (count === 0) wrong.push(`${name}: Mapping ${slot} has no entries`);
    const kind = (head >>> 16) & 0xff;
    for (let index = 0; index < count; index += 1) {
      const entry = first + index;
      if (owners.has(entry)) wrong.push(`${name}: entry ${entry} has a second Mapping, ${slot}`);
      owners.set(entry, slot);
      const problem = wordProblem(kernel, table, entry, slot, kind, index, byId);
      if (problem !== undefined) wrong.push(`${name}: entry ${entry}: ${problem}`);
    }
  }
  for (const [entry, value] of table.words.entries()) {
    if (value !== 0 && !owners.has(entry)) wrong.push(`${name}: entry ${entry} is nobody's`);
    if (tables.isFree(table, entry, 1) !== (value === 0)) {
      wrong.push(`${name}: the kernel notes entry ${entry} wrongly`);
    }
  }
}

function wordProblem(
  kernel: Kernel,
  table: TranslationTable,
  entry: number,
  slot: number,
  kind: number,
  index: number,
  byId: ReadonlyMap<number, AuditObject>,
): string | undefined {
  const { capabilities } = kernel.state;
  const { hasPxn } = kernel.machine.profile;
  const value = table.words[entry] ?? 0;
  const source = word(capabilities, slot, MAPPING_SOURCE);
  const object = byId.get(word(capabilities, source, SLOT_OBJECT));
  if (object === undefined) return 'its source is gone';
  if (kindOf(table.level, value, hasPxn) !== kind) return `is ${value.toString(16)}, not ${kind}`;
  if (kind === Kind.TABLE) {
    const child = kernel.state.tables.table(object.part);
    if (!child.installedBy.includes(slot)) return 'the table does not know of it';
    return tableKibibyteOf(value) === object.base ? undefined : 'another table';
  }
  const perEntry = kind === Kind.SECTION || kind === Kind.SUPERSECTION ? 256 : 1;
  const large = kind === Kind.LARGE || kind === Kind.SUPERSECTION ? 16 : 1;
  const page =
    object.base / 4 +
    word(capabilities, slot, MAPPING_OFFSET) +
    (index - (index % large)) * perEntry;
  if (pageFrameOf(kind, value) !== page) return `maps frame ${pageFrameOf(kind, value)}`;
  if ((page + large * perEntry) * 4 > object.base + object.size) return 'leaves its frame';
  const rights = capabilities.rightsOf(slot);
  const ap = leafAp(kind, value);
  const original = kernel.state.tables.attributes.policy.name === 'original';
  if (ap === 3 && (rights & Rights.WRITE) === 0) return 'is writable without the right';
  if (ap !== 0 && (rights & Rights.READ) === 0) return 'is readable without the right';
  const executable = !leafXn(kind, value) && ap !== 0;
  if (executable && !original && (rights & Rights.EXECUTE) === 0) return 'is executable';
  return undefined;
}
