import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MIB, PAGE_BYTES } from '../../src/base/index.js';
import { Domain, GrowingStack, Heap, PagePrimitives } from '../../src/domain/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { errorCodes } from '../support/error-codes.js';

function setUp() {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 64 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 32 * MIB);
  kernel.run(domain.number);
  return { domain, cpu: machine.cpu };
}

test('blocks do not overlap, keep what is in them, and all come back', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(9000)), { maxLength: 80 }), (steps) => {
      const { domain, cpu } = setUp();
      const heap = new Heap(domain, MIB);
      const blocks = new Map<number, { bytes: number; mark: number }>();
      let mark = 1;
      for (const [kind, size] of steps) {
        const [first] = blocks.keys();
        if (kind < 2 && first !== undefined) {
          heap.free(first);
          blocks.delete(first);
        } else if (kind === 2 && first !== undefined) {
          const block = blocks.get(first) as { bytes: number; mark: number };
          const moved = heap.realloc(first, size);
          if (size >= 4 && block.bytes >= 4) expect(cpu.load(moved, 4)).toBe(block.mark);
          blocks.delete(first);
          if (size >= 4) cpu.store(moved, 4, block.mark);
          blocks.set(moved, { bytes: size, mark: block.mark });
        } else {
          const made = heap.malloc(size);
          expect(made % 8).toBe(0);
          for (const [at, { bytes }] of blocks) {
            expect(made >= at + bytes || made + size <= at).toBe(true);
          }
          if (size >= 4) cpu.store(made, 4, mark);
          blocks.set(made, { bytes: size, mark });
          mark += 1;
        }
        for (const [at, block] of blocks) {
          if (block.bytes >= 4) expect(cpu.load(at, 4)).toBe(block.mark);
        }
      }
      for (const at of blocks.keys()) heap.free(at);
      const core = heap.coreBytes;
      if (core > 0) heap.free(heap.malloc(core - 64));
      expect(heap.coreBytes).toBe(core);
      heap.destroy();
      expect(domain.pool.usedPages).toBe(0);
    }),
    { seed: 5, numRuns: 30 },
  );
});

test('the heap refuses what it never gave, and says when it is used up', () => {
  const { domain } = setUp();
  const heap = new Heap(domain, 16 * PAGE_BYTES);
  const block = heap.malloc(100);
  expect(errorCodes(() => heap.free(block + 8))).toEqual(['LIB_ERR_HEAP_POINTER']);
  heap.free(block);
  expect(errorCodes(() => heap.free(block))).toEqual(['LIB_ERR_HEAP_POINTER']);
  const [low, high] = [heap.malloc(100), heap.malloc(100)];
  heap.free(low);
  heap.free(high);
  expect(errorCodes(() => heap.free(high))).toEqual(['LIB_ERR_HEAP_POINTER']);
  expect(errorCodes(() => heap.free(0))).toEqual(['LIB_ERR_HEAP_POINTER']);
  expect(errorCodes(() => heap.malloc(MIB))).toEqual(['LIB_ERR_MALLOC_FAIL']);
  expect(errorCodes(() => heap.malloc(-1))).toEqual(['LIB_ERR_MALLOC_FAIL']);
  heap.malloc(15 * PAGE_BYTES);
});

test('a stack grows down to its guard, and not through it', () => {
  const { domain, cpu } = setUp();
  const stack = GrowingStack.make(domain, PAGE_BYTES, 16 * PAGE_BYTES);
  cpu.store(stack.top - 4, 4, 1);
  expect(stack.bytes).toBe(PAGE_BYTES);
  cpu.store(stack.top - 5 * PAGE_BYTES, 4, 2);
  expect(stack.bytes).toBe(5 * PAGE_BYTES);
  cpu.store(stack.top - 16 * PAGE_BYTES, 4, 3);
  expect(
    [1, (5 * PAGE_BYTES) / 4, (16 * PAGE_BYTES) / 4].map((word) =>
      cpu.load(stack.top - word * 4, 4),
    ),
  ).toEqual([1, 2, 3]);
  expect(errorCodes(() => cpu.store(stack.top - 16 * PAGE_BYTES - 4, 4, 4))).toContain(
    'LIB_ERR_VREGION_GUARD',
  );
  stack.destroy();
  expect(domain.pool.usedPages).toBe(0);
});

test('Appel and Li: PROT1, PROTN, TRAP, UNPROT, DIRTY, MAP2', () => {
  const { domain, cpu } = setUp();
  const region = domain.vspace.mapAnonymous(8 * PAGE_BYTES);
  const { base } = region;
  const vm = new PagePrimitives(domain, region);
  for (let page = 0; page < 8; page += 1) cpu.store(base + page * PAGE_BYTES, 4, page);
  const trapped: number[] = [];
  const end = vm.trap((page) => {
    trapped.push((page - base) / PAGE_BYTES);
    vm.unprot(page);
  });
  vm.prot1(base + PAGE_BYTES);
  expect(cpu.load(base + PAGE_BYTES, 4)).toBe(1);
  vm.protN([base + 2 * PAGE_BYTES, base + 3 * PAGE_BYTES, base + 6 * PAGE_BYTES]);
  cpu.store(base + 6 * PAGE_BYTES, 4, 66);
  const second = vm.map2(base + 3 * PAGE_BYTES);
  expect(cpu.load(second, 4)).toBe(3);
  expect(trapped).toEqual([1, 6]);
  expect([cpu.load(base + 2 * PAGE_BYTES, 4), cpu.load(base + 3 * PAGE_BYTES, 4)]).toEqual([2, 3]);
  end();
  expect(vm.dirty()).toEqual([]);
  cpu.store(base + 5 * PAGE_BYTES, 4, 1);
  cpu.store(base + 4, 4, 1);
  cpu.load(base + PAGE_BYTES, 4);
  expect(vm.dirty()).toEqual([base, base + 5 * PAGE_BYTES]);
  expect(vm.dirty()).toEqual([]);
  vm.stopWatching();
  expect(domain.vspace.inRange(base, base + region.bytes)).toHaveLength(1);
});
