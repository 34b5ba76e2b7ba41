/**
 * Addresses, sizes and references as types, so that a mix-up does not compile.
 *
 * All are plain numbers underneath: an address of at most 52 bits is exact in a double, and the hot
 * loops work on page numbers, which stay small integers.
 */

declare const unit: unique symbol;

/** An address as the program sees it, in bytes. */
export type VirtualAddress = number & { readonly [unit]: 'VirtualAddress' };
/** An address as the memory sees it, in bytes. */
export type PhysicalAddress = number & { readonly [unit]: 'PhysicalAddress' };
/**
 * The address of one slot in a domain's CSpace: the slot of the root CNode in bits 31..8, the slot
 * of the L2 CNode that lies there in bits 7..0 (Barrelfish `capaddr_t`).
 */
export type CapRef = number & { readonly [unit]: 'CapRef' };

/** `value` as a virtual address. */
export const virtualAddress = (value: number): VirtualAddress => value as VirtualAddress;
/** `value` as a physical address. */
export const physicalAddress = (value: number): PhysicalAddress => value as PhysicalAddress;
/** `value` as a reference to a slot. */
export const capRef = (value: number): CapRef => value as CapRef;

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** Bytes of the smallest page, the same in every format that we know. */
export const PAGE_BYTES = 4 * KIB;
export const PAGE_SHIFT = 12;

/**
 * The page that an address lies in, or the whole pages in a size; below 2^43. A small integer for the
 * compiler too: a quotient would be a double, and would be boxed wherever it is passed on.
 */
export const pageNumber = (bytes: number): number => (bytes / PAGE_BYTES) | 0;

/** `value` rounded down to a multiple of `granule`; any positive granule, exact up to 2^53. */
export function roundDown(value: number, granule: number): number {
  return value - (value % granule);
}

/** `value` rounded up to a multiple of `granule`; any positive granule, exact up to 2^53. */
export function roundUp(value: number, granule: number): number {
  const rest = value % granule;
  return rest === 0 ? value : value + (granule - rest);
}

/** Whether `value` is a power of two. */
export function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && 2 ** Math.round(Math.log2(value)) === value;
}

/** Each byte as two digits: several times as fast as `toString`, which matters where maps are long. */
const HEX_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** `value` in hexadecimal, at least `digits` long, without a prefix: `00104000`. */
export function hex(value: number, digits = 8): string {
  if (digits !== 8 || value >>> 0 !== value) return value.toString(16).padStart(digits, '0');
  const upper = (HEX_BYTES[value >>> 24] as string) + (HEX_BYTES[(value >>> 16) & 255] as string);
  const lower = (HEX_BYTES[(value >>> 8) & 255] as string) + (HEX_BYTES[value & 255] as string);
  return upper + lower;
}

/** `value` in hexadecimal with its prefix: `0x104000`. */
export function hex0x(value: number, digits = 1): string {
  return `0x${hex(value, digits)}`;
}

const UNITS = ['B', 'K', 'M', 'G', 'T'] as const;

/** `bytes` with the largest unit that keeps it readable: `4.0 K`, `512 M`, `3.17 G`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let index = 0;
  // What would round up to 1024 of a unit is one of the next.
  while (value >= KIB - 0.5 && index < UNITS.length - 1 && (index > 0 || value >= KIB)) {
    value /= KIB;
    index += 1;
  }
  const digits = index === 0 || value >= 100 ? 0 : Number.isInteger(value * 10) ? 1 : 2;
  const text = Number.isInteger(value)
    ? `${value}${digits === 1 ? '.0' : ''}`
    : value.toFixed(digits);
  return `${text} ${UNITS[index]}`;
}

const SIZE = /^(0x[0-9a-f_]+|[0-9][0-9_]*)\s*([kmgt]?)(?:i?b)?$/i;
const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: KIB,
  m: MIB,
  g: GIB,
  t: 1024 * GIB,
};

/** The number of bytes that `text` names (`4096`, `0x1000`, `64K`, `1 MiB`), or undefined. */
export function parseBytes(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (match === null) return undefined;
  const value = Number((match[1] ?? '').replaceAll('_', ''));
  const bytes = value * (UNIT_BYTES[(match[2] ?? '').toLowerCase()] ?? 1);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const ADDRESS = /^(?:0x)?([0-9a-f][0-9a-f_]*)$/i;

/** The address that `text` names in hexadecimal, with or without `0x`, or undefined. */
export function parseAddress(text: string): number | undefined {
  const match = ADDRESS.exec(text.trim());
  if (match === null) return undefined;
  const value = Number.parseInt((match[1] ?? '').replaceAll('_', ''), 16);
  return Number.isSafeInteger(value) ? value : undefined;
}
