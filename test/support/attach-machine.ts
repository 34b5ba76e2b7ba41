/** QEMU with the guest of `guest/attach.S`, as a user of gdbstub and QMP would have it running. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VmError } from '../../src/base/index.js';
import { type ElfImage, parseExecutable } from '../../src/domain/index.js';
import { QmpConnection } from '../../src/source/qmp-connection.js';

/** What a machine may take for an answer while others are busy, in milliseconds. */
export const PATIENCE = 30_000;

export const QEMU = 'qemu-system-arm';
const ASSEMBLER = 'arm-none-eabi-as';
const LINKER = 'arm-none-eabi-ld';

/** Whether everything is installed; on CI it has to be, so that nothing is skipped there. */
export const hasMachine: boolean =
  process.env['CI'] === 'true' ||
  [QEMU, ASSEMBLER, LINKER].every((program) => {
    return spawnSync(program, ['--version']).error === undefined;
  });

/** A board that the guest runs on. */
export interface Board {
  readonly machine: string;
  readonly cpu: string;
  readonly ramBase: number;
  readonly ramMebibytes: number;
}

export const VIRT: Board = {
  machine: 'virt',
  cpu: 'cortex-a15',
  ramBase: 0x4000_0000,
  ramMebibytes: 32,
};
/** With EL3: two banks of registers, and the guest runs in the secure world. */
export const SECURE_VIRT: Board = { ...VIRT, machine: 'virt,secure=on', cpu: 'cortex-a7' };
export const VEXPRESS: Board = {
  machine: 'vexpress-a9',
  cpu: 'cortex-a9',
  ramBase: 0x6000_0000,
  ramMebibytes: 32,
};

/** The folder of one test file, for sockets and images; removed by `removeFolder`. */
export const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));

export function removeFolder(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Assembles the guest for a board; answers the path of the ELF file. */
export function buildAttachGuest(board: Board): string {
  const name = join(folder, `attach-${board.ramBase.toString(16)}`);
  const base = `0x${(board.ramBase + 0x10_0000).toString(16)}`;
  execFileSync(ASSEMBLER, ['--fatal-warnings', '-o', `${name}.o`, 'guest/attach.S']);
  execFileSync(LINKER, ['-n', `-Ttext=${base}`, '-o', `${name}.elf`, `${name}.o`]);
  return `${name}.elf`;
}

/** A machine that runs the guest, with its MMU on. */
export interface Machine {
  readonly image: ElfImage;
  readonly elf: string;
  /** Paths of its sockets. */
  readonly gdb: string;
  readonly qmp: string;
  readonly process: ChildProcess;
  /** What `query-status` says: `running`, `paused`, …. */
  status(): Promise<string>;
  execute(command: string, args?: object): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * What `open` answers once somebody listens: the socket of a QEMU that is starting is not there at
 * first, and then it is there before anybody listens at it.
 */
export async function whenListening<T>(open: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + PATIENCE; ; ) {
    try {
      return await open();
    } catch (error) {
      const isEarly = error instanceof VmError && error.code === 'SOURCE_ERR_TARGET_CONNECT';
      if (!isEarly || performance.now() > end) throw error;
      await sleep(10);
    }
  }
}

let started = 0;

/**
 * Starts the guest on a board and waits until its MMU is on. QMP has two sockets, one for the test
 * itself. `more` are further arguments of QEMU; `-gdb` among them replaces ours.
 */
export async function startMachine(board: Board, more: readonly string[] = []): Promise<Machine> {
  const elf = buildAttachGuest(board);
  const image = parseExecutable(new Uint8Array(readFileSync(elf)));
  started += 1;
  const socket = (name: string): string => join(folder, `${name}-${started}.sock`);
  const [gdb, qmp, own] = ['gdb', 'qmp', 'own'].map(socket) as [string, string, string];
  const child = spawn(
    QEMU,
    [
      ...['-machine', board.machine, '-cpu', board.cpu, '-m', `${board.ramMebibytes}M`],
      ...['-nic', 'none', '-nographic', '-display', 'none', '-audiodev', 'none,id=noaudio'],
      ...['-monitor', 'none', '-serial', 'none', '-device', `loader,file=${elf},cpu-num=0`],
      ...(more.includes('-gdb') ? [] : ['-gdb', `unix:${gdb},server=on,wait=off`]),
      ...['-qmp', `unix:${qmp},server=on,wait=off`, '-qmp', `unix:${own},server=on,wait=off`],
      ...more,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, QEMU_AUDIO_DRV: 'none' } },
  );
  const control = await whenListening(() => {
    if (child.exitCode !== null) throw new Error('QEMU did not start');
    return QmpConnection.open(own, PATIENCE);
  });
  const counter = (image.symbol('page')?.address ?? 0) + 0x1000;
  for (let tries = 0; ; tries += 1) {
    const said = await control.monitor(`xp /1wx 0x${counter.toString(16)}`);
    if (!/0x0{8}\s*$/.test(said)) break;
    if (tries > 4000) throw new Error('the guest does not count');
    await sleep(5);
  }
  return {
    image,
    elf,
    gdb,
    qmp,
    process: child,
    status: async () => ((await control.execute('query-status')) as { status: string }).status,
    execute: (command, args) => control.execute(command, args),
    stop: async () => {
      control.close();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await ended;
    },
  };
}
