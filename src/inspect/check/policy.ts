/**
 * Policies: what a project says of its own address space, beside what is wrong in every one.
 *
 *     version: 1
 *     kernel: [c0000000..ffffffff]
 *     rules:
 *       - forbid: w and x              # nothing in the range may fit
 *         in: 00000000..bfffffff
 *         reason: no code generators here
 *       - allow: r and x and not w     # whatever is mapped in the range must fit
 *         in: text
 *       - expect: pl1.w and device     # all of the range must be mapped, and fit
 *         in: 10000000+4K
 *         severity: warning
 *     severity: { VM012: note, null-mapped: off }
 *     waivers:
 *       - rule: VM001
 *         in: 00000000..000fffff
 *         reason: vectors are patched at run time
 *         until: 2027-06-30
 *
 * The file is YAML or JSON; here it is the value that was read from it.
 */

import { PAGE_BYTES, VmError } from '../../base/index.js';
import { type AddressRange, parseRange } from '../address-range.js';
import { mapRows } from '../map-rows.js';
import type { Names } from '../names.js';
import { globMatcher, parseFilter, type RowFilter } from '../row-filter.js';
import { type CheckContext, type Draft, pagesText } from './finding.js';
import { type RuleId, ruleId, SEVERITIES, type Severity } from './rules.js';

/** What one rule of a policy asks for. */
export interface PolicyRule {
  readonly verb: 'forbid' | 'allow' | 'expect';
  /** The expression as it was written. */
  readonly text: string;
  readonly filter: RowFilter;
  /** The ranges that it is about; all addresses where none is given. */
  readonly ranges: readonly AddressRange[];
  readonly reason: string;
  readonly severity: Severity;
  /** Where it stands: `rule 2`. */
  readonly place: string;
}

/** An excuse for findings, for a time. */
export interface Waiver {
  readonly rule: RuleId;
  /** The addresses that it excuses; all where none is given. */
  readonly range: AddressRange | undefined;
  readonly reason: string;
  /** The last day, `YYYY-MM-DD`; for ever where none is given. */
  readonly until: string | undefined;
}

/** A policy. */
export interface Policy {
  readonly kernel: readonly AddressRange[];
  readonly rules: readonly PolicyRule[];
  readonly waivers: readonly Waiver[];
  /** Severities that differ from the usual; `off` silences a rule. */
  readonly severities: ReadonlyMap<RuleId, Severity | 'off'>;
}

/** The policy of somebody who has none. */
export const NO_POLICY: Policy = { kernel: [], rules: [], waivers: [], severities: new Map() };

const VERBS = ['forbid', 'allow', 'expect'] as const;
const MOST_ENTRIES = 4096;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The policy that the value of a file is.
 *
 * Errors: CHECK_ERR_POLICY — a part is missing, unknown or not what belongs there; the message tells
 * where. An expression or a range that is wrong is its cause.
 */
export function parsePolicy(value: unknown, names: Names): Policy {
  const file = fieldsOf(value, 'the policy', ['version', 'kernel', 'rules', 'waivers', 'severity']);
  if (file['version'] !== 1) throw refused('version', 'write `version: 1`');
  const kernel = listOf(file['kernel'], 'kernel');
  return {
    kernel: kernel.flatMap((each, index) => rangesOf(each, `kernel ${index + 1}`, names)),
    rules: listOf(file['rules'], 'rules').map((each, index) => ruleOf(each, index + 1, names)),
    waivers: listOf(file['waivers'], 'waivers').map((each, index) =>
      waiverOf(each, index + 1, names),
    ),
    severities: severitiesOf(file['severity']),
  };
}

function ruleOf(value: unknown, number: number, names: Names): PolicyRule {
  const place = `rule ${number}`;
  const fields = fieldsOf(value, place, [...VERBS, 'in', 'reason', 'severity']);
  const verbs = VERBS.filter((verb) => fields[verb] !== undefined);
  const [verb] = verbs;
  if (verb === undefined || verbs.length > 1) {
    throw refused(place, 'give one of forbid, allow and expect');
  }
  const text = textOf(fields[verb], `${place}: ${verb}`);
  return {
    verb,
    text,
    filter: within(`${place}: ${verb}`, () => parseFilter(text)),
    ranges: fields['in'] === undefined ? [] : rangesOf(fields['in'], `${place}: in`, names),
    reason: fields['reason'] === undefined ? '' : textOf(fields['reason'], `${place}: reason`),
    severity: severityOf(fields['severity'] ?? 'error', `${place}: severity`),
    place,
  };
}

function waiverOf(value: unknown, number: number, names: Names): Waiver {
  const place = `waiver ${number}`;
  const fields = fieldsOf(value, place, ['rule', 'in', 'reason', 'until']);
  const rule = ruleId(textOf(fields['rule'], `${place}: rule`));
  if (rule === undefined) throw refused(`${place}: rule`, 'no rule is called that');
  const reason = textOf(fields['reason'], `${place}: reason`);
  if (reason.trim() === '') throw refused(`${place}: reason`, 'say why');
  const [range] = fields['in'] === undefined ? [] : rangesOf(fields['in'], `${place}: in`, names);
  return { rule, range, reason, until: dayOf(fields['until'], `${place}: until`) };
}

/** `YYYY-MM-DD`; YAML readers make a date of what is written without quotes. */
function dayOf(value: unknown, place: string): string | undefined {
  if (value === undefined) return undefined;
  const text = value instanceof Date ? value.toISOString().slice(0, 10) : value;
  if (typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const date = new Date(`${text}T00:00:00Z`);
    if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)) return text;
  }
  throw refused(place, 'write a day, YYYY-MM-DD');
}

function severitiesOf(value: unknown): Map<RuleId, Severity | 'off'> {
  const severities = new Map<RuleId, Severity | 'off'>();
  if (value === undefined) return severities;
  for (const [name, severity] of Object.entries(fieldsOf(value, 'severity', undefined))) {
    const rule = ruleId(name);
    if (rule === undefined) throw refused(`severity: ${name}`, 'no rule is called that');
    // YAML 1.1 readers take `off` for false.
    const off = severity === 'off' || severity === false;
    severities.set(rule, off ? 'off' : severityOf(severity, `severity: ${name}`));
  }
  return severities;
}

/** A range, a list of them, or the name of regions, in which `*` stands for anything. */
function rangesOf(value: unknown, place: string, names: Names): AddressRange[] {
  const texts = Array.isArray(value) ? value : [value];
  return texts.flatMap((each) => {
    const text = textOf(each, place);
    const fits = globMatcher(text);
    const named = names.regions('virtual').filter((range) => fits(range.name));
    if (named.length > 0) {
      return named.map(({ base, bytes }) => ({ base, bytes, single: false }));
    }
    return [within(place, () => parseRange(text, 'virtual', names))];
  });
}

function fieldsOf(value: unknown, place: string, known: readonly string[] | undefined): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(place, 'it has no fields');
  }
  for (const key of Object.keys(value)) {
    if (known !== undefined && !known.includes(key)) {
      throw refused(place, `${JSON.stringify(key)} is not known; known: ${known.join(', ')}`);
    }
  }
  return value as Fields;
}

function listOf(value: unknown, place: string): readonly unknown[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? value : [value];
  if (list.length > MOST_ENTRIES) throw refused(place, `more than ${MOST_ENTRIES} entries`);
  return list;
}

function textOf(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  // YAML takes a range such as 10000000 without quotes for a number.
  if (typeof value === 'number') return String(value);
  throw refused(place, 'write a text');
}

function severityOf(value: unknown, place: string): Severity {
  const severity = SEVERITIES.find((each) => each === value);
  if (severity === undefined) throw refused(place, `write one of ${SEVERITIES.join(', ')}`);
  return severity;
}

function within<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof VmError ? refused(place, error.message, error) : error;
  }
}

function refused(place: string, why: string, cause?: VmError): VmError {
  return new VmError('CHECK_ERR_POLICY', `${place}: ${why}`, cause === undefined ? {} : { cause });
}

const RULE_OF: Readonly<Record<PolicyRule['verb'], RuleId>> = {
  forbid: 'VM090',
  allow: 'VM091',
  expect: 'VM092',
};

/** The rule that a breach of `rule` counts under. */
export function policyRuleId(rule: PolicyRule): RuleId {
  return RULE_OF[rule.verb];
}

const EVERYTHING: AddressRange = { base: 0, bytes: 2 ** 32, single: false };

/** Where the space breaks one rule of a policy. */
export function* policyBreaches(context: CheckContext, rule: PolicyRule): Generator<Draft> {
  const ranges = rule.ranges.length === 0 ? [EVERYTHING] : rule.ranges;
  for (const { base, bytes } of ranges) {
    let run: { page: number; pages: number } | undefined;
    const options = { names: context.names, unfolded: true, from: base, to: base + bytes };
    for (const row of mapRows(context.regions, options)) {
      const breaks = rule.verb === 'forbid' ? rule.filter(row) : !rule.filter(row);
      const page = row.va / PAGE_BYTES;
      const pages = row.bytes / PAGE_BYTES;
      // Holes break only what must be there.
      if (!breaks || (row.type === undefined && rule.verb !== 'expect')) {
        if (run !== undefined) yield breachOf(context, rule, run);
        run = undefined;
      } else if (run === undefined) run = { page, pages };
      else run.pages += pages;
    }
    if (run !== undefined) yield breachOf(context, rule, run);
  }
}

const VERB_TEXTS: Readonly<Record<PolicyRule['verb'], readonly [string, string]>> = {
  forbid: ['is', 'forbids'],
  allow: ['is not', 'allows only'],
  expect: ['is not', 'expects'],
};

function breachOf(
  context: CheckContext,
  rule: PolicyRule,
  run: { readonly page: number; readonly pages: number },
): Draft {
  const [is, says] = VERB_TEXTS[rule.verb];
  const reason = rule.reason === '' ? '' : `: ${rule.reason}`;
  return {
    message: `${pagesText(run.page, run.pages)} ${is} \`${rule.text}\`, which the policy ${says} (${rule.place}${reason})`,
    fix: `map it as the policy says, or change ${rule.place}`,
    page: run.page,
    pages: run.pages,
    entry: context.space.entryAt(run.page),
    severity: rule.severity,
    key: `${rule.verb}|${rule.text}`,
  };
}
