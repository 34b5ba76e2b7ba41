/**
 * What `check` finds: what is wrong, where, and the smallest change that puts it right.
 */

import { hex, PAGE_BYTES } from '../../base/index.js';
import type { AddressSpace, TableEntry } from '../address-space.js';
import type { FrameUse } from '../frame-use.js';
import type { Names } from '../names.js';
import type { Regions } from '../regions.js';
import type { MeaningRuns } from './meaning-runs.js';
import { RULES, type RuleId, type Severity } from './rules.js';

/** Something that is wrong. */
export interface Finding {
  readonly rule: RuleId;
  readonly severity: Severity;
  /** What is wrong, with addresses. */
  readonly message: string;
  /** The smallest change that puts it right. */
  readonly fix: string;
  /** The addresses that it is about; the root table's own findings are about all of them. */
  readonly va: number;
  readonly bytes: number;
  /** The first entry that is wrong; undefined where no entry is. */
  readonly entry: TableEntry | undefined;
  /** The same for the same fault in the same place, whatever the tables' own addresses are. */
  readonly fingerprint: string;
  /** Where a policy says so. */
  readonly source?: string;
}

/** What a rule is given. */
export interface CheckContext {
  readonly space: AddressSpace;
  readonly regions: Regions;
  readonly names: Names;
  /** The addresses that belong to the kernel, as far as anybody said. */
  readonly kernel: readonly { readonly base: number; readonly bytes: number }[];
}

/** A space that is being judged: what every rule would work out again is worked out once. */
export interface Judged extends CheckContext {
  /** Neighbouring pages that mean the same, wherever they are in memory. */
  readonly runs: MeaningRuns;
  readonly use: FrameUse;
}

/** A finding as a rule gives it; the rest follows from the rule. */
export interface Draft {
  readonly message: string;
  readonly fix: string;
  readonly page: number;
  readonly pages: number;
  readonly entry?: TableEntry | undefined;
  readonly severity?: Severity;
  /** What tells this finding from others of the same rule at the same place. */
  readonly key?: string;
}

/** The finding that a draft is. */
export function findingOf(rule: RuleId, draft: Draft): Finding {
  const va = draft.page * PAGE_BYTES;
  const bytes = draft.pages * PAGE_BYTES;
  return {
    rule,
    severity: draft.severity ?? RULES[rule].severity,
    message: draft.message,
    fix: draft.fix,
    va,
    bytes,
    entry: draft.entry,
    fingerprint: fingerprintOf(`${rule}|${hex(va)}|${hex(bytes)}|${draft.key ?? ''}`),
  };
}

/** `00100000-001fffff (1.0 M)` of pages. */
export function pagesText(page: number, pages: number): string {
  return `${hex(page * PAGE_BYTES)}-${hex((page + pages) * PAGE_BYTES - 1)}`;
}

/** 64 bits of FNV-1a in two halves, as 16 hexadecimal digits. */
function fingerprintOf(text: string): string {
  let low = 0x811c_9dc5;
  let high = 0xcbf2_9ce4;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x0100_0193);
    high = Math.imul(high ^ (code + at), 0x0100_0193);
  }
  return `${hex(high >>> 0)}${hex(low >>> 0)}`;
}
