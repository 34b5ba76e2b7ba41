/**
 * Sizes, addresses and names as files write them. Each schema says in its message what would be
 * right; the same schemas give the published JSON Schemas.
 */
import * as v from 'valibot';
import { parseAddress, parseBytes } from '../base/index.js';

/** The largest size and the end of the highest address: 40 bits. */
const ADDRESS_SPACE = 2 ** 40;

const SIZE_PATTERN = /^(?:0[xX][0-9a-fA-F_]+|[0-9][0-9_]*) ?(?:[kKmMgG](?:i?[bB])?)?$/;
/** A number in hexadecimal, with `0x`. */
export const HEX_PATTERN = /^0[xX][0-9a-fA-F][0-9a-fA-F_]*$/;
const NAME_PATTERN = /^[A-Za-z_.$][A-Za-z0-9_.$-]{0,63}$/;

/** Text of the form of `pattern`, which messages call `what`. */
export const text = (pattern: RegExp, what: string) =>
  v.pipe(v.string(), v.regex(pattern, expecting(what)));

/** What is written, as an argument of a message. */
function shown(input: unknown): string {
  const written = typeof input === 'string' ? input : JSON.stringify(input);
  return `\`${(written ?? 'nothing').slice(0, 60)}\``;
}

/** A message for whatever `issue` refuses. */
export const expecting =
  (what: string) =>
  (issue: { readonly input: unknown }): string =>
    `${shown(issue.input)} is not ${what}`;

/** A whole number written in decimal. */
export const numberBetween = (least: number, most: number, what: string) =>
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

/** An address of at most `most`, in hexadecimal. */
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

/** A 32-bit word. */
export const Word = quantity(
  /^(?:0[xX][0-9a-fA-F][0-9a-fA-F_]*|[0-9][0-9_]*)$/,
  parseNumber,
  'a 32-bit word: write hexadecimal or decimal, like 0x41 or 65',
  'A word of at most 32 bits, in hexadecimal or decimal.',
)(0, 2 ** 32 - 1);

/** The name of a region, a frame, a domain or a bank. */
export const Name = v.pipe(
  v.string(expecting('a name')),
  v.regex(NAME_PATTERN, expecting('a name: letters, digits, _ . $ -, at most 64, no digit first')),
);

/** A count from `least` to `most`. */
export function count(least: number, most: number) {
  return numberBetween(least, most, `a whole number from ${least} to ${most.toLocaleString('en')}`);
}
