/**
 * The table walk of the hot path: numbers in, numbers out, nothing allocated. What it finds is left
 * in fields; {@link walk} gives the same answers as objects, with all the evidence.
 */

import {
  accessFlagSet,
  apOf,
  domainOf,
  FaultStatus,
  faultNumber,
  isTable,
  Kind,
  type LeafInfo,
  leafKindOf,
  pageFrameOf,
  pageInfo,
  sectionInfo,
  tableInfo,
  tableKibibyteOf,
} from '../format/index.js';
import { EXTERNAL_ABORT } from './physical-memory.js';

const TRANSLATION_L1 = faultNumber(FaultStatus.TRANSLATION_L1, 0);
const EXTERNAL_WALK_L1 = faultNumber(FaultStatus.EXTERNAL_WALK_L1, 0);

/** Whatever table entries can be read from. */
export interface WordReader {
  /** The unsigned word at `pa`, or EXTERNAL_ABORT where nothing answers. */
  readWord(pa: number): number;
}

/** The registers that decide where a walk begins and what AP[0] means. */
export interface WalkRoots {
  /** The highest TTBCR.N bits: an address with one of them set is translated by TTBR1. */
  readonly highBits: number;
  /** The physical addresses / 4 of both root tables; -1 where walking is forbidden. */
  readonly root0: number;
  readonly root1: number;
  /** SCTLR.AFE. */
  readonly afe: boolean;
}

/** The address of a word. Word numbers stay small integers, where addresses would become doubles. */
const wordAddress = (wordNumber: number): number => (wordNumber << 2) >>> 0;

/** Walks tables for one CPU, and remembers what the last walk found. */
export class TableWalker {
  private readonly reader: WordReader;
  private readonly hasPxn: boolean;
  /** The number of the first 4 KiB frame of the leaf that the last walk found. */
  frame = 0;
  /** The facts of that leaf. */
  info: LeafInfo = 0;
  /** The words that the last walk read. */
  reads = 0;

  constructor(reader: WordReader, hasPxn: boolean) {
    this.reader = reader;
    this.hasPxn = hasPxn;
  }

  /**
   * Looks for the leaf of `va`. 0 when it was found and its access flag allows its use: it is then
   * in `frame` and `info`, and domain and permissions are still to be checked. Otherwise the fault
   * number of a translation fault, an access flag fault or an external abort on the walk.
   */
  walk(roots: WalkRoots, va: number): number {
    const root = (va & roots.highBits) === 0 ? roots.root0 : roots.root1;
    this.reads = 0;
    if (root < 0) return TRANSLATION_L1;
    const first = this.reader.readWord(wordAddress(root + (va >>> 20)));
    if (first === EXTERNAL_ABORT) return EXTERNAL_WALK_L1;
    this.reads = 1;
    // As signed words, which hold the same bits: unsigned ones from 2 GiB on would be doubles.
    let word = first | 0;
    let info: LeafInfo;
    if (isTable(word)) {
      const table = tableInfo(word, this.hasPxn);
      const index = (va >>> 12) & 0xff;
      const second = this.reader.readWord(wordAddress((tableKibibyteOf(word) << 8) + index));
      if (second === EXTERNAL_ABORT) return pageFault(FaultStatus.EXTERNAL_WALK_L2, table);
      this.reads = 2;
      word = second | 0;
      info = pageInfo(word, table);
      if (info === 0) return pageFault(FaultStatus.TRANSLATION_L2, table);
    } else {
      info = sectionInfo(word, this.hasPxn);
      if (info === 0) return TRANSLATION_L1;
    }
    this.frame = pageFrameOf(leafKindOf(info), word);
    this.info = info;
    return roots.afe ? accessFlagFault(info) : 0;
  }
}

const pageFault = (status: number, table: LeafInfo): number => faultNumber(status, domainOf(table));

/** The access flag fault of a leaf under SCTLR.AFE, or 0 if its flag is set. */
function accessFlagFault(info: LeafInfo): number {
  if (accessFlagSet(apOf(info), true)) return 0;
  const page = leafKindOf(info) >= Kind.LARGE;
  return faultNumber(
    page ? FaultStatus.ACCESS_FLAG_L2 : FaultStatus.ACCESS_FLAG_L1,
    domainOf(info),
  );
}
