import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SKIPS, title } from '../oracle/tools.js';
import { command } from '../support/command.js';
import { programOf } from '../support/live-programs.js';

const LIVE = 'examples/live';

describe.skipIf(SKIPS)(title('pagewright boot'), () => {
  it('gives what the program writes, and says how it ended', async () => {
    const { exit, out, err } = await command(['boot', `${LIVE}/carousel.elf`, '--frames', '10']);
    expect([exit, out]).toEqual([0, '40 rounds, f5875800 as expected\n']);
    expect(err).toMatch(
      /^✓ carousel exited with 0 {2}[\d,]+ faults · [\d,]+ evicted · 10 pages resident · stack 4\.0 K · \d+ system calls\n/,
    );
    expect(err).toMatch(
      /cortex-a15 on QEMU \d+\.\d+\.\d+, RAM reached by mapping, booted in \d+ ms, ran \d+\.\d+ s\n$/,
    );
  });

  it('prints each fault with --events', async () => {
    const args = ['boot', `${LIVE}/fork.elf`, '--events', '--cpu', 'a9', '--access', 'file'];
    const { exit, err } = await command(args);
    expect(exit).toBe(0);
    const lines = err.split('\n');
    expect(lines[0]).toMatch(
      /^ {5}1 fork {2}fetch {2}00010000 {2}text\+0x0 {15}loaded {9}→ [0-9a-f]{8} {2}\d+\.\d µs$/,
    );
    for (const answer of ['loaded', 'zeros', 'copied', 'mapped']) {
      expect(lines.some((line) => line.includes(` ${answer} `))).toBe(true);
    }
    expect(lines.some((line) => line.includes('RAM reached by file'))).toBe(true);
  });

  it('explains the fault that ended a program, with its registers', async () => {
    const { exit, out, err } = await command(['boot', `${LIVE}/wx.elf`]);
    expect(exit).toBe(1);
    expect(out).toContain('written, made executable, called: 333\n');
    for (const part of [
      '✗ wx was ended by a fault that nobody resolves',
      'permission fault, page (IFSR 0x00f)',
      'refused by  XN is set',
      'to allow it clear XN',
      'verdict     registers and tables agree',
      'is rw-, at most rwx',
      '[LIB_ERR_PAGEFAULT › LIB_ERR_VREGION_RIGHTS]',
    ]) {
      expect(err).toContain(part);
    }
    expect(err).toMatch(
      /^ {4}r0 [0-9a-f]{8} {4}r1 [0-9a-f]{8} {4}r2 [0-9a-f]{8} {4}r3 [0-9a-f]{8}$/m,
    );
    expect(err).toMatch(/^ {2}cpsr [0-9a-f]{8}$/m);
    expect((await command(['boot', `${LIVE}/wx.elf`, '--exit-zero'])).exit).toBe(0);
  });

  it('prints one JSON object with --json', async () => {
    const guests = [`${LIVE}/overflow.elf`, `${LIVE}/fork.elf`];
    const args = ['boot', ...guests, '--json', '--events', '--stack', '32K', '--frames', '20'];
    const { exit, out, err } = await command(args);
    expect([exit, err]).toEqual([1, '']);
    const result = JSON.parse(out);
    expect(result).toMatchObject({
      schema: 'pagewright/boot',
      version: 1,
      machine: { cpu: 'cortex-a15', board: 'virt', ramBytes: 128 * 2 ** 20, access: 'mapped' },
      paging: { frames: 20, policy: 'clock', stackBytes: 32 * 1024 },
      programs: [
        {
          name: 'overflow',
          output: '16 calls deep\n',
          stackBytes: 32 * 1024,
          end: {
            kind: 'fault',
            codes: ['LIB_ERR_PAGEFAULT', 'LIB_ERR_VREGION_GUARD'],
            registers: { pc: expect.stringMatching(/^0x0001/), cpsr: expect.any(String) },
            explanation: { kind: 'data', fault: 'translation', agreement: 'agree' },
          },
        },
        { name: 'fork', end: { kind: 'exit', status: 0 } },
        { name: 'fork.3', end: { kind: 'exit', status: 0 } },
      ],
    });
    const { faults } = result.programs[1];
    const own = result.events.filter(({ program }: { program: string }) => program === 'fork');
    expect(own).toHaveLength(faults);
    expect(own.map(({ number }: { number: number }) => number)).toEqual(
      Array.from({ length: faults }, (_, index) => index + 1),
    );
  });

  it('gives programs their arguments', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pagewright-boot-'));
    try {
      const path = join(folder, 'count.elf');
      // ldr r0, [r0]: argc; exit(argc)
      writeFileSync(path, programOf(0xe590_0000, 0xe3a0_7001, 0xef00_0000));
      const { err } = await command(['boot', path, '--arg', 'one', '--arg', 'two']);
      expect(err).toContain('✗ count exited with 3');
      const long = await command(['boot', path, '--arg', 'x'.repeat(5000)]);
      expect([long.exit, long.err]).toEqual([3, expect.stringContaining('SPAWN_ERR_SETUP_ARGV')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('gives the bytes that a program writes as they are', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pagewright-boot-'));
    try {
      const path = join(folder, 'bytes.elf');
      const program = [
        ...[0xe3a0_0001, 0xe28f_1014, 0xe3a0_2004, 0xe3a0_7004, 0xef00_0000], // write(1, bytes, 4)
        ...[0xe3a0_0000, 0xe3a0_7001, 0xef00_0000], // exit(0)
        0x0a80_00ff, // bytes: 0x14 behind the second instruction, as it reads its pc
      ];
      writeFileSync(path, programOf(...program));
      const { stdout } = spawnSync(process.execPath, ['dist/bin/pagewright.js', 'boot', path]);
      expect([...stdout]).toEqual([0xff, 0x00, 0x80, 0x0a]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends programs that take too long', async () => {
    const args = ['boot', `${LIVE}/sum.elf`, '--frames', '6', '--policy', 'lru', '--timeout', '.1'];
    const { exit, err } = await command(args);
    expect(exit).toBe(4);
    expect(err).toContain('sum had not ended after 0.1 s (--timeout)');
    expect(err).toContain('[LIVE_ERR_TIMEOUT]');
  });

  it('shows on a terminal how it is going', async () => {
    const args = ['boot', `${LIVE}/sum.elf`, '--frames', '32', '--policy', 'fifo'];
    const { err } = await command(args, { terminal: true });
    expect(err.replaceAll('\u001b', '')).toMatch(
      /\r\[K[\d,]+ faults {2}[\d,]+\/s {2}resident 32 {2}evicted [\d,]+ {2}sum/,
    );
  });

  it.each([
    [['boot'], 2, /missing required argument/],
    [['boot', 'nowhere.elf'], 3, /nowhere\.elf/],
    [['boot', 'README.md'], 3, /README\.md: .*the magic number/],
    [['boot', `${LIVE}/wx.elf`, '--cpu', 'z80'], 2, /a7, a15, a9/],
    [['boot', `${LIVE}/wx.elf`, '--policy', 'mru'], 2, /second-chance/],
    [['boot', `${LIVE}/wx.elf`, '--frames', '2'], 2, /--frames 2: an instruction can need 6 pages/],
    [['boot', `${LIVE}/wx.elf`, '--frames', 'few'], 2, /--frames few: give a whole number/],
    [['boot', `${LIVE}/wx.elf`, '--timeout', '1e9'], 2, /seconds above 0, up to 2147482/],
    [['boot', `${LIVE}/wx.elf`, '--timeout', 'soon'], 2, /seconds above 0/],
    [['boot', `${LIVE}/wx.elf`, '--ram', '4M'], 2, /whole MiB from 8 to 1024/],
    [['boot', `${LIVE}/wx.elf`, '--ram', '100'], 2, /whole pages/],
  ])('%j ends with %i', async (args, code, message) => {
    const { exit, out, err } = await command(args);
    expect([exit, out]).toEqual([code, '']);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });

  it('names the package where QEMU is not installed', () => {
    const args = ['dist/bin/pagewright.js', 'boot', `${LIVE}/wx.elf`];
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { PATH: '/nowhere' },
    });
    expect(status).toBe(3);
    expect(stderr).toContain('qemu-system-arm is not installed');
    expect(stderr).toContain('apt-get install --no-install-recommends qemu-system-arm');
  });

  it('says in its help what there is', async () => {
    const { exit, out } = await command(['boot', '--help']);
    expect(exit).toBe(0);
    for (const [option] of out.matchAll(/--[a-z-]+/g)) expect(out).toContain(option);
    for (const [, name = ''] of out.matchAll(/examples\/live\/(\w+)\.elf/g)) {
      expect(() => readFileSync(`${LIVE}/${name}.elf`)).not.toThrow();
    }
  });
});
