/** The view of S6: what is wrong, where, why it matters, the smallest change; and what is excused. */

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { hex, PAGE_BYTES } from '../../src/base/index.js';
import {
  type CheckResult,
  checkJson,
  checkSpace,
  entryPlace,
  type Finding,
  junitText,
  type Policy,
  type ReportOrigin,
  RULES,
  type RuleId,
  SEVERITIES,
  sarifText,
  summaryText,
} from '../../src/inspect/index.js';
import { policyText } from '../app/kept-text.js';
import { choice, text } from '../app/place.js';
import { fileStem, saveFile } from '../app/save-file.js';
import type { ScreenProps } from '../app/screen.js';
import { AT, get, goToScreen, place, set, tell } from '../app/state.js';
import { useCommands } from '../app/use-commands.js';
import type { PageRun } from '../draw/atlas-picture.js';
import { Editor } from '../editor/editor.js';
import { readPolicy, waiverIndex, withoutWaiver, withWaiver } from '../model/policy-file.js';
import { POLICY_FILE } from '../model/policy-name.js';
import { POLICY_SCHEMA } from '../model/policy-schema.js';
import type { Subject } from '../model/subject.js';
import { SmallAtlas } from './small-atlas.js';
import './tools.css';

const SEVERITY = choice('severity', ['all', 'error', 'warning', 'note']);
const RULE = text('rule');
const FINDING = text('finding');

/** The view. */
export function CheckView({ subject }: ScreenProps): JSX.Element {
  useLayoutEffect(() => void policyText.open(''), [subject, place.value.params['policy']]);
  const said = policyText.text.value;
  const { policy, problems } = useMemo(() => readPolicy(said, subject.names), [said, subject]);
  const result = useMemo(() => checked(subject, policy), [subject, policy]);
  const shown = filtered(result);
  const selected = result.findings.find(({ fingerprint }) => fingerprint === get(FINDING));
  const marked = useMemo(
    () => runsOf(selected === undefined ? shown : [selected]),
    [result, selected, get(SEVERITY), get(RULE)],
  );
  const step = (by: 1 | -1): void => {
    const now = selected === undefined ? -1 : shown.indexOf(selected);
    const to = shown[now < 0 && by < 0 ? shown.length - 1 : now + by];
    if (to !== undefined) select(to);
  };
  useCommands({
    up: () => set(FINDING, '', true),
    'step-back': () => step(-1),
    'step-forward': () => step(1),
  });
  if (policyText.isReading.value) return <p class="busy">Unpacking the link…</p>;
  return (
    <div class="check-screen">
      <section class="check-main" aria-label="Findings">
        <Filters result={result} subject={subject} />
        <p class="check-sum" role="status">
          <strong>{summaryText(result)}</strong>
          {shown.length < result.findings.length && ` · ${shown.length} shown`}
        </p>
        {result.findings.length === 0 && (
          <p class="fine">
            No rule is broken{result.excused.length > 0 && ' that is not excused'}.
          </p>
        )}
        <Cards findings={shown} selected={selected} />
        {[...result.cut].map(([rule, count]) => (
          <p class="hint" key={rule}>
            {rule} {RULES[rule].name}: {count} in all; the others are not told.
          </p>
        ))}
        <ExcusedList result={result} policy={policy} />
        {result.notes.length > 0 && (
          <details class="check-notes">
            <summary>What could not be judged</summary>
            {result.notes.map((note) => (
              <p key={note}>{note}.</p>
            ))}
          </details>
        )}
      </section>
      <aside class="check-side">
        <section class="panel" aria-label="Where">
          <h2>{placesTitle(result, selected)}</h2>
          <SmallAtlas
            subject={subject}
            label={`${subject.title}: 4 GiB, with ${marked.length} marked places`}
            marked={marked}
            pulses
            onPick={(page) => {
              const found = shown.find(({ va, bytes }) => {
                const at = page * PAGE_BYTES;
                return va < at + 2 ** 20 && va + bytes > at && bytes < 2 ** 32;
              });
              if (found !== undefined) select(found);
            }}
          />
        </section>
        <section class="panel" aria-label="Policy">
          <div class="panel-head">
            <h2>Policy</h2>
            <button
              type="button"
              class="tool"
              disabled={policyText.past.value.length === 0}
              onClick={() => void policyText.undo()}
            >
              Undo
            </button>
          </div>
          <p class="hint">
            What must and must not be, what is excused, and how bad a rule is. Kept in this browser
            for {subject.title}.
          </p>
          <Editor
            label="Policy, as YAML"
            text={said === '' ? EMPTY : said}
            onText={(next) => void policyText.change(next === EMPTY ? '' : next)}
            problems={problems}
            schema={POLICY_SCHEMA}
            onRun={() => {}}
          />
        </section>
      </aside>
    </div>
  );
}

/** What the picture is about. */
function placesTitle({ findings }: CheckResult, selected: Finding | undefined): string {
  if (selected !== undefined) return 'Where this is wrong';
  return findings.length === 0 ? 'Nothing is wrong anywhere' : 'Where it is wrong';
}

const EMPTY = 'version: 1\n';

function select(finding: Finding): void {
  set(FINDING, finding.fingerprint, true);
  if (finding.bytes < 2 ** 32) set(AT, finding.va);
}

function checked(subject: Subject, policy: Policy): CheckResult {
  const { space, regions, names } = subject;
  const today = new Date().toISOString().slice(0, 10);
  return checkSpace({ space, regions, names, kernel: [] }, { policy, today });
}

function filtered({ findings }: CheckResult): readonly Finding[] {
  const [severity, rule] = [get(SEVERITY), get(RULE)];
  return findings.filter(
    (each) =>
      (severity === 'all' || each.severity === severity) && (rule === '' || each.rule === rule),
  );
}

/** Runs that are marked at once. */
const MOST_MARKED = 200;

function runsOf(findings: readonly Finding[]): PageRun[] {
  return findings
    .filter(({ bytes }) => bytes < 2 ** 32)
    .slice(0, MOST_MARKED)
    .map(({ va, bytes }) => ({
      page: Math.floor(va / PAGE_BYTES),
      pages: Math.ceil(bytes / PAGE_BYTES),
    }));
}

interface FiltersProps {
  readonly result: CheckResult;
  readonly subject: Subject;
}

function Filters({ result, subject }: FiltersProps): JSX.Element {
  const rules = [...new Set(result.findings.map(({ rule }) => rule))].toSorted();
  const rule = get(RULE);
  const save = async (
    suffix: string,
    type: string,
    write: (result: CheckResult, origin: ReportOrigin) => string,
  ): Promise<void> => {
    saveFile(`${fileStem(subject.title)}${suffix}`, write(result, await originOf(subject)), type);
  };
  return (
    <div class="picture-tools">
      <label>
        Severity{' '}
        <select
          value={get(SEVERITY)}
          onChange={(event) =>
            set(SEVERITY, event.currentTarget.value as (typeof SEVERITY)['usual'])
          }
        >
          <option value="all">all</option>
          {SEVERITIES.toReversed().map((severity) => (
            <option value={severity} key={severity}>
              {severity}
            </option>
          ))}
        </select>
      </label>
      <label>
        Rule{' '}
        <select value={rule} onChange={(event) => set(RULE, event.currentTarget.value)}>
          <option value="">all</option>
          {(rule === '' || rules.includes(rule as RuleId) ? rules : [...rules, rule as RuleId]).map(
            (id) => (
              <option value={id} key={id}>
                {id} {RULES[id]?.name ?? ''}
              </option>
            ),
          )}
        </select>
      </label>
      <span class="spring" />
      <fieldset class="downloads" aria-label="Save">
        <button
          type="button"
          class="tool"
          onClick={() => void save('.sarif', 'application/sarif+json', sarifText)}
        >
          SARIF
        </button>
        <button
          type="button"
          class="tool"
          onClick={() => void save('-findings.json', 'application/json', checkJson)}
        >
          JSON
        </button>
        <button
          type="button"
          class="tool"
          onClick={() => void save('-junit.xml', 'application/xml', junitText)}
        >
          JUnit
        </button>
        <button
          type="button"
          class="tool"
          disabled={policyText.text.value.trim() === ''}
          onClick={() => saveFile(POLICY_FILE, policyText.text.value, 'application/yaml')}
        >
          Policy
        </button>
      </fieldset>
    </div>
  );
}

async function originOf(subject: Subject): Promise<ReportOrigin> {
  const { default: packageText } = await import('../../package.json?raw');
  const { version } = JSON.parse(packageText) as { readonly version: string };
  return {
    version,
    source: subject.provenance.source,
    locate: ({ entry, va }) => (entry === undefined ? undefined : subject.locate(va)),
  };
}

/** Cards that are shown before more are asked for. */
const LISTED = 50;

interface CardsProps {
  readonly findings: readonly Finding[];
  readonly selected: Finding | undefined;
}

function Cards({ findings, selected }: CardsProps): JSX.Element {
  const [listed, setListed] = useState(LISTED);
  const at = selected === undefined ? 0 : findings.indexOf(selected) + 1;
  const count = Math.max(listed, at);
  return (
    <>
      <ul class="cards">
        {findings.slice(0, count).map((finding) => (
          <li key={finding.fingerprint}>
            <Card finding={finding} isSelected={finding === selected} />
          </li>
        ))}
      </ul>
      {findings.length > count && (
        <button type="button" class="tool" onClick={() => setListed(count + LISTED)}>
          Show more: {findings.length - count} are left
        </button>
      )}
    </>
  );
}

const SEVERITY_MARKS = { error: '✕', warning: '!', note: 'i' } as const;

function Card({
  finding,
  isSelected,
}: {
  readonly finding: Finding;
  readonly isSelected: boolean;
}): JSX.Element {
  const { rule, severity, message, fix, va, bytes, entry } = finding;
  const card = useRef<HTMLElement>(null);
  const [waives, setWaives] = useState(false);
  const isEverywhere = bytes >= 2 ** 32;
  useEffect(() => {
    if (isSelected) card.current?.scrollIntoView({ block: 'nearest' });
  }, [isSelected]);
  return (
    <article
      ref={card}
      class={`card severity-${severity}${isSelected ? ' selected' : ''}`}
      aria-label={`${severity} ${rule} ${RULES[rule].name}`}
    >
      <h2>
        <span class="card-severity">
          {SEVERITY_MARKS[severity]} {severity}
        </span>{' '}
        {rule} {RULES[rule].name}
      </h2>
      <p class="card-what">{message}</p>
      <dl>
        <dt>Where</dt>
        <dd>
          {isEverywhere ? 'all addresses' : `${hex(va)}–${hex(va + bytes - 1)}`}
          {entry !== undefined && `, ${entryPlace(entry)}`}
        </dd>
        <dt>Why</dt>
        <dd>{RULES[rule].why}</dd>
        <dt>Change</dt>
        <dd>{fix}</dd>
      </dl>
      <div class="card-tools">
        <button
          type="button"
          class="tool"
          aria-pressed={isSelected}
          onClick={() => (isSelected ? set(FINDING, '', true) : select(finding))}
        >
          {isSelected ? 'Show all' : 'Show'}
        </button>
        {!isEverywhere && (
          <button type="button" class="tool" onClick={() => look(finding, 'atlas')}>
            Atlas
          </button>
        )}
        {!isEverywhere && (
          <button type="button" class="tool" onClick={() => look(finding, 'walk')}>
            Walk
          </button>
        )}
        <button
          type="button"
          class="tool"
          aria-expanded={waives}
          onClick={() => setWaives(!waives)}
        >
          Waive…
        </button>
      </div>
      {waives && <WaiveForm finding={finding} />}
    </article>
  );
}

function look({ va }: Finding, screen: string): void {
  set(AT, va);
  goToScreen(screen);
}

function WaiveForm({ finding }: { readonly finding: Finding }): JSX.Element {
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (reason.trim() === '') return;
    try {
      void policyText.change(
        withWaiver(policyText.text.peek(), { finding, reason: reason.trim(), until }),
      );
    } catch (error) {
      tell(error);
    }
  };
  return (
    <form class="waive" onSubmit={submit}>
      <label>
        Reason{' '}
        <input
          ref={field}
          type="text"
          required
          maxLength={400}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <label>
        Until{' '}
        <input type="date" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
      </label>
      <button type="submit" class="tool primary" disabled={reason.trim() === ''}>
        Waive
      </button>
    </form>
  );
}

function ExcusedList({
  result,
  policy,
}: {
  readonly result: CheckResult;
  readonly policy: Policy;
}): JSX.Element | null {
  if (result.excused.length === 0) return null;
  const takeBack = (finding: Finding, reason: string): void => {
    const index = waiverIndex(policy, finding, reason);
    void policyText.change(withoutWaiver(policyText.text.peek(), index));
  };
  return (
    <section aria-label="What is excused">
      <h2>Excused</h2>
      <ul class="excused">
        {result.excused.slice(0, LISTED).map(({ finding, reason }) => (
          <li key={finding.fingerprint}>
            <span>
              <strong>
                {finding.rule} {RULES[finding.rule].name}
              </strong>{' '}
              {hex(finding.va)}: {reason}
            </span>
            <button type="button" class="tool" onClick={() => takeBack(finding, reason)}>
              Take back
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
