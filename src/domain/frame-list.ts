/** An order of frame numbers in typed arrays: no object per frame. */

const NONE = -1;

/** A doubly linked list of small numbers, each in it at most once. */
export class FrameList {
  /** The first number, or -1. */
  first = NONE;
  /** The last number, or -1. */
  last = NONE;
  /** How many there are. */
  size = 0;
  private after = new Int32Array(64).fill(NONE);
  private before = new Int32Array(64).fill(NONE);

  /** The number behind `frame`, or -1. */
  next(frame: number): number {
    return this.after[frame];
  }

  /** Puts `frame`, which is not in the list, at its end. */
  append(frame: number): void {
    if (frame >= this.after.length) this.grow(frame);
    this.before[frame] = this.last;
    this.after[frame] = NONE;
    if (this.last === NONE) this.first = frame;
    else this.after[this.last] = frame;
    this.last = frame;
    this.size += 1;
  }

  /** Takes `frame` out. */
  remove(frame: number): void {
    const before = this.before[frame];
    const after = this.after[frame];
    if (before === NONE) this.first = after;
    else this.after[before] = after;
    if (after === NONE) this.last = before;
    else this.before[after] = before;
    this.size -= 1;
  }

  /** Makes `frame` the last one. */
  moveToEnd(frame: number): void {
    if (this.last === frame) return;
    this.remove(frame);
    this.append(frame);
  }

  private grow(frame: number): void {
    const length = Math.max(frame + 1, this.after.length * 2);
    this.after = grown(this.after, length);
    this.before = grown(this.before, length);
  }
}

/** A heap of frame numbers by a rank, the lowest on top; ties go to who came first. */
export class FrameHeap {
  private frames = new Int32Array(64);
  private places = new Int32Array(64).fill(NONE);
  private ranks = new Float64Array(64);
  private turns = new Float64Array(64);
  private count = 0;
  private turn = 0;

  get size(): number {
    return this.count;
  }

  /** The frame at a place of the heap; place 0 has the lowest rank. */
  at(place: number): number {
    return this.frames[place];
  }

  /** Every frame, as they are now; the heap may be changed meanwhile. */
  all(): Int32Array {
    return this.frames.slice(0, this.count);
  }

  rank(frame: number): number {
    return this.ranks[frame];
  }

  /** Whether `left` is to go before `right`. */
  before(left: number, right: number): boolean {
    const difference = this.ranks[left] - this.ranks[right];
    return difference !== 0 ? difference < 0 : this.turns[left] < this.turns[right];
  }

  /** Adds a frame that is not in the heap. */
  add(frame: number, rank: number): void {
    if (frame >= this.places.length) this.growFrames(frame);
    if (this.count === this.frames.length) this.frames = grown(this.frames, this.count * 2);
    this.ranks[frame] = rank;
    this.turns[frame] = this.turn;
    this.turn += 1;
    this.count += 1;
    this.rise(this.count - 1, frame);
  }

  /** Gives a frame of the heap another rank. */
  change(frame: number, rank: number): void {
    const old = this.ranks[frame];
    this.ranks[frame] = rank;
    if (rank < old) this.rise(this.places[frame], frame);
    else this.sink(this.places[frame], frame);
  }

  /** Takes a frame out of the heap. */
  remove(frame: number): void {
    const place = this.places[frame];
    this.count -= 1;
    this.places[frame] = NONE;
    const last = this.frames[this.count];
    if (last === frame) return;
    this.rise(place, last);
    this.sink(this.places[last], last);
  }

  private rise(from: number, frame: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.before(frame, this.frames[parent])) break;
      this.put(place, this.frames[parent]);
      place = parent;
    }
    this.put(place, frame);
  }

  private sink(from: number, frame: number): void {
    let place = from;
    for (let child = 2 * place + 1; child < this.count; child = 2 * place + 1) {
      const right = child + 1;
      if (right < this.count && this.before(this.frames[right], this.frames[child])) child = right;
      if (!this.before(this.frames[child], frame)) break;
      this.put(place, this.frames[child]);
      place = child;
    }
    this.put(place, frame);
  }

  private put(place: number, frame: number): void {
    this.frames[place] = frame;
    this.places[frame] = place;
  }

  private growFrames(frame: number): void {
    const length = Math.max(frame + 1, this.places.length * 2);
    this.places = grown(this.places, length);
    this.ranks = grown(this.ranks, length);
    this.turns = grown(this.turns, length);
  }
}

function grown<Pool extends Int32Array | Float64Array>(pool: Pool, length: number): Pool {
  const next = new (pool.constructor as new (size: number) => Pool)(length);
  next.set(pool);
  return next;
}
