/**
 * What differs between ARMv7-A processors as far as translation tables can tell.
 */

/** One processor. */
export interface CpuProfile {
  readonly name: string;
  /** Whether tables have PXN; without it level-1 type `11` is reserved (Arm ARM B3.5.1). */
  readonly hasPxn: boolean;
  /**
   * Whether the Virtualization Extensions are there: SCTLR.WXN and UWXN exist, and an unaligned
   * access to Device or Strongly-ordered memory is an alignment fault (Arm ARM A3.2.2, B3.7.2).
   */
  readonly hasVirtualization: boolean;
  /** The geometry of its main TLB. */
  readonly tlbSets: number;
  readonly tlbWays: number;
}

/** Cortex-A7: 256 entries in two ways. */
export const cortexA7: CpuProfile = {
  name: 'cortex-a7',
  hasPxn: true,
  hasVirtualization: true,
  tlbSets: 128,
  tlbWays: 2,
};

/** Cortex-A9: 128 entries in two ways, no PXN. */
export const cortexA9: CpuProfile = {
  name: 'cortex-a9',
  hasPxn: false,
  hasVirtualization: false,
  tlbSets: 64,
  tlbWays: 2,
};

/** Cortex-A15: 512 entries in four ways. */
export const cortexA15: CpuProfile = {
  name: 'cortex-a15',
  hasPxn: true,
  hasVirtualization: true,
  tlbSets: 128,
  tlbWays: 4,
};

/** Every profile, by name. */
export const CPU_PROFILES: Readonly<Record<string, CpuProfile>> = {
  [cortexA7.name]: cortexA7,
  [cortexA9.name]: cortexA9,
  [cortexA15.name]: cortexA15,
};
