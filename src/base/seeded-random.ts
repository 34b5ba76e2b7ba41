/** Random numbers that come again with the same seed. */
export class SeededRandom {
  private state: number;

  /** `seed` is any integer; its low 32 bits count. */
  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A number of `bits` random bits, 0 to 32. */
  bits(bits: number): number {
    return bits === 0 ? 0 : this.next() >>> (32 - bits);
  }

  /** A random integer from 0 up to, not including, `limit` (at most 2^32). */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** The next 32 bits: splitmix32 (Steele, Lea and Flood, "Fast splittable pseudorandom numbers"). */
  private next(): number {
    this.state = (this.state + 0x9e37_79b9) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
