/**
 * A table walk with all its evidence: every entry that was read, what it says, and the verdict. The
 * tools that read dumps use it as it is; the machine uses it to explain a fault after the fact.
 *
 * The order of the checks is the manual's (Arm ARM B3.12.3): external abort on the walk and
 * translation at each level, then access flag, domain, permission. QEMU 7.2 departs from it where
 * two gates would refuse: it looks at the domain before the level-2 entry and before the access flag,
 * at XN before the access flag, and asks no manager for the access flag.
 */

import {
  ACCESS_NAMES,
  Access,
  accessFlagSet,
  attributesOf,
  type CpuProfile,
  type Descriptor,
  DOMAIN_ACCESS_NAMES,
  DomainAccess,
  decode,
  dfsrOf,
  domainAccess,
  effectiveRights,
  type FaultMeaning,
  FaultStatus,
  faultMeaning,
  ifsrOf,
  isFetch,
  isWrite,
  KIND_NAMES,
  Kind,
  type KindName,
  kindOf,
  type LeafAttributes,
  leafShape,
  leafTexCb,
  type MemoryType,
  memoryType,
  pageFrameOf,
  SHORT_DESCRIPTORS,
  tableAttributesOf,
  tableIndex,
  tableKibibyteOf,
} from '../format/index.js';
import { EXTERNAL_ABORT } from './physical-memory.js';
import {
  permissionControls,
  type RootTable,
  remapRegisters,
  requireShortFormat,
  rootTable,
  Sctlr,
  type TranslationRegisters,
} from './registers.js';
import type { WordReader } from './table-walker.js';

/** One entry that the walk read. */
export interface WalkStep {
  readonly level: number;
  /** The index of the entry in its table. */
  readonly index: number;
  /** The physical address of the entry. */
  readonly entryAddress: number;
  /** The entry, or undefined where nothing answers at its address. */
  readonly word: number | undefined;
  readonly kind: number;
  readonly descriptor: Descriptor | undefined;
}

/** What maps the address. */
export interface WalkLeaf {
  /** The physical address of the byte that was asked for. */
  readonly pa: number;
  /** `flat` when the MMU is off. */
  readonly kind: KindName | 'flat';
  /** The size of the leaf. */
  readonly bytes: number;
  readonly type: MemoryType;
  /** Permissions and flags, those that pages have from their table entry among them. */
  readonly attributes: LeafAttributes;
  /** What the DACR says of the domain: one of `DomainAccess`. */
  readonly domainAccess: number;
  /** Six bits of `Right`: what may be done, after AP, AFE, XN, PXN and the domain. */
  readonly rights: number;
  /** Whether the access flag forbids every use of the leaf. */
  readonly accessFlagFault: boolean;
}

/** Why the access was refused. */
export interface WalkFault {
  /** FS[4:0]. */
  readonly status: number;
  readonly meaning: FaultMeaning;
  /** The domain, 0 where the fault has none. */
  readonly domain: number;
  /** The fault status register: DFSR for reads and writes, IFSR for fetches. */
  readonly fsr: number;
  /** What refused, in words: which entry or bits, and what they hold. */
  readonly reason: string;
}

/** A walk, step by step. */
export interface Walk {
  readonly va: number;
  /** One of `Access`. */
  readonly access: number;
  /** The table that the walk began in; undefined when the MMU is off. */
  readonly root: RootTable | undefined;
  readonly steps: readonly WalkStep[];
  /** What maps the address, even where this access is refused; undefined if nothing does. */
  readonly leaf: WalkLeaf | undefined;
  /** Why the access is refused; undefined when it is allowed. */
  readonly fault: WalkFault | undefined;
}

/** The fault `status` of an access, with the fault status register that it sets. */
export function walkFault(
  status: number,
  domain: number,
  access: number,
  reason: string,
): WalkFault {
  const fsr = isFetch(access) ? ifsrOf(status) : dfsrOf(status, domain, isWrite(access));
  return { status, meaning: faultMeaning(status), domain, fsr, reason };
}

/**
 * Translates `va` as the CPU `profile` with these registers would, for one `access`.
 *
 * Errors: MACHINE_ERR_REGISTER — TTBCR.EAE is set: these are not short descriptors.
 */
export function walk(
  reader: WordReader,
  registers: TranslationRegisters,
  profile: CpuProfile,
  va: number,
  access: number,
): Walk {
  requireShortFormat(registers.ttbcr);
  if ((registers.sctlr & Sctlr.M) === 0) return flatWalk(registers, va, access);
  const root = rootTable(registers, va);
  const steps: WalkStep[] = [];
  const refuse = (status: number, domain: number, reason: string, leaf?: WalkLeaf): Walk => {
    const fault = walkFault(status, domain, access, reason);
    return { va, access, root, steps, leaf, fault };
  };
  if (root.disabled) {
    const bit = root.register === 'TTBR0' ? 'PD0' : 'PD1';
    const reason = `TTBCR.${bit} forbids walks by ${root.register}`;
    return refuse(FaultStatus.TRANSLATION_L1, 0, reason);
  }

  const first = readEntry(reader, profile, 1, root.base, va);
  steps.push(first);
  if (first.word === undefined) {
    return refuse(FaultStatus.EXTERNAL_WALK_L1, 0, 'nothing answers where the L1 entry would be');
  }
  if (first.kind === Kind.FAULT || first.kind === Kind.RESERVED) {
    const what = first.kind === Kind.FAULT ? 'a fault entry' : 'of the reserved type 11';
    return refuse(FaultStatus.TRANSLATION_L1, 0, `the L1 entry is ${what}`);
  }
  let attributes = attributesOf(first.kind, first.word);
  let last = first;
  if (first.kind === Kind.TABLE) {
    const table = tableAttributesOf(first.word);
    const second = readEntry(reader, profile, 2, tableKibibyteOf(first.word) * 1024, va);
    steps.push(second);
    if (second.word === undefined) {
      const reason = 'nothing answers where the L2 entry would be';
      return refuse(FaultStatus.EXTERNAL_WALK_L2, table.domain, reason);
    }
    if (second.kind === Kind.FAULT) {
      return refuse(FaultStatus.TRANSLATION_L2, table.domain, 'the L2 entry is a fault entry');
    }
    const { domain, ns } = table;
    const pxn = table.pxn && profile.hasPxn;
    attributes = { ...attributesOf(second.kind, second.word), domain, ns, pxn };
    last = second;
  }
  const leaf = leafOf(last, attributes, registers, profile, va);
  const refusal = refusalOf(leaf, last.level, access);
  if (refusal === undefined) return { va, access, root, steps, leaf, fault: undefined };
  return refuse(refusal.status, attributes.domain, refusal.reason, leaf);
}

function readEntry(
  reader: WordReader,
  profile: CpuProfile,
  level: 1 | 2,
  table: number,
  va: number,
): WalkStep {
  const index = tableIndex(SHORT_DESCRIPTORS.levels[level - 1], va);
  const entryAddress = table + index * SHORT_DESCRIPTORS.entryBytes;
  const word = reader.readWord(entryAddress);
  if (word === EXTERNAL_ABORT) {
    return {
      level,
      index,
      entryAddress,
      word: undefined,
      kind: Kind.FAULT,
      descriptor: undefined,
    };
  }
  const kind = kindOf(level, word, profile.hasPxn);
  return { level, index, entryAddress, word, kind, descriptor: decode(level, word, profile) };
}

function leafOf(
  step: WalkStep,
  attributes: LeafAttributes,
  registers: TranslationRegisters,
  profile: CpuProfile,
  va: number,
): WalkLeaf {
  const word = step.word ?? 0;
  const { bytes } = leafShape(step.kind);
  const controls = permissionControls(registers.sctlr, profile);
  const allowed = domainAccess(registers.dacr, attributes.domain);
  const flag = accessFlagSet(attributes.ap, controls.afe);
  return {
    pa: pageFrameOf(step.kind, word) * 4096 + (va % bytes),
    kind: KIND_NAMES[step.kind],
    bytes,
    type: memoryType(leafTexCb(step.kind, word), attributes.s, remapRegisters(registers)),
    attributes,
    domainAccess: allowed,
    rights: flag ? effectiveRights(attributes, controls, allowed) : 0,
    accessFlagFault: !flag,
  };
}

/** The first gate that refuses `access` to a leaf of `level`, with the reason; or undefined. */
function refusalOf(
  leaf: WalkLeaf,
  level: number,
  access: number,
): { readonly status: number; readonly reason: string } | undefined {
  const page = level === 2;
  const { ap, domain, xn, pxn } = leaf.attributes;
  const apText = `AP is ${ap.toString(2).padStart(3, '0')}`;
  if (leaf.accessFlagFault) {
    const status = page ? FaultStatus.ACCESS_FLAG_L2 : FaultStatus.ACCESS_FLAG_L1;
    return { status, reason: `${apText}: the access flag AP[0] is clear` };
  }
  if (leaf.domainAccess !== DomainAccess.CLIENT && leaf.domainAccess !== DomainAccess.MANAGER) {
    const status = page ? FaultStatus.DOMAIN_L2 : FaultStatus.DOMAIN_L1;
    const reason = `the DACR gives domain ${domain} ${DOMAIN_ACCESS_NAMES[leaf.domainAccess]}`;
    return { status, reason };
  }
  if (((leaf.rights >>> access) & 1) === 1) return undefined;
  const status = page ? FaultStatus.PERMISSION_L2 : FaultStatus.PERMISSION_L1;
  const never = access === Access.PRIVILEGED_FETCH && pxn ? 'PXN is set' : 'XN is set';
  const mayRead =
    ((leaf.rights >>> (access === Access.USER_FETCH ? Access.USER_READ : 0)) & 1) === 1;
  if (isFetch(access) && mayRead) {
    const bit = xn || (access === Access.PRIVILEGED_FETCH && pxn);
    return { status, reason: bit ? never : 'SCTLR forbids to execute what is writable' };
  }
  return { status, reason: `${apText}: no ${ACCESS_NAMES[access]}` };
}

const FLAT_ATTRIBUTES: LeafAttributes = {
  ap: 0b011,
  xn: false,
  pxn: false,
  tex: 0,
  c: false,
  b: false,
  s: true,
  ng: false,
  ns: false,
  domain: 0,
};

/** With the MMU off an address is its own translation (Arm ARM B3.2.1). */
function flatWalk(registers: TranslationRegisters, va: number, access: number): Walk {
  const cached = (registers.sctlr & Sctlr.I) !== 0;
  const policy = cached ? 'wt' : 'nc';
  const type: MemoryType = isFetch(access)
    ? { kind: 'normal', inner: policy, outer: policy, shareability: 'none' }
    : { kind: 'strongly', inner: 'nc', outer: 'nc', shareability: 'outer' };
  const leaf: WalkLeaf = {
    pa: va,
    kind: 'flat',
    bytes: 2 ** 32,
    type,
    attributes: FLAT_ATTRIBUTES,
    domainAccess: DomainAccess.MANAGER,
    rights: effectiveRights(
      FLAT_ATTRIBUTES,
      { afe: false, wxn: false, uwxn: false },
      DomainAccess.MANAGER,
    ),
    accessFlagFault: false,
  };
  return { va, access, root: undefined, steps: [], leaf, fault: undefined };
}
