/** Random situations, legal and illegal, and random checks on them. */

import { DomainAccess } from '../../src/format/index.js';
import { Sctlr, Ttbcr } from '../../src/machine/index.js';
import type { OracleMachine } from './machines.js';
import {
  CODE_PAGES,
  DATA_BASE,
  isKnownMemory,
  NOTHING_BASE,
  SECTION_BYTES,
  SLOT_BYTES,
  SLOT_DATA,
  TABLES_BYTES,
} from './memory-map.js';
import type { Random } from './random.js';
import {
  type Check,
  GUEST_MIB,
  OPERATIONS,
  type RegisterValues,
  type Situation,
  tablesOf,
} from './situation.js';

const L1_BYTES = 0x4000;
const L2_BYTES = 0x400;
/** Root tables lie in the lower half of the tables under test, level-2 tables in the upper. */
const L2_PLACES = (TABLES_BYTES - 2 * L1_BYTES) / L2_BYTES;
const L2_TABLES = 6;
const DATA_SECTIONS = 48;

/** A situation, and where in it something can be found. */
export interface Generated {
  readonly situation: Situation;
  /** MiB of the address space that have an entry. */
  readonly mebibytes: readonly number[];
  /** Pages of a MiB under a table that have an entry. */
  readonly pages: readonly number[];
}

/** A random situation for `machine` in the memory of `bank`. */
export function generateSituation(random: Random, machine: OracleMachine, bank: number): Generated {
  const base = tablesOf(bank);
  const tables = new Uint32Array(TABLES_BYTES / 4);
  const n = random.weighted([
    [9, 0],
    [4, 1],
    [7, 2 + random.below(6)],
  ]);
  // The guest's own MiB is translated by TTBR0 below 2 GiB, else by TTBR1: that one must work.
  const guestInTtbr0 = n <= 1;
  const guestDomain = random.below(16);
  const roots = [random.below(2), random.below(2)].map((place) => base + place * L1_BYTES);
  const offset = n === 0 ? 0 : random.below(2 ** n) * (L1_BYTES >>> n);
  const root0 = (roots[0] ?? 0) + offset;
  const root1 = roots[1] ?? 0;

  const pages = usedPages(random);
  const l2 = Array.from({ length: L2_TABLES }, () => {
    const at = base + 2 * L1_BYTES + random.below(L2_PLACES) * L2_BYTES;
    fillLevel2(random, tables.subarray((at - base) / 4), pages);
    return at;
  });
  const mebibytes = usedMebibytes(random, n);
  for (const root of [root0, root1]) {
    const words = tables.subarray((root - base) / 4);
    fillLevel1(random, words, mebibytes, l2, root === root0 ? 4096 >>> n : 4096);
  }
  const guestRoot = guestInTtbr0 ? root0 : root1;
  const guestEntry = guestWord(random, guestDomain);
  lookOnlyAtKnownTables(tables.subarray(0, (2 * L1_BYTES) / 4));
  tables[(guestRoot - base) / 4 + GUEST_MIB] = guestEntry;

  const outside = (): number => random.below(0x9000_0000 / L1_BYTES) * L1_BYTES + NOTHING_BASE;
  const ttbr0 = !guestInTtbr0 && random.chance(5) ? outside() : root0;
  const ttbr1 = guestInTtbr0 && random.chance(5) ? outside() : root1;
  const attributes0 = random.below(L1_BYTES >>> Math.max(n, 7)) & 0x7f;
  const disabled0 = machine.hasEl3 && !guestInTtbr0 && random.chance(12);
  const disabled1 = machine.hasEl3 && guestInTtbr0 && random.chance(25);
  const registers: RegisterValues = {
    ttbr0: (ttbr0 | attributes0) >>> 0,
    ttbr1: (ttbr1 | random.below(0x80)) >>> 0,
    ttbcr: n | (disabled0 ? Ttbcr.PD0 : 0) | (disabled1 ? Ttbcr.PD1 : 0),
    dacr: dacrWith(random, guestDomain),
    sctlr: randomSctlr(random, machine),
    prrr: random.word(),
    nmrr: random.word(),
    contextidr: random.word(),
  };
  return { situation: { registers, bank, base, tables }, mebibytes, pages };
}

/** Sends entries for tables that our model knows nothing of to where nothing answers. */
function lookOnlyAtKnownTables(words: Uint32Array): void {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? 0;
    if ((word & 3) === 1 && !isKnownMemory(word)) words[index] = (word | NOTHING_BASE) >>> 0;
  }
}

/** The entry that maps the guest where it lies: privileged only, its memory type anything. */
function guestWord(random: Random, domain: number): number {
  const freely = random.word() & 0x0002_720c;
  return (GUEST_MIB * SECTION_BYTES) | 0x402 | (domain << 5) | freely;
}

function dacrWith(random: Random, guestDomain: number): number {
  let dacr = 0;
  for (let domain = 0; domain < 16; domain++) {
    const access = random.weighted([
      [5, DomainAccess.CLIENT],
      [2, DomainAccess.MANAGER],
      [2, DomainAccess.NONE],
      [1, DomainAccess.RESERVED],
    ]);
    const own = access === DomainAccess.MANAGER ? access : DomainAccess.CLIENT;
    dacr |= (domain === guestDomain ? own : access) << (2 * domain);
  }
  return dacr >>> 0;
}

function randomSctlr(random: Random, machine: OracleMachine): number {
  const { M, A, TRE, AFE, WXN, UWXN } = Sctlr;
  const some = (percent: number, bit: number): number => (random.chance(percent) ? bit : 0);
  const never = machine.profile.hasVirtualization ? some(4, WXN) | some(4, UWXN) : 0;
  return (M | some(10, A) | some(40, TRE) | some(35, AFE) | never) >>> 0;
}

/** Sixteen-aligned groups, for supersections, and single MiB among and beside them. */
function usedMebibytes(random: Random, n: number): number[] {
  const used = new Set<number>([0, 0xfff]);
  const border = 4096 >>> n;
  if (n > 0) used.add(border - 1).add(border);
  for (let group = 0; group < 5; group++) {
    const first = random.below(n === 0 || random.chance(50) ? 4096 : border) & ~15;
    for (let index = 0; index < 16; index++) used.add(first + index);
  }
  for (let index = 0; index < 24; index++) {
    used.add(random.below(n === 0 || random.chance(50) ? 4096 : border));
  }
  used.delete(GUEST_MIB);
  return [...used];
}

function usedPages(random: Random): number[] {
  const used = new Set<number>([0, 0xff]);
  for (let group = 0; group < 3; group++) {
    const first = random.below(16) * 16;
    for (let index = 0; index < 16; index++) used.add(first + index);
  }
  for (let index = 0; index < 24; index++) used.add(random.below(256));
  return [...used];
}

/** Where a leaf may lead: mostly into data, sometimes to nothing, sometimes anywhere. */
function randomFrame(random: Random): number {
  const section = DATA_BASE + random.below(DATA_SECTIONS) * SECTION_BYTES;
  return random.weighted([
    [80, section + random.pick(CODE_PAGES) * 4096],
    [10, NOTHING_BASE + random.below(0x9_0000) * 4096],
    [10, random.word()],
  ]);
}

function fillLevel1(
  random: Random,
  words: Uint32Array,
  mebibytes: readonly number[],
  l2: readonly number[],
  entries: number,
): void {
  for (const index of mebibytes) {
    if (index >= entries) continue;
    if (index % 16 === 0 && index + 16 <= entries && random.chance(60)) {
      fillSixteen(random, words, index, supersectionWord(random));
    } else if (words[index] === 0 || random.chance(20)) {
      words[index] = level1Word(random, l2);
    }
  }
}

function fillLevel2(random: Random, words: Uint32Array, pages: readonly number[]): void {
  for (const index of pages) {
    if (index % 16 === 0 && random.chance(70)) {
      fillSixteen(random, words, index, largeWord(random));
    } else if (words[index] === 0 || random.chance(20)) {
      words[index] = random.weighted([
        [70, smallWord(random)],
        [10, largeWord(random)],
        [15, random.word() & ~3],
        [5, random.word()],
      ]);
    }
  }
}

/** Sixteen equal entries; in one case of five some of them are not equal. */
function fillSixteen(random: Random, words: Uint32Array, first: number, word: number): void {
  words.fill(word, first, first + 16);
  if (!random.chance(20)) return;
  for (let errors = random.below(4); errors >= 0; errors--) {
    const index = first + random.below(16);
    words[index] = random.chance(30) ? 0 : (words[index] ?? 0) ^ (1 << random.below(32));
  }
}

function level1Word(random: Random, l2: readonly number[]): number {
  return random.weighted([
    [45, tableWord(random, l2)],
    [40, sectionWord(random)],
    [8, random.word() & ~3],
    [4, random.word() | 3],
    [3, supersectionWord(random)],
  ]);
}

function tableWord(random: Random, l2: readonly number[]): number {
  const address = random.weighted([
    [84, random.pick(l2)],
    [8, NOTHING_BASE + random.below(0x9000_0000 / L2_BYTES) * L2_BYTES],
    [
      8,
      (DATA_BASE + random.below(DATA_SECTIONS) * SECTION_BYTES + random.below(4) * L2_BYTES) >>> 0,
    ],
  ]);
  return (address | (random.word() & 0x3fc) | 1) >>> 0;
}

function sectionWord(random: Random): number {
  const low = (random.word() & 0x000b_fffc) | (random.chance(20) ? 3 : 2);
  return ((randomFrame(random) & 0xfff0_0000) | low) >>> 0;
}

function supersectionWord(random: Random): number {
  const beyond = random.chance(20) ? random.word() & 0x00f0_01e0 : 0;
  const low = (random.word() & 0x000b_fe1c) | 0x4_0000 | (random.chance(20) ? 3 : 2);
  return ((randomFrame(random) & 0xff00_0000) | beyond | low) >>> 0;
}

function smallWord(random: Random): number {
  return ((randomFrame(random) & 0xffff_f000) | (random.word() & 0xfff) | 2) >>> 0;
}

function largeWord(random: Random): number {
  return ((randomFrame(random) & 0xffff_0000) | (random.word() & 0xfffc) | 1) >>> 0;
}

const TRANSLATIONS = OPERATIONS.filter(({ kind }) => kind === 'translate');
const FETCHES = OPERATIONS.filter(({ kind }) => kind === 'fetch');
const ACCESSES = OPERATIONS.filter(({ kind }) => kind === 'read' || kind === 'write');

/** A random check on a situation. */
export function generateCheck(random: Random, { mebibytes, pages }: Generated): Check {
  const kinds = random.below(100);
  const chosen = random.pick(kinds < 30 ? TRANSLATIONS : kinds < 47 ? FETCHES : ACCESSES);
  const mebibyte = random.chance(92) ? random.pick(mebibytes) : random.below(4096);
  const places = random.below(100);
  const page =
    places < 60 ? random.pick(pages) : places < 95 ? random.pick(CODE_PAGES) : random.below(256);
  const va = mebibyte * SECTION_BYTES + page * 4096 + offsetFor(random, chosen);
  // What would run over the end of the address space stays at its last word.
  const last = va + chosen.bytes > 2 ** 32 ? 0xffff_fffc : va;
  return { operation: chosen, va: last, value: random.word() };
}

/** An offset in a page where the operation finds what it needs: code, or words of data. */
export function offsetFor(random: Random, { kind, bytes }: Check['operation']): number {
  if (kind === 'fetch') return random.pick([1, 64, 127]) * SLOT_BYTES;
  if (kind === 'translate') return random.below(4096);
  if (bytes > 1 && random.chance(3)) return 4096 - 1 - random.below(bytes - 1);
  const slot = random.below(4096 / SLOT_BYTES) * SLOT_BYTES;
  const places = (SLOT_BYTES - SLOT_DATA) / bytes;
  const aligned = slot + SLOT_DATA + random.below(places) * bytes;
  if (bytes === 1 || !random.chance(6)) return aligned;
  return slot + SLOT_DATA + random.below(places - 1) * bytes + 1 + random.below(bytes - 1);
}
