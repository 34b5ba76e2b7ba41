/**
 * The bits that say what a region asks for: AP, XN and PXN for its rights, TEX, C, B and S for its
 * memory type. They are found by asking the codec what each combination means, so that what is
 * written cannot differ from what is read.
 */
import {
  Access,
  CACHE_POLICIES,
  type CpuProfile,
  clientRights,
  type MemoryType,
  memoryType,
  memoryTypeName,
  type PermissionBits,
  rightsText,
} from '../format/index.js';
import type { LayoutMmu, LayoutRegion, PrivilegeRights } from './layout.js';

/** The bits of a leaf of a region, without address and domain. */
export interface RegionBits extends PermissionBits {
  readonly tex: number;
  readonly c: boolean;
  readonly b: boolean;
  readonly s: boolean;
  /** Six bits of `Right`: what a client of the domain may do. */
  readonly rights: number;
  readonly type: MemoryType;
}

/** The memory types that a layout can ask for, by the names that the map shows. */
export const MEMORY_NAMES: readonly string[] = [
  'strongly',
  'device',
  ...CACHE_POLICIES.map((policy) => `normal-${policy}`),
  ...CACHE_POLICIES.flatMap((inner) =>
    CACHE_POLICIES.filter((outer) => outer !== inner).map((outer) => `normal-i${inner}-o${outer}`),
  ),
];

/** Six bits of `Right` for what a region asks for. */
export function wantedRights({
  privileged,
  user,
}: Pick<LayoutRegion, 'privileged' | 'user'>): number {
  return threeBits(privileged) | (threeBits(user) << Access.USER_READ);
}

function threeBits({ read, write, execute }: PrivilegeRights): number {
  return (read ? 1 : 0) | (write ? 2 : 0) | (execute ? 4 : 0);
}

/** Every combination of AP, XN and PXN that a layout may use, the plainest first. */
function permissionChoices(mmu: LayoutMmu, profile: CpuProfile): PermissionBits[] {
  // AP 100 is reserved and 110 deprecated; with AFE bit 0 is the access flag, which must be set.
  const aps = mmu.accessFlag ? [1, 3, 5, 7] : [1, 2, 3, 5, 7];
  const choices: PermissionBits[] = [];
  for (const pxn of profile.hasPxn ? [false, true] : [false]) {
    for (const xn of [true, false]) for (const ap of aps) choices.push({ ap, xn, pxn });
  }
  return choices;
}

function rightsOfBits(bits: PermissionBits, mmu: LayoutMmu): number {
  return clientRights(bits, { afe: mmu.accessFlag, wxn: false, uwxn: false });
}

/** AP, XN and PXN that give exactly these rights; undefined where no descriptor says them. */
export function permissionBits(
  rights: number,
  mmu: LayoutMmu,
  profile: CpuProfile,
): PermissionBits | undefined {
  return permissionChoices(mmu, profile).find((bits) => rightsOfBits(bits, mmu) === rights);
}

/** The rights nearest to `rights` that a descriptor can say: `PL1 r-x PL0 r-x`. */
export function nearestRights(rights: number, mmu: LayoutMmu, profile: CpuProfile): string[] {
  const offered = new Set(permissionChoices(mmu, profile).map((bits) => rightsOfBits(bits, mmu)));
  const distances = [...offered].map((each) => ({ each, far: bitCount(each ^ rights) }));
  const least = Math.min(...distances.map(({ far }) => far));
  return distances.filter(({ far }) => far === least).map(({ each }) => bothRights(each));
}

/** Rights of both privileges: `PL1 rw- PL0 ---`. */
export function bothRights(rights: number): string {
  return `PL1 ${rightsText(rights, true)} PL0 ${rightsText(rights, false)}`;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** TEX, C, B and S that name a memory type; undefined where none do under these registers. */
export function typeBits(
  name: string,
  shareable: boolean,
  mmu: LayoutMmu,
): Pick<RegionBits, 'tex' | 'c' | 'b' | 's' | 'type'> | undefined {
  const remap = { tre: mmu.texRemap, prrr: mmu.prrr, nmrr: mmu.nmrr };
  // With TEX remap software keeps TEX[2:1] for itself: they stay 0.
  for (let texCb = 0; texCb < (mmu.texRemap ? 8 : 32); texCb += 1) {
    for (const s of [shareable, !shareable]) {
      const type = memoryType(texCb, s, remap);
      const shared = type.shareability !== 'none';
      if (memoryTypeName(type) !== name || shared !== shareable) continue;
      return { tex: texCb >>> 2, c: (texCb & 2) !== 0, b: (texCb & 1) !== 0, s, type };
    }
  }
  return undefined;
}

/**
 * PRRR and NMRR under which TEX[0], C and B name what they name without remap, and S makes normal
 * memory outer shareable; so the same tables mean the same with SCTLR.TRE set and clear.
 */
export const PLAIN_REMAP: { readonly prrr: number; readonly nmrr: number } = plainRemap();

function plainRemap(): { prrr: number; nmrr: number } {
  const kinds = ['strongly', 'device', 'normal'];
  // Bits 17, 16: Device memory is shareable, whatever S says; 19: normal memory is where S is set.
  let prrr = 0b1011 << 16;
  let nmrr = 0;
  for (let index = 0; index < 8; index += 1) {
    const type = memoryType(index, false, { tre: false, prrr: 0, nmrr: 0 });
    prrr |= Math.max(0, kinds.indexOf(type.kind)) << (2 * index);
    const policies =
      CACHE_POLICIES.indexOf(type.inner) | (CACHE_POLICIES.indexOf(type.outer) << 16);
    nmrr |= policies << (2 * index);
  }
  return { prrr: prrr >>> 0, nmrr: nmrr >>> 0 };
}
