/** Where text goes: a stream with its width and its colours. */
import { styleText } from 'node:util';
import { plainText, type Span, type Style, type StyledLine } from '../inspect/styled-text.js';

/** When text is coloured; `auto` on a terminal, unless `NO_COLOR` is set. */
export const COLOR_CHOICES = ['auto', 'always', 'never'] as const;

/** One of {@link COLOR_CHOICES}. */
export type ColorChoice = (typeof COLOR_CHOICES)[number];

type TextFormat = Parameters<typeof styleText>[0];

/** The terminal's sixteen colours for each style; every one of them also reads without colour. */
const FORMATS: Readonly<Record<Style, TextFormat>> = {
  'read-only': 'gray',
  writable: 'blue',
  executable: 'green',
  danger: ['bold', 'red'],
  device: 'yellow',
  hole: 'dim',
  kernel: 'dim',
  selected: 'cyan',
  heading: 'bold',
  good: 'green',
  bad: ['bold', 'red'],
  quiet: 'dim',
};

/** The least width that lines are laid out for. */
const LEAST_COLUMNS = 40;

/** What of a stream an {@link Output} needs. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(data: string | Uint8Array): unknown;
}

/** A stream that text is written to. */
export class Output {
  /** Whether somebody is looking at it. */
  readonly isTerminal: boolean;
  readonly isColored: boolean;
  /** Characters of a line; Infinity where nobody cuts or wraps it. */
  readonly columns: number;
  private readonly stream: TextStream;

  /** `stream` under the environment variables NO_COLOR, TERM and COLUMNS. */
  constructor(stream: TextStream, color: ColorChoice, environment: NodeJS.ProcessEnv) {
    this.stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.isColored = isColored(color, this.isTerminal, environment);
    const wanted = Number(environment['COLUMNS'] ?? '');
    const known = Number.isInteger(wanted) && wanted > 0 ? wanted : stream.columns;
    this.columns = known === undefined ? Infinity : Math.max(LEAST_COLUMNS, known);
  }

  /** Writes text, or bytes, as they are. */
  write(data: string | Uint8Array): void {
    this.stream.write(data);
  }

  /** Writes lines, each with its end. */
  print(...lines: readonly StyledLine[]): void {
    let text = '';
    for (const styled of lines) {
      const line = styled.map(visible);
      text += `${this.isColored ? coloredText(line) : plainText(line)}\n`;
    }
    if (text !== '') this.stream.write(text);
  }
}

/**
 * What would move the cursor, colour, or turn the direction of text: names, titles and file names come
 * from wherever, and must not be able to draw on the terminal what we do not say.
 */
const INVISIBLE = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

function visible(span: Span): Span {
  const text = span.text.replace(INVISIBLE, '�');
  return text === span.text ? span : { ...span, text };
}

function isColored(
  color: ColorChoice,
  isTerminal: boolean,
  { NO_COLOR, TERM }: NodeJS.ProcessEnv,
): boolean {
  if (color !== 'auto') return color === 'always';
  return isTerminal && (NO_COLOR ?? '') === '' && TERM !== 'dumb';
}

/** A line with the terminal's escape sequences, and no blanks at its end. */
function coloredText(line: StyledLine): string {
  let room = plainText(line).length;
  let text = '';
  for (const span of line) {
    text += coloredSpan({ ...span, text: span.text.slice(0, room) });
    room -= Math.min(room, span.text.length);
  }
  return text;
}

function coloredSpan({ text, style, dim }: Span): string {
  if (text.trim() === '') return text;
  const format = style === undefined ? [] : [FORMATS[style]].flat();
  const formats = dim === true ? [...format, 'dim' as const] : format;
  return formats.length === 0 ? text : styleText(formats, text, { validateStream: false });
}
