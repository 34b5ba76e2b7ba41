/**
 * `where`: every virtual address that reaches a piece of physical memory.
 */

import { hex, hex0x, PAGE_BYTES } from '../base/index.js';
import { memoryTypeName, rightsText } from '../format/index.js';
import type { AddressRange } from './address-range.js';
import type { TableEntry } from './address-space.js';
import { entryPlace } from './entry-text.js';
import { isLeaf, type Meaning, meaningKind, rightsOf } from './leaf-meaning.js';
import { isKernelOnly, ROW_KINDS, rowStyle } from './map-rows.js';
import type { Regions } from './regions.js';
import { line, type StyledLine } from './styled-text.js';

/** A run of virtual addresses that reaches a part of the memory that was asked for. */
export interface Reach {
  readonly va: number;
  /** The physical address that `va` reaches. */
  readonly pa: number;
  readonly bytes: number;
  readonly meaning: Meaning;
  /** The entry that maps `va`. */
  readonly entry: TableEntry;
}

/** Everything that reaches `range`, by ascending virtual address. */
export function* whereIs(regions: Regions, range: AddressRange): Generator<Reach> {
  const end = range.base + range.bytes;
  for (let region = 0; region < regions.count; region++) {
    const meaning = regions.meaningOf[region] as number;
    const pa = (regions.frames[region] as number) * PAGE_BYTES;
    const bytes = (regions.lengths[region] as number) * PAGE_BYTES;
    if (pa >= end || pa + bytes <= range.base || !isLeaf(meaning)) continue;
    const first = Math.max(pa, range.base);
    const page = regions.pages[region] as number;
    const va = page * PAGE_BYTES + first - pa;
    yield {
      va,
      pa: first,
      bytes: Math.min(pa + bytes, end) - first,
      meaning,
      entry: regions.space.entryAt(Math.floor(va / PAGE_BYTES)),
    };
  }
}

/** The answer as lines: the memory, and one line for each run of addresses that reaches it. */
export function whereLines(
  regions: Regions,
  range: AddressRange,
  reaches: readonly Reach[],
): StyledLine[] {
  const asked = range.single
    ? `${hex(range.base)}  page ${hex(range.base - (range.base % PAGE_BYTES))}`
    : `${hex(range.base)}-${hex(range.base + range.bytes - 1)}`;
  if (reaches.length === 0) return [line(`${asked}  reached by no address`, 'bad')];
  return [line(asked), ...reaches.map((reach) => reachLine(regions, reach, range.single))];
}

function reachLine(regions: Regions, reach: Reach, single: boolean): StyledLine {
  const { meaning, va, pa, bytes, entry } = reach;
  const rights = rightsOf(meaning);
  const type = regions.meanings.typeOf(meaning);
  const place = single ? hex(va) : `${hex(va)}-${hex(va + bytes - 1)} → ${hex(pa)}`;
  const text = [
    `  ← ${place}`,
    `${rightsText(rights, true)} ${rightsText(rights, false)}`,
    (ROW_KINDS[meaningKind(meaning)] ?? '').padEnd(5),
    memoryTypeName(type),
  ].join('  ');
  return [
    { text, style: rowStyle({ rights, type }), dim: isKernelOnly({ rights }) },
    { text: `  ${entryPlace(entry)}`, style: 'quiet' },
  ];
}

/** One answer of `where` for JSON; `va` is null where nothing reaches the memory. */
export interface WhereRecord {
  readonly pa: string;
  readonly va: string | null;
  readonly bytes: number;
  readonly kind: string | null;
  readonly pl1: string | null;
  readonly pl0: string | null;
  readonly type: string | null;
  readonly entry: string | null;
  readonly word: string | null;
}

/** The answers for JSON: one for each reach, or one that says that there is none. */
export function whereRecords(
  regions: Regions,
  range: AddressRange,
  reaches: readonly Reach[],
): WhereRecord[] {
  if (reaches.length === 0) {
    const nothing = { kind: null, pl1: null, pl0: null, type: null, entry: null, word: null };
    return [{ pa: hex0x(range.base, 8), va: null, bytes: range.bytes, ...nothing }];
  }
  return reaches.map(({ va, pa, bytes, meaning, entry }) => ({
    pa: hex0x(pa, 8),
    va: hex0x(va, 8),
    bytes,
    kind: ROW_KINDS[meaningKind(meaning)] ?? null,
    pl1: rightsText(rightsOf(meaning), true),
    pl0: rightsText(rightsOf(meaning), false),
    type: memoryTypeName(regions.meanings.typeOf(meaning)),
    entry: hex0x(entry.address, 8),
    word: entry.word === undefined ? null : hex0x(entry.word, 8),
  }));
}
