/** What `decode` does. */
import { parseAddress, VmError } from '../base/index.js';
import { CPU_PROFILES, type CpuProfile } from '../format/index.js';
import { type DecodeRecord, decodeEntry, decodeFault, decodeLines } from '../inspect/index.js';
import type { TranslationRegisters } from '../machine/index.js';
import type { DecodeFlags } from './decode-flags.js';
import { Exit, type ExitCode } from './exit-code.js';
import { formatOf } from './format-options.js';
import { fitted } from './printing.js';
import type { Session } from './session.js';

const ALL_CLIENTS = 0x5555_5555;

/** Prints what each of `words` says. Errors: USAGE_ERR — a word or a processor is none. */
export async function decodeWords(
  session: Session,
  words: readonly string[],
  flags: DecodeFlags,
): Promise<ExitCode> {
  const profile = profileOf(flags.cpu);
  const records = words.flatMap((text) => recordsOf(wordOf(text), flags, profile));
  if (formatOf(flags) === 'json') session.out.write(`${JSON.stringify(records, undefined, 2)}\n`);
  else session.out.print(...fitted(session.out, records.flatMap(decodeLines), 10));
  return Exit.FINE;
}

function recordsOf(word: number, flags: DecodeFlags, profile: CpuProfile): DecodeRecord[] {
  if (flags.dfsr === true) return [decodeFault(word, 'DFSR')];
  if (flags.ifsr === true) return [decodeFault(word, 'IFSR')];
  const registers = registersOf(flags);
  const levels =
    flags.level === undefined ? ([1, 2] as const) : ([flags.level === '1' ? 1 : 2] as const);
  return levels.map((level) => decodeEntry(word, level, registers, profile));
}

function registersOf({ sctlr, dacr, prrr, nmrr }: DecodeFlags): TranslationRegisters {
  return {
    ttbr0: 0,
    ttbr1: 0,
    ttbcr: 0,
    contextidr: 0,
    sctlr: sctlr ?? 0,
    dacr: dacr ?? ALL_CLIENTS,
    prrr: prrr ?? 0,
    nmrr: nmrr ?? 0,
  };
}

function wordOf(text: string): number {
  const word = parseAddress(text);
  if (word !== undefined && word < 2 ** 32) return word;
  throw new VmError('USAGE_ERR', `${JSON.stringify(text)} is no hexadecimal number of 32 bits`);
}

function profileOf(name: string): CpuProfile {
  const profile = CPU_PROFILES[name];
  if (profile !== undefined) return profile;
  const known = Object.keys(CPU_PROFILES).join(', ');
  throw new VmError('USAGE_ERR', `no processor is called ${JSON.stringify(name)}; known: ${known}`);
}
