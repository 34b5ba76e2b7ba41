/**
 * `show --view tree`, `pages` and `raw`: the tables as they are, entry by entry.
 */

import { formatBytes, hex, PAGE_BYTES } from '../base/index.js';
import { Kind, memoryTypeName, rightsText } from '../format/index.js';
import {
  type AddressSpace,
  ROOT_ENTRY_PAGES,
  TABLE_ENTRIES,
  type TableEntry,
  UNREADABLE,
} from './address-space.js';
import { entryMeaning, entryPlace } from './entry-text.js';
import {
  isLeaf,
  type Meaning,
  meaningKind,
  NO_LEAF,
  notGlobalOf,
  rightsOf,
} from './leaf-meaning.js';
import { isKernelOnly, ROW_KINDS, rowStyle } from './map-rows.js';
import { LEAF_PAGES, leavesIn, type Regions } from './regions.js';
import { headerLines, type Provenance } from './space-header.js';
import { line, type Span, type StyledLine } from './styled-text.js';

/** The tables as a tree: each root, its runs of sections, its level-2 tables, their runs of pages. */
export function* treeLines(regions: Regions, provenance: Provenance): Generator<StyledLine> {
  const { space } = regions;
  yield* headerLines(space, provenance);
  const seen = new Map<number, number>();
  for (const root of space.roots) {
    const state = root.disabled ? 'disabled by TTBCR' : `${root.end - root.first} entries`;
    yield line(`${root.register} @${hex(root.base)}  ${state}`, 'heading');
    for (let index = root.first; index < root.end; ) {
      const table = space.tableOf[index] as number;
      if (table < 0) {
        const end = endOfRootRun(space, index, root.end);
        yield* runLines(regions, index * ROOT_ENTRY_PAGES, end * ROOT_ENTRY_PAGES, '  ');
        index = end;
        continue;
      }
      yield tableLine(space, index, table, seen.get(table));
      if (!seen.has(table)) {
        seen.set(table, index);
        const first = index * ROOT_ENTRY_PAGES;
        yield* runLines(regions, first, first + ROOT_ENTRY_PAGES, '    ');
      }
      index += 1;
    }
  }
}

/** The root entries from `index` on that lead to no table. */
function endOfRootRun(space: AddressSpace, index: number, limit: number): number {
  let end = index;
  while (end < limit && (space.tableOf[end] as number) < 0) end += 1;
  return end;
}

function tableLine(
  space: AddressSpace,
  index: number,
  table: number,
  seenAt: number | undefined,
): StyledLine {
  const entry = space.rootEntry(index);
  const text = `  ${entryPlace(entry)}  ${entryMeaning(entry, space.input)}`;
  const used = usedEntries(space, table);
  const state =
    seenAt === undefined
      ? `${used} of ${TABLE_ENTRIES} entries used`
      : `shown above, at L1[0x${hex(seenAt, 3)}]`;
  return [{ text }, { text: `  ${state}`, style: 'quiet' }];
}

function usedEntries(space: AddressSpace, table: number): number {
  let used = 0;
  const first = table * TABLE_ENTRIES;
  for (let at = first; at < first + TABLE_ENTRIES; at++) {
    if (((space.tableWords[at] as number) & 3) !== 0) used += 1;
  }
  return used;
}

/** The runs of leaves from page `from` up to `to`, without holes. */
function* runLines(
  regions: Regions,
  from: number,
  to: number,
  indent: string,
): Generator<StyledLine> {
  for (let page = from; page < to; ) {
    const region = regions.at(page);
    const end = (regions.pages[region] as number) + (regions.lengths[region] as number);
    const stop = Math.min(end, to);
    const meaning = regions.meaningOf[region] as number;
    if (meaning !== NO_LEAF.HOLE) {
      const frame = (regions.frames[region] as number) + page - (regions.pages[region] as number);
      const entry = regions.space.entryAt(page);
      const count = isLeaf(meaning) ? ` ×${leavesIn(meaning, stop - page)}` : '';
      const text = `${indent}${entryPlace(entry)}  ${kindText(meaning)}${count}  `;
      const span = leafSpan(regions, meaning, page, frame, (stop - page) * PAGE_BYTES);
      yield [{ text }, span];
    }
    page = stop;
  }
}

function kindText(meaning: Meaning): string {
  return ROW_KINDS[meaningKind(meaning)] ?? 'fault';
}

/** `50000000-5001ffff → 61100000  r-x r-x  normal-wbwa`. */
function leafSpan(
  regions: Regions,
  meaning: Meaning,
  page: number,
  frame: number,
  bytes: number,
): Span {
  const va = page * PAGE_BYTES;
  const range = `${hex(va)}-${hex(va + bytes - 1)}`;
  if (!isLeaf(meaning)) return { text: range, style: 'hole' };
  const rights = rightsOf(meaning);
  const type = regions.meanings.typeOf(meaning);
  const both = `${rightsText(rights, true)} ${rightsText(rights, false)}`;
  const scope = notGlobalOf(meaning) ? '  nG' : '';
  const text = `${range} → ${hex(frame * PAGE_BYTES)}  ${both}  ${memoryTypeName(type)}${scope}`;
  return { text, style: rowStyle({ rights, type }), dim: isKernelOnly({ rights }) };
}

/** Every leaf, one line each, with the entry that maps it. */
export function* pageLines(regions: Regions, provenance: Provenance): Generator<StyledLine> {
  yield* headerLines(regions.space, provenance);
  for (let region = 0; region < regions.count; region++) {
    const meaning = regions.meaningOf[region] as number;
    if (meaning === NO_LEAF.HOLE) continue;
    const first = regions.pages[region] as number;
    const end = first + (regions.lengths[region] as number);
    const size = LEAF_PAGES[meaningKind(meaning)] ?? 0;
    for (let page = first; page < end; ) {
      // The first leaf may be the rest of one that another mapping overwrote in part.
      const stop = size === 0 ? end : Math.min(end, page - (page % size) + size);
      const frame = (regions.frames[region] as number) + page - first;
      const bytes = (stop - page) * PAGE_BYTES;
      const label = `${kindText(meaning).padEnd(6)}${formatBytes(bytes).padStart(7)}  `;
      yield [
        { text: label },
        leafSpan(regions, meaning, page, frame, bytes),
        { text: `  ${entryPlace(regions.space.entryAt(page))}`, style: 'quiet' },
      ];
      page = stop;
    }
  }
}

/** Every entry that is not zero: address, word, index, and what the fields say. */
export function* rawLines(space: AddressSpace, provenance: Provenance): Generator<StyledLine> {
  yield* headerLines(space, provenance);
  const seen = new Set<number>();
  for (const root of space.roots) {
    yield line(`${root.register} @${hex(root.base)}`, 'heading');
    for (let index = root.first; index < root.end; index++) {
      if (space.rootWords[index] === 0 && space.rootKinds[index] !== UNREADABLE) continue;
      yield rawLine(space, space.rootEntry(index));
      const table = space.tableOf[index] as number;
      if (table < 0 || seen.has(table)) continue;
      seen.add(table);
      const first = index * ROOT_ENTRY_PAGES;
      for (let page = first; page < first + ROOT_ENTRY_PAGES; page++) {
        const entry = space.entryAt(page);
        if (entry.word !== 0) yield rawLine(space, entry);
      }
    }
  }
}

function rawLine(space: AddressSpace, entry: TableEntry): StyledLine {
  const indent = entry.level === 1 ? '' : '  ';
  const text = `${indent}${entryPlace(entry)}  ${entryMeaning(entry, space.input)}`;
  return entry.kind === Kind.FAULT ? line(text, 'hole') : line(text);
}
