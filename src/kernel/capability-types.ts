/**
 * The capability types, what may be made from what, and how large each object is.
 *
 * After Barrelfish's `capabilities/caps.hamlet`, with the types that an ARMv7 domain needs. Sizes
 * are in KiB, the smallest object that there is (an L2 table), so that they stay small integers for
 * every one of the 40 physical address bits.
 */

/** Capability types. A Mapping type exists for each type that can be mapped. */
export const CapType = {
  NULL: 0,
  PHYS_ADDR: 1,
  RAM: 2,
  L1_CNODE: 3,
  L2_CNODE: 4,
  FRAME: 5,
  DEV_FRAME: 6,
  VNODE_ARM_L1: 7,
  VNODE_ARM_L2: 8,
  DISPATCHER: 9,
  END_POINT: 10,
  FRAME_MAPPING: 11,
  DEV_FRAME_MAPPING: 12,
  VNODE_ARM_L2_MAPPING: 13,
} as const;

/** One of the numbers of {@link CapType}. */
export type CapTypeNumber = (typeof CapType)[keyof typeof CapType];

/** The names of the types as the field writes them, by number. */
export const CAP_TYPE_NAMES = [
  'Null',
  'PhysAddr',
  'RAM',
  'L1CNode',
  'L2CNode',
  'Frame',
  'DevFrame',
  'VNode_ARM_l1',
  'VNode_ARM_l2',
  'Dispatcher',
  'EndPoint',
  'Frame_Mapping',
  'DevFrame_Mapping',
  'VNode_ARM_l2_Mapping',
] as const;

/** What the holder of a capability may do with it (Barrelfish `CAPRIGHTS_*`). */
export const Rights = {
  READ: 1,
  WRITE: 2,
  EXECUTE: 4,
  GRANT: 8,
  IDENTIFY: 16,
  ALL: 31,
} as const;

/** Slots of an L2 CNode, and the least that an L1 CNode has. */
export const CNODE_SLOTS = 256;
/** KiB that 256 slots take: 64 bytes a slot (Barrelfish `OBJBITS_CTE` 6). */
export const CNODE_KIBIBYTES = 16;

const PAGE_KIBIBYTES = 4;

/**
 * What may be made from what. `from` lists the source types; `size` tells a fixed size, or a unit
 * that the size must be a positive multiple of; both in KiB, which is also the alignment of the base.
 *
 *     PhysAddr ──► PhysAddr │ DevFrame ──► DevFrame
 *        └───────► RAM ──► RAM │ Frame ──► Frame
 *                   └────► L1CNode │ L2CNode │ VNode_ARM_l1 │ VNode_ARM_l2 │ Dispatcher ──► EndPoint
 */
interface ObjectRule {
  readonly from: readonly CapTypeNumber[];
  readonly fixed?: number;
  readonly unit: number;
}

const RULES: Readonly<Partial<Record<CapTypeNumber, ObjectRule>>> = {
  [CapType.PHYS_ADDR]: { from: [CapType.PHYS_ADDR], unit: PAGE_KIBIBYTES },
  [CapType.RAM]: { from: [CapType.PHYS_ADDR, CapType.RAM], unit: PAGE_KIBIBYTES },
  [CapType.L1_CNODE]: { from: [CapType.RAM], unit: CNODE_KIBIBYTES },
  [CapType.L2_CNODE]: { from: [CapType.RAM], fixed: CNODE_KIBIBYTES, unit: PAGE_KIBIBYTES },
  [CapType.FRAME]: { from: [CapType.RAM, CapType.FRAME], unit: PAGE_KIBIBYTES },
  [CapType.DEV_FRAME]: { from: [CapType.PHYS_ADDR, CapType.DEV_FRAME], unit: PAGE_KIBIBYTES },
  [CapType.VNODE_ARM_L1]: { from: [CapType.RAM], fixed: 16, unit: 16 },
  [CapType.VNODE_ARM_L2]: { from: [CapType.RAM], fixed: 1, unit: 1 },
  [CapType.DISPATCHER]: { from: [CapType.RAM], fixed: 1, unit: 1 },
  [CapType.END_POINT]: { from: [CapType.DISPATCHER], fixed: 1, unit: 1 },
};

/** Whether objects of type `made` can be made from a capability of type `source`. */
export function canRetype(source: number, made: number): boolean {
  return RULES[made as CapTypeNumber]?.from.includes(source as CapTypeNumber) ?? false;
}

/** Whether `kibibytes` is a size that objects of `type` can have. */
export function isObjectSize(type: number, kibibytes: number): boolean {
  const rule = RULES[type as CapTypeNumber];
  if (rule === undefined) return false;
  if (rule.fixed !== undefined) return kibibytes === rule.fixed;
  return kibibytes > 0 && Number.isInteger(kibibytes) && kibibytes % rule.unit === 0;
}

/** KiB that the base of an object of `type` is aligned to. */
export function objectAlignment(type: number): number {
  return RULES[type as CapTypeNumber]?.unit ?? PAGE_KIBIBYTES;
}

/** KiB of an object of `type` where the type fixes it, else undefined. */
export function fixedObjectSize(type: number): number | undefined {
  return RULES[type as CapTypeNumber]?.fixed;
}

/** Whether `type` is a translation table. */
export const isVNode = (type: number): boolean =>
  type === CapType.VNODE_ARM_L1 || type === CapType.VNODE_ARM_L2;

/** Whether `type` is a Mapping. */
export const isMapping = (type: number): boolean => type >= CapType.FRAME_MAPPING;

/** Whether `type` is a table of slots. */
export const isCNode = (type: number): boolean =>
  type === CapType.L1_CNODE || type === CapType.L2_CNODE;
