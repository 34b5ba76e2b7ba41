/**
 * The mapping database: every memory object, in one order that answers who descends from whom.
 *
 * Ranges nest: what is made from an object lies inside it, and what is made from the same object does
 * not overlap. Ordered by base, larger first, shallower first, the objects stand in the pre-order of
 * the tree of descent, so that the descendants of an object are the run right behind it:
 *
 *     RAM 0..64K │ RAM 0..16K │ VNode 0..1K │ VNode 1K..2K │ RAM 16K..32K │ Frame 16K..32K
 *     └──────────────────────── descendants of the first ────────────────────────────────┘
 *
 * Two exceptions. Objects that nothing was made from may overlap, so that each of them and what came
 * of it stand together as a family, one behind the other. Endpoints lie where their Dispatcher lies;
 * but nothing is made from them.
 *
 * Kept as a treap: a search tree by that order, a heap by a hash of the object's number, which makes
 * it balanced without any bookkeeping. Each question below costs O(log n); where one has to climb the
 * tree of descent, it says so, since a domain decides how deep that is.
 * (Barrelfish `lib/mdb`, an AA tree over the capabilities themselves; here copies share a node.)
 */
import {
  type Capabilities,
  OBJECT_BASE,
  OBJECT_DEPTH,
  OBJECT_FAMILY,
  OBJECT_LEFT,
  OBJECT_PARENT,
  OBJECT_RIGHT,
  OBJECT_SHIFT,
  OBJECT_SIZE,
  OBJECT_TYPE,
} from './capabilities.js';
import { CapType } from './capability-types.js';

/** 2^32 divided by the golden ratio: spreads consecutive numbers over the whole range. */
const SPREAD = 0x9e37_79b1;

const priority = (object: number): number => Math.imul(object, SPREAD) >>> 0;

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
    const family = objects[atA + OBJECT_FAMILY] - objects[atB + OBJECT_FAMILY];
    if (family !== 0) return family < 0;
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

  /** The last object of a family with a base below `base`, or 0. Unit: KiB. */
  private lastBelow(family: number, base: number): number {
    let found = 0;
    for (let node = this.root; node !== 0; ) {
      const order = this.field(node, OBJECT_FAMILY) - family;
      if (order < 0 || (order === 0 && this.field(node, OBJECT_BASE) < base)) {
        if (order === 0) found = node;
        node = this.field(node, OBJECT_RIGHT);
      } else {
        node = this.field(node, OBJECT_LEFT);
      }
    }
    return found;
  }

  /** The first object of a family with a base of at least `base`, or of a later family, or 0. */
  private firstFrom(family: number, base: number): number {
    let found = 0;
    for (let node = this.root; node !== 0; ) {
      const order = this.field(node, OBJECT_FAMILY) - family;
      if (order > 0 || (order === 0 && this.field(node, OBJECT_BASE) >= base)) {
        found = node;
        node = this.field(node, OBJECT_LEFT);
      } else {
        node = this.field(node, OBJECT_RIGHT);
      }
    }
    return found;
  }

  private endOf(object: number): number {
    return this.field(object, OBJECT_BASE) + this.field(object, OBJECT_SIZE);
  }

  /** Whether `descendant` was made, in any number of steps, from `object`. */
  isDescendant(descendant: number, object: number): boolean {
    return (
      this.before(object, descendant) &&
      this.field(descendant, OBJECT_FAMILY) === this.field(object, OBJECT_FAMILY) &&
      this.field(descendant, OBJECT_BASE) < this.endOf(object) &&
      this.field(object, OBJECT_TYPE) !== CapType.END_POINT
    );
  }

  /**
   * A descendant of `object` that shares memory with `[base, base + size)` KiB inside it, or 0.
   * Climbs from where `base` lies up to `object`.
   */
  descendantIn(object: number, base: number, size: number): number {
    const family = this.field(object, OBJECT_FAMILY);
    const isBase = base === this.field(object, OBJECT_BASE);
    const from = isBase ? this.next(object) : this.firstFrom(family, base);
    const begins = from !== 0 && this.field(from, OBJECT_BASE) < base + size;
    if (begins && this.isDescendant(from, object)) return from;
    // What begins below `base` may still reach into the range: the last such object, or what it was
    // made from.
    let node = this.lastBelow(family, base);
    if (node === 0 || !this.isDescendant(node, object)) return 0;
    for (; node !== object; node = this.field(node, OBJECT_PARENT)) {
      if (this.endOf(node) > base) return node;
    }
    return 0;
  }

  /** The first descendant of `object`, or 0. */
  firstDescendant(object: number): number {
    const behind = this.next(object);
    return behind !== 0 && this.isDescendant(behind, object) ? behind : 0;
  }

  /** Makes what was made from `object` the children of what that was made from. */
  passOnChildren(object: number): void {
    const { objects } = this.capabilities;
    const parent = this.field(object, OBJECT_PARENT);
    for (let child = this.firstDescendant(object); child !== 0; ) {
      objects[(child << OBJECT_SHIFT) + OBJECT_PARENT] = parent;
      const isEndpoint = this.field(child, OBJECT_TYPE) === CapType.END_POINT;
      const family = this.field(child, OBJECT_FAMILY);
      const next = isEndpoint ? this.next(child) : this.firstFrom(family, this.endOf(child));
      child = next !== 0 && this.isDescendant(next, object) ? next : 0;
    }
  }

  /** Objects that share memory with `[base, base + size)` KiB, family by family, in order. */
  *overlapping(base: number, size: number): Generator<number> {
    for (let member = this.first(); member !== 0; ) {
      const family = this.field(member, OBJECT_FAMILY);
      const enclosing: number[] = [];
      for (let node = this.lastBelow(family, base); node !== 0; ) {
        if (this.endOf(node) > base) enclosing.push(node);
        node = this.field(node, OBJECT_PARENT);
      }
      yield* enclosing.reverse();
      let node = this.firstFrom(family, base);
      while (node !== 0 && this.field(node, OBJECT_FAMILY) === family) {
        if (this.field(node, OBJECT_BASE) >= base + size) break;
        yield node;
        node = this.next(node);
      }
      member = this.firstFrom(family + 1, 0);
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
