/**
 * Rules that look at the words of the tables and at the ends of the space: replication, alignment,
 * wrap-around, names that overlap.
 */

import { hex, hex0x, PAGE_BYTES } from '../../base/index.js';
import { Kind, kindOf, leafAp } from '../../format/index.js';
import { Sctlr, Ttbcr, ttbr0Base } from '../../machine/index.js';
import { ROOT_ENTRIES, ROOT_ENTRY_PAGES, TABLE_ENTRIES } from '../address-space.js';
import { isLeaf, withoutKind } from '../leaf-meaning.js';
import { type Draft, type Judged, pagesText } from './finding.js';

const REPLICATION = 16;

/** The words of one table, and the page of its first entry. */
interface TableView {
  readonly level: 1 | 2;
  readonly words: Uint32Array;
  readonly page: number;
  readonly entryPages: number;
  /** The kind of leaf that stands in 16 entries. */
  readonly replicated: number;
}

/** Every table once: the roots as one, and each level-2 table where it is first installed. */
function* tablesOf(context: Judged): Generator<TableView> {
  const { space } = context;
  yield {
    level: 1,
    words: space.rootWords,
    page: 0,
    entryPages: ROOT_ENTRY_PAGES,
    replicated: Kind.SUPERSECTION,
  };
  const seen = new Set<number>();
  for (let index = 0; index < ROOT_ENTRIES; index++) {
    const table = space.tableOf[index] as number;
    if (table < 0 || seen.has(table)) continue;
    seen.add(table);
    yield {
      level: 2,
      words: space.tableWords.subarray(table * TABLE_ENTRIES, (table + 1) * TABLE_ENTRIES),
      page: index * ROOT_ENTRY_PAGES,
      entryPages: 1,
      replicated: Kind.LARGE,
    };
  }
}

/** Whether the 16 words from `at` on are equal. */
function isWhole(words: Uint32Array, at: number): boolean {
  for (let index = at + 1; index < at + REPLICATION; index++) {
    if (words[index] !== words[at]) return false;
  }
  return true;
}

/** Groups of 16 that hold a replicated leaf and are not equal, with the first such entry. */
function* brokenGroups(context: Judged): Generator<{ view: TableView; at: number }> {
  const { hasPxn } = context.space.input.profile;
  for (const view of tablesOf(context)) {
    const { words, level, replicated } = view;
    for (let group = 0; group < words.length; group += REPLICATION) {
      let at = group;
      while (
        at < group + REPLICATION &&
        kindOf(level, words[at] as number, hasPxn) !== replicated
      ) {
        at += 1;
      }
      if (at < group + REPLICATION && !isWhole(words, group)) yield { view, at };
    }
  }
}

/** Whether 16 equal words begin at `at`, which is no multiple of 16. */
function isShifted(view: TableView, at: number): boolean {
  const { words } = view;
  return at % REPLICATION !== 0 && at + REPLICATION <= words.length && isWhole(words, at);
}

const SIZES: Readonly<Record<number, string>> = {
  [Kind.SUPERSECTION]: 'supersection',
  [Kind.LARGE]: 'large page',
};

/** VM007. */
export function* notReplicated(context: Judged): Generator<Draft> {
  let shiftedUntil: { view: TableView; end: number } | undefined;
  for (const { view, at } of brokenGroups(context)) {
    // A leaf that begins at the wrong entry breaks two groups; VM008 tells of both.
    if (isShifted(view, at)) {
      shiftedUntil = { view, end: at + REPLICATION };
      continue;
    }
    if (shiftedUntil?.view.page === view.page && at < shiftedUntil.end) continue;
    const group = at - (at % REPLICATION);
    const page = view.page + group * view.entryPages;
    const first = view.page + at * view.entryPages;
    const word = view.words[at] as number;
    const equal = view.words
      .subarray(group, group + REPLICATION)
      .filter((other) => other === word).length;
    yield {
      message: `the ${SIZES[view.replicated]} at ${pagesText(page, REPLICATION * view.entryPages)} stands in ${equal} of its 16 entries`,
      fix: `write ${hex(word)} to all 16 entries, or use ${view.level === 1 ? 'sections' : 'small pages'}`,
      page,
      pages: REPLICATION * view.entryPages,
      entry: context.space.entryAt(first),
    };
  }
}

/** VM008: tables whose address has bits that do not count, and leaves that begin at a wrong entry. */
export function* unaligned(context: Judged): Generator<Draft> {
  const { registers } = context.space.input;
  const n = registers.ttbcr & Ttbcr.N_MASK;
  const roots = [
    { name: 'TTBR0', word: registers.ttbr0, base: ttbr0Base(registers.ttbr0, n), bits: 14 - n },
    ...(n === 0
      ? []
      : [{ name: 'TTBR1', word: registers.ttbr1, base: registers.ttbr1 & 0xffff_c000, bits: 14 }]),
  ];
  for (const { name, word, base, bits } of roots) {
    // Bits 6..0 hold the cacheability of walks; those between them and the base are address.
    const lost = word & ((1 << bits) - 1) & ~0x7f;
    if (lost === 0) continue;
    yield {
      message: `${name} ${hex(word)} is not aligned to ${hex0x(2 ** bits)}: the table that is used lies at ${hex(base >>> 0)}`,
      fix: `put the root table at a multiple of ${hex0x(2 ** bits)}`,
      page: 0,
      pages: ROOT_ENTRIES * ROOT_ENTRY_PAGES,
      key: name,
    };
  }
  for (const { view, at } of brokenGroups(context)) {
    if (!isShifted(view, at)) continue;
    const page = view.page + at * view.entryPages;
    yield {
      message: `a ${SIZES[view.replicated]} fills 16 entries from ${hex(page * PAGE_BYTES)} on, which is no multiple of its size`,
      fix: `begin it at an entry whose index is a multiple of 16, or use ${view.level === 1 ? 'sections' : 'small pages'}`,
      page,
      pages: REPLICATION * view.entryPages,
      entry: context.space.entryAt(page),
    };
  }
}

const TOP_FRAME = 0x10_0000;

/** VM009: a region whose physical side, or whose virtual side, continues at 0. */
export function* wrap(context: Judged): Generator<Draft> {
  const { regions, space } = context;
  const alike = (one: number, other: number): boolean =>
    withoutKind(regions.meaningOf[one] as number) ===
    withoutKind(regions.meaningOf[other] as number);
  for (let region = 0; region + 1 < regions.count; region++) {
    const next = region + 1;
    const page = regions.pages[next] as number;
    if (regions.frames[next] !== 0) continue;
    const end = (regions.frames[region] as number) + (regions.lengths[region] as number);
    if (end !== TOP_FRAME) continue;
    if (!isLeaf(regions.meaningOf[region] as number) || !isLeaf(regions.meaningOf[next] as number))
      continue;
    if (!alike(region, next)) continue;
    yield {
      message: `the region that ends at ${hex(page * PAGE_BYTES - 1)} maps the end of physical memory, and goes on with ${hex(0)} behind it`,
      fix: 'end the region at the end of the 4 GiB: its size is too large, or its address',
      page: regions.pages[region] as number,
      pages: (regions.lengths[region] as number) + (regions.lengths[next] as number),
      entry: space.entryAt(page),
    };
  }
  const last = regions.count - 1;
  const meaning = regions.meaningOf[last] as number;
  const end = (regions.frames[last] as number) + (regions.lengths[last] as number);
  if (last > 0 && isLeaf(meaning) && alike(last, 0) && regions.frames[0] === end) {
    yield {
      message: `the region at ${hex((regions.pages[last] as number) * PAGE_BYTES)} reaches the last address, and goes on at 0`,
      fix: 'end the region at the end of the 4 GiB: its size is too large, or its address',
      page: 0,
      pages: regions.lengths[0] as number,
      entry: space.entryAt(0),
    };
  }
}

/** VM015. */
export function* overlap(context: Judged): Generator<Draft> {
  const named = context.names.regions('virtual');
  for (const [index, range] of named.entries()) {
    const end = range.base + range.bytes;
    for (let at = index + 1; at < named.length; at++) {
      const other = named[at] as (typeof named)[number];
      if (other.base >= end) break;
      // A region inside another is a part of it; one that begins with it and is larger, too.
      if (other.base + other.bytes <= end || other.base === range.base) continue;
      const page = Math.floor(other.base / PAGE_BYTES);
      const pages = Math.max(1, Math.ceil(end / PAGE_BYTES) - page);
      yield {
        message: `${range.name} (${hex(range.base)}-${hex(end - 1)}) overlaps ${other.name} (${hex(other.base)}-${hex(other.base + other.bytes - 1)}) from ${hex(other.base)} to ${hex(end - 1)}`,
        fix: `move ${other.name}, or end ${range.name} at ${hex(other.base - 1)}`,
        page,
        pages,
        entry: context.space.entryAt(page),
        key: `${range.name}|${other.name}`,
      };
    }
  }
}

/** VM016: AP 100, which the full model reserves. */
export function* reservedAp(context: Judged): Generator<Draft> {
  const { registers, profile } = context.space.input;
  if ((registers.sctlr & Sctlr.AFE) !== 0) return;
  for (const view of tablesOf(context)) {
    let run: { first: number; count: number } | undefined;
    // Kind and AP stand in the low bits, in which most entries are alike.
    const mask = view.level === 1 ? 0xf_ffff : 0xfff;
    let bits = -1;
    let reserved = false;
    for (let at = 0; at <= view.words.length; at++) {
      const word = view.words[at] ?? 0;
      if ((word & mask) !== bits) {
        bits = word & mask;
        const kind = kindOf(view.level, word, profile.hasPxn);
        reserved = kind >= Kind.SECTION && kind <= Kind.SMALL && leafAp(kind, word) === 0b100;
      }
      if (reserved) {
        run ??= { first: at, count: 0 };
        run.count += 1;
      } else if (run !== undefined) {
        const page = view.page + run.first * view.entryPages;
        const pages = run.count * view.entryPages;
        yield {
          message: `${pagesText(page, pages)} has the reserved permissions AP 100`,
          fix: 'AP 101 is read-only for PL1, 000 is no access',
          page,
          pages,
          entry: context.space.entryAt(page),
        };
        run = undefined;
      }
    }
  }
}
