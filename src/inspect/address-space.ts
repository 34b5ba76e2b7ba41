/**
 * A whole address space, read once: both root tables and every level-2 table that they reach, as
 * flat words. Everything else in this room works on it, so that a dump, a live target, a layout and
 * our own machine are all read in the same way, and no view reads memory a second time.
 *
 * The tables may hold anything: there are at most 4096 level-1 entries and as many level-2 tables,
 * each is read once, and what cannot be read is remembered as such.
 */

import { hex0x, setBit, testBit } from '../base/index.js';
import {
  type CpuProfile,
  Kind,
  kindOf,
  SHORT_DESCRIPTORS,
  tableKibibyteOf,
} from '../format/index.js';
import {
  EXTERNAL_ABORT,
  type RootTable,
  requireShortFormat,
  rootTable,
  Sctlr,
  type TranslationRegisters,
  type WordReader,
} from '../machine/index.js';

/** What is inspected: memory that tables are read from, the registers that lead to them, the CPU. */
export interface SpaceInput {
  /** Words as the table walker sees them; EXTERNAL_ABORT where the memory is not there. */
  readonly reader: WordReader;
  readonly registers: TranslationRegisters;
  readonly profile: CpuProfile;
}

/** The entries of a root table, and of a level-2 table. */
export const ROOT_ENTRIES = 4096;
export const TABLE_ENTRIES = 256;
/** Pages of 4 KiB that one root entry covers, and that there are in all. */
export const ROOT_ENTRY_PAGES = 256;
export const SPACE_PAGES = ROOT_ENTRIES * ROOT_ENTRY_PAGES;

/** What an entry is, beside the numbers of `Kind`: its memory could not be read. */
export const UNREADABLE = 7;

/** A root table and the part of the space that it translates. */
export interface SpaceRoot extends RootTable {
  /** The first of its root entries in the space, and the one behind the last. */
  readonly first: number;
  readonly end: number;
}

/** One entry of a table, with its place. */
export interface TableEntry {
  readonly level: 1 | 2;
  /** The index in the table. */
  readonly index: number;
  /** The physical address of the entry. */
  readonly address: number;
  /** Undefined where the memory of the entry cannot be read. */
  readonly word: number | undefined;
  /** One of `Kind`. A fault where the entry cannot be read. */
  readonly kind: number;
}

const [L1, L2] = SHORT_DESCRIPTORS.levels;
/** Bytes of a root table of full size, and of a level-2 table. */
export const ROOT_BYTES = L1?.tableBytes ?? 0;
export const TABLE_BYTES = L2?.tableBytes ?? 0;
const ENTRY_BYTES = SHORT_DESCRIPTORS.entryBytes;

/** An address space as its tables stood when it was read. */
export class AddressSpace {
  readonly input: SpaceInput;
  /** TTBR0, and TTBR1 where TTBCR.N gives it a part; by ascending address. */
  readonly roots: readonly SpaceRoot[];
  /** The root entry of each MiB; 0 where it cannot be read. */
  readonly rootWords = new Uint32Array(ROOT_ENTRIES);
  /** What each root entry is: one of `Kind`, or UNREADABLE. FAULT where TTBCR forbids the walk. */
  readonly rootKinds = new Uint8Array(ROOT_ENTRIES);
  /** The number of the level-2 table of each MiB, or -1. */
  readonly tableOf = new Int16Array(ROOT_ENTRIES).fill(-1);
  /** The physical address / 1024 of each level-2 table. Several root entries may share one. */
  readonly tableKibibytes: Uint32Array;
  /** The words of the level-2 tables, 256 each; 0 where one cannot be read. */
  readonly tableWords: Uint32Array;
  /** One bit for each of them that cannot be read. */
  private readonly gaps: Uint32Array;

  /**
   * Reads the tables that the registers lead to, whether the MMU is on or not.
   *
   * Errors: MACHINE_ERR_REGISTER — TTBCR.EAE is set: these are not short descriptors.
   */
  constructor(input: SpaceInput) {
    requireShortFormat(input.registers.ttbcr);
    this.input = input;
    this.roots = rootsOf(input.registers);
    this.readRoots();
    this.tableKibibytes = this.numberTables();
    this.tableWords = new Uint32Array(this.tableKibibytes.length * TABLE_ENTRIES);
    this.gaps = new Uint32Array(this.tableWords.length / 32);
    this.readTables();
  }

  /** Whether SCTLR.M is set; if not, addresses are their own translation and these tables sleep. */
  get mmuOn(): boolean {
    return (this.input.registers.sctlr & Sctlr.M) !== 0;
  }

  /** The root that translates the MiB `index`. */
  rootAt(index: number): SpaceRoot {
    const [low, high] = this.roots as [SpaceRoot, SpaceRoot?];
    return high === undefined || index < low.end ? low : high;
  }

  /** The root entry of the MiB `index`. */
  rootEntry(index: number): TableEntry {
    const kind = this.rootKinds[index] as number;
    return {
      level: 1,
      index,
      address: this.rootAt(index).base + index * ENTRY_BYTES,
      word: kind === UNREADABLE ? undefined : this.rootWords[index],
      kind: kind === UNREADABLE ? Kind.FAULT : kind,
    };
  }

  /** The entry that decides about `page` (virtual address / 4096). */
  entryAt(page: number): TableEntry {
    const rootIndex = page >>> 8;
    const table = this.tableOf[rootIndex] as number;
    if (table < 0) return this.rootEntry(rootIndex);
    const index = page & (TABLE_ENTRIES - 1);
    const at = table * TABLE_ENTRIES + index;
    const word = this.tableWords[at] as number;
    const readable = this.isReadable(at);
    return {
      level: 2,
      index,
      address: (this.tableKibibytes[table] as number) * 1024 + index * ENTRY_BYTES,
      word: readable ? word : undefined,
      kind: readable ? kindOf(2, word, this.input.profile.hasPxn) : Kind.FAULT,
    };
  }

  /** Whether the word `at` of {@link tableWords} could be read. */
  isReadable(at: number): boolean {
    return !testBit(this.gaps, 0, at);
  }

  /** Bytes of tables: the roots, as far as they translate something, and the level-2 tables. */
  tableBytes(): number {
    let bytes = this.tableKibibytes.length * TABLE_BYTES;
    for (const { first, end } of this.roots) bytes += (end - first) * ENTRY_BYTES;
    return bytes;
  }

  private readRoots(): void {
    const { reader, profile } = this.input;
    for (const root of this.roots) {
      if (root.disabled) continue;
      for (let index = root.first; index < root.end; index++) {
        const word = reader.readWord(root.base + index * ENTRY_BYTES);
        const unreadable = word === EXTERNAL_ABORT;
        this.rootWords[index] = unreadable ? 0 : word;
        this.rootKinds[index] = unreadable ? UNREADABLE : kindOf(1, word, profile.hasPxn);
      }
    }
  }

  /** Gives each level-2 table a number; answers where they lie. */
  private numberTables(): Uint32Array {
    const numbers = new Map<number, number>();
    for (let index = 0; index < ROOT_ENTRIES; index++) {
      if (this.rootKinds[index] !== Kind.TABLE) continue;
      const kibibyte = tableKibibyteOf(this.rootWords[index] as number);
      const number = numbers.get(kibibyte) ?? numbers.size;
      numbers.set(kibibyte, number);
      this.tableOf[index] = number;
    }
    return Uint32Array.from(numbers.keys());
  }

  private readTables(): void {
    const { reader } = this.input;
    const words = this.tableWords;
    for (let table = 0; table < this.tableKibibytes.length; table++) {
      const base = (this.tableKibibytes[table] as number) * 1024;
      const first = table * TABLE_ENTRIES;
      for (let index = 0; index < TABLE_ENTRIES; index++) {
        const word = reader.readWord(base + index * ENTRY_BYTES);
        if (word === EXTERNAL_ABORT) setBit(this.gaps, 0, first + index);
        else words[first + index] = word;
      }
    }
  }
}

/** The roots that the registers give, by ascending address. */
function rootsOf(registers: TranslationRegisters): SpaceRoot[] {
  const low = rootTable(registers, 0);
  const end = 2 ** (low.addressBits - 20);
  if (end === ROOT_ENTRIES) return [{ ...low, first: 0, end }];
  const high = rootTable(registers, 0xffff_ffff);
  return [
    { ...low, first: 0, end },
    { ...high, first: end, end: ROOT_ENTRIES },
  ];
}

/** One line that names an entry: `L1[0x300] @0x60100c00 = 0x60104001`. */
export function entryText(entry: TableEntry): string {
  const word = entry.word === undefined ? 'unreadable' : hex0x(entry.word, 8);
  const index = hex0x(entry.index, entry.level === 1 ? 3 : 2);
  return `L${entry.level}[${index}] @${hex0x(entry.address, 8)} = ${word}`;
}
