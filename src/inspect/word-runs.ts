/**
 * A compact form for table words: tables are mostly runs of one word, or of words that grow by one
 * step, so that three kinds of runs shrink them about as well as a general compressor would.
 *
 *     run      count × 4 + kind, as a number of seven bits a byte, lowest first, bit 7 goes on
 *     kind 0   count words as they are, little-endian
 *     kind 1   one word, which count words are equal to
 *     kind 2   a first word and a step, as two words
 *
 * The bytes are text as base64 (RFC 4648, section 4).
 */

import { VmError } from '../base/index.js';

const LITERAL = 0;
const EQUAL = 1;
const SERIES = 2;
/** Runs shorter than this are not worth a head of their own. */
const SHORTEST = 4;

/** The text for `words`. */
export function packWords(words: Uint32Array): string {
  const bytes: number[] = [];
  let literal = 0;
  for (let at = 0; at < words.length; ) {
    const step = ((words[at + 1] ?? 0) - (words[at] as number)) | 0;
    let end = at + 1;
    while (end < words.length && (words[end] as number) === (words[end - 1] as number) + step) {
      end += 1;
    }
    if (end - at < SHORTEST) {
      at += 1;
      continue;
    }
    putLiteral(bytes, words, literal, at);
    putHead(bytes, end - at, step === 0 ? EQUAL : SERIES);
    putWord(bytes, words[at] as number);
    if (step !== 0) putWord(bytes, step);
    at = end;
    literal = end;
  }
  putLiteral(bytes, words, literal, words.length);
  return toBase64(bytes);
}

/**
 * The `count` words that `text` stands for.
 *
 * Errors: SOURCE_ERR_FORMAT — it is not base64, its runs are cut off, or they are not `count` words.
 */
export function unpackWords(text: string, count: number): Uint32Array {
  const bytes = fromBase64(text);
  const words = new Uint32Array(count);
  const view = new DataView(bytes.buffer);
  let at = 0;
  let place = 0;
  const word = (): number => {
    if (at + 4 > bytes.length) throw broken('a run of words is cut off');
    at += 4;
    return view.getUint32(at - 4, true);
  };
  while (at < bytes.length) {
    let head = 0;
    let scale = 1;
    let byte = 0x80;
    for (; byte >= 0x80; scale *= 128) {
      if (at >= bytes.length || scale > 2 ** 35) throw broken('a run of words has no end');
      byte = bytes[at++] as number;
      head += (byte & 0x7f) * scale;
    }
    const kind = head % 4;
    const length = Math.floor(head / 4);
    if (length === 0 || place + length > count || kind > SERIES) {
      throw broken(`a run of ${length} words does not fit ${count} words`);
    }
    const end = place + length;
    if (kind === LITERAL) {
      while (place < end) words[place++] = word();
      continue;
    }
    let value = word();
    const step = kind === SERIES ? word() : 0;
    for (; place < end; value = (value + step) >>> 0) words[place++] = value;
  }
  if (place !== count) throw broken(`${place} words are there instead of ${count}`);
  return words;
}

function putLiteral(bytes: number[], words: Uint32Array, from: number, to: number): void {
  if (from === to) return;
  putHead(bytes, to - from, LITERAL);
  for (let at = from; at < to; at++) putWord(bytes, words[at] as number);
}

function putHead(bytes: number[], count: number, kind: number): void {
  let rest = count * 4 + kind;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(0x80 | (rest % 128));
  bytes.push(rest);
}

function putWord(bytes: number[], word: number): void {
  bytes.push(word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24);
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter, value]));

function toBase64(bytes: readonly number[]): string {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [first, second, third] = [bytes[at] as number, bytes[at + 1], bytes[at + 2]];
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    const letters = [18, 12, 6, 0].map((shift) => ALPHABET[(bits >> shift) & 63]);
    if (second === undefined) letters[2] = '=';
    if (third === undefined) letters[3] = '=';
    texts.push(letters.join(''));
  }
  return texts.join('');
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const letters = text.replace(/={0,2}$/, '');
  if (text.length % 4 !== 0) throw broken('its words are no base64');
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4));
  let bits = 0;
  for (let at = 0; at < letters.length; at++) {
    const value = VALUES.get(letters[at] as string);
    if (value === undefined) throw broken(`${JSON.stringify(letters[at])} is no letter of base64`);
    bits = ((bits << 6) | value) & 0xff_ffff;
    const phase = at % 4;
    if (phase > 0) bytes[Math.floor((at * 3) / 4)] = (bits >> (6 - phase * 2)) & 255;
  }
  return bytes;
}

function broken(what: string): VmError {
  return new VmError('SOURCE_ERR_FORMAT', `this is no snapshot: ${what}`);
}
