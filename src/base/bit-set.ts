/**
 * Runs of bits in a pool of 32-bit words. A set is a place in the pool (`start`, in words), so that
 * a thousand tables share one array and none of them is an object.
 */

/** Words that hold bits. */
export type BitPool = Uint32Array | Int32Array;

const WORD_BITS = 32;
const ALL = 0xffff_ffff;

/** The bits of a word from `low` up to, not including, `high`; 0 <= low < high <= 32. */
const mask = (low: number, high: number): number => (ALL << low) & (ALL >>> (WORD_BITS - high));

/** Words that a set of `bits` bits takes. */
export const bitSetWords = (bits: number): number => (bits + WORD_BITS - 1) >>> 5;

/** Whether bit `index` is set. */
export const testBit = (pool: BitPool, start: number, index: number): boolean =>
  ((pool[start + (index >>> 5)] >>> (index & 31)) & 1) !== 0;

/** Sets bit `index`. */
export const setBit = (pool: BitPool, start: number, index: number): void => {
  pool[start + (index >>> 5)] |= 1 << (index & 31);
};

/** Clears bit `index`. */
export const clearBit = (pool: BitPool, start: number, index: number): void => {
  pool[start + (index >>> 5)] &= ~(1 << (index & 31));
};

/*
 * Runs of bits: the bits in the word that the run begins in, then whole words, then those in the word
 * that it ends in. A run that begins and ends in one word has only the first part.
 *
 *     word   first        first + 1 …  last - 1      last
 *            ░░░░████     ████████  ████████         ███░░░░░
 */

/** Sets `count` bits from `index`. */
export function setBits(pool: BitPool, start: number, index: number, count: number): void {
  const end = index + count;
  const last = start + (end >>> 5);
  let word = start + (index >>> 5);
  if (word === last) {
    if (count > 0) pool[word] |= mask(index & 31, end & 31);
    return;
  }
  pool[word] |= ALL << (index & 31);
  for (word += 1; word < last; word += 1) pool[word] = ALL;
  if ((end & 31) !== 0) pool[last] |= mask(0, end & 31);
}

/** Clears `count` bits from `index`. */
export function clearBits(pool: BitPool, start: number, index: number, count: number): void {
  const end = index + count;
  const last = start + (end >>> 5);
  let word = start + (index >>> 5);
  if (word === last) {
    if (count > 0) pool[word] &= ~mask(index & 31, end & 31);
    return;
  }
  pool[word] &= ~(ALL << (index & 31));
  for (word += 1; word < last; word += 1) pool[word] = 0;
  if ((end & 31) !== 0) pool[last] &= ~mask(0, end & 31);
}

/** Whether any of the `count` bits from `index` is set. */
export function anyBit(pool: BitPool, start: number, index: number, count: number): boolean {
  const end = index + count;
  const last = start + (end >>> 5);
  let word = start + (index >>> 5);
  if (word === last) return count > 0 && (pool[word] & mask(index & 31, end & 31)) !== 0;
  if ((pool[word] & (ALL << (index & 31))) !== 0) return true;
  for (word += 1; word < last; word += 1) if (pool[word] !== 0) return true;
  return (end & 31) !== 0 && (pool[last] & mask(0, end & 31)) !== 0;
}

/** How many of the 32 bits of a word are set. */
export const countBits = (word: number): number => {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
};

/** The highest set bit at or below `index`, or -1. */
export function lastBitUpTo(pool: BitPool, start: number, index: number): number {
  let word = index >>> 5;
  let bits = pool[start + word] & (ALL >>> (31 - (index & 31)));
  while (bits === 0) {
    if (word === 0) return -1;
    word -= 1;
    bits = pool[start + word];
  }
  return (word << 5) + 31 - Math.clz32(bits);
}

/** The lowest set bit at or above `index` and below `limit`, or -1. */
export function firstBitFrom(pool: BitPool, start: number, index: number, limit: number): number {
  if (index >= limit) return -1;
  let word = index >>> 5;
  let bits = (pool[start + word] & (ALL << (index & 31))) >>> 0;
  const words = bitSetWords(limit);
  while (bits === 0) {
    word += 1;
    if (word >= words) return -1;
    bits = pool[start + word];
  }
  const found = (word << 5) + 31 - Math.clz32(bits & -bits);
  return found < limit ? found : -1;
}

/** The lowest clear bit at or above `index` and below `limit`, or -1. */
export function firstClearBitFrom(
  pool: BitPool,
  start: number,
  index: number,
  limit: number,
): number {
  for (let at = index; at < limit; ) {
    const bits = ~pool[start + (at >>> 5)] & (ALL << (at & 31));
    if (bits !== 0) {
      const found = (at & ~31) + 31 - Math.clz32(bits & -bits);
      return found < limit ? found : -1;
    }
    at = (at & ~31) + WORD_BITS;
  }
  return -1;
}
