/** What a booted machine is made of: programs that are read, and the policy that is named. */
import { basename } from 'node:path';
import { formatBytes, MIB, VmError } from '../base/index.js';
import { clock, fifo, lfu, lru, type PolicyKind, random, secondChance } from '../domain/index.js';
import { FEWEST_LIVE_FRAMES, type ProgramFile } from '../live/index.js';
import type { BootFlags } from './boot-flags.js';
import { readAtMost } from './input-file.js';

/** Bytes of the largest executable that is read. */
const MOST_PROGRAM_BYTES = 64 * MIB;

const POLICIES: Readonly<Record<BootFlags['policy'], () => PolicyKind>> = {
  fifo: () => fifo,
  clock: () => clock,
  'second-chance': () => secondChance,
  lru: () => lru(),
  lfu: () => lfu(),
  random: () => random(),
};

/** The policy of a name. */
export function bootPolicy(name: BootFlags['policy']): PolicyKind {
  return POLICIES[name]();
}

/** Errors: USAGE_ERR — so few that an instruction may need more. */
export function requireFrames(frames: number | undefined): void {
  if (frames === undefined || frames >= FEWEST_LIVE_FRAMES) return;
  const text = `--frames ${frames}: an instruction can need ${FEWEST_LIVE_FRAMES} pages at a time; give as many or more`;
  throw new VmError('USAGE_ERR', text);
}

/** The program at `path`. Errors: SOURCE_ERR_READ — it cannot be read, or is too large. */
export function readProgram(path: string, args: readonly string[]): ProgramFile {
  const name = basename(path).replace(/\.elf$/, '');
  const file = readAtMost(path, MOST_PROGRAM_BYTES);
  if (file.length <= MOST_PROGRAM_BYTES) return { name, file, argv: [name, ...args] };
  const most = formatBytes(MOST_PROGRAM_BYTES);
  throw new VmError('SOURCE_ERR_READ', `${path}: larger than ${most}, the most that is read`);
}
