import { describe, expect, it } from 'vitest';
import { Access, dfsrOf, FaultStatus, Kind, parOfFault } from '../../src/format/index.js';
import { type AbortInfo, EventKind, Sctlr, type Walk } from '../../src/machine/index.js';
import { errorOf } from '../support/errors.js';
import { FRAMES, PagedMachine } from '../support/paged-machine.js';

const VA = 0x1000_0000;
const PAGE = 4096;
/** Mapped by a section to addresses where nothing answers. */
const HOLE = 0x2000_0000;

/** Two pages at VA that are read-write and lie apart in memory; nothing behind them. */
function machine(
  tlb: 'none' | 'profile' | 'strict' = 'profile',
  profile = 'cortex-a7',
): PagedMachine {
  const paged = new PagedMachine(tlb, profile);
  paged.write(0, Kind.SMALL, VA, FRAMES + 0x8000, { xn: false });
  paged.write(0, Kind.SMALL, VA + PAGE, FRAMES, { xn: false });
  paged.write(0, Kind.SECTION, HOLE, 0x9000_0000);
  return paged;
}

/** The machine, with every abort kept and resolved by `resolve`. */
function handled(
  resolve: (abort: AbortInfo, paged: PagedMachine) => boolean,
): [PagedMachine, AbortInfo[]] {
  const paged = machine();
  const aborts: AbortInfo[] = [];
  paged.cpu.abortHandler = (abort) => {
    aborts.push(abort);
    return resolve(abort, paged);
  };
  return [paged, aborts];
}

const mapBehind = (_abort: AbortInfo, paged: PagedMachine): boolean => {
  paged.write(0, Kind.SMALL, VA + 2 * PAGE, FRAMES + 0x2000);
  return true;
};

describe.each(['none', 'profile', 'strict'] as const)('loads and stores, TLB %s', (tlb) => {
  it('of every size and alignment, through page borders', () => {
    const paged = machine(tlb);
    const { cpu } = paged;
    const { memory } = paged.machine;
    for (const bytes of [1, 2, 4] as const) {
      for (let offset = 0; offset < 8; offset++) {
        const va = VA + PAGE - 4 + offset;
        const value = (0x8192_a3b4 + offset * 0x0101_0101) >>> 0;
        cpu.store(va, bytes, value);
        expect(cpu.load(va, bytes)).toBe(bytes === 4 ? value : value % 2 ** (8 * bytes));
        for (let index = 0; index < bytes; index++) {
          const at = va + index;
          const pa = at < VA + PAGE ? at - VA + FRAMES + 0x8000 : at - VA - PAGE + FRAMES;
          expect(memory.readByte(pa)).toBe((value >>> (8 * index)) & 0xff);
        }
      }
    }
  });

  it('fetches words, and halfwords, and ignores the low bits', () => {
    const { cpu } = machine(tlb);
    cpu.store(VA + 8, 4, 0xe12f_ff1e);
    expect(cpu.fetch(VA + 8)).toBe(0xe12f_ff1e);
    expect(cpu.fetch(VA + 11)).toBe(0xe12f_ff1e);
    expect(cpu.fetch(VA + 11, 2)).toBe(0xe12f);
  });
});

describe('privilege', () => {
  it('decides which rights count', () => {
    const paged = machine();
    paged.write(0, Kind.SMALL, VA + 2 * PAGE, FRAMES, { ap: 1 });
    paged.cpu.privileged = true;
    paged.cpu.store(VA + 2 * PAGE, 4, 1);
    paged.cpu.privileged = false;
    const error = errorOf(() => paged.cpu.load(VA + 2 * PAGE, 4));
    expect(error.chain()).toEqual(['LIB_ERR_PAGEFAULT_NO_HANDLER']);
    expect(error.message).toBe(
      'user read of 4 bytes at 0x10002000: permission fault, page (DFSR 0x00f): AP is 001: ' +
        'no user read; mapped to 0x50000000, PL1 rw-, PL0 ---',
    );
  });
});

describe('aborts', () => {
  it('set DFSR and DFAR for data, IFSR and IFAR for fetches, and count', () => {
    const [{ cpu, machine }, aborts] = handled(() => false);
    const { registers } = cpu;
    errorOf(() => cpu.store(VA + 2 * PAGE + 6, 2, 1));
    expect([registers.dfsr, registers.dfar]).toEqual([0x807, VA + 2 * PAGE + 6]);
    errorOf(() => cpu.fetch(0x7000_0000));
    expect([registers.ifsr, registers.ifar]).toEqual([0x005, 0x7000_0000]);
    expect([registers.dfsr, registers.dfar]).toEqual([0x807, VA + 2 * PAGE + 6]);
    expect(machine.counters.snapshot().FAULTS).toBe(2);
    expect(aborts).toMatchObject([
      { va: VA + 2 * PAGE + 6, access: Access.USER_WRITE, bytes: 2, fsr: 0x807, status: 7 },
      { va: 0x7000_0000, access: Access.USER_FETCH, bytes: 4, fsr: 0x005, status: 5 },
    ]);
    expect(aborts.map(({ write, fetch, privileged }) => [write, fetch, privileged])).toEqual([
      [true, false, false],
      [false, true, false],
    ]);
  });

  it('that are resolved let the access go on', () => {
    const [{ cpu }, aborts] = handled(mapBehind);
    cpu.store(VA + 2 * PAGE, 4, 77);
    expect(cpu.load(VA + 2 * PAGE, 4)).toBe(77);
    expect(aborts).toHaveLength(1);
    expect(aborts[0]?.meaning.name).toBe('translation');
  });

  it('that nobody resolves carry the walk', () => {
    const [{ cpu }] = handled(() => false);
    const error = errorOf(() => cpu.load(VA + 2 * PAGE, 1));
    expect(error.chain()).toEqual(['LIB_ERR_PAGEFAULT']);
    const walk = error.evidence as Walk;
    expect(walk.steps).toHaveLength(2);
    expect(walk.fault?.fsr).toBe(0x007);
    expect(error.message).toContain('nothing is mapped there');
  });

  it('whose handler throws have that as their cause', () => {
    const [{ cpu }] = handled((_abort, paged) => {
      paged.cpu.abortHandler = undefined;
      return paged.cpu.load(0x7000_0000, 4) === 0;
    });
    const error = errorOf(() => cpu.load(VA + 2 * PAGE, 1));
    expect(error.chain()).toEqual(['LIB_ERR_PAGEFAULT', 'LIB_ERR_PAGEFAULT_NO_HANDLER']);
  });

  it('let what is no error of ours through', () => {
    const [{ cpu }] = handled(() => {
      throw new RangeError('a bug');
    });
    expect(() => cpu.load(VA + 2 * PAGE, 1)).toThrow(RangeError);
  });

  it('that come back again and again are a loop', () => {
    const [{ cpu }, aborts] = handled(() => true);
    const error = errorOf(() => cpu.load(VA + 2 * PAGE, 4));
    expect(error.chain()).toEqual(['LIB_ERR_PAGEFAULT_LOOP']);
    expect(aborts.length).toBeLessThan(20);
  });

  it('that take turns are one, too', () => {
    const [{ cpu }] = handled((abort, paged) => {
      const at = VA + 2 * PAGE;
      const readOnly = abort.meaning.name === 'translation';
      paged.write(0, Kind.SMALL, at, readOnly ? FRAMES : undefined, { ap: 7 });
      paged.tlb.invalidateAddress(at, 1);
      return true;
    });
    const error = errorOf(() => cpu.store(VA + 2 * PAGE, 4, 1));
    expect(error.chain()).toEqual(['LIB_ERR_PAGEFAULT_LOOP']);
  });

  it('inside of handlers end before the stack does', () => {
    const [{ cpu }] = handled((abort, paged) => paged.cpu.load(abort.va + PAGE, 4) === 0);
    const error = errorOf(() => cpu.load(VA + 2 * PAGE, 4));
    expect(error.chain()[0]).toBe('LIB_ERR_PAGEFAULT');
    expect(error.chain().at(-1)).toBe('LIB_ERR_PAGEFAULT_LOOP');
    // And the CPU is as good as new.
    cpu.abortHandler = () => false;
    expect(errorOf(() => cpu.load(VA + 2 * PAGE, 4)).chain()).toEqual(['LIB_ERR_PAGEFAULT']);
  });

  it('by a TLB entry that the tables have outrun say so', () => {
    const paged = machine();
    paged.write(0, Kind.SMALL, VA, FRAMES, { ap: 7 });
    paged.cpu.load(VA, 4);
    paged.write(0, Kind.SMALL, VA, FRAMES, { ap: 3 });
    const error = errorOf(() => paged.cpu.store(VA, 4, 1));
    expect(error.message).toContain('a TLB entry refused what the tables now allow');
    paged.write(0, Kind.SMALL, VA, undefined);
    expect(errorOf(() => paged.cpu.store(VA, 4, 1)).message).toContain(
      'a TLB entry refused; the tables now say translation fault, page',
    );
  });
});

describe('external aborts', () => {
  it('of reads and writes', () => {
    const { cpu } = machine();
    const error = errorOf(() => cpu.load(HOLE + 4, 4));
    expect(error.chain()).toEqual(['LIB_ERR_PAGEFAULT_NO_HANDLER', 'LIB_ERR_EXTERNAL_ABORT']);
    expect(cpu.registers.dfsr).toBe(0x008);
    expect(cpu.registers.dfar).toBe(HOLE + 4);
    expect((error.evidence as Walk).fault?.reason).toBe('nothing answers at the physical address');
    errorOf(() => cpu.store(HOLE, 1, 0));
    expect(cpu.registers.dfsr).toBe(0x808);
  });

  it('on the walk', () => {
    const { cpu, machine: inner } = machine();
    inner.memory.writeWord(0x4000_0000 + 0x700 * 4, 0x9000_0001);
    const error = errorOf(() => cpu.load(0x7000_0000, 4));
    expect(error.chain()[1]).toBe('LIB_ERR_EXTERNAL_ABORT');
    expect(cpu.registers.dfsr).toBe(0x00e);
  });

  it('of an unaligned access name the first byte that nobody answers', () => {
    const paged = machine();
    // The last page of RAM, and behind it nothing.
    paged.write(0, Kind.SMALL, VA + PAGE, 0x5fff_f000);
    paged.write(0, Kind.SMALL, VA + 2 * PAGE, 0x6000_0000);
    const va = VA + 2 * PAGE - 1;
    paged.cpu.store(va, 1, 0x55);
    errorOf(() => paged.cpu.load(va, 4));
    expect(paged.cpu.registers.dfar).toBe(va + 1);
    errorOf(() => paged.cpu.store(va, 4, 0xffff_ffff));
    expect(paged.cpu.registers.dfar).toBe(va + 1);
    expect(paged.cpu.load(va, 1)).toBe(0x55);
  });
});

describe('unaligned accesses', () => {
  it('fault with SCTLR.A, before translation', () => {
    const { cpu } = machine();
    cpu.registers.sctlr |= Sctlr.A;
    const error = errorOf(() => cpu.load(0x7000_0001, 4));
    expect(error.chain()).toEqual(['LIB_ERR_PAGEFAULT_NO_HANDLER', 'LIB_ERR_ALIGNMENT']);
    expect([cpu.registers.dfsr, cpu.registers.dfar]).toEqual([0x001, 0x7000_0001]);
    errorOf(() => cpu.store(VA + 1, 2, 0));
    expect(cpu.registers.dfsr).toBe(0x801);
    expect(cpu.load(VA + 1, 1)).toBe(0);
    expect(error.message).toContain('SCTLR.A wants every data access aligned to its size');
  });

  it('write nothing when the second page faults', () => {
    const [{ cpu }, aborts] = handled(() => false);
    const va = VA + 2 * PAGE - 2;
    cpu.store(va, 2, 0x1234);
    errorOf(() => cpu.store(va, 4, 0xffff_ffff));
    expect(cpu.load(va, 2)).toBe(0x1234);
    expect(aborts.map((abort) => abort.va)).toEqual([VA + 2 * PAGE]);
    errorOf(() => cpu.load(va, 4));
    expect(aborts.at(-1)).toMatchObject({ va: VA + 2 * PAGE, fsr: 0x007 });
  });

  it('go on when the second page is mapped meanwhile', () => {
    const [{ cpu }] = handled(mapBehind);
    const va = VA + 2 * PAGE - 1;
    cpu.store(va, 4, 0x0403_0201);
    expect(cpu.load(va, 4)).toBe(0x0403_0201);
  });

  it.each([
    ['cortex-a7', 0x001],
    ['cortex-a15', 0x001],
    ['cortex-a9', undefined],
  ])('to device memory on a %s', (profile, dfsr) => {
    const paged = machine('profile', profile);
    paged.write(0, Kind.SMALL, VA, FRAMES, { tex: 0, c: false, b: true });
    for (const repeat of [1, 2]) {
      expect(paged.cpu.load(VA + 4, 4)).toBe(0);
      if (dfsr === undefined) {
        expect(paged.cpu.load(VA + 1 + repeat, 4)).toBe(0);
        continue;
      }
      const error = errorOf(() => paged.cpu.load(VA + 1, 4));
      expect(error.message).toContain('device memory takes no unaligned access');
      expect(paged.cpu.registers.dfsr).toBe(dfsr);
    }
  });

  it('to device memory fault before permissions do', () => {
    const paged = machine();
    paged.write(0, Kind.SMALL, VA, FRAMES, { ap: 1, tex: 0, c: false, b: false });
    errorOf(() => paged.cpu.load(VA + 2, 4));
    expect(paged.cpu.registers.dfsr).toBe(0x001);
    errorOf(() => paged.cpu.load(VA, 4));
    expect(paged.cpu.registers.dfsr).toBe(0x00f);
    paged.write(0, Kind.SMALL, VA, undefined);
    paged.tlb.invalidateAll();
    errorOf(() => paged.cpu.load(VA + 2, 4));
    expect(paged.cpu.registers.dfsr).toBe(0x007);
  });

  it('with the MMU off are to strongly-ordered memory', () => {
    const paged = machine();
    paged.cpu.registers.sctlr = 0;
    expect(paged.cpu.load(FRAMES + 4, 4)).toBe(0);
    errorOf(() => paged.cpu.load(FRAMES + 2, 4));
    expect(paged.cpu.registers.dfsr).toBe(0x001);
  });

  it('wrap at the end of the address space', () => {
    const paged = machine();
    paged.write(0, Kind.SMALL, 0xffff_f000, FRAMES);
    paged.write(0, Kind.SMALL, 0, FRAMES + PAGE);
    paged.cpu.store(0xffff_fffe, 4, 0x0403_0201);
    expect(paged.cpu.load(0, 2)).toBe(0x0403);
  });
});

describe('address translation operations', () => {
  it('set PAR to the address and the memory type', () => {
    const { cpu } = machine();
    // PA | NS | inner write-back write-allocate | outer the same.
    expect(cpu.at('ATS1CPR', VA + 0x123)).toBe(FRAMES + 0x8000 + 0x254);
    expect(cpu.registers.par).toBe(FRAMES + 0x8000 + 0x254);
  });

  it('tell faults in PAR, and take none', () => {
    const { cpu, machine: inner } = machine();
    expect(cpu.at('ATS1CUR', 0x7000_0000)).toBe(parOfFault(FaultStatus.TRANSLATION_L1));
    expect(cpu.at('ATS1CUR', VA + 2 * PAGE)).toBe(parOfFault(FaultStatus.TRANSLATION_L2));
    expect(inner.counters.snapshot().FAULTS).toBe(0);
  });

  it('ask for their own privilege and direction', () => {
    const paged = machine();
    const at = VA + 2 * PAGE;
    const operations = ['ATS1CPR', 'ATS1CPW', 'ATS1CUR', 'ATS1CUW'] as const;
    const allowed = (ap: number) => {
      paged.write(0, Kind.SMALL, at, FRAMES, { ap });
      return operations.filter((operation) => (paged.cpu.at(operation, at) & 1) === 0);
    };
    expect(allowed(1)).toEqual(['ATS1CPR', 'ATS1CPW']);
    expect(allowed(2)).toEqual(['ATS1CPR', 'ATS1CPW', 'ATS1CUR']);
    expect(allowed(7)).toEqual(['ATS1CPR', 'ATS1CUR']);
  });

  it('walk afresh, leave the TLB alone and are no TLB misses', () => {
    const paged = machine();
    paged.cpu.load(VA, 4);
    paged.write(0, Kind.SMALL, VA, undefined);
    paged.machine.counters.reset();
    expect(paged.cpu.at('ATS1CUR', VA)).toBe(parOfFault(FaultStatus.TRANSLATION_L2));
    const costs = paged.machine.counters.snapshot();
    expect(costs).toMatchObject({ WALKS: 1, WALK_READS: 2, TLB_MISSES: 0, TLB_HITS: 0 });
    expect(paged.cpu.load(VA, 4)).toBe(0);
  });

  it('take an external abort on the walk as an abort', () => {
    const { cpu, machine: inner } = machine();
    inner.memory.writeWord(0x4000_0000 + 0x700 * 4, 0x9000_0061);
    const error = errorOf(() => cpu.at('ATS1CPR', 0x7000_0000));
    expect(error.chain()[1]).toBe('LIB_ERR_EXTERNAL_ABORT');
    expect(cpu.registers.dfsr).toBe(dfsrOf(FaultStatus.EXTERNAL_WALK_L2, 3, true));
  });

  it('know a supersection, and the secure state', () => {
    const paged = machine();
    paged.write(0, Kind.SUPERSECTION, 0x7000_0000, 0xab_5000_0000);
    expect(paged.cpu.at('ATS1CPR', 0x7012_3456)).toBe(0x50ab_0256);
    paged.cpu.registers.sctlr = 0;
    expect(paged.cpu.at('ATS1CPR', 0x1234_5678)).toBe(0x1234_5290);
  });
});

describe('resolve', () => {
  it('gives the physical address, taking the faults of the access', () => {
    const [{ cpu }, aborts] = handled(mapBehind);
    expect(cpu.resolve(VA + 2 * PAGE + 5, Access.USER_WRITE)).toBe(FRAMES + 0x2005);
    expect(aborts).toHaveLength(1);
    expect(cpu.resolve(VA, Access.USER_READ)).toBe(FRAMES + 0x8000);
  });
});

describe('addresses', () => {
  it.each([2 ** 32, 2 ** 32 + VA, -1, VA + 0.5, Number.NaN])('%d is none', (va) => {
    const { cpu } = machine();
    cpu.load(VA, 4);
    for (const run of [
      () => cpu.load(va, 4),
      () => cpu.store(va, 1, 0),
      () => cpu.fetch(va),
      () => cpu.translate(va, Access.USER_READ),
      () => cpu.resolve(va, Access.USER_READ),
      () => cpu.at('ATS1CPR', va),
    ]) {
      expect(errorOf(run).code).toBe('MACHINE_ERR_REGISTER');
    }
  });
});

describe('switching', () => {
  it('to another space, and leaving it', () => {
    const paged = machine();
    const { cpu } = paged;
    const { counters } = paged.machine;
    counters.reset();
    cpu.switchTo(paged.rootOf(1), 9);
    expect([cpu.registers.ttbr0, cpu.registers.asid, cpu.privileged]).toEqual([
      paged.rootOf(1),
      9,
      false,
    ]);
    expect(counters.snapshot().BARRIERS).toBe(3);
    cpu.leave();
    expect(cpu.privileged).toBe(true);
    expect(cpu.at('ATS1CPR', VA)).toBe(parOfFault(FaultStatus.TRANSLATION_L1));
    paged.run(0);
    expect(cpu.load(VA, 4)).toBe(0);
    cpu.dsb();
    expect(counters.snapshot().BARRIERS).toBe(8);
  });
});

describe('events', () => {
  it('tell of the miss, the walk, the fill, the access and the hit', () => {
    const paged = machine();
    const { events } = paged.machine;
    events.on = true;
    paged.cpu.load(VA, 4);
    paged.cpu.load(VA + 1, 1);
    paged.cpu.load(VA + 4, 4);
    errorOf(() => paged.cpu.load(VA + 2 * PAGE, 4));
    const pa = FRAMES + 0x8000;
    expect([...events].map(({ kind, fields }) => [kind, ...Object.values(fields)])).toEqual([
      ['TLB_MISS', VA, 1, Access.USER_READ],
      ['WALK', VA, pa, Kind.SMALL, Access.USER_READ],
      ['TLB_FILL', VA, pa, PAGE, 1],
      ['ACCESS', VA, pa, 4, Access.USER_READ],
      ['TLB_HIT', VA + 1, pa + 1, 1, Access.USER_READ],
      ['ACCESS', VA + 1, pa + 1, 1, Access.USER_READ],
      ['TLB_HIT', VA + 4, pa + 4, 1, Access.USER_READ],
      ['ACCESS', VA + 4, pa + 4, 4, Access.USER_READ],
      ['TLB_MISS', VA + 2 * PAGE, 1, Access.USER_READ],
      ['WALK', VA + 2 * PAGE, -7, Kind.FAULT, Access.USER_READ],
      ['FAULT', 0x007, VA + 2 * PAGE, Access.USER_READ],
    ]);
    expect(EventKind.ACCESS).toBe(21);
  });

  it('a refused hit carries its fault', () => {
    const paged = machine();
    paged.write(0, Kind.SMALL, VA, FRAMES, { ap: 7 });
    paged.cpu.load(VA, 4);
    paged.machine.events.on = true;
    paged.cpu.translate(VA, Access.USER_WRITE);
    expect([...paged.machine.events]).toMatchObject([{ kind: 'TLB_HIT', fields: { pa: -15 } }]);
  });
});
