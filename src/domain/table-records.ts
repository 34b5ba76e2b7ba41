/**
 * What a pmap remembers of its tables: the root's entries by index, and 96 bytes for each L2 table, with
 * the bits of its 256 entries. What a call for a single page wants lies close together, mostly in one
 * cache line, since tables in random order are rarely at hand.
 *
 *     record, 16 words    0  slot of the VNode
 *                         1..4  the block of each quarter (see `page-blocks.ts`), or 0
 *                         5..12  entries that are mapped       13  slot of its Mapping
 *                         14  physical address, KiB            15  index in the root
 *     starts, 8 words     entries where a leaf record begins
 */
import { bitSetWords, clearBits, setBits } from '../base/index.js';
import { SHORT_DESCRIPTORS } from '../format/index.js';
import { Slab } from './slab.js';

const [L1, L2] = SHORT_DESCRIPTORS.levels;

/** Entries of the root, and of a table. */
export const ROOT_ENTRIES = L1.entries;
export const TABLE_ENTRIES = L2.entries;
/** Pages that one entry of the root covers. */
export const ROOT_ENTRY_PAGES = 2 ** (L1.shift - L2.shift);
export const ROOT_INDEX_SHIFT = L1.shift - L2.shift;

const RECORD_WORDS = 16;
const STARTS_WORDS = TABLE_ENTRIES / 32;
export const TABLE_VNODE = 0;
export const TABLE_BLOCKS = 1;
export const TABLE_TAKEN = 5;
export const TABLE_MAPPING = 13;
export const TABLE_ADDRESS = 14;
export const TABLE_INDEX = 15;

/** Bytes of one table record. */
export const TABLE_RECORD_BYTES = (RECORD_WORDS + STARTS_WORDS) * 4;

/** The first word of a table record. */
export const tableAt = (record: number): number => (record * RECORD_WORDS) | 0;

/** The first word of a table in {@link TableRecords.starts}, by that of its record. */
export const startsAt = (table: number): number => table >>> 1;

/** The table records of one pmap, and the entries of its root. */
export class TableRecords {
  readonly slab = new Slab(TABLE_RECORD_BYTES);
  /** The records, 16 words each. Replaced when the slab grows. */
  words: Uint32Array = new Uint32Array(0);
  /** Bits for the entries where a leaf record begins, 8 words a table. Replaced when the slab grows. */
  starts: Uint32Array = new Uint32Array(0);
  /** For each entry of the root: 0, a table record << 1 | 1, or the leaf record of a section << 1. */
  readonly root = new Int32Array(ROOT_ENTRIES);
  /** A bit for each entry of the root that is not 0. */
  readonly rootUsed = new Uint32Array(bitSetWords(ROOT_ENTRIES));

  /** Bytes of one record, and how many are free and in use. */
  get blockBytes(): number {
    return this.slab.blockBytes;
  }

  get freeCount(): number {
    return this.slab.freeCount;
  }

  get usedCount(): number {
    return this.slab.usedCount;
  }

  /** Sets `count` entries of the root from `index` on. */
  setRoot(index: number, count: number, entry: number): void {
    if (count === 1) this.root[index] = entry;
    else this.root.fill(entry, index, index + count);
    if (entry === 0) clearBits(this.rootUsed, 0, index, count);
    else setBits(this.rootUsed, 0, index, count);
  }

  /** Takes in `bytes` of memory for records. */
  grow(bytes: number): number {
    const added = this.slab.grow(bytes);
    const words = (this.slab.capacity + 1) * RECORD_WORDS;
    if (words > this.words.length) {
      const larger = new Uint32Array(Math.max(words, this.words.length * 2));
      larger.set(this.words);
      this.words = larger;
      const starts = new Uint32Array(startsAt(larger.length));
      starts.set(this.starts);
      this.starts = starts;
    }
    return added;
  }

  /** Undoes the last growth. */
  shrink(added: number): void {
    this.slab.shrink(added);
  }

  /** Whether no entry of the table is mapped. */
  isEmpty(record: number): boolean {
    const at = tableAt(record) + TABLE_TAKEN;
    for (let word = at; word < at + TABLE_ENTRIES / 32; word += 1) {
      if (this.words[word] !== 0) return false;
    }
    return true;
  }
}
