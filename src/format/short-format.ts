/**
 * The geometry of ARMv7 short descriptors: two levels of tables, four sizes of leaf.
 */

import { KIB, MIB } from '../base/index.js';
import { Kind, notALeaf } from './short-descriptor.js';
import type { LeafShape, TableFormat } from './table-format.js';

const SECTION: LeafShape = { kind: Kind.SECTION, name: 'section', bytes: MIB, entries: 1 };
const SUPERSECTION: LeafShape = {
  kind: Kind.SUPERSECTION,
  name: 'supersection',
  bytes: 16 * MIB,
  entries: 16,
};
const LARGE: LeafShape = { kind: Kind.LARGE, name: 'large', bytes: 64 * KIB, entries: 16 };
const SMALL: LeafShape = { kind: Kind.SMALL, name: 'small', bytes: 4 * KIB, entries: 1 };

/** The geometry of the format. */
export const SHORT_DESCRIPTORS: TableFormat = {
  name: 'ARMv7 short descriptors',
  entryBytes: 4,
  physicalAddressBits: 40,
  levels: [
    {
      level: 1,
      name: 'L1',
      shift: 20,
      indexBits: 12,
      entries: 4096,
      tableBytes: 16 * KIB,
      tableAlignmentBytes: 16 * KIB,
      holdsTables: true,
      leaves: [SECTION, SUPERSECTION],
    },
    {
      level: 2,
      name: 'L2',
      shift: 12,
      indexBits: 8,
      entries: 256,
      tableBytes: KIB,
      tableAlignmentBytes: KIB,
      holdsTables: false,
      leaves: [SMALL, LARGE],
    },
  ],
};

/** The shape of each leaf kind, at its number; undefined for the other kinds. */
const LEAF_SHAPES: readonly (LeafShape | undefined)[] = [
  undefined,
  undefined,
  SECTION,
  SUPERSECTION,
  LARGE,
  SMALL,
  undefined,
];

/**
 * The shape of the leaf `kind`.
 *
 * Errors: FORMAT_ERR_LEVEL — `kind` is not a leaf.
 */
export function leafShape(kind: number): LeafShape {
  const shape = LEAF_SHAPES[kind];
  if (shape === undefined) throw notALeaf(kind);
  return shape;
}
