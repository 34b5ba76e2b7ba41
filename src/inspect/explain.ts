/**
 * `explain`: why an access faulted. Joins what the CPU told, in its fault registers or a kernel's
 * dump, with what the tables say: the gate that refused, the entry and its bits, the region, the
 * smallest change that would allow the access, and whether registers and tables agree; if they do not,
 * what that usually means.
 */

import { hex, hex0x, PAGE_BYTES } from '../base/index.js';
import {
  ACCESS_NAMES,
  Access,
  type FaultName,
  type FaultRegister,
  faultMeaning,
  isPrivileged,
} from '../format/index.js';
import { Sctlr, type Walk, walk } from '../machine/index.js';
import { AddressSpace, entryText, type SpaceInput } from './address-space.js';
import { type Agreement, agreementOf, areSwapped, bestWalk, toldBy } from './fault-agreement.js';
import { type Alternative, type Cause, causesOf, changesSince } from './fault-causes.js';
import { hintsFor } from './fault-hints.js';
import type { FaultReport } from './fault-report.js';
import { isLeaf } from './leaf-meaning.js';
import { type MapRow, mapRows } from './map-rows.js';
import type { Names } from './names.js';
import { Regions } from './regions.js';
import { type Remedy, smallestChange } from './remedy.js';
import { entryOf } from './walk-view.js';

/** Why an access faulted. */
export interface Explanation {
  readonly report: FaultReport;
  /** The address that faulted; undefined where nothing tells it. */
  readonly va: number | undefined;
  /** What the fault status register says, if there is one. */
  readonly reported: FaultRegister | undefined;
  /** The kind of fault that was reported, by the register or in words. */
  readonly fault: FaultName | undefined;
  /** The access that the walk is for: one of `Access`. */
  readonly access: number;
  /** Whether the privilege of the access is known. */
  readonly privilegeKnown: boolean;
  /** The walk for that access; undefined without an address. */
  readonly walk: Walk | undefined;
  /** What refused, by the tables: `AP of L2[0x21] …`; undefined where they allow the access. */
  readonly gate: string | undefined;
  /** The part of the map around the address, and the nearest mapped parts below and above. */
  readonly region: MapRow | undefined;
  readonly below: MapRow | undefined;
  readonly above: MapRow | undefined;
  readonly remedy: Remedy | undefined;
  /** Whether the tables give the fault that was reported. */
  readonly agreement: Agreement;
  readonly causes: readonly Cause[];
  /** What else meets the eye: a null pointer, a poison value, an address next to a region. */
  readonly hints: readonly string[];
}

/** Explains `report` by the tables of `input`. */
export function explainFault(
  input: SpaceInput,
  report: FaultReport,
  options: { readonly names?: Names; readonly alternatives?: readonly Alternative[] } = {},
): Explanation {
  const swapped = areSwapped(input, report);
  const told = toldBy(swapped ? { ...report, fsr: report.far, far: report.fsr } : report);
  const { reported, fault, accesses } = told;
  const va = told.report.far;
  const known = { report: told.report, va, reported, fault, privilegeKnown: accesses.length === 1 };
  const causes = swapped ? [swappedCause(told.report)] : [];
  if (va === undefined) {
    return { ...known, ...NOWHERE, causes, access: accesses[0] ?? Access.USER_READ };
  }
  const walk = bestWalk(input, va, told);
  const regions = new Regions(new AddressSpace(input));
  const around = surroundings(regions, va, options.names);
  causes.push(...causesOf(walk, told, options.alternatives ?? []));
  causes.push(...changesSince(input, told.report, va));
  return {
    ...known,
    access: walk.access,
    walk,
    gate: gateOf(walk) ?? otherGate(input, walk, fault),
    ...around,
    remedy: smallestChange(input, walk),
    agreement: agreementOf(walk, told),
    causes,
    hints: [...hintsFor(va, walk.fault !== undefined, around), ...domainHints(input, walk)],
  };
}

function swappedCause({ fsr, far }: FaultReport): Cause {
  const text =
    `${hex0x(fsr ?? 0)} must be the status and ${hex(far ?? 0)} the address: ` +
    'they were given the other way round';
  return { id: 'swapped', text };
}

const NOWHERE = {
  walk: undefined,
  gate: undefined,
  region: undefined,
  below: undefined,
  above: undefined,
  remedy: undefined,
  agreement: 'unknown',
  hints: [],
} as const;

/**
 * Linux takes the user's domain away while its kernel runs (CONFIG_CPU_SW_DOMAIN_PAN), and so do others:
 * what the user could reach with the domain as a client is memory that the kernel must copy.
 */
function domainHints(input: SpaceInput, { fault, va, access }: Walk): string[] {
  if (fault?.meaning.name !== 'domain' || !isPrivileged(access)) return [];
  const registers = { ...input.registers, dacr: ALL_CLIENTS };
  if (walk(input.reader, registers, input.profile, va, Access.USER_READ).fault !== undefined) {
    return [];
  }
  return [
    "user memory, whose domain is closed to the kernel: reach it by the kernel's own means for copying (copy_from_user, get_user)",
  ];
}

const ALL_CLIENTS = 0x5555_5555;

/** What refuses, in words: the entry and the bits in it. */
function gateOf(walk: Walk): string | undefined {
  const { fault } = walk;
  if (fault === undefined) return undefined;
  const step = walk.steps.at(-1);
  if (step === undefined) return fault.reason;
  return `${fault.reason} (${entryText(entryOf(step))})`;
}

/** What refuses where the tables do not. */
function otherGate(
  input: SpaceInput,
  walk: Walk,
  fault: FaultName | undefined,
): string | undefined {
  const { leaf, va } = walk;
  if (leaf === undefined) return undefined;
  if (fault === 'external' || fault === 'parity') {
    return `the memory or device at ${hex(leaf.pa)} answered with an error: no such device, no clock, or no right on the bus`;
  }
  if (fault !== 'alignment') return undefined;
  const { sctlr } = input.registers;
  if (leaf.type.kind !== 'normal') {
    return `${hex(va)} is ${leaf.type.kind} memory, which takes no unaligned access`;
  }
  return (sctlr & Sctlr.A) === 0
    ? `${hex(va)} is not aligned for LDRD, LDM, LDREX or their like, which must always be aligned`
    : `${hex(va)} is not aligned, and SCTLR.A wants every access aligned`;
}

function surroundings(
  regions: Regions,
  va: number,
  names: Names | undefined,
): Pick<Explanation, 'region' | 'below' | 'above'> {
  const at = regions.at(Math.floor(va / PAGE_BYTES));
  const rowAt = (region: number): MapRow | undefined => {
    if (region < 0 || region >= regions.count) return undefined;
    const from = (regions.pages[region] as number) * PAGE_BYTES;
    const to = from + (regions.lengths[region] as number) * PAGE_BYTES;
    const named = names === undefined ? {} : { names };
    const rows = [...mapRows(regions, { from, to, unfolded: true, ...named })];
    return region === at
      ? rows.find((row) => va < row.va + row.bytes)
      : rows.at(region < at ? -1 : 0);
  };
  const nearest = (step: -1 | 1): number => {
    let region = at + step;
    while (region >= 0 && region < regions.count && !isLeaf(regions.meaningOf[region] as number)) {
      region += step;
    }
    return region;
  };
  return { region: rowAt(at), below: rowAt(nearest(-1)), above: rowAt(nearest(1)) };
}

/** What was tried: `user write of 0x00058810`. */
export function attemptText(explanation: Explanation): string {
  const { access, privilegeKnown, va } = explanation;
  const name = ACCESS_NAMES[access] ?? '';
  const what = privilegeKnown ? name : (name.split(' ')[1] ?? '');
  return va === undefined ? `${what} of an unknown address` : `${what} of ${hex(va)}`;
}

/** The kind of fault that was reported, in words: `translation fault, page`. */
export function reportedText(explanation: Explanation): string | undefined {
  const { reported, fault } = explanation;
  if (reported !== undefined) return faultMeaning(reported.status).text;
  return fault === undefined ? undefined : `${fault} fault`;
}
