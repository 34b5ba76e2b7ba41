/**
 * Names of address ranges: symbols and sections of a program, regions of a map, peripherals of a
 * chip. Some are virtual, some physical; where several hold an address the smallest is the answer.
 */

/** A range with a name. */
export interface NamedRange {
  readonly name: string;
  readonly base: number;
  readonly bytes: number;
  /** Which addresses these are. */
  readonly space: 'virtual' | 'physical';
  /**
   * A region is a part of the map, as `vectors` or `uart0`: the map shows where it begins. A symbol
   * is a point in the map, and only ever named beside an address.
   */
  readonly role: 'region' | 'symbol';
  /** Where the name is from, for a person: `board.svd`, `fw.elf`. */
  readonly origin: string;
}

/** The named ranges of one space, by base, with the highest end up to each. */
interface Shelf {
  readonly ranges: readonly NamedRange[];
  readonly ends: Float64Array;
}

/** Names, found by address. */
export class Names {
  private readonly shelves: Readonly<Record<NamedRange['space'], Shelf>>;
  /** All ranges, in the order they were given. */
  readonly ranges: readonly NamedRange[];

  constructor(ranges: readonly NamedRange[] = []) {
    this.ranges = ranges.map(printable);
    this.shelves = {
      virtual: shelfOf(this.ranges.filter((range) => range.space === 'virtual')),
      physical: shelfOf(this.ranges.filter((range) => range.space === 'physical')),
    };
  }

  /** The smallest range that holds `address`. */
  at(space: NamedRange['space'], address: number): NamedRange | undefined {
    let best: NamedRange | undefined;
    for (const range of this.overlapping(space, address, 1)) {
      if (best === undefined || range.bytes < best.bytes) best = range;
    }
    return best;
  }

  /** The ranges that overlap [base, base + bytes), highest first. */
  *overlapping(space: NamedRange['space'], base: number, bytes: number): Generator<NamedRange> {
    const { ranges, ends } = this.shelves[space];
    let at = firstAbove(ranges, base + bytes - 1) - 1;
    for (; at >= 0 && (ends[at] as number) > base; at--) {
      const range = ranges[at] as NamedRange;
      if (range.base + range.bytes > base) yield range;
    }
  }

  /** The regions of a space, by base. */
  regions(space: NamedRange['space']): NamedRange[] {
    return this.shelves[space].ranges.filter((range) => range.role === 'region');
  }
}

const CONTROL = /\p{Cc}/u;

/** The range with a name that a terminal can be given: a program's symbols may be anything. */
function printable(range: NamedRange): NamedRange {
  if (!CONTROL.test(range.name)) return range;
  return { ...range, name: range.name.replaceAll(/\p{Cc}/gu, '\ufffd') };
}

/** `name`, and `name+0x24` where the address is not its beginning. */
export function nameWithOffset(range: NamedRange, address: number): string {
  const offset = address - range.base;
  return offset === 0 ? range.name : `${range.name}+0x${offset.toString(16)}`;
}

function shelfOf(ranges: readonly NamedRange[]): Shelf {
  const sorted = ranges.toSorted((left, right) => left.base - right.base);
  const ends = new Float64Array(sorted.length);
  let highest = 0;
  for (const [index, range] of sorted.entries()) {
    highest = Math.max(highest, range.base + range.bytes);
    ends[index] = highest;
  }
  return { ranges: sorted, ends };
}

/** The index of the first range whose base is above `address`. */
function firstAbove(ranges: readonly NamedRange[], address: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as NamedRange).base <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
