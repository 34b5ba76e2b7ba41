/**
 * Filters: `w and x and user`, `device and not kernel`, `name='uart*' or domain=3`.
 *
 *     expression   term (or term)*        term   factor (and factor)*
 *     factor       not factor │ ( expression ) │ WORD │ name=GLOB │ domain=N │ type=NAME
 *     WORD         r w x │ pl0.r … pl1.x │ user kernel │ device strongly normal reserved
 *                  sect super large small hole mapped unreadable │ global shared ns scattered
 */

import { VmError } from '../base/index.js';
import { memoryTypeName, Right } from '../format/index.js';
import { isExecutable, isUserAccessible, isWritable, nonSecureOf } from './leaf-meaning.js';
import type { MapRow } from './map-rows.js';

/** Whether a row fits. */
export type RowFilter = (row: FilteredRow) => boolean;

/** What of a row a filter looks at. */
export type FilteredRow = Pick<
  MapRow,
  'rights' | 'kind' | 'type' | 'domain' | 'notGlobal' | 'name' | 'meaning' | 'scattered'
>;

const has =
  (bits: number): RowFilter =>
  ({ rights }) =>
    (rights & bits) !== 0;
const isKind =
  (kind: MapRow['kind']): RowFilter =>
  (row) =>
    row.kind === kind;
const isMemory =
  (kind: string): RowFilter =>
  ({ type }) =>
    type?.kind === kind;

/** Every word that stands for something about a row. */
const WORDS: Readonly<Record<string, RowFilter>> = {
  r: has(Right.PRIVILEGED_READ | Right.USER_READ),
  w: ({ rights }) => isWritable(rights),
  x: ({ rights }) => isExecutable(rights),
  'pl0.r': has(Right.USER_READ),
  'pl0.w': has(Right.USER_WRITE),
  'pl0.x': has(Right.USER_FETCH),
  'pl1.r': has(Right.PRIVILEGED_READ),
  'pl1.w': has(Right.PRIVILEGED_WRITE),
  'pl1.x': has(Right.PRIVILEGED_FETCH),
  user: ({ rights }) => isUserAccessible(rights),
  kernel: ({ rights }) => rights !== 0 && !isUserAccessible(rights),
  device: isMemory('device'),
  strongly: isMemory('strongly'),
  normal: isMemory('normal'),
  sect: isKind('sect'),
  section: isKind('sect'),
  super: isKind('super'),
  supersection: isKind('super'),
  large: isKind('large'),
  small: isKind('small'),
  hole: isKind('fault'),
  fault: isKind('fault'),
  unreadable: isKind('unreadable'),
  reserved: (row) => row.kind === 'reserved' || row.type?.kind === 'reserved',
  mapped: ({ type }) => type !== undefined,
  global: ({ type, notGlobal }) => type !== undefined && !notGlobal,
  ng: ({ notGlobal }) => notGlobal,
  shared: ({ type }) => type !== undefined && type.shareability !== 'none',
  ns: ({ meaning }) => nonSecureOf(meaning),
  scattered: ({ scattered }) => scattered,
};

const TOKEN =
  /\s*(?:([a-z][a-z0-9.]*)\s*=\s*("[^"]*"|'[^']*'|[^\s()]+)|([a-z][a-z0-9.]*)|([()!]|&&?|\|\|?))/iy;

interface Token {
  readonly text: string;
  /** What stands behind `=`. */
  readonly value: string | undefined;
  readonly at: number;
}

/** More words than anybody writes; what is nested deeper is refused as well. */
const MOST_TOKENS = 256;

/**
 * The filter that `text` says.
 *
 * Errors: USAGE_ERR — it is not well-formed, or a word stands for nothing; with the column.
 */
export function parseFilter(text: string): RowFilter {
  const parser = new FilterParser(text);
  return parser.whole();
}

class FilterParser {
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private next = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = [...tokensOf(text)];
  }

  whole(): RowFilter {
    const filter = this.expression();
    const left = this.tokens[this.next];
    if (left !== undefined) throw refused(this.text, left.at, 'write `and` or `or` before it');
    return filter;
  }

  private expression(): RowFilter {
    let left = this.term();
    while (this.take('or', '|', '||')) {
      const [one, other] = [left, this.term()];
      left = (row) => one(row) || other(row);
    }
    return left;
  }

  private term(): RowFilter {
    let left = this.factor();
    while (this.take('and', '&', '&&')) {
      const [one, other] = [left, this.factor()];
      left = (row) => one(row) && other(row);
    }
    return left;
  }

  private factor(): RowFilter {
    if (this.take('not', '!')) {
      const filter = this.factor();
      return (row) => !filter(row);
    }
    if (this.take('(')) {
      const filter = this.expression();
      if (!this.take(')')) throw refused(this.text, this.text.length, 'a ) is missing');
      return filter;
    }
    const token = this.tokens[this.next];
    if (token === undefined) throw refused(this.text, this.text.length, 'something is missing');
    this.next += 1;
    const filter = token.value === undefined ? WORDS[token.text] : compared(token);
    if (filter !== undefined) return filter;
    const known = `it knows ${Object.keys(WORDS).join(' ')} name= type= domain=`;
    throw refused(
      this.text,
      token.at,
      `${JSON.stringify(token.text)} stands for nothing; ${known}`,
    );
  }

  private take(...texts: readonly string[]): boolean {
    const token = this.tokens[this.next];
    if (token === undefined || token.value !== undefined || !texts.includes(token.text)) {
      return false;
    }
    this.next += 1;
    return true;
  }
}

function* tokensOf(text: string): Generator<Token> {
  let at = 0;
  for (let count = 0; at < text.trimEnd().length; count++) {
    if (count === MOST_TOKENS) throw refused(text, at, `more than ${MOST_TOKENS} words`);
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw refused(text, at, 'this is no word, operator or bracket');
    const [, key, value, word, operator] = match;
    const token = (key ?? word ?? operator ?? '').toLowerCase();
    const blanks = match[0].length - match[0].trimStart().length;
    yield { text: token, value: value?.replace(/^["']|["']$/g, ''), at: at + blanks };
    at = TOKEN.lastIndex;
  }
}

function compared({ text, value = '' }: Token): RowFilter | undefined {
  switch (text) {
    case 'name': {
      const fits = globMatcher(value);
      return ({ name }) => name.split(', ').some(fits);
    }
    case 'type': {
      const fits = globMatcher(value);
      return ({ type }) => type !== undefined && fits(memoryTypeName(type));
    }
    case 'domain':
      return ({ type, domain }) => type !== undefined && domain === Number(value);
    default:
      return undefined;
  }
}

/**
 * Whether a text fits `glob`: `*` stands for any text, `?` for any letter; case does not matter. It
 * goes back to the last `*` only, so that no glob takes long.
 */
export function globMatcher(glob: string): (text: string) => boolean {
  const wanted = glob.toLowerCase();
  return (whole) => {
    const text = whole.toLowerCase();
    let at = 0;
    let place = 0;
    let star = -1;
    let retry = 0;
    while (at < text.length) {
      if (wanted[place] === '*') {
        star = place++;
        retry = at;
      } else if (wanted[place] === '?' || wanted[place] === text[at]) {
        place += 1;
        at += 1;
      } else if (star >= 0) {
        place = star + 1;
        retry += 1;
        at = retry;
      } else return false;
    }
    while (wanted[place] === '*') place += 1;
    return place === wanted.length;
  };
}

function refused(text: string, at: number, why: string): VmError {
  return new VmError('USAGE_ERR', `filter ${JSON.stringify(text)}, column ${at + 1}: ${why}`);
}
