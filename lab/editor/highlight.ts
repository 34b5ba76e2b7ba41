/** The parts of a line of YAML that are set apart by colour; the text itself is never changed. */

/** What a part is. */
type PartKind = 'comment' | 'key' | 'number' | 'string' | 'mark' | 'plain';

/** A part of a line. */
export interface Part {
  readonly kind: PartKind;
  readonly text: string;
}

const PARTS =
  /(?<comment>(?:^|(?<=\s))#.*$)|(?<string>"[^"]*"|'[^']*')|(?<key>[A-Za-z_$][\w.$-]*(?=\s*:(?:\s|$)))|(?<number>\b(?:0x[0-9a-fA-F_]+|\d[\d_]*[kKmMgG]?)\b)|(?<mark>[{}[\],:]|^\s*-(?=\s))/g;

/** What begins a text over several lines, `about: >-`, and what stands before a key. */
const BLOCK = /:\s+[|>][-+\d]*\s*$/;
const BEFORE_KEY = /^\s*(?:-\s+)*/;

/** The parts of each line. A text that goes over several lines is plain, whatever it looks like. */
export function partsOfLines(lines: readonly string[]): Part[][] {
  // The column of the key whose text is being read.
  let key: number | undefined;
  return lines.map((line) => {
    const column = line.search(/\S/);
    if (key !== undefined && (column < 0 || column > key)) return [{ kind: 'plain', text: line }];
    key = BLOCK.test(line) ? (BEFORE_KEY.exec(line)?.[0].length ?? 0) : undefined;
    return partsOf(line);
  });
}

/** The parts of a line, one behind the other. */
function partsOf(line: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of line.matchAll(PARTS)) {
    if (match.index > at) parts.push({ kind: 'plain', text: line.slice(at, match.index) });
    const [kind = 'plain'] = Object.entries(match.groups ?? {}).find(([, text]) => text) ?? [];
    parts.push({ kind: kind as PartKind, text: match[0] });
    at = match.index + match[0].length;
  }
  if (at < line.length) parts.push({ kind: 'plain', text: line.slice(at) });
  return parts;
}
