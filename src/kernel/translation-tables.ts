/**
 * The hardware tables that VNode capabilities stand for: the words in memory, who put each of them
 * there, where a table is installed, and the TLB maintenance that each change owes.
 *
 * Nothing here checks a capability; `vnode-invocations.ts` does that before it calls.
 */
import {
  anyBit,
  bitSetWords,
  clearBit,
  clearBits,
  PAGE_BYTES,
  pageNumber,
  setBit,
  setBits,
} from '../base/index.js';
import {
  addressBits,
  Kind,
  leafPattern,
  NO_ATTRIBUTES,
  SHORT_DESCRIPTORS,
  tableAddressBits,
} from '../format/index.js';
import { CHUNK_BYTES, Cost, type PhysicalMemory, type Tlb } from '../machine/index.js';
import type { AttributeWords } from './attribute-policy.js';
import {
  type Capabilities,
  MAPPING_RUN,
  MAPPING_TABLE,
  RUN_ENTRY_BITS,
  RUN_ENTRY_MASK,
  SLOT_SHIFT,
} from './capabilities.js';

/** Learns that a translation has gone that it may have a record of. Must not invoke the kernel. */
export interface MappingObserver {
  /** The leaf that began at this virtual address is gone; `entries` table entries of `kind`. */
  mappingLost(address: number, entries: number, kind: number): void;
  /** The L2 table that served the MiB at this virtual address is no longer installed. */
  tableLost(address: number): void;
}

/** Learns that `count` words of `table` from `entry` on have been written. Must not invoke the kernel. */
export type TableWatcher = (table: TranslationTable, entry: number, count: number) => void;

/** One hardware table. */
export class TranslationTable {
  readonly number: number;
  readonly object: number;
  readonly level: number;
  /** Physical address in KiB. */
  readonly kibibyte: number;
  /** The table itself: a view of physical memory, one word an entry. */
  readonly words: Uint32Array;
  /** Of an L1 table: a bit for each entry that is valid. Those of L2 tables are in `TranslationTables.info`. */
  readonly valid: Int32Array;
  /** Slots of the Mappings that install this L2 table in an L1 table. */
  readonly installedBy: number[] = [];
  /** Where this L2 table is installed, as long as that is in one place; null otherwise. */
  root: TranslationTable | null = null;
  /** The virtual address that its first entry translates there. */
  rootAddress = 0;
  /** The address space identifier under which the CPU may have used this L1 table, or 0. */
  asid = 0;
  observer: MappingObserver | null = null;
  /** The number of {@link observer}, by which it says that it knows already of what it takes away; or 0. */
  watch = 0;

  constructor(number: number, object: number, level: number, kibibyte: number, words: Uint32Array) {
    this.number = number;
    this.object = object;
    this.level = level;
    this.kibibyte = kibibyte;
    this.words = words;
    this.valid = new Int32Array(level === 1 ? bitSetWords(L1_ENTRIES) : 0);
  }
}

const [L1, L2] = SHORT_DESCRIPTORS.levels;
/** Shift from a virtual address to the index of its L1 entry. */
export const L1_SHIFT = L1.shift;
const L1_ENTRIES = L1.entries;
export const L2_ENTRIES = L2.entries;
const L1_ENTRY_BYTES = 2 ** L1.shift;
/** What the word of the next leaf has more than that of the one before. */
export const SMALL_PAGE_STEP = 2 ** L2.shift;
const SECTION_STEP = L1_ENTRY_BYTES;
/** Entries that a large page or a supersection fills with the same word. */
export const REPLICATION = 16;

/** Bytes that one leaf of each kind translates. */
const LEAF_BYTES = leafSizes();

function leafSizes(): Float64Array {
  const sizes = new Float64Array(8);
  for (const { leaves } of SHORT_DESCRIPTORS.levels) {
    for (const { kind, bytes } of leaves) sizes[kind] = bytes;
  }
  return sizes;
}

/** Up to this many leaves are invalidated one by one; more of them cost one flush of the ASID. */
const MOST_BY_ADDRESS = 16;

/** Bits of a leaf word that only decide who may do what: changing just these needs no break first. */
const PERMISSION_BITS = permissionBits();

/** Bits of a leaf word that hold the address: of the highest frame that the leaf can map. */
const ADDRESS_BITS = Uint32Array.from({ length: 8 }, (_, kind) =>
  addressBits(kind, 0xfff_ffff & ~(LEAF_BYTES[kind] / PAGE_BYTES - 1)),
);

function permissionBits(): Uint32Array {
  const bits = new Uint32Array(8);
  for (const kind of [Kind.SECTION, Kind.SUPERSECTION, Kind.LARGE, Kind.SMALL]) {
    const isL1 = kind === Kind.SECTION || kind === Kind.SUPERSECTION;
    bits[kind] =
      leafPattern(kind, NO_ATTRIBUTES) ^
      leafPattern(kind, { ...NO_ATTRIBUTES, ap: 7, xn: true, pxn: isL1 });
  }
  return bits;
}

/** Whether a leaf of `kind` fills sixteen entries. */
export const isReplicated = (kind: number): boolean =>
  kind === Kind.LARGE || kind === Kind.SUPERSECTION;

/**
 * What the fast path needs of each table, in plain words: a table's object and the views in it are
 * six cache lines, and of two thousand tables in random order none would be at hand. The first eight
 * words have a bit for each entry of an L2 table that is valid, so that the kernel need not trust the
 * words in memory.
 */
export const INFO_SHIFT = 4;
/** Which of {@link TranslationTables.chunks} holds the table, and its first word there. */
export const INFO_CHUNK = 8;
export const INFO_FIRST_WORD = 9;
/** The number of the root where it is installed, as long as that is in one place; 0 otherwise. */
export const INFO_ROOT = 10;
/** The page that its first entry translates there. */
export const INFO_ROOT_PAGE = 11;
/** Of a root: its address space identifier, and the number of its observer; 0 where there is none. */
export const INFO_ASID = 12;
export const INFO_WATCH = 13;

/** All translation tables of a machine. */
export class TranslationTables {
  /** Facts of each table by its number, 16 words each. Replaced when it grows. */
  info: Int32Array = new Int32Array(64 << INFO_SHIFT);
  /** Pieces of physical memory that hold tables. */
  readonly chunks: Uint32Array[] = [];
  readonly attributes: AttributeWords;
  /** Whoever has to repeat elsewhere what is written here: where a live machine walks the tables. */
  watcher: TableWatcher | null = null;
  private readonly capabilities: Capabilities;
  private readonly memory: PhysicalMemory;
  readonly tlb: Tlb;
  private readonly costs: Float64Array;
  private readonly tables: (TranslationTable | undefined)[] = [undefined];
  private readonly freeNumbers: number[] = [];
  /** The number of the observer that need not be told of what goes now; or 0. */
  unheard = 0;

  constructor(
    capabilities: Capabilities,
    memory: PhysicalMemory,
    tlb: Tlb,
    costs: Float64Array,
    attributes: AttributeWords,
  ) {
    this.capabilities = capabilities;
    this.memory = memory;
    this.tlb = tlb;
    this.costs = costs;
    this.attributes = attributes;
  }

  /** The table of that number; the number must be one that {@link create} gave. */
  table(number: number): TranslationTable {
    return this.tables[number] as TranslationTable;
  }

  /** Every table that there is, by its number. */
  *living(): Generator<TranslationTable> {
    for (const table of this.tables) if (table !== undefined) yield table;
  }

  /** A table of zeros at `kibibyte` for the VNode `object`, or undefined where there is no RAM. */
  create(object: number, level: number, kibibyte: number): TranslationTable | undefined {
    const address = kibibyte * 1024;
    const chunk = this.memory.chunkAt(address);
    if (chunk === undefined) return undefined;
    const number = this.freeNumbers.pop() ?? this.tables.length;
    const entries = level === 1 ? L1_ENTRIES : L2_ENTRIES;
    const first = (address % CHUNK_BYTES) >>> 2;
    const words = chunk.subarray(first, first + entries);
    words.fill(0);
    const table = new TranslationTable(number, object, level, kibibyte, words);
    this.note(number, chunk, first);
    this.tables[number] = table;
    this.costs[Cost.TABLE_ALLOCATIONS] += 1;
    if (this.watcher !== null) this.watcher(table, 0, entries);
    return table;
  }

  /** Forgets a table that holds no Mapping and is installed nowhere. */
  destroy(table: TranslationTable): void {
    this.tables[table.number] = undefined;
    this.freeNumbers.push(table.number);
  }

  private note(number: number, chunk: Uint32Array, firstWord: number): void {
    if ((number + 1) << INFO_SHIFT > this.info.length) {
      const larger = new Int32Array(this.info.length * 2);
      larger.set(this.info);
      this.info = larger;
    }
    let index = this.chunks.lastIndexOf(chunk);
    if (index < 0) index = this.chunks.push(chunk) - 1;
    const at = number << INFO_SHIFT;
    this.info.fill(0, at, at + (1 << INFO_SHIFT));
    this.info[at + INFO_CHUNK] = index;
    this.info[at + INFO_FIRST_WORD] = firstWord;
  }

  /** The words that hold the bits of a table's valid entries; they begin at {@link validAt}. */
  private validBits(table: TranslationTable): Int32Array {
    return table.level === 1 ? table.valid : this.info;
  }

  /** Whether none of `count` entries from `entry` is valid. */
  isFree(table: TranslationTable, entry: number, count: number): boolean {
    return !anyBit(this.validBits(table), validAt(table), entry, count);
  }

  /** Writes `count` entries of leaves of `kind` for the memory from page frame `frame` on. */
  writeLeaves(
    table: TranslationTable,
    entry: number,
    count: number,
    kind: number,
    pattern: number,
    frame: number,
  ): void {
    const words = table.words;
    if (!isReplicated(kind)) {
      const step = kind === Kind.SMALL ? SMALL_PAGE_STEP : SECTION_STEP;
      writeRun(words, entry, count, pattern | addressBits(kind, frame), step);
    } else {
      const end = entry + count;
      const pages = LEAF_BYTES[kind] / PAGE_BYTES;
      let page = frame;
      for (let index = entry; index < end; index += REPLICATION) {
        words.fill(pattern | addressBits(kind, page), index, index + REPLICATION);
        page += pages;
      }
    }
    setBits(this.validBits(table), validAt(table), entry, count);
    this.costs[Cost.ENTRY_WRITES] += count;
    this.costs[Cost.BARRIERS] += 1;
    if (this.watcher !== null) this.watcher(table, entry, count);
  }

  /** Writes the entry that makes `child` serve one MiB of `table`. */
  writeTable(table: TranslationTable, entry: number, child: TranslationTable): void {
    table.words[entry] = this.attributes.table(entry) | tableAddressBits(child.kibibyte);
    setBit(this.validBits(table), validAt(table), entry);
    this.costs[Cost.ENTRY_WRITES] += 1;
    this.costs[Cost.BARRIERS] += 1;
    if (this.watcher !== null) this.watcher(table, entry, 1);
  }

  /** Makes `count` entries invalid and does the maintenance that this owes. */
  clear(table: TranslationTable, entry: number, count: number, kind: number): void {
    if (count === 1) table.words[entry] = 0;
    else table.words.fill(0, entry, entry + count);
    clearBits(this.validBits(table), validAt(table), entry, count);
    this.costs[Cost.ENTRY_WRITES] += count;
    if (this.watcher !== null) this.watcher(table, entry, count);
    this.invalidate(table, entry, count, kind);
  }

  /**
   * Takes `child` out of `parent`. A walker may remember the entry itself, so that one address is
   * owed even where the child is empty; what it may remember below is too much to name one by one.
   */
  clearTable(parent: TranslationTable, entry: number, child: TranslationTable): void {
    parent.words[entry] = 0;
    clearBit(this.validBits(parent), validAt(parent), entry);
    this.costs[Cost.ENTRY_WRITES] += 1;
    if (this.watcher !== null) this.watcher(parent, entry, 1);
    if (this.isFree(child, 0, child.words.length)) this.invalidate(parent, entry, 1, Kind.SECTION);
    else this.forget(parent);
  }

  /**
   * Gives `count` entries of leaves of `kind` the attributes of `pattern`. Where more than the
   * permissions changes, the old entries are broken before the new ones are made (Arm ARM B3.10.1).
   */
  changeLeaves(
    table: TranslationTable,
    entry: number,
    count: number,
    kind: number,
    pattern: number,
  ): void {
    const words = table.words;
    const permissions = PERMISSION_BITS[kind];
    const address = ADDRESS_BITS[kind];
    let breaks = false;
    for (let index = entry; index < entry + count; index += 1) {
      if (((words[index] ^ pattern) & ~permissions & ~address) !== 0) breaks = true;
    }
    const before = breaks
      ? words.slice(entry, entry + count)
      : words.subarray(entry, entry + count);
    if (breaks) this.clear(table, entry, count, kind);
    for (let index = 0; index < count; index += 1) {
      words[entry + index] = (before[index] & address) | pattern;
    }
    this.costs[Cost.ENTRY_WRITES] += count;
    setBits(this.validBits(table), validAt(table), entry, count);
    if (this.watcher !== null) this.watcher(table, entry, count);
    if (breaks) this.costs[Cost.BARRIERS] += 1;
    else this.invalidate(table, entry, count, kind);
  }

  /** The maintenance for entries of `table` that no longer say what a TLB may remember of them. */
  invalidate(table: TranslationTable, entry: number, count: number, kind: number): void {
    if (table.level === 1) {
      this.invalidateAt(table, entry * L1_ENTRY_BYTES, count, kind);
    } else if (table.root !== null) {
      this.invalidateAt(table.root, table.rootAddress + entry * PAGE_BYTES, count, kind);
    } else {
      for (const [root, address] of this.installations(table)) {
        this.invalidateAt(root, address + entry * PAGE_BYTES, count, kind);
      }
    }
  }

  /** Where an L2 table is installed: the roots, and the addresses that its first entry translates. */
  private installations(table: TranslationTable): [TranslationTable, number][] {
    const { slots } = this.capabilities;
    return table.installedBy.map((slot) => {
      const at = slot << SLOT_SHIFT;
      const root = this.table(slots[at + MAPPING_TABLE]);
      return [root, (slots[at + MAPPING_RUN] & RUN_ENTRY_MASK) * L1_ENTRY_BYTES];
    });
  }

  /** Notes that a Mapping installs `child`, or does so no more. */
  noteInstallation(child: TranslationTable, slot: number, installed: boolean): void {
    if (installed) child.installedBy.push(slot);
    else child.installedBy.splice(child.installedBy.indexOf(slot), 1);
    const only = child.installedBy.length === 1 ? this.installations(child)[0] : undefined;
    child.root = only?.[0] ?? null;
    child.rootAddress = only?.[1] ?? 0;
    const at = child.number << INFO_SHIFT;
    this.info[at + INFO_ROOT] = child.root?.number ?? 0;
    this.info[at + INFO_ROOT_PAGE] = pageNumber(child.rootAddress);
  }

  private invalidateAt(root: TranslationTable, address: number, count: number, kind: number): void {
    const asid = root.asid;
    if (asid === 0) return;
    const leaves = isReplicated(kind) ? count / REPLICATION : count;
    if (leaves > MOST_BY_ADDRESS) {
      this.forget(root);
    } else {
      const bytes = LEAF_BYTES[kind];
      for (let leaf = 0; leaf < leaves; leaf += 1) {
        this.tlb.invalidateAddress(address + leaf * bytes, asid);
      }
    }
    // One barrier makes the writes visible to the walker, one waits for the maintenance.
    this.costs[Cost.BARRIERS] += 2;
  }

  /** Gives a root its address space identifier; 0 takes it away. */
  setAsid(root: TranslationTable, asid: number): void {
    root.asid = asid;
    this.info[(root.number << INFO_SHIFT) + INFO_ASID] = asid;
  }

  /** Lets `observer`, which has this number, hear of what goes from under a root; `null` ends it. */
  setObserver(root: TranslationTable, observer: MappingObserver | null, watch: number): void {
    root.observer = observer;
    root.watch = observer === null ? 0 : watch;
    this.info[(root.number << INFO_SHIFT) + INFO_WATCH] = root.watch;
  }

  /** Drops everything that a TLB may remember of the address space under `root`. */
  forget(root: TranslationTable): void {
    if (root.asid === 0) return;
    if (this.attributes.policy.global) this.tlb.invalidateAll();
    else this.tlb.invalidateAsid(root.asid);
  }

  /** Tells whoever shadows `table` that a leaf Mapping has gone from it. */
  tellLost(table: TranslationTable, entry: number, count: number, kind: number): void {
    if (table.level === 1) {
      this.tell(table, entry * L1_ENTRY_BYTES, count, kind);
    } else if (table.root !== null) {
      this.tell(table.root, table.rootAddress + entry * PAGE_BYTES, count, kind);
    } else {
      for (const [root, address] of this.installations(table)) {
        this.tell(root, address + entry * PAGE_BYTES, count, kind);
      }
    }
  }

  private tell(root: TranslationTable, address: number, count: number, kind: number): void {
    if (root.watch !== this.unheard) root.observer?.mappingLost(address, count, kind);
  }
}

/** Where in its words the bits of a table's valid entries begin. */
const validAt = (table: TranslationTable): number =>
  table.level === 1 ? 0 : table.number << INFO_SHIFT;

/** Writes `count` words from `index` on, each `step` more than the one before; eight in a round. */
export function writeRun(
  words: Uint32Array,
  index: number,
  count: number,
  first: number,
  step: number,
): void {
  const end = (index + count) | 0;
  let at = index | 0;
  let word = first | 0;
  // V8 takes nothing out of a loop that stays the same, and adds as doubles what may be no integer.
  const step1 = step | 0;
  const step2 = step1 << 1;
  const step3 = (step2 + step1) | 0;
  const step4 = step1 << 2;
  const step5 = (step4 + step1) | 0;
  const step6 = (step4 + step2) | 0;
  const step7 = (step4 + step3) | 0;
  const step8 = step1 << 3;
  for (const rounds = end - 7; at < rounds; at = (at + 8) | 0) {
    words[at] = word;
    words[(at + 1) | 0] = (word + step1) | 0;
    words[(at + 2) | 0] = (word + step2) | 0;
    words[(at + 3) | 0] = (word + step3) | 0;
    words[(at + 4) | 0] = (word + step4) | 0;
    words[(at + 5) | 0] = (word + step5) | 0;
    words[(at + 6) | 0] = (word + step6) | 0;
    words[(at + 7) | 0] = (word + step7) | 0;
    word = (word + step8) | 0;
  }
  for (; at < end; at = (at + 1) | 0) {
    words[at] = word;
    word = (word + step1) | 0;
  }
}

/** Bytes that one leaf of `kind` translates. */
export const leafBytes = (kind: number): number => LEAF_BYTES[kind];

/** A run of entries as the Mapping keeps it. */
export const packRun = (entry: number, count: number): number => entry | (count << RUN_ENTRY_BITS);
