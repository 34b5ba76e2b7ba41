/**
 * Which value each register has and why: from the command line before a file of registers before the
 * source itself before what is usual, in the bank of the world whose MMU is on.
 */

import { hex0x, VmError } from '../base/index.js';
import { CPU_PROFILES, type CpuProfile, cortexA7, cortexA9, cortexA15 } from '../format/index.js';
import { Sctlr, type TranslationRegisters, Ttbcr } from '../machine/index.js';
import {
  type GivenRegister,
  type RegisterBanks,
  type RegisterName,
  TRANSLATION_NAMES,
  type TranslationName,
  type World,
} from './register-banks.js';

/** A register with the reason why it is believed to have its value. */
export interface RegisterFact {
  readonly name: RegisterName;
  readonly value: number;
  /** Who says so: `--ttbr0`, `regs.json: TTBR0_EL1`, `gdb TTBR0_EL1_S`; `assumed` if nobody does. */
  readonly origin: string;
  /** What else there is to say: what an assumption means, or a change that was made. */
  readonly note: string | undefined;
}

/** The registers of a source, as they will be used. */
export interface SourceRegisters {
  /** What a walk needs; undefined where nothing says where the root table lies. */
  readonly values: TranslationRegisters | undefined;
  /** The translation registers that have a value, each with its origin, in a fixed order. */
  readonly facts: readonly RegisterFact[];
  /** Fault registers, MIDR and the like, as far as somebody gave them. */
  readonly others: ReadonlyMap<RegisterName, RegisterFact>;
  readonly world: World;
  /** Why this world. */
  readonly worldReason: string;
  /** Whether there are registers of two worlds. */
  readonly isBanked: boolean;
}

/** Where registers are given, the most trusted first. */
export interface RegisterLayers {
  /** The command line. */
  readonly flags: RegisterBanks;
  /** The file of `--regs`. */
  readonly file: RegisterBanks;
  /** The source itself. */
  readonly source: RegisterBanks;
}

/** What Linux writes, and everybody who follows it. */
const LINUX_PRRR = 0xff0a_81a8;
const LINUX_NMRR = 0x40e0_40e0;
/** The origin of what nobody said. */
export const ASSUMED = 'assumed';
/** Every domain a client. */
const ALL_CLIENTS = 0x5555_5555;
const SCR_NS = 1;

/** The registers that the layers give, in the bank of `wish` or of the world that is at work. */
export function chooseRegisters(layers: RegisterLayers, wish: World | 'auto'): SourceRegisters {
  const { world, reason } = chooseWorld(layers, wish);
  const given = (name: RegisterName): RegisterFact | undefined => {
    const found = find(layers, name, world);
    return found && { name, value: found.value, origin: found.origin, note: undefined };
  };
  const facts = new Map<TranslationName, RegisterFact>();
  for (const name of TRANSLATION_NAMES) {
    const fact = given(name) ?? assume(name, facts, given);
    if (fact !== undefined) facts.set(name, fact);
  }
  facts.set('sctlr', withMmuOn(layers, facts.get('sctlr') as RegisterFact));
  const others = new Map<RegisterName, RegisterFact>();
  for (const name of ['dfsr', 'dfar', 'ifsr', 'ifar', 'midr', 'scr', 'cpsr', 'pc'] as const) {
    const fact = given(name);
    if (fact !== undefined) others.set(name, fact);
  }
  return {
    values: valuesOf(facts),
    facts: [...facts.values()],
    others,
    world,
    worldReason: reason,
    isBanked: layers.file.banked || layers.source.banked,
  };
}

/**
 * The values of the registers, needed by everything but a search for tables.
 *
 * Errors: SOURCE_ERR_ROOT — nothing says where the root table, or the second one, lies.
 */
export function requireRegisters(registers: SourceRegisters, word: string): TranslationRegisters {
  if (registers.values !== undefined) return registers.values;
  const known = new Set(registers.facts.map((fact) => fact.name));
  const name = known.has('ttbr0') ? 'TTBR1, which TTBCR.N brings into play' : 'TTBR0';
  const flag = known.has('ttbr0') ? '--ttbr1' : '--ttbr0';
  const remedy = `give ${flag} ADDRESS or --regs FILE, or let pagewright scan look for root tables`;
  throw new VmError('SOURCE_ERR_ROOT', `${word} does not tell ${name}: ${remedy}`);
}

/** A register as one line: `TTBR0 0x423b406a (gdb TTBR0_EL1)`. */
export function registerText(fact: RegisterFact): string {
  const note = fact.note === undefined ? '' : `: ${fact.note}`;
  return `${fact.name.toUpperCase()} ${hex0x(fact.value, 8)} (${fact.origin}${note})`;
}

/** Where each translation register came from, by its name. */
export function registerOrigins(
  registers: SourceRegisters,
): Readonly<Partial<Record<TranslationName, string>>> {
  return Object.fromEntries(registers.facts.map((fact) => [fact.name, fact.origin]));
}

/** A processor and why it is believed to be this one. */
export interface SourceCpu {
  readonly profile: CpuProfile;
  readonly origin: string;
}

/** MIDR bits 15..4 of the processors with short descriptors, and the profile that fits. */
const PARTS: Readonly<Record<number, readonly [string, CpuProfile]>> = {
  3077: ['cortex-a5', cortexA9],
  3079: ['cortex-a7', cortexA7],
  3080: ['cortex-a8', cortexA9],
  3081: ['cortex-a9', cortexA9],
  3085: ['cortex-a12', cortexA15],
  3086: ['cortex-a17', cortexA15],
  3087: ['cortex-a15', cortexA15],
};

/**
 * The processor: the one that is asked for, else the one that MIDR or the source names, else a
 * Cortex-A15, which has everything that the format knows.
 *
 * Errors: SOURCE_ERR_REGISTER — no profile is called `wish`.
 */
export function chooseCpu(
  registers: SourceRegisters,
  named: string | undefined,
  wish: string | undefined,
): SourceCpu {
  if (wish !== undefined) {
    const profile = Object.hasOwn(CPU_PROFILES, wish) ? CPU_PROFILES[wish] : undefined;
    if (profile !== undefined) return { profile, origin: 'as asked' };
    const known = Object.keys(CPU_PROFILES).join(', ');
    throw new VmError('SOURCE_ERR_REGISTER', `no processor is called ${wish}; known: ${known}`);
  }
  const midr = registers.others.get('midr');
  const part = midr && PARTS[(midr.value >>> 4) & 0xfff];
  if (midr !== undefined && part !== undefined) {
    return { profile: part[1], origin: `${part[0]} by MIDR ${hex0x(midr.value)} (${midr.origin})` };
  }
  const byName = Object.values(PARTS).find(([name]) => name === named?.toLowerCase());
  if (byName !== undefined) return { profile: byName[1], origin: `${byName[0]} by the file` };
  return { profile: cortexA15, origin: 'assumed' };
}

/** The value of `name` in the most trusted layer that has it. */
function find(layers: RegisterLayers, name: RegisterName, world: World): GivenRegister | undefined {
  const { flags, file, source } = layers;
  return flags.get(name, world) ?? file.get(name, world) ?? source.get(name, world);
}

function chooseWorld(
  layers: RegisterLayers,
  wish: World | 'auto',
): { world: World; reason: string } {
  const banked = layers.file.banked || layers.source.banked;
  if (wish !== 'auto') {
    return { world: wish, reason: banked ? 'as asked' : 'as asked, though there is one bank only' };
  }
  if (!banked) return { world: 'normal', reason: 'there is one bank only' };
  const isOn = (world: World): boolean =>
    ((find(layers, 'sctlr', world)?.value ?? 0) & Sctlr.M) !== 0;
  const [secure, normal] = [isOn('secure'), isOn('normal')];
  if (secure !== normal) {
    const [on, off]: World[] = secure ? ['secure', 'normal'] : ['normal', 'secure'];
    return { world: on as World, reason: `its MMU is on, that of the ${off} world is off` };
  }
  const both = secure ? 'both MMUs are on' : 'neither MMU is on';
  const scr = find(layers, 'scr', 'secure');
  if (scr === undefined) return { world: 'normal', reason: `${both}: assumed` };
  const world = (scr.value & SCR_NS) === 0 ? 'secure' : 'normal';
  return { world, reason: `${both}, and SCR.NS says that it is at work` };
}

/** What a register has that nobody gave; undefined for those that nobody can guess. */
function assume(
  name: TranslationName,
  facts: ReadonlyMap<TranslationName, RegisterFact>,
  given: (name: RegisterName) => RegisterFact | undefined,
): RegisterFact | undefined {
  const fact = (value: number, why: string): RegisterFact => ({
    name,
    value: value >>> 0,
    origin: ASSUMED,
    note: why,
  });
  const remap = ((facts.get('sctlr')?.value ?? 0) & Sctlr.TRE) !== 0;
  switch (name) {
    case 'ttbr0':
    case 'ttbr1':
      return undefined;
    case 'ttbcr':
      return fact(0, 'TTBR0 translates everything');
    case 'sctlr': {
      const hasRemap = given('prrr') !== undefined || given('nmrr') !== undefined;
      const text = hasRemap ? 'TEX remap, since PRRR or NMRR is given' : 'no TEX remap';
      return fact(Sctlr.M | (hasRemap ? Sctlr.TRE : 0), `MMU on, no access flag, ${text}`);
    }
    case 'dacr':
      return fact(ALL_CLIENTS, 'every domain a client');
    case 'prrr':
      return remap ? fact(LINUX_PRRR, 'as Linux sets it') : fact(0, 'not used without TEX remap');
    case 'nmrr':
      return remap ? fact(LINUX_NMRR, 'as Linux sets it') : fact(0, 'not used without TEX remap');
    case 'contextidr':
      return fact(0, 'ASID 0');
  }
}

/** SCTLR with the MMU on where the user names a table and only the source says that it is off. */
function withMmuOn(layers: RegisterLayers, sctlr: RegisterFact): RegisterFact {
  const { flags, file } = layers;
  const named = flags.get('ttbr0', 'normal') ?? flags.get('ttbr1', 'normal');
  const byHand = flags.get('sctlr', 'normal') ?? file.get('sctlr', 'normal');
  if (named === undefined || byHand !== undefined || (sctlr.value & Sctlr.M) !== 0) return sctlr;
  const note = `MMU taken to be on, since ${named.origin} names a table`;
  return { ...sctlr, value: (sctlr.value | Sctlr.M) >>> 0, note };
}

function valuesOf(
  facts: ReadonlyMap<TranslationName, RegisterFact>,
): TranslationRegisters | undefined {
  const value = (name: TranslationName): number | undefined => facts.get(name)?.value;
  const ttbr0 = value('ttbr0');
  const ttbcr = value('ttbcr') ?? 0;
  if (ttbr0 === undefined) return undefined;
  if ((ttbcr & Ttbcr.N_MASK) !== 0 && value('ttbr1') === undefined) return undefined;
  return {
    ttbr0,
    ttbcr,
    ttbr1: value('ttbr1') ?? 0,
    dacr: value('dacr') ?? 0,
    sctlr: value('sctlr') ?? 0,
    prrr: value('prrr') ?? 0,
    nmrr: value('nmrr') ?? 0,
    contextidr: value('contextidr') ?? 0,
  };
}
