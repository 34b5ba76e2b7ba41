/**
 * Places and rights as a scenario file writes them, beside the sizes and addresses that layouts
 * write in the same way.
 */
import * as v from 'valibot';
import { parseAddress, parseBytes } from '../base/index.js';
import { VRegionFlags } from '../domain/index.js';
import { expecting, HEX_PATTERN, numberBetween, text } from '../layout/quantities.js';

const PLACE_PATTERN =
  /^(?:0[xX][0-9a-fA-F][0-9a-fA-F_]*|[A-Za-z_.$][A-Za-z0-9_.$-]{0,63})(?:\+(?:0[xX][0-9a-fA-F_]+|[0-9][0-9_]*)[kKmMgG]?)?$/;
const RIGHTS_PATTERN = /^(?:r-?|-)?(?:w-?|-)?(?:x|-)?$|^none$/;

/** A place in an address space: an address, or a name and a distance from it. */
export interface Place {
  /** The address, or the name of a region or a symbol. */
  readonly base: number | string;
  /** Bytes from there. */
  readonly offset: number;
  /** As it is written. */
  readonly text: string;
}

const PLACE_MESSAGE =
  'a place: write an address like 0x1000_0000, or the name of a region or symbol, like heap or heap+4K';

/** A virtual address, or a region or symbol by name, with a distance: `heap+4K`. */
export const Place = v.pipe(
  v.union(
    [text(PLACE_PATTERN, PLACE_MESSAGE), numberBetween(0, 2 ** 32 - 1, PLACE_MESSAGE)],
    expecting(PLACE_MESSAGE),
  ),
  v.description(
    'A place in the address space of the domain: an address in hexadecimal (0x4000_0000), or the ' +
      'name of a region or of a symbol of its program, each with a distance if wanted (heap+4K).',
  ),
  v.rawTransform(({ dataset, addIssue, NEVER }): Place => {
    const { value } = dataset;
    const place = typeof value === 'string' ? parsePlace(value) : value === 0 ? ZERO : undefined;
    if (place !== undefined) return place;
    addIssue({ message: expecting(PLACE_MESSAGE)({ input: value }) });
    return NEVER;
  }),
);

const ZERO: Place = { base: 0, offset: 0, text: '0x0' };

function parsePlace(text: string): Place | undefined {
  const plus = text.indexOf('+');
  const head = plus < 0 ? text : text.slice(0, plus);
  const offset = plus < 0 ? 0 : parseBytes(text.slice(plus + 1));
  const base = HEX_PATTERN.test(head) ? parseAddress(head) : head;
  if (offset === undefined || base === undefined) return undefined;
  const least = typeof base === 'number' ? base + offset : offset;
  return least < 2 ** 32 ? { base, offset, text } : undefined;
}

/** What may be done with a mapping or a frame, as region flags. */
export const MappingRights = v.pipe(
  v.string(expecting('a set of rights: write letters of rwx, like r, rw, r-x, or none')),
  v.regex(
    RIGHTS_PATTERN,
    expecting('a set of rights: write letters of rwx in this order, like r, rw, r-x, or none'),
  ),
  v.nonEmpty('a set of rights is empty: write letters of rwx, or none'),
  v.description('Rights: letters of rwx in this order (r, rw, r-x), or none.'),
  v.transform((text) => {
    if (text === 'none') return VRegionFlags.NONE;
    const letter = (name: string, flag: number): number => (text.includes(name) ? flag : 0);
    const { READ, WRITE, EXECUTE } = VRegionFlags;
    return letter('r', READ) | letter('w', WRITE) | letter('x', EXECUTE);
  }),
);
