/**
 * What a pmap remembers of its leaves: one record of 32 bytes for each run of entries that one
 * Mapping made with the same flags, found by its first page through a hash.
 *
 *     word 0  first page of the run (virtual address >> 12); -1 in a free record
 *          1  entries │ leaf kind << 13 │ flags << 16
 *          2  slot of the Mapping          3  slot of the frame
 *          4  offset in the frame, in pages
 *          5  > 0: away; the next that is away from the same home, LAST if none
 *             < 0: in the list of free records; ~ the next there         0: neither
 *          6  first page of the whole Mapping      7  entries of the whole Mapping
 *
 * Changing the flags of a part of a Mapping cuts its record in up to three; words 6 and 7 tell that
 * they belong together.
 *
 * The hash names a record as the *home* of each page. A run lies at home wherever that is free, so
 * that one look at memory finds it; a run that came when its home was taken is away, in any free
 * record, and its home's bucket heads a list of those.
 *
 *     hash(page) ─► home ─► [record of the page]                    nearly always
 *               └► bucket ─► [away] ─► [away]                      where somebody else lives there
 *
 * There are as many homes as records, and growth adds one home with each record (linear hashing): a
 * record costs 36 bytes in all, however many there are, and no growth has to move them all at once.
 * A growth does move what has its home in a new record. So the number of a record means something
 * only until the next growth; the root, which names the records of sections, is told.
 */
import { isRootKind } from './pmap-policy.js';

export const RECORD_SHIFT = 3;
export const LEAF_PAGE = 0;
export const LEAF_RUN = 1;
export const LEAF_MAPPING = 2;
export const LEAF_FRAME = 3;
export const LEAF_OFFSET = 4;
const LEAF_NEXT = 5;
export const LEAF_HEAD = 6;
export const LEAF_TOTAL = 7;

const ENTRIES_MASK = 0x1fff;
const KIND_SHIFT = 13;
const FLAGS_SHIFT = 16;

/** Bytes of one record, and of one bucket beside it. */
export const LEAF_RECORD_BYTES = (1 << RECORD_SHIFT) * 4 + 4;

/** Word 1 of a record. */
export function packLeafRun(entries: number, kind: number, flags: number): number {
  return entries | (kind << KIND_SHIFT) | (flags << FLAGS_SHIFT);
}

/** Entries, from word 1 of a record. */
export function leafEntries(run: number): number {
  return run & ENTRIES_MASK;
}

/** Leaf kind, from word 1 of a record. */
export function leafKindOf(run: number): number {
  return (run >>> KIND_SHIFT) & 7;
}

/** Flags, from word 1 of a record. */
export function leafFlags(run: number): number {
  return run >>> FLAGS_SHIFT;
}

/** Word 0 of a record that is free. */
const FREE = -1;
/** Word 5 of the last record that is away from a home: the number of none. */
const LAST = 0x7fff_ffff;

/**
 * Neighbouring pages have neighbouring homes, as they lie in a table; adding the table's index
 * keeps the same page of every table from sharing one.
 */
function hash(page: number): number {
  return page + (page >>> 8);
}

/** Room for one record, which is the home of every page until there are more, and which nobody has. */
function noRecords(): Int32Array {
  const words = new Int32Array(2 << RECORD_SHIFT);
  words[1 << RECORD_SHIFT] = FREE;
  return words;
}

/** Whether word 1 of a record says that the root names it, and not the hash. */
function isNamedByRoot(run: number): boolean {
  return isRootKind(leafKindOf(run));
}

/** The leaf records of one pmap: a slab whose blocks are found by the page that they are for. */
export class LeafRecords {
  readonly blockBytes = LEAF_RECORD_BYTES;
  /** All records, free or not; the highest number of one. */
  capacity = 0;
  freeCount = 0;
  /** The records, 8 words each. Replaced when there are more of them. */
  words: Int32Array = noRecords();
  /** For each home the first record that is away from it, or {@link LAST}. */
  private away: Int32Array = new Int32Array(2).fill(LAST);
  /** 2^n - 1 for the smallest power of two that is not below {@link capacity}, and half of that. */
  private mask = 0;
  /**
   * The first of a list of records that were free when they came into it. One that was taken as a home
   * since stays in the list, marked by its negative word 5, and is passed over.
   */
  private firstFree = 0;
  private readonly moved: (record: number, page: number, entries: number) => void;

  /** `moved` hears of a record that the root names and that has another number now. */
  constructor(moved: (record: number, page: number, entries: number) => void) {
    this.moved = moved;
  }

  /** Records in use. */
  get usedCount(): number {
    return this.capacity - this.freeCount;
  }

  /** Takes in `bytes` of memory for records. */
  grow(bytes: number): number {
    const added = Math.floor(bytes / LEAF_RECORD_BYTES);
    const end = this.capacity + added + 1;
    if (end << RECORD_SHIFT > this.words.length) {
      const larger = new Int32Array(Math.max(end << RECORD_SHIFT, this.words.length * 2));
      larger.set(this.words);
      this.words = larger;
      const away = new Int32Array(larger.length >>> RECORD_SHIFT);
      away.set(this.away);
      this.away = away;
    }
    for (let record = end - 1; record > this.capacity; record -= 1) this.release(record);
    for (let record = this.capacity + 1; record < end; record += 1) this.addHome(record);
    return added;
  }

  /** Undoes the last growth: as many records are free again. */
  shrink(added: number): void {
    const live: Int32Array[] = [];
    for (let record = 1; record <= this.capacity; record += 1) {
      const at = record << RECORD_SHIFT;
      if (this.words[at] !== FREE) live.push(this.words.slice(at, at + (1 << RECORD_SHIFT)));
    }
    this.words.fill(0);
    this.away.fill(LAST);
    this.capacity -= added;
    this.mask = 0;
    while (this.mask < this.capacity - 1) this.mask = this.mask * 2 + 1;
    this.freeCount = 0;
    this.firstFree = 0;
    for (let record = this.capacity; record > 0; record -= 1) this.release(record);
    // Whoever has a home takes it before others look for a place.
    for (const record of live) if (!isNamedByRoot(record[LEAF_RUN])) this.putBack(record);
    for (const record of live) if (isNamedByRoot(record[LEAF_RUN])) this.putBack(record);
  }

  /** The record whose run begins at `page`, or 0. */
  find(page: number): number {
    const home = this.homeOf(page);
    return this.words[home << RECORD_SHIFT] === page ? home : this.findAway(page, home);
  }

  /** A record for the run of pages that begins at `page`; one must be free. Words 0 and 5 are set. */
  take(page: number): number {
    const home = this.homeOf(page);
    const at = home << RECORD_SHIFT;
    if (this.words[at] !== FREE) return this.takeAway(page, home);
    this.words[at] = page;
    this.freeCount -= 1;
    return home;
  }

  /** A record for a leaf that the root names. */
  takeForRoot(page: number): number {
    const record = this.popFree();
    this.words[record << RECORD_SHIFT] = page;
    return record;
  }

  /** Gives a record back. */
  release(record: number): void {
    const { words } = this;
    const at = record << RECORD_SHIFT;
    if (words[at | LEAF_NEXT] > 0) this.unlink(record);
    this.freeCount += 1;
    words[at] = FREE;
    if (words[at | LEAF_NEXT] < 0) return;
    words[at | LEAF_NEXT] = ~this.firstFree;
    this.firstFree = record;
  }

  private homeOf(page: number): number {
    const place = hash(page) & this.mask;
    return (place < this.capacity ? place : place & (this.mask >>> 1)) + 1;
  }

  private findAway(page: number, home: number): number {
    const { words } = this;
    let record = this.away[home];
    while (record !== LAST && words[record << RECORD_SHIFT] !== page) {
      record = words[(record << RECORD_SHIFT) | LEAF_NEXT];
    }
    return record === LAST ? 0 : record;
  }

  private takeAway(page: number, home: number): number {
    const record = this.popFree();
    this.words[record << RECORD_SHIFT] = page;
    this.link(record, home);
    return record;
  }

  private link(record: number, home: number): void {
    this.words[(record << RECORD_SHIFT) | LEAF_NEXT] = this.away[home];
    this.away[home] = record;
  }

  private popFree(): number {
    const { words } = this;
    for (;;) {
      const record = this.firstFree;
      const at = record << RECORD_SHIFT;
      this.firstFree = ~words[at | LEAF_NEXT];
      words[at | LEAF_NEXT] = 0;
      if (words[at] === FREE) {
        this.freeCount -= 1;
        return record;
      }
    }
  }

  /** Takes a record out of the list of those that are away from its home. */
  private unlink(record: number): void {
    const { words } = this;
    const at = record << RECORD_SHIFT;
    const home = this.homeOf(words[at]);
    const next = words[at | LEAF_NEXT];
    words[at | LEAF_NEXT] = 0;
    let other = this.away[home];
    if (other === record) {
      this.away[home] = next;
      return;
    }
    while (words[(other << RECORD_SHIFT) | LEAF_NEXT] !== record) {
      other = words[(other << RECORD_SHIFT) | LEAF_NEXT];
    }
    words[(other << RECORD_SHIFT) | LEAF_NEXT] = next;
  }

  /** Makes the free record `added` the home that the hash gives it, of pages whose home was another. */
  private addHome(added: number): void {
    const { words } = this;
    this.away[added] = LAST;
    this.capacity = added;
    if (added - 1 > this.mask) this.mask = this.mask * 2 + 1;
    if (added === 1) return;
    const parent = ((added - 1) & (this.mask >>> 1)) + 1;
    let record = this.away[parent];
    this.away[parent] = LAST;
    const at = parent << RECORD_SHIFT;
    if (words[at] !== FREE && !isNamedByRoot(words[at | LEAF_RUN])) {
      if (this.homeOf(words[at]) === added) this.moveHome(parent, added);
    }
    while (record !== LAST) {
      const next = words[(record << RECORD_SHIFT) | LEAF_NEXT];
      const home = this.homeOf(words[record << RECORD_SHIFT]);
      words[(record << RECORD_SHIFT) | LEAF_NEXT] = 0;
      if (words[home << RECORD_SHIFT] === FREE) this.moveHome(record, home);
      else this.link(record, home);
      record = next;
    }
  }

  /** Moves what is in `record` into its free home. Word 5 of either belongs to where it is. */
  private moveHome(record: number, home: number): void {
    const { words } = this;
    const from = record << RECORD_SHIFT;
    const to = home << RECORD_SHIFT;
    words.copyWithin(to, from, from + LEAF_NEXT);
    words.copyWithin(to + LEAF_HEAD, from + LEAF_HEAD, from + LEAF_TOTAL + 1);
    this.freeCount -= 1;
    this.release(record);
  }

  /** Puts a record with these words where there is room for it. */
  private putBack(live: Int32Array): void {
    const named = isNamedByRoot(live[LEAF_RUN]);
    const page = live[LEAF_PAGE];
    const record = named ? this.takeForRoot(page) : this.take(page);
    const at = record << RECORD_SHIFT;
    this.words.set(live.subarray(0, LEAF_NEXT), at);
    this.words.set(live.subarray(LEAF_HEAD), at + LEAF_HEAD);
    if (named) this.moved(record, page, leafEntries(live[LEAF_RUN]));
  }
}
