import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sctlr, Ttbcr } from '../../src/machine/index.js';
import { type ExceptionName, QEMU_EXCEPTIONS } from './exceptions.js';
import { OracleGuest } from './guest.js';
import { buildGuest } from './guest-image.js';
import {
  askBoth,
  checkOf,
  dataAbort,
  done,
  handmade,
  L2_TABLE,
  MIB_1,
  prefetchAbort,
} from './handmade.js';
import { ORACLE_MACHINES, type OracleMachine } from './machines.js';
import { DATA_BASE, NOTHING_BASE, slotWords } from './memory-map.js';
import { Model } from './model.js';
import { type Answer, type Situation, tablesOf } from './situation.js';
import { SKIPS, title } from './tools.js';

/** One known difference: what is asked, what QEMU answers, what the manual wants. */
interface Pin {
  readonly name: ExceptionName;
  readonly machine: 'virt' | 'vexpress-a9';
  readonly situation: Situation;
  readonly routine: string;
  readonly va: number;
  readonly qemu: Answer;
  readonly manual: Answer;
}

const DOMAIN_1_NONE = 0x5555_5551;
const DOMAIN_2_MANAGER = 0x5555_5575;
const AFE = Sctlr.M | Sctlr.AFE;

// Words by hand, so that nothing of ours is between the manual's table and QEMU.
const section = (pa: number, bits: number): number => (pa | bits | 2) >>> 0;
const table = (domain: number): number => L2_TABLE | (domain << 5) | 1;
const NORMAL = 0x1000 | 0xc; // TEX 001, C, B
const AP_011 = 3 << 10;
const CODE = DATA_BASE + 32;
const AT_CODE = MIB_1 + 32;
const DATA = slotWords(CODE)[4] ?? 0;

const PINS: readonly Pin[] = [
  {
    name: 'domain-before-level-2',
    machine: 'virt',
    situation: handmade(table(1), [], { dacr: DOMAIN_1_NONE }),
    routine: 'user_read_4',
    va: MIB_1,
    qemu: dataAbort(0x01b, MIB_1),
    manual: dataAbort(0x017, MIB_1),
  },
  {
    name: 'domain-before-access-flag',
    machine: 'virt',
    situation: handmade(section(DATA_BASE, NORMAL | (1 << 5)), [], {
      dacr: DOMAIN_1_NONE,
      sctlr: AFE,
    }),
    routine: 'privileged_write_4',
    va: MIB_1 + 16,
    qemu: dataAbort(0x819, MIB_1 + 16),
    manual: dataAbort(0x813, MIB_1 + 16),
  },
  {
    name: 'manager-ignores-access-flag',
    machine: 'virt',
    situation: handmade(section(DATA_BASE, NORMAL | (2 << 5)), [], {
      dacr: DOMAIN_2_MANAGER,
      sctlr: AFE,
    }),
    routine: 'user_read_4',
    va: AT_CODE + 16,
    qemu: done(DATA, AT_CODE + 16),
    manual: dataAbort(0x023, AT_CODE + 16),
  },
  {
    name: 'xn-before-access-flag',
    machine: 'vexpress-a9',
    situation: handmade(table(0), [DATA_BASE | 0x3], { sctlr: AFE }),
    routine: 'user_fetch',
    va: AT_CODE,
    qemu: prefetchAbort(0x00f, AT_CODE),
    manual: prefetchAbort(0x006, AT_CODE),
  },
  {
    name: 'wxn-ignored',
    machine: 'virt',
    situation: handmade(section(DATA_BASE, NORMAL | AP_011), [], { sctlr: Sctlr.M | Sctlr.WXN }),
    routine: 'user_fetch',
    va: AT_CODE,
    qemu: done(CODE, AT_CODE),
    manual: prefetchAbort(0x00d, AT_CODE),
  },
  {
    name: 'device-takes-unaligned',
    machine: 'virt',
    situation: handmade(section(DATA_BASE, AP_011)),
    routine: 'privileged_read_2',
    va: AT_CODE + 17,
    qemu: done((DATA >>> 8) & 0xffff, AT_CODE + 17),
    manual: dataAbort(0x001, AT_CODE + 17),
  },
  {
    name: 'nothing-is-zero',
    machine: 'vexpress-a9',
    situation: handmade(section(0x8000_0000, NORMAL | AP_011)),
    routine: 'privileged_read_4',
    va: MIB_1,
    qemu: done(0, MIB_1),
    manual: dataAbort(0x008, MIB_1),
  },
  {
    name: 'unaligned-abort-address',
    machine: 'virt',
    situation: handmade(section(0x8000_0000, NORMAL | AP_011)),
    routine: 'privileged_read_4',
    va: MIB_1 + 3,
    qemu: dataAbort(0x008, MIB_1),
    manual: dataAbort(0x008, MIB_1 + 3),
  },
  {
    name: 'split-read-in-order',
    machine: 'virt',
    situation: handmade(table(0), [0x8000_0000 | 0x7e, 0]),
    routine: 'privileged_read_4',
    va: MIB_1 + 0xffe,
    qemu: dataAbort(0x008, MIB_1 + 0xffc),
    manual: dataAbort(0x007, MIB_1 + 0x1000),
  },
  {
    name: 'ifsr-has-domain',
    machine: 'virt',
    situation: handmade(section(DATA_BASE, NORMAL | AP_011 | (2 << 5) | (1 << 4))),
    routine: 'privileged_fetch',
    va: AT_CODE,
    qemu: prefetchAbort(0x02d, AT_CODE),
    manual: prefetchAbort(0x00d, AT_CODE),
  },
  {
    name: 'par-without-attributes',
    machine: 'virt',
    situation: handmade(section(DATA_BASE, NORMAL | AP_011 | (1 << 16))),
    routine: 'ATS1CUW',
    va: MIB_1 + 0x5000,
    qemu: done((DATA_BASE + 0x5000) | 0x200, MIB_1 + 0x5000),
    // Shareable, inner and outer write-back write-allocate, non-secure.
    manual: done((DATA_BASE + 0x5000) | 0x2d4, MIB_1 + 0x5000),
  },
  {
    name: 'par-without-high-bits',
    machine: 'virt',
    situation: handmade(section(DATA_BASE, AP_011 | 0x1000 | (1 << 18) | (5 << 20) | (4 << 5))),
    routine: 'ATS1CPR',
    va: MIB_1,
    qemu: done(DATA_BASE | 0x202, MIB_1),
    manual: done(DATA_BASE | 0x0045_0202, MIB_1),
  },
  {
    name: 'at-abort-without-wnr',
    machine: 'vexpress-a9',
    situation: handmade(NOTHING_BASE | (3 << 5) | 1),
    routine: 'ATS1CPR',
    va: MIB_1,
    qemu: dataAbort(0x03e, MIB_1),
    manual: dataAbort(0x83e, MIB_1),
  },
];

const machineCalled = (name: string): OracleMachine => {
  const found = ORACLE_MACHINES.findLast(({ machine }) => machine === name);
  if (found === undefined) throw new Error(name);
  return found;
};

describe.skipIf(SKIPS)(title('known differences of QEMU'), () => {
  const guests = new Map<string, OracleGuest>();
  const models = new Map<string, Model>();

  beforeAll(async () => {
    const image = buildGuest();
    for (const name of ['virt', 'vexpress-a9']) {
      guests.set(name, await OracleGuest.start(machineCalled(name), image));
      models.set(name, new Model(machineCalled(name)));
    }
  });

  afterAll(async () => {
    for (const guest of guests.values()) await guest.stop();
  });

  it.each(PINS)('$name', async ({ name, machine, situation, routine, va, qemu, manual }) => {
    const guest = guests.get(machine) as OracleGuest;
    const model = models.get(machine) as Model;
    const answers = await askBoth(guest, model, situation, routine, va);
    expect(answers).toEqual({ qemu, ours: manual });
    const look = model.look(checkOf(routine, va));
    expect(model.answer(look)).toEqual(qemu);
    expect(look.exceptions).toContain(name);
  });

  // Leaf, entry of the tables that is it, code on it, whether the code can still be executed.
  it.each([
    ['virt', 'section', section(DATA_BASE, NORMAL | AP_011), 1, 0xf020, true],
    ['virt', 'page', table(0), (L2_TABLE - tablesOf(0)) / 4, 0x020, false],
    ['virt', 'page', table(0), (L2_TABLE - tablesOf(0)) / 4, 0x800, false],
    ['vexpress-a9', 'page', table(0), (L2_TABLE - tablesOf(0)) / 4, 0x020, false],
    ['vexpress-a9', 'page', table(0), (L2_TABLE - tablesOf(0)) / 4, 0x800, true],
  ])(
    'code-outlives-large-leaf: on %s, %s',
    async (machine, _leaf, entry, index, offset, outlives) => {
      const guest = guests.get(machine) as OracleGuest;
      const situation = handmade(entry, [DATA_BASE | 0x7e]);
      const va = MIB_1 + offset;
      guest.memory.write(situation.base, situation.tables);
      guest.writeRegisters(0, situation.registers);
      const first = guest.list(0);
      first.push('enter', guest.registersOf(0));
      first.push('user_fetch', va);
      expect((await guest.run(first, 0)).slice(4, 6)).toEqual(
        Uint32Array.of(0, DATA_BASE + offset),
      );

      guest.memory.writeWord(situation.base + index * 4, 0);
      const second = guest.list(0);
      second.push('TLBIMVA', MIB_1);
      second.push('user_fetch', va);
      second.push('user_read_4', va);
      second.push('leave');
      const words = await guest.run(second, 0);
      expect(words[4]).toBe(outlives ? 0 : 2);
      expect(words[8]).toBe(1);
    },
  );

  it('are all pinned', () => {
    const pinned = [...PINS.map(({ name }) => name), 'code-outlives-large-leaf'];
    expect(pinned).toEqual(Object.keys(QEMU_EXCEPTIONS));
  });

  it('do not hide that TTBCR.PD0 and PD1 are there only with EL3', async () => {
    const readBack = async (name: string): Promise<number | undefined> => {
      const guest = guests.get(name) as OracleGuest;
      const situation = handmade(0, [], { ttbcr: Ttbcr.PD1 });
      const list = guest.list(0);
      list.push('enter', guest.registersOf(0));
      list.push('leave');
      guest.memory.write(situation.base, situation.tables);
      guest.writeRegisters(0, situation.registers);
      return (await guest.run(list, 0))[1];
    };
    expect(await readBack('virt')).toBe(0);
    expect(await readBack('vexpress-a9')).toBe(Ttbcr.PD1);
  });
});
