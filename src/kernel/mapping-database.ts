/**
 * The mapping database: every memory object, in one order that answers who descends from whom.
 *
 * Ranges nest: what is made from an object lies inside it. Ordered by base, larger first, shallower
 * first, the objects stand in the pre-order of the tree of descent, so that the descendants of an
 * object are the run right behind it:
 *
 *     RAM 0..64K │ RAM 0..16K │ VNode 0..1K │ VNode 1K..2K │ RAM 16K..32K │ Frame 16K..32K
 *     └──────────────────────── descendants of the first ────────────────────────────────┘
 *
 * Kept as a treap: a search tree by that order, a heap by a hash of the object's number, which makes
 * it balanced without any bookkeeping. Each question below costs O(log n).
 * (Barrelfish `lib/mdb`, an AA tree over the capabilities themselves; here copies share a node.)
 */
import {
  type Capabilities,
  OBJECT_BASE,
  OBJECT_DEPTH,
  OBJECT_LEFT,
  OBJECT_PARENT,
  OBJECT_RIGHT,
  OBJECT_SHIFT,
  OBJECT_SIZE,
} from './capabilities.js';

/** 2^32 divided by the golden ratio: spreads consecutive numbers over the whole range. */
const SPREAD = 0x9e37_79b1;

function priority(object: number): number {
  return Math.imul(object, SPREAD) >>> 0;
}

/** The order and the questions; the objects themselves live in {@link Capabilities}. */
export class MappingDatabase {
  private readonly capabilities: Capabilities;
  private root = 0;
  private splitLow = 0;
  private splitHigh = 0;

  constructor(capabilities: Capabilities) {
    this.capabilities = capabilities;
  }

  private field(object: number, field: number): number {
    return this.capabilities.objects[(object << OBJECT_SHIFT) + field];
  }

  /** Whether `a` stands before `b`. */
  private before(a: number, b: number): boolean {
    const objects = this.capabilities.objects;
    const atA = a << OBJECT_SHIFT;
    const atB = b << OBJECT_SHIFT;
    const base = objects[atA + OBJECT_BASE] - objects[atB + OBJECT_BASE];
    if (base !== 0) return base < 0;
    const size = objects[atB + OBJECT_SIZE] - objects[atA + OBJECT_SIZE];
    if (size !== 0) return size < 0;
    const depth = objects[atA + OBJECT_DEPTH] - objects[atB + OBJECT_DEPTH];
    return depth !== 0 ? depth < 0 : a < b;
  }

  /** Adds `object`. */
  insert(object: number): void {
    const objects = this.capabilities.objects;
    const rank = priority(object);
    let link = -1;
    let node = this.root;
    while (node !== 0 && priority(node) > rank) {
      link = (node << OBJECT_SHIFT) + (this.before(object, node) ? OBJECT_LEFT : OBJECT_RIGHT);
      node = objects[link];
    }
    this.split(node, object);
    const at = object << OBJECT_SHIFT;
    objects[at + OBJECT_LEFT] = this.splitLow;
    objects[at + OBJECT_RIGHT] = this.splitHigh;
    if (link < 0) this.root = object;
    else objects[link] = object;
  }

  /** Cuts the subtree `node` in two: what stands before `object`, and what stands behind it. */
  private split(node: number, object: number): void {
    const objects = this.capabilities.objects;
    let low = 0;
    let high = 0;
    let lowLink = -1;
    let highLink = -1;
    for (let rest = node; rest !== 0; ) {
      if (this.before(rest, object)) {
        if (lowLink < 0) low = rest;
        else objects[lowLink] = rest;
        lowLink = (rest << OBJECT_SHIFT) + OBJECT_RIGHT;
        rest = objects[lowLink];
      } else {
        if (highLink < 0) high = rest;
        else objects[highLink] = rest;
        highLink = (rest << OBJECT_SHIFT) + OBJECT_LEFT;
        rest = objects[highLink];
      }
    }
    if (lowLink >= 0) objects[lowLink] = 0;
    if (highLink >= 0) objects[highLink] = 0;
    this.splitLow = low;
    this.splitHigh = high;
  }

  /** Takes `object` out. Its descendants stay. */
  remove(object: number): void {
    const objects = this.capabilities.objects;
    let link = -1;
    let node = this.root;
    while (node !== object) {
      link = (node << OBJECT_SHIFT) + (this.before(object, node) ? OBJECT_LEFT : OBJECT_RIGHT);
      node = objects[link];
    }
    const at = object << OBJECT_SHIFT;
    const joined = this.join(objects[at + OBJECT_LEFT], objects[at + OBJECT_RIGHT]);
    if (link < 0) this.root = joined;
    else objects[link] = joined;
  }

  /** One tree of `low` and `high`, where all of `low` stands before all of `high`. */
  private join(low: number, high: number): number {
    const objects = this.capabilities.objects;
    let root = 0;
    let link = -1;
    let left = low;
    let right = high;
    while (left !== 0 && right !== 0) {
      const leftFirst = priority(left) > priority(right);
      const node = leftFirst ? left : right;
      if (link < 0) root = node;
      else objects[link] = node;
      link = (node << OBJECT_SHIFT) + (leftFirst ? OBJECT_RIGHT : OBJECT_LEFT);
      if (leftFirst) left = objects[link];
      else right = objects[link];
    }
    const rest = left !== 0 ? left : right;
    if (link < 0) return rest;
    objects[link] = rest;
    return root;
  }

  /** The object right behind `object` in the order, or 0. */
  next(object: number): number {
    let found = 0;
    for (let node = this.root; node !== 0; ) {
      if (this.before(object, node)) {
        found = node;
        node = this.field(node, OBJECT_LEFT);
      } else {
        node = this.field(node, OBJECT_RIGHT);
      }
    }
    return found;
  }

  /** The last object with a base below `base`, or 0. Unit: KiB. */
  private lastBelow(base: number): number {
    let found = 0;
    for (let node = this.root; node !== 0; ) {
      if (this.field(node, OBJECT_BASE) < base) {
        found = node;
        node = this.field(node, OBJECT_RIGHT);
      } else {
        node = this.field(node, OBJECT_LEFT);
      }
    }
    return found;
  }

  /** The first object behind `object` with a base of at least `base`, or 0. Unit: KiB. */
  private firstBehind(object: number, base: number): number {
    let found = 0;
    for (let node = this.root; node !== 0; ) {
      if (this.field(node, OBJECT_BASE) >= base && this.before(object, node)) {
        found = node;
        node = this.field(node, OBJECT_LEFT);
      } else {
        node = this.field(node, OBJECT_RIGHT);
      }
    }
    return found;
  }

  /** Whether `descendant` was made, in any number of steps, from `object`. */
  isDescendant(descendant: number, object: number): boolean {
    const depth = this.field(object, OBJECT_DEPTH);
    let node = descendant;
    while (node !== 0 && this.field(node, OBJECT_DEPTH) > depth) {
      node = this.field(node, OBJECT_PARENT);
    }
    return node === object && descendant !== object;
  }

  /** A descendant of `object` that shares memory with `[base, base + size)` KiB, or 0. */
  descendantIn(object: number, base: number, size: number): number {
    const behind = this.firstBehind(object, base);
    if (
      behind !== 0 &&
      this.field(behind, OBJECT_BASE) < base + size &&
      this.isDescendant(behind, object)
    ) {
      return behind;
    }
    // What begins below `base` may still reach into the range: the last such object, or what it
    // was made from.
    let node = this.lastBelow(base);
    while (node !== 0 && node !== object) {
      const end = this.field(node, OBJECT_BASE) + this.field(node, OBJECT_SIZE);
      if (end > base && this.isDescendant(node, object)) return node;
      node = this.field(node, OBJECT_PARENT);
    }
    return 0;
  }

  /** The first descendant of `object`, or 0. */
  firstDescendant(object: number): number {
    const behind = this.next(object);
    return behind !== 0 && this.isDescendant(behind, object) ? behind : 0;
  }

  /** Objects that share memory with `[base, base + size)` KiB, in order. */
  *overlapping(base: number, size: number): Generator<number> {
    const enclosing: number[] = [];
    const below = this.lastBelow(base);
    for (let node = below; node !== 0; node = this.field(node, OBJECT_PARENT)) {
      if (this.field(node, OBJECT_BASE) + this.field(node, OBJECT_SIZE) > base)
        enclosing.push(node);
    }
    yield* enclosing.reverse();
    let node = below === 0 ? this.first() : this.next(below);
    for (; node !== 0 && this.field(node, OBJECT_BASE) < base + size; node = this.next(node)) {
      yield node;
    }
  }

  /** The first object of the order, or 0. */
  first(): number {
    let node = this.root;
    if (node === 0) return 0;
    for (let left = this.field(node, OBJECT_LEFT); left !== 0; ) {
      node = left;
      left = this.field(node, OBJECT_LEFT);
    }
    return node;
  }
}
