/** Files of registers: JSON, lines `NAME=VALUE`, or what a debugger prints for `info registers`. */

import { hex0x, VmError } from '../base/index.js';
import { type ByteFile, readWhole } from './byte-file.js';
import { type GivenRegister, parseRegisterName } from './register-banks.js';
import { textLines } from './text-lines.js';

const LARGEST_BYTES = 2 ** 20;
const LINE = /^\s*([A-Za-z][A-Za-z0-9_]*)\s*(?:[=:]\s*|\s)\s*(\S+)/;
const VALUE = /^(?:0x)?([0-9a-f_]{1,20})$/i;
const HIGHEST = 2n ** 64n;

/**
 * The registers in `file`, whose origin is called `origin`.
 *
 * Errors: SOURCE_ERR_READ — it cannot be read. SOURCE_ERR_FORMAT — it is no file of registers, or
 * names none that matters here. SOURCE_ERR_REGISTER — a value is not possible.
 */
export function registersIn(file: ByteFile, origin = file.name): GivenRegister[] {
  const content = readWhole(file, LARGEST_BYTES, 'a file of registers');
  return parseRegisters(new TextDecoder().decode(content), origin);
}

/**
 * The registers that `text` gives: a JSON object, or one register a line, `NAME=VALUE`,
 * `NAME: VALUE` or `NAME VALUE`, with comments from `#`. Values are hexadecimal with or without
 * `0x`; only a JSON number is decimal. Of 64-bit values the low word counts.
 *
 * Errors: SOURCE_ERR_FORMAT — neither, or no register that matters here. SOURCE_ERR_REGISTER — a
 * value is not possible.
 */
export function parseRegisters(text: string, origin: string): GivenRegister[] {
  const given = text.trimStart().startsWith('{') ? fromJson(text, origin) : fromLines(text, origin);
  if (given.length > 0) return given;
  const want = 'one has JSON {"TTBR0": "0x…"} or lines TTBR0=0x…';
  throw new VmError('SOURCE_ERR_FORMAT', `${origin} names no translation register: ${want}`);
}

/**
 * The value that `text` writes for the register `name`.
 *
 * Errors: SOURCE_ERR_REGISTER — it is not a hexadecimal number of at most 64 bits.
 */
export function parseRegisterValue(name: string, text: string, origin: string): number {
  const digits = VALUE.exec(text)?.[1]?.replaceAll('_', '');
  const value = digits === undefined || digits === '' ? HIGHEST : BigInt(`0x${digits}`);
  if (value < HIGHEST) return Number(value & 0xffff_ffffn);
  const want = 'a register holds a hexadecimal number, such as 0x4020406a';
  throw new VmError('SOURCE_ERR_REGISTER', `${origin}: ${name} is ${short(text)}, ${want}`);
}

function fromJson(text: string, origin: string): GivenRegister[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const reason = short((error as SyntaxError).message);
    throw new VmError('SOURCE_ERR_FORMAT', `${origin} is not JSON: ${reason}`);
  }
  const given: GivenRegister[] = [];
  for (const [name, value] of Object.entries(parsed as object)) {
    if (parseRegisterName(name) === undefined) continue;
    const where = `${origin}: ${name}`;
    if (typeof value === 'string') {
      given.push({ name, value: parseRegisterValue(name, value, origin), origin: where });
    } else if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
      given.push({ name, value: value % 2 ** 32, origin: where });
    } else {
      const want = 'write it as a hexadecimal string, or as a number from 0 on';
      const text = `${origin}: ${name} is ${short(JSON.stringify(value))}, ${want}`;
      throw new VmError('SOURCE_ERR_REGISTER', text);
    }
  }
  return given;
}

function fromLines(text: string, origin: string): GivenRegister[] {
  const given: GivenRegister[] = [];
  for (const line of textLines(text)) {
    const match = LINE.exec(line.text.split('#', 1)[0] as string);
    if (match === null || parseRegisterName(match[1] as string) === undefined) continue;
    const [name, value] = [match[1] as string, match[2] as string];
    const where = `${origin}:${line.number}`;
    given.push({ name, value: parseRegisterValue(name, value, where), origin: where });
  }
  return given;
}

/** At most forty characters of `text`. */
function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Whether `value` fits a register of 32 bits. */
export function requireWord(name: string, value: number, origin: string): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  const text = `${origin}: ${name} is ${hex0x(value)}, a register has 32 bits`;
  throw new VmError('SOURCE_ERR_REGISTER', text);
}
