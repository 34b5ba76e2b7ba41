/** Addresses of a command: from its line, or one on each line of its standard input. */
import { type AddressRange, type NamedRange, type Names, parseRange } from '../inspect/index.js';
import { decodeText, readAtMost } from './input-file.js';

const LARGEST_INPUT_BYTES = 64 * 2 ** 20;

/**
 * The ranges that `words` stand for; `-` stands for those on standard input, blank lines and what
 * follows `#` left out. Errors: USAGE_ERR — a word is no address.
 */
export function* addressRanges(
  words: readonly string[],
  space: NamedRange['space'],
  names: Names,
): Generator<AddressRange> {
  for (const word of words) {
    if (word !== '-') {
      yield parseRange(word, space, names);
      continue;
    }
    const text = decodeText('standard input', readAtMost('-', LARGEST_INPUT_BYTES));
    for (const whole of text.split('\n')) {
      const part = whole.replace(/#.*/, '').trim();
      if (part !== '') yield parseRange(part, space, names);
    }
  }
}
