/** Ranges that are taken, and the free ones between them. */

/** A range of addresses, `end` behind its last byte, and whose it is. */
export interface TakenRange<T> {
  readonly base: number;
  readonly end: number;
  readonly owner: T;
}

/** Disjoint or overlapping ranges, by base. */
export class TakenRanges<T> {
  private readonly ranges: TakenRange<T>[] = [];

  /** Adds a range of at least one byte. */
  add(base: number, end: number, owner: T): void {
    this.ranges.splice(this.firstAbove(base), 0, { base, end, owner });
  }

  /** The lowest range that shares addresses with [base, end). */
  overlapping(base: number, end: number): TakenRange<T> | undefined {
    return this.ranges.find((range) => range.base < end && base < range.end);
  }

  /** Every range that shares addresses with [base, end). */
  allOverlapping(base: number, end: number): TakenRange<T>[] {
    return this.ranges.filter((range) => range.base < end && base < range.end);
  }

  /** The free ranges inside [from, to), lowest first. */
  *holes(from: number, to: number): Generator<{ readonly base: number; readonly end: number }> {
    let base = from;
    for (const range of this.ranges) {
      if (range.base >= to) break;
      if (range.base > base) yield { base, end: range.base };
      base = Math.max(base, range.end);
    }
    if (base < to) yield { base, end: to };
  }

  private firstAbove(base: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ranges[middle] as TakenRange<T>).base <= base) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What is looked for: so many bytes at an address that is `remainder` modulo `alignment`. */
export interface WantedRange {
  readonly bytes: number;
  readonly alignment: number;
  readonly remainder?: number;
}

/** The lowest fitting address inside [from, to) that `taken` leave free, or undefined. */
export function lowestFit(
  taken: TakenRanges<unknown>,
  from: number,
  to: number,
  wanted: WantedRange,
): number | undefined {
  for (const { base, end } of taken.holes(from, to)) {
    const address = fitAbove(base, wanted);
    if (address + wanted.bytes <= end) return address;
  }
  return undefined;
}

/** The fitting free address nearest to `near` inside [from, to), of two the higher; or undefined. */
export function nearestFit(
  taken: TakenRanges<unknown>,
  from: number,
  to: number,
  near: number,
  wanted: WantedRange,
): number | undefined {
  let best: number | undefined;
  for (const { base, end } of taken.holes(from, to)) {
    const lowest = fitAbove(base, wanted);
    const highest = fitBelow(end - wanted.bytes, wanted);
    if (highest < lowest) continue;
    const address = Math.min(Math.max(lowest, fitAbove(near, wanted)), highest);
    if (best === undefined || Math.abs(address - near) <= Math.abs(best - near)) best = address;
  }
  return best;
}

function fitAbove(address: number, { alignment, remainder = 0 }: WantedRange): number {
  return Math.ceil((address - remainder) / alignment) * alignment + remainder;
}

function fitBelow(address: number, { alignment, remainder = 0 }: WantedRange): number {
  return Math.floor((address - remainder) / alignment) * alignment + remainder;
}
