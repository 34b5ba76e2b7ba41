/**
 * Who may do what: AP, XN, PXN, the DACR domain and the bits of SCTLR that change their meaning
 * (Arm ARM B3.7).
 *
 * Effective rights are six bits, one for each way to access; {@link Access} is the place of its bit.
 */

/** A way to access memory: privileged (PL1) or user (PL0); read, write or instruction fetch. */
export const Access = {
  PRIVILEGED_READ: 0,
  PRIVILEGED_WRITE: 1,
  PRIVILEGED_FETCH: 2,
  USER_READ: 3,
  USER_WRITE: 4,
  USER_FETCH: 5,
} as const;

/** The name of each access, at its number. */
export const ACCESS_NAMES = [
  'privileged read',
  'privileged write',
  'privileged fetch',
  'user read',
  'user write',
  'user fetch',
] as const;

/** Whether the access is a write. */
export const isWrite = (access: number): boolean =>
  access === Access.PRIVILEGED_WRITE || access === Access.USER_WRITE;

/** Whether the access is an instruction fetch. */
export const isFetch = (access: number): boolean =>
  access === Access.PRIVILEGED_FETCH || access === Access.USER_FETCH;

/** Whether the access is made at PL1. */
export const isPrivileged = (access: number): boolean => access <= Access.PRIVILEGED_FETCH;

/** Bits of effective rights. */
export const Right = {
  PRIVILEGED_READ: 1 << Access.PRIVILEGED_READ,
  PRIVILEGED_WRITE: 1 << Access.PRIVILEGED_WRITE,
  PRIVILEGED_FETCH: 1 << Access.PRIVILEGED_FETCH,
  USER_READ: 1 << Access.USER_READ,
  USER_WRITE: 1 << Access.USER_WRITE,
  USER_FETCH: 1 << Access.USER_FETCH,
} as const;

/** Every right: what a manager of the domain has. */
export const ALL_RIGHTS = 0b111_111;

const { PRIVILEGED_READ, PRIVILEGED_WRITE, PRIVILEGED_FETCH, USER_READ, USER_WRITE, USER_FETCH } =
  Right;
const PRIVILEGED_BOTH = PRIVILEGED_READ | PRIVILEGED_WRITE;
const USER_BOTH = USER_READ | USER_WRITE;

/** Reads and writes that AP[2:0] allows with SCTLR.AFE = 0 (table B3-8); 100 is reserved. */
const FULL_MODEL: readonly number[] = [
  0,
  PRIVILEGED_BOTH,
  PRIVILEGED_BOTH | USER_READ,
  PRIVILEGED_BOTH | USER_BOTH,
  0,
  PRIVILEGED_READ,
  PRIVILEGED_READ | USER_READ,
  PRIVILEGED_READ | USER_READ,
];

/** Reads and writes that AP[2:1] allows with SCTLR.AFE = 1 (table B3-7); AP[0] is the access flag. */
const SIMPLE_MODEL: readonly number[] = [
  PRIVILEGED_BOTH,
  PRIVILEGED_BOTH | USER_BOTH,
  PRIVILEGED_READ,
  PRIVILEGED_READ | USER_READ,
];

/** The bits of SCTLR that change what permissions mean. */
export interface PermissionControls {
  /** SCTLR.AFE: AP[0] is the access flag. */
  readonly afe: boolean;
  /** SCTLR.WXN: what is writable cannot be executed. */
  readonly wxn: boolean;
  /** SCTLR.UWXN: what the user can write cannot be executed privileged. */
  readonly uwxn: boolean;
}

/** What the permission bits of one leaf say. */
export interface PermissionBits {
  /** AP[2:0]. */
  readonly ap: number;
  readonly xn: boolean;
  readonly pxn: boolean;
}

/** The rights that the permission bits give to a client of the domain. */
export function clientRights(bits: PermissionBits, controls: PermissionControls): number {
  const data = controls.afe ? SIMPLE_MODEL[bits.ap >> 1] : FULL_MODEL[bits.ap];
  if (bits.xn) return data;
  const userWritable = (data & USER_WRITE) !== 0;
  const writable = (data & PRIVILEGED_WRITE) !== 0;
  let rights = data;
  if ((data & USER_READ) !== 0 && !(controls.wxn && userWritable)) rights |= USER_FETCH;
  const never = bits.pxn || (controls.wxn && writable) || (controls.uwxn && userWritable);
  if ((data & PRIVILEGED_READ) !== 0 && !never) rights |= PRIVILEGED_FETCH;
  return rights;
}

/** What the DACR says about a domain. */
export const DomainAccess = { NONE: 0, CLIENT: 1, RESERVED: 2, MANAGER: 3 } as const;

/** The name of each domain access, at its number. */
export const DOMAIN_ACCESS_NAMES = ['none', 'client', 'reserved', 'manager'] as const;

/** The {@link DomainAccess} of `domain` in the register `dacr`. */
export const domainAccess = (dacr: number, domain: number): number => (dacr >>> (2 * domain)) & 3;

/**
 * The rights that remain when the domain has had its say: all for a manager, the client's for a
 * client, none otherwise (reserved is unpredictable; processors treat it as none). The access flag
 * is not part of rights: {@link accessFlagSet}.
 */
export function effectiveRights(
  bits: PermissionBits,
  controls: PermissionControls,
  access: number,
): number {
  if (access === DomainAccess.MANAGER) return ALL_RIGHTS;
  return access === DomainAccess.CLIENT ? clientRights(bits, controls) : 0;
}

/** Whether the leaf's access flag allows accesses: always, unless SCTLR.AFE makes AP[0] the flag. */
export const accessFlagSet = (ap: number, afe: boolean): boolean => !afe || (ap & 1) === 1;

/**
 * {@link effectiveRights} of every combination under this DACR, for the hot path: at
 * AP | XN << 3 | PXN << 4 | domain << 5.
 */
export function effectiveRightsTable(dacr: number, controls: PermissionControls): Uint8Array {
  const table = new Uint8Array(512);
  for (let index = 0; index < table.length; index++) {
    const bits = { ap: index & 7, xn: (index & 8) !== 0, pxn: (index & 16) !== 0 };
    table[index] = effectiveRights(bits, controls, domainAccess(dacr, index >> 5));
  }
  return table;
}

/** The rights of one privilege as text: `rwx`, `r--`, … */
export function rightsText(rights: number, privileged: boolean): string {
  const own = privileged ? rights : rights >> Access.USER_READ;
  return `${own & 1 ? 'r' : '-'}${own & 2 ? 'w' : '-'}${own & 4 ? 'x' : '-'}`;
}

/** Reads and writes that a leaf is to allow. */
export interface DataRights {
  readonly privilegedWrite: boolean;
  readonly userRead: boolean;
  readonly userWrite: boolean;
}

/**
 * AP[2:0] for these rights, readable at PL1 always, in both models: AP[0] is set, so that
 * SCTLR.AFE does not matter, except for the one combination that the simple model lacks.
 *
 * @returns undefined where no AP says it: user-writable but not privileged-writable.
 */
export function apFor(rights: DataRights): number | undefined {
  const { privilegedWrite, userRead, userWrite } = rights;
  if (userWrite) return privilegedWrite ? 0b011 : undefined;
  if (privilegedWrite) return userRead ? 0b010 : 0b001;
  return userRead ? 0b111 : 0b101;
}
