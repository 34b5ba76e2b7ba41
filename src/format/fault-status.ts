/**
 * Fault status in the short-descriptor format: DFSR, IFSR and PAR (Arm ARM B3.13, B4.1.51, B4.1.96,
 * B4.1.112).
 *
 *     DFSR   CM 13  ExT 12  WnR 11  FS[4] 10  LPAE 9  domain 7..4  FS[3:0] 3..0
 *     IFSR          ExT 12          FS[4] 10  LPAE 9               FS[3:0] 3..0
 *     PAR    success  PA 31..12  NOS 10  NS 9  SH 7  inner 6..4  outer 3..2  SS 1  0
 *            fault    ExT 6  FS[4:0] 5..1  1   (bits 12, 10 and 3..0 of the DFSR)
 */

import type { CachePolicy, MemoryType } from './memory-attributes.js';

/** FS[4:0]: what the fault was. */
export const FaultStatus = {
  ALIGNMENT: 0b00001,
  DEBUG: 0b00010,
  ACCESS_FLAG_L1: 0b00011,
  CACHE_MAINTENANCE: 0b00100,
  TRANSLATION_L1: 0b00101,
  ACCESS_FLAG_L2: 0b00110,
  TRANSLATION_L2: 0b00111,
  EXTERNAL: 0b01000,
  DOMAIN_L1: 0b01001,
  DOMAIN_L2: 0b01011,
  EXTERNAL_WALK_L1: 0b01100,
  PERMISSION_L1: 0b01101,
  EXTERNAL_WALK_L2: 0b01110,
  PERMISSION_L2: 0b01111,
  TLB_CONFLICT: 0b10000,
  LOCKDOWN: 0b10100,
  ASYNCHRONOUS_EXTERNAL: 0b10110,
  ASYNCHRONOUS_PARITY: 0b11000,
  PARITY: 0b11001,
  COPROCESSOR: 0b11010,
  PARITY_WALK_L1: 0b11100,
  PARITY_WALK_L2: 0b11110,
} as const;

/** The short name of a kind of fault, without its level. */
export type FaultName =
  | 'alignment'
  | 'debug'
  | 'access-flag'
  | 'cache-maintenance'
  | 'translation'
  | 'external'
  | 'domain'
  | 'external-walk'
  | 'permission'
  | 'tlb-conflict'
  | 'lockdown'
  | 'asynchronous-external'
  | 'asynchronous-parity'
  | 'parity'
  | 'coprocessor'
  | 'parity-walk'
  | 'reserved';

/** What one value of FS[4:0] stands for. */
export interface FaultMeaning {
  readonly name: FaultName;
  /** The level of the table whose entry the fault is about, or 0 where no level is. */
  readonly level: 0 | 1 | 2;
  /** The field's words for it. */
  readonly text: string;
  /** Whether the domain field of the DFSR is about this fault. */
  readonly hasDomain: boolean;
}

const F = FaultStatus;

/** FS, name, level, words, whether the domain is known. */
const MEANINGS: readonly (readonly [number, FaultName, 0 | 1 | 2, string, boolean])[] = [
  [F.ALIGNMENT, 'alignment', 0, 'alignment fault', false],
  [F.DEBUG, 'debug', 0, 'debug event', false],
  [F.ACCESS_FLAG_L1, 'access-flag', 1, 'access flag fault, section', true],
  [F.CACHE_MAINTENANCE, 'cache-maintenance', 0, 'instruction cache maintenance fault', false],
  [F.TRANSLATION_L1, 'translation', 1, 'translation fault, section', false],
  [F.ACCESS_FLAG_L2, 'access-flag', 2, 'access flag fault, page', true],
  [F.TRANSLATION_L2, 'translation', 2, 'translation fault, page', true],
  [F.EXTERNAL, 'external', 0, 'synchronous external abort', false],
  [F.DOMAIN_L1, 'domain', 1, 'domain fault, section', true],
  [F.DOMAIN_L2, 'domain', 2, 'domain fault, page', true],
  [F.EXTERNAL_WALK_L1, 'external-walk', 1, 'external abort on the walk, first level', false],
  [F.PERMISSION_L1, 'permission', 1, 'permission fault, section', true],
  [F.EXTERNAL_WALK_L2, 'external-walk', 2, 'external abort on the walk, second level', true],
  [F.PERMISSION_L2, 'permission', 2, 'permission fault, page', true],
  [F.TLB_CONFLICT, 'tlb-conflict', 0, 'TLB conflict abort', false],
  [F.LOCKDOWN, 'lockdown', 0, 'implementation defined lockdown abort', false],
  [F.ASYNCHRONOUS_EXTERNAL, 'asynchronous-external', 0, 'asynchronous external abort', false],
  [F.ASYNCHRONOUS_PARITY, 'asynchronous-parity', 0, 'asynchronous parity error', false],
  [F.PARITY, 'parity', 0, 'synchronous parity error', false],
  [F.COPROCESSOR, 'coprocessor', 0, 'implementation defined coprocessor abort', false],
  [F.PARITY_WALK_L1, 'parity-walk', 1, 'parity error on the walk, first level', false],
  [F.PARITY_WALK_L2, 'parity-walk', 2, 'parity error on the walk, second level', true],
];

const RESERVED: FaultMeaning = { name: 'reserved', level: 0, text: 'reserved', hasDomain: false };

const BY_STATUS: readonly FaultMeaning[] = Array.from({ length: 32 }, (_, status) => {
  const row = MEANINGS.find((meaning) => meaning[0] === status);
  if (row === undefined) return RESERVED;
  return { name: row[1], level: row[2], text: row[3], hasDomain: row[4] };
});

/** What FS[4:0] = `status` stands for; the name is `reserved` where it stands for nothing. */
export function faultMeaning(status: number): FaultMeaning {
  return BY_STATUS[status & 31];
}

/**
 * A fault as one negative number, so that a translation answers with a number and allocates
 * nothing: the FS in five bits, the domain in four.
 */
export const faultNumber = (status: number, domain: number): number => -(status | (domain << 5));

/** FS[4:0] of a {@link faultNumber}. */
export const faultStatusOf = (fault: number): number => -fault & 31;

/** The domain in a {@link faultNumber}. */
export const faultDomainOf = (fault: number): number => (-fault >>> 5) & 15;

/** A fault status register, read. */
export interface FaultRegister {
  /** FS[4:0]. */
  readonly status: number;
  readonly meaning: FaultMeaning;
  /** The domain field; unknown in an IFSR, where it reads 0 here. */
  readonly domain: number;
  /** WnR: whether a write faulted. */
  readonly write: boolean;
  /** ExT: the implementation's kind of external abort. */
  readonly external: boolean;
  /** CM: a cache maintenance operation faulted. */
  readonly cacheMaintenance: boolean;
  /** LPAE: the register is in the long-descriptor format, and the other fields mean nothing. */
  readonly longFormat: boolean;
}

const FS_LOW = 0xf;
const DOMAIN_SHIFT = 4;
const LPAE = 1 << 9;
const FS_HIGH = 1 << 10;
const WNR = 1 << 11;
const EXT = 1 << 12;
const CM = 1 << 13;

/** The DFSR of a fault. */
export const dfsrOf = (status: number, domain: number, write: boolean, external = false): number =>
  ifsrOf(status, external) | (domain << DOMAIN_SHIFT) | (write ? WNR : 0);

/** The IFSR of a fault. */
export const ifsrOf = (status: number, external = false): number =>
  (status & FS_LOW) | (status > FS_LOW ? FS_HIGH : 0) | (external ? EXT : 0);

/** The fields of a DFSR. */
export function decodeDfsr(word: number): FaultRegister {
  return {
    ...decodeIfsr(word),
    domain: (word >>> DOMAIN_SHIFT) & 15,
    write: (word & WNR) !== 0,
    cacheMaintenance: (word & CM) !== 0,
  };
}

/** The fields of an IFSR. Bits 7..4 have no meaning there, though emulators write the domain. */
export function decodeIfsr(word: number): FaultRegister {
  const status = (word & FS_LOW) | ((word & FS_HIGH) === 0 ? 0 : 0b10000);
  return {
    status,
    meaning: faultMeaning(status),
    domain: 0,
    write: false,
    external: (word & EXT) !== 0,
    cacheMaintenance: false,
    longFormat: (word & LPAE) !== 0,
  };
}

/** PAR after an address translation that succeeded. */
export interface ParSuccess {
  readonly ok: true;
  /** The physical address, cut to 4 KiB, or to 16 MiB when a supersection maps it. */
  readonly pa: number;
  readonly supersection: boolean;
  readonly ns: boolean;
  readonly type: MemoryType;
}

/** PAR after an address translation that faulted. */
export interface ParFault {
  readonly ok: false;
  readonly status: number;
  readonly external: boolean;
  readonly meaning: FaultMeaning;
}

const PAR_FAULT = 1 << 0;
const PAR_SUPERSECTION = 1 << 1;
const PAR_OUTER_SHIFT = 2;
const PAR_INNER_SHIFT = 4;
const PAR_SHAREABLE = 1 << 7;
const PAR_NS = 1 << 9;
const PAR_NOS = 1 << 10;
const PAR_EXT = 1 << 6;

/** PAR.inner of Strongly-ordered and Device memory, and of each cache policy. */
const INNER_STRONGLY = 0b001;
const INNER_DEVICE = 0b011;
const INNER_POLICY: Readonly<Record<CachePolicy, number>> = {
  nc: 0b000,
  wbwa: 0b101,
  wt: 0b110,
  'wb-nwa': 0b111,
};
const OUTER_POLICY: Readonly<Record<CachePolicy, number>> = {
  nc: 0b00,
  wbwa: 0b01,
  wt: 0b10,
  'wb-nwa': 0b11,
};

/** The PAR of a translation that succeeded. A reserved memory type reads as non-cacheable. */
export function parOfSuccess(result: Omit<ParSuccess, 'ok'>): number {
  const { pa, type } = result;
  const high = Math.floor(pa / 2 ** 32);
  const address = result.supersection
    ? (pa & 0xff00_0000) | (high << 16) | PAR_SUPERSECTION
    : pa & 0xffff_f000;
  const inner =
    type.kind === 'strongly'
      ? INNER_STRONGLY
      : type.kind === 'device'
        ? INNER_DEVICE
        : INNER_POLICY[type.inner];
  return (
    (address |
      (inner << PAR_INNER_SHIFT) |
      (OUTER_POLICY[type.outer] << PAR_OUTER_SHIFT) |
      (type.shareability === 'none' ? 0 : PAR_SHAREABLE) |
      (type.shareability === 'inner' ? PAR_NOS : 0) |
      (result.ns ? PAR_NS : 0)) >>>
    0
  );
}

/** The PAR of a translation that faulted. */
export function parOfFault(status: number, external = false): number {
  return PAR_FAULT | (status << 1) | (external ? PAR_EXT : 0);
}

/** The fields of a PAR. */
export function decodePar(word: number): ParSuccess | ParFault {
  if ((word & PAR_FAULT) !== 0) {
    const status = (word >>> 1) & 31;
    return {
      ok: false,
      status,
      external: (word & PAR_EXT) !== 0,
      meaning: faultMeaning(status),
    };
  }
  const supersection = (word & PAR_SUPERSECTION) !== 0;
  const pa = supersection
    ? ((word & 0xff00_0000) >>> 0) + ((word >>> 16) & 0xff) * 2 ** 32
    : (word & 0xffff_f000) >>> 0;
  const inner = (word >>> PAR_INNER_SHIFT) & 7;
  const outer = (word >>> PAR_OUTER_SHIFT) & 3;
  const shared = (word & PAR_SHAREABLE) !== 0;
  return {
    ok: true,
    pa,
    supersection,
    ns: (word & PAR_NS) !== 0,
    type: {
      kind: inner === INNER_STRONGLY ? 'strongly' : inner === INNER_DEVICE ? 'device' : 'normal',
      inner: policyOf(INNER_POLICY, inner),
      outer: policyOf(OUTER_POLICY, outer),
      shareability: shared ? ((word & PAR_NOS) !== 0 ? 'inner' : 'outer') : 'none',
    },
  };
}

function policyOf(codes: Readonly<Record<CachePolicy, number>>, code: number): CachePolicy {
  for (const policy of ['wbwa', 'wt', 'wb-nwa'] as const) {
    if (codes[policy] === code) return policy;
  }
  return 'nc';
}
