/** Names from text: QEMU's `info mtree -f`, `System.map` and `nm`, or lines of ranges and names. */

import { parseAddress, parseBytes, VmError } from '../base/index.js';
import type { NamedRange } from '../inspect/index.js';
import { textLines } from './text-lines.js';

/** Lines in which a memory tree shows its first region. */
const LINES_TO_TELL = 200;
/** More symbols than the largest kernel has. */
const MOST_NAMES = 2 ** 19;
const FLAT_VIEW = /^FlatView\b/;
const MTREE_LINE =
  /^\s*([0-9a-f]{8,16})-([0-9a-f]{8,16}) \(prio -?\d+, ([^)]*)\): (.*?)(?: @[0-9a-f]+)?(?: KVM)?\s*$/;

/** Whether `text` is what QEMU prints for `info mtree -f`. */
export function isMemoryTree(text: string): boolean {
  for (const line of textLines(text)) {
    if (MTREE_LINE.test(line.text)) return true;
    if (line.number > LINES_TO_TELL) return false;
  }
  return false;
}

/** A region of QEMU's memory tree. */
export interface MemoryTreeRegion extends NamedRange {
  /** What QEMU calls it: `ram`, `rom`, `romd`, `i/o`. */
  readonly kind: string;
}

/**
 * The memory regions in what QEMU prints for `info mtree -f`: those of the address space `memory`,
 * else of the first one.
 */
export function parseMemoryTree(text: string, origin: string): MemoryTreeRegion[] {
  const views: { isMemory: boolean; names: MemoryTreeRegion[] }[] = [];
  for (const { text: line } of textLines(text)) {
    if (FLAT_VIEW.test(line) || views.length === 0) views.push({ isMemory: false, names: [] });
    const view = views.at(-1) as (typeof views)[number];
    if (/^\s*AS "memory"/.test(line)) view.isMemory = true;
    const match = MTREE_LINE.exec(line);
    if (match === null) continue;
    const [, first, last, kind, name] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    const base = Number.parseInt(first, 16);
    const bytes = Number.parseInt(last, 16) - base + 1;
    if (!Number.isSafeInteger(base + bytes) || bytes <= 0) continue;
    view.names.push({ name, base, bytes, space: 'physical', role: 'region', origin, kind });
  }
  const chosen = views.find((view) => view.isMemory) ?? views.find((view) => view.names.length > 0);
  return chosen?.names ?? [];
}

const SYMBOL_LINE = /^([0-9a-f]{8,16}) ([A-Za-z?]) (\S+)(?:\s|$)/;
const RANGE_LINE = /^(pa:|va:)?([0-9a-fx_]+)(?:(\.\.|\+)([0-9a-fx_]+[kmg]?(?:i?b)?))?\s+(\S.*)$/i;

/**
 * Names one a line, with comments from `#`: `ADDRESS..LAST NAME`, `ADDRESS+SIZE NAME` or `ADDRESS
 * NAME`, the address with `pa:` before it where it is physical; or `ADDRESS TYPE NAME`, as nm and
 * System.map have it.
 *
 * Errors: SOURCE_ERR_FORMAT — a line is none of these.
 */
export function parseNameLines(text: string, origin: string): NamedRange[] {
  const names: NamedRange[] = [];
  for (const line of textLines(text)) {
    const content = (line.text.split('#', 1)[0] as string).trim();
    if (content === '') continue;
    const range = names.length < MOST_NAMES ? parseLine(content, origin) : undefined;
    if (range === undefined) {
      const what = names.length < MOST_NAMES ? 'is no name' : `is more than ${MOST_NAMES} names`;
      const is = `${origin}:${line.number}: ${content.slice(0, 60)} ${what}`;
      const want = 'a line has ADDRESS..LAST NAME, ADDRESS+SIZE NAME or ADDRESS NAME';
      throw new VmError('SOURCE_ERR_FORMAT', `${is}; ${want}`);
    }
    names.push(range);
  }
  return names;
}

function parseLine(line: string, origin: string): NamedRange | undefined {
  const symbol = SYMBOL_LINE.exec(line);
  if (symbol !== null) {
    const base = Number.parseInt(symbol[1] as string, 16);
    const name = symbol[3] as string;
    return { name, base, bytes: 1, space: 'virtual', role: 'symbol', origin };
  }
  const match = RANGE_LINE.exec(line);
  const base = match === null ? undefined : parseAddress(match[2] as string);
  if (match === null || base === undefined) return undefined;
  const [, space, , sign, end, name] = match;
  const common = {
    name: name as string,
    base,
    space: space?.toLowerCase() === 'pa:' ? ('physical' as const) : ('virtual' as const),
    origin,
  };
  if (end === undefined) return { ...common, bytes: 1, role: 'symbol' };
  const bytes = sign === '+' ? parseBytes(end) : (parseAddress(end) ?? Number.NaN) - base + 1;
  return bytes === undefined || !(bytes > 0) ? undefined : { ...common, bytes, role: 'region' };
}
