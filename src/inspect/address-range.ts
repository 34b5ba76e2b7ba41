/**
 * Addresses as people write them: `c0008000`, `0xc000_8000`, `c0000000..c00fffff` (the last address
 * belongs to it, as in every map), `c0000000+64K`, `vectors`, `main+0x24`.
 */

import { parseAddress, parseBytes, VmError } from '../base/index.js';
import type { NamedRange, Names } from './names.js';

/** A range of addresses. */
export interface AddressRange {
  readonly base: number;
  readonly bytes: number;
  /** Whether it was written as one address. */
  readonly single: boolean;
}

const LIMITS = { virtual: 2 ** 32, physical: 2 ** 40 } as const;

/**
 * The addresses that `text` stands for, in virtual or physical memory. A word that is a hexadecimal
 * number is one, whatever is named like that.
 *
 * Errors: USAGE_ERR — it is neither a number nor a name, it ends before it begins, or it leaves the
 * address space.
 */
export function parseRange(text: string, space: NamedRange['space'], names?: Names): AddressRange {
  const trimmed = text.trim();
  const dots = trimmed.indexOf('..');
  if (dots >= 0) {
    const base = placeOf(trimmed.slice(0, dots), space, names, text).base;
    const last = placeOf(trimmed.slice(dots + 2), space, names, text).base;
    if (last < base) throw refused(text, 'it ends before it begins');
    return checked({ base, bytes: last - base + 1, single: false }, space, text);
  }
  const plus = trimmed.lastIndexOf('+');
  if (plus > 0) {
    const place = placeOf(trimmed.slice(0, plus), space, names, text);
    const bytes = parseBytes(trimmed.slice(plus + 1));
    if (bytes === undefined)
      throw refused(text, 'what follows + is no size, such as 64K or 0x1000');
    // An offset into something that has a name is an address; behind a number it is a size.
    return place.named
      ? checked({ base: place.base + bytes, bytes: 1, single: true }, space, text)
      : checked({ base: place.base, bytes, single: false }, space, text);
  }
  const { base } = placeOf(trimmed, space, names, text);
  return checked({ base, bytes: 1, single: true }, space, text);
}

function placeOf(
  word: string,
  space: NamedRange['space'],
  names: Names | undefined,
  text: string,
): { base: number; named: boolean } {
  const address = parseAddress(word);
  if (address !== undefined) return { base: address, named: false };
  const range = names?.ranges.find((each) => each.space === space && each.name === word);
  if (range !== undefined) return { base: range.base, named: true };
  const hint = names === undefined ? '' : ', nor is anything called that';
  throw refused(text, `${JSON.stringify(word)} is no hexadecimal address${hint}`);
}

function checked(range: AddressRange, space: NamedRange['space'], text: string): AddressRange {
  if (!(range.bytes > 0)) throw refused(text, 'it is empty');
  if (range.base + range.bytes > LIMITS[space]) {
    const bits = space === 'virtual' ? 32 : 40;
    throw refused(text, `a ${space} address has at most ${bits} bits`);
  }
  return range;
}

function refused(text: string, why: string): VmError {
  const forms = 'c0008000, c0000000..c00fffff or c0000000+64K';
  const quoted = JSON.stringify(text);
  const what = why.startsWith(quoted) ? why : `${quoted}: ${why}`;
  return new VmError('USAGE_ERR', `${what}; write ${forms}`);
}
