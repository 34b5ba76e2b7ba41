/** What `check` does: reads space, policy and baseline, judges, reports. */
import { inFile, VmError } from '../base/index.js';
import {
  AddressSpace,
  type Baseline,
  baselineText,
  type CheckResult,
  checkJson,
  checkLines,
  checkSpace,
  countAtLeast,
  junitText,
  type Names,
  NO_POLICY,
  type Policy,
  parseBaseline,
  parsePolicy,
  parseRange,
  plainLines,
  Regions,
  type ReportOrigin,
  ruleLines,
  sarifText,
} from '../inspect/index.js';
import { YamlFile } from '../layout/yaml-tree.js';
import type { CheckFlags } from './check-flags.js';
import { Exit, type ExitCode } from './exit-code.js';
import { formatOf } from './format-options.js';
import { decodeText, readAtMost } from './input-file.js';
import { writeWholeFile } from './output-file.js';
import { packageVersion } from './package-version.js';
import { fitted, printLines } from './printing.js';
import type { Session } from './session.js';
import { openSubject } from './subject.js';

const LARGEST_POLICY_BYTES = 128 * 1024;
const LARGEST_BASELINE_BYTES = 16 * 2 ** 20;
const POLICY_CODES = { syntax: 'CHECK_ERR_POLICY', limit: 'CHECK_ERR_POLICY' } as const;

/**
 * Checks the space that `word` names; lists the rules if it names none.
 * Errors: those of the source; CHECK_ERR_POLICY, CHECK_ERR_BASELINE; USAGE_ERR.
 */
export async function checkSource(
  session: Session,
  word: string | undefined,
  flags: CheckFlags,
): Promise<ExitCode> {
  if (word === undefined) return printLines(session.out, fitted(session.out, ruleLines(), 40));
  const subject = await openSubject(session, word, flags);
  const { names } = subject;
  const space = new AddressSpace(subject.input);
  const kernel = flags.kernel.map((text) => parseRange(text, 'virtual', names));
  const context = { space, regions: new Regions(space), names, kernel };
  const baseline = baselineFrom(flags.baseline);
  const result = checkSpace(context, {
    policy: policyFrom(flags.policy, names),
    today: dayOf(flags.today),
    ...(baseline === undefined ? {} : { baseline }),
  });
  if (flags.writeBaseline !== undefined) {
    writeWholeFile(flags.writeBaseline, baselineText(result.findings));
  }
  const origin: ReportOrigin = {
    version: packageVersion(),
    source: word,
    locate: ({ entry, va }) =>
      entry === undefined ? undefined : subject.locate(entry.address, va),
  };
  await report(session, result, origin, flags);
  const { failOn } = flags;
  const failed = failOn !== 'never' && countAtLeast(result.findings, failOn) > 0;
  return failed && flags.exitZero !== true ? Exit.NO : Exit.FINE;
}

async function report(
  { out }: Session,
  result: CheckResult,
  origin: ReportOrigin,
  flags: CheckFlags,
): Promise<void> {
  const format = formatOf(flags);
  if (format === 'table') {
    if (flags.output === undefined)
      await printLines(out, fitted(out, checkLines(result, origin), 13));
    else writeWholeFile(flags.output, plainLines(checkLines(result, origin)));
    return;
  }
  const write = { json: checkJson, sarif: sarifText, junit: junitText }[format];
  const text = write(result, origin);
  if (flags.output === undefined) out.write(text);
  else writeWholeFile(flags.output, text);
}

function policyFrom(path: string | undefined, names: Names): Policy {
  if (path === undefined) return NO_POLICY;
  const text = decodeText(path, readAtMost(path, LARGEST_POLICY_BYTES));
  const { value } = new YamlFile(path, text, POLICY_CODES);
  return inFile(path, () => parsePolicy(value, names));
}

function baselineFrom(path: string | undefined): Baseline | undefined {
  if (path === undefined) return undefined;
  return parseBaseline(decodeText(path, readAtMost(path, LARGEST_BASELINE_BYTES)));
}

function dayOf(text: string | undefined): string {
  if (text === undefined) return new Date().toISOString().slice(0, 10);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  throw new VmError('USAGE_ERR', `--today ${text}: write a day, YYYY-MM-DD`);
}
