/** Text laid out for a width in characters. */
import { line, type Span, type Style, type StyledLine } from './styled-text.js';

/**
 * `text` as lines of at most `columns` characters behind `indent` blanks, broken between words; all
 * but the first begin `hang` characters further right.
 */
export function wrapped(
  text: string,
  columns: number,
  indent: number,
  style?: Style,
  hang = 0,
): StyledLine[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(/(?<=\S)\s/)) {
    const room = Math.max(20, columns - indent - (lines.length === 0 ? 0 : hang));
    if (current !== '' && current.length + 1 + word.trimEnd().length > room) {
      lines.push(current);
      current = word.trimStart();
    } else current = current === '' ? word : `${current} ${word}`;
  }
  if (current.trim() !== '') lines.push(current);
  return lines.map((part, index) =>
    line(`${' '.repeat(index === 0 ? indent : indent + hang)}${part}`, style),
  );
}

/** `spans` as lines of at most `columns` characters behind `indent` blanks, broken between spans. */
export function wrappedSpans(
  spans: readonly Span[],
  columns: number,
  indent: number,
): StyledLine[] {
  const lines: Span[][] = [];
  let room = 0;
  for (const span of spans) {
    const length = span.text.trimEnd().length;
    if (length > room) {
      lines.push([{ text: ' '.repeat(indent) }]);
      room = columns - indent;
    }
    lines.at(-1)?.push(span);
    room -= span.text.length;
  }
  return lines;
}

/**
 * A line as lines of at most `columns` characters, broken between words wherever the styles change; all
 * but the first begin with `hang` blanks. A word that is longer stays whole.
 */
export function wrappedLine(styled: StyledLine, columns: number, hang: number): StyledLine[] {
  const lines: Span[][] = [[]];
  let used = 0;
  for (const span of styled) {
    for (const piece of span.text.match(/\s*\S+|\s+$/g) ?? []) {
      const fits = used + piece.trimEnd().length <= columns || used <= hang;
      if (!fits) {
        lines.push([{ text: ' '.repeat(hang) }]);
        used = hang;
      }
      const text = fits ? piece : piece.trimStart();
      appendText(lines.at(-1) as Span[], { ...span, text });
      used += text.length;
    }
  }
  return lines;
}

/** Adds a span to those of a line; what has the style of the last one becomes one with it. */
function appendText(spans: Span[], span: Span): void {
  const last = spans.at(-1);
  if (last !== undefined && last.style === span.style && last.dim === span.dim) {
    spans[spans.length - 1] = { ...last, text: last.text + span.text };
  } else spans.push(span);
}
