/**
 * `check`: every rule over one space, then the policy, then what is excused.
 */

import { hex, PAGE_BYTES } from '../../base/index.js';
import { FrameUse } from '../frame-use.js';
import { type Baseline, isKnown } from './baseline.js';
import { type CheckContext, type Draft, type Finding, findingOf, type Judged } from './finding.js';
import { MeaningRuns } from './meaning-runs.js';
import {
  aliasRights,
  aliasType,
  largerThanPeripheral,
  tableOverlap,
  tablesExposed,
} from './memory-rules.js';
import { NO_POLICY, type Policy, policyBreaches, policyRuleId, type Waiver } from './policy.js';
import {
  deadDomain,
  deviceExecute,
  domainManager,
  globalUser,
  kernelRanges,
  nullMapped,
  reservedEncoding,
  splitCrossed,
  tableUnreadable,
  userKernel,
  wx,
} from './region-rules.js';
import { type RuleId, SEVERITIES, type Severity } from './rules.js';
import { notReplicated, overlap, reservedAp, unaligned, wrap } from './table-rules.js';

/** A finding that was excused, and by what. */
export interface Excused {
  readonly finding: Finding;
  /** `waiver` or `baseline`. */
  readonly by: 'waiver' | 'baseline';
  readonly reason: string;
}

/** What a check found. */
export interface CheckResult {
  /** The worst first, then by address. */
  readonly findings: readonly Finding[];
  readonly excused: readonly Excused[];
  /** Rules that found more than they tell, with how many there are in all. */
  readonly cut: ReadonlyMap<RuleId, number>;
  /** What could not be judged, and what it would take. */
  readonly notes: readonly string[];
}

/** How a check is made. */
export interface CheckOptions {
  readonly policy?: Policy;
  readonly baseline?: Baseline;
  /** The day that waivers are held against, `YYYY-MM-DD`. */
  readonly today: string;
}

/** A rule is told of so many times; what is broken more often is broken everywhere. */
const MOST_FINDINGS = 500;

type Check = (context: Judged) => Iterable<Draft>;

/** What finds the breaches of each rule. */
const CHECKS: readonly (readonly [RuleId, Check])[] = [
  ['VM001', wx],
  ['VM002', userKernel],
  ['VM003', deviceExecute],
  ['VM004', aliasType],
  ['VM005', aliasRights],
  ['VM006', domainManager],
  ['VM007', notReplicated],
  ['VM008', unaligned],
  ['VM009', wrap],
  ['VM010', tablesExposed],
  ['VM011', largerThanPeripheral],
  ['VM012', nullMapped],
  ['VM013', deadDomain],
  ['VM014', splitCrossed],
  ['VM015', overlap],
  ['VM016', reservedEncoding],
  ['VM016', reservedAp],
  ['VM017', tableUnreadable],
  ['VM018', tableOverlap],
  ['VM019', globalUser],
];

/** Checks a space. */
export function checkSpace(context: CheckContext, options: CheckOptions): CheckResult {
  const policy = options.policy ?? NO_POLICY;
  const judged: Judged = {
    ...context,
    kernel: [...context.kernel, ...policy.kernel],
    runs: new MeaningRuns(context.regions),
    use: new FrameUse(context.regions),
  };
  const found: Finding[] = [];
  const cut = new Map<RuleId, number>();
  const take = (rule: RuleId, drafts: Iterable<Draft>): void => {
    const wanted = policy.severities.get(rule);
    if (wanted === 'off') return;
    let count = 0;
    for (const draft of drafts) {
      count += 1;
      if (count > MOST_FINDINGS) continue;
      const finding = findingOf(rule, draft);
      found.push(wanted === undefined ? finding : { ...finding, severity: wanted });
    }
    if (count > MOST_FINDINGS) cut.set(rule, (cut.get(rule) ?? 0) + count);
  };
  for (const [rule, check] of CHECKS) take(rule, check(judged));
  for (const rule of policy.rules) take(policyRuleId(rule), policyBreaches(judged, rule));
  const { findings, excused } = excuse(found, policy.waivers, options);
  return { findings: findings.toSorted(byWeight), excused, cut, notes: notesOf(judged) };
}

/** Splits what was found into what counts and what is excused; an excuse that is over counts. */
function excuse(
  found: readonly Finding[],
  waivers: readonly Waiver[],
  { baseline, today }: CheckOptions,
): { findings: Finding[]; excused: Excused[] } {
  const findings: Finding[] = [];
  const excused: Excused[] = [];
  for (const finding of found) {
    const waiver = waivers.find((each) => !isOver(each, today) && excuses(each, finding));
    if (waiver !== undefined) excused.push({ finding, by: 'waiver', reason: waiver.reason });
    else if (baseline !== undefined && isKnown(baseline, finding)) {
      excused.push({ finding, by: 'baseline', reason: 'known when the baseline was written' });
    } else findings.push(finding);
  }
  for (const waiver of waivers) if (isOver(waiver, today)) findings.push(overFinding(waiver));
  return { findings, excused };
}

function isOver({ until }: Waiver, today: string): boolean {
  return until !== undefined && until < today;
}

/** Whether a waiver is about a finding: its rule, and all of its addresses. */
function excuses({ rule, range }: Waiver, finding: Finding): boolean {
  if (rule !== finding.rule) return false;
  if (range === undefined) return true;
  return finding.va >= range.base && finding.va + finding.bytes <= range.base + range.bytes;
}

function overFinding({ rule, range, reason, until }: Waiver): Finding {
  const page = Math.floor((range?.base ?? 0) / PAGE_BYTES);
  const pages = Math.ceil((range?.bytes ?? 2 ** 32) / PAGE_BYTES);
  const where = range === undefined ? '' : ` at ${hex(range.base)}`;
  return findingOf('VM099', {
    message: `the waiver of ${rule}${where} (${reason}) ended on ${until}`,
    fix: 'put right what it excused, or renew it with a reason',
    page,
    pages,
    key: rule,
  });
}

function byWeight(left: Finding, right: Finding): number {
  const weight = (severity: Severity): number => SEVERITIES.indexOf(severity);
  return weight(right.severity) - weight(left.severity) || left.va - right.va;
}

function notesOf(context: Judged): string[] {
  const notes: string[] = [];
  if (kernelRanges(context).length === 0) {
    notes.push(
      "VM002 was not judged: TTBCR.N is 0, and nobody said which addresses are the kernel's (--kernel, or `kernel:` in a policy)",
    );
  }
  if (context.names.regions('physical').length === 0) {
    notes.push(
      'VM011 was not judged: no peripherals are known (--names board.svd, board.dtb or an mtree)',
    );
  }
  if (context.use.far.length > 0) {
    notes.push('aliases of memory above 4 GiB were not judged');
  }
  return notes;
}

/** How many findings are at least as bad as `severity`. */
export function countAtLeast(findings: readonly Finding[], severity: Severity): number {
  const least = SEVERITIES.indexOf(severity);
  return findings.filter((finding) => SEVERITIES.indexOf(finding.severity) >= least).length;
}
