/**
 * Lines of text whose pieces say what they mean. Colours are the terminal's business, so that every
 * view reads without them and the same lines serve a file, a test and a web page.
 */

/** What a piece of text is about; the names are those of the legend. */
export const STYLES = [
  'read-only',
  'writable',
  'executable',
  'danger',
  'device',
  'hole',
  'kernel',
  'selected',
  'heading',
  'good',
  'bad',
  'quiet',
] as const;

/** One of {@link STYLES}. */
export type Style = (typeof STYLES)[number];

/** A piece of text. `dim` is for what only the kernel may touch. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
  readonly dim?: boolean;
}

/** A line, without its end. */
export type StyledLine = readonly Span[];

/** A line in one style, or in none. */
export function line(text: string, style?: Style): StyledLine {
  return style === undefined ? [{ text }] : [{ text, style }];
}

/** The text of a line, without trailing blanks. */
export function plainText(styled: StyledLine): string {
  let text = '';
  for (const span of styled) text += span.text;
  return text.trimEnd();
}

/** The text of many lines, each with its end. */
export function plainLines(lines: Iterable<StyledLine>): string {
  let text = '';
  for (const each of lines) text += `${plainText(each)}\n`;
  return text;
}

/** The line cut to `columns` characters, with `…` where something is missing. */
export function cutLine(styled: StyledLine, columns: number): StyledLine {
  if (plainText(styled).length <= columns) return styled;
  const cut: Span[] = [];
  let room = columns - 1;
  for (const span of styled) {
    if (room <= 0) break;
    cut.push({ ...span, text: span.text.slice(0, room) });
    room -= span.text.length;
  }
  return [...cut, { text: '…' }];
}
