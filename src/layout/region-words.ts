/**
 * The words by which C region lists say what a region is: of TF-A (`MT_…`), Zephyr (`MT_…`, `MPERM_…`,
 * `MATTR_…`) and U-Boot (`PTE_BLOCK_…`). All are flags that are joined by `|`, so that one table for
 * each project is enough; what is not said is what that project takes it for.
 */
import type { PrivilegeRights } from './layout.js';

/** The projects whose lists are read. */
export type RegionDialect = 'tf-a' | 'zephyr' | 'u-boot';

/** What a region is, while its words are read. */
interface Traits {
  memory: string;
  shareable: boolean | undefined;
  write: boolean;
  /** Whether PL0 may read, and write where PL1 may. */
  user: boolean;
  userWrite: boolean | undefined;
  execute: boolean | undefined;
  userExecute: boolean | undefined;
  nonSecure: boolean;
  global: boolean;
}

/** What a word changes; an empty change is a word that says nothing here. */
type Change = Partial<Traits>;

const NOTHING: Change = {};
const DEVICE: Change = { memory: 'device' };
const STRONGLY: Change = { memory: 'strongly' };
const NORMAL: Change = { memory: 'normal-wbwa' };
const UNCACHED: Change = { memory: 'normal-nc' };
const NEVER: Change = { execute: false, userExecute: false };

/** `lib/xlat_tables/xlat_tables_v2.h`. */
const TF_A: Readonly<Record<string, Change>> = {
  MT_DEVICE: DEVICE,
  MT_NON_CACHEABLE: UNCACHED,
  MT_MEMORY: NORMAL,
  MT_RO: { write: false },
  MT_RW: { write: true },
  MT_SECURE: NOTHING,
  MT_ROOT: NOTHING,
  MT_REALM: NOTHING,
  MT_NS: { nonSecure: true },
  MT_EXECUTE: NOTHING,
  MT_EXECUTE_NEVER: NEVER,
  MT_USER: { user: true },
  MT_PRIVILEGED: NOTHING,
  MT_CODE: { ...NORMAL, write: false },
  MT_RO_DATA: { ...NORMAL, ...NEVER, write: false },
  MT_RW_DATA: { ...NORMAL, ...NEVER, write: true },
  MT_SHAREABILITY_ISH: { shareable: true },
  MT_SHAREABILITY_OSH: { shareable: true },
  MT_SHAREABILITY_NSH: { shareable: false },
};

const priv = (rights: string, user: string): Change => ({
  write: rights.includes('w'),
  execute: rights.includes('x'),
  user: user.includes('r'),
  userWrite: user.includes('w'),
  userExecute: user.includes('x'),
});

/** `include/zephyr/arch/arm64/arm_mmu.h`, and `arch/arm/mmu/arm_mmu.h` for 32 bits. */
const ZEPHYR: Readonly<Record<string, Change>> = {
  MT_STRONGLY_ORDERED: STRONGLY,
  MT_DEVICE: DEVICE,
  MT_DEVICE_nGnRnE: STRONGLY,
  MT_DEVICE_nGnRE: DEVICE,
  MT_DEVICE_GRE: DEVICE,
  MT_NORMAL_NC: UNCACHED,
  MT_NORMAL: NORMAL,
  MT_NORMAL_WT: { memory: 'normal-wt' },
  MT_RO: { write: false },
  MT_RW: { write: true },
  MT_SECURE: NOTHING,
  MT_NS: { nonSecure: true },
  MT_DEFAULT_SECURE_STATE: NOTHING,
  MT_EXECUTE: { execute: true },
  MT_EXECUTE_NEVER: NEVER,
  MT_P_EXECUTE: { execute: true },
  MT_P_EXECUTE_NEVER: { execute: false },
  MT_U_EXECUTE: { userExecute: true },
  MT_U_EXECUTE_NEVER: { userExecute: false },
  MT_NG: { global: false },
  MT_G: NOTHING,
  MT_NO_OVERWRITE: NOTHING,
  MT_P_RW_U_RW: priv('rw', 'rw'),
  MT_P_RW_U_NA: priv('rw', ''),
  MT_P_RO_U_RO: priv('r', 'r'),
  MT_P_RO_U_NA: priv('r', ''),
  MT_P_RX_U_RX: priv('rx', 'rx'),
  MT_P_RX_U_NA: priv('rx', ''),
  MT_CODE: { ...NORMAL, ...priv('rx', '') },
  MT_RODATA: { ...NORMAL, ...priv('r', '') },
  MPERM_R: NOTHING,
  MPERM_W: { write: true },
  MPERM_X: { execute: true },
  MPERM_UNPRIVILEGED: { user: true },
  MATTR_NON_SECURE: { nonSecure: true },
  MATTR_NON_GLOBAL: { global: false },
  MATTR_SHARED: { shareable: true },
  MATTR_MAY_MAP_L1_SECTION: NOTHING,
  MATTR_CACHE_OUTER_WB_WA: NORMAL,
  MATTR_CACHE_INNER_WB_WA: NORMAL,
  MATTR_CACHE_OUTER_WB_nWA: { memory: 'normal-wb-nwa' },
  MATTR_CACHE_INNER_WB_nWA: { memory: 'normal-wb-nwa' },
  MATTR_CACHE_OUTER_WT_nWA: { memory: 'normal-wt' },
  MATTR_CACHE_INNER_WT_nWA: { memory: 'normal-wt' },
};

/** `arch/arm/include/asm/armv8/mmu.h`. */
const U_BOOT: Readonly<Record<string, Change>> = {
  PTE_BLOCK_MEMTYPE: NOTHING,
  MT_NORMAL: NORMAL,
  MT_NORMAL_NC: UNCACHED,
  MT_DEVICE_NGNRNE: STRONGLY,
  MT_DEVICE_NGNRE: DEVICE,
  MT_DEVICE_GRE: DEVICE,
  PTE_BLOCK_NON_SHARE: { shareable: false },
  PTE_BLOCK_OUTER_SHARE: { shareable: true },
  PTE_BLOCK_INNER_SHARE: { shareable: true },
  PTE_BLOCK_PXN: { execute: false },
  PTE_BLOCK_UXN: { userExecute: false },
  PTE_BLOCK_NS: { nonSecure: true },
  PTE_BLOCK_NG: { global: false },
  PTE_BLOCK_AP_RO: { write: false },
  PTE_BLOCK_AF: NOTHING,
  PTE_TYPE_VALID: NOTHING,
};

/** The words of a dialect, and what a region is that says nothing. */
const DIALECTS: Readonly<
  Record<
    RegionDialect,
    { readonly words: Readonly<Record<string, Change>>; readonly plain: Change }
  >
> = {
  // TF-A never executes what is writable or a device; what is read-only executes unless told not to.
  'tf-a': { words: TF_A, plain: {} },
  zephyr: { words: ZEPHYR, plain: { execute: false } },
  'u-boot': { words: U_BOOT, plain: { write: true } },
};

/** What a region's words come to. */
export interface RegionTraits {
  readonly privileged: PrivilegeRights;
  readonly user: PrivilegeRights;
  readonly memory: string;
  readonly shareable: boolean;
  readonly nonSecure: boolean;
  readonly global: boolean;
}

/** What `words` of a dialect say; or those of them that are not known. */
export function traitsOf(
  words: readonly string[],
  dialect: RegionDialect,
): RegionTraits | { readonly unknown: readonly string[] } {
  const { words: known, plain } = DIALECTS[dialect];
  const unknown = words.filter((word) => !Object.hasOwn(known, word));
  if (unknown.length > 0) return { unknown };
  const traits: Traits = {
    memory: dialect === 'u-boot' ? 'normal-wbwa' : 'device',
    shareable: undefined,
    write: false,
    user: false,
    userWrite: undefined,
    execute: undefined,
    userExecute: undefined,
    nonSecure: false,
    global: true,
    ...plain,
  };
  for (const word of words) Object.assign(traits, known[word]);
  return settled(traits, dialect);
}

/** Fills in what was left open. */
function settled(traits: Traits, dialect: RegionDialect): RegionTraits {
  const { memory, write, user, nonSecure, global: isGlobal } = traits;
  const isNormal = memory.startsWith('normal');
  // What nobody says anything about: U-Boot executes all memory, the others what is read-only.
  const byDefault = isNormal && (dialect === 'u-boot' || !write);
  const execute = traits.execute ?? byDefault;
  const userWrite = user && (traits.userWrite ?? write);
  const userExecute = user && (traits.userExecute ?? execute);
  return {
    privileged: { read: true, write, execute },
    user: { read: user, write: userWrite, execute: userExecute },
    memory,
    // Armv8, for which these lists are, takes every device as shareable, whatever the bits say; TF-A
    // maps memory inner shareable unless told otherwise.
    shareable: !isNormal || (traits.shareable ?? dialect === 'tf-a'),
    nonSecure,
    global: isGlobal,
  };
}
