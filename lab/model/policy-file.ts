/**
 * The policy that a reader writes or makes by waiving: a text, as the file that `check --policy` takes.
 * It is changed as text, so that what somebody wrote beside it stays.
 */

import { hex, VmError } from '../../src/base/index.js';
import {
  type Finding,
  type Names,
  NO_POLICY,
  type Policy,
  parsePolicy,
  type RuleId,
} from '../../src/inspect/index.js';
import type { FileProblem } from '../../src/layout/index.js';
import { YamlFile, type YamlPath } from '../../src/layout/yaml-tree.js';
import { POLICY_FILE } from './policy-name.js';

const CODES = { syntax: 'CHECK_ERR_POLICY', limit: 'CHECK_ERR_POLICY' } as const;

/** A policy, or what is wrong with it. */
export interface ReadPolicy {
  readonly policy: Policy;
  readonly problems: readonly FileProblem[];
}

/** The policy in `text`; an empty text says nothing. What is wrong with it is told, not thrown. */
export function readPolicy(text: string, names: Names): ReadPolicy {
  if (text.trim() === '') return { policy: NO_POLICY, problems: [] };
  let file: YamlFile | undefined;
  try {
    file = new YamlFile(POLICY_FILE, text, CODES);
    return { policy: parsePolicy(file.value, names), problems: [] };
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    return { policy: NO_POLICY, problems: problemsOf(error, file) };
  }
}

function problemsOf(error: VmError, file: YamlFile | undefined): readonly FileProblem[] {
  const told = error.evidence as readonly FileProblem[] | undefined;
  if (told !== undefined) return told;
  if (file !== undefined) return [file.problem(placeOf(error.message), error.message)];
  return [{ file: POLICY_FILE, line: 1, column: 1, message: error.message, source: '' }];
}

/** The place in the file that the message of a policy's error names: `waiver 2: until: …`. */
function placeOf(message: string): YamlPath {
  const [, list, number, key] = /^(rule|waiver|kernel) (\d+)(?:: (\w+):)?/.exec(message) ?? [];
  if (list !== undefined) {
    const path = [list === 'kernel' ? list : `${list}s`, Number(number) - 1];
    return key === undefined ? path : [...path, key];
  }
  const [, first, second] = /^(\w+)(?:: ([\w-]+))?: /.exec(message) ?? [];
  if (first === 'severity' && second !== undefined) return [first, second];
  return first === undefined ? [] : [first];
}

/** An excuse that a reader gives. */
export interface NewWaiver {
  readonly finding: Pick<Finding, 'rule' | 'va' | 'bytes'>;
  readonly reason: string;
  /** The last day, `YYYY-MM-DD`; empty where it is for ever. */
  readonly until: string;
}

/**
 * The policy with one waiver more.
 *
 * Errors: CHECK_ERR_POLICY — the waivers are written in one line, where none can be added.
 */
export function withWaiver(text: string, { finding, reason, until }: NewWaiver): string {
  const { rule, va, bytes } = finding;
  const lines = text.trim() === '' ? ['version: 1'] : text.trimEnd().split('\n');
  const at = lines.findIndex((line) => /^waivers\s*:/.test(line));
  if (at >= 0 && !/^waivers\s*:\s*(?:#.*)?$/.test(lines[at] ?? '')) {
    throw new VmError(
      'CHECK_ERR_POLICY',
      `the waivers of ${POLICY_FILE} stand in one line: write each in lines of its own, then waive`,
    );
  }
  if (at < 0) lines.push('', 'waivers:');
  const place = at < 0 ? lines.length : at + 1;
  const [, indent = '  '] = /^(\s*)- /.exec(lines[place] ?? '') ?? [];
  const item = [
    `${indent}- rule: ${rule}`,
    `${indent}  in: ${hex(va)}..${hex(va + bytes - 1)}`,
    `${indent}  reason: ${JSON.stringify(reason)}`,
    ...(until === '' ? [] : [`${indent}  until: ${until}`]),
  ];
  lines.splice(place, 0, ...item);
  return `${lines.join('\n')}\n`;
}

/** The policy without its waiver number `index`, from 0; as it is where there is none in lines. */
export function withoutWaiver(text: string, index: number): string {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => /^waivers\s*:\s*(?:#.*)?$/.test(line));
  if (head < 0) return text;
  const starts: number[] = [];
  let end = lines.length;
  for (let at = head + 1; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (/^\s*- /.test(line)) starts.push(at);
    else if (/^[^\s#-]/.test(line)) {
      end = at;
      break;
    }
  }
  const start = starts[index];
  if (start === undefined) return text;
  // The last one takes its heading with it, and the empty line above that.
  const above = (lines[head - 1] ?? 'x').trim() === '' ? head - 1 : head;
  const from = starts.length === 1 ? above : start;
  let to = starts[index + 1] ?? end;
  while (to > start + 1 && (lines[to - 1] ?? '').trim() === '') to -= 1;
  lines.splice(from, to - from);
  return lines.join('\n');
}

/** The number of the waiver that excuses a finding for this reason; -1 where none does. */
export function waiverIndex(
  { waivers }: Policy,
  { rule, va, bytes }: { readonly rule: RuleId; readonly va: number; readonly bytes: number },
  reason: string,
): number {
  return waivers.findIndex(
    (waiver) =>
      waiver.rule === rule &&
      waiver.reason === reason &&
      (waiver.range === undefined ||
        (va >= waiver.range.base && va + bytes <= waiver.range.base + waiver.range.bytes)),
  );
}
