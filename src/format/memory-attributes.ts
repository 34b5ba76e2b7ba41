/**
 * Memory types: what TEX, C, B and S of a leaf mean (Arm ARM B3.8).
 *
 * With SCTLR.TRE = 0 the five bits name the type themselves. With TRE = 1 software keeps TEX[2:1]
 * for itself, and TEX[0], C and B choose one of eight types that PRRR and NMRR define.
 */

/** How a cache treats normal memory; the order is the Arm encoding of two bits. */
export const CACHE_POLICIES = ['nc', 'wbwa', 'wt', 'wb-nwa'] as const;

/** Non-cacheable, write-back write-allocate, write-through, write-back without write-allocate. */
export type CachePolicy = (typeof CACHE_POLICIES)[number];

/** What kind of memory it is. A reserved encoding is unpredictable on hardware. */
export type MemoryKind = 'strongly' | 'device' | 'normal' | 'reserved';

/** Which observers share the memory; without TEX remap shareable means outer shareable. */
export type Shareability = 'none' | 'inner' | 'outer';

/** A memory type with its shareability. */
export interface MemoryType {
  readonly kind: MemoryKind;
  /** The policy of the inner caches; `nc` for everything but normal memory. */
  readonly inner: CachePolicy;
  /** The policy of the outer caches; `nc` for everything but normal memory. */
  readonly outer: CachePolicy;
  readonly shareability: Shareability;
}

/** The registers that give TEX, C and B their meaning. */
export interface RemapRegisters {
  /** SCTLR.TRE: whether PRRR and NMRR are used. */
  readonly tre: boolean;
  readonly prrr: number;
  readonly nmrr: number;
}

/** TEX, C and B of a leaf: the values that name a memory type. */
export interface TypeFields {
  readonly tex: number;
  readonly c: boolean;
  readonly b: boolean;
}

/**
 * What TEX C B name without remap, at the number of the five bits; 1xxxx, where they name the outer
 * and the inner policy, is worked out (Arm ARM table B3-10). A type has its own shareability where
 * S does not decide it.
 */
const WITHOUT_REMAP: readonly (readonly [MemoryKind, CachePolicy, Shareability?])[] = [
  ['strongly', 'nc', 'outer'],
  ['device', 'nc', 'outer'],
  ['normal', 'wt'],
  ['normal', 'wb-nwa'],
  ['normal', 'nc'],
  ['reserved', 'nc'],
  ['reserved', 'nc'],
  ['normal', 'wbwa'],
  ['device', 'nc', 'none'],
  ['reserved', 'nc'],
  ['reserved', 'nc'],
  ['reserved', 'nc'],
  ['reserved', 'nc'],
  ['reserved', 'nc'],
  ['reserved', 'nc'],
  ['reserved', 'nc'],
];

/** PRRR.TRn. */
const REMAPPED_KINDS = ['strongly', 'device', 'normal', 'reserved'] as const;

// PRRR bits: what S = 0 means; S = 1 is the next bit.
const PRRR_DS0_SHIFT = 16;
const PRRR_NS0_SHIFT = 18;
const PRRR_NOS_SHIFT = 24;
const NMRR_OUTER_SHIFT = 16;

/**
 * The memory type of a leaf.
 *
 * @param texCb TEX, C and B as five bits, TEX highest.
 * @param s the S bit of the leaf.
 */
export function memoryType(texCb: number, s: boolean, remap: RemapRegisters): MemoryType {
  return remap.tre ? remappedType(texCb & 7, s, remap) : typeWithoutRemap(texCb, s);
}

function typeWithoutRemap(texCb: number, s: boolean): MemoryType {
  const byS = s ? 'outer' : 'none';
  if (texCb >= 0b10000) {
    const outer = CACHE_POLICIES[(texCb >>> 2) & 3];
    return { kind: 'normal', inner: CACHE_POLICIES[texCb & 3], outer, shareability: byS };
  }
  const [kind, policy, shareability] = WITHOUT_REMAP[texCb];
  return { kind, inner: policy, outer: policy, shareability: shareability ?? byS };
}

function remappedType(index: number, s: boolean, remap: RemapRegisters): MemoryType {
  const { prrr, nmrr } = remap;
  const kind = REMAPPED_KINDS[(prrr >>> (2 * index)) & 3];
  const normal = kind === 'normal';
  const inner = normal ? CACHE_POLICIES[(nmrr >>> (2 * index)) & 3] : 'nc';
  const outer = normal ? CACHE_POLICIES[(nmrr >>> (NMRR_OUTER_SHIFT + 2 * index)) & 3] : 'nc';
  const shift = (normal ? PRRR_NS0_SHIFT : PRRR_DS0_SHIFT) + (s ? 1 : 0);
  const shared = kind === 'strongly' || ((prrr >>> shift) & 1) === 1;
  const notOuter = kind !== 'strongly' && ((prrr >>> (PRRR_NOS_SHIFT + index)) & 1) === 1;
  const shareability = shared ? (notOuter ? 'inner' : 'outer') : 'none';
  return { kind, inner, outer, shareability };
}

/**
 * The short name of a type: `strongly`, `device`, `reserved`, `normal-nc`, `normal-wt`,
 * `normal-wbwa`, `normal-wb-nwa`, or `normal-iwbwa-onc` where inner and outer policy differ.
 */
export function memoryTypeName(type: MemoryType): string {
  if (type.kind !== 'normal') return type.kind;
  return type.inner === type.outer
    ? `normal-${type.inner}`
    : `normal-i${type.inner}-o${type.outer}`;
}

/** Whether two types are the same memory: kind, both policies and shareability. */
export function sameMemoryType(left: MemoryType, right: MemoryType): boolean {
  return (
    left.kind === right.kind &&
    left.inner === right.inner &&
    left.outer === right.outer &&
    left.shareability === right.shareability
  );
}

/**
 * TEX, C and B of the common types without remap. Linux's PRRR and NMRR, and every set-up that
 * follows them, give the first seven of the eight remapped types the same meaning.
 */
export const TYPE_FIELDS = {
  strongly: { tex: 0, c: false, b: false },
  device: { tex: 0, c: false, b: true },
  'normal-nc': { tex: 1, c: false, b: false },
  'normal-wt': { tex: 0, c: true, b: false },
  'normal-wb-nwa': { tex: 0, c: true, b: true },
  'normal-wbwa': { tex: 1, c: true, b: true },
} as const satisfies Record<string, TypeFields>;

/** A type that {@link TYPE_FIELDS} has the fields of. */
export type CommonTypeName = keyof typeof TYPE_FIELDS;
