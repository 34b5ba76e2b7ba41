/**
 * A live QEMU behind its QMP socket. Memory comes by `pmemsave` through a file, or as the monitor
 * prints it where QEMU cannot write that file; registers through QEMU's gdbstub, which is opened for
 * it and closed again unless it was open before.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hex0x, VmError } from '../base/index.js';
import { unreadable } from './disk-file.js';
import { GdbConnection } from './gdb-connection.js';
import { readGdbRegisters } from './gdb-target.js';
import type { LiveTarget, TargetOptions } from './live-target.js';
import { QmpConnection } from './qmp-connection.js';
import type { GivenRegister } from './register-banks.js';
import type { MemoryRange } from './source-memory.js';
import { parseMemoryTree } from './text-names.js';

/** The label that QEMU gives the character device of its gdbstub. */
const GDB_LABEL = 'gdb';
/** Ranges that are asked for at once; QEMU answers one after the other. */
const RANGES_AT_ONCE = 16;
const DISCONNECTED = /^disconnected:/;

/**
 * Attaches to the QEMU at `place` and stops it, if it runs.
 *
 * Errors: those of the connection; SOURCE_ERR_TARGET_ABILITY — QEMU refuses a command, or emulates
 * no 32-bit Arm.
 */
export async function openQmpTarget(place: string, options: TargetOptions): Promise<LiveTarget> {
  const connection = await QmpConnection.open(place, options.timeoutMilliseconds);
  let directory: string | undefined;
  let wasRunning = false;
  const leave = async (run: boolean): Promise<void> => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    try {
      if (run) await connection.execute('cont');
    } finally {
      connection.close();
    }
  };
  try {
    const own = makeDirectory();
    directory = own;
    const status = await connection.execute('query-status');
    wasRunning = (Object(status) as { running?: unknown }).running === true;
    if (wasRunning) await connection.execute('stop');
    const notes: string[] = [];
    const registers = await readRegisters(connection, own, notes, options);
    return {
      registers,
      notes,
      regions: parseMemoryTree(await connection.monitor('info mtree -f'), 'qmp'),
      read: (ranges) => readRanges(connection, own, ranges),
      leave: () => leave(options.leave === 'as-found' ? wasRunning : options.leave === 'running'),
    };
  } catch (error) {
    // The first error is the cause; a lost connection fails in the same way again.
    await leave(wasRunning).catch(() => undefined);
    throw error;
  }
}

/** A directory of our own, for the files that QEMU writes. */
function makeDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'pagewright-'));
  } catch (error) {
    throw unreadable(tmpdir(), error);
  }
}

/** The registers, through the gdbstub; none, with a note, where a debugger holds it. */
async function readRegisters(
  connection: QmpConnection,
  directory: string,
  notes: string[],
  options: TargetOptions,
): Promise<GivenRegister[]> {
  const open = await openStub(connection);
  if (open !== undefined && !DISCONNECTED.test(open)) {
    notes.push('a debugger holds the gdbstub of QEMU: give registers with --regs or flags');
    return [];
  }
  const own = join(directory, 'gdb.sock');
  const stub = open === undefined ? own : stubAddress(open);
  if (stub === undefined) {
    notes.push(`the gdbstub of QEMU is at ${open}: give registers with --regs or flags`);
    return [];
  }
  if (open === undefined) await connection.monitor(`gdbserver unix:${own},server=on,wait=off`);
  try {
    const gdb = await GdbConnection.open(stub, options.timeoutMilliseconds);
    try {
      await gdb.request('qSupported:xmlRegisters=arm');
      await gdb.stopAcknowledging();
      return await readGdbRegisters(gdb);
    } finally {
      gdb.close();
    }
  } finally {
    if (open === undefined) await connection.monitor('gdbserver none');
  }
}

/** What QEMU calls the connection of its gdbstub, if it has one. */
async function openStub(connection: QmpConnection): Promise<string | undefined> {
  const devices = await connection.execute('query-chardev');
  for (const device of Array.isArray(devices) ? devices : []) {
    const { label, filename } = Object(device) as Record<string, unknown>;
    if (label === GDB_LABEL && typeof filename === 'string') return filename;
  }
  return undefined;
}

/** The address of a stub that QEMU calls `disconnected:tcp:0.0.0.0:1234,server=on`. */
function stubAddress(filename: string): string | undefined {
  const match = /^disconnected:(tcp|unix):([^,]+)/.exec(filename);
  if (match === null) return undefined;
  const place = match[2] as string;
  // A relative path counts from where QEMU was started, which nobody tells us.
  if (match[1] === 'unix') return place.startsWith('/') ? place : undefined;
  return place.replace(/^(0\.0\.0\.0|\[::\]|::):/, '127.0.0.1:');
}

async function readRanges(
  connection: QmpConnection,
  directory: string,
  ranges: readonly MemoryRange[],
): Promise<(Uint8Array | undefined)[]> {
  const parts: Uint8Array[] = [];
  for (let first = 0; first < ranges.length; first += RANGES_AT_ONCE) {
    const some = ranges.slice(first, first + RANGES_AT_ONCE).map(async (range, index) => {
      const saved = await savedRange(connection, join(directory, `memory-${index}`), range);
      return saved ?? (await printedRange(connection, range));
    });
    parts.push(...(await Promise.all(some)));
  }
  return parts;
}

/** The range as QEMU saves it; undefined where QEMU cannot write to our directory. */
async function savedRange(
  connection: QmpConnection,
  file: string,
  { pa, bytes }: MemoryRange,
): Promise<Uint8Array | undefined> {
  try {
    await connection.execute('pmemsave', { val: pa, size: bytes, filename: file });
  } catch (error) {
    if (error instanceof VmError && error.code === 'SOURCE_ERR_TARGET_ABILITY') return undefined;
    throw error;
  }
  try {
    const data = readFileSync(file);
    rmSync(file);
    return data.length === bytes ? new Uint8Array(data) : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // QEMU wrote a file that we do not see, or may not read: it runs in another place than we.
    if (code === 'ENOENT' || code === 'EACCES') return undefined;
    throw unreadable(file, error);
  }
}

/** Words that one `xp` prints. */
const WORDS_AT_ONCE = 1024;

/** The range as the monitor prints it: `0000000060100000: 0x00000000 0x60104001 …`. */
async function printedRange(
  connection: QmpConnection,
  { pa, bytes }: MemoryRange,
): Promise<Uint8Array> {
  const words = new Uint32Array(bytes / 4);
  for (let at = 0; at < words.length; at += WORDS_AT_ONCE) {
    const count = Math.min(WORDS_AT_ONCE, words.length - at);
    const text = await connection.monitor(`xp /${count}wx ${hex0x(pa + 4 * at)}`);
    const printed = [...text.matchAll(/ 0x([0-9a-f]{8})\b/g)];
    if (printed.length !== count) {
      const got = `${printed.length} of the ${count} words at ${hex0x(pa + 4 * at)}`;
      throw new VmError('SOURCE_ERR_TARGET_PROTOCOL', `QEMU printed ${got}`);
    }
    for (const [index, match] of printed.entries()) {
      words[at + index] = Number.parseInt(match[1] as string, 16);
    }
  }
  return new Uint8Array(words.buffer);
}
