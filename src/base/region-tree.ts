/**
 * Disjoint half-open intervals [base, base + bytes) of an address space, each with an id, in order.
 *
 * A B+ tree in typed-array pools. A node is a run of {@link WIDTH} slots, used from the left; a slot
 * describes a subtree, and in a leaf a single region, by the same four numbers:
 *
 *     first    base of its lowest region; NaN, which no search finds, in a slot that is not used
 *     last     end of its highest region
 *     gap      largest free range between two of its regions, so 0 in a leaf
 *     ref      the node below, or in a leaf the id
 *
 * so a search for free addresses steps over whatever has no room. A wide node, searched without a
 * branch, because a binary tree mispredicts at every other level: at 10,000 regions an AVL tree took
 * 200 ns to find an address, this takes 75. Of 16, 32 and 64 slots 16 was the fastest.
 *
 * Bases and sizes are integers; addresses below 2^52 stay exact.
 */

/** What {@link RegionTree.first}, `floor` and `next` answer when there is no such region. */
export const NO_REGION = -1;

const WIDTH_SHIFT = 4;
/** Slots of a node. */
const WIDTH = 1 << WIDTH_SHIFT;
const FIRST_NODES = 2;
/**
 * Neighbours below one parent hold more than half a node together ({@link RegionTree.remove} sees to
 * it), so that the tree branches about fourfold at worst and 2^31 regions need 16 levels.
 */
const DEEPEST = 18;
/** Of a search: the answer lies further on. */
const UNDECIDED = -2;

/** An ordered set of disjoint address ranges, with search for gaps in O(log n). */
export class RegionTree {
  #first = new Float64Array(FIRST_NODES * WIDTH).fill(NaN);
  #last = new Float64Array(FIRST_NODES * WIDTH);
  #gap = new Float64Array(FIRST_NODES * WIDTH);
  #ref = new Int32Array(FIRST_NODES * WIDTH);
  /** Slots used in each node. */
  #count = new Uint8Array(FIRST_NODES);
  /** The slot taken in each level above the leaves; the leaves are level 0. */
  readonly #path = new Int32Array(DEEPEST);
  #root = 0;
  /** Level of the root. */
  #height = 0;
  /** Head of the list of freed nodes, linked through their first `ref`; -1 ends it. */
  #free = -1;
  /** Lowest node that was never used. */
  #fresh = 1;
  #size = 0;
  /** What {@link lastGap} has left: every place that ends above this is ruled out. */
  #ceiling = 0;

  /** The number of regions. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds [base, base + bytes) under `id` (0 to 2^31 - 1). False, and nothing changes, when the range
   * is empty, starts below 0 or overlaps a region.
   */
  insert(base: number, bytes: number, id: number): boolean {
    if (!(bytes > 0 && base >= 0) || this.overlaps(base, bytes)) return false;
    // Full nodes are split on the way down, so that there is always room for what comes from below.
    if (this.#count[this.#root] === WIDTH) this.#raise();
    let node = this.#root;
    for (let level = this.#height; level > 0; level -= 1) {
      let slot = this.#seek(node, base);
      if (this.#count[this.#ref[slot]] === WIDTH) {
        this.#split(slot);
        if (this.#first[slot + 1] <= base) slot += 1;
      }
      this.#path[level] = slot;
      node = this.#ref[slot];
    }
    const floor = this.#seek(node, base);
    const slot = this.#first[floor] <= base ? floor + 1 : floor;
    this.#open(slot);
    this.#first[slot] = base;
    this.#last[slot] = base + bytes;
    this.#gap[slot] = 0;
    this.#ref[slot] = id;
    this.#size += 1;
    let level = 1;
    while (level <= this.#height && this.#summarise(this.#path[level])) level += 1;
    return true;
  }

  /** Removes the region that starts at exactly `base`: its id, or -1 when there is none. */
  remove(base: number): number {
    let node = this.#root;
    for (let level = this.#height; level > 0; level -= 1) {
      const slot = this.#seek(node, base);
      this.#path[level] = slot;
      node = this.#ref[slot];
    }
    const found = this.#seek(node, base);
    if (this.#first[found] !== base) return -1;
    const id = this.#ref[found];
    this.#close(found);
    this.#size -= 1;
    let level = 1;
    while (level <= this.#height && this.#settle(this.#path[level])) level += 1;
    while (this.#height > 0 && this.#count[this.#root] === 1) this.#lower();
    return id;
  }

  /** The id of the region that holds `address`, or -1. */
  find(address: number): number {
    const slot = this.floor(address);
    return slot !== NO_REGION && address < this.#last[slot] ? this.#ref[slot] : -1;
  }

  /** Whether any address of [base, base + bytes) lies in a region. */
  overlaps(base: number, bytes: number): boolean {
    if (!(bytes > 0)) return false;
    const slot = this.floor(base + bytes - 1);
    return slot !== NO_REGION && this.#last[slot] > base;
  }

  /**
   * The lowest multiple of `alignment` (any positive integer) at or above `from` such that `bytes`
   * bytes from there are free and end at or below `end`; -1 when there is none, or `bytes` is 0.
   *
   * O(log n) whenever the gaps that are large enough also suit the alignment. Otherwise it looks at
   * each such gap, but at no more of them than there are multiples of `alignment` in the range.
   */
  firstGap(from: number, end: number, bytes: number, alignment: number): number {
    if (!(bytes > 0)) return -1;
    const first = this.#first;
    const last = this.#last;
    const gap = this.#gap;
    const path = this.#path;
    let low = from; // every place below is ruled out
    let level = this.#height;
    let slot = this.#seek(this.#root, low);
    let stop = this.#stop(slot);
    while (low + bytes <= end) {
      if (slot === stop) {
        if (level === this.#height) {
          low = alignUp(low, alignment);
          return low + bytes <= end ? low : -1;
        }
        level += 1;
        slot = path[level] + 1;
        stop = this.#stop(path[level]);
        continue;
      }
      if (first[slot] - low >= bytes) {
        low = alignUp(low, alignment);
        if (first[slot] - low >= bytes) return low + bytes <= end ? low : -1;
      }
      if (gap[slot] >= bytes && last[slot] - low >= bytes) {
        path[level] = slot;
        level -= 1;
        const node = this.#ref[slot];
        slot = first[slot] < low ? this.#seek(node, low) : node << WIDTH_SHIFT;
        stop = this.#stop(slot);
        continue;
      }
      // Past this slot, and past all that follow it without any room.
      let past = last[slot++];
      while (slot < stop && gap[slot] < bytes && first[slot] - past < bytes) past = last[slot++];
      if (past > low) low = past;
    }
    return -1;
  }

  /**
   * The highest multiple of `alignment` (any positive integer) such that `bytes` bytes from there are
   * free, begin at or above `from` and end at or below `end`; -1 when there is none, or `bytes` is 0.
   */
  lastGap(from: number, end: number, bytes: number, alignment: number): number {
    if (!(bytes > 0 && from >= 0)) return -1;
    this.#ceiling = end;
    const found = this.#lastGapIn(this.#root, this.#height, from, bytes, alignment);
    if (found !== UNDECIDED) return found;
    return fitBelow(from, this.#ceiling, bytes, alignment);
  }

  /**
   * The answer of {@link lastGap} as far as the subtree of `node` decides it; what is still free below
   * `#ceiling` reaches to its lowest region otherwise.
   */
  #lastGapIn(node: number, level: number, from: number, bytes: number, alignment: number): number {
    const start = node << WIDTH_SHIFT;
    for (let slot = start + this.#count[node] - 1; slot >= start; slot -= 1) {
      if (this.#ceiling - bytes < from) return -1;
      if (this.#first[slot] >= this.#ceiling) continue;
      const low = Math.max(from, this.#last[slot]);
      const found = fitBelow(low, this.#ceiling, bytes, alignment);
      if (found >= 0) return found;
      const inside = this.#gap[slot] >= bytes || this.#last[slot] > this.#ceiling;
      if (level > 0 && inside) {
        const below = this.#lastGapIn(this.#ref[slot], level - 1, from, bytes, alignment);
        if (below !== UNDECIDED) return below;
      }
      this.#ceiling = Math.min(this.#ceiling, this.#first[slot]);
    }
    return UNDECIDED;
  }

  /**
   * The lowest region, or {@link NO_REGION}. A region is a number that {@link baseOf},
   * {@link bytesOf}, {@link idOf} and {@link next} take, and that is void after the next change.
   */
  first(): number {
    return this.#size === 0 ? NO_REGION : this.#descend(-1);
  }

  /** The region with the highest base at or below `address`, or {@link NO_REGION}. */
  floor(address: number): number {
    const slot = this.#descend(address);
    return this.#first[slot] <= address ? slot : NO_REGION;
  }

  /** The region after `region`, or {@link NO_REGION}. */
  next(region: number): number {
    if (region + 1 < this.#stop(region)) return region + 1;
    // The lowest of the subtrees to the right of the way down.
    const address = this.#first[region];
    let after = NO_REGION;
    let at = this.#root;
    for (let level = this.#height; level > 0; level -= 1) {
      const slot = this.#seek(at, address);
      at = this.#ref[slot];
      if (slot + 1 < this.#stop(slot)) after = slot + 1;
    }
    return after === NO_REGION ? NO_REGION : this.#descend(this.#first[after]);
  }

  /** The first address of `region`. */
  baseOf(region: number): number {
    return this.#first[region];
  }

  /** The size of `region` in bytes. */
  bytesOf(region: number): number {
    return this.#last[region] - this.#first[region];
  }

  /** The id of `region`. */
  idOf(region: number): number {
    return this.#ref[region];
  }

  /** The slot of a leaf that {@link #seek} finds for `address`. */
  #descend(address: number): number {
    const ref = this.#ref;
    let node = this.#root;
    for (let level = this.#height; level > 0; level -= 1) node = ref[this.#seek(node, address)];
    return this.#seek(node, address);
  }

  /** The last slot of `node` whose `first` is at or below `address`; its first slot if none is. */
  #seek(node: number, address: number): number {
    const first = this.#first;
    let slot = node << WIDTH_SHIFT;
    // Comparisons that are added up instead of branched on, and that do not wait for one another:
    // first the quarter of the node, then the slot of the quarter. No comparison finds NaN.
    slot +=
      (Number(first[slot + 4] <= address) +
        Number(first[slot + 8] <= address) +
        Number(first[slot + 12] <= address)) <<
      2;
    return (
      slot +
      Number(first[slot + 1] <= address) +
      Number(first[slot + 2] <= address) +
      Number(first[slot + 3] <= address)
    );
  }

  /** The end of the used slots of the node that holds `slot`. */
  #stop(slot: number): number {
    return (slot & -WIDTH) + this.#count[slot >>> WIDTH_SHIFT];
  }

  /** Makes room for one more at `slot`; its node is not full. */
  #open(slot: number): void {
    for (let to = this.#stop(slot); to > slot; to -= 1) this.#copy(to - 1, to);
    this.#count[slot >>> WIDTH_SHIFT] += 1;
  }

  /** Takes `slot` out of its node. */
  #close(slot: number): void {
    const end = this.#stop(slot) - 1;
    for (let to = slot; to < end; to += 1) this.#copy(to + 1, to);
    this.#first[end] = NaN;
    this.#count[slot >>> WIDTH_SHIFT] -= 1;
  }

  #copy(from: number, to: number): void {
    this.#first[to] = this.#first[from];
    this.#last[to] = this.#last[from];
    this.#gap[to] = this.#gap[from];
    this.#ref[to] = this.#ref[from];
  }

  /** Moves the slots of `source` from its `from`th on to the end of `target`. */
  #move(source: number, from: number, target: number): void {
    const start = source << WIDTH_SHIFT;
    const count = this.#count[source];
    let to = (target << WIDTH_SHIFT) + this.#count[target];
    for (let index = from; index < count; index += 1) {
      this.#copy(start + index, to);
      this.#first[start + index] = NaN;
      to += 1;
    }
    this.#count[target] += count - from;
    this.#count[source] = from;
  }

  /** Moves the upper half of the full node below `slot` into a new node below `slot + 1`. */
  #split(slot: number): void {
    const upper = this.#takeNode();
    this.#move(this.#ref[slot], WIDTH >>> 1, upper);
    this.#open(slot + 1);
    this.#ref[slot + 1] = upper;
    this.#summarise(slot);
    this.#summarise(slot + 1);
  }

  /**
   * Brings `slot` up to date after the node below it lost a slot: gives an empty node back, and
   * joins it with a neighbour when both together fill no more than half a node. Whether this changed
   * anything that the levels above have to know.
   */
  #settle(slot: number): boolean {
    const node = this.#ref[slot];
    if (this.#count[node] === 0) {
      this.#close(slot);
      this.#giveNode(node);
      return true;
    }
    const changed = this.#summarise(slot);
    const joined = slot + 1 < this.#stop(slot) && this.#join(slot);
    return ((slot & (WIDTH - 1)) > 0 && this.#join(slot - 1)) || joined || changed;
  }

  /** Joins the nodes below `slot` and `slot + 1` if both together fill no more than half a node. */
  #join(slot: number): boolean {
    const lower = this.#ref[slot];
    const upper = this.#ref[slot + 1];
    if (this.#count[lower] + this.#count[upper] > WIDTH >>> 1) return false;
    this.#move(upper, 0, lower);
    this.#giveNode(upper);
    this.#close(slot + 1);
    this.#summarise(slot);
    return true;
  }

  /** Works out what `slot` says of the node below it, which is not empty: whether that changed. */
  #summarise(slot: number): boolean {
    const first = this.#first;
    const last = this.#last;
    const gap = this.#gap;
    const node = this.#ref[slot];
    const start = node << WIDTH_SHIFT;
    const end = start + this.#count[node];
    let largest = gap[start];
    for (let at = start + 1; at < end; at += 1) {
      const before = first[at] - last[at - 1];
      if (before > largest) largest = before;
      if (gap[at] > largest) largest = gap[at];
    }
    const lowest = first[start];
    const highest = last[end - 1];
    if (first[slot] === lowest && last[slot] === highest && gap[slot] === largest) return false;
    first[slot] = lowest;
    last[slot] = highest;
    gap[slot] = largest;
    return true;
  }

  /** Puts a new root above the full one. */
  #raise(): void {
    const root = this.#takeNode();
    const slot = root << WIDTH_SHIFT;
    this.#count[root] = 1;
    this.#ref[slot] = this.#root;
    this.#root = root;
    this.#height += 1;
    this.#split(slot);
  }

  /** Makes the only node below the root the root. */
  #lower(): void {
    const old = this.#root;
    const slot = old << WIDTH_SHIFT;
    this.#root = this.#ref[slot];
    this.#height -= 1;
    this.#close(slot);
    this.#giveNode(old);
  }

  /** An empty node, from the free list or off the end of the pools. */
  #takeNode(): number {
    const freed = this.#free;
    if (freed >= 0) {
      this.#free = this.#ref[freed << WIDTH_SHIFT];
      return freed;
    }
    if (this.#fresh === this.#count.length) this.#grow();
    return this.#fresh++;
  }

  /** Puts the empty `node` into the free list. */
  #giveNode(node: number): void {
    this.#ref[node << WIDTH_SHIFT] = this.#free;
    this.#free = node;
  }

  #grow(): void {
    const used = this.#first.length;
    this.#first = doubled(this.#first).fill(NaN, used);
    this.#last = doubled(this.#last);
    this.#gap = doubled(this.#gap);
    this.#ref = doubled(this.#ref);
    this.#count = doubled(this.#count);
  }
}

/** The lowest multiple of `alignment` at or above `address`. */
function alignUp(address: number, alignment: number): number {
  // A double rounds the quotient of two integers below 2^53 to an integer only if it is one.
  return Math.ceil(address / alignment) * alignment;
}

/** The highest multiple of `alignment` with `bytes` between `low` and `high`, or -1. */
function fitBelow(low: number, high: number, bytes: number, alignment: number): number {
  const place = Math.floor((high - bytes) / alignment) * alignment;
  return place >= low ? place : -1;
}

/** A copy of `pool` with room for twice as many. */
function doubled<Pool extends Float64Array | Int32Array | Uint8Array>(pool: Pool): Pool {
  const grown = new (pool.constructor as new (length: number) => Pool)(pool.length * 2);
  grown.set(pool);
  return grown;
}
