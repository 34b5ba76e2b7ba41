/**
 * The capabilities of a machine at one moment, as a picture needs them: the slots of a domain, the tree
 * of descent, and the pages that are backed, each knowing the others.
 */

import {
  CAP_TYPE_NAMES,
  CapType,
  isMapping,
  type ObjectImage,
  Rights,
  type SlotImage,
} from '../../src/kernel/index.js';
import type { DomainState, MomentState } from '../engine/moment-state.js';

/** A slot that holds a copy of a capability. */
interface Holder {
  readonly domain: string;
  readonly slot: SlotImage;
}

/** Pages that a Mapping makes of an object. */
export interface BackedPages {
  readonly domain: string;
  readonly va: number;
  readonly bytes: number;
  /** Where the memory begins that is seen there. */
  readonly pa: number;
}

/** An object with all that hangs on it. */
export interface CapabilityObject extends ObjectImage {
  readonly holders: readonly Holder[];
  readonly pages: readonly BackedPages[];
}

/** Everything at one moment. */
export interface CapabilityView {
  /** In the order of the mapping database. */
  readonly objects: readonly CapabilityObject[];
  readonly byNumber: ReadonlyMap<number, CapabilityObject>;
  /** The slots of the shown domain, root CNode first, each with the object that it is about. */
  readonly slots: readonly (SlotImage & { readonly about: number })[];
}

const MIB = 2 ** 20;
const PAGE = 4096;

/** What `domain` sees of the machine at the moment of `state`. */
export function capabilityView(state: MomentState, domain: DomainState): CapabilityView {
  const images = state.objects();
  const held = state.domains.flatMap((each) =>
    state.slots(each).map((slot): Holder => ({ domain: each.name, slot })),
  );
  const objectOfSlot = new Map<number, number>();
  for (const image of images) for (const slot of image.copies) objectOfSlot.set(slot, image.number);
  const tables = tablePlaces(state, images, held, objectOfSlot);
  const holders = new Map<number, Holder[]>();
  const pages = new Map<number, BackedPages[]>();
  const bases = new Map(images.map(({ number, base }) => [number, base]));
  for (const holder of held) {
    const { slot } = holder;
    if (slot.mapping === undefined) {
      listOf(holders, slot.object).push(holder);
      continue;
    }
    const object = objectOfSlot.get(slot.mapping.source) ?? 0;
    listOf(holders, object).push(holder);
    if (slot.type === CapType.VNODE_ARM_L2_MAPPING) continue;
    const table = tables.get(slot.mapping.table);
    if (table === undefined) continue;
    listOf(pages, object).push({
      domain: table.domain,
      va: table.va + slot.mapping.entry * table.unit,
      bytes: slot.mapping.entries * table.unit,
      pa: (bases.get(object) ?? 0) + slot.mapping.offset,
    });
  }
  const objects = images.map((image) => ({
    ...image,
    holders: holders.get(image.number) ?? [],
    pages: pages.get(image.number) ?? [],
  }));
  const slots = state.slots(domain).map((slot) => ({
    ...slot,
    about: slot.mapping === undefined ? slot.object : (objectOfSlot.get(slot.mapping.source) ?? 0),
  }));
  return { objects, byNumber: new Map(objects.map((object) => [object.number, object])), slots };
}

/** A table: whose it is, and which addresses it translates. */
interface TablePlace {
  readonly domain: string;
  readonly va: number;
  /** Bytes that one entry stands for. */
  readonly unit: number;
}

/** Where each table is, by its number; L2 tables by the Mapping that installs them. */
function tablePlaces(
  state: MomentState,
  images: readonly ObjectImage[],
  held: readonly Holder[],
  objectOfSlot: ReadonlyMap<number, number>,
): Map<number, TablePlace> {
  const places = new Map<number, TablePlace>();
  const numbers = new Map(images.map(({ number, part }) => [number, part]));
  for (const { type, base, part } of images) {
    if (type !== CapType.VNODE_ARM_L1) continue;
    const owner = state.domains.find(({ root }) => root === base);
    places.set(part, { domain: owner?.name ?? '', va: 0, unit: MIB });
  }
  for (const { slot } of held) {
    const { mapping } = slot;
    if (mapping === undefined || slot.type !== CapType.VNODE_ARM_L2_MAPPING) continue;
    const root = places.get(mapping.table);
    const table = numbers.get(objectOfSlot.get(mapping.source) ?? 0);
    if (root === undefined || table === undefined) continue;
    places.set(table, { domain: root.domain, va: mapping.entry * MIB, unit: PAGE });
  }
  return places;
}

function listOf<T>(lists: Map<number, T[]>, key: number): T[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const list: T[] = [];
  lists.set(key, list);
  return list;
}

/** What revoking a capability to an object would end. */
export interface Doomed {
  /** Objects that were made from it. */
  readonly objects: ReadonlySet<number>;
  /** Copies of it and of those, and Mappings, beside the one capability that stays. */
  readonly holders: readonly Holder[];
  readonly pages: readonly BackedPages[];
}

/** What would die if the capability in `kept` were revoked: every copy but this, all made from it. */
export function doomedBy(view: CapabilityView, object: CapabilityObject, kept: number): Doomed {
  const objects = new Set<number>();
  for (const each of view.objects) {
    if (each.parent === object.number || objects.has(each.parent)) objects.add(each.number);
  }
  const all = [object, ...view.objects.filter(({ number }) => objects.has(number))];
  return {
    objects,
    holders: all.flatMap(({ holders }) => holders.filter(({ slot }) => slot.slot !== kept)),
    pages: all.flatMap(({ pages }) => pages),
  };
}

/** One line of the tree: an object, or many brothers that look alike. */
export interface TreeRow {
  readonly object: CapabilityObject;
  /** How many there are of it; those behind the first are not shown. */
  readonly count: number;
}

/** Brothers of one type that are told one by one. */
const MOST_ALIKE = 5;

/** The tree of descent in lines: long rows of childless brothers are one line, but for `wanted`. */
export function treeRows(view: CapabilityView, wanted: number | undefined): TreeRow[] {
  const parents = new Set(view.objects.map(({ parent }) => parent));
  const rows: { object: CapabilityObject; count: number }[] = [];
  const isAlike = (left: CapabilityObject, right: CapabilityObject): boolean =>
    left.parent === right.parent && left.type === right.type && !parents.has(left.number);
  for (let at = 0; at < view.objects.length; ) {
    const first = view.objects[at] as CapabilityObject;
    let end = at + 1;
    while (end < view.objects.length) {
      const next = view.objects[end] as CapabilityObject;
      if (!isAlike(first, next) || parents.has(next.number) || next.number === wanted) break;
      end += 1;
    }
    const count = end - at;
    if (count <= MOST_ALIKE || first.number === wanted) {
      const shown = first.number === wanted ? 1 : count;
      for (let each = at; each < at + shown; each += 1) {
        rows.push({ object: view.objects[each] as CapabilityObject, count: 1 });
      }
      at += shown;
      continue;
    }
    rows.push({ object: first, count });
    at = end;
  }
  return rows;
}

/** The name of a type as the field writes it. */
export function typeName(type: number): string {
  return CAP_TYPE_NAMES[type] ?? 'Null';
}

/** Rights as letters: `rwxgi`, `-` for those that are missing. */
export function rightsLetters(rights: number): string {
  const { READ, WRITE, EXECUTE, GRANT, IDENTIFY } = Rights;
  const letters = [
    [READ, 'r'],
    [WRITE, 'w'],
    [EXECUTE, 'x'],
    [GRANT, 'g'],
    [IDENTIFY, 'i'],
  ] as const;
  return letters.map(([right, letter]) => ((rights & right) !== 0 ? letter : '-')).join('');
}

/** The letter that stands for a type in a picture, so that colour is not needed. */
export function typeLetter(type: number): string {
  if (isMapping(type)) return 'm';
  const letters: Readonly<Record<number, string>> = {
    [CapType.PHYS_ADDR]: 'P',
    [CapType.RAM]: 'R',
    [CapType.L1_CNODE]: 'C',
    [CapType.L2_CNODE]: 'C',
    [CapType.FRAME]: 'F',
    [CapType.DEV_FRAME]: 'D',
    [CapType.VNODE_ARM_L1]: 'V',
    [CapType.VNODE_ARM_L2]: 'v',
    [CapType.DISPATCHER]: '!',
    [CapType.END_POINT]: 'E',
  };
  return letters[type] ?? '?';
}
