/**
 * Which page has to go: page replacement policies as values, the same for a living domain and for
 * the replay of a trace. A policy speaks of frame numbers only.
 *
 * A trace tells a policy every use of a page; a domain only those that fault. What has to know more
 * takes the right to use a page away ({@link PolicyHost.age}), so that the next use faults and is told:
 * the ARM access flag where the kernel runs with it, no access at all where it does not.
 */
import { SeededRandom } from '../base/index.js';
import { FrameHeap, FrameList } from './frame-list.js';

/** Whom a policy works for. */
export interface PolicyHost {
  /** Makes the next use of the page in `frame` be told by `touch`. */
  age(frame: number): void;
}

/** One policy at work. */
export interface ReplacementPolicy {
  /** A page came into the free `frame`; that is its first use. */
  admit(frame: number): void;
  /** The page in `frame` was used again, `times` times (once, if not said). */
  touch(frame: number, times?: number): void;
  /** The page in `frame` is gone. */
  remove(frame: number): void;
  /** The frame to evict among those that `usable` says may be, or -1. */
  victim(usable: (frame: number) => boolean): number;
}

/** A policy by name, ready to be put to work: for a `host`, or where every use is told anyway. */
export interface PolicyKind {
  readonly name: string;
  start(host?: PolicyHost): ReplacementPolicy;
}

/** What OPT is told of the future. */
export interface Future {
  /** When the page that is being admitted or touched will be used again; infinite for never. */
  readonly nextUse: number;
}

/** First in, first out. */
export const fifo: PolicyKind = {
  name: 'fifo',
  start: () => {
    const queue = new FrameList();
    return {
      admit: (frame) => queue.append(frame),
      touch: () => {},
      remove: (frame) => queue.remove(frame),
      victim: (usable) => firstUsable(queue, usable),
    };
  },
};

/**
 * CLOCK (Corbató, 1968): the frames in a ring, a reference bit each, and a hand that clears set bits
 * and takes the first frame whose bit is clear. A page comes in with its bit set.
 */
export const clock: PolicyKind = {
  name: 'clock',
  start: (host) => new ClockPolicy(host),
};

/**
 * Second chance: a queue, from whose head a page whose reference bit is set goes to the end instead,
 * with its bit clear. A page comes in with its bit clear: only a further use gives it its chance.
 */
export const secondChance: PolicyKind = {
  name: 'second-chance',
  start: (host) => new SecondChancePolicy(host),
};

/**
 * Least recently used. In a domain the last `window` pages used stay at hand, and their order among
 * themselves is not known; with 1 the order is exact, and each change of page costs a fault.
 */
export function lru(window = 4): PolicyKind {
  return { name: 'lru', start: (host) => new LruPolicy(host, window) };
}

/** Least frequently used since it came in; the oldest of those. `window` as for {@link lru}. */
export function lfu(window = 4): PolicyKind {
  return { name: 'lfu', start: (host) => new LfuPolicy(host, window) };
}

/** Any page, by the seed. */
export function random(seed = 1): PolicyKind {
  return { name: 'random', start: () => new RandomPolicy(seed) };
}

/** Belady's: the page whose next use is furthest away. It has to be told the future. */
export function opt(future: Future): PolicyKind {
  return { name: 'opt', start: () => new OptPolicy(future) };
}

function firstUsable(list: FrameList, usable: (frame: number) => boolean): number {
  for (let frame = list.first; frame >= 0; frame = list.next(frame)) {
    if (usable(frame)) return frame;
  }
  return -1;
}

/** A bit for each frame. */
class FrameBits {
  private bits = new Uint8Array(64);

  get(frame: number): boolean {
    return this.bits[frame] === 1;
  }

  set(frame: number, value: boolean): void {
    if (frame >= this.bits.length) {
      const larger = new Uint8Array(Math.max(frame + 1, this.bits.length * 2));
      larger.set(this.bits);
      this.bits = larger;
    }
    this.bits[frame] = value ? 1 : 0;
  }
}

class ClockPolicy implements ReplacementPolicy {
  private readonly host: PolicyHost | undefined;
  /** The ring, by frame number: a page takes the place of the one that it drove out. */
  private readonly present = new FrameBits();
  private readonly used = new FrameBits();
  private end = 0;
  private hand = 0;

  constructor(host: PolicyHost | undefined) {
    this.host = host;
  }

  admit(frame: number): void {
    this.present.set(frame, true);
    this.used.set(frame, true);
    if (frame >= this.end) this.end = frame + 1;
  }

  touch(frame: number): void {
    this.used.set(frame, true);
  }

  remove(frame: number): void {
    this.present.set(frame, false);
  }

  victim(usable: (frame: number) => boolean): number {
    // Once round to clear every bit, and once more to come back to the first.
    for (let step = 0; step < 2 * this.end; step += 1) {
      const frame = this.hand;
      this.hand = frame + 1 >= this.end ? 0 : frame + 1;
      if (!this.present.get(frame) || !usable(frame)) continue;
      if (!this.used.get(frame)) return frame;
      this.used.set(frame, false);
      this.host?.age(frame);
    }
    return -1;
  }
}

class SecondChancePolicy implements ReplacementPolicy {
  private readonly host: PolicyHost | undefined;
  private readonly queue = new FrameList();
  private readonly used = new FrameBits();

  constructor(host: PolicyHost | undefined) {
    this.host = host;
  }

  admit(frame: number): void {
    this.queue.append(frame);
    this.used.set(frame, false);
  }

  touch(frame: number): void {
    this.used.set(frame, true);
  }

  remove(frame: number): void {
    this.queue.remove(frame);
  }

  victim(usable: (frame: number) => boolean): number {
    const { queue } = this;
    for (let left = 2 * queue.size; left > 0 && queue.first >= 0; left -= 1) {
      const frame = queue.first;
      const chance = this.used.get(frame);
      if (!chance && usable(frame)) return frame;
      if (chance) {
        this.used.set(frame, false);
        this.host?.age(frame);
      }
      queue.moveToEnd(frame);
    }
    return -1;
  }
}

/** The last few frames that were used: those that leave it are aged. */
class RecentFrames {
  private readonly host: PolicyHost;
  private readonly window: number;
  private readonly list = new FrameList();
  private readonly held = new FrameBits();

  constructor(host: PolicyHost, window: number) {
    this.host = host;
    this.window = window;
  }

  use(frame: number): void {
    if (this.held.get(frame)) {
      this.list.moveToEnd(frame);
      return;
    }
    this.list.append(frame);
    this.held.set(frame, true);
    if (this.list.size <= this.window) return;
    const oldest = this.list.first;
    this.drop(oldest);
    this.host.age(oldest);
  }

  drop(frame: number): void {
    if (!this.held.get(frame)) return;
    this.list.remove(frame);
    this.held.set(frame, false);
  }
}

class LruPolicy implements ReplacementPolicy {
  private readonly order = new FrameList();
  private readonly recent: RecentFrames | undefined;

  constructor(host: PolicyHost | undefined, window: number) {
    if (host !== undefined) this.recent = new RecentFrames(host, window);
  }

  admit(frame: number): void {
    this.order.append(frame);
    this.recent?.use(frame);
  }

  touch(frame: number): void {
    this.order.moveToEnd(frame);
    this.recent?.use(frame);
  }

  remove(frame: number): void {
    this.order.remove(frame);
    this.recent?.drop(frame);
  }

  victim(usable: (frame: number) => boolean): number {
    return firstUsable(this.order, usable);
  }
}

/** The usable frame that is first in a heap's order. */
function lowestUsable(heap: FrameHeap, usable: (frame: number) => boolean): number {
  if (heap.size > 0 && usable(heap.at(0))) return heap.at(0);
  let best = -1;
  for (let place = 1; place < heap.size; place += 1) {
    const frame = heap.at(place);
    if ((best < 0 || heap.before(frame, best)) && usable(frame)) best = frame;
  }
  return best;
}

/**
 * The heap keeps an older count of a page, which can only be too low: a use costs no change of the
 * heap, and a page is put right when it comes to the top.
 */
class LfuPolicy implements ReplacementPolicy {
  private readonly heap = new FrameHeap();
  private readonly recent: RecentFrames | undefined;
  private uses = new Float64Array(64);

  constructor(host: PolicyHost | undefined, window: number) {
    if (host !== undefined) this.recent = new RecentFrames(host, window);
  }

  admit(frame: number): void {
    if (frame >= this.uses.length) {
      const larger = new Float64Array(Math.max(frame + 1, this.uses.length * 2));
      larger.set(this.uses);
      this.uses = larger;
    }
    this.uses[frame] = 1;
    this.heap.add(frame, 1);
    this.recent?.use(frame);
  }

  touch(frame: number, times = 1): void {
    this.uses[frame] += times;
    this.recent?.use(frame);
  }

  remove(frame: number): void {
    this.heap.remove(frame);
    this.recent?.drop(frame);
  }

  victim(usable: (frame: number) => boolean): number {
    const { heap } = this;
    if (heap.size === 0) return -1;
    while (!this.isRight(heap.at(0))) this.putRight(heap.at(0));
    if (usable(heap.at(0))) return heap.at(0);
    for (const frame of heap.all()) if (!this.isRight(frame)) this.putRight(frame);
    return lowestUsable(heap, usable);
  }

  private isRight(frame: number): boolean {
    return this.heap.rank(frame) === this.uses[frame];
  }

  private putRight(frame: number): void {
    this.heap.change(frame, this.uses[frame]);
  }
}

class OptPolicy implements ReplacementPolicy {
  private readonly heap = new FrameHeap();
  private readonly future: Future;

  constructor(future: Future) {
    this.future = future;
  }

  admit(frame: number): void {
    this.heap.add(frame, -this.future.nextUse);
  }

  touch(frame: number): void {
    this.heap.change(frame, -this.future.nextUse);
  }

  remove(frame: number): void {
    this.heap.remove(frame);
  }

  victim(usable: (frame: number) => boolean): number {
    return lowestUsable(this.heap, usable);
  }
}

class RandomPolicy implements ReplacementPolicy {
  private readonly numbers: SeededRandom;
  private readonly list: number[] = [];
  private readonly places: number[] = [];

  constructor(seed: number) {
    this.numbers = new SeededRandom(seed);
  }

  admit(frame: number): void {
    this.places[frame] = this.list.length;
    this.list.push(frame);
  }

  touch(): void {}

  remove(frame: number): void {
    const last = this.list.pop() as number;
    if (last === frame) return;
    const place = this.places[frame] as number;
    this.list[place] = last;
    this.places[last] = place;
  }

  victim(usable: (frame: number) => boolean): number {
    const count = this.list.length;
    const start = this.numbers.below(count);
    for (let step = 0; step < count; step += 1) {
      const frame = this.list[(start + step) % count];
      if (usable(frame)) return frame;
    }
    return -1;
  }
}
