import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MIB, VmError } from '../../src/base/index.js';
import { copyIn, Domain, spawn } from '../../src/domain/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';

const hello = new Uint8Array(readFileSync('examples/programs/hello.elf'));

function setUp() {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 128 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine);
  const parent = Domain.boot(kernel, 96 * MIB, { name: 'init' });
  return { machine, kernel, parent };
}

/** What a domain owns, which a child that is gone must have left as it was. */
function owned(kernel: Kernel, parent: Domain): unknown {
  return {
    free: parent.ram.freePages,
    slots: parent.slots.freeCount % 256,
    measure: parent.pmap.measure(),
    metadata: parent.metadata.usedBytes,
    objects: kernel.state.capabilities.objectCount,
  };
}

describe('spawn', () => {
  test('loads an executable, and its first touches of bss and stack are served', () => {
    const { machine, kernel, parent } = setUp();
    const child = spawn(parent, hello, { name: 'hello', argv: ['hello', 'wörld'] });
    kernel.run(child.domain.number);
    const word = new DataView(hello.buffer).getUint32(0x1000, true);
    expect(machine.cpu.fetch(child.image.entry)).toBe(word);
    const before = machine.counters.snapshot().FAULTS;
    machine.cpu.store(child.stackPointer - 4, 4, 7);
    expect(machine.cpu.load(child.stackPointer - 4, 4)).toBe(7);
    expect(machine.counters.snapshot().FAULTS).toBe(before + 1);
    expect(copyIn(child.domain, child.argumentPage, 4)[0]).toBe(2);
    const text = machine.cpu.load(child.argumentPage + 8, 4);
    expect(new TextDecoder().decode(copyIn(child.domain, text, 6))).toBe('wörld');
    const guard = child.domain.vspace.all().find(({ backing }) => backing === 'guard');
    expect(() => machine.cpu.store((guard?.base ?? 0) + 16, 4, 1)).toThrow(VmError);
    expect(() => machine.cpu.store(child.image.entry, 4, 1)).toThrow(VmError);
  });

  test('gives the child tables that it manages by itself', () => {
    const { kernel, parent } = setUp();
    const { domain } = spawn(parent, hello);
    const text = domain.pmap.lookup(0x1_0000);
    expect(text?.address).toBe(0x1_0000);
    const bytes = text?.bytes ?? 0;
    domain.pmap.unmap(0x1_0000, bytes);
    expect(domain.pmap.lookup(0x1_0000)).toBeUndefined();
    const frame = domain.allocateFrame(bytes);
    domain.pmap.map(0x1_0000, frame, 0, bytes, 3);
    kernel.run(domain.number);
    kernel.machine.cpu.store(0x1_0004, 4, 5);
    expect(kernel.machine.cpu.load(0x1_0004, 4)).toBe(5);
  });

  test('leaves nothing behind when the child is killed', () => {
    const { kernel, parent } = setUp();
    spawn(parent, hello).kill();
    const before = owned(kernel, parent);
    const child = spawn(parent, hello);
    kernel.run(child.domain.number);
    kernel.machine.cpu.store(child.stackPointer - 4, 4, 7);
    child.kill();
    expect(owned(kernel, parent)).toEqual(before);
    expect(kernel.attach(child.domain.number)).toBeUndefined();
  });

  test('fails whole where the child has too little memory or no room', () => {
    const { kernel, parent } = setUp();
    spawn(parent, hello).kill();
    const before = owned(kernel, parent);
    for (const options of [
      { ramBytes: MIB / 16 },
      { ramBytes: 512 * MIB },
      { stackBytes: 100 },
      { argv: ['x'.repeat(5000)] },
      { metadata: { base: 0, bytes: MIB } },
    ]) {
      expect(() => spawn(parent, hello, options)).toThrow(VmError);
      expect(owned(kernel, parent)).toEqual(before);
    }
  });
});
