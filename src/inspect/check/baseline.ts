/**
 * Baselines: the fingerprints of what was known on a day, so that only what is new is told.
 */

import { VmError } from '../../base/index.js';
import type { Finding } from './finding.js';

const SCHEMA = 'pagewright/baseline';
const VERSION = 1;

/** Fingerprints of findings that are known. */
export interface Baseline {
  readonly fingerprints: ReadonlySet<string>;
}

/** Whether the finding is known. */
export function isKnown(baseline: Baseline, finding: Finding): boolean {
  return baseline.fingerprints.has(finding.fingerprint);
}

/** The text of a baseline that knows `findings`; each with its message, for people who read it. */
export function baselineText(findings: readonly Finding[]): string {
  const known = Object.fromEntries(
    findings.map(({ fingerprint, rule, message }) => [fingerprint, `${rule} ${message}`]),
  );
  return `${JSON.stringify({ schema: SCHEMA, version: VERSION, known }, undefined, 2)}\n`;
}

/**
 * The baseline in the text of a file.
 *
 * Errors: CHECK_ERR_BASELINE — it is not one, or of a version that is not known.
 */
export function parseBaseline(text: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused(error instanceof Error ? error.message : 'it is no JSON');
  }
  const { schema, version, known } = (value ?? {}) as Record<string, unknown>;
  if (schema !== SCHEMA || version !== VERSION) throw refused(`it is no ${SCHEMA} ${VERSION}`);
  if (typeof known !== 'object' || known === null || Array.isArray(known)) {
    throw refused('it has no `known`');
  }
  return { fingerprints: new Set(Object.keys(known)) };
}

function refused(why: string): VmError {
  return new VmError('CHECK_ERR_BASELINE', `this is no baseline: ${why}`);
}
