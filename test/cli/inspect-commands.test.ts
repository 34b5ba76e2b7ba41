import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../support/command.js';
import { linuxTables } from '../support/linux-fixture.js';

const LINUX = 'tables:test/fixtures/linux-armv7-short';
const POLICY = 'examples/policies/linux.yaml';

let folder = '';
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pagewright-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const exitOf = async (...args: string[]): Promise<number> => (await command(args)).exit;

describe('exit codes', () => {
  it.each([
    [['show', LINUX], 0],
    [['walk', LINUX, 'c0008000'], 0],
    [['walk', LINUX, '0'], 1],
    [['walk', LINUX, '0', '--exit-zero'], 0],
    [['walk', LINUX, 'c0008000', '--user'], 1],
    [['v2p', LINUX, '00058810', '--user', '--access', 'write'], 0],
    [['where', LINUX, '42ff4000'], 0],
    [['where', LINUX, '42ff4000', '9000000000'], 1],
    [['p2v', LINUX, '90000000', '--exit-zero'], 0],
    [['explain', LINUX], 0],
    [['decode', '6020123f'], 0],
    [['check', LINUX], 1],
    [['check', LINUX, '--fail-on', 'never'], 0],
    [['check', LINUX, '--exit-zero'], 0],
    [['check', LINUX, '--policy', POLICY], 0],
    [['check', LINUX, '--policy', POLICY, '--fail-on', 'warning'], 1],
    [['check'], 0],
    [['diff', LINUX, LINUX], 0],
    [['diff', LINUX, 'examples/layouts/small-rtos.yaml'], 1],
    [['scan', LINUX], 0],
    [['quiz'], 0],
    [['quiz', '--answer', 'nonsense'], 1],
    [['show', 'no/such/file'], 3],
    [['walk', LINUX, 'here'], 2],
    [['decode', 'xyz'], 2],
    [['decode', '1', '--cpu', 'z80'], 2],
    [['show', LINUX, '--only', 'w and'], 2],
    [['show', LINUX, '--ttbr0', 'q'], 2],
    [['show', LINUX, '--view', 'tree', '--format', 'json'], 2],
    [['show', LINUX, '--ttbcr', '80000000'], 3],
    [['check', LINUX, '--policy', 'package.json'], 3],
    [['check', LINUX, '--baseline', 'package.json'], 3],
    [['check', LINUX, '--today', 'soon'], 2],
    [['show', LINUX, '--view', 'pages', '--only', 'w'], 2],
    [['show', LINUX, '--format', 'svg', '--has', '0'], 2],
    [['show', ''], 2],
    [['show', 'gdc:1234'], 2],
    [['show', 'ram:package.json'], 2],
    [['show', LINUX, '--save', '/proc/nowhere/state.json'], 3],
    [['check', LINUX, '-o', '/proc/nowhere/report.json'], 3],
    [['show', 'gdb:127.0.0.1:1', '--timeout', '200'], 4],
  ] as const)('%j ends with %i', async (args, exit) => {
    expect(await exitOf(...args)).toBe(exit);
  });
});

describe('show', () => {
  it.each([
    ['--view', 'tree'],
    ['--view', 'pages'],
    ['--view', 'frames'],
    ['--view', 'raw'],
    ['--view', 'grid'],
    ['--format', 'ndjson'],
    ['--format', 'csv'],
    ['--format', 'md'],
    ['--format', 'ptdump'],
    ['--format', 'vmprint'],
    ['--format', 'svg'],
  ])('%s %s prints something', async (option, choice) => {
    const { exit, out } = await command(['show', LINUX, option, choice]);
    expect([exit, out.length > 500]).toEqual([0, true]);
  });

  it('keeps the rows that filters choose', async () => {
    const rows = async (...args: string[]): Promise<string[]> => {
      const { out } = await command(['show', LINUX, '--format', 'ndjson', ...args]);
      const lines = out.trim().split('\n');
      return lines.map((line) => (JSON.parse(line) as { va: string }).va);
    };
    expect(await rows('--only', 'w and x')).toEqual(['0x26000000']);
    expect(await rows('--has', '26000004')).toEqual(['0x26000000']);
    expect(await rows('--pa', '4306f000')).toEqual(['0x26000000', '0xc3040000']);
  });

  it('tells data on stdout and talk on stderr', async () => {
    const { out, err } = await command(['show', LINUX, '--json']);
    expect(() => JSON.parse(out) as unknown).not.toThrow();
    expect(err).toContain('71 frames of tables');
  });

  it('reads a layout', async () => {
    const { out } = await command(['show', 'layout:examples/layouts/zynq-board.yaml']);
    expect(out).toContain('---[');
  });

  it('explains itself on a terminal', async () => {
    const { err, out } = await command(['show', LINUX], { terminal: true });
    expect(err).toContain('writable and executable !');
    expect(out).toContain('\u001b[');
  });
});

describe('what all commands share', () => {
  it.each([
    [['walk', LINUX, 'c0008000'], 'pagewright/walks', 'walks'],
    [['where', LINUX, '42ff4000'], 'pagewright/mappings', 'mappings'],
    [['diff', LINUX, LINUX], 'pagewright/changes', 'changes'],
    [['show', LINUX], 'pagewright/map', 'rows'],
    [['scan', LINUX], 'pagewright/candidates', 'candidates'],
    [['check', LINUX, '--exit-zero'], 'pagewright/findings', 'findings'],
  ] as const)('one JSON document with a schema: %j', async (args, schema, key) => {
    const { out } = await command([...args, '-j']);
    const document = JSON.parse(out) as Record<string, unknown>;
    expect(document).toMatchObject({ schema, version: 1 });
    expect(Array.isArray(document[key])).toBe(true);
  });

  it('-q leaves nothing on stderr but errors, before the command or behind it', async () => {
    expect((await command(['-q', 'show', LINUX])).err).toBe('');
    expect((await command(['walk', LINUX, 'c0008000', '-q'])).err).toBe('');
    const { exit, err } = await command(['show', 'no/such/file', '-q']);
    expect([exit, err]).toEqual([3, expect.stringContaining('there is no such file')]);
  });

  it('--elf names addresses by a program', async () => {
    const program = 'examples/programs/hello.elf';
    const { out } = await command(['walk', LINUX, '_start', '--elf', program, '--exit-zero']);
    expect(out).toMatch(/_start/);
  });

  it('registers, names and snapshots of a layout are heeded like those of all sources', async () => {
    const board = 'layout:examples/layouts/small-rtos.yaml';
    const state = file('layout.json');
    const { out } = await command(['show', board, '--dacr', '0', '--only', 'r', '--save', state]);
    expect(out).toContain('DACR=00000000 (all none, --dacr)');
    expect(out).toContain('0 B mapped');
    expect((await command(['diff', board, state, '--leaves'])).exit).toBe(1);
    expect((await command(['diff', board, state, '--dacr', '1'])).exit).toBe(0);
  });
});

describe('a log', () => {
  const LOG = `---[ Kernel Mapping ]---
0xc0200000-0xc0900000           7M     ro x  SHD MEM/CACHED/WBWA
0xc4803000-0xc4804000           4K     RW NX     DEV/SHARED
D/TC:0 dump_mmap_table:912 type IO_SEC va 0xc4810000..0xc481ffff pa 0x08000000..0x0800ffff size 0x00010000 (smallpg)
`;
  beforeAll(() => writeFileSync(file('boot.txt'), LOG));

  it('is shown, with or without its prefix, and can be filtered', async () => {
    const { out } = await command(['show', file('boot.txt'), '-j']);
    expect((JSON.parse(out) as { regions: unknown[] }).regions).toHaveLength(3);
    const { out: one } = await command(['show', `log:${file('boot.txt')}`, '--has', 'c4803004']);
    expect(one).toMatch(/c4803000-c4803fff +[?] +4[.]0 K/);
    expect(one).toContain('1 region · 4.0 K');
    const { out: none } = await command(['show', file('boot.txt'), '--name', 'IO*', '-j']);
    expect((JSON.parse(none) as { regions: unknown[] }).regions).toHaveLength(1);
    expect((await command(['show', file('boot.txt'), '--only', 'w'])).exit).toBe(2);
    const { exit, err } = await command(['walk', file('boot.txt'), '0']);
    expect(exit).toBe(3);
    expect(err).toMatch(/of `Kernel Mapping` at 0xc0200000 \(line 2\) not which memory it is/);
  });

  it('that says where everything lies is walked, looked through and checked like tables', async () => {
    const lines = [
      'TEE_RAM_RX va 0x0e100000..0x0e17ffff pa 0x0e100000..0x0e17ffff size 0x00080000 (smallpg)',
      'IO_SEC va 0xc4810000..0xc481ffff pa 0x08000000..0x0800ffff size 0x00010000 (smallpg)',
      'IO_SEC va 0xc4900000..0xc49fffff pa 0x09000000..0x090fffff size 0x00100000 (pgdir)',
      'TEE_RAM va 0xd0000000..0xd00fffff pa 0x00100000..0x001fffff size 0x00100000 (pgdir)',
    ];
    const log = file('optee.txt');
    writeFileSync(log, lines.map((line) => `D/TC:0 dump_mmap_table:912 type ${line}\n`).join(''));
    const { out: walked, err } = await command(['walk', log, '0xc4810004', '0x0e200000', '-j']);
    expect(err).toContain('these tables were made from what the log tells');
    const { walks } = JSON.parse(walked) as { walks: { pa: string | null }[] };
    expect(walks.map(({ pa }) => pa)).toEqual(['0x08000004', null]);
    const { out: where } = await command(['where', `log:${log}`, '0x09000010']);
    expect(where).toMatch(/c4900010 +rw- ---/);
    const { out: checked, exit } = await command(['check', log]);
    expect(exit).toBe(1);
    expect(checked).toMatch(/VM001 wx: d0000000-d00fffff can be written and executed/);
    expect(checked).toMatch(/optee\.txt:4/);
    expect((await command(['convert', log, '--to', 'yaml'])).out).toMatch(/name: IO_SEC/);
    const odd =
      'IO_SEC va 0x00100010..0x0010100f pa 0x00200000..0x00200fff size 0x00001000 (smallpg)';
    writeFileSync(log, `D/TC:0 dump_mmap_table:912 type ${odd}\n`);
    const refused = await command(['walk', log, '0x100010']);
    expect(refused.exit).toBe(3);
    expect(refused.err).toMatch(
      /`IO_SEC` at 0x100010 \(line 1\).* tables map whole pages of 4 KiB/,
    );
  });

  it('is compared with tables as far as it tells anything', async () => {
    const { out, exit } = await command(['diff', file('boot.txt'), LINUX, '--format', 'ndjson']);
    expect(exit).toBe(1);
    const changes = out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { va: string; bytes: number; kind: string });
    const at = (va: number): string[] =>
      changes
        .filter((each) => Number(each.va) <= va && va < Number(each.va) + each.bytes)
        .map(({ kind }) => kind);
    // The log and the tables agree on the device, and on the GIC's distributor.
    expect([at(0xc480_3000), at(0xc481_0000)]).toEqual([[], []]);
    expect(at(0xc000_0000)).toEqual(['added']);
    const own = await command(['diff', file('boot.txt'), file('boot.txt')]);
    expect([own.exit, own.out]).toEqual([0, 'no difference\n']);
  });
});

describe('a narrow terminal', () => {
  it.each(['map', 'tree', 'pages', 'raw'])('has room for every line of %s', async (view) => {
    const call = { terminal: true, variables: { COLUMNS: '60', NO_COLOR: '1' } };
    const { out } = await command(['show', LINUX, '--view', view], call);
    const lines = out.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(out).toContain('SCTLR=10c5387d');
  });

  it.each([60, 80])('of %d columns shows what the kernel may do as well', async (columns) => {
    const call = { terminal: true, variables: { COLUMNS: `${columns}`, NO_COLOR: '1' } };
    const { out, err } = await command(['show', LINUX, '--only', 'w and x'], call);
    expect(out).toMatch(/26000000-26001fff .* rw- rwx .*!W\^X/);
    expect(Math.max(...err.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  it.each([
    [['check', LINUX, '--exit-zero']],
    [['check']],
    [['walk', LINUX, '21004010']],
    [['explain', LINUX, '--dfsr', '81f', '--dfar', '21004010', '--user']],
    [['scan', LINUX]],
    [['decode', '6020123f']],
  ])('breaks the lines of %j between words', async (args) => {
    const call = { terminal: true, variables: { COLUMNS: '70', NO_COLOR: '1' } };
    const { out } = await command(args, call);
    const lines = out.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(70);
    const { out: whole } = await command(args);
    const words = (text: string): string[] => text.split(/\s+/);
    expect(words(out)).toEqual(words(whole));
  });
});

describe('walk', () => {
  it('answers a page of a range on each line', async () => {
    const { out, exit } = await command([
      'walk',
      LINUX,
      '21000000..2100ffff',
      '--format',
      'ndjson',
    ]);
    const answers = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { va: string; pa: string | null });
    expect(exit).toBe(1);
    expect(answers).toHaveLength(16);
    expect(answers[0]).toMatchObject({ va: '0x21000000', pa: '0x43059000' });
    expect(answers.filter(({ pa }) => pa === null).map(({ va }) => va)).toEqual([
      '0x21008000',
      '0x21009000',
      '0x2100a000',
      '0x2100b000',
    ]);
  });
});

describe('a snapshot', () => {
  it('is the same space again', async () => {
    const path = file('state.json');
    expect(await exitOf('show', LINUX, '--save', path)).toBe(0);
    expect(await exitOf('diff', LINUX, path)).toBe(0);
    const { out } = await command(['show', `snap:${path}`]);
    expect(out).toContain('69.10 MiB mapped');
  });

  it('of a layout is one as well', async () => {
    const path = file('layout.json');
    const layout = 'examples/layouts/small-rtos.yaml';
    expect(await exitOf('show', layout, '--save', path)).toBe(0);
    expect(await exitOf('diff', layout, path)).toBe(0);
  });
});

describe('a snapshot', () => {
  it('that is none is told by its name', async () => {
    writeFileSync(file('old.json'), '{"schema": "pagewright/snapshot", "version": 999}');
    const { err, exit } = await command(['show', `snap:${file('old.json')}`]);
    expect(exit).toBe(3);
    expect(err).toContain(`${file('old.json')}: this is no snapshot: it has version 999`);
  });
});

describe('explain', () => {
  it('reads the dump of a kernel', async () => {
    const path = file('oops.txt');
    writeFileSync(
      path,
      `8<--- cut here ---
Unable to handle kernel NULL pointer dereference at virtual address 00000010 when read
[00000010] *pgd=00000000
Internal error: Oops: 17 [#1] SMP ARM
pc : [<c0300000>]    lr : [<c0300abc>]    psr: 60000013
`,
    );
    const { out, exit } = await command(['explain', LINUX, '--log', path]);
    expect(exit).toBe(0);
    expect(out).toContain('privileged read of 00000010: translation fault, page');
    expect(out).toContain('a null pointer, offset 0x10');
    expect(out).toContain('registers and tables agree');
  });

  it('takes the DACR of the dump, which is that of the moment of the fault', async () => {
    const path = file('pan.txt');
    writeFileSync(
      path,
      `Unhandled fault: page domain fault (0x01b) at 0x21000010
pc : [<c0300018>]    lr : [<c0300010>]    psr: a0000013
Control: 10c5387d  Table: 423b406a  DAC: 00000051
`,
    );
    const { out, err } = await command(['explain', LINUX, '--log', path]);
    expect(err).toContain('DACR 0x00000051 as in the dump');
    expect(out).toMatch(/refused by {2}.*domain 1/);
    expect(out).toContain('user memory, whose domain is closed to the kernel');
    expect(out).toContain('registers and tables agree');
    const { out: other } = await command(['explain', LINUX, '--log', path, '--dacr', '55']);
    expect(other).toContain('registers and tables do not agree');
  });

  it('tries the registers of the other world', async () => {
    const path = file('worlds.json');
    const registers = {
      SCTLR: '0x10c5387d',
      SCTLR_S: '0x10c5387c',
      TTBR0: '0x423b406a',
      TTBR0_S: '0x42374000',
      SCR: '0x1',
      TTBCR: '0',
      TTBCR_S: '0',
    };
    writeFileSync(path, JSON.stringify(registers));
    const args = ['--regs', path, '--dfsr', '817', '--dfar', '58810', '--user', '--json'];
    const { out } = await command(['explain', LINUX, ...args]);
    const { agreement, causes } = JSON.parse(out) as {
      agreement: string;
      causes: { id: string }[];
    };
    expect(agreement).toBe('disagree');
    expect(causes.length).toBeGreaterThan(0);
  });

  it('says so where nothing faulted', async () => {
    const { err, exit } = await command(['explain', 'examples/layouts/small-rtos.yaml']);
    expect([exit, err.includes('has no fault registers')]).toEqual([2, true]);
  });

  it('says that a target has taken no fault where its registers are zero', async () => {
    writeFileSync(file('zeros.bin'), new Uint8Array(0x4000));
    writeFileSync(file('idle.txt'), 'TTBR0=40000000\nDFSR=0\nDFAR=0\nIFSR=0\n');
    const args = ['explain', `ram:${file('zeros.bin')}@40000000`, '--regs', file('idle.txt')];
    const { err, exit } = await command(args);
    expect([exit, err]).toEqual([2, expect.stringContaining('has taken no fault, its DFSR and')]);
    writeFileSync(file('fetch.txt'), 'TTBR0=40000000\nDFSR=0\nIFSR=5\nIFAR=1000\n');
    const fetched = await command([...args.slice(0, 3), file('fetch.txt')]);
    expect(fetched.out).toContain('fetch of 00001000: translation fault, section (IFSR 0x005)');
  });
});

describe('check', () => {
  it('says in which file a policy is wrong', async () => {
    writeFileSync(file('policy.yaml'), 'version: 1\nforbid: []\n');
    const { err, exit } = await command(['check', LINUX, '--policy', file('policy.yaml')]);
    expect(exit).toBe(3);
    expect(err).toContain(`${file('policy.yaml')}: the policy: "forbid" is not known`);
  });

  it('writes a report before it fails', async () => {
    const path = file('findings.sarif');
    const args = ['check', LINUX, '--format', 'sarif', '-o', path];
    expect(await exitOf(...args)).toBe(1);
    const log = JSON.parse(readFileSync(path, 'utf8')) as { runs: { results: unknown[] }[] };
    expect(log.runs[0]?.results.length).toBeGreaterThan(2);
  });

  it('points to the line of a layout', async () => {
    const { out } = await command(['check', 'examples/layouts/split-space.yaml', '--json']);
    const { findings } = JSON.parse(out) as { findings: { file: string; line: number }[] };
    expect(findings[0]).toMatchObject({ file: 'examples/layouts/split-space.yaml' });
    expect(findings[0]?.line).toBeGreaterThan(1);
  });

  it('is silent about what a baseline knows', async () => {
    const path = file('known.json');
    expect(await exitOf('check', LINUX, '--write-baseline', path)).toBe(1);
    expect(await exitOf('check', LINUX, '--baseline', path, '--fail-on', 'note')).toBe(0);
  });

  it('prints JUnit', async () => {
    const { out } = await command(['check', LINUX, '--format', 'junit']);
    expect(out).toMatch(/^<\?xml[\s\S]*<failure type="error"/);
  });
});

describe('scan', () => {
  it('finds the page directories of Linux', async () => {
    const { out } = await command(['scan', LINUX, '--json']);
    const { candidates } = JSON.parse(out) as { candidates: { address: string; score: number }[] };
    expect(candidates.map(({ address }) => address).toSorted()).toEqual(
      linuxTables.pageDirectories,
    );
  });
});
