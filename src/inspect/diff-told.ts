/**
 * `diff` where one side is what a system printed of itself: it knows less than tables do, so that only
 * what both sides know is held against each other.
 */

import { hex, PAGE_BYTES } from '../base/index.js';
import { memoryTypeName, rightsText } from '../format/index.js';
import type { Change, Difference, Side } from './diff.js';
import { isExecutable, isLeaf, isUserAccessible, isWritable, rightsOf } from './leaf-meaning.js';
import type { Regions } from './regions.js';

/** A range of a space as somebody tells of it. */
export interface ToldRange {
  readonly va: number;
  readonly bytes: number;
  /** Where it begins in physical memory; undefined where nobody says. */
  readonly pa: number | undefined;
  /** Six bits of `Right`; undefined where nobody says. */
  readonly rights: number | undefined;
  /** The memory, in the teller's own words. */
  readonly memory: string | undefined;
}

/** What the tables of a space tell. */
export function toldByTables(regions: Regions): ToldRange[] {
  const told: ToldRange[] = [];
  for (let region = 0; region < regions.count; region++) {
    const meaning = regions.meaningOf[region] as number;
    if (!isLeaf(meaning)) continue;
    told.push({
      va: (regions.pages[region] as number) * PAGE_BYTES,
      bytes: (regions.lengths[region] as number) * PAGE_BYTES,
      pa: (regions.frames[region] as number) * PAGE_BYTES,
      rights: rightsOf(meaning),
      memory: memoryTypeName(regions.meanings.typeOf(meaning)),
    });
  }
  return told;
}

/**
 * What changed from `before` to `after`, as far as both know. Ranges may come in any order; where two
 * of one side overlap, the one that begins lower counts. Memory types are not compared: each teller
 * has words of his own for them.
 */
export function* diffTold(
  before: readonly ToldRange[],
  after: readonly ToldRange[],
): Generator<Change> {
  const [old, now] = [disjoint(before), disjoint(after)];
  const borders = [...old, ...now].flatMap(({ va, bytes }) => [va, va + bytes]);
  const places = [...new Set(borders)].toSorted((left, right) => left - right);
  let left = 0;
  let right = 0;
  let last: Change | undefined;
  for (const [index, va] of places.entries()) {
    const end = places[index + 1];
    if (end === undefined) break;
    while (old[left] !== undefined && endOf(old[left] as ToldRange) <= va) left += 1;
    while (now[right] !== undefined && endOf(now[right] as ToldRange) <= va) right += 1;
    const change = changeAt(partAt(old[left], va), partAt(now[right], va), va, end - va);
    if (change === undefined) continue;
    if (last !== undefined && continues(last, change)) {
      last = { ...last, bytes: last.bytes + change.bytes };
      continue;
    }
    if (last !== undefined) yield last;
    last = change;
  }
  if (last !== undefined) yield last;
}

const endOf = ({ va, bytes }: ToldRange): number => va + bytes;

/** The part of a range from `va` on; undefined where it does not hold `va`. */
function partAt(range: ToldRange | undefined, va: number): ToldRange | undefined {
  if (range === undefined || va < range.va) return undefined;
  const pa = range.pa === undefined ? undefined : range.pa + va - range.va;
  return { ...range, va, bytes: endOf(range) - va, pa };
}

function disjoint(ranges: readonly ToldRange[]): ToldRange[] {
  const kept: ToldRange[] = [];
  let end = 0;
  for (const range of ranges.toSorted((one, other) => one.va - other.va)) {
    const part = partAt(range, Math.max(range.va, end));
    if (part === undefined || part.bytes <= 0) continue;
    kept.push(part);
    end = endOf(part);
  }
  return kept;
}

function changeAt(
  was: ToldRange | undefined,
  is: ToldRange | undefined,
  va: number,
  bytes: number,
): Change | undefined {
  const sides = { before: sideOf(was), after: sideOf(is) };
  if (was === undefined && is === undefined) return undefined;
  if (was === undefined) return { va, bytes, kind: 'added', differences: [], ...sides };
  if (is === undefined) return { va, bytes, kind: 'removed', differences: [], ...sides };
  const differences: Difference[] = [];
  if (was.pa !== undefined && is.pa !== undefined && was.pa !== is.pa) differences.push('pa');
  if (was.rights !== undefined && is.rights !== undefined) {
    if (kindOfRights(was.rights) !== kindOfRights(is.rights)) differences.push('rights');
  }
  return differences.length === 0
    ? undefined
    : { va, bytes, kind: 'changed', differences, ...sides };
}

/** What both logs and tables can say of rights: whether anybody writes, executes, and whether PL0 may. */
function kindOfRights(rights: number): number {
  return (
    (isWritable(rights) ? 1 : 0) |
    (isExecutable(rights) ? 2 : 0) |
    (isUserAccessible(rights) ? 4 : 0)
  );
}

/** No meaning of tables: what is told here may not be from any. */
const TOLD = -1;

function sideOf(range: ToldRange | undefined): Side {
  if (range === undefined) return { meaning: TOLD, pa: undefined, text: 'not mapped' };
  const { pa, rights, memory } = range;
  const both =
    rights === undefined ? '??? ???' : `${rightsText(rights, true)} ${rightsText(rights, false)}`;
  const texts = [pa === undefined ? '→ ?' : `→ ${hex(pa)}`, both, memory ?? '?'];
  return { meaning: TOLD, pa, text: texts.join('  ') };
}

/** Whether a change is the last one going on. */
function continues(last: Change, next: Change): boolean {
  const goesOn = (one: Side, other: Side): boolean =>
    one.text.slice(one.text.indexOf('  ')) === other.text.slice(other.text.indexOf('  ')) &&
    (one.pa === undefined ? other.pa === undefined : other.pa === one.pa + last.bytes);
  return (
    last.va + last.bytes === next.va &&
    last.kind === next.kind &&
    last.differences.join() === next.differences.join() &&
    goesOn(last.before, next.before) &&
    goesOn(last.after, next.after)
  );
}
