/** Addresses of a command: from its line, or one on each line of its standard input. */
import { VmError } from '../base/index.js';
import { type AddressRange, type NamedRange, type Names, parseRange } from '../inspect/index.js';
import { decodeText, readAtMost } from './input-file.js';

const LARGEST_INPUT_BYTES = 64 * 2 ** 20;

/**
 * The ranges that `words` stand for; `-` stands for those on standard input, blank lines and what
 * follows `#` left out. All of them are read before the first is answered, so that a wrong one leaves
 * no answers cut short.
 *
 * Errors: USAGE_ERR — a word is no address; of standard input the line is told.
 */
export function addressRanges(
  words: readonly string[],
  space: NamedRange['space'],
  names: Names,
): Iterable<AddressRange> {
  const parts = words.flatMap((word) => (word === '-' ? inputParts() : [{ text: word, line: 0 }]));
  const rangeOf = ({ text }: Part): AddressRange => parseRange(text, space, names);
  for (const part of parts) {
    try {
      rangeOf(part);
    } catch (error) {
      if (!(error instanceof VmError) || part.line === 0) throw error;
      throw new VmError(error.code, `standard input, line ${part.line}: ${error.message}`);
    }
  }
  return {
    *[Symbol.iterator]() {
      for (const part of parts) yield rangeOf(part);
    },
  };
}

/** An address as it was written, and its line on standard input, from 1. */
interface Part {
  readonly text: string;
  readonly line: number;
}

function inputParts(): Part[] {
  const text = decodeText('standard input', readAtMost('-', LARGEST_INPUT_BYTES));
  return text.split('\n').flatMap((whole, index) => {
    const part = whole.replace(/#.*/, '').trim();
    return part === '' ? [] : [{ text: part, line: index + 1 }];
  });
}
