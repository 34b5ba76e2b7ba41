/** A disagreement in words: everything that it takes to see it again. */

import { hex0x } from '../../src/base/index.js';
import { ACCESS_NAMES, type CpuProfile, type decode, decodeDfsr } from '../../src/format/index.js';
import { Sctlr, type Walk, walk } from '../../src/machine/index.js';
import type { Failure } from './campaign.js';
import { type OracleGuest, Outcome } from './guest.js';
import type { OracleMachine } from './machines.js';
import type { Model } from './model.js';
import { type Reproducer, shrink } from './shrink.js';
import { type Answer, type Check, operation, type Situation } from './situation.js';

/** What is left of a failure when everything that does not matter is taken away, in words. */
export async function describeFailure(
  guest: OracleGuest,
  model: Model,
  { situation, checks }: Pick<Failure, 'situation' | 'checks'>,
): Promise<string> {
  const reproducer = await shrink(guest, model, situation, checks);
  if (reproducer === undefined) return 'a disagreement that does not come again';
  return describe(guest.machine, reproducer);
}

/** The reproducer as lines of text. */
export function describe(machine: OracleMachine, reproducer: Reproducer): string {
  const { situation, checks, disagreement, inconsistency } = reproducer;
  const check = checks[disagreement?.index ?? checks.length - 1];
  const lines = [`on ${machine.machine}, ${machine.profile.name}`, ...registerLines(situation)];
  for (const [index, word] of situation.tables.entries()) {
    if (word !== 0) lines.push(`  [${hex0x(situation.base + index * 4, 8)}] = ${hex0x(word, 8)}`);
  }
  for (const each of checks) lines.push(`  ${checkText(each)}`);
  if (disagreement !== undefined) {
    const where = disagreement.index === undefined ? 'memory afterwards' : 'answer';
    lines.push(`  ${where}, QEMU:     ${answerText(disagreement.got)}`);
    lines.push(`  ${where}, expected: ${answerText(disagreement.expected)}`);
  }
  if (inconsistency !== undefined) lines.push(`  ${inconsistency}`);
  if (check !== undefined) lines.push(...walkLines(walkOf(situation, machine.profile, check)));
  return lines.join('\n');
}

function registerLines({ registers }: Situation): string[] {
  const { ttbr0, ttbr1, ttbcr, dacr, prrr, nmrr, contextidr, sctlr } = registers;
  const bits = Object.entries(Sctlr).filter(([, bit]) => (sctlr & bit) !== 0);
  const word = (value: number): string => hex0x(value, 8);
  return [
    `  TTBR0 ${word(ttbr0)}  TTBR1 ${word(ttbr1)}  TTBCR ${word(ttbcr)}  DACR ${word(dacr)}`,
    `  PRRR ${word(prrr)}  NMRR ${word(nmrr)}  CONTEXTIDR ${word(contextidr)}` +
      `  SCTLR ${bits.map(([name]) => name).join(' ')}`,
  ];
}

export function checkText({ operation: { name, kind }, va, value }: Check): string {
  return `${name} ${hex0x(va, 8)}${kind === 'write' ? ` = ${hex0x(value, 8)}` : ''}`;
}

export function answerText({ outcome, result, address }: Answer): string {
  const at = hex0x(address, 8);
  if (outcome === Outcome.DONE) return `${hex0x(result, 8)} at ${at}`;
  if (outcome === Outcome.UNDEFINED) return `undefined instruction at ${at}`;
  const register = outcome === Outcome.DATA_ABORT ? 'DFSR' : 'IFSR';
  return `${register} ${hex0x(result, 3)} at ${at}: ${decodeDfsr(result).meaning.text}`;
}

/** The walk over the words of the situation alone. */
function walkOf(situation: Situation, profile: CpuProfile, { operation: asked, va }: Check): Walk {
  const reader = {
    readWord: (pa: number): number => situation.tables[(pa - situation.base) / 4] ?? -1,
  };
  const { access } = operation(asked.name);
  return walk(reader, situation.registers, profile, va, access);
}

function walkLines({ va, access, steps, leaf, fault }: Walk): string[] {
  const lines = [`  our walk of ${hex0x(va, 8)}, ${ACCESS_NAMES[access]}:`];
  for (const { level, entryAddress, word, descriptor } of steps) {
    const said = word === undefined ? 'nothing answers' : `${hex0x(word, 8)} ${fields(descriptor)}`;
    lines.push(`    L${level} at ${hex0x(entryAddress, 8)}: ${said}`);
  }
  if (leaf !== undefined) lines.push(`    leaf at ${hex0x(leaf.pa, 8)}, ${leaf.kind}`);
  if (fault !== undefined) lines.push(`    ${fault.meaning.text}: ${fault.reason}`);
  return lines;
}

function fields(descriptor: ReturnType<typeof decode> | undefined): string {
  return Object.entries(descriptor ?? {})
    .filter(([, value]) => value !== false)
    .map(([name, value]) => {
      if (value === true) return name;
      return `${name} ${typeof value === 'number' ? hex0x(value) : value}`;
    })
    .join(', ');
}
