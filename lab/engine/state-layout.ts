/**
 * Where the recorder keeps what in a {@link StateLog}, so that the state of a moment can be read:
 *
 *     registers │ costs, two words each │ each domain: root, CSpace, records │ TLB rows
 *     pieces of the pools of slots and objects │ tables │ … as they come
 */

/** The registers that are kept, at their places. */
export const REGISTERS = [
  'ttbr0',
  'ttbr1',
  'ttbcr',
  'dacr',
  'sctlr',
  'prrr',
  'nmrr',
  'contextidr',
  'dfsr',
  'dfar',
  'ifsr',
  'ifar',
] as const;

/** The numbers that are kept of each domain, at their places. */
export const DOMAIN_NUMBERS = [
  'rootKibibyte',
  'cspace',
  'usedLeaves',
  'freeLeaves',
  'usedTables',
  'freeTables',
  'mappings',
  'metadataBytes',
  'freeRamPages',
] as const;

/** A number of a domain. */
export type DomainNumber = (typeof DOMAIN_NUMBERS)[number];

/** Words of one row of the TLB: first address, frame, bytes (0 for no entry), ASID, facts. */
export const TLB_ROW_WORDS = 5;
/** The ASID of a row whose entry is global. */
export const GLOBAL_ASID = 0xffff_ffff;

/** A part of a pool: the words from `start` on are kept from `place` on. */
export interface PoolPiece {
  readonly start: number;
  readonly words: number;
  readonly place: number;
}

/** A table that was there at some time. */
export interface TablePlace {
  /** Its physical address. */
  readonly base: number;
  readonly words: number;
  /** Of its words. */
  readonly place: number;
  /** Of a word that is 1 while the table is there. */
  readonly living: number;
}

/** A row that TLB entries are kept in. */
interface TlbRow {
  readonly place: number;
  readonly set: number;
  readonly way: number;
}

/** A domain that was there at some time. */
export interface DomainPlace {
  readonly name: string;
  /** As the kernel counts. */
  readonly number: number;
  readonly place: number;
}

/** Where everything is. It only ever grows, so that it holds for earlier moments as well. */
export interface StateLayout {
  readonly registers: number;
  readonly costs: number;
  /** Where the numbers of each domain are, in the order in which they came. */
  readonly domains: DomainPlace[];
  readonly tlbRows: TlbRow[];
  readonly slots: PoolPiece[];
  readonly objects: PoolPiece[];
  readonly tables: TablePlace[];
}
