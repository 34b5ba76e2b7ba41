/**
 * Where the reader is: the screen and everything chosen on it, written in the hash of the address, so
 * that a state is a link.
 *
 *     #/atlas?source=first-look&at=c0008000&colour=type&theme=dark
 */

/** A place in the lab. */
export interface Place {
  readonly screen: string;
  /** What is chosen, by name; what has its usual value is not in it. */
  readonly params: Readonly<Record<string, string>>;
}

/** Longer links are not read: somebody else made them. */
const MOST_CHARACTERS = 64 * 1024;
const NAME = /^[a-z][a-z-]{0,23}$/;

/** The place that a hash says; whatever it says wrongly is left out. */
export function parsePlace(hash: string): Place {
  const text = hash.replace(/^#?\/?/, '').slice(0, MOST_CHARACTERS);
  const [screen = '', query = ''] = splitOnce(text, '?');
  const params: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (NAME.test(name)) params[name] = value;
  }
  return { screen: NAME.test(screen) ? screen : '', params };
}

/** The hash of a place. */
export function placeHash({ screen, params }: Place): string {
  const query = Object.keys(params)
    .toSorted()
    .map((name) => `${name}=${queryText(params[name] ?? '')}`)
    .join('&');
  return `#/${screen}${query === '' ? '' : `?${query}`}`;
}

/** A value in a query; what a hash may hold stays readable. */
function queryText(value: string): string {
  return encodeURIComponent(value)
    .replaceAll('%2C', ',')
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/');
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** One thing that can be chosen: how it is called, read and written. */
export interface Param<T> {
  readonly name: string;
  /** What it is if nobody says, or says it wrongly. */
  readonly usual: T;
  parse(text: string): T | undefined;
  write(value: T): string;
}

/** One of a few words. */
export function choice<const T extends string>(
  name: string,
  choices: readonly [T, ...T[]],
): Param<T> {
  return {
    name,
    usual: choices[0],
    parse: (text) => choices.find((each) => each === text),
    write: (value) => value,
  };
}

/** A virtual address, or none. */
export function address(name: string): Param<number | undefined> {
  return {
    name,
    usual: undefined,
    parse: (text) => {
      const value = /^[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;
      return Number.isNaN(value) ? undefined : value;
    },
    write: (value) => (value ?? 0).toString(16).padStart(8, '0'),
  };
}

/** Numbers of a view, as many as usual, with five digits behind the point: a page is a thousandth. */
export function numbers(name: string, usual: readonly number[]): Param<readonly number[]> {
  return {
    name,
    usual,
    parse: (text) => {
      const values = text.split(',').map(Number);
      return values.length === usual.length && values.every(Number.isFinite) ? values : undefined;
    },
    write: (values) => values.map((value) => Math.round(value * 1e5) / 1e5).join(','),
  };
}

/**
 * Yes or no; no unless it is said.
 *
 * @public
 */
export function flag(name: string): Param<boolean> {
  return {
    name,
    usual: false,
    parse: (text) => (text === '1' ? true : undefined),
    write: () => '1',
  };
}

/**
 * Any text.
 *
 * @public
 */
export function text(name: string): Param<string> {
  return { name, usual: '', parse: (value) => value, write: (value) => value };
}

/** What a place says of a param. */
export function valueIn<T>(place: Place, param: Param<T>): T {
  const said = place.params[param.name];
  if (said === undefined) return param.usual;
  return param.parse(said) ?? param.usual;
}

/** The params of a place with one of them changed; what is as usual is left out. */
export function withValue<T>(params: Place['params'], param: Param<T>, value: T): Place['params'] {
  const { [param.name]: _before, ...rest } = params;
  const isUsual = value === undefined || value === '' || same(param, value, param.usual);
  return isUsual ? rest : { ...rest, [param.name]: param.write(value) };
}

function same<T>(param: Param<T>, left: T, right: T): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined || left === false || right === false) return false;
  return param.write(left) === param.write(right);
}
