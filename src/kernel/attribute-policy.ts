/**
 * Which bits an entry gets: a policy is a value that turns the flags of a mapping into descriptor
 * attributes. The kernel works a policy out once into a table of words and never asks it again.
 */
import {
  type CpuProfile,
  Kind,
  type LeafAttributes,
  leafPattern,
  NO_ATTRIBUTES,
  SHORT_DESCRIPTORS,
  type TableAttributes,
  tablePattern,
} from '../format/index.js';
import { Rights } from './capability-types.js';

/** What a mapping asks of the kernel (Barrelfish `KPI_PAGING_FLAGS_*`, and three of ours). */
export const PagingFlags = {
  READ: 1,
  WRITE: 2,
  EXECUTE: 4,
  NOCACHE: 8,
  /** Ours: normal memory without caches, so that writes may merge. */
  WRITE_COMBINING: 16,
  /** Ours: the next use of the leaf shall fault: its access flag is clear, or it gives no rights. */
  OLD: 32,
  /** Ours: the larger of the two leaves of the level: a large page, a supersection. */
  LARGER_LEAF: 64,
} as const;

/** The flags that decide the attributes of an entry. */
export const ATTRIBUTE_FLAGS = 63;

/** The bits of the entries that a kernel writes. */
export interface AttributePolicy {
  readonly name: string;
  /** The attributes of a leaf of `kind` for the flags; `device` for what a DevFrame backs. */
  leaf(kind: number, flags: number, device: boolean): LeafAttributes;
  /** The attributes of an L1 entry that points to an L2 table. */
  readonly table: TableAttributes;
  /** Those of the L1 entry `entry` alone, where they are not the same for all entries. */
  tableAt?(entry: number): TableAttributes;
  /** The rights that entries with these flags really give, as {@link Rights}. */
  granted(flags: number): number;
  /** Whether leaves match every ASID (nG = 0), so that maintenance by ASID does not reach them. */
  readonly global: boolean;
  /** Whether AP[0] is the access flag, so that the kernel has to set SCTLR.AFE. */
  readonly accessFlag?: boolean;
}

/** AP[2:0] with SCTLR.AFE = 0 (Arm ARM B3.7.1). */
const AP = {
  NONE: 0b000,
  PRIVILEGED_READ_WRITE: 0b001,
  USER_READ_ONLY: 0b010,
  READ_WRITE: 0b011,
  READ_ONLY: 0b111,
};

/**
 * The original's words bit for bit (`kernel/arch/armv7/paging.c`): AP 2 for READ, 3 for WRITE, cached
 * unless NOCACHE, always buffered, never XN, TEX 0, global. EXECUTE and DevFrame change nothing.
 */
export const originalPolicy: AttributePolicy = {
  name: 'original',
  leaf(_kind, flags) {
    const { READ, WRITE, NOCACHE } = PagingFlags;
    const ap =
      (flags & WRITE) !== 0 ? AP.READ_WRITE : (flags & READ) !== 0 ? AP.USER_READ_ONLY : AP.NONE;
    return { ...NO_ATTRIBUTES, ap, c: (flags & NOCACHE) === 0, b: true };
  },
  table: { domain: 0, pxn: false, ns: false },
  granted(flags) {
    const { READ, WRITE, EXECUTE } = Rights;
    if ((flags & PagingFlags.WRITE) !== 0) return READ | WRITE | EXECUTE;
    return (flags & PagingFlags.READ) !== 0 ? READ | EXECUTE : 0;
  },
  global: true,
};

/**
 * What is right today: XN for what is not executable, PXN where the CPU has it (the kernel never
 * runs a domain's code), read-only for both privileges, Device memory for device frames, normal
 * write-back write-allocate memory otherwise, entries bound to their ASID.
 *
 *     flags              TEX C B   memory
 *     –                  001 1 1   normal, write-back write-allocate
 *     WRITE_COMBINING    001 0 0   normal, not cached
 *     NOCACHE            000 0 0   strongly ordered
 *     (DevFrame)         000 0 1   shareable device; with NOCACHE strongly ordered
 */
export function defaultPolicy(profile: CpuProfile): AttributePolicy {
  return {
    name: 'default',
    leaf(kind, flags, device) {
      const { READ, WRITE, EXECUTE, NOCACHE, WRITE_COMBINING, OLD } = PagingFlags;
      const readable = (flags & (READ | EXECUTE)) !== 0;
      const rights = (flags & WRITE) !== 0 ? AP.READ_WRITE : readable ? AP.READ_ONLY : AP.NONE;
      const ap = (flags & OLD) !== 0 ? AP.NONE : rights;
      const uncached = (flags & NOCACHE) !== 0;
      const normal = !device && !uncached;
      const cached = normal && (flags & WRITE_COMBINING) === 0;
      return {
        ...NO_ATTRIBUTES,
        ap,
        xn: device || (flags & EXECUTE) === 0,
        pxn: profile.hasPxn && (kind === Kind.SECTION || kind === Kind.SUPERSECTION),
        tex: normal ? 0b001 : 0b000,
        c: cached,
        b: cached || (device && !uncached),
        ng: true,
      };
    },
    table: { domain: 0, pxn: profile.hasPxn, ns: false },
    granted(flags) {
      const { READ, WRITE, EXECUTE } = Rights;
      const execute = (flags & PagingFlags.EXECUTE) !== 0 ? READ | EXECUTE : 0;
      if ((flags & PagingFlags.WRITE) !== 0) return READ | WRITE | execute;
      return ((flags & PagingFlags.READ) !== 0 ? READ : 0) | execute;
    },
    global: false,
  };
}

/**
 * As {@link defaultPolicy}, for a CPU that runs with SCTLR.AFE: AP[0] is the access flag, and OLD
 * clears it and leaves the rights, which AP[2:1] give, alone (Arm ARM B3.7.1, B3.7.2).
 */
export function accessFlagPolicy(profile: CpuProfile): AttributePolicy {
  const plain = defaultPolicy(profile);
  return {
    ...plain,
    name: 'access-flag',
    leaf(kind, flags, device) {
      const leaf = plain.leaf(kind, flags & ~PagingFlags.OLD, device);
      return (flags & PagingFlags.OLD) === 0 ? leaf : { ...leaf, ap: leaf.ap & ~ACCESS_FLAG };
    },
    accessFlag: true,
  };
}

/** AP[0] under SCTLR.AFE. */
const ACCESS_FLAG = 0b001;

/** Leaf kinds in the order of the table of words. */
const LEAF_KINDS = [Kind.SECTION, Kind.SUPERSECTION, Kind.LARGE, Kind.SMALL];
const FLAG_SETS = ATTRIBUTE_FLAGS + 1;
const ROOT_ENTRIES = SHORT_DESCRIPTORS.levels[0].entries;

/** A policy worked out: every word that the kernel can write, without its address. */
export class AttributeWords {
  readonly policy: AttributePolicy;
  /** The word of each L1 entry that points to a table, without the address; or of all of them. */
  private readonly tables: Uint32Array;
  private readonly leaves = new Uint32Array(2 * 8 * FLAG_SETS);
  /** The rights that entries with each set of flags give. */
  readonly rights = new Uint8Array(FLAG_SETS);
  /** The word of a small page of a frame for each set of flags, without the address. */
  readonly smallPages = new Uint32Array(FLAG_SETS);

  constructor(policy: AttributePolicy) {
    this.policy = policy;
    const { table, tableAt } = policy;
    this.tables =
      tableAt === undefined
        ? new Uint32Array(ROOT_ENTRIES).fill(tablePattern(table))
        : Uint32Array.from({ length: ROOT_ENTRIES }, (_, entry) => tablePattern(tableAt(entry)));
    for (let flags = 0; flags < FLAG_SETS; flags += 1) {
      this.rights[flags] = policy.granted(flags);
      for (const kind of LEAF_KINDS) {
        this.leaves[kind * FLAG_SETS + flags] = leafPattern(kind, policy.leaf(kind, flags, false));
        this.leaves[(8 + kind) * FLAG_SETS + flags] = leafPattern(
          kind,
          policy.leaf(kind, flags, true),
        );
      }
      this.smallPages[flags] = this.leaf(Kind.SMALL, flags, false);
    }
  }

  /** The word of the L1 entry `entry` that points to a table, without the address. */
  table(entry: number): number {
    return this.tables[entry];
  }

  /** The word of a leaf of `kind`, without the address. */
  leaf(kind: number, flags: number, device: boolean): number {
    return this.leaves[((device ? 8 : 0) + kind) * FLAG_SETS + (flags & ATTRIBUTE_FLAGS)];
  }

  /** The rights that entries with `flags` give. */
  granted(flags: number): number {
    return this.rights[flags & ATTRIBUTE_FLAGS];
  }
}
