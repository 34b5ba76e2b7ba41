/**
 * What a pmap remembers of its leaves: one record of 32 bytes for each run of entries that one
 * Mapping made with the same flags, found by its first page through a hash. Single pages that lie
 * close together are in blocks instead; a record that is in one is named by a negative number, and
 * whoever asks for its facts by {@link LeafRecords.pageOf} and the like need not care.
 *
 *     word 0  first page of the run (virtual address >> 12)
 *          1  entries │ leaf kind │ flags: see `leaf-run.ts`
 *          2  slot of the Mapping          3  slot of the frame
 *          4  offset in the frame, in pages
 *          5  next record in the same bucket
 *          6  first page of the whole Mapping      7  entries of the whole Mapping
 *
 * Changing the flags of a part of a Mapping cuts its record in up to three; words 6 and 7 tell that
 * they belong together.
 *
 * The hash grows by one bucket with every record that is more than there were before (linear hashing),
 * and becomes smaller as records move into blocks. So a record costs 36 bytes in all, however many
 * there are, and no growth ever has to move them all at once.
 */
import type { CapRef } from '../base/index.js';
import { Kind } from '../format/index.js';
import { leafFlags, packLeafRun } from './leaf-run.js';
import { PageBlocks } from './page-blocks.js';
import { enlarged, Slab } from './slab.js';
import { FACTS_BYTES, SlotFacts } from './slot-facts.js';

const RECORD_SHIFT = 3;
export const LEAF_PAGE = 0;
export const LEAF_RUN = 1;
export const LEAF_MAPPING = 2;
export const LEAF_FRAME = 3;
export const LEAF_OFFSET = 4;
const LEAF_NEXT = 5;
export const LEAF_HEAD = 6;
export const LEAF_TOTAL = 7;

/** Bytes of one record, and of one bucket beside it. */
const LEAF_RECORD_BYTES = (1 << RECORD_SHIFT) * 4 + 4;
/** What a record may take at most, in the long run. */
const BYTES_A_RECORD = 40;
/** What may be in use above that, so that pages which come and go are not moved out and in again. */
const SPARE_BYTES = 32 * 1024;

/**
 * Neighbouring pages lie in neighbouring buckets, as they do in a table; adding the table's index
 * keeps a page at the same place of each table from falling into the same bucket.
 */
const hash = (page: number): number => page + (page >>> 8);

/**
 * The first word of a record. There are never so many that the mask takes anything away: it tells V8
 * that the index is not negative, which saves an instruction for each word that is read.
 */
export const recordAt = (record: number): number => (record & 0xfff_ffff) << RECORD_SHIFT;

/** The page of record 0, which is nobody's. */
const NO_PAGE = -1;

/** The leaf records of one pmap: blocks of a slab, found by the page that they are for. */
export class LeafRecords {
  readonly slab = new Slab(LEAF_RECORD_BYTES);
  readonly blocks = new PageBlocks();
  readonly facts = new SlotFacts();
  /** The records, 8 words each. Replaced when the slab grows. */
  words: Int32Array = new Int32Array(1 << RECORD_SHIFT).fill(NO_PAGE);
  /** For each bucket its first record; as many as records in use, and one more that is always there. */
  private buckets: Int32Array = new Int32Array(1);
  private count = 0;
  /** 2^n - 1 for the smallest power of two that is not below {@link count}, and half of that. */
  private mask = 0;

  get blockBytes(): number {
    return this.slab.blockBytes;
  }

  get freeCount(): number {
    return this.slab.freeCount;
  }

  /** Records in use, those in blocks among them. */
  get usedCount(): number {
    return this.slab.usedCount + this.blocks.heldCount;
  }

  /** Bytes that records, blocks and the facts of pages in them take, and those that are free. */
  get usedBytes(): number {
    const { slab, blocks } = this;
    return slab.usedBytes + blocks.slab.usedBytes + blocks.heldCount * FACTS_BYTES;
  }

  get freeBytes(): number {
    const { slab, blocks, facts } = this;
    return slab.bytes + blocks.slab.bytes + facts.slab.bytes - this.usedBytes;
  }

  /** Whether there are so many records that blocks are of use, and none of those too sparse. */
  get needsBlocks(): boolean {
    return this.usedCount > this.blocks.few && !this.isSparse;
  }

  /**
   * Whether records and blocks take more than 40 bytes a record, but for {@link SPARE_BYTES}: then no
   * block is made, and those go that hold few pages.
   */
  get isSparse(): boolean {
    return this.usedBytes > this.usedCount * BYTES_A_RECORD + SPARE_BYTES;
  }

  /** Takes in `bytes` of memory for records. */
  grow(bytes: number): number {
    const added = this.slab.grow(bytes);
    const words = (this.slab.capacity + 1) << RECORD_SHIFT;
    if (words > this.words.length) {
      this.words = enlarged(this.words, Math.max(words, this.words.length * 2));
      this.buckets = enlarged(this.buckets, this.words.length >>> RECORD_SHIFT);
    }
    return added;
  }

  /** Undoes the last growth. */
  shrink(added: number): void {
    this.slab.shrink(added);
    while (this.count > this.slab.capacity) this.joinBucket();
  }

  /** The record whose run begins at `page`, or 0. */
  find(page: number): number {
    const record = this.firstOf(page);
    // The answer of a call would be a tagged number, and so would the usual one with it.
    return this.words[recordAt(record)] === page ? record : this.findBehind(record, page) | 0;
  }

  /** The first record in the bucket of a page; record 0, which begins with no page, where it is empty. */
  firstOf(page: number): number {
    return this.buckets[this.bucketOf(page)];
  }

  /** As {@link find}, among `first` and those behind it in its bucket. */
  findBehind(first: number, page: number): number {
    const { words } = this;
    let record = first;
    while (record !== 0 && words[recordAt(record)] !== page) {
      record = words[recordAt(record) | LEAF_NEXT];
    }
    return record;
  }

  /** The first page of a record. */
  pageOf(record: number): number {
    return record < 0 ? this.blocks.pageOf(-record) : this.words[recordAt(record)];
  }

  /** Entries, leaf kind and flags of a record, as `packLeafRun` makes them. */
  runOf(record: number): number {
    if (record < 0) return packLeafRun(1, Kind.SMALL, this.facts.flagsOf(this.mappingOf(record)));
    return this.words[recordAt(record) | LEAF_RUN];
  }

  /** Changes what {@link runOf} answers; a record in a block keeps its one small page. */
  setRun(record: number, run: number): void {
    if (record < 0) this.facts.setFlags(this.mappingOf(record), leafFlags(run));
    else this.words[recordAt(record) | LEAF_RUN] = run;
  }

  /** The slot of the Mapping of a record. */
  mappingOf(record: number): CapRef {
    if (record < 0) return this.blocks.words[-record] as CapRef;
    return this.words[recordAt(record) | LEAF_MAPPING] as CapRef;
  }

  /** The slot of the frame of a record. */
  frameOf(record: number): CapRef {
    if (record < 0) return this.facts.frameOf(this.mappingOf(record)) as CapRef;
    return this.words[recordAt(record) | LEAF_FRAME] as CapRef;
  }

  /** The page of the frame that a record begins with. */
  offsetOf(record: number): number {
    if (record < 0) return this.facts.offsetOf(this.mappingOf(record));
    return this.words[recordAt(record) | LEAF_OFFSET];
  }

  /** The first page of the whole Mapping that a record belongs to. */
  headOf(record: number): number {
    return record < 0 ? this.blocks.pageOf(-record) : this.words[recordAt(record) | LEAF_HEAD];
  }

  /** Entries of the whole Mapping that a record belongs to. */
  totalOf(record: number): number {
    return record < 0 ? 1 : this.words[recordAt(record) | LEAF_TOTAL];
  }

  /** A record for the run of pages that begins at `page`; one must be free. Words 0 and 5 are set. */
  take(page: number): number {
    const record = this.slab.allocate();
    if (this.count < this.slab.usedCount) this.splitBucket();
    this.words[recordAt(record)] = page;
    this.link(record, this.bucketOf(page));
    return record;
  }

  /** A record for a leaf that the root names. */
  takeForRoot(page: number): number {
    const record = this.slab.allocate();
    this.words[recordAt(record)] = page;
    return record;
  }

  /** Gives back a record that {@link take} gave. */
  release(record: number): void {
    const { words } = this;
    const at = recordAt(record);
    const bucket = this.bucketOf(words[at]);
    if (this.buckets[bucket] === record) this.buckets[bucket] = words[at | LEAF_NEXT];
    else this.unlink(record, bucket);
    this.slab.release(record);
  }

  /** As {@link release}, where many go: the hash becomes smaller with them. */
  releaseForGood(record: number): void {
    this.release(record);
    for (let joins = 0; joins < 2 && this.count > 2 * this.slab.usedCount; joins += 1) {
      this.joinBucket();
    }
  }

  /** Gives back a record that {@link takeForRoot} gave. */
  releaseForRoot(record: number): void {
    this.slab.release(record);
  }

  private bucketOf(page: number): number {
    const place = hash(page) & this.mask;
    return place < this.count ? place : place & (this.mask >>> 1);
  }

  private link(record: number, bucket: number): void {
    this.words[recordAt(record) | LEAF_NEXT] = this.buckets[bucket];
    this.buckets[bucket] = record;
  }

  /** Takes a record out of a bucket that begins with another. */
  private unlink(record: number, bucket: number): void {
    const { words } = this;
    let other = this.buckets[bucket];
    while (words[recordAt(other) | LEAF_NEXT] !== record) {
      other = words[recordAt(other) | LEAF_NEXT];
    }
    words[recordAt(other) | LEAF_NEXT] = words[recordAt(record) | LEAF_NEXT];
  }

  /** Adds a bucket, and moves into it what its parent bucket held for it. */
  private splitBucket(): void {
    const added = this.count;
    this.count += 1;
    if (added > this.mask) this.mask = this.mask * 2 + 1;
    this.buckets[added] = 0;
    if (added > 0) this.spread(added & (this.mask >>> 1));
  }

  /** Takes the last bucket away, and moves what it held into its parent. */
  private joinBucket(): void {
    this.count -= 1;
    if (this.count <= this.mask >>> 1) this.mask >>>= 1;
    this.spread(this.count);
  }

  /** Puts each record of a bucket into the one that it belongs to now. */
  private spread(bucket: number): void {
    let record = this.buckets[bucket];
    this.buckets[bucket] = 0;
    while (record !== 0) {
      const next = this.words[recordAt(record) | LEAF_NEXT];
      this.link(record, this.bucketOf(this.words[recordAt(record)]));
      record = next;
    }
  }
}
