/**
 * Findings for other programs: SARIF 2.1.0 for code hosts, JUnit for CI, JSON for scripts.
 */

import { hex, hex0x } from '../../base/index.js';
import type { CheckResult } from './check.js';
import type { Finding } from './finding.js';
import { RULES, type RuleId, type Severity } from './rules.js';

/** Where a finding is, in a file that a code host knows. */
export interface ArtifactPlace {
  /** A path, as it was given. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  readonly byteOffset?: number;
}

/** What a report says of the program and the source. */
export interface ReportOrigin {
  /** The version of this program. */
  readonly version: string;
  /** The source word; results without another place are said to be there. */
  readonly source: string;
  /** Where the entry of a finding is from. */
  locate(finding: Finding): ArtifactPlace | undefined;
}

const LEVELS: Readonly<Record<Severity, string>> = {
  note: 'note',
  warning: 'warning',
  error: 'error',
};

const SARIF_SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

/** The result as SARIF 2.1.0. What was excused is told as suppressed. */
export function sarifText(result: CheckResult, origin: ReportOrigin): string {
  const ids = Object.keys(RULES) as RuleId[];
  const results = [
    ...result.findings.map((finding) => sarifResult(finding, ids, origin)),
    ...result.excused.map(({ finding, reason }) => ({
      ...sarifResult(finding, ids, origin),
      suppressions: [{ kind: 'external', status: 'accepted', justification: reason }],
    })),
  ];
  const document = {
    $schema: SARIF_SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'pagewright',
            version: origin.version,
            rules: ids.map((id) => ({
              id,
              name: RULES[id].name,
              shortDescription: { text: RULES[id].finds },
              fullDescription: { text: RULES[id].why },
              defaultConfiguration: { level: LEVELS[RULES[id].severity] },
            })),
          },
        },
        results,
      },
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function sarifResult(
  finding: Finding,
  ids: readonly RuleId[],
  origin: ReportOrigin,
): Record<string, unknown> {
  const { rule, severity, message, fix, va, bytes, entry, fingerprint } = finding;
  const place = origin.locate(finding) ?? { file: origin.source };
  const region =
    place.line !== undefined
      ? { region: { startLine: place.line } }
      : place.byteOffset !== undefined
        ? { region: { byteOffset: place.byteOffset, byteLength: 4 } }
        : {};
  const range = `${hex0x(va, 8)}..${hex0x(va + bytes - 1, 8)}`;
  return {
    ruleId: rule,
    ruleIndex: ids.indexOf(rule),
    level: LEVELS[severity],
    message: { text: `${message}. ${RULES[rule].why} Fix: ${fix}.` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(place.file) }, ...region },
        logicalLocations: [{ fullyQualifiedName: range, kind: 'virtualAddressRange' }],
      },
    ],
    partialFingerprints: { 'pagewrightFinding/v1': fingerprint },
    properties: {
      va: hex0x(va, 8),
      bytes,
      fix,
      ...(entry === undefined ? {} : entryProperties(entry)),
    },
  };
}

function entryProperties(entry: NonNullable<Finding['entry']>): Record<string, unknown> {
  return {
    level: entry.level,
    entry: hex0x(entry.address, 8),
    word: entry.word === undefined ? null : hex0x(entry.word, 8),
  };
}

/** A path as a URI reference: relative where it is, each part encoded. */
function uriOf(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':');
}

/** The result as JUnit: one test case for each rule, which fails by its findings. */
export function junitText(result: CheckResult, origin: ReportOrigin): string {
  const broken = new Map<RuleId, Finding[]>();
  for (const finding of result.findings) {
    broken.set(finding.rule, [...(broken.get(finding.rule) ?? []), finding]);
  }
  const ids = Object.keys(RULES) as RuleId[];
  const cases = ids.map((id) => {
    const name = `${id} ${RULES[id].name}`;
    const open = `  <testcase classname="pagewright.check" name="${xmlText(name)}"`;
    const failures = (broken.get(id) ?? []).map((finding) => {
      const place = origin.locate(finding);
      const file = place === undefined ? '' : ` (${artifactText(place)})`;
      const text = `${finding.message}${file}\n${finding.fix}`;
      const type = finding.severity;
      return `    <failure type="${type}" message="${xmlText(finding.message)}">${xmlText(text)}</failure>`;
    });
    return failures.length === 0 ? `${open}/>` : `${open}>\n${failures.join('\n')}\n  </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="pagewright check ${xmlText(origin.source)}" tests="${ids.length}" failures="${broken.size}" errors="0" skipped="0">`,
    ...cases,
    '</testsuite>',
    '',
  ].join('\n');
}

/** `board.yaml:14`, `fw.elf+0x4000`. */
export function artifactText(place: ArtifactPlace): string {
  if (place.line !== undefined) return `${place.file}:${place.line}`;
  return place.byteOffset === undefined ? place.file : `${place.file}+${hex0x(place.byteOffset)}`;
}

/** The result as JSON. */
export function checkJson(result: CheckResult, origin: ReportOrigin): string {
  const record = (finding: Finding): Record<string, unknown> => {
    const place = origin.locate(finding);
    return {
      rule: finding.rule,
      name: RULES[finding.rule].name,
      severity: finding.severity,
      message: finding.message,
      why: RULES[finding.rule].why,
      fix: finding.fix,
      va: `0x${hex(finding.va)}`,
      bytes: finding.bytes,
      entry: finding.entry === undefined ? null : entryProperties(finding.entry),
      file: place?.file ?? null,
      line: place?.line ?? null,
      byteOffset: place?.byteOffset ?? null,
      fingerprint: finding.fingerprint,
    };
  };
  const document = {
    schema: 'pagewright/findings',
    version: 1,
    source: origin.source,
    findings: result.findings.map(record),
    excused: result.excused.map(({ finding, by, reason }) => ({ ...record(finding), by, reason })),
    cut: Object.fromEntries(result.cut),
    notes: result.notes,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function xmlText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}
