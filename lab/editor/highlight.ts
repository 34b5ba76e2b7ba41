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

/** The parts of a line, one behind the other. */
export function partsOf(line: string): Part[] {
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
