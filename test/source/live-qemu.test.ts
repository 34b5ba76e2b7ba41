import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Access, cortexA9 } from '../../src/format/index.js';
import { AddressSpace, snapshotText } from '../../src/inspect/index.js';
import { walk } from '../../src/machine/index.js';
import { GdbConnection } from '../../src/source/gdb-connection.js';
import {
  openSource,
  registerText,
  type SourceOptions,
  type TableSource,
  takeSnapshot,
} from '../../src/source/index.js';
import {
  type Board,
  buildAttachGuest,
  folder,
  hasMachine,
  type Machine,
  PATIENCE,
  QEMU,
  removeFolder,
  SECURE_VIRT,
  startMachine,
  VEXPRESS,
  VIRT,
  whenListening,
} from '../support/attach-machine.js';
import { rejectionOf } from '../support/errors.js';

const machines: Machine[] = [];
afterEach(async () => {
  for (const machine of machines.splice(0)) await machine.stop();
});
afterAll(removeFolder);

async function start(board: Board, more: readonly string[] = []): Promise<Machine> {
  const machine = await startMachine(board, more);
  machines.push(machine);
  return machine;
}

const PATIENT: SourceOptions = { timeoutMilliseconds: PATIENCE };

async function open(word: string, options: SourceOptions = {}): Promise<TableSource> {
  const source = await openSource(word, { ...PATIENT, ...options });
  if (source.evidence !== 'tables') throw new Error(`${word} has no tables`);
  return source;
}

const MIB = 2 ** 20;

/** Checks the address space that `guest/attach.S` builds. */
function expectGuest(source: TableSource, machine: Machine): void {
  const address = (name: string): number => machine.image.symbol(name)?.address ?? -1;
  const start = address('_start');
  expect(source.registers.values).toMatchObject({
    ttbr0: address('ttbr0_table'),
    ttbr1: address('ttbr1_table'),
    ttbcr: 1,
    dacr: 0xd,
    contextidr: 0x1242,
  });
  const { reader, registers, profile } = source.input();
  const at = (va: number, access: number): number | string => {
    const found = walk(reader, registers, profile, va, access);
    return found.fault === undefined ? (found.leaf?.pa ?? -1) : found.fault.meaning.name;
  };
  const { PRIVILEGED_READ, PRIVILEGED_WRITE, PRIVILEGED_FETCH, USER_READ, USER_WRITE } = Access;
  expect([
    at(start, PRIVILEGED_FETCH),
    at(start + 3 * MIB + 4, PRIVILEGED_WRITE),
    at(start + 3 * MIB, PRIVILEGED_FETCH),
    at(start + 16 * MIB, PRIVILEGED_READ),
    at(0x7000_0000, PRIVILEGED_READ),
    at(0x8000_0004, USER_READ),
    at(0x8000_0004, PRIVILEGED_WRITE),
    at(0x8000_1008, USER_WRITE),
    at(0x8000_2000, PRIVILEGED_READ),
    at(0x8001_1234, PRIVILEGED_FETCH),
    at(0xc012_3456, PRIVILEGED_READ),
    at(0xc012_3456, USER_READ),
  ]).toEqual([
    start,
    start + 3 * MIB + 4,
    'permission',
    'translation',
    'domain',
    address('page') + 4,
    'permission',
    address('page') + 0x1008,
    'translation',
    start + 3 * MIB + 0x1234,
    start - MIB + 0x12_3456,
    'permission',
  ]);
}

/** Whether the guest counts on. */
async function counts(machine: Machine): Promise<boolean> {
  const pa = (machine.image.symbol('page')?.address ?? 0) + 0x1000;
  const read = (): Promise<unknown> =>
    machine.execute('human-monitor-command', { 'command-line': `xp /1wx 0x${pa.toString(16)}` });
  const before = await read();
  for (let tries = 0; tries < 400; tries += 1) {
    await sleep(25);
    if ((await read()) !== before) return true;
  }
  return false;
}

describe.skipIf(!hasMachine)('a machine in QEMU', () => {
  it.each([
    ['virt', VIRT, 'normal', 'gdb TTBR0_EL1'],
    ['virt with EL3', SECURE_VIRT, 'secure', 'gdb TTBR0_EL1_S'],
    ['vexpress-a9', VEXPRESS, 'secure', 'gdb TTBR0_EL1_S'],
  ] as const)(
    'is read by its gdbstub and by QMP while it runs: %s',
    async (_name, board, world, origin) => {
      const machine = await start(board);
      for (const word of [`gdb:${machine.gdb}`, `qmp:${machine.qmp}`, machine.qmp]) {
        const source = await open(word);
        expectGuest(source, machine);
        expect(source.registers.world).toBe(world);
        expect(source.notes).toEqual(
          world === 'secure'
            ? ['registers of the secure world: its MMU is on, that of the normal world is off']
            : [],
        );
        expect(source.registers.facts[0]?.origin).toBe(origin);
        expect(source.cpu.profile.name).toBe(board.cpu);
        expect(source.coverage).toBe('17.0 KiB read: the tables');
        expect(await machine.status()).toBe('running');
        expect(await counts(machine)).toBe(true);
        expect(source.searchable).toContainEqual({
          pa: board.ramBase,
          bytes: board.ramMebibytes * MIB,
        });
        expect(source.names().map(({ space }) => space)).toContain('physical');
      }
    },
  );

  it('stays paused, and has its stub closed again', async () => {
    const machine = await start(VIRT);
    await machine.execute('stop');
    for (const word of [`gdb:${machine.gdb}`, `qmp:${machine.qmp}`]) {
      expectGuest(await open(word), machine);
      expect(await machine.status()).toBe('paused');
      expectGuest(await open(word), machine);
    }
    expectGuest(await open(`gdb:${machine.gdb}`, { leave: 'running' }), machine);
    expect(await machine.status()).toBe('running');
    expectGuest(await open(`qmp:${machine.qmp}`, { leave: 'halted' }), machine);
    expect(await machine.status()).toBe('paused');
  });

  it('without a gdbstub has one only while QMP reads its registers', async () => {
    const machine = await start(VIRT, ['-gdb', 'none']);
    expectGuest(await open(`qmp:${machine.qmp}`), machine);
    expect(await machine.execute('query-chardev')).not.toContainEqual(
      expect.objectContaining({ label: 'gdb' }),
    );
    expect(await machine.status()).toBe('running');
  });

  it('whose debugger is attached is read by QMP with registers by hand', async () => {
    const machine = await start(VIRT);
    const debuggerOfUser = await GdbConnection.open(machine.gdb, PATIENCE);
    await debuggerOfUser.request('qSupported');
    const registers = { ttbr0: machine.image.symbol('ttbr0_table')?.address ?? 0 };
    const source = await open(`qmp:${machine.qmp}`, { registers });
    expect(source.notes[0]).toMatch(/^a debugger holds the gdbstub/);
    expect(new AddressSpace(source.input()).rootWords.some((word) => word !== 0)).toBe(true);
    // A second debugger is connected, but nobody listens to it.
    const error = await rejectionOf(openSource(`gdb:${machine.gdb}`, { timeoutMilliseconds: 300 }));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_TARGET_TIMEOUT',
      expect.stringMatching(/did not answer qSupported.* within 0\.3 s; is another debugger/),
    ]);
    debuggerOfUser.close();
  });

  it('is left as it was where reading fails', async () => {
    const machine = await start(VIRT);
    const onProgress = (): never => {
      throw new Error('the progress bar broke');
    };
    for (const word of [`gdb:${machine.gdb}`, `qmp:${machine.qmp}`]) {
      await expect(openSource(word, { ...PATIENT, onProgress })).rejects.toThrow(
        'the progress bar broke',
      );
      expect(await machine.status()).toBe('running');
    }
    for (const word of [`gdb:${machine.gdb}`, `qmp:${machine.qmp}`]) {
      const interrupt = new AbortController();
      const options = { onProgress: () => interrupt.abort(), signal: interrupt.signal };
      const error = await rejectionOf(openSource(word, { ...PATIENT, ...options }));
      expect([error.code, error.message]).toEqual([
        'SOURCE_ERR_STOPPED',
        'reading L2 tables was ended',
      ]);
      expect(await machine.status()).toBe('running');
    }
    // The stub's physical mode was given back: an ordinary read is of virtual memory.
    const after = await GdbConnection.open(machine.gdb, PATIENCE);
    await after.request('qSupported');
    expect(await after.request('qqemu.PhyMemMode')).toBe('0');
    after.close();
  });

  it.each(['gdb', 'qmp'] as const)(
    'that is killed while %s reads it ends in a named error',
    async (kind) => {
      const machine = await start(VIRT);
      const onProgress = (): void => {
        machine.process.kill('SIGKILL');
      };
      const error = await rejectionOf(
        openSource(`${kind}:${machine[kind]}`, { ...PATIENT, onProgress }),
      );
      expect(error.code).toBe('SOURCE_ERR_TARGET_LOST');
    },
  );

  it('that is frozen ends in a named error', async () => {
    const machine = await start(VIRT);
    const frozen = (): void => {
      machine.process.kill('SIGSTOP');
    };
    const options = { onProgress: frozen, timeoutMilliseconds: 500 };
    const error = await rejectionOf(openSource(`gdb:${machine.gdb}`, options));
    expect(error.code).toBe('SOURCE_ERR_TARGET_TIMEOUT');
  });

  it('gives the same through a TCP port', async () => {
    const port = await freePort();
    const machine = await start(VIRT, ['-gdb', `tcp:127.0.0.1:${port}`]);
    expectGuest(await open(`gdb:127.0.0.1:${port}`), machine);
    expectGuest(await open(`gdb:${port}`), machine);
    expectGuest(await open(`qmp:${machine.qmp}`), machine);
    expect(await machine.status()).toBe('running');
  });

  it('writes a core that leads to the same tables', async () => {
    const machine = await start(VEXPRESS);
    const live = await open(`gdb:${machine.gdb}`);
    const core = join(folder, 'core');
    await machine.execute('dump-guest-memory', { paging: false, protocol: `file:${core}` });
    const bare = await open(core);
    expect(bare.kind).toBe('core');
    expect(bare.coverage).toMatch(/ in \d+ ranges 0x/);
    expect(bare.registers.values).toBeUndefined();
    expect(bare.registers.others.get('pc')?.origin).toBe('core NT_PRSTATUS');
    bare.close();
    const {
      ttbr0 = 0,
      ttbr1 = 0,
      ttbcr = 0,
      dacr = 0,
      sctlr = 0,
      contextidr = 0,
    } = live.registers.values ?? {};
    const registers = { ttbr0, ttbr1, ttbcr, dacr, sctlr, contextidr };
    const source = await open(core, { registers, cpu: 'cortex-a9' });
    expectGuest(source, machine);
    const again = { ...takeSnapshot(source), source: '', registers: [] };
    expect(snapshotText(again)).toBe(
      snapshotText({ ...takeSnapshot(live), source: '', registers: [] }),
    );
    source.close();
    expect(cortexA9.name).toBe(source.cpu.profile.name);
  });

  it('can be read more of later', async () => {
    const machine = await start(VIRT);
    const source = await open(`gdb:${machine.gdb}`);
    const { address = 0 } = machine.image.symbol('_start') ?? {};
    expect(source.memory.readWord(address)).toBe(-1);
    await source.load([{ pa: address, bytes: 4096 }]);
    const text = machine.image.segments[0];
    const file = new DataView(machine.image.file.buffer);
    expect(source.memory.readWord(address)).toBe(file.getUint32(text?.fileOffset ?? 0, true));
    expect(await machine.status()).toBe('running');
  });

  it('is not asked for memory that it does not have', async () => {
    const machine = await start(VIRT);
    for (const word of [`gdb:${machine.gdb}`, `qmp:${machine.qmp}`]) {
      // Nothing, and the registers of a UART.
      for (const ttbr0 of [0x2000_0000, 0x0900_0000]) {
        const source = await open(word, { registers: { ttbr0, ttbcr: 0 } });
        expect(source.memory.ranges).toEqual([]);
        expect(source.coverage).toBe('0 B read: the tables');
      }
      const source = await open(word);
      await source.load([{ pa: VIRT.ramBase - MIB, bytes: 2 * MIB }]);
      expect(source.memory.readWord(VIRT.ramBase - 4)).toBe(-1);
      expect(source.memory.readWord(VIRT.ramBase)).not.toBe(-1);
    }
  });

  it('before its MMU is on tells so, and its table can be named', async () => {
    const elf = buildAttachGuest(VIRT);
    const path = join(folder, 'off.sock');
    const qemu = spawn(
      QEMU,
      [
        ...['-machine', 'virt', '-cpu', 'cortex-a15', '-m', '32M', '-nic', 'none', '-nographic'],
        ...['-audiodev', 'none,id=noaudio', '-monitor', 'none', '-serial', 'none', '-S'],
        ...['-device', `loader,file=${elf},cpu-num=0`, '-gdb', `unix:${path},server=on,wait=off`],
      ],
      { stdio: 'ignore' },
    );
    try {
      const source = await whenListening(() => open(`gdb:${path}`));
      expect((source.registers.values?.sctlr ?? 1) & 1).toBe(0);
      const named = await open(`gdb:${path}`, { registers: { ttbr0: 0x4010_8000 } });
      expect(named.registers.facts.map(registerText).join('\n')).toMatch(
        /SCTLR 0x00c5007[0-9] \(gdb SCTLR: MMU taken to be on, since --ttbr0 names a table\)/,
      );
    } finally {
      qemu.kill('SIGKILL');
    }
  });
});

/** A port that nobody listens at. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

describe('a program that is no machine', () => {
  it('has nothing to attach to', async () => {
    const path = join(folder, 'plain.sock');
    writeFileSync(path, '');
    const error = await rejectionOf(openSource(`gdb:${path}`));
    expect(error.code).toBe('SOURCE_ERR_TARGET_CONNECT');
  });
});
