/** The smallest situation and the fewest checks in which the two sides still do not agree. */

import type { OracleGuest } from './guest.js';
import { codePage, codePages } from './memory-map.js';
import { minimise } from './minimise.js';
import { Inconsistency, type Model } from './model.js';
import { type Check, GUEST_MIB, type RegisterValues, type Situation } from './situation.js';
import { type Disagreement, Trial } from './trial.js';

/** A situation with the checks that show that the sides do not agree. */
export interface Reproducer {
  readonly situation: Situation;
  readonly checks: readonly Check[];
  /** The first disagreement; undefined where our own machine contradicts itself. */
  readonly disagreement: Disagreement | undefined;
  readonly inconsistency: string | undefined;
}

/** Asks both sides, from memory as it was in the beginning; undefined when they agree. */
async function reproduce(
  guest: OracleGuest,
  model: Model,
  situation: Situation,
  checks: readonly Check[],
): Promise<Reproducer | undefined> {
  for (const page of codePages()) guest.memory.write(page, codePage(page));
  model.fillCodePages();
  try {
    const trial = new Trial(situation, model, guest);
    for (const check of checks) {
      if (!model.isKnown(check) || !model.isSafe(model.look(check))) return undefined;
      trial.add(check);
    }
    const [disagreement] = (await trial.run(guest)).disagreements;
    if (disagreement === undefined) return undefined;
    return { situation, checks, disagreement, inconsistency: undefined };
  } catch (error) {
    if (!(error instanceof Inconsistency)) throw error;
    return { situation, checks, disagreement: undefined, inconsistency: error.message };
  }
}

/**
 * Makes a reproducer smaller as long as it reproduces: checks, table words, registers, bits of words.
 * What does not reproduce at all is answered as undefined.
 */
export async function shrink(
  guest: OracleGuest,
  model: Model,
  situation: Situation,
  checks: readonly Check[],
): Promise<Reproducer | undefined> {
  let best = await reproduce(guest, model, situation, checks);
  if (best === undefined) return undefined;
  const attempt = async (next: Situation, nextChecks: readonly Check[]): Promise<boolean> => {
    const found = await reproduce(guest, model, next, nextChecks);
    if (found !== undefined) best = found;
    return found !== undefined;
  };

  const guilty = best.disagreement?.index;
  const alone = guilty === undefined ? undefined : checks[guilty];
  if (alone === undefined || !(await attempt(situation, [alone]))) {
    await minimise(best.checks, (fewer) => attempt(situation, fewer));
  }
  const remaining = best.checks;
  const filled = [...situation.tables.keys()].filter((index) => situation.tables[index] !== 0);
  await minimise(filled, (indexes) => attempt(keepWords(situation, indexes), remaining));

  for (const simpler of simplerRegisters(situation.registers)) {
    const { situation: now } = best;
    await attempt(
      { ...now, registers: { ...now.registers, ...simpler(now.registers) } },
      remaining,
    );
  }
  for (const index of best.situation.tables.keys()) {
    for (let bit = 31; bit >= 0; bit--) {
      const word = best.situation.tables[index] ?? 0;
      if (((word >>> bit) & 1) === 0) continue;
      const tables = best.situation.tables.slice();
      tables[index] = (word & ~(1 << bit)) >>> 0;
      if (isGuestEntry(best.situation, index)) continue;
      await attempt({ ...best.situation, tables }, remaining);
    }
  }
  return best;
}

/** Whether a word may be the entry that maps the guest, without which nothing runs. */
function isGuestEntry({ tables, base }: Situation, index: number): boolean {
  const word = tables[index] ?? 0;
  const mapsGuest = word >>> 20 === GUEST_MIB && (word & 3) === 2;
  return mapsGuest && (index + base / 4) % 32 === GUEST_MIB % 32;
}

function keepWords(situation: Situation, indexes: readonly number[]): Situation {
  const tables = new Uint32Array(situation.tables.length);
  for (const [index, word] of situation.tables.entries()) {
    if (isGuestEntry(situation, index)) tables[index] = word;
  }
  for (const index of indexes) tables[index] = situation.tables[index] ?? 0;
  return { ...situation, tables };
}

type Simpler = (registers: RegisterValues) => Partial<RegisterValues>;

/** Simpler values to try, one after another. */
function simplerRegisters(start: RegisterValues): Simpler[] {
  const tries: Simpler[] = [
    () => ({ prrr: 0 }),
    () => ({ nmrr: 0 }),
    () => ({ contextidr: 0 }),
    ({ ttbr0 }) => ({ ttbr0: (ttbr0 & ~0x7f) >>> 0 }),
    ({ ttbr1 }) => ({ ttbr1: (ttbr1 & ~0x3fff) >>> 0 }),
    () => ({ dacr: 0x5555_5555 }),
    ({ ttbcr }) => ({ ttbcr: ttbcr & 7 }),
  ];
  for (let domain = 0; domain < 16; domain++) {
    const shift = 2 * domain;
    tries.push(({ dacr }) => ({ dacr: ((dacr & ~(3 << shift)) | (1 << shift)) >>> 0 }));
  }
  for (let bit = 1; bit < 32; bit++) {
    if (((start.sctlr >>> bit) & 1) === 0) continue;
    tries.push(({ sctlr }) => ({ sctlr: (sctlr & ~(1 << bit)) >>> 0 }));
  }
  return tries;
}
