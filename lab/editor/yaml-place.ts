/**
 * Where in a YAML text a place is, while the text is still being written and may not be YAML yet: the
 * keys that lead there, and the word that stands before it. Only the YAML that scenarios and layouts
 * take is known: maps, lists and scalars, block and flow.
 */

/** A place in a text. */
export interface YamlPlace {
  /** Keys of maps, and `[]` for an item of a list, from the top. */
  readonly path: readonly string[];
  /** Whether a key may be written here; if not, it is the value of the last key of the path. */
  readonly isKey: boolean;
  /** The word before the place, and where it begins. */
  readonly word: string;
  readonly from: number;
}

/** A key that is open, and how far its lines are indented. */
interface Open {
  readonly indent: number;
  readonly name: string;
}

const KEY = /^("[^"]*"|'[^']*'|[^\s:#{}[\],"'][^:#{}[\],]*?)\s*:(?=\s|$)/;

/** The place `offset` of `text`. */
export function yamlPlace(text: string, offset: number): YamlPlace {
  const before = text.slice(0, offset);
  const lines = before.split('\n');
  const current = lines.pop() ?? '';
  const open: Open[] = [];
  for (const line of lines) readLine(line, open);
  return placeIn(current, open, offset);
}

/** Follows a whole line: what is open after it. */
function readLine(line: string, open: Open[]): void {
  const content = line.replace(/(?:^|\s)#.*$/, '');
  if (content.trim() === '') return;
  let { indent, rest } = leading(content);
  close(open, indent);
  while (rest.startsWith('- ') || rest === '-') {
    open.push({ indent, name: '[]' });
    const inner = leading(rest.slice(1));
    indent += 1 + inner.indent;
    rest = inner.rest;
  }
  const key = KEY.exec(rest);
  if (key !== null) open.push({ indent, name: plainKey(key[1] ?? '') });
}

/** The place at the end of the unfinished line `line`. */
function placeIn(line: string, open: Open[], offset: number): YamlPlace {
  let { indent, rest } = leading(line);
  close(open, indent);
  while (rest.startsWith('- ')) {
    open.push({ indent, name: '[]' });
    const inner = leading(rest.slice(1));
    indent += 1 + inner.indent;
    rest = inner.rest;
  }
  const path = open.map(({ name }) => name);
  const key = KEY.exec(rest);
  if (key === null && !/^[{[]/.test(rest)) return keyPlace(path, rest, offset);
  let value = rest;
  if (key !== null) {
    path.push(plainKey(key[1] ?? ''));
    value = rest.slice(key[0].length);
  }
  return flowPlace(path, value, offset);
}

/** The place at the end of a value, which may open flow maps and lists. */
function flowPlace(path: string[], value: string, offset: number): YamlPlace {
  let part = '';
  let isKey = false;
  const depths: number[] = [];
  for (const letter of value) {
    if (letter === '{' || letter === '[') {
      depths.push(path.length);
      if (letter === '[') path.push('[]');
      isKey = letter === '{';
      part = '';
    } else if (letter === '}' || letter === ']') {
      path.length = depths.pop() ?? path.length;
      isKey = false;
      part = '';
    } else if (letter === ',') {
      const depth = depths.at(-1) ?? path.length;
      isKey = path[depth] !== '[]';
      path.length = depth + (isKey ? 0 : 1);
      part = '';
    } else if (letter === ':' && isKey) {
      path.push(plainKey(part.trim()));
      isKey = false;
      part = '';
    } else part += letter;
  }
  const word = part.trimStart();
  return { path, isKey, word, from: offset - word.length };
}

function keyPlace(path: readonly string[], word: string, offset: number): YamlPlace {
  return { path, isKey: true, word, from: offset - word.length };
}

/** Closes what a line with this indentation is no longer in. */
function close(open: Open[], indent: number): void {
  while (open.length > 0 && (open.at(-1) as Open).indent >= indent) open.pop();
}

function leading(text: string): { indent: number; rest: string } {
  const rest = text.trimStart();
  return { indent: text.length - rest.length, rest };
}

function plainKey(key: string): string {
  return key.replace(/^["']|["']$/g, '');
}
