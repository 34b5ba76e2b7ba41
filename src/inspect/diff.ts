/**
 * `diff`: what changed between two spaces, page by page, told in ranges.
 */

import { formatBytes, hex, hex0x, PAGE_BYTES } from '../base/index.js';
import { memoryTypeName, rightsText, sameMemoryType } from '../format/index.js';
import { SPACE_PAGES } from './address-space.js';
import {
  domainNumberOf,
  isLeaf,
  type Meaning,
  meaningKind,
  nonSecureOf,
  notGlobalOf,
  rightsOf,
} from './leaf-meaning.js';
import { ROW_KINDS } from './map-rows.js';
import type { Regions } from './regions.js';
import { line, type StyledLine } from './styled-text.js';

/** What of a page may differ. */
export type Difference = 'pa' | 'rights' | 'type' | 'domain' | 'nG' | 'NS' | 'leaf';

/** A range that differs in one way all over. */
export interface Change {
  readonly va: number;
  readonly bytes: number;
  readonly kind: 'added' | 'removed' | 'changed';
  /** What differs; empty unless it changed. */
  readonly differences: readonly Difference[];
  readonly before: Side;
  readonly after: Side;
}

/** One side of a change: what is mapped at its first page. */
export interface Side {
  readonly meaning: Meaning;
  /** Undefined where nothing is mapped. */
  readonly pa: number | undefined;
  readonly text: string;
}

/** What changed from `before` to `after`; with `leaves` also where only the size of leaves did. */
export function* diffSpaces(before: Regions, after: Regions, leaves = false): Generator<Change> {
  let run: { change: Change; offsets: string } | undefined;
  let left = 0;
  let right = 0;
  for (let page = 0; page < SPACE_PAGES; ) {
    const end = Math.min(endOf(before, left), endOf(after, right));
    const change = changeAt(before, left, after, right, page, end, leaves);
    const offsets = change === undefined ? '' : offsetsOf(before, left, after, right);
    const last = run?.change;
    if (
      change !== undefined &&
      last !== undefined &&
      run?.offsets === offsets &&
      last.va + last.bytes === change.va &&
      isAlike(last, change)
    ) {
      run = { change: { ...last, bytes: last.bytes + change.bytes }, offsets };
    } else {
      if (last !== undefined) yield last;
      run = change === undefined ? undefined : { change, offsets };
    }
    page = end;
    if (page === endOf(before, left)) left += 1;
    if (page === endOf(after, right)) right += 1;
  }
  if (run !== undefined) yield run.change;
}

function endOf(regions: Regions, region: number): number {
  return (regions.pages[region] as number) + (regions.lengths[region] as number);
}

/** The distance from virtual to physical on both sides: runs go on where it stays. */
function offsetsOf(before: Regions, left: number, after: Regions, right: number): string {
  const distance = (regions: Regions, region: number): number | '-' =>
    isLeaf(regions.meaningOf[region] as number)
      ? (regions.frames[region] as number) - (regions.pages[region] as number)
      : '-';
  return `${distance(before, left)} ${distance(after, right)}`;
}

function isAlike(one: Change, other: Change): boolean {
  return (
    one.kind === other.kind &&
    one.before.meaning === other.before.meaning &&
    one.after.meaning === other.after.meaning
  );
}

function changeAt(
  before: Regions,
  left: number,
  after: Regions,
  right: number,
  page: number,
  end: number,
  leaves: boolean,
): Change | undefined {
  const was = before.meaningOf[left] as number;
  const is = after.meaningOf[right] as number;
  const place = { va: page * PAGE_BYTES, bytes: (end - page) * PAGE_BYTES };
  if (!isLeaf(was) && !isLeaf(is)) return undefined;
  const sides = { before: sideOf(before, left, page), after: sideOf(after, right, page) };
  if (!isLeaf(was)) return { ...place, kind: 'added', differences: [], ...sides };
  if (!isLeaf(is)) return { ...place, kind: 'removed', differences: [], ...sides };
  const differences = differencesOf(before, was, after, is, sides.before.pa !== sides.after.pa);
  const told = leaves ? differences : differences.filter((each) => each !== 'leaf');
  return told.length === 0 ? undefined : { ...place, kind: 'changed', differences: told, ...sides };
}

function differencesOf(
  before: Regions,
  was: Meaning,
  after: Regions,
  is: Meaning,
  moved: boolean,
): Difference[] {
  const tests: readonly (readonly [Difference, boolean])[] = [
    ['pa', moved],
    ['rights', rightsOf(was) !== rightsOf(is)],
    ['type', !sameMemoryType(before.meanings.typeOf(was), after.meanings.typeOf(is))],
    ['domain', domainNumberOf(was) !== domainNumberOf(is)],
    ['nG', notGlobalOf(was) !== notGlobalOf(is)],
    ['NS', nonSecureOf(was) !== nonSecureOf(is)],
    ['leaf', meaningKind(was) !== meaningKind(is)],
  ];
  return tests.flatMap(([name, differs]) => (differs ? [name] : []));
}

function sideOf(regions: Regions, region: number, page: number): Side {
  const meaning = regions.meaningOf[region] as number;
  if (!isLeaf(meaning)) return { meaning, pa: undefined, text: 'not mapped' };
  const frame = (regions.frames[region] as number) + page - (regions.pages[region] as number);
  const rights = rightsOf(meaning);
  const type = memoryTypeName(regions.meanings.typeOf(meaning));
  const texts = [
    `→ ${hex(frame * PAGE_BYTES)}`,
    `${rightsText(rights, true)} ${rightsText(rights, false)}`,
    type,
    ROW_KINDS[meaningKind(meaning)] ?? '',
    `domain ${domainNumberOf(meaning)}`,
  ];
  if (notGlobalOf(meaning)) texts.push('nG');
  return { meaning, pa: frame * PAGE_BYTES, text: texts.join('  ') };
}

/** The change as lines: `+` what is new, `-` what is gone, `~` what is another. */
export function changeLines(change: Change): StyledLine[] {
  const { va, bytes, kind, differences, before, after } = change;
  const range = `${hex(va)}-${hex(va + bytes - 1)}  ${formatBytes(bytes).padStart(7)}`;
  if (kind === 'added') return [line(`+ ${range}  ${after.text}`, 'good')];
  if (kind === 'removed') return [line(`- ${range}  ${before.text}`, 'bad')];
  const indent = ' '.repeat(range.length + 2);
  return [
    line(`~ ${range}  ${differences.join(', ')}`, 'selected'),
    line(`${indent}  - ${before.text}`, 'bad'),
    line(`${indent}  + ${after.text}`, 'good'),
  ];
}

/** A change for JSON. */
export function changeRecord(change: Change): Record<string, unknown> {
  const side = ({ pa, text }: Side): Record<string, unknown> => ({
    pa: pa === undefined ? null : hex0x(pa, 8),
    text,
  });
  return {
    va: hex0x(change.va, 8),
    bytes: change.bytes,
    kind: change.kind,
    differences: change.differences,
    before: side(change.before),
    after: side(change.after),
  };
}
