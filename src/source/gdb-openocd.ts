/**
 * OpenOCD behind its gdbstub. Its `m` reads virtual memory and its target description has no CP15
 * register, so both go through monitor commands, on the halted target.
 */

import { hex0x, VmError } from '../base/index.js';
import type { GdbConnection } from './gdb-connection.js';
import { type LiveTarget, leaveAfter, type TargetOptions } from './live-target.js';
import type { GivenRegister, RegisterName } from './register-banks.js';
import type { MemoryRange } from './source-memory.js';

/** CRn, CRm and opc2 of each register; coprocessor 15 and opc1 0 are common to all (Arm ARM B3.17). */
const CP15: readonly (readonly [RegisterName, number, number, number])[] = [
  ['midr', 0, 0, 0],
  ['sctlr', 1, 0, 0],
  ['ttbr0', 2, 0, 0],
  ['ttbr1', 2, 0, 1],
  ['ttbcr', 2, 0, 2],
  ['dacr', 3, 0, 0],
  ['dfsr', 5, 0, 0],
  ['ifsr', 5, 0, 1],
  ['dfar', 6, 0, 0],
  ['ifar', 6, 0, 2],
  ['prrr', 10, 2, 0],
  ['nmrr', 10, 2, 1],
  ['contextidr', 13, 0, 1],
];

/** Words that one `mdw` is asked for: over a slow probe they take less than a second. */
const WORDS_AT_ONCE = 1024;
/** A debug request, which is what `halt` and connecting make: the signal SIGINT. */
const HALTED_BY_REQUEST = /^[ST]02/;

/**
 * Halts the target, unless it stands still already, and reads its registers.
 *
 * Errors: those of the connection; SOURCE_ERR_TARGET_ABILITY — OpenOCD cannot read CP15.
 */
export async function attachOpenOcd(
  connection: GdbConnection,
  options: TargetOptions,
): Promise<LiveTarget> {
  const notes: string[] = [];
  const wasRunning = await findRunning(connection, notes);
  const leave = async (): Promise<void> => {
    const run = options.leave === 'as-found' ? wasRunning : options.leave === 'running';
    if (run) await connection.monitor('resume');
    await connection.request('D');
    connection.close();
  };
  try {
    const registers = await readCoprocessor(connection);
    const read = (ranges: readonly MemoryRange[]) => readRanges(connection, ranges);
    return { registers, notes, regions: [], read, leave };
  } catch (error) {
    await leaveAfter({ leave }, error);
    throw error;
  }
}

/**
 * Whether the target ran before we came. OpenOCD halts it when a debugger connects, unless its
 * configuration says otherwise, and does not tell whether it stood still before: then a halt by
 * request is taken to be ours, and a note says so.
 */
async function findRunning(connection: GdbConnection, notes: string[]): Promise<boolean> {
  const state = await connection.monitor('[target current] curstate');
  if (/\brunning\b/.test(state.output)) {
    await connection.monitor('halt');
    return true;
  }
  const handler = await connection.monitor('[target current] cget -event gdb-attach');
  const haltsOnAttach = handler.payload !== 'OK' || /\bhalt\b/.test(handler.output);
  if (!haltsOnAttach || !HALTED_BY_REQUEST.test(await connection.stopReason())) return false;
  const reason = 'OpenOCD halted the target when we connected, and does not tell if it ran before';
  notes.push(`${reason}; it is left running (--leave halted keeps it halted)`);
  return true;
}

/** The registers, those left out that OpenOCD cannot read. */
async function readCoprocessor(connection: GdbConnection): Promise<GivenRegister[]> {
  const registers: GivenRegister[] = [];
  let refusal = '';
  for (const [name, crn, crm, op2] of CP15) {
    const command = `arm mrc 15 0 ${crn} ${crm} ${op2}`;
    const answer = await connection.monitor(command);
    const number = /(0x[0-9a-f]{1,8}|\b\d{1,10})\s*$/i.exec(answer.output);
    if (answer.payload !== 'OK' || number === null) refusal ||= answer.output.trim();
    else {
      const origin = `OpenOCD ${command}`;
      registers.push({ name, value: Number(number[1]) >>> 0, origin });
    }
  }
  if (registers.some(({ name }) => name === 'ttbr0')) return registers;
  const said = refusal === '' ? '' : `: ${refusal.slice(0, 120)}`;
  const text = `OpenOCD cannot read CP15 of the target${said}`;
  throw new VmError('SOURCE_ERR_TARGET_ABILITY', text);
}

async function readRanges(
  connection: GdbConnection,
  ranges: readonly MemoryRange[],
): Promise<(Uint8Array | undefined)[]> {
  const read: (Uint8Array | undefined)[] = [];
  for (const { pa, bytes } of ranges) {
    const words = new Uint32Array(bytes / 4);
    let whole = true;
    for (let at = 0; at < words.length; at += WORDS_AT_ONCE) {
      const part = words.subarray(at, at + WORDS_AT_ONCE);
      const from = pa + 4 * at;
      const answer = await connection.monitor(`mdw phys ${hex0x(from)} ${part.length}`);
      if (answer.payload === 'OK') parseWords(answer.output, from, part);
      else whole = false;
    }
    read.push(whole ? new Uint8Array(words.buffer) : undefined);
  }
  return read;
}

const MEMORY_LINE = /^0x([0-9a-f]{8,16}): ((?:[0-9a-f]{8} ?)+)\s*$/i;

/**
 * Takes the words that `mdw` printed, `0x60100000: 00000000 60104001 …`, into `words`.
 *
 * Errors: SOURCE_ERR_TARGET_PROTOCOL — a line is about another address, or words are missing.
 */
function parseWords(output: string, pa: number, words: Uint32Array): void {
  let found = 0;
  for (const line of output.split('\n')) {
    const match = MEMORY_LINE.exec(line);
    if (match === null) continue;
    if (Number.parseInt(match[1] as string, 16) !== pa + 4 * found) break;
    for (const word of (match[2] as string).trim().split(' ')) {
      if (found < words.length) words[found] = Number.parseInt(word, 16);
      found += 1;
    }
  }
  if (found === words.length) return;
  const text = `OpenOCD printed ${found} of the ${words.length} words at ${hex0x(pa)}`;
  throw new VmError('SOURCE_ERR_TARGET_PROTOCOL', text);
}
