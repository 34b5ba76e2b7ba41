import { describe, expect, it } from 'vitest';
import { Kind, NO_ATTRIBUTES } from '../../src/format/index.js';
import { AddressSpace } from '../../src/inspect/address-space.js';
import { baselineText, parseBaseline } from '../../src/inspect/check/baseline.js';
import { checkSpace, countAtLeast } from '../../src/inspect/check/check.js';
import { checkLines, ruleLines, summaryText } from '../../src/inspect/check/check-view.js';
import type { Finding } from '../../src/inspect/check/finding.js';
import { parsePolicy } from '../../src/inspect/check/policy.js';
import { checkJson, junitText, type ReportOrigin } from '../../src/inspect/check/reports.js';
import { RULES, type RuleId, ruleId } from '../../src/inspect/check/rules.js';
import { type NamedRange, Names } from '../../src/inspect/names.js';
import { Regions } from '../../src/inspect/regions.js';
import { plainLines } from '../../src/inspect/styled-text.js';
import { Sctlr } from '../../src/machine/index.js';
import { linuxInput } from '../support/linux-fixture.js';
import { boardSpace, CODE, DATA, DEVICE, fullSpace, HandTables } from '../support/tables.js';

const TODAY = '2026-11-22';
const golden = (name: string): string => `../golden/inspect/${name}`;

const named = (
  name: string,
  base: number,
  bytes: number,
  space: NamedRange['space'] = 'physical',
): NamedRange => ({ name, base, bytes, space, role: 'region', origin: 'test' });

function context(
  tables: HandTables,
  names = new Names(),
  kernel: { base: number; bytes: number }[] = [],
) {
  const space = new AddressSpace(tables.input);
  return { space, regions: new Regions(space), names, kernel };
}

function rulesOf(
  tables: HandTables,
  names?: Names,
  kernel?: { base: number; bytes: number }[],
): RuleId[] {
  const { findings } = checkSpace(context(tables, names, kernel), { today: TODAY });
  return [...new Set(findings.map((finding) => finding.rule))];
}

const MIB = 2 ** 20;
const AT = 0x1000_0000;

/** Spaces that break one rule each, and the same put right. */
const SEEDED: readonly {
  readonly rule: RuleId;
  readonly broken: () => HandTables;
  readonly repaired: () => HandTables;
  readonly names?: Names;
  readonly kernel?: { base: number; bytes: number }[];
}[] = [
  {
    rule: 'VM001',
    broken: () => new HandTables().map(Kind.SECTION, AT, 0, 2, { ...CODE, ap: 3 }),
    repaired: () => new HandTables().map(Kind.SECTION, AT, 0, 2, { ...CODE, ap: 7 }),
  },
  {
    rule: 'VM002',
    broken: () => new HandTables().map(Kind.SMALL, 0xc000_0000, 0, 2, DATA),
    repaired: () => new HandTables().map(Kind.SMALL, 0xc000_0000, 0, 2, { ...DATA, ap: 1 }),
    kernel: [{ base: 0xc000_0000, bytes: 0x4000_0000 }],
  },
  {
    rule: 'VM003',
    broken: () => new HandTables().map(Kind.SECTION, AT, 0, 1, { ...DEVICE, ap: 5, xn: false }),
    repaired: () => new HandTables().map(Kind.SECTION, AT, 0, 1, { ...DEVICE, ap: 5 }),
  },
  {
    rule: 'VM004',
    broken: () =>
      new HandTables().map(Kind.SMALL, AT, 0, 4, DATA).map(Kind.SMALL, AT + MIB, 0x2000, 1, DEVICE),
    repaired: () =>
      new HandTables()
        .map(Kind.SMALL, AT, 0, 4, DATA)
        .map(Kind.SMALL, AT + MIB, 0x2000, 1, { ...DATA, ap: 1 }),
  },
  {
    rule: 'VM005',
    broken: () =>
      new HandTables().map(Kind.SMALL, AT, 0, 1, DATA).map(Kind.SMALL, AT + MIB, 0, 1, CODE),
    repaired: () =>
      new HandTables()
        .map(Kind.SMALL, AT, 0, 1, { ...DATA, ap: 7 })
        .map(Kind.SMALL, AT + MIB, 0, 1, CODE),
  },
  {
    // Three mappings of one page, of which no two of the first and another are wrong.
    rule: 'VM005',
    broken: () =>
      new HandTables()
        .map(Kind.SMALL, AT, 0, 1, { ...DATA, ap: 7 })
        .map(Kind.SMALL, AT + MIB, 0, 1, DATA)
        .map(Kind.SMALL, AT + 2 * MIB, 0, 1, CODE),
    repaired: () =>
      new HandTables()
        .map(Kind.SMALL, AT, 0, 1, { ...DATA, ap: 7 })
        .map(Kind.SMALL, AT + MIB, 0, 1, CODE)
        .map(Kind.SMALL, AT + 2 * MIB, 0, 1, CODE),
  },
  {
    rule: 'VM006',
    broken: () =>
      new HandTables({ dacr: 0x5555_555d }).map(Kind.SECTION, AT, 0, 1, {
        ...NO_ATTRIBUTES,
        domain: 1,
      }),
    repaired: () => new HandTables().map(Kind.SECTION, AT, 0, 1, { ...DATA, domain: 1 }),
  },
  {
    rule: 'VM007',
    broken: () => new HandTables().map(Kind.LARGE, AT, 0, 1, DATA).page(AT + 0x3000, 0),
    repaired: () => new HandTables().map(Kind.LARGE, AT, 0, 1, DATA),
  },
  {
    rule: 'VM007',
    broken: () => new HandTables().map(Kind.SUPERSECTION, AT, 0, 1, DATA).root(AT + 7 * MIB, 0),
    repaired: () => new HandTables().map(Kind.SUPERSECTION, AT, 0, 1, DATA),
  },
  {
    rule: 'VM008',
    broken: () => {
      const tables = new HandTables();
      const word = new HandTables().map(Kind.LARGE, AT, 0, 1, DATA).memory.readWord(0x6010_0000);
      for (let page = 0; page < 16; page++) tables.page(AT + (page + 4) * 4096, word);
      return tables;
    },
    repaired: () => new HandTables().map(Kind.LARGE, AT + 0x1_0000, 0, 1, DATA),
  },
  {
    rule: 'VM008',
    broken: () => new HandTables({ ttbr0: 0x6000_0480 }),
    repaired: () => new HandTables({ ttbr0: 0x6000_006a }),
  },
  {
    rule: 'VM009',
    broken: () =>
      new HandTables()
        .map(Kind.SECTION, AT, 0xfff0_0000, 1, DATA)
        .map(Kind.SECTION, AT + MIB, 0, 1, DATA),
    repaired: () => new HandTables().map(Kind.SECTION, AT, 0xfff0_0000, 1, DATA),
  },
  {
    rule: 'VM009',
    broken: () =>
      new HandTables()
        .map(Kind.SECTION, 0xfff0_0000, 0x6200_0000, 1, { ...DATA, ap: 0 })
        .map(Kind.SECTION, 0, 0x6210_0000, 1, { ...DATA, ap: 0 }),
    repaired: () =>
      new HandTables().map(Kind.SECTION, 0xfff0_0000, 0x6200_0000, 1, { ...DATA, ap: 0 }),
  },
  {
    rule: 'VM010',
    broken: () => new HandTables().map(Kind.SECTION, AT, 0x6000_0000, 1, DATA),
    repaired: () => new HandTables().map(Kind.SECTION, AT, 0x6000_0000, 1, { ...DATA, ap: 1 }),
  },
  {
    rule: 'VM011',
    broken: () => new HandTables().map(Kind.SECTION, AT, 0x4000_0000, 1, DEVICE),
    repaired: () => new HandTables().map(Kind.SMALL, AT, 0x4000_0000, 1, DEVICE),
    names: new Names([named('uart0', 0x4000_0000, 0x100)]),
  },
  {
    rule: 'VM012',
    broken: () => new HandTables().map(Kind.SMALL, 0, 0, 1, DATA),
    repaired: () => new HandTables().map(Kind.SMALL, 0x1000, 0, 1, DATA),
  },
  {
    rule: 'VM013',
    broken: () =>
      new HandTables({ dacr: 1 })
        .map(Kind.SECTION, AT, 0, 1, DATA)
        .map(Kind.SECTION, AT + MIB, MIB, 1, { ...DATA, domain: 3 }),
    repaired: () => new HandTables({ dacr: 1 }).map(Kind.SECTION, AT, 0, 2, DATA),
  },
  {
    rule: 'VM014',
    broken: () => split(0x7ff0_0000, 2),
    repaired: () => split(0x7ff0_0000, 1),
    kernel: [{ base: 0xf000_0000, bytes: 0x1000_0000 }],
  },
  {
    rule: 'VM015',
    broken: () => new HandTables(),
    repaired: () => new HandTables(),
    names: new Names([
      named('heap', AT, 0x3000, 'virtual'),
      named('stack', AT + 0x2000, 0x3000, 'virtual'),
    ]),
  },
  {
    rule: 'VM016',
    broken: () => new HandTables().map(Kind.SECTION, AT, 0, 1, { ...DATA, c: false }),
    repaired: () => new HandTables().map(Kind.SECTION, AT, 0, 1, { ...DATA, c: false, b: false }),
  },
  {
    rule: 'VM016',
    broken: () => new HandTables().map(Kind.SMALL, AT, 0, 3, { ...DATA, ap: 4 }),
    repaired: () => new HandTables().map(Kind.SMALL, AT, 0, 3, { ...DATA, ap: 5 }),
  },
  {
    rule: 'VM017',
    broken: () => new HandTables().root(AT, 0x9000_0001),
    repaired: () => new HandTables().root(AT, 0),
  },
  {
    rule: 'VM018',
    broken: () => new HandTables().root(AT, 0x6000_0401),
    repaired: () => new HandTables().root(AT, 0x6010_0401),
  },
  {
    rule: 'VM019',
    broken: () =>
      new HandTables()
        .map(Kind.SMALL, AT, 0, 1, { ...DATA, ng: true })
        .map(Kind.SMALL, AT + 0x1000, 0x1000, 1, DATA),
    repaired: () => new HandTables().map(Kind.SMALL, AT, 0, 2, DATA),
  },
];

/** User sections at `va` across the split at 2 GiB; TTBR0 and TTBR1 lead to the same table. */
function split(va: number, count: number): HandTables {
  const tables = new HandTables({ ttbcr: 1, ttbr1: 0x6000_0000 });
  return tables.map(Kind.SECTION, va, 0x6200_0000, count, DATA);
}

describe('a seeded fault', () => {
  it.each(SEEDED)('of $rule is found', ({ rule, broken, names, kernel }) => {
    expect(rulesOf(broken(), names, kernel)).toContain(rule);
  });

  it.each(SEEDED)('of $rule that is put right is silent', ({ rule, repaired, names, kernel }) => {
    const calm = rule === 'VM015' ? undefined : names;
    expect(rulesOf(repaired(), calm, kernel)).toEqual([]);
  });

  it('is seeded for every rule of the tables', () => {
    const seeded = new Set(SEEDED.map(({ rule }) => rule));
    const ids = Object.keys(RULES).filter((id) => id < 'VM090');
    expect(ids.filter((id) => !seeded.has(id as RuleId))).toEqual([]);
  });
});

const origin: ReportOrigin = {
  version: '0.1.0',
  source: 'ram:board.bin',
  locate: (finding: Finding) =>
    finding.entry === undefined
      ? undefined
      : { file: 'board.bin', byteOffset: finding.entry.address - 0x6000_0000 },
};
const board = () =>
  checkSpace(context(boardSpace(), new Names([named('uart0', 0x4020_0000, 0x1000)])), {
    today: TODAY,
  });

describe('findings', () => {
  it('print as lines, JSON and JUnit', async () => {
    const lines = plainLines(checkLines(board(), origin));
    await expect(lines).toMatchFileSnapshot(golden('check-board.txt'));
    await expect(checkJson(board(), origin)).toMatchFileSnapshot(golden('check-board.json'));
    await expect(junitText(board(), origin)).toMatchFileSnapshot(golden('check-board.junit.xml'));
    await expect(plainLines(ruleLines())).toMatchFileSnapshot(golden('check-rules.txt'));
  });

  it('of a Linux process are few', async () => {
    const space = new AddressSpace(linuxInput());
    const linux = { space, regions: new Regions(space), names: new Names(), kernel: [] };
    const result = checkSpace(linux, { today: TODAY });
    const lines = plainLines(checkLines(result, { ...origin, locate: () => undefined }));
    await expect(lines).toMatchFileSnapshot(golden('check-linux.txt'));
  });

  it('have a change of their own for every place', () => {
    for (const finding of board().findings) {
      expect(finding.message).not.toBe('');
      expect(finding.fix).not.toBe('');
    }
    const prints = board().findings.map((finding) => finding.fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('are cut where everything is wrong', () => {
    const tables = fullSpace((page) => page, { ...CODE, ap: 3 });
    const result = checkSpace(context(tables), { today: TODAY });
    expect(result.findings.length).toBeLessThan(2000);
    expect(countAtLeast(result.findings, 'error')).toBeGreaterThan(0);
  });

  it('say what could not be judged', () => {
    expect(board().notes.join('\n')).toContain('VM002 was not judged');
    expect(checkSpace(context(boardSpace()), { today: TODAY }).notes.join('\n')).toContain('VM011');
  });

  it('hold for walks with the access flag and WXN', () => {
    const tables = new HandTables({ sctlr: (Sctlr.M | Sctlr.WXN) >>> 0 });
    tables.map(Kind.SECTION, AT, 0, 1, { ...CODE, ap: 3 });
    expect(rulesOf(tables)).toEqual([]);
  });
});

describe('a policy', () => {
  const names = new Names([
    named('text', AT, 0x2000, 'virtual'),
    named('data', AT + 0x2000, 0x2000, 'virtual'),
  ]);
  const tables = new HandTables()
    .map(Kind.SMALL, AT, 0x6200_0000, 2, CODE)
    .map(Kind.SMALL, AT + 0x2000, 0x6200_2000, 1, DATA);
  const check = (rules: unknown, more: object = {}) =>
    checkSpace(context(tables, names), {
      today: TODAY,
      policy: parsePolicy({ version: 1, rules, ...more }, names),
    });

  it.each([
    [{ forbid: 'x', in: 'data' }, []],
    [{ forbid: 'x', in: 'text' }, ['VM090']],
    [{ allow: 'r and not w', in: 'text' }, []],
    [{ allow: 'x', in: 'data' }, ['VM091']],
    [{ expect: 'pl0.w', in: 'data' }, ['VM092']],
    [{ expect: 'pl0.w', in: '10002000+4K' }, []],
    [{ expect: 'mapped', in: '10002000..10003fff' }, ['VM092']],
    [{ forbid: 'device' }, []],
    [{ forbid: 'user', in: 'te*', reason: 'no users', severity: 'warning' }, ['VM090']],
  ])('%j', (rule, rules) => {
    const { findings } = check([rule]);
    expect(findings.map((finding) => finding.rule)).toEqual(rules);
  });

  it('tells range, reason and rule', () => {
    const [finding] = check([{ forbid: 'user', in: 'text', reason: 'no users' }]).findings;
    expect(finding).toMatchObject({ va: AT, bytes: 0x2000, severity: 'error' });
    expect(finding?.message).toBe(
      '10000000-10001fff is `user`, which the policy forbids (rule 1: no users)',
    );
  });

  it('excuses until a day, and no longer', () => {
    const waiver = { rule: 'VM090', in: 'text', reason: 'boot', until: TODAY };
    const rules = [{ forbid: 'x' }];
    const now = check(rules, { waivers: [waiver] });
    expect([now.findings.length, now.excused.length]).toEqual([0, 1]);
    const later = check(rules, { waivers: [{ ...waiver, until: '2026-11-21' }] });
    expect(later.findings.map((finding) => finding.rule).toSorted()).toEqual(['VM090', 'VM099']);
    const elsewhere = check(rules, { waivers: [{ ...waiver, in: 'data' }] });
    expect(elsewhere.findings).toHaveLength(1);
  });

  it('changes severities, and silences rules', () => {
    const loud = new HandTables().map(Kind.SMALL, 0, 0, 1, CODE);
    const run = (severity: unknown) =>
      checkSpace(context(loud), {
        today: TODAY,
        policy: parsePolicy({ version: 1, severity }, new Names()),
      }).findings.map((finding) => finding.severity);
    expect(run(undefined)).toEqual(['error']);
    expect(run({ VM012: 'note' })).toEqual(['note']);
    expect(run({ 'null-mapped': 'off' })).toEqual([]);
  });

  it('tells which addresses are the kernel', () => {
    const { findings } = check([], { kernel: '10000000..1fffffff' });
    expect(findings.map((finding) => finding.rule)).toContain('VM002');
  });

  it.each([
    [{}, /version/],
    [{ version: 1, rule: [] }, /"rule" is not known/],
    [{ version: 1, rules: [{}] }, /rule 1: give one of forbid, allow and expect/],
    [{ version: 1, rules: [{ forbid: 'w', allow: 'x' }] }, /give one of/],
    [{ version: 1, rules: [{ forbid: 'w and' }] }, /rule 1: forbid: filter "w and", column 6/],
    [{ version: 1, rules: [{ forbid: 'w', in: 'nowhere' }] }, /rule 1: in: .*nowhere/],
    [{ version: 1, waivers: [{ rule: 'VM001' }] }, /waiver 1: reason/],
    [{ version: 1, waivers: [{ rule: 'VM555', reason: 'x' }] }, /no rule is called that/],
    [{ version: 1, waivers: [{ rule: 'wx', reason: 'x', until: 'soon' }] }, /YYYY-MM-DD/],
    [{ version: 1, waivers: [{ rule: 'wx', reason: 'x', until: '2026-02-30' }] }, /YYYY-MM-DD/],
    [{ version: 1, severity: { VM001: 'grave' } }, /note, warning, error/],
    [[], /no fields/],
  ])('refuses %j', (value, message) => {
    expect(() => parsePolicy(value, names)).toThrowError(message);
  });
});

describe('a baseline', () => {
  it('silences what it knows, and nothing else', () => {
    const known = board();
    const baseline = parseBaseline(baselineText(known.findings));
    const again = checkSpace(context(boardSpace()), { today: TODAY, baseline });
    expect(again.findings).toEqual([]);
    expect(again.excused.every((each) => each.by === 'baseline')).toBe(true);
    const worse = boardSpace().map(Kind.SECTION, 0x7800_0000, 0x6300_0000, 1, { ...CODE, ap: 3 });
    const found = checkSpace(context(worse), { today: TODAY, baseline });
    expect(found.findings.map((finding) => finding.rule)).toContain('VM001');
    expect(summaryText(found)).toContain('excused');
  });

  it.each([['{}'], ['{"schema":'], ['{"schema":"pagewright/baseline","version":2}'], ['null']])(
    'refuses %j',
    (text) => {
      expect(() => parseBaseline(text)).toThrowError(/no baseline/);
    },
  );
});

it('knows rules by id and by name', () => {
  expect([ruleId('vm001'), ruleId('wx'), ruleId('nothing')]).toEqual(['VM001', 'VM001', undefined]);
});
