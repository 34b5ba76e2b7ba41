import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Access } from '../../src/format/index.js';
import { AddressSpace, ROOT_ENTRIES } from '../../src/inspect/index.js';
import { walk } from '../../src/machine/index.js';
import { openSource, type SourceOptions, type TableSource } from '../../src/source/index.js';
import { QmpConnection } from '../../src/source/qmp-connection.js';
import { folder, hasMachine, PATIENCE, QEMU, removeFolder } from '../support/attach-machine.js';
import { debianLinux, READY } from '../support/debian-linux.js';

const linux = hasMachine ? debianLinux() : undefined;
const RAM = 0x4000_0000;
const MEBIBYTES = 256;
const USER_MODE = 0x10;

async function open(word: string, options: SourceOptions = {}): Promise<TableSource> {
  const source = await openSource(word, { timeoutMilliseconds: PATIENCE, ...options });
  if (source.evidence !== 'tables') throw new Error(`${word} has no tables`);
  return source;
}

describe('Linux for Arm', () => {
  it('is there as a whole, or not to be had', () => {
    expect([linux?.kernel, linux?.initramfs].every((path) => !path || existsSync(path))).toBe(true);
  });
});

// There are no tests to skip where no Linux can be had.
if (linux !== undefined) {
  describe('Linux in QEMU', () => {
    const path = (name: string): string => join(folder, name);
    let qemu: ChildProcess;
    let qmp: QmpConnection;

    beforeAll(async () => {
      const socket = (name: string): string => `unix:${path(name)},server=on,wait=off`;
      qemu = spawn(
        QEMU,
        [
          ...['-machine', 'virt,highmem=off', '-cpu', 'cortex-a15', '-m', `${MEBIBYTES}M`],
          ...['-nic', 'none', '-nographic', '-audiodev', 'none,id=noaudio', '-monitor', 'none'],
          ...['-serial', `file:${path('serial')}`, '-gdb', socket('gdb')],
          ...['-qmp', socket('own'), '-qmp', socket('qmp')],
          ...['-kernel', linux.kernel, '-initrd', linux.initramfs],
          ...['-append', 'console=ttyAMA0 nokaslr norandmaps panic=-1'],
        ],
        { stdio: 'ignore' },
      );
      for (let tries = 0; ; tries += 1) {
        if (existsSync(path('serial')) && readFileSync(path('serial')).includes(READY)) break;
        if (tries > 2400) throw new Error('Linux does not boot');
        await sleep(100);
      }
      qmp = await QmpConnection.open(path('own'), 2 * PATIENCE);
    }, 300_000);

    afterAll(() => {
      qmp?.close();
      qemu?.kill('SIGKILL');
      removeFolder();
    });

    it('is read by its gdbstub, and runs on', async () => {
      const source = await open(`gdb:${path('gdb')}`);
      const space = new AddressSpace(source.input());
      expect(space.tableKibibytes.length).toBeGreaterThan(10);
      expect(source.registers.values).toMatchObject({ ttbcr: 0, sctlr: 0x10c5_387d });
      // Linux takes the user's DACR domain away while the kernel runs, and the target is met anywhere.
      expect([0x51, 0x55]).toContain(source.registers.values?.dacr);
      expect(await qmp.execute('query-status')).toMatchObject({ status: 'running' });
    });

    it('translates as QEMU does', async () => {
      await qmp.execute('stop');
      const source = await open(`gdb:${path('gdb')}`);
      const { reader, registers, profile } = source.input();
      const mode = (source.registers.others.get('cpsr')?.value ?? 0) & 0x1f;
      const access = mode === USER_MODE ? Access.USER_READ : Access.PRIVILEGED_READ;
      const space = new AddressSpace(source.input());
      let mapped = 0;
      for (let index = 0; index < ROOT_ENTRIES; index += 1) {
        if (space.rootWords[index] === 0) continue;
        for (const page of [0, 17, 130, 255]) {
          const va = index * 2 ** 20 + page * 4096;
          const command = { 'command-line': `gva2gpa 0x${va.toString(16)}` };
          const said = String(await qmp.execute('human-monitor-command', command));
          const theirs = /gpa: 0x([0-9a-f]+)/.exec(said)?.[1];
          const ours = walk(reader, registers, profile, va, access);
          expect([va, ours.fault === undefined ? ours.leaf?.pa : undefined]).toEqual([
            va,
            theirs === undefined ? undefined : Number.parseInt(theirs, 16),
          ]);
          if (theirs !== undefined) mapped += 1;
        }
      }
      expect(mapped).toBeGreaterThan(0);
    });

    it('has the same tables by QMP, in a core and in a dump of its RAM', async () => {
      await qmp.execute('stop');
      const live = await open(`gdb:${path('gdb')}`);
      const theirs = new AddressSpace(live.input());
      await qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${path('core')}` });
      const size = MEBIBYTES * 2 ** 20;
      await qmp.execute('pmemsave', { val: RAM, size, filename: path('ram') });
      const { ttbr0 = 0, ttbcr = 0, dacr = 0, sctlr = 0 } = live.registers.values ?? {};
      const registers = { ttbr0, ttbcr, dacr, sctlr };
      for (const [word, options] of [
        [`qmp:${path('qmp')}`, {}],
        [path('core'), { registers }],
        [`ram:${path('ram')}@0x40000000`, { registers }],
      ] as const) {
        const source = await open(word, options);
        const ours = new AddressSpace(source.input());
        expect(ours.rootWords).toEqual(theirs.rootWords);
        expect(ours.tableWords).toEqual(theirs.tableWords);
        source.close();
      }
      expect(await qmp.execute('query-status')).toMatchObject({ status: 'paused' });
    });
  });
}
