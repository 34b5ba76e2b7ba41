/**
 * One QEMU as a child of this process: started with the RAM that both share, ended whatever happens.
 *
 * Nothing of it has a name in the file system: the RAM is a file without one, the semihosting console
 * and the QMP connection are socket pairs that it inherits. So there is nothing to clean up. The
 * process itself ends with `stop()`; and should this side die without a word, a watcher that holds
 * the other end of a pipe sees the pipe close and kills it.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { hex0x, VmError } from '../base/index.js';
import type { ElfImage, ElfSegment } from '../domain/index.js';
import { GuestMemory } from './guest-memory.js';

/** The program, and the Debian package that it comes in. */
export const QEMU = 'qemu-system-arm';
const QEMU_HINT = `install it (Debian: apt-get install --no-install-recommends ${QEMU})`;

/** How long QEMU may take to say its first word. */
const START_MILLISECONDS = 20_000;
/** How long a QEMU that has greeted may still find that it cannot run. */
const SETTLE_MILLISECONDS = 250;
/** How much of its last words an error quotes. */
const STDERR_CHARACTERS = 2000;

/** What lies in RAM when a machine starts, by physical address, and where it starts. */
export interface BootImage extends Pick<ElfImage, 'entry' | 'file'> {
  readonly segments: readonly Pick<ElfSegment, 'address' | 'fileOffset' | 'fileBytes'>[];
}

/** What to emulate. */
export interface QemuOptions {
  /** The value of `-machine`, without the memory backend: `virt`, `virt,secure=on`, `vexpress-a9`. */
  readonly machine: string;
  /** The value of `-cpu`. */
  readonly cpu: string;
  /** Where the machine has its RAM, and how much; a multiple of 1 MiB. */
  readonly ramBase: number;
  readonly ramBytes: number;
  /** What lies in RAM when the machine starts, and where it starts. Every segment must be RAM. */
  readonly image: BootImage;
  /** Whether the image itself tells that it runs, so that whoever starts it need not wait and see. */
  readonly tellsThatItRuns?: boolean;
  /** Further arguments. */
  readonly arguments?: readonly string[];
  /** Another program than {@link QEMU}. */
  readonly program?: string;
}

/** How a QEMU ended. */
export interface QemuEnd {
  readonly status: number | undefined;
  readonly signal: string | undefined;
  /** The last of what it wrote to its standard error. */
  readonly words: string;
}

/** A QEMU that runs. */
export class QemuProcess {
  readonly ram: GuestMemory;
  /** The guest's semihosting console: bytes both ways. */
  readonly console: Duplex;
  /** The QMP connection, behind its greeting. */
  readonly qmp: Duplex;
  /** Its version: `7.2.22`. */
  readonly version: string;
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason; never rejects. */
  readonly ended: Promise<QemuEnd>;
  private readonly child: ChildProcess;

  private constructor(started: Started, version: string) {
    this.ram = started.ram;
    this.console = started.console;
    this.qmp = started.qmp;
    this.pid = started.child.pid ?? 0;
    this.child = started.child;
    this.ended = started.ended;
    this.version = version;
  }

  /**
   * Starts a machine: when the answer comes, its processor runs.
   *
   * Errors: LIVE_ERR_TOOL — QEMU is not installed. LIVE_ERR_START — it ended at once or said nothing;
   * its own words are in the message. LIVE_ERR_MEMORY — no RAM can be had, or the image does not lie
   * in it.
   */
  static async start(options: QemuOptions): Promise<QemuProcess> {
    const ram = GuestMemory.create(options.ramBase, options.ramBytes);
    let started: Started | undefined;
    try {
      load(ram, options.image);
      started = launch(options, ram);
      return new QemuProcess(started, await greeting(started, options.tellsThatItRuns ?? false));
    } catch (error) {
      started?.child.kill('SIGKILL');
      ram.close();
      throw error;
    }
  }

  /** Ends the machine and gives its memory back; waits until the process is gone. */
  async stop(): Promise<QemuEnd> {
    this.child.kill('SIGKILL');
    const end = await this.ended;
    this.console.destroy();
    this.qmp.destroy();
    this.ram.close();
    return end;
  }
}

/** What a start has made so far. */
interface Started {
  readonly child: ChildProcess;
  readonly ram: GuestMemory;
  readonly console: Duplex;
  readonly qmp: Duplex;
  readonly ended: Promise<QemuEnd>;
  /** Settles with what kept the program from running at all. */
  readonly failed: Promise<Error>;
}

// The descriptors that the child inherits, by number.
const RAM_FD = 3;
const CONSOLE_FD = 4;
const QMP_FD = 5;

function argumentsOf(options: QemuOptions): string[] {
  const bytes = options.ramBytes;
  return [
    ['-machine', `${options.machine},memory-backend=ram`],
    ['-cpu', options.cpu],
    ['-m', `size=${bytes / 2 ** 20}M`],
    // /dev/fd/N opens the file behind a descriptor, with or without a name.
    ['-object', `memory-backend-file,id=ram,size=${bytes},mem-path=/dev/fd/${RAM_FD},share=on`],
    ['-device', `loader,addr=${hex0x(options.image.entry)},cpu-num=0`],
    ['-chardev', `socket,id=console,fd=${CONSOLE_FD}`],
    ['-semihosting-config', 'enable=on,target=native,chardev=console'],
    ['-chardev', `socket,id=qmp,fd=${QMP_FD}`],
    ['-mon', 'chardev=qmp,mode=control'],
    ['-nic', 'none'],
    ['-display', 'none'],
    ['-serial', 'none'],
    ['-monitor', 'none'],
    ['-audiodev', 'none,id=silent'],
    options.arguments ?? [],
  ].flat();
}

function launch(options: QemuOptions, ram: GuestMemory): Started {
  const child = spawn(options.program ?? QEMU, argumentsOf(options), {
    stdio: ['ignore', 'ignore', 'pipe', ram.fd, 'pipe', 'pipe'],
    // A group of its own: Ctrl-C is for us, who then stop it in order.
    detached: true,
    // vexpress-a9 has a sound chip that would look for a sound card.
    env: { ...process.env, QEMU_AUDIO_DRV: 'none' },
  });
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-STDERR_CHARACTERS);
  });
  const watcher = child.pid === undefined ? undefined : watch(child.pid);
  const ended = new Promise<QemuEnd>((resolve) => {
    child.once('close', (status, signal) => {
      watcher?.kill('SIGKILL');
      resolve({ status: status ?? undefined, signal: signal ?? undefined, words: words.trim() });
    });
  });
  const console = child.stdio[CONSOLE_FD] as Duplex;
  const qmp = child.stdio[QMP_FD as 4] as Duplex;
  // A machine that ends closes its ends, with a reset where bytes were under way: `ended` tells.
  for (const end of [console, qmp]) end.on('error', () => {});
  return { child, ram, console, qmp, ended, failed };
}

/** Kills `pid` when this process has ended without stopping it: the pipe to the watcher closes. */
function watch(pid: number): ChildProcess {
  const script = 'read -r end; kill -9 "$1" 2>/dev/null';
  const watcher = spawn('/bin/sh', ['-c', script, 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.on('error', () => {});
  watcher.stdin?.on('error', () => {});
  watcher.unref();
  // A pipe to a child is a socket, and holds the event loop until told not to.
  (watcher.stdin as unknown as { unref(): void }).unref();
  return watcher;
}

/** Puts the image into RAM. */
function load(ram: GuestMemory, image: BootImage): void {
  for (const segment of image.segments) {
    const from = segment.fileOffset;
    ram.write(segment.address, image.file.subarray(from, from + segment.fileBytes));
  }
}

/** The version, from the QMP greeting: the first line that QEMU writes there. */
async function greeting(started: Started, tells: boolean): Promise<string> {
  const { qmp, ended, failed } = started;
  let clock: NodeJS.Timeout | undefined;
  const line = new Promise<string>((resolve) => {
    let text = '';
    qmp.on('data', function listen(bytes: Buffer) {
      text += bytes.toString('utf8');
      const end = text.indexOf('\n');
      if (end < 0) return;
      qmp.off('data', listen);
      qmp.pause();
      resolve(text.slice(0, end));
    });
  });
  const silence = new Promise<never>((_, reject) => {
    const text = `${QEMU} said nothing for ${START_MILLISECONDS / 1000} s`;
    const error = new VmError('LIVE_ERR_START', text);
    clock = setTimeout(() => reject(error), START_MILLISECONDS);
  });
  try {
    const refused = [endError(ended), failError(failed), silence];
    const greeted = await Promise.race([line, ...refused]);
    // QEMU greets before it makes its CPU: one that it cannot make ends it a moment later.
    if (!tells) await Promise.race([settled(), ...refused]);
    return versionOf(greeted);
  } finally {
    clearTimeout(clock);
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
}

async function endError(ended: Promise<QemuEnd>): Promise<never> {
  const end = await ended;
  const how = end.signal === undefined ? `status ${end.status}` : `signal ${end.signal}`;
  const words = end.words === '' ? 'without a word' : `saying: ${end.words}`;
  throw new VmError('LIVE_ERR_START', `${QEMU} ended at once with ${how}, ${words}`);
}

async function failError(failed: Promise<Error>): Promise<never> {
  const error = await failed;
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  if (missing) throw new VmError('LIVE_ERR_TOOL', `${QEMU} is not installed: ${QEMU_HINT}`);
  throw new VmError('LIVE_ERR_START', `${QEMU} cannot be started: ${error.message}`);
}

function versionOf(line: string): string {
  const version = /"micro": (\d+), "minor": (\d+), "major": (\d+)/.exec(line);
  if (version === null) {
    throw new VmError(
      'LIVE_ERR_START',
      `${QEMU} greets with what is not QMP: ${line.slice(0, 80)}`,
    );
  }
  return `${version[3]}.${version[2]}.${version[1]}`;
}
