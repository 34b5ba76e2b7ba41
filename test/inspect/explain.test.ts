import { describe, expect, it } from 'vitest';
import { Access, Kind, NO_ATTRIBUTES } from '../../src/format/index.js';
import type { SpaceInput } from '../../src/inspect/address-space.js';
import { explainFault } from '../../src/inspect/explain.js';
import { explainLines, explainRecord } from '../../src/inspect/explain-view.js';
import { parseFaultReports, registerReport } from '../../src/inspect/fault-report.js';
import { plainLines } from '../../src/inspect/styled-text.js';
import { Sctlr, walk } from '../../src/machine/index.js';
import { linuxInput, linuxRegisters } from '../support/linux-fixture.js';
import { boardSpace, CODE, DATA, HandTables } from '../support/tables.js';

const golden = (name: string): string => `../golden/inspect/${name}.txt`;

/** The space with the words changed that a remedy names. */
function mended(input: SpaceInput, explanation: ReturnType<typeof explainFault>): SpaceInput {
  const { entry, dacr } = explanation.remedy ?? {};
  const { registers } = input;
  return {
    ...input,
    registers: dacr === undefined ? registers : { ...registers, dacr: dacr.to },
    reader: {
      readWord: (pa) => (pa === entry?.address ? entry.to : input.reader.readWord(pa)),
    },
  };
}

describe('an explanation', () => {
  const { input } = boardSpace();

  it('prints gate, region, remedy and verdict', async () => {
    const reports = [
      registerReport('data', 0x80d, 0x4020_0010, false),
      registerReport('data', 0x80f, 0x5002_1234),
      registerReport('prefetch', 0xf, 0x5002_1234),
      registerReport('data', 0x007, 0x5003_1ffc),
      registerReport('data', 0x029, 0x6000_0000),
      registerReport('data', 0x805, 0x0000_0000 + 0x9000_0004),
      registerReport('data', 0x80f, 0x5000_0000 + 0x3_0000),
      registerReport('data', 0x00e, 0x7000_0000),
      registerReport('data', 0x001, 0x0030_0001),
      registerReport('data', 0x406, 0x0030_0000),
      registerReport('data', 0x805, undefined),
    ];
    const lines = reports.flatMap((report) => [
      ...explainLines(input, explainFault(input, report)),
      [{ text: '' }],
    ]);
    await expect(plainLines(lines)).toMatchFileSnapshot(golden('explain-board'));
  });

  it('gives JSON', () => {
    const explanation = explainFault(input, registerReport('data', 0x80f, 0x5002_1234, true));
    expect(explainRecord(input, explanation)).toMatchObject({
      schema: 'pagewright/explanation',
      va: '0x50021234',
      fault: 'permission',
      level: 2,
      agreement: 'agree',
      remedy: { entry: { address: '0x60100084', from: '0x61121e7f', to: '0x61121c6f' } },
    });
  });
});

describe('the smallest change', () => {
  const accesses = Object.values(Access);

  it.each([
    ['read-only data', { ...DATA, ap: 7 }],
    ['kernel data', { ...DATA, ap: 1 }],
    ['kernel code', { ...CODE, ap: 5 }],
    ['nothing allowed', NO_ATTRIBUTES],
    ['in a domain without access', { ...DATA, domain: 3 }],
  ])('allows every access to %s', (_name, attributes) => {
    const tables = new HandTables({ dacr: 1 }).map(Kind.SECTION, 0x0010_0000, 0, 1, attributes);
    for (const access of accesses) {
      const kind = access % 3 === 2 ? 'prefetch' : 'data';
      const before = walk(
        tables.input.reader,
        tables.input.registers,
        tables.profile,
        0x0010_0000,
        access,
      );
      if (before.fault === undefined) continue;
      const report = registerReport(kind, before.fault.fsr, 0x0010_0000, access < 3);
      const explanation = explainFault(tables.input, report);
      expect(explanation.agreement).toBe('agree');
      expect(explanation.access).toBe(access);
      const { reader, registers, profile } = mended(tables.input, explanation);
      const after = walk(reader, registers, profile, 0x0010_0000, access);
      const text = explanation.remedy?.text ?? '';
      expect([after.fault, text.includes('and then')]).toEqual(
        text.includes('and then') ? [after.fault, true] : [undefined, false],
      );
    }
  });

  it('gives nobody more than is needed', () => {
    const tables = new HandTables().map(Kind.SECTION, 0, 0, 1, { ...DATA, ap: 5 });
    const explanation = explainFault(tables.input, registerReport('data', 0x80d, 4, true));
    expect(explanation.remedy?.text).toMatch(/^AP 101 → 001: @60000000 /);
    expect(explanation.remedy?.sideEffect).toBeUndefined();
  });

  it('sets the access flag', () => {
    const tables = new HandTables({ sctlr: Sctlr.M | Sctlr.AFE });
    tables.map(Kind.SMALL, 0x1000, 0x6020_0000, 1, { ...DATA, ap: 2 });
    const explanation = explainFault(tables.input, registerReport('data', 0x006, 0x1000, false));
    expect(explanation.agreement).toBe('agree');
    expect(explanation.remedy?.text).toMatch(/^set the access flag AP\[0\]: @60100004 /);
  });

  it('clears PXN where a page has it from its table', () => {
    const tables = new HandTables();
    tables.table(0x1000, 0, true);
    tables.map(Kind.SMALL, 0x1000, 0x6020_0000, 1, CODE);
    const explanation = explainFault(tables.input, registerReport('prefetch', 0xf, 0x1000, true));
    expect(explanation.remedy?.text).toMatch(/^clear PXN of the table entry: @60000000 /);
  });

  it('takes the right to write where SCTLR.WXN forbids both', () => {
    const tables = new HandTables({ sctlr: (Sctlr.M | Sctlr.WXN) >>> 0 });
    tables.map(Kind.SECTION, 0, 0x6000_0000, 1, { ...CODE, ap: 3 });
    const explanation = explainFault(tables.input, registerReport('prefetch', 0xd, 0, false));
    expect(explanation.walk?.fault?.reason).toContain('SCTLR forbids');
    expect(explanation.remedy?.text).toMatch(/^AP 011 → 010: /);
    expect(explanation.remedy?.sideEffect).toBe('the rights become PL1 rw-, PL0 r-x');
  });

  it('turns walks on again', () => {
    const tables = new HandTables({ ttbcr: 0x10 });
    const explanation = explainFault(tables.input, registerReport('data', 0x005, 0x1000));
    expect(explanation.remedy?.text).toMatch(/^clear TTBCR.PD0/);
  });
});

describe('registers and tables', () => {
  const causesOf = (input: SpaceInput, ...report: Parameters<typeof registerReport>) =>
    explainFault(input, registerReport(...report)).causes.map((cause) => cause.id);
  const { input } = boardSpace();

  it('do not agree when a fault was resolved meanwhile', () => {
    // The last fault of the process that the fixture shows: Linux gave it the page since.
    const explanation = explainFault(linuxInput(), registerReport('data', 0x817, 0x5_8810));
    expect(explanation.agreement).toBe('disagree');
    expect(explanation.causes[0]?.id).toBe('not-visible');
    expect(explanation.region?.kind).toBe('small');
  });

  it('were given the other way round', () => {
    expect(causesOf(input, 'data', 0x4020_0010, 0x80d, false)).toEqual(['swapped']);
    expect(causesOf(input, 'data', 0x1800, 0x5, false)).toContain('swapped');
    expect(causesOf(input, 'data', 0x5, 0x1004, false)).not.toContain('swapped');
  });

  it('point to a stale TLB entry where the tables allow the access', () => {
    expect(causesOf(input, 'data', 0x80d, 0x0030_0000, false)[0]).toBe('stale-tlb');
  });

  it('point to a stale domain where DFSR has another', () => {
    expect(causesOf(input, 'data', 0x05d, 0x0030_0000, false)[0]).toBe('stale-domain');
  });

  it('point to another root, where that one gives the fault', () => {
    const other = { ...input, registers: { ...input.registers, ttbr0: 0x6300_0000 } };
    const report = registerReport('data', 0x005, 0x0030_0000, false);
    const alternatives = [
      { label: 'the root table at 0x63000000', kind: 'root', input: other },
      { label: 'the secure registers', kind: 'world', input: other },
    ] as const;
    const { causes } = explainFault(input, report, { alternatives });
    expect(causes.slice(0, 2)).toMatchObject([
      { id: 'wrong-root', text: expect.stringContaining('0x63000000') as string },
      { id: 'wrong-world', text: expect.stringContaining('secure') as string },
    ]);
  });

  it('cannot be compared after an asynchronous abort, or in the long format', () => {
    expect(causesOf(input, 'data', 0x406, 0x0030_0000)).toEqual(['address-unknown']);
    expect(causesOf(input, 'data', 0x206, 0x0030_0000)).toEqual(['long-format']);
  });

  it('do not agree with the words that a dump printed', () => {
    const [report] = parseFaultReports(`
Unable to handle kernel paging request at virtual address c4803010 when write
[c4803010] *pgd=4191800d, *pte=08020653, *ppte=08021453
Internal error: Oops: 807 [#1] SMP ARM
psr: 60000013
Table: 423b406a`);
    const input6 = { ...linuxInput(), registers: linuxRegisters };
    const { causes, agreement } = explainFault(input6, report as NonNullable<typeof report>);
    expect(agreement).toBe('disagree');
    expect(causes.at(-1)?.text).toMatch(
      /\*pgd was 4191800d and is [0-9a-f]{8}, \*ppte was 08021453/,
    );
  });
});

describe('hints', () => {
  const hints = (va: number): readonly string[] =>
    explainFault(boardSpace().input, registerReport('data', 0x005, va)).hints;

  it('know null pointers, poison, text, and addresses near a region', () => {
    const empty = new HandTables().input;
    const at = (va: number) =>
      explainFault(empty, registerReport('data', 0x005, va)).hints.join('; ');
    expect(at(0)).toBe('a null pointer');
    expect(at(0x100)).toMatch(/offset 0x100, or a list entry that Linux removed/);
    expect(at(0x6b6b_6b73)).toContain('use after free');
    expect(at(0x6620_3a6b)).toBe('');
    expect(at(0x6c6c_6568)).toContain('the text "hell"');
    expect(hints(0x4fff_fff0)).toEqual(['16 B below the region at 50000000']);
    expect(hints(0x1200_0010)).toEqual(['16 B behind the end of the region at 10000000']);
  });

  it('say nothing where the access is allowed', () => {
    expect(hints(0x0000_0010)).toEqual([]);
  });
});
