/**
 * The little of C that region lists are written in: tokens, object-like macros, and constant
 * expressions of integers.
 */

/** A token of C, and the line that it stands in. */
export interface CToken {
  readonly kind: 'word' | 'number' | 'text' | 'sign';
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

const TOKEN =
  /(?<word>[A-Za-z_]\w*)|(?<number>[0-9][\w']*)|(?<text>"(?:[^"\\\n]|\\.)*")|(?<sign><<|>>|[^\s\w])/y;

/** The tokens of `text`, comments and blanks left out. What is no token of C is a sign. */
export function cTokens(text: string, firstLine = 1): CToken[] {
  const tokens: CToken[] = [];
  let line = firstLine;
  for (let at = 0; at < text.length; ) {
    const rest = text[at] === '/' ? text[at + 1] : '';
    if (rest === '/' || rest === '*') {
      const end = rest === '/' ? text.indexOf('\n', at) : text.indexOf('*/', at + 2);
      const next = end < 0 ? text.length : rest === '/' ? end : end + 2;
      for (let index = at; index < next; index += 1) if (text[index] === '\n') line += 1;
      at = next;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) {
      if (text[at] === '\n') line += 1;
      at += 1;
      continue;
    }
    const kind = (['word', 'number', 'text', 'sign'] as const).find((each) => match.groups?.[each]);
    tokens.push({ kind: kind ?? 'sign', text: match[0], line });
    at = TOKEN.lastIndex;
  }
  return tokens;
}

/** Object-like macros: what each name stands for. */
export type CMacros = ReadonlyMap<string, readonly CToken[]>;

/** How far macros are looked into: beyond this an expression counts as unresolved. */
const MOST_DEPTH = 32;
const MOST_TOKENS = 10_000;

/** `tokens` with every macro replaced by what it stands for. */
export function expandMacros(tokens: readonly CToken[], macros: CMacros): CToken[] {
  const expanded: CToken[] = [];
  const expand = (list: readonly CToken[], inside: readonly string[]): void => {
    for (const token of list) {
      const body = token.kind === 'word' ? macros.get(token.text) : undefined;
      const again = inside.includes(token.text) || inside.length >= MOST_DEPTH;
      if (body === undefined || again || expanded.length > MOST_TOKENS) {
        expanded.push(token);
        continue;
      }
      // A macro is one operand, as if it were in brackets; its line is that of its use.
      const lined = body.map((each) => ({ ...each, line: token.line }));
      expanded.push({ kind: 'sign', text: '(', line: token.line });
      expand(lined, [...inside, token.text]);
      expanded.push({ kind: 'sign', text: ')', line: token.line });
    }
  };
  expand(tokens, []);
  return expanded;
}

/** Macros that wrap a number: `UL(1)`, `KB(4)`, and what they multiply it by. */
const WRAPPERS: Readonly<Record<string, bigint>> = {
  U: 1n,
  UL: 1n,
  ULL: 1n,
  L: 1n,
  LL: 1n,
  KB: 1024n,
  MB: 1024n ** 2n,
  GB: 1024n ** 3n,
  UINT32_C: 1n,
  UINT64_C: 1n,
  _AC: 1n,
};
/** The sizes of Linux and U-Boot: `SZ_4K`. */
const SIZE_NAME = /^SZ_([0-9]+)([KMG]?)$/;
const SIZE_UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  K: 1024n,
  M: 1024n ** 2n,
  G: 1024n ** 3n,
};
/** Words of a cast: `(uintptr_t)`. */
const TYPE_WORD =
  /^(?:unsigned|signed|long|int|char|short|void|const|u(?:8|16|32|64)|\w+_t|phys_addr_t)$/;

/** The value of an expression, or the names that keep it from having one. */
export type CValue =
  | { readonly value: number }
  | { readonly unresolved: readonly string[]; readonly wrong?: string };

/** The value of a constant expression whose macros are expanded. */
export function evaluate(tokens: readonly CToken[]): CValue {
  const reader = new ExpressionReader(tokens);
  const value = reader.read();
  if (reader.unresolved.size > 0) return { unresolved: [...reader.unresolved] };
  const number = Number(value ?? -1n);
  if (value === undefined || reader.isStuck || !Number.isSafeInteger(number) || number < 0) {
    return { unresolved: [], wrong: tokensText(tokens) };
  }
  return { value: number };
}

/** Tokens as text for a message. */
export function tokensText(tokens: readonly CToken[]): string {
  return tokens
    .map(({ text }) => text)
    .join(' ')
    .slice(0, 80);
}

/** Binary operators by how strongly they bind, the weakest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

const MOST_SHIFT = 64n;
const MOST_NESTING = 200;

/** Reads an expression by recursive descent. */
class ExpressionReader {
  readonly unresolved = new Set<string>();
  private readonly tokens: readonly CToken[];
  private at = 0;
  private nesting = 0;
  private failed = false;

  constructor(tokens: readonly CToken[]) {
    this.tokens = tokens;
  }

  /** Whether something is left that cannot be read. */
  get isStuck(): boolean {
    return this.failed || this.at < this.tokens.length;
  }

  read(level = 0): bigint | undefined {
    const signs = LEVELS[level];
    if (signs === undefined) return this.unary();
    let left = this.read(level + 1);
    while (this.at < this.tokens.length) {
      const sign = this.tokens[this.at]?.text ?? '';
      if (!signs.includes(sign)) break;
      this.at += 1;
      left = this.apply(sign, left, this.read(level + 1));
    }
    return left;
  }

  private fail(): undefined {
    this.failed = true;
    this.at = this.tokens.length;
  }

  private apply(sign: string, left?: bigint, right?: bigint): bigint | undefined {
    if (left === undefined || right === undefined) return undefined;
    switch (sign) {
      case '|':
        return left | right;
      case '^':
        return left ^ right;
      case '&':
        return left & right;
      case '+':
        return BigInt.asIntN(128, left + right);
      case '-':
        return left - right;
      case '*':
        return BigInt.asIntN(128, left * right);
      case '<<':
        return right < 0n || right > MOST_SHIFT ? this.fail() : BigInt.asIntN(128, left << right);
      case '>>':
        return right < 0n || right > MOST_SHIFT ? this.fail() : left >> right;
      default:
        if (right === 0n) return this.fail();
        return sign === '/' ? left / right : left % right;
    }
  }

  private unary(): bigint | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || this.nesting > MOST_NESTING) return this.fail();
    this.at += 1;
    this.nesting += 1;
    const value = this.operand(token);
    this.nesting -= 1;
    return value;
  }

  private operand(token: CToken): bigint | undefined {
    const { kind, text } = token;
    if (kind === 'number') return cNumber(text) ?? this.fail();
    if (kind === 'word') return this.name(text);
    if (text === '(') return this.isCast() ? this.unary() : this.bracket();
    const value = text === '-' || text === '~' || text === '+' ? this.unary() : this.fail();
    if (value === undefined || text === '+') return value;
    return text === '-' ? -value : ~value;
  }

  private bracket(): bigint | undefined {
    const value = this.read();
    if (this.tokens[this.at]?.text !== ')') return this.fail();
    this.at += 1;
    return value;
  }

  /** Steps over a cast behind its opening bracket, if it is one. */
  private isCast(): boolean {
    let end = this.at;
    while (TYPE_WORD.test(this.tokens[end]?.text ?? '') || this.tokens[end]?.text === '*') end += 1;
    if (end === this.at || this.tokens[end]?.text !== ')') return false;
    this.at = end + 1;
    return true;
  }

  private name(text: string): bigint | undefined {
    const size = SIZE_NAME.exec(text);
    if (size !== null) return BigInt(size[1] ?? '0') * (SIZE_UNITS[size[2] ?? ''] ?? 1n);
    const calls = this.tokens[this.at]?.text === '(';
    const factor = Object.hasOwn(WRAPPERS, text) ? WRAPPERS[text] : undefined;
    if (calls && factor !== undefined) {
      this.at += 1;
      return this.wrapped(factor);
    }
    this.unresolved.add(text);
    if (calls) this.skipCall();
    return undefined;
  }

  /** The argument of a wrapper; `_AC(1, UL)` has a second one, which is a suffix. */
  private wrapped(factor: bigint): bigint | undefined {
    const value = this.read();
    if (this.tokens[this.at]?.text === ',') this.at += 2;
    if (this.tokens[this.at]?.text !== ')') return this.fail();
    this.at += 1;
    return value === undefined ? undefined : value * factor;
  }

  private skipCall(): void {
    let depth = 0;
    for (; this.at < this.tokens.length; this.at += 1) {
      const text = this.tokens[this.at]?.text;
      if (text === '(') depth += 1;
      if (text === ')') depth -= 1;
      if (depth === 0) break;
    }
    this.at += 1;
  }
}

const NUMBER = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uUlL]*$/;

/** A number as C writes it, with its suffix; 0 first means octal. */
function cNumber(text: string): bigint | undefined {
  const digits = NUMBER.exec(text.replaceAll("'", ''))?.[1];
  if (digits === undefined || digits.length > 30) return undefined;
  if (!/^0[0-9]/.test(digits)) return BigInt(digits);
  return /^[0-7]+$/.test(digits) ? BigInt(`0o${digits}`) : undefined;
}
