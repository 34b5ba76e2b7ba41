/**
 * The first fault handler of a domain: a page of a demand-zero region that is touched for the first
 * time gets a frame of zeros from the domain's own memory, mapped through its own pmap.
 */
import { PAGE_BYTES, roundDown, VmError } from '../base/index.js';
import { FaultStatus } from '../format/index.js';
import type { AbortInfo } from '../machine/index.js';
import type { Domain } from './domain.js';

const TRANSLATION_FAULTS: ReadonlySet<number> = new Set([
  FaultStatus.TRANSLATION_L1,
  FaultStatus.TRANSLATION_L2,
]);

/** Whether the fault could be resolved, so that the access is to be tried again. */
export function resolveDemandZero(domain: Domain, abort: AbortInfo): boolean {
  const region = domain.vspace.find(abort.va);
  if (region?.backing !== 'demand-zero' || !TRANSLATION_FAULTS.has(abort.status)) return false;
  try {
    const frame = domain.allocateFrame(PAGE_BYTES);
    try {
      domain.pmap.map(roundDown(abort.va, PAGE_BYTES), frame, 0, PAGE_BYTES, region.flags);
    } catch (error) {
      domain.freeFrame(frame);
      throw error;
    }
  } catch (error) {
    if (error instanceof VmError) {
      domain.lastFaultError = error;
      return false;
    }
    throw error;
  }
  return true;
}
