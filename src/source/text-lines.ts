/** The lines of a text, one at a time: a hostile file may have millions of them. */

/** Characters of a line that are looked at; no format here has longer ones. */
const LONGEST_LINE = 2048;

/** A line with its number. */
export interface TextLine {
  /** From 1. */
  readonly number: number;
  /** At most 2048 characters, without the line end. */
  readonly text: string;
}

/** The lines of `text`; they may end in `\n` or `\r\n`. */
export function* textLines(text: string): Generator<TextLine> {
  let at = 0;
  for (let number = 1; at < text.length; number += 1) {
    const found = text.indexOf('\n', at);
    const end = found < 0 ? text.length : found;
    const stop = Math.min(text[end - 1] === '\r' ? end - 1 : end, at + LONGEST_LINE);
    yield { number, text: text.slice(at, Math.max(at, stop)) };
    at = end + 1;
  }
}
