import { expect, test } from 'vitest';
import { MIB, PAGE_BYTES } from '../../src/base/index.js';
import { AnonymousObject, Domain, fifo, MemoryStore, Pager } from '../../src/domain/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';

test('pages find their objects, however many there are, by the time they are evicted', () => {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 16 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 8 * MIB);
  kernel.run(domain.number);
  const { cpu } = machine;
  const { pool, vspace } = domain;
  new Pager(pool, { frames: 4, policy: fifo, store: new MemoryStore() });
  // Object numbers of either side of what fits beside the number of a page.
  const objects = Array.from({ length: 4200 }, () => new AnonymousObject(pool, 2 * PAGE_BYTES));
  const used = [0, 1, 4093, 4094, 4095, 4096, 4199].map((at) => objects[at] as AnonymousObject);
  const bases = used.map((object) => vspace.map(object).base + PAGE_BYTES);
  bases.forEach((base, index) => {
    cpu.store(base, 4, index + 1);
  });
  for (let round = 0; round < 3; round += 1) {
    expect(bases.map((base) => cpu.load(base, 4))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(pool.usedPages).toBe(4);
  }
});
