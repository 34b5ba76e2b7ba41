/**
 * A live target behind a gdbstub. Two dialects can read physical memory and CP15 registers: QEMU's
 * (`Qqemu.PhyMemMode`, registers in the target description) and OpenOCD's (`monitor mdw phys`,
 * `monitor arm mrc`).
 */

import { hex0x, VmError } from '../base/index.js';
import { GdbConnection } from './gdb-connection.js';
import { readDescription } from './gdb-description.js';
import { attachOpenOcd } from './gdb-openocd.js';
import { type LiveTarget, leaveAfter, type TargetOptions } from './live-target.js';
import { type GivenRegister, parseRegisterName } from './register-banks.js';
import type { MemoryRange } from './source-memory.js';
import { parseMemoryTree } from './text-names.js';

/** PacketSize of a stub that does not say it, and the least that is believed. */
const DEFAULT_PACKET = 1024;
const SMALLEST_PACKET = 64;

/**
 * Attaches to the stub at `place`, which stops the target.
 *
 * Errors: those of the connection; SOURCE_ERR_TARGET_ABILITY — the stub can read no physical memory,
 * or the target is no 32-bit Arm.
 */
export async function openGdbTarget(place: string, options: TargetOptions): Promise<LiveTarget> {
  const connection = await GdbConnection.open(place, options.timeoutMilliseconds);
  try {
    const supported = await connection.request('qSupported:xmlRegisters=arm');
    await connection.stopAcknowledging();
    const mode = await connection.request('qqemu.PhyMemMode');
    if (/^[01]$/.test(mode)) return await attachQemu(connection, supported, mode, options);
    const { output } = await connection.monitor('version');
    if (output.includes('Open On-Chip Debugger')) return await attachOpenOcd(connection, options);
    const want = 'known are QEMU (Qqemu.PhyMemMode) and OpenOCD (monitor mdw phys)';
    const text = `the stub at ${place} offers no way to read physical memory; ${want}`;
    if (connection.stops > 0) await connection.request('D');
    throw new VmError('SOURCE_ERR_TARGET_ABILITY', text);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * The registers that the target description of the stub has, as far as they matter here.
 *
 * Errors: those of the connection; SOURCE_ERR_TARGET_ABILITY — the target is no 32-bit Arm.
 */
export async function readGdbRegisters(connection: GdbConnection): Promise<GivenRegister[]> {
  const { architecture, registers } = await readDescription(connection);
  if (architecture !== '' && !/^(arm|armv[0-9].*|iwmmxt)$/.test(architecture)) {
    const text = `the target is ${architecture}; short descriptors are of 32-bit Arm`;
    throw new VmError('SOURCE_ERR_TARGET_ABILITY', text);
  }
  const known = registers.filter(({ name }) => parseRegisterName(name) !== undefined);
  const answers = await connection.requestAll(known.map(({ number }) => `p${number.toString(16)}`));
  return known.flatMap(({ name }, index) => {
    // What the stub cannot read it answers with an error, or with x for each digit.
    const bytes = Buffer.from(answers[index] as string, 'hex');
    if (bytes.length < 4) return [];
    return [{ name, value: bytes.readUInt32LE(0), origin: `gdb ${name}` }];
  });
}

/** Attaches to QEMU's stub: connecting has stopped the machine if it was running, and said so. */
async function attachQemu(
  connection: GdbConnection,
  supported: string,
  mode: string,
  options: TargetOptions,
): Promise<LiveTarget> {
  const wasRunning = connection.stops > 0;
  const leave = async (): Promise<void> => {
    if (mode === '0') await connection.request('Qqemu.PhyMemMode:0');
    const run = options.leave === 'as-found' ? wasRunning : options.leave === 'running';
    // Detaching sets the machine running; a connection that just ends leaves it as it stands.
    if (run) await connection.request('D');
    connection.close();
  };
  // QEMU reads at most half of its PacketSize with one `m`, since a byte is two digits.
  const packet = Number.parseInt(/PacketSize=([0-9a-f]+)/.exec(supported)?.[1] ?? '', 16);
  const bytes = Math.max(packet || DEFAULT_PACKET, SMALLEST_PACKET) / 2;
  try {
    const registers = await readGdbRegisters(connection);
    const notes =
      registers.length === 0 ? ['the stub describes no CP15 register: give --regs or flags'] : [];
    return {
      registers,
      notes,
      regions: parseMemoryTree((await connection.monitor('info mtree -f')).output, 'gdb'),
      read: (ranges) => readPhysical(connection, ranges, 2 ** Math.floor(Math.log2(bytes))),
      leave,
    };
  } catch (error) {
    await leaveAfter({ leave }, error);
    throw error;
  }
}

/** Reads ranges of physical memory in pieces of at most `limit` bytes. */
async function readPhysical(
  connection: GdbConnection,
  ranges: readonly MemoryRange[],
  limit: number,
): Promise<(Uint8Array | undefined)[]> {
  await connection.request('Qqemu.PhyMemMode:1');
  const pieces = ranges.flatMap(({ pa, bytes }) =>
    Array.from({ length: Math.ceil(bytes / limit) }, (_, index) => ({
      pa: pa + index * limit,
      bytes: Math.min(limit, bytes - index * limit),
    })),
  );
  const answers = await connection.requestAll(
    pieces.map(({ pa, bytes }) => `m${pa.toString(16)},${bytes.toString(16)}`),
  );
  let next = 0;
  return ranges.map(({ bytes }) => {
    const data = new Uint8Array(bytes);
    let whole = true;
    for (let at = 0; at < bytes; at += limit) {
      const { pa, bytes: wanted } = pieces[next] as MemoryRange;
      const answer = answers[next] as string;
      next += 1;
      const part = Buffer.from(answer, 'hex');
      if (/^E[0-9a-fA-F]{2}$/.test(answer)) whole = false;
      else if (part.length === wanted && answer.length === 2 * wanted) data.set(part, at);
      else {
        const got = `${part.length} bytes for the ${wanted} at ${hex0x(pa)}`;
        throw new VmError('SOURCE_ERR_TARGET_PROTOCOL', `the stub answers ${got}`);
      }
    }
    return whole ? data : undefined;
  });
}
