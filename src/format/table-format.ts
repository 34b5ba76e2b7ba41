/**
 * What a translation-table format looks like from outside: its levels, tables and leaf sizes. The
 * pmap, the walker and the pictures speak of a format only through this, so that they are written
 * once; what the bits of a word mean stands in the codec of each format.
 */

/** One size of leaf that a level can hold. */
export interface LeafShape {
  /** The codec's number for this kind of entry. */
  readonly kind: number;
  /** The field's name: `section`, `small`, … */
  readonly name: string;
  /** Bytes of address space that one leaf maps; also the alignment of both its addresses. */
  readonly bytes: number;
  /** Entries that hold the same word for one leaf: 1, or 16 where the format replicates. */
  readonly entries: number;
}

/** One level of tables. */
export interface TableLevel {
  /** The architecture's number of the level: 1 is the root of a short-descriptor table. */
  readonly level: number;
  readonly name: string;
  /** The lowest bit of the virtual address that indexes a table of this level. */
  readonly shift: number;
  /** How many bits of the virtual address index a table of this level. */
  readonly indexBits: number;
  readonly entries: number;
  readonly tableBytes: number;
  readonly tableAlignmentBytes: number;
  /** Whether an entry may point to a table of the next level. */
  readonly holdsTables: boolean;
  /** The leaves that an entry may be, smallest first. */
  readonly leaves: readonly LeafShape[];
}

/** A format: its levels from the root down. */
export interface TableFormat {
  readonly name: string;
  readonly entryBytes: number;
  /** The widest physical address that a leaf can hold, in bits. */
  readonly physicalAddressBits: number;
  readonly levels: readonly TableLevel[];
}

/** The index of `va` in a table of `level`. */
export function tableIndex(level: TableLevel, va: number): number {
  return (va >>> level.shift) & (level.entries - 1);
}

/** The bytes that one entry of `level` covers. */
export function entryReach(level: TableLevel): number {
  return 2 ** level.shift;
}
