/**
 * The registers that a source, a file or the command line names, under one set of names. Debuggers
 * call them differently: QEMU says `TTBR0_EL1`, with EL3 also `TTBR0_EL1_S` for the secure bank;
 * PRRR and NMRR are MAIR0 and MAIR1 there.
 */

import { hex0x, VmError } from '../base/index.js';

/** Registers that decide how addresses are translated. */
export const TRANSLATION_NAMES = [
  'ttbr0',
  'ttbr1',
  'ttbcr',
  'sctlr',
  'dacr',
  'prrr',
  'nmrr',
  'contextidr',
] as const;

/** Registers that tell of a fault and of the processor. */
const OTHER_NAMES = ['dfsr', 'dfar', 'ifsr', 'ifar', 'midr', 'scr', 'cpsr', 'pc'] as const;

/** A register that decides how addresses are translated. */
export type TranslationName = (typeof TRANSLATION_NAMES)[number];
/** A register that is known here. */
export type RegisterName = TranslationName | (typeof OTHER_NAMES)[number];

/** The two worlds of the Security Extensions; a CPU without them has only the normal one. */
export type World = 'secure' | 'normal';

/** A register as somebody gave it. */
export interface GivenRegister {
  /** The name as it was given. */
  readonly name: string;
  /** 32 bits, unsigned. */
  readonly value: number;
  /** Where it was given, for the person who reads it. */
  readonly origin: string;
}

const KNOWN_NAMES = new Set<string>([...TRANSLATION_NAMES, ...OTHER_NAMES]);
/** What the architecture or a debugger calls them as well. */
const ALIASES: ReadonlyMap<string, RegisterName> = new Map([
  ['mair0', 'prrr'],
  ['mair1', 'nmrr'],
  ['fcseidr_contextidr', 'contextidr'],
  ['r15', 'pc'],
]);
const SUFFIXED = /^([a-z0-9_]+?)(_el1)?(?:_(ns|s))?$/;

/** A name taken apart: the register, its bank, and how exactly it was named. */
interface ParsedName {
  readonly register: RegisterName;
  readonly world: World | undefined;
  /** Of two names of one register the more exact one counts: `TTBR0_EL1` is the 32-bit view. */
  readonly exactness: number;
}

/** The register that `name` names, in whatever way; undefined if none that matters here. */
export function parseRegisterName(name: string): ParsedName | undefined {
  const match = SUFFIXED.exec(name.toLowerCase());
  if (match === null) return undefined;
  const base = match[1] as string;
  const register =
    ALIASES.get(base) ?? (KNOWN_NAMES.has(base) ? (base as RegisterName) : undefined);
  if (register === undefined) return undefined;
  const world = match[3] === 's' ? 'secure' : match[3] === 'ns' ? 'normal' : undefined;
  return { register, world, exactness: match[2] === undefined ? 0 : 1 };
}

interface Banked extends GivenRegister {
  readonly exactness: number;
}

/** Registers from one place, by bank. */
export class RegisterBanks {
  private readonly secure = new Map<RegisterName, Banked>();
  /** Those of the normal world, and those that have one bank only. */
  private readonly normal = new Map<RegisterName, Banked>();

  /**
   * Registers that are not known here are left out.
   *
   * Errors: SOURCE_ERR_REGISTER — one name is given two values.
   */
  constructor(given: Iterable<GivenRegister>) {
    for (const register of given) this.add(register);
  }

  /** How many registers are known. */
  get size(): number {
    return this.secure.size + this.normal.size;
  }

  /** Whether there is a bank for the secure world. */
  get banked(): boolean {
    return this.secure.size > 0;
  }

  /** The register in the bank of `world`, or in the only one. */
  get(name: RegisterName, world: World): GivenRegister | undefined {
    const own = world === 'secure' ? this.secure.get(name) : undefined;
    return own ?? this.normal.get(name);
  }

  private add(given: GivenRegister): void {
    const parsed = parseRegisterName(given.name);
    if (parsed === undefined) return;
    const bank = parsed.world === 'secure' ? this.secure : this.normal;
    const known = bank.get(parsed.register);
    if (known?.name.toLowerCase() === given.name.toLowerCase() && known.value !== given.value) {
      const both = `${hex0x(known.value)} (${known.origin}) and ${hex0x(given.value)}`;
      const text = `${given.name} is given twice: ${both} (${given.origin})`;
      throw new VmError('SOURCE_ERR_REGISTER', text);
    }
    if (known !== undefined && known.exactness > parsed.exactness) return;
    bank.set(parsed.register, { ...given, exactness: parsed.exactness });
  }
}
