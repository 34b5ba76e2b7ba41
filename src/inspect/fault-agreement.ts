/**
 * What was told of a fault, and whether the tables would give just that.
 */

import { PAGE_BYTES } from '../base/index.js';
import {
  Access,
  decodeDfsr,
  decodeIfsr,
  type FaultName,
  type FaultRegister,
} from '../format/index.js';
import type { Walk } from '../machine/index.js';
import type { SpaceInput } from './address-space.js';
import type { FaultReport } from './fault-report.js';
import { walkAddress } from './walk-view.js';

/** A report with what its status says. */
export interface ToldFault {
  readonly report: FaultReport;
  readonly reported: FaultRegister | undefined;
  /** The kind of fault, by the register or in words. */
  readonly fault: FaultName | undefined;
  /** The accesses that may have been made, of `Access`: two where the privilege is not known. */
  readonly accesses: readonly number[];
}

/** Whether the tables give the fault that was told; unknown where there is nothing to compare. */
export type Agreement = 'agree' | 'disagree' | 'unknown';

/** Faults that the tables decide about; the others come from elsewhere, and tables cannot deny them. */
const TABLE_FAULTS: ReadonlySet<FaultName> = new Set([
  'translation',
  'access-flag',
  'domain',
  'permission',
]);
/** Faults after which DFAR means nothing. */
export const WITHOUT_ADDRESS: ReadonlySet<FaultName> = new Set([
  'asynchronous-external',
  'asynchronous-parity',
  'debug',
]);
/** Bits that a fault status register has: anything above is no such register. */
const STATUS_BITS = 0x3fff;

/** What `report` tells. */
export function toldBy(report: FaultReport): ToldFault {
  const reported = statusOf(report);
  const fault = reported?.meaning.name ?? report.fault;
  return { report, reported, fault, accesses: accessesOf(report, reported) };
}

/** Whether DFSR names the domain of the tables; an IFSR, and some faults, name none. */
function sameDomain(domain: number, { report, reported }: ToldFault): boolean {
  const named = reported?.meaning.hasDomain === true && report.kind === 'data';
  return !named || reported.domain === domain;
}

/** Whether status and address were given in the wrong order: only the other order makes sense. */
export function areSwapped(input: SpaceInput, report: FaultReport): boolean {
  const { fsr, far } = report;
  if (fsr === undefined || far === undefined) return false;
  const fits = (status: number): boolean =>
    status <= STATUS_BITS && decodeDfsr(status).meaning.name !== 'reserved';
  if (!fits(far)) return false;
  if (!fits(fsr)) return true;
  // Both could be either: the tables decide, where they give the one and not the other.
  const gives = (status: number, address: number): boolean => {
    const told = toldBy({ ...report, fsr: status, far: address });
    return agreementOf(bestWalk(input, address, told), told) === 'agree';
  };
  return !gives(fsr, far) && gives(far, fsr) && fsr >= PAGE_BYTES;
}

function statusOf(report: FaultReport): FaultRegister | undefined {
  if (report.fsr === undefined) return undefined;
  return report.kind === 'data' ? decodeDfsr(report.fsr) : decodeIfsr(report.fsr);
}

/** The accesses that may have been made: two where the privilege is not known. */
function accessesOf(report: FaultReport, reported: FaultRegister | undefined): number[] {
  const write = reported?.write ?? report.write ?? false;
  const [privileged, user] =
    report.kind === 'prefetch'
      ? [Access.PRIVILEGED_FETCH, Access.USER_FETCH]
      : write
        ? [Access.PRIVILEGED_WRITE, Access.USER_WRITE]
        : [Access.PRIVILEGED_READ, Access.USER_READ];
  if (report.privileged === undefined) return [user, privileged];
  return [report.privileged ? privileged : user];
}

/** The walk whose fault is the told one; else one that faults; else the first. */
export function bestWalk(input: SpaceInput, va: number, told: ToldFault): Walk {
  const walks = told.accesses.map((access) => walkAddress(input, va, access));
  return (
    walks.find((walk) => agreementOf(walk, told) === 'agree') ??
    walks.find((walk) => walk.fault !== undefined) ??
    (walks[0] as Walk)
  );
}

/** Whether `walk` ends as it was told. */
export function agreementOf(walk: Walk, told: ToldFault): Agreement {
  const { reported, fault: name } = told;
  if (reported?.longFormat === true) return 'disagree';
  if (name === undefined) return walk.fault === undefined ? 'disagree' : 'unknown';
  if (name === 'reserved' || WITHOUT_ADDRESS.has(name)) return 'unknown';
  if (!TABLE_FAULTS.has(name)) {
    // Alignment, external and parity faults come when the walk is through, or from the walk itself.
    return walk.fault === undefined || name === walk.fault.meaning.name ? 'agree' : 'unknown';
  }
  if (walk.fault === undefined) return 'disagree';
  const same =
    reported === undefined
      ? walk.fault.meaning.name === name
      : walk.fault.status === reported.status && sameDomain(walk.fault.domain, told);
  return same ? 'agree' : 'disagree';
}
