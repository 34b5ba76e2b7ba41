import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cloneDomain, Domain, VRegionFlags } from '../../src/domain/index.js';
import { Kind, kindOf, tableKibibyteOf } from '../../src/format/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';

const MIB = 2 ** 20;
const { READ, READ_WRITE, LARGE } = VRegionFlags;

/** Words that the processor can reach from a root table, by their addresses. */
function* reachable(machine: Machine, root: number): Generator<number> {
  for (let entry = 0; entry < 4096; entry += 1) {
    yield root + entry * 4;
    const word = machine.memory.readWord(root + entry * 4);
    if (kindOf(1, word, true) !== Kind.TABLE) continue;
    for (let page = 0; page < 256; page += 1) yield tableKibibyteOf(word) * 1024 + page * 4;
  }
}

it('who listens to table writes hears every word that the processor can reach', () => {
  const step = fc.record({
    what: fc.constantFrom('map', 'map large', 'unmap', 'protect', 'touch', 'clone', 'kill'),
    page: fc.nat(1000),
    pages: fc.integer({ min: 1, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const machine = new Machine({
        banks: [{ name: 'ram', kind: 'ram', base: 0x8000_0000, bytes: 64 * MIB }],
        profile: 'cortex-a15',
        tlb: 'none',
      });
      const kernel = new Kernel(machine);
      const heard = new Map<number, number>();
      kernel.onTableWrite((pa, _level, words, entry, count) => {
        for (let index = 0; index < count; index += 1) {
          heard.set(pa + index * 4, words[entry + index] as number);
        }
      });
      const domain = Domain.boot(kernel, 32 * MIB);
      const clones: ReturnType<typeof cloneDomain>[] = [];
      const perform: Record<string, (at: number, bytes: number) => unknown> = {
        map: (at, bytes) => domain.vspace.mapAnonymous(bytes, { at, flags: READ_WRITE }),
        'map large': (at, bytes) => {
          const frame = domain.allocateFrame(bytes);
          domain.pmap.map(at + 512 * MIB, frame, 0, bytes, READ_WRITE | LARGE);
        },
        unmap: (at, bytes) => domain.vspace.unmap(at, bytes),
        protect: (at, bytes) => domain.vspace.protect(at, bytes, READ),
        touch: (at) => {
          kernel.run(domain.number);
          machine.cpu.store(at, 4, at);
        },
        clone: () => clones.push(cloneDomain(domain, { ramBytes: 2 * MIB })),
        kill: () => clones.pop()?.kill(),
      };
      for (const { what, page, pages } of steps) {
        try {
          perform[what]?.(0x5000_0000 + page * 4096, pages * 4096);
        } catch {
          // What cannot be done is no matter here: whatever was written was heard.
        }
      }
      for (const { number } of [domain, ...clones.map((clone) => clone.domain)]) {
        const root = kernel.rootTable(number) ?? 0;
        for (const pa of reachable(machine, root)) {
          if (heard.get(pa) === machine.memory.readWord(pa)) continue;
          expect.fail(`the word at ${pa.toString(16)} was written and not told`);
        }
      }
    }),
    { seed: 17, numRuns: 30 },
  );
});
