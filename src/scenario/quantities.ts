/**
 * Sizes, addresses, rights and values as a scenario file writes them. Each schema says in its
 * message what would be right; the same schemas give the published JSON Schema.
 */
import * as v from 'valibot';
import { parseAddress, parseBytes } from '../base/index.js';
import { VRegionFlags } from '../domain/index.js';

/** The largest size and the end of the highest address: 40 bits. */
const ADDRESS_SPACE = 2 ** 40;

const SIZE_PATTERN = /^(?:0[xX][0-9a-fA-F_]+|[0-9][0-9_]*) ?(?:[kKmMgG](?:i?[bB])?)?$/;
const HEX_PATTERN = /^0[xX][0-9a-fA-F][0-9a-fA-F_]*$/;
const NAME_PATTERN = /^[A-Za-z_.$][A-Za-z0-9_.$-]{0,63}$/;
const PLACE_PATTERN =
  /^(?:0[xX][0-9a-fA-F][0-9a-fA-F_]*|[A-Za-z_.$][A-Za-z0-9_.$-]{0,63})(?:\+(?:0[xX][0-9a-fA-F_]+|[0-9][0-9_]*)[kKmMgG]?)?$/;
const RIGHTS_PATTERN = /^(?:r-?|-)?(?:w-?|-)?(?:x|-)?$|^none$/;

const text = (pattern: RegExp, what: string) =>
  v.pipe(v.string(), v.regex(pattern, expecting(what)));

/** What is written, as an argument of a message. */
function shown(input: unknown): string {
  const written = typeof input === 'string' ? input : JSON.stringify(input);
  return `\`${(written ?? 'nothing').slice(0, 60)}\``;
}

/** A message for whatever `issue` refuses. */
const expecting =
  (what: string) =>
  (issue: { readonly input: unknown }): string =>
    `${shown(issue.input)} is not ${what}`;

const numberBetween = (least: number, most: number, what: string) =>
  v.pipe(
    v.number(expecting(what)),
    v.integer(expecting(what)),
    v.minValue(least, expecting(what)),
    v.maxValue(most, expecting(what)),
  );

/** The number that `read` makes of what is written, which `least` and `most` bound. */
function quantity(
  pattern: RegExp,
  read: (text: string) => number | undefined,
  what: string,
  description: string,
) {
  return (least: number, most: number) =>
    v.pipe(
      v.union([numberBetween(least, most, what), text(pattern, what)], expecting(what)),
      v.description(description),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const { value } = dataset;
        const number = typeof value === 'number' ? value : read(value);
        if (number !== undefined && number >= least && number <= most) return number;
        addIssue({ message: expecting(what)({ input: value }) });
        return NEVER;
      }),
    );
}

/** The unsigned number in hexadecimal or decimal that `text` is. */
function parseNumber(text: string): number | undefined {
  return HEX_PATTERN.test(text) ? parseAddress(text) : Number(text.replaceAll('_', ''));
}

const SIZE_MESSAGE = 'a size: write bytes with a unit, like 4K, 64K, 1M, 0x1000';

/** A size in bytes, at least 1. */
export const Size = quantity(
  SIZE_PATTERN,
  parseBytes,
  SIZE_MESSAGE,
  'A size: bytes with a unit K, M or G (4K, 1M), or in hexadecimal (0x1000).',
)(1, ADDRESS_SPACE);

/** A distance in bytes, at least 0. */
export const Offset = quantity(
  SIZE_PATTERN,
  parseBytes,
  SIZE_MESSAGE,
  'A distance in bytes, written like a size; 0 is none.',
)(0, ADDRESS_SPACE);

const hexUpTo = (most: number, what: string, description: string) =>
  v.pipe(
    v.union([text(HEX_PATTERN, what), numberBetween(0, most, what)], expecting(what)),
    v.description(description),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const { value } = dataset;
      // A number has lost how it was written; 0 is the only one that means the same either way.
      const address = typeof value === 'string' ? parseAddress(value) : value === 0 ? 0 : undefined;
      if (address !== undefined && address <= most) return address;
      addIssue({ message: expecting(what)({ input: value }) });
      return NEVER;
    }),
  );

/** A physical address of at most 40 bits. */
export const PhysicalAddress = hexUpTo(
  ADDRESS_SPACE - 1,
  'a physical address: write hexadecimal of at most 40 bits, like 0x8000_0000',
  'A physical address of at most 40 bits, in hexadecimal: 0x8000_0000.',
);

/** A virtual address of 32 bits; `0x1_0000_0000` is the end of all. */
export const VirtualAddress = hexUpTo(
  2 ** 32,
  'a virtual address: write hexadecimal of 32 bits, like 0x4000_0000',
  'A virtual address of 32 bits, in hexadecimal: 0x4000_0000.',
);

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

/** A 32-bit word. */
export const Word = quantity(
  /^(?:0[xX][0-9a-fA-F][0-9a-fA-F_]*|[0-9][0-9_]*)$/,
  parseNumber,
  'a 32-bit word: write hexadecimal or decimal, like 0x41 or 65',
  'A word of at most 32 bits, in hexadecimal or decimal.',
)(0, 2 ** 32 - 1);

/** The name of a frame, a domain, a region or a bank. */
export const Name = v.pipe(
  v.string(expecting('a name')),
  v.regex(NAME_PATTERN, expecting('a name: letters, digits, _ . $ -, at most 64, no digit first')),
);

/** A count from `least` to `most`. */
export function count(least: number, most: number) {
  return numberBetween(least, most, `a whole number from ${least} to ${most.toLocaleString('en')}`);
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
