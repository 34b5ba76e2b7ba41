import { describe, expect, it } from 'vitest';
import {
  Access,
  ALL_RIGHTS,
  cortexA7,
  cortexA9,
  cortexA15,
  DomainAccess,
  Kind,
  NO_ATTRIBUTES,
  rightsText,
} from '../../src/format/index.js';
import {
  Sctlr,
  type TranslationRegisters,
  Ttbcr,
  type Walk,
  walk,
} from '../../src/machine/index.js';
import { errorOf } from '../support/errors.js';
import { CODE, DATA, DEVICE, HandTables } from '../support/tables.js';

const { PRIVILEGED_READ, PRIVILEGED_WRITE, PRIVILEGED_FETCH } = Access;
const { USER_READ, USER_WRITE, USER_FETCH } = Access;

function walkOf(tables: HandTables, va: number, access: number = USER_READ): Walk {
  return walk(tables.memory, tables.registers, tables.profile, va, access);
}

function withSctlr(bits: number): Partial<TranslationRegisters> {
  return { sctlr: (Sctlr.M | bits) >>> 0 };
}

describe('evidence', () => {
  const tables = new HandTables().map(Kind.SMALL, 0x3000_1000, 0x6020_1000, 1, {
    ...DATA,
    ap: 7,
    ng: true,
  });
  const found = walkOf(tables, 0x3000_1004);

  it('names the root, every entry, its address, its word and what it says', () => {
    expect(found.root).toEqual({
      register: 'TTBR0',
      base: 0x6000_0000,
      addressBits: 32,
      disabled: false,
    });
    expect(found.steps).toMatchObject([
      { level: 1, index: 0x300, entryAddress: 0x6000_0c00, word: 0x6010_0001, kind: Kind.TABLE },
      { level: 2, index: 1, entryAddress: 0x6010_0004, word: 0x6020_1a7f, kind: Kind.SMALL },
    ]);
    expect(found.steps.map((step) => step.descriptor?.kind)).toEqual(['table', 'small']);
  });

  it('gives the leaf: address, size, type, flags and effective rights', () => {
    expect(found.fault).toBeUndefined();
    expect(found.leaf).toMatchObject({
      pa: 0x6020_1004,
      kind: 'small',
      bytes: 4096,
      type: { kind: 'normal', inner: 'wbwa', outer: 'wbwa', shareability: 'none' },
      attributes: { ...DATA, ap: 7, ng: true },
      domainAccess: DomainAccess.CLIENT,
      accessFlagFault: false,
    });
    expect(rightsText(found.leaf?.rights ?? 0, true)).toBe('r--');
    expect(rightsText(found.leaf?.rights ?? 0, false)).toBe('r--');
  });

  it('tells of a leaf even where it refuses', () => {
    const refused = walkOf(tables, 0x3000_1004, USER_WRITE);
    expect(refused.leaf).toEqual(found.leaf);
    expect(refused.fault).toMatchObject({
      fsr: 0x80f,
      domain: 0,
      reason: 'AP is 111: no user write',
    });
    expect(refused.fault?.meaning.text).toBe('permission fault, page');
  });
});

describe('each leaf size', () => {
  const tables = new HandTables()
    .map(Kind.SMALL, 0x1000_0000, 0x7000_0000, 1, DATA)
    .map(Kind.LARGE, 0x1001_0000, 0x7001_0000, 1, DATA)
    .map(Kind.SECTION, 0x1010_0000, 0x7010_0000, 1, DATA)
    .map(Kind.SUPERSECTION, 0x1100_0000, 0xab_cd00_0000, 1, DATA);
  it.each([
    ['small', 0x1000_0abc, 0x7000_0abc, 4096],
    ['large', 0x1001_fabc, 0x7001_fabc, 65_536],
    ['section', 0x101f_fabc, 0x701f_fabc, 2 ** 20],
    ['supersection', 0x11ff_fabc, 0xab_cdff_fabc, 2 ** 24],
  ])('%s', (kind, va, pa, bytes) => {
    expect(walkOf(tables, va)).toMatchObject({ leaf: { kind, pa, bytes }, fault: undefined });
  });
});

describe('faults of a table', () => {
  // All in domain 2; the codes are what an emulated Cortex-A answers.
  const inDomain2 = { ...DATA, domain: 2 };
  const make = (registers: Partial<TranslationRegisters> = {}): HandTables => {
    const tables = new HandTables(registers);
    tables.table(0x1000_0000, 2);
    tables
      .page(0x1000_1000, 0x6020_113f)
      .page(0x1000_2000, 0x6020_203f)
      .map(Kind.SECTION, 0x2000_0000, 0x6020_0000, 1, { ...inDomain2, ap: 7 })
      .map(Kind.SECTION, 0x2010_0000, 0x6020_0000, 1, { ...inDomain2, ap: 2 })
      .map(Kind.SUPERSECTION, 0x3000_0000, 0x6000_0000, 1, { ...DATA, ap: 0 })
      .root(0x4000_0000, 0x1230_5403)
      .root(0x4010_0000, 0x9000_0041);
    return tables;
  };
  const noDomain = { dacr: 0 };
  const afe = withSctlr(Sctlr.AFE);
  it.each([
    ['translation, L1', {}, 0x5000_0000, USER_READ, 'translation', 1, 0x005],
    ['translation, L1, write', {}, 0x5000_0000, USER_WRITE, 'translation', 1, 0x805],
    ['translation, L1, fetch', {}, 0x5000_0000, USER_FETCH, 'translation', 1, 0x005],
    ['translation, L2', {}, 0x1000_0000, USER_READ, 'translation', 2, 0x027],
    ['translation, L2, write', {}, 0x1000_0000, PRIVILEGED_WRITE, 'translation', 2, 0x827],
    ['translation, L2, fetch', {}, 0x1000_0000, USER_FETCH, 'translation', 2, 0x007],
    ['access flag, section', afe, 0x2010_0000, USER_READ, 'access-flag', 1, 0x023],
    ['access flag, supersection', afe, 0x3000_0000, USER_READ, 'access-flag', 1, 0x003],
    [
      'the domain, where the flag is set',
      { ...afe, dacr: 0 },
      0x1000_1000,
      USER_READ,
      'domain',
      2,
      0x02b,
    ],
    ['domain, section', noDomain, 0x2000_0000, USER_READ, 'domain', 1, 0x029],
    ['domain, section, write', noDomain, 0x2000_0000, USER_WRITE, 'domain', 1, 0x829],
    ['domain, supersection', noDomain, 0x3000_0000, USER_READ, 'domain', 1, 0x009],
    ['domain, page', noDomain, 0x1000_2000, USER_READ, 'domain', 2, 0x02b],
    ['domain, reserved access', { dacr: 0xaaaa_aaaa }, 0x1000_2000, USER_READ, 'domain', 2, 0x02b],
    ['permission, section', {}, 0x2000_0000, USER_WRITE, 'permission', 1, 0x82d],
    ['permission, supersection', {}, 0x3000_0000, PRIVILEGED_READ, 'permission', 1, 0x00d],
    ['permission, page, fetch', {}, 0x1000_1000, USER_FETCH, 'permission', 2, 0x00f],
    ['external on the walk, L2', {}, 0x4010_0000, USER_READ, 'external-walk', 2, 0x02e],
  ] as const)('%s', (_name, registers, va, access, name, level, fsr) => {
    const tables = make(registers);
    const { fault } = walkOf(tables, va, access);
    expect(fault?.meaning).toMatchObject({ name, level });
    expect(fault?.fsr).toBe(fsr);
    expect(fault?.reason).not.toBe('');
  });

  it('an access flag that is clear comes before the domain and before permissions', () => {
    const tables = make({ ...afe, dacr: 0 });
    tables.page(0x1000_3000, 0x6020_302e & ~0x10);
    expect(walkOf(tables, 0x1000_3000).fault?.fsr).toBe(0x026);
    expect(walkOf(tables, 0x1000_3000).leaf).toMatchObject({ rights: 0, accessFlagFault: true });
  });

  it('a manager is asked for the access flag, but neither for AP nor for XN', () => {
    const manager = make({ ...afe, dacr: 0xffff_ffff });
    expect(walkOf(manager, 0x2010_0000).fault?.fsr).toBe(0x023);
    const full = make({ dacr: 0xffff_ffff });
    for (const access of [PRIVILEGED_READ, PRIVILEGED_WRITE, PRIVILEGED_FETCH, USER_FETCH]) {
      expect(walkOf(full, 0x3000_0000, access).fault).toBeUndefined();
    }
    expect(walkOf(full, 0x3000_0000).leaf?.rights).toBe(ALL_RIGHTS);
  });

  it('the reserved type is a translation fault without PXN, a section with it', () => {
    const tables = make();
    expect(walkOf(tables, 0x4000_0000, PRIVILEGED_READ).leaf).toMatchObject({ kind: 'section' });
    const a9 = walk(tables.memory, tables.registers, cortexA9, 0x4000_0000, PRIVILEGED_READ);
    expect(a9.fault?.fsr).toBe(0x005);
    expect(a9.steps[0]?.descriptor).toEqual({ kind: 'reserved', word: 0x1230_5403 });
  });

  it('nothing answers where the root should be', () => {
    const tables = make({ ttbr0: 0x9000_0000 });
    const { fault, steps } = walkOf(tables, 0, USER_WRITE);
    expect(fault?.fsr).toBe(0x80c);
    expect(steps).toMatchObject([{ word: undefined, entryAddress: 0x9000_0000 }]);
  });
});

describe('PXN', () => {
  it('of the table entry holds for its pages, of a section for itself, and not on a Cortex-A9', () => {
    const tables = new HandTables();
    tables.table(0x1000_0000, 0, true);
    tables
      .map(Kind.SMALL, 0x1000_0000, 0x6020_0000, 1, CODE)
      .map(Kind.SECTION, 0x2000_0000, 0x6020_0000, 1, { ...CODE, pxn: true });
    for (const va of [0x1000_0000, 0x2000_0000]) {
      expect(walkOf(tables, va, USER_FETCH).fault).toBeUndefined();
      const refused = walkOf(tables, va, PRIVILEGED_FETCH).fault;
      expect(refused).toMatchObject({ reason: 'PXN is set' });
      expect(refused?.meaning.name).toBe('permission');
    }
    const a9 = walk(tables.memory, tables.registers, cortexA9, 0x1000_0000, PRIVILEGED_FETCH);
    expect(a9.fault).toBeUndefined();
    expect(a9.leaf?.attributes.pxn).toBe(false);
  });
});

describe('SCTLR', () => {
  it('WXN and UWXN count where the Virtualization Extensions are', () => {
    const tables = new HandTables(withSctlr(Sctlr.WXN)).map(Kind.SECTION, 0, 0x6000_0000, 1, {
      ...CODE,
      ap: 3,
    });
    expect(walkOf(tables, 0, USER_FETCH).fault?.reason).toBe(
      'SCTLR forbids to execute what is writable',
    );
    const a9 = walk(tables.memory, tables.registers, cortexA9, 0, USER_FETCH);
    expect(a9.fault).toBeUndefined();
    tables.registers = { ...tables.registers, ...withSctlr(Sctlr.UWXN) };
    expect(walkOf(tables, 0, USER_FETCH).fault).toBeUndefined();
    expect(walkOf(tables, 0, PRIVILEGED_FETCH).fault?.meaning.name).toBe('permission');
  });

  it('TRE gives TEX C B the meaning of PRRR and NMRR', () => {
    const tables = new HandTables({ prrr: 0xff0a_81a8, nmrr: 0x40e0_40e0 });
    tables.map(Kind.SECTION, 0, 0x6000_0000, 1, { ...DEVICE, tex: 0, c: false, b: true });
    expect(walkOf(tables, 0, PRIVILEGED_READ).leaf?.type.kind).toBe('device');
    tables.registers = { ...tables.registers, ...withSctlr(Sctlr.TRE) };
    expect(walkOf(tables, 0, PRIVILEGED_READ).leaf?.type).toMatchObject({
      kind: 'normal',
      inner: 'nc',
    });
  });

  it('without M every address is its own, strongly-ordered for data, normal for code', () => {
    const tables = new HandTables({ sctlr: 0, dacr: 0, ttbr0: 0xffff_c000 });
    for (const access of [PRIVILEGED_WRITE, USER_WRITE]) {
      const flat = walkOf(tables, 0xdead_beef, access);
      expect(flat).toMatchObject({
        root: undefined,
        steps: [],
        fault: undefined,
        leaf: { pa: 0xdead_beef, kind: 'flat', type: { kind: 'strongly' }, rights: ALL_RIGHTS },
      });
    }
    expect(walkOf(tables, 4, USER_FETCH).leaf?.type).toMatchObject({ kind: 'normal', inner: 'nc' });
    tables.registers = { ...tables.registers, sctlr: Sctlr.I };
    expect(walkOf(tables, 4, USER_FETCH).leaf?.type).toMatchObject({ inner: 'wt' });
  });
});

describe('TTBCR', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])('N = %i: TTBR0 has the lowest 2^(32 - N) bytes', (n) => {
    const border = 2 ** (32 - n);
    const tables = new HandTables({ ttbcr: n, ttbr1: 0x6008_0000 | 0x6a });
    const table = 2 ** (14 - n);
    // TTBR0 needs no more alignment than its smaller table.
    tables.registers = { ...tables.registers, ttbr0: (0x6004_0000 + table) | 0x6a };
    const section = 0x6030_0c0e;
    tables.memory.writeWord(0x6004_0000 + table + (border / 2 ** 20 - 1) * 4, section);
    tables.memory.writeWord(0x6008_0000 + (border / 2 ** 20) * 4, section + 0x10_0000);
    const low = walkOf(tables, border - 4, USER_READ);
    expect(low.root).toEqual({
      register: 'TTBR0',
      base: 0x6004_0000 + table,
      addressBits: 32 - n,
      disabled: false,
    });
    expect(low.leaf?.pa).toBe(0x603f_fffc);
    const high = walkOf(tables, border, USER_READ);
    expect(high.root).toMatchObject({ register: 'TTBR1', base: 0x6008_0000, addressBits: 32 });
    expect(high.leaf?.pa).toBe(0x6040_0000);
  });

  it('PD0 and PD1 forbid to walk', () => {
    const tables = new HandTables({ ttbcr: 1 | Ttbcr.PD1 });
    tables.map(Kind.SECTION, 0, 0x6000_0000, 1, DATA);
    expect(walkOf(tables, 0).fault).toBeUndefined();
    const high = walkOf(tables, 0x8000_0000);
    expect(high).toMatchObject({ steps: [], root: { register: 'TTBR1', disabled: true } });
    expect(high.fault).toMatchObject({ fsr: 0x005, reason: 'TTBCR.PD1 forbids walks by TTBR1' });
    tables.registers = { ...tables.registers, ttbcr: Ttbcr.PD0 };
    expect(walkOf(tables, 0).fault?.reason).toBe('TTBCR.PD0 forbids walks by TTBR0');
  });

  it('EAE is refused', () => {
    const tables = new HandTables({ ttbcr: 0xb502_3500 });
    expect(errorOf(() => walkOf(tables, 0)).code).toBe('MACHINE_ERR_REGISTER');
  });
});

describe('rights', () => {
  it('are the union of what each access gets', () => {
    for (const profile of [cortexA7, cortexA9, cortexA15]) {
      for (let ap = 0; ap < 8; ap++) {
        for (const xn of [false, true]) {
          for (const access of [0, 1, 2, 3]) {
            const tables = new HandTables({ dacr: access }, profile);
            tables.map(Kind.SECTION, 0, 0x6000_0000, 1, { ...NO_ATTRIBUTES, ap, xn });
            let allowed = 0;
            for (let way = 0; way < 6; way++) {
              if (walkOf(tables, 0, way).fault === undefined) allowed |= 1 << way;
            }
            expect(walkOf(tables, 0).leaf?.rights).toBe(allowed);
          }
        }
      }
    }
  });
});
