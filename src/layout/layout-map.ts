/**
 * The map of a layout that need not be buildable: its regions where they are, the holes between them,
 * and a mark where two of them share addresses.
 */
import { formatBytes, hex, MIB } from '../base/index.js';
import { line, type StyledLine } from '../inspect/index.js';
import { lineText, type PrivilegeRights } from './layout.js';
import type { PlacedRegion, Placement } from './place-regions.js';

const ADDRESS_SPACE = 2 ** 32;

/** The map as lines, one a region or a hole, by virtual address. */
export function layoutMapLines({ regions }: Placement): StyledLine[] {
  const lines: StyledLine[] = [
    line(columns('VA', '→PA', 'SIZE', 'PL1 PL0', 'TYPE', 'NAME'), 'heading'),
  ];
  let end = 0;
  for (const [index, region] of regions.entries()) {
    if (region.va > end) lines.push(holeLine(end, region.va));
    const next = regions[index + 1];
    const overlaps = region.va < end || (next !== undefined && next.va < region.va + region.bytes);
    lines.push(regionLine(region, overlaps));
    end = Math.max(end, region.va + region.bytes);
  }
  if (end < ADDRESS_SPACE) lines.push(holeLine(end, ADDRESS_SPACE));
  return lines;
}

/** The columns of a line. */
function columns(
  range: string,
  place: string,
  size: string,
  rights: string,
  type: string,
  name: string,
): string {
  const start = `  ${range.padEnd(17)}  ${place.padEnd(11)}  ${size.padStart(7)}`;
  return `${start}  ${rights.padEnd(7)}  ${type.padEnd(13)}  ${name}`.trimEnd();
}

function rangeText(from: number, to: number): string {
  return `${hex(from)}-${hex(to - 1)}`;
}

function holeLine(from: number, to: number): StyledLine {
  return line(columns(rangeText(from, to), '·', formatBytes(to - from), '', 'free', ''), 'hole');
}

function regionLine(region: PlacedRegion, overlaps: boolean): StyledLine {
  const { va, pa, bytes, privileged, user, memory } = region;
  const letters = ({ read, write, execute }: PrivilegeRights): string =>
    `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}`;
  const moved = pa - va;
  const place = region.reserved
    ? '·'
    : moved === 0
      ? '='
      : moved % MIB === 0 && bytes >= MIB
        ? `${moved < 0 ? '-' : '+'}0x${hex(Math.abs(moved))}`
        : hex(pa);
  const text = columns(
    rangeText(va, va + bytes),
    place,
    formatBytes(bytes),
    `${letters(privileged)} ${letters(user)}`,
    region.reserved ? 'kept free' : memory,
    `${region.name} (${lineText(region.from)})`,
  );
  return overlaps ? line(`${text} !overlap`, 'bad') : line(text);
}
