import { describe, expect, test } from 'vitest';
import { type CapRef, MIB, PAGE_BYTES, VmError } from '../../src/base/index.js';
import {
  Domain,
  largestLeaves,
  originalLeaves,
  type PmapCost,
  type PmapPolicy,
  VRegionFlags,
} from '../../src/domain/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { Random } from '../support/random.js';
import { difference, snapshotDomain, snapshotKernel } from '../support/snapshot.js';

const { READ, READ_WRITE, LARGE, HUGE } = VRegionFlags;
const SEED = 20261126;

/** One change: what it was planned to take, and how it is done. */
interface Change {
  readonly plan: () => PmapCost;
  readonly act: () => unknown;
  /** Whether the plan is an upper bound. */
  readonly atMost: boolean;
}

function setUp(policy: PmapPolicy) {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 192 * MIB, { policy });
  const frames = [1, 3, 16, 40, 256, 300, 512, 4096].map((pages) => ({
    frame: domain.allocateFrame(pages * PAGE_BYTES),
    bytes: pages * PAGE_BYTES,
  }));
  return { machine, kernel, domain, frames };
}

function holdings({ pmap }: Domain): { tables: number; records: number; slots: number } {
  const { leaves, tables, slots } = pmap.measure();
  return { tables: tables.used, records: leaves.used + tables.used, slots };
}

function outcome<T>(call: () => T): { value?: T; codes: string } {
  try {
    return { value: call(), codes: '' };
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    return { codes: error.chain().join(' < ') };
  }
}

/** A random change of the space, at places that meet. */
function change(
  random: Random,
  { pmap }: Domain,
  frames: readonly { readonly frame: CapRef; readonly bytes: number }[],
): Change {
  const mappings = [...pmap.mappings(0x5000_0000, 0x7000_0000)];
  const page = (): number => {
    if (mappings.length === 0 || random.chance(0.2)) {
      return 0x5000_0000 + random.below(64) * random.pick([PAGE_BYTES, 0x1_0000, MIB]);
    }
    const { address, bytes } = random.pick(mappings);
    return random.chance(0.5) ? address : address + random.below(bytes / PAGE_BYTES) * PAGE_BYTES;
  };
  const whole = mappings.length === 0 ? undefined : random.pick(mappings);
  const bytes = whole === undefined || random.chance(0.2) ? 5 * PAGE_BYTES : whole.bytes;
  const at = whole === undefined || random.chance(0.2) ? page() : whole.address;
  switch (random.pick(['map', 'map', 'map', 'unmap', 'modify', 'split', 'promote'] as const)) {
    case 'map': {
      const { frame, bytes: all } = random.pick(frames);
      const flags = random.pick([READ, READ_WRITE, READ | LARGE, READ_WRITE | LARGE | HUGE]);
      const offset = random.chance(0.5) ? 0 : random.below(all);
      const size = random.chance(0.5) ? all - offset : random.below(all);
      const address = random.chance(0.5) ? page() : 0x5000_0000 + random.below(32) * MIB;
      return {
        plan: () => pmap.planMap(address, frame, offset, size, flags),
        act: () => pmap.map(address, frame, offset, size, flags),
        atMost: false,
      };
    }
    case 'unmap':
      return {
        plan: () => pmap.planUnmap(at, bytes),
        act: () => pmap.unmap(at, bytes),
        atMost: false,
      };
    case 'modify': {
      const flags = random.pick([READ, READ_WRITE, 0]);
      return {
        plan: () => pmap.planModifyFlags(at, bytes),
        act: () => pmap.modifyFlags(at, bytes, flags),
        atMost: true,
      };
    }
    case 'split': {
      const address = page();
      return {
        plan: () => pmap.planSplit(address),
        act: () => pmap.split(address),
        atMost: true,
      };
    }
    case 'promote': {
      const address = page();
      const size = random.pick([0x1_0000, MIB, 16 * MIB]);
      return {
        plan: () => pmap.planPromote(address, size),
        act: () => pmap.promote(address, size),
        atMost: false,
      };
    }
  }
}

describe.each([largestLeaves, originalLeaves])('a plan, $name leaves', (policy) => {
  test('changes nothing, and says what the change then takes', () => {
    const random = new Random(SEED);
    const { machine, kernel, domain, frames } = setUp(policy);
    let done = 0;
    for (let round = 0; round < 1200; round += 1) {
      const { plan, act, atMost } = change(random, domain, frames);
      const where = `seed ${SEED}, round ${round}: ${act.toString()}`;
      const careful = round % 20 === 0;
      const before = careful ? [...snapshotKernel(kernel), ...snapshotDomain(domain)] : [];
      const planned = outcome(plan);
      if (careful) {
        const after = [...snapshotKernel(kernel), ...snapshotDomain(domain)];
        expect(difference(before, after), where).toEqual([]);
      }
      const old = holdings(domain);
      const writes = machine.counters.snapshot().ENTRY_WRITES;
      const mark = domain.metadata.mark;
      const real = outcome(act);
      expect(real.codes, where).toBe(planned.codes);
      // Records that had to be made first are paid for beside the plan.
      if (planned.value === undefined || domain.metadata.mark !== mark) continue;
      const now = holdings(domain);
      const taken = {
        tables: now.tables - old.tables,
        tableBytes: (now.tables - old.tables) * 1024,
        entryWrites: machine.counters.snapshot().ENTRY_WRITES - writes,
        records: now.records - old.records,
        slots: now.slots - old.slots,
      };
      done += 1;
      if (!atMost) expect(taken, where).toEqual(planned.value);
      else {
        for (const key of Object.keys(taken) as (keyof typeof taken)[]) {
          expect(taken[key], `${where}: ${key}`).toBeLessThanOrEqual(planned.value[key]);
        }
      }
    }
    expect(done).toBeGreaterThan(300);
  });
});
