/** What Markdown files show, and whether it is what is printed. */
import { readFileSync } from 'node:fs';

/** A fenced block of a Markdown file: its language, what else its first line says, and its text. */
export interface Block {
  readonly language: string;
  readonly name: string;
  readonly text: string;
}

/** The fenced blocks of a file. */
export function blocks(file: string): Block[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^```(\w*) ?(.*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', name = '', body = '']) => ({ language, name, text: body }),
  );
}

/**
 * The first line of `expected` that `printed` does not have, in this order; a line that is only `…`
 * stands for any lines.
 */
export function missing(
  expected: readonly string[],
  printed: readonly string[],
): string | undefined {
  let at = 0;
  let gap = false;
  for (const line of expected) {
    if (line === '…') {
      gap = true;
      continue;
    }
    const found = gap ? printed.indexOf(line, at) : printed[at] === line ? at : -1;
    if (found < 0) return line;
    at = found + 1;
    gap = false;
  }
  return gap || at === printed.length ? undefined : `the end, before: ${printed[at]}`;
}
