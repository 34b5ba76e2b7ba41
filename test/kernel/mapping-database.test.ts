import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Capabilities,
  OBJECT_BASE,
  OBJECT_PARENT,
  OBJECT_SHIFT,
  OBJECT_SIZE,
} from '../../src/kernel/capabilities.js';
import { CapType } from '../../src/kernel/index.js';
import { MappingDatabase } from '../../src/kernel/mapping-database.js';

const { RAM, FRAME, DISPATCHER, END_POINT } = CapType;

/** One object as the naive model keeps it: a plain tree of plain ranges. */
interface Node {
  readonly id: number;
  readonly type: number;
  readonly base: number;
  readonly size: number;
  parent: Node | undefined;
  children: Node[];
}

/** What happens to the database, with numbers that are reduced to what is there. */
type Step =
  | { readonly verb: 'root'; readonly base: number; readonly size: number }
  | { readonly verb: 'make'; readonly of: number; readonly at: number; readonly size: number }
  | { readonly verb: 'dispatch' | 'endpoint' | 'remove'; readonly of: number };

const number = fc.nat(0xffff);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ verb: fc.constant('root' as const), base: fc.nat(48), size: number }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      verb: fc.constant('make' as const),
      of: number,
      at: number,
      size: number,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      verb: fc.constantFrom('dispatch' as const, 'endpoint' as const),
      of: number,
    }),
  },
  { weight: 3, arbitrary: fc.record({ verb: fc.constant('remove' as const), of: number }) },
);

/** The database and the model side by side. */
class Pair {
  readonly capabilities = new Capabilities();
  readonly database = new MappingDatabase(this.capabilities);
  readonly nodes: Node[] = [];

  /** Does one step where it is possible; roots overlap as they like where `apart` is false. */
  run(step: Step, apart: boolean): void {
    if (step.verb === 'root') {
      const size = 1 + (step.size % 64);
      const meets = this.nodes.some((node) => overlaps(node, step.base, size));
      if (!(apart && meets)) this.add(RAM, step.base, size, undefined);
      return;
    }
    const node = this.nodes[step.of % Math.max(1, this.nodes.length)];
    if (node === undefined) return;
    if (step.verb === 'remove') this.remove(node);
    else if (step.verb === 'endpoint') {
      if (node.type === DISPATCHER) this.add(END_POINT, node.base, 1, node);
    } else if (node.type === RAM) {
      const size = step.verb === 'make' ? 1 + (step.size % node.size) : 1;
      const at = node.base + (step.verb === 'make' ? step.at % (node.size - size + 1) : 0);
      const taken = this.below(node).some((other) => overlaps(other, at, size));
      const found = this.database.descendantIn(node.id, at, size);
      expect(found !== 0).toBe(taken);
      const type = step.verb !== 'make' ? DISPATCHER : size % 3 === 0 ? FRAME : RAM;
      if (!taken) this.add(type, at, size, node);
    }
  }

  private add(type: number, base: number, size: number, parent: Node | undefined): void {
    const id = this.capabilities.createObject(type, base, size, parent?.id ?? 0);
    this.database.insert(id);
    const node: Node = { id, type, base, size, parent, children: [] };
    parent?.children.push(node);
    this.nodes.push(node);
  }

  private remove(node: Node): void {
    this.database.passOnChildren(node.id);
    this.database.remove(node.id);
    this.capabilities.freeObjectId(node.id);
    this.nodes.splice(this.nodes.indexOf(node), 1);
    for (const child of node.children) child.parent = node.parent;
    const siblings = node.parent?.children;
    siblings?.splice(siblings.indexOf(node), 1, ...node.children);
  }

  /** All descendants, by the model. */
  below(node: Node): Node[] {
    return node.children.flatMap((child) => [child, ...this.below(child)]);
  }

  /** Asks everything there is to ask. */
  check(): void {
    const { database, capabilities, nodes } = this;
    const order: number[] = [];
    for (let id = database.first(); id !== 0; id = database.next(id)) order.push(id);
    expect(new Set(order)).toEqual(new Set(nodes.map(({ id }) => id)));
    expect(order).toHaveLength(nodes.length);
    expect(capabilities.objectCount).toBe(nodes.length);
    const place = new Map(order.map((id, index) => [id, index]));
    for (const node of nodes) {
      const at = node.id << OBJECT_SHIFT;
      expect(capabilities.objects[at + OBJECT_PARENT]).toBe(node.parent?.id ?? 0);
      const below = this.below(node);
      const first = (place.get(node.id) ?? 0) + 1;
      const run = order.slice(first, first + below.length);
      expect(new Set(run)).toEqual(new Set(below.map(({ id }) => id)));
      expect(database.firstDescendant(node.id)).toBe(run[0] ?? 0);
      for (const other of nodes) {
        expect(database.isDescendant(other.id, node.id)).toBe(below.includes(other));
      }
      if (node.type === END_POINT) continue;
      for (let base = node.base; base < node.base + node.size; base += 1 + (node.size >> 3)) {
        for (const size of [1, 2, node.base + node.size - base]) {
          const found = database.descendantIn(node.id, base, size);
          const meeting = below.filter((other) => overlaps(other, base, size));
          expect(found === 0 ? 0 : 1).toBe(Math.min(1, meeting.length));
          if (found !== 0) expect(meeting.map(({ id }) => id)).toContain(found);
        }
      }
    }
    for (const [base, size] of [
      [0, 200],
      [10, 1],
      [16, 16],
      [40, 7],
    ] as const) {
      const expected = order.filter((id) => {
        const at = (capabilities.objects[(id << OBJECT_SHIFT) + OBJECT_BASE] ?? 0) as number;
        const bytes = (capabilities.objects[(id << OBJECT_SHIFT) + OBJECT_SIZE] ?? 0) as number;
        return at < base + size && base < at + bytes;
      });
      expect([...database.overlapping(base, size)]).toEqual(expected);
    }
  }
}

function overlaps(node: Node, base: number, size: number): boolean {
  return node.base < base + size && base < node.base + node.size;
}

describe('mapping database against a plain tree', () => {
  for (const apart of [true, false]) {
    const roots = apart ? 'memory of a machine' : 'capabilities that overlap, as granted ones may';
    test(roots, () => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
          const pair = new Pair();
          for (const one of steps) pair.run(one, apart);
          pair.check();
        }),
        { numRuns: 150, seed: 20_261_122 },
      );
    });
  }

  test('thousands of objects stay balanced and in order', () => {
    const capabilities = new Capabilities();
    const database = new MappingDatabase(capabilities);
    const root = capabilities.createObject(RAM, 0, 1 << 20, 0);
    database.insert(root);
    const made: number[] = [];
    for (let index = 0; index < 20_000; index += 1) {
      const base = Math.imul(index, 7919) & 0xffff;
      if (database.descendantIn(root, base, 1) !== 0) continue;
      const id = capabilities.createObject(FRAME, base, 1, root);
      database.insert(id);
      made.push(id);
    }
    let count = 0;
    let last = -1;
    for (let id = database.firstDescendant(root); id !== 0; id = database.next(id)) {
      const base = capabilities.objects[(id << OBJECT_SHIFT) + OBJECT_BASE] ?? 0;
      expect(base).toBeGreaterThan(last);
      last = base;
      count += 1;
    }
    expect(count).toBe(made.length);
    for (const id of made) database.remove(id);
    expect(database.firstDescendant(root)).toBe(0);
  });

  test('a descent of ten thousand steps is taken apart in the time that it took to make', () => {
    const capabilities = new Capabilities();
    const database = new MappingDatabase(capabilities);
    const chain: number[] = [];
    for (let depth = 0; depth < 10_000; depth += 1) {
      const id = capabilities.createObject(RAM, 0, 64, chain[depth - 1] ?? 0);
      database.insert(id);
      chain.push(id);
    }
    const root = chain[0] ?? 0;
    expect(database.isDescendant(chain[9_999] ?? 0, root)).toBe(true);
    for (let id = database.firstDescendant(root); id !== 0; id = database.firstDescendant(root)) {
      database.passOnChildren(id);
      database.remove(id);
      capabilities.freeObjectId(id);
    }
    expect(capabilities.objectCount).toBe(1);
  }, 5_000);
});
