import { describe, expect, test } from 'vitest';
import { type CapRef, MIB } from '../../src/base/index.js';
import { CapType, originalPolicy, PagingFlags } from '../../src/kernel/index.js';
import { auditKernel } from '../support/kernel-audit.js';
import { KernelRig, ok, type SecondDomain } from '../support/kernel-rig.js';

const { FRAME } = CapType;
const A = 0x5000_0000;
const DOMAINS = 300;

/** Domains that each map another word at {@link A}, by one section or by small pages. */
function crowd(rig: KernelRig, count: number): { domain: SecondDomain; mapping: CapRef }[] {
  const frame = rig.make(FRAME, 2 * MIB, MIB);
  ok(rig.inv.identify(frame));
  const { base } = rig.inv.identity;
  return Array.from({ length: count }, (_, index) => {
    const domain = rig.secondDomain();
    const page = rig.from(rig.make(CapType.RAM, 4096), FRAME, 4096);
    const table = rig.make(CapType.VNODE_ARM_L2, 1024);
    ok(rig.inv.vnodeMap(domain.vspace, table, A >>> 20, 0, 0, 1, rig.slot()));
    const mapping = rig.slot();
    ok(rig.inv.vnodeMap(table, page, 0, PagingFlags.READ, 0, 1, mapping));
    ok(rig.inv.identify(page));
    rig.machine.memory.writeWord(rig.inv.identity.base, 1000 + index);
    expect(base).toBeGreaterThan(0);
    return { domain, mapping };
  });
}

describe('address space identifiers', () => {
  for (const attributes of [undefined, originalPolicy]) {
    const name = attributes?.name ?? 'default';
    test(`${DOMAINS} domains in turns, under the ${name} policy`, () => {
      const options = attributes === undefined ? {} : { attributes };
      const rig = new KernelRig({ ...options, ramBytes: 64 * MIB });
      const { cpu, tlb } = rig.machine;
      const domains = crowd(rig, DOMAINS);
      const see = (index: number): number => {
        ok(rig.kernel.run(domains[index]?.domain.number ?? 0));
        return cpu.load(A, 4);
      };
      for (let index = 0; index < DOMAINS; index += 1) expect(see(index)).toBe(1000 + index);
      // Back and forth over the border where the identifiers ran out.
      for (const index of [299, 0, 254, 255, 256, 0, 44, 45, 299]) {
        expect(see(index)).toBe(1000 + index);
      }
      const held = [...tlb.entries()];
      expect(held.length).toBeLessThanOrEqual(255);
      // Changes to spaces that do not run, some of which have lost their identifier, are seen by them.
      for (let index = 0; index < DOMAINS; index += 7) {
        ok(rig.inv.delete(domains[index]?.mapping ?? (0 as CapRef)));
      }
      for (let index = 0; index < DOMAINS; index += 1) {
        if (index % 7 === 0) expect(() => see(index)).toThrow();
        else expect(see(index)).toBe(1000 + index);
      }
      expect(auditKernel(rig.kernel)).toEqual([]);
    });
  }

  test('a space that goes leaves its identifier, and nothing of it in the TLB', () => {
    const rig = new KernelRig({ ramBytes: 64 * MIB });
    const domains = crowd(rig, 40);
    for (let round = 0; round < 12; round += 1) {
      for (const { domain } of domains) {
        ok(rig.kernel.run(domain.number));
        rig.machine.cpu.load(A, 4);
      }
      const gone = domains[round];
      if (gone === undefined) continue;
      ok(rig.inv.delete(gone.domain.vspace));
      const other = rig.secondDomain();
      ok(rig.kernel.run(other.number));
      expect(() => rig.machine.cpu.load(A, 4)).toThrow();
      domains.splice(round, 1);
    }
    expect(auditKernel(rig.kernel)).toEqual([]);
  });

  test('the space that runs keeps its translations right while others use the identifiers up', () => {
    const rig = new KernelRig({ ramBytes: 64 * MIB });
    const domains = crowd(rig, DOMAINS);
    const first = domains[0];
    if (first === undefined) return;
    for (const { domain } of domains) {
      ok(rig.kernel.run(first.domain.number));
      expect(rig.machine.cpu.load(A, 4)).toBe(1000);
      ok(rig.kernel.run(domain.number));
      rig.machine.cpu.load(A, 4);
    }
    ok(rig.kernel.run(first.domain.number));
    ok(rig.inv.delete(first.mapping));
    expect(() => rig.machine.cpu.load(A, 4)).toThrow();
    expect(auditKernel(rig.kernel)).toEqual([]);
  });
});
