/** Numbers that look random and are the same for the same seed (SplitMix32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** Any 32 bits, unsigned. */
  word(): number {
    this.state = (this.state + 0x9e37_79b9) | 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** An integer from 0 to `end` - 1. */
  below(end: number): number {
    return Math.floor((this.word() / 2 ** 32) * end);
  }

  /** True in `percent` of a hundred cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** One of `items`. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** One of the items, each as often as the number beside it says. */
  weighted<T>(items: readonly (readonly [number, T])[]): T {
    let sum = 0;
    for (const item of items) sum += item[0];
    let rest = this.below(sum);
    for (const item of items) {
      if (rest < item[0]) return item[1];
      rest -= item[0];
    }
    throw new Error('nothing to choose from');
  }
}
