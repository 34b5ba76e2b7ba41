/**
 * The proof that a pmap's shadow is its hardware tables: for every page that either of them knows,
 * what the pmap records, the word in the table, and what both walkers make of it are the same.
 *
 * What is checked, and against what:
 *
 *     each leaf of the shadow      the word that kernel and policy give for it, in every entry
 *     each page of it              the walker of the hot path: frame, and rights of the flags
 *     the first page of each leaf  the walk with evidence: address, kind, rights
 *     each table of the shadow     the root entry that installs it; no other table is there
 *     each valid leaf entry        a leaf of the shadow that knows it
 */

import { type CapRef, hex0x, OK, PAGE_BYTES } from '../base/index.js';
import { MappingInfo, type Pmap } from '../domain/index.js';
import { TABLE_VNODE, tableAt } from '../domain/table-records.js';
import {
  Access,
  addressBits,
  FaultStatus,
  KIND_NAMES,
  Kind,
  rightsText,
  tableAddressBits,
} from '../format/index.js';
import { CapType, type Kernel, PagingFlags, Rights } from '../kernel/index.js';
import { type SystemRegisters, TableWalker, walk } from '../machine/index.js';
import { AddressSpace, entryText, ROOT_ENTRIES, ROOT_ENTRY_PAGES } from './address-space.js';
import { isLeaf, rightsOf } from './leaf-meaning.js';
import { pmapRegisters } from './machine-space.js';
import { Regions } from './regions.js';

/** One place where the shadow and the tables do not agree. */
export interface Disagreement {
  readonly va: number;
  /** What was compared. */
  readonly what: 'word' | 'walk' | 'rights' | 'frame' | 'table' | 'unknown';
  /** What the shadow says, and what the tables say. */
  readonly shadow: string;
  readonly tables: string;
}

/** What the proof found. */
export interface Verification {
  /** Pages that were compared, of those that the shadow has. */
  readonly pages: number;
  readonly leaves: number;
  /** Level-2 tables. */
  readonly tables: number;
  /** How many disagreements there are, and the first of them. */
  readonly disagreements: number;
  readonly first: readonly Disagreement[];
}

/** How many disagreements are kept. */
const KEPT = 16;
const RIGHTS_MASK = Rights.READ | Rights.WRITE | Rights.EXECUTE;

/**
 * Compares every page of a pmap with its tables. Nothing changes: not even a cost counter.
 *
 * Errors: `LIB_ERR_PMAP_INIT` the pmap's root table cannot be identified any more.
 */
export function verifyPmap(kernel: Kernel, pmap: Pmap): Verification {
  const { counters } = kernel.machine;
  const before = counters.values.slice();
  try {
    return new PmapVerifier(kernel, pmap).run();
  } finally {
    counters.values.set(before);
  }
}

/** One run of the proof. */
class PmapVerifier {
  private readonly kernel: Kernel;
  private readonly pmap: Pmap;
  private readonly registers: SystemRegisters;
  private readonly space: AddressSpace;
  private readonly regions: Regions;
  private readonly walker: TableWalker;
  private readonly first: Disagreement[] = [];
  /** What the region that is being compared allows. */
  private rights = 0;
  private disagreements = 0;
  private pages = 0;
  private leaves = 0;

  constructor(kernel: Kernel, pmap: Pmap) {
    const { memory, profile } = kernel.machine;
    this.kernel = kernel;
    this.pmap = pmap;
    this.registers = pmapRegisters(kernel, pmap);
    this.space = new AddressSpace({ reader: memory, registers: this.registers, profile });
    this.regions = new Regions(this.space);
    this.walker = new TableWalker(memory, profile.hasPxn);
  }

  run(): Verification {
    const tables = this.compareTables();
    const info = new MappingInfo();
    // The shadow is asked about every page that the tables map, and about the holes between them.
    for (let region = 0; region < this.regions.count; region++) {
      const first = this.regions.pages[region] as number;
      const end = first + (this.regions.lengths[region] as number);
      const meaning = this.regions.meaningOf[region] as number;
      this.rights = rightsOf(meaning);
      if (isLeaf(meaning)) this.compareMapped(first, end, info);
      else this.compareHole(first, end);
    }
    const { pages, leaves, disagreements, first } = this;
    return { pages, leaves, tables, disagreements, first };
  }

  private differ(
    page: number,
    what: Disagreement['what'],
    shadow: string,
    tables: string,
  ): undefined {
    this.disagreements += 1;
    if (this.first.length < KEPT) this.first.push({ va: page * PAGE_BYTES, what, shadow, tables });
  }

  /** Every table of the shadow is where the root says, and no other. Answers how many there are. */
  private compareTables(): number {
    const { invocations, shadow } = this.pmap.core;
    const { attributes } = this.kernel.state.tables;
    let tables = 0;
    for (let index = 0; index < ROOT_ENTRIES; index++) {
      const page = index * ROOT_ENTRY_PAGES;
      const record = shadow.tableOf(page);
      const installed = this.space.rootKinds[index] === Kind.TABLE;
      if (record === 0) {
        if (installed) this.differ(page, 'table', 'no table', this.rootEntry(index));
        continue;
      }
      tables += 1;
      const slot = shadow.tables.words[tableAt(record) + TABLE_VNODE] as CapRef;
      const known = invocations.identify(slot) === OK;
      const address = tableAddressBits(invocations.identity.base / 1024);
      const word = (attributes.table(index) | address) >>> 0;
      if (known && this.space.rootWords[index] === word) continue;
      const text = known ? `a table entry ${hex0x(word, 8)}` : `no VNode in slot ${hex0x(slot)}`;
      this.differ(page, 'table', text, this.rootEntry(index));
    }
    return tables;
  }

  private rootEntry(index: number): string {
    return entryText(this.space.rootEntry(index));
  }

  /** Compares pages that the tables map, leaf by leaf of the shadow. */
  private compareMapped(first: number, end: number, info: MappingInfo): void {
    for (let page = first; page < end; ) {
      if (this.pmap.lookup(page * PAGE_BYTES, info) === undefined) {
        this.differ(page, 'unknown', 'nothing', entryText(this.space.entryAt(page)));
        page += 1;
        continue;
      }
      const leafPages = info.leafBytes / PAGE_BYTES;
      const leafEnd = page - (page % leafPages) + leafPages;
      const stop = Math.min(leafEnd, end);
      this.compareLeaf(page, stop, info);
      page = stop;
    }
  }

  /** Compares pages that the tables do not map: the shadow must not know them either. */
  private compareHole(first: number, end: number): void {
    const holes = this.pmap.mappings(first * PAGE_BYTES, end * PAGE_BYTES);
    for (const { address } of holes) {
      const page = Math.max(first, address / PAGE_BYTES);
      this.differ(page, 'unknown', 'a mapping', entryText(this.space.entryAt(page)));
    }
  }

  /** Compares the pages from `page` up to `end`, which lie in one leaf of the shadow. */
  private compareLeaf(page: number, end: number, info: MappingInfo): undefined {
    this.leaves += 1;
    this.pages += end - page;
    const expected = this.expect(page, info);
    if (expected === undefined) {
      const slot = `the frame in slot ${hex0x(info.frame)}`;
      return this.differ(page, 'frame', slot, 'the slot is empty');
    }
    for (let at = page; at < end; at++) this.comparePage(at, expected.frame + at - page, expected);
    return this.compareWalk(page, expected);
  }

  /** What the shadow says that the tables must say of `page`; undefined where its frame is gone. */
  private expect(page: number, info: MappingInfo): Expected | undefined {
    const { core } = this.pmap;
    const { identity } = core.invocations;
    const { attributes } = this.kernel.state.tables;
    const { kind } = info;
    if (core.invocations.identify(info.frame) !== OK) return undefined;
    const device = identity.type === CapType.DEV_FRAME;
    const place = identity.base + info.offset + page * PAGE_BYTES - info.address;
    const frame = place / PAGE_BYTES;
    const flags = core.kernelFlags(info.flags, kind);
    const leafPages = info.leafBytes / PAGE_BYTES;
    const ofLeaf = frame - (page % leafPages);
    const word = (attributes.leaf(kind, flags, device) | addressBits(kind, ofLeaf)) >>> 0;
    // A page whose next use is to be told has no rights until then, or no access flag.
    const isOld = (flags & PagingFlags.OLD) !== 0;
    const granted = isOld ? 0 : attributes.granted(flags) & RIGHTS_MASK;
    const unflagged = isOld && attributes.policy.accessFlag === true;
    return { frame, kind, leafPages, word, granted, device, unflagged };
  }

  private comparePage(page: number, frame: number, expected: Expected): undefined {
    const { space, walker } = this;
    const { word, granted, device, unflagged } = expected;
    const table = space.tableOf[page >>> 8] as number;
    const found =
      table < 0 ? space.rootWords[page >>> 8] : space.tableWords[(table << 8) | (page & 255)];
    if (found !== word) {
      return this.differ(page, 'word', hex0x(word, 8), entryText(space.entryAt(page)));
    }
    const fault = walker.walk(this.registers, (page << 12) >>> 0);
    const walked = walker.frame + (page & (expected.leafPages - 1));
    if (unflagged && ACCESS_FLAG_FAULTS.includes(-fault)) return undefined;
    if (fault !== 0 || walked !== frame) {
      const text = fault === 0 ? frameText(walked) : `fault ${-fault}`;
      return this.differ(page, 'walk', frameText(frame), text);
    }
    // A device is never executable under the policies that know devices.
    const rights = this.rights >> Access.USER_READ;
    const agree = device ? (rights & ~granted) === 0 : rights === granted;
    return agree
      ? undefined
      : this.differ(page, 'rights', rightsText(granted, true), rightsText(rights, true));
  }

  private compareWalk(page: number, expected: Expected): undefined {
    const { memory, profile } = this.kernel.machine;
    const { leaf, steps } = walk(
      memory,
      this.registers,
      profile,
      page * PAGE_BYTES,
      Access.USER_READ,
    );
    const kind = KIND_NAMES[expected.kind];
    const same =
      leaf?.pa === expected.frame * PAGE_BYTES &&
      leaf.kind === kind &&
      leaf.rights === this.rights &&
      steps.at(-1)?.word === expected.word;
    if (same) return undefined;
    const found = leaf === undefined ? 'nothing' : `${leaf.kind} ${hex0x(leaf.pa)}`;
    return this.differ(page, 'walk', `${kind} ${frameText(expected.frame)}`, found);
  }
}

/** What the shadow says of one leaf. */
interface Expected {
  /** The frame of the first page that is compared. */
  readonly frame: number;
  readonly kind: number;
  readonly leafPages: number;
  readonly word: number;
  /** What the flags give to PL0: `Rights`. */
  readonly granted: number;
  readonly device: boolean;
  /** Whether a walk ends in an access flag fault. */
  readonly unflagged: boolean;
}

const ACCESS_FLAG_FAULTS: readonly number[] = [
  FaultStatus.ACCESS_FLAG_L1,
  FaultStatus.ACCESS_FLAG_L2,
];

function frameText(frame: number): string {
  return `frame ${hex0x(frame * PAGE_BYTES)}`;
}
