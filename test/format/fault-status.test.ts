import { describe, expect, it } from 'vitest';
import {
  CACHE_POLICIES,
  decodeDfsr,
  decodeIfsr,
  decodePar,
  dfsrOf,
  FaultStatus,
  faultDomainOf,
  faultMeaning,
  faultNumber,
  faultStatusOf,
  ifsrOf,
  type MemoryType,
  parOfFault,
  parOfSuccess,
} from '../../src/format/index.js';

const STATUSES = Object.values(FaultStatus);

describe('fault status registers', () => {
  // What an emulated Cortex-A answers (domain 2 where there is one).
  it.each([
    ['translation, section', FaultStatus.TRANSLATION_L1, 0, 0x005, 0x805],
    ['translation, page', FaultStatus.TRANSLATION_L2, 2, 0x027, 0x827],
    ['access flag, section', FaultStatus.ACCESS_FLAG_L1, 2, 0x023, 0x823],
    ['access flag, supersection', FaultStatus.ACCESS_FLAG_L1, 0, 0x003, 0x803],
    ['access flag, page', FaultStatus.ACCESS_FLAG_L2, 2, 0x026, 0x826],
    ['domain, section', FaultStatus.DOMAIN_L1, 1, 0x019, 0x819],
    ['domain, supersection', FaultStatus.DOMAIN_L1, 0, 0x009, 0x809],
    ['domain, page', FaultStatus.DOMAIN_L2, 1, 0x01b, 0x81b],
    ['permission, section', FaultStatus.PERMISSION_L1, 2, 0x02d, 0x82d],
    ['permission, supersection', FaultStatus.PERMISSION_L1, 0, 0x00d, 0x80d],
    ['permission, page', FaultStatus.PERMISSION_L2, 2, 0x02f, 0x82f],
    ['external abort on the walk, level 2', FaultStatus.EXTERNAL_WALK_L2, 2, 0x02e, 0x82e],
    ['external abort on the walk, level 1', FaultStatus.EXTERNAL_WALK_L1, 0, 0x00c, 0x80c],
    ['external abort', FaultStatus.EXTERNAL, 0, 0x008, 0x808],
    ['alignment', FaultStatus.ALIGNMENT, 0, 0x001, 0x801],
  ])('%s', (_name, status, domain, read, write) => {
    expect(dfsrOf(status, domain, false)).toBe(read);
    expect(dfsrOf(status, domain, true)).toBe(write);
    expect(ifsrOf(status)).toBe(read & 0xf);
    expect(decodeDfsr(write)).toMatchObject({ status, domain, write: true, longFormat: false });
    expect(decodeIfsr(read)).toMatchObject({ status, domain: 0, write: false });
  });

  it('every field of every word comes back', () => {
    for (const status of STATUSES) {
      for (let domain = 0; domain < 16; domain++) {
        for (const write of [false, true]) {
          for (const external of [false, true]) {
            const read = decodeDfsr(dfsrOf(status, domain, write, external));
            expect(read).toMatchObject({ status, domain, write, external });
            expect(read.cacheMaintenance || read.longFormat).toBe(false);
            expect(read.meaning).toBe(faultMeaning(status));
          }
        }
      }
      expect(decodeIfsr(ifsrOf(status, true))).toMatchObject({ status, external: true });
    }
  });

  it('bit 10 is FS[4], bit 9 the long format, bit 13 cache maintenance', () => {
    expect(decodeDfsr(0x406)).toMatchObject({ status: FaultStatus.ASYNCHRONOUS_EXTERNAL });
    expect(decodeDfsr(0x200).longFormat).toBe(true);
    expect(decodeIfsr(0x200).longFormat).toBe(true);
    expect(decodeDfsr(0x2000).cacheMaintenance).toBe(true);
  });

  it('the IFSR has no domain, whatever stands in its bits', () => {
    expect(decodeIfsr(0x02d)).toEqual(decodeIfsr(0x00d));
  });
});

describe('meanings', () => {
  it('are of 22 codes; the rest is reserved', () => {
    const named = [];
    for (let status = 0; status < 32; status++) {
      const { name, level, text } = faultMeaning(status);
      if (name !== 'reserved') named.push(status);
      if (level !== 0) expect(text).toMatch(level === 1 ? /section|first/ : /page|second/);
    }
    expect(named).toEqual([...STATUSES].sort((left, right) => left - right));
  });

  it('say which faults have a domain', () => {
    const withDomain = STATUSES.filter((status) => faultMeaning(status).hasDomain);
    expect(new Set(withDomain.map((status) => faultMeaning(status).name))).toEqual(
      new Set([
        'access-flag',
        'translation',
        'domain',
        'external-walk',
        'permission',
        'parity-walk',
      ]),
    );
    expect(faultMeaning(FaultStatus.TRANSLATION_L1).hasDomain).toBe(false);
  });
});

describe('fault numbers', () => {
  it('are below zero and keep status and domain', () => {
    for (const status of STATUSES) {
      for (let domain = 0; domain < 16; domain++) {
        const fault = faultNumber(status, domain);
        expect(fault).toBeLessThan(0);
        expect([faultStatusOf(fault), faultDomainOf(fault)]).toEqual([status, domain]);
      }
    }
  });
});

describe('PAR', () => {
  const wbwa: MemoryType = { kind: 'normal', inner: 'wbwa', outer: 'wbwa', shareability: 'none' };

  it.each([
    ['translation, section', FaultStatus.TRANSLATION_L1, 0x0b],
    ['translation, page', FaultStatus.TRANSLATION_L2, 0x0f],
    ['domain, section', FaultStatus.DOMAIN_L1, 0x13],
    ['domain, page', FaultStatus.DOMAIN_L2, 0x17],
    ['permission, section', FaultStatus.PERMISSION_L1, 0x1b],
    ['permission, page', FaultStatus.PERMISSION_L2, 0x1f],
    ['access flag, section', FaultStatus.ACCESS_FLAG_L1, 0x07],
    ['access flag, page', FaultStatus.ACCESS_FLAG_L2, 0x0d],
    ['TLB conflict', FaultStatus.TLB_CONFLICT, 0x21],
  ])('of a fault: %s', (_name, status, par) => {
    expect(parOfFault(status)).toBe(par);
    expect(decodePar(par)).toMatchObject({ ok: false, status, external: false });
    expect(decodePar(parOfFault(status, true))).toMatchObject({
      ok: false,
      status,
      external: true,
    });
  });

  it('of a page: the address, NS and the memory type', () => {
    const par = parOfSuccess({ pa: 0x6020_1abc, supersection: false, ns: true, type: wbwa });
    expect(par).toBe(0x6020_1254);
    expect(decodePar(par)).toEqual({
      ok: true,
      pa: 0x6020_1000,
      supersection: false,
      ns: true,
      type: wbwa,
    });
  });

  it('of a supersection: PA[31:24], and PA[39:32] in bits 23..16', () => {
    const par = parOfSuccess({ pa: 0xab_cd12_3456, supersection: true, ns: false, type: wbwa });
    expect(par).toBe(0xcdab_0056);
    expect(decodePar(par)).toMatchObject({ ok: true, pa: 0xab_cd00_0000, supersection: true });
  });

  it('keeps every memory type', () => {
    const types: MemoryType[] = [
      { kind: 'strongly', inner: 'nc', outer: 'nc', shareability: 'outer' },
      { kind: 'device', inner: 'nc', outer: 'nc', shareability: 'outer' },
      { kind: 'device', inner: 'nc', outer: 'nc', shareability: 'none' },
    ];
    for (const inner of CACHE_POLICIES) {
      for (const outer of CACHE_POLICIES) {
        for (const shareability of ['none', 'inner', 'outer'] as const) {
          types.push({ kind: 'normal', inner, outer, shareability });
        }
      }
    }
    const words = new Set<number>();
    for (const type of types) {
      const par = parOfSuccess({ pa: 0, supersection: false, ns: false, type });
      words.add(par);
      expect(decodePar(par)).toMatchObject({ ok: true, type });
    }
    expect(words.size).toBe(types.length);
  });
});
