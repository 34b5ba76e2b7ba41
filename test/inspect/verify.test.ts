import { beforeEach, describe, expect, it } from 'vitest';
import { Domain, VRegionFlags } from '../../src/domain/index.js';
import { pmapSpace } from '../../src/inspect/machine-space.js';
import { verifyPmap } from '../../src/inspect/verify.js';
import { Kernel, originalPolicy } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';

const { READ, WRITE, EXECUTE, LARGE, HUGE, GUARD } = VRegionFlags;
const RAM = { name: 'ram', base: 0x6000_0000, bytes: 256 << 20, kind: 'ram' } as const;

let kernel: Kernel;
let domain: Domain;

beforeEach(() => {
  kernel = new Kernel(new Machine({ banks: [RAM], profile: 'cortex-a15' }));
  domain = Domain.boot(kernel, 128 << 20);
  const frame = domain.allocateFrame(32 << 20);
  domain.pmap.map(0x1000_0000, frame, 0, 4 << 20, READ | WRITE | LARGE);
  domain.pmap.map(0x2000_0000, frame, 0x1_0000, 0x3_0000, READ | EXECUTE | LARGE);
  domain.pmap.map(0x3000_0000, frame, 0, 16 << 20, READ | HUGE);
  domain.pmap.map(0x5000_0000, frame, 0x2000, 0x7000, READ | WRITE);
  domain.pmap.map(0x5000_7000, frame, 0, 0x1000, GUARD);
  domain.pmap.modifyFlags(0x5000_2000, 0x2000, READ);
});

/** The address of the entry that decides about `va`. */
function entryOf(va: number): number {
  const { memory, cpu } = kernel.machine;
  const root = pmapSpace(kernel, domain.pmap).registers.ttbr0;
  expect(cpu.registers).toBeDefined();
  const word = memory.readWord(root + (va >>> 20) * 4);
  return (word & 3) === 1 ? (word & 0xffff_fc00) + ((va >>> 12) & 255) * 4 : root + (va >>> 20) * 4;
}

describe('the proof that shadow, tables and walk agree', () => {
  it('counts what it compared', () => {
    const before = kernel.machine.counters.values.slice();
    expect(verifyPmap(kernel, domain.pmap)).toEqual({
      pages: 1024 + 48 + 4096 + 8,
      leaves: 4 + 3 + 1 + 8,
      tables: 2,
      disagreements: 0,
      first: [],
    });
    expect(kernel.machine.counters.values).toEqual(before);
  });

  it('holds for the words of the original, too', () => {
    const other = new Kernel(new Machine({ banks: [RAM], profile: 'cortex-a9' }), {
      attributes: originalPolicy,
    });
    const old = Domain.boot(other, 64 << 20);
    old.pmap.map(0x5000_0000, old.allocateFrame(0x4000), 0, 0x4000, READ);
    expect(verifyPmap(other, old.pmap)).toMatchObject({ pages: 4, disagreements: 0 });
  });

  it.each([
    ['a frame is another', 0x5000_1000, (word: number) => word ^ 0x1000, 1],
    ['a right is missing', 0x5000_1000, (word: number) => word ^ (1 << 9), 1],
    ['a section is another', 0x1010_0000, (word: number) => word ^ 0x0010_0000, 256],
  ])('finds where %s', (_text, va, change, count) => {
    const entry = entryOf(va);
    const { memory } = kernel.machine;
    memory.writeWord(entry, change(memory.readWord(entry)) >>> 0);
    const result = verifyPmap(kernel, domain.pmap);
    expect(result.first[0]).toMatchObject({ va, what: 'word' });
    expect(result.disagreements).toBe(count + 1);
    expect(result.first[0]?.tables).toContain(`@0x${entry.toString(16)}`);
  });

  it('finds a page that the tables have lost', () => {
    kernel.machine.memory.writeWord(entryOf(0x5000_1000), 0);
    expect(verifyPmap(kernel, domain.pmap)).toMatchObject({
      disagreements: 1,
      first: [{ va: 0x5000_1000, what: 'unknown', shadow: 'a mapping' }],
    });
  });

  it('finds a page that the shadow does not know', () => {
    const { memory } = kernel.machine;
    memory.writeWord(entryOf(0x5000_9000), memory.readWord(entryOf(0x5000_1000)));
    expect(verifyPmap(kernel, domain.pmap)).toMatchObject({
      disagreements: 1,
      first: [{ va: 0x5000_9000, what: 'unknown', shadow: 'nothing' }],
    });
  });

  it('finds a table that was put elsewhere', () => {
    const { memory } = kernel.machine;
    const { ttbr0 } = pmapSpace(kernel, domain.pmap).registers;
    memory.writeWord(ttbr0 + 0x777 * 4, memory.readWord(ttbr0 + 0x500 * 4));
    const { first, disagreements } = verifyPmap(kernel, domain.pmap);
    expect(first[0]).toMatchObject({ va: 0x7770_0000, what: 'table', shadow: 'no table' });
    expect(disagreements).toBe(1 + 8);
  });
});
