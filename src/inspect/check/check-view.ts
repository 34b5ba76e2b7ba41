/**
 * Findings as lines for people: what is wrong, where, why it matters, what to change.
 */

import { entryPlace } from '../entry-text.js';
import { line, type Style, type StyledLine } from '../styled-text.js';
import type { CheckResult } from './check.js';
import type { Finding } from './finding.js';
import { type ArtifactPlace, artifactText, type ReportOrigin } from './reports.js';
import { RULES, type RuleId, SEVERITIES, type Severity } from './rules.js';

const STYLES: Readonly<Record<Severity, Style>> = {
  error: 'danger',
  warning: 'device',
  note: 'selected',
};

/** The result as lines; why a rule matters is said once. */
export function* checkLines(result: CheckResult, origin: ReportOrigin): Generator<StyledLine> {
  const told = new Set<RuleId>();
  for (const finding of result.findings) {
    yield* findingLines(finding, origin.locate(finding), !told.has(finding.rule));
    told.add(finding.rule);
  }
  for (const [rule, count] of result.cut) {
    yield line(`${rule} ${RULES[rule].name}: ${count} in all; the others are not told`, 'quiet');
  }
  for (const note of result.notes) yield line(`note: ${note}`, 'quiet');
  yield line(summaryText(result), result.findings.length === 0 ? 'good' : 'heading');
}

function* findingLines(
  finding: Finding,
  place: ArtifactPlace | undefined,
  tellsWhy: boolean,
): Generator<StyledLine> {
  const { rule, severity, message, fix, entry } = finding;
  yield [
    { text: severity.padEnd(8), style: STYLES[severity] },
    { text: `${rule} ${RULES[rule].name}: `, style: 'heading' },
    { text: message },
  ];
  const where = [
    ...(entry === undefined ? [] : [entryPlace(entry)]),
    ...(place === undefined ? [] : [artifactText(place)]),
  ];
  if (where.length > 0) yield line(`        at   ${where.join('  ')}`, 'quiet');
  if (tellsWhy) yield line(`        why  ${RULES[rule].why}`, 'quiet');
  yield [
    { text: '        fix  ', style: 'quiet' },
    { text: fix, style: 'good' },
  ];
}

/** `2 errors, 1 warning · 3 excused`. */
export function summaryText(result: CheckResult): string {
  const counts = SEVERITIES.toReversed().map((severity) => {
    const count = result.findings.filter((finding) => finding.severity === severity).length;
    return `${count} ${severity}${count === 1 ? '' : 's'}`;
  });
  const excused = result.excused.length === 0 ? '' : ` · ${result.excused.length} excused`;
  return `${counts.join(', ')}${excused}`;
}

/** Every rule as a line: id, name, severity, what it finds. */
export function* ruleLines(): Generator<StyledLine> {
  for (const id of Object.keys(RULES) as RuleId[]) {
    const { name, severity, finds } = RULES[id];
    yield [
      { text: `${id}  ${name.padEnd(24)}`, style: 'heading' },
      { text: severity.padEnd(9), style: STYLES[severity] },
      { text: finds },
    ];
  }
}
