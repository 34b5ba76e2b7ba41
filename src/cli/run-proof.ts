/** Whether a run proves what it shows. */
import type { Domain } from '../domain/index.js';
import { type Verification, verifyPmap } from '../inspect/index.js';
import { StrictTlb } from '../machine/index.js';
import type { ScenarioRun } from '../scenario/index.js';

/** The proof of one domain. */
export interface DomainProof {
  readonly domain: Domain;
  readonly verification: Verification;
}

/** What came of a run. */
export interface Proof {
  /** The domains of the scenario, and the one that spawned them. */
  readonly domains: readonly DomainProof[];
  /** What the strict TLB has reported; 0 under another one. */
  readonly violations: number;
  /** Whether every step ended as expected, and every page and the TLB agree. */
  readonly holds: boolean;
}

/** Compares every page of every domain of a run with its tables. */
export function proveRun(run: ScenarioRun): Proof {
  const { actors, init, kernel, machine } = run.world;
  const all = [...actors.map(({ domain }) => domain), ...(init === undefined ? [] : [init])];
  const domains = all.map((domain) => ({
    domain,
    verification: verifyPmap(kernel, domain.pmap),
  }));
  const violations = machine.tlb instanceof StrictTlb ? machine.tlb.violations.length : 0;
  const agree = domains.every(({ verification }) => verification.disagreements === 0);
  return { domains, violations, holds: run.failure === undefined && agree && violations === 0 };
}
