/**
 * A step as a person reads it: number, domain, verb, what it is about, what came of it; below it the
 * faults that were solved on the way, and why something was refused.
 */
import { ERROR_CAUSES, type ErrorName, formatBytes, hex } from '../base/index.js';
import { VRegionFlags } from '../domain/index.js';
import { isFetch, rightsText } from '../format/index.js';
import {
  entryMeaning,
  entryOf,
  entryPlace,
  line,
  type SpaceInput,
  type Span,
  type Style,
  type StyledLine,
  wrapped,
} from '../inspect/index.js';
import { contentsText } from './contents.js';
import type { ScenarioStep } from './scenario.js';
import type {
  LeafRun,
  MadeMapping,
  MadeRegion,
  StepFacts,
  StepOutcome,
  StepResult,
  TakenFault,
} from './step-result.js';

/** The space that the lines of all steps of a run share. */
export interface StepLayout {
  /** Characters of a line. */
  readonly columns: number;
  /** Characters of the longest name of a domain. */
  readonly nameColumns: number;
  /** The space that the step ran in, for who reads its entries. */
  readonly space: SpaceInput;
}

const VERB_COLUMNS = 8;
const SUBJECT_COLUMNS = 25;

/** The lines of one step. */
export function stepLines(result: StepResult, layout: StepLayout): StyledLine[] {
  const { step, outcome, faults, unmet } = result;
  const { columns, nameColumns } = layout;
  const number = `${step.number}`.padStart(3);
  const head = `${number} ${step.domain.padEnd(nameColumns)} ${step.verb.padEnd(VERB_COLUMNS)} `;
  const indent = head.length;
  const subject = subjectOf(step, outcome).padEnd(SUBJECT_COLUMNS);
  const ending = endingOf(result);
  const first: Span[] = [{ text: head, style: 'quiet' }, { text: subject }];
  const fits = indent + subject.length + 1 + ending.text.length <= columns;
  const lines: StyledLine[] = fits
    ? [[...first, { text: ' ' }, ending]]
    : [first, ...wrapped(ending.text, columns, indent, ending.style, 2)];
  const below = (text: string, style: Style): void => {
    lines.push(...wrapped(text, columns, indent, style, 2));
  };
  for (const text of faultTexts(faults, result.costs.FAULTS)) below(text, 'quiet');
  for (const text of reasonsOf(outcome, layout.space)) below(text, 'quiet');
  for (const text of unmet) below(`✗ ${text}`, 'bad');
  return step.say === '' ? lines : [...sayLines(step.say, columns), ...lines];
}

function sayLines(text: string, columns: number): StyledLine[] {
  return [line(''), ...wrapped(text, columns, 0, 'heading')];
}

/** What a step is about, as the scenario says it. */
function subjectOf(step: ScenarioStep, outcome: StepOutcome): string {
  switch (step.verb) {
    case 'allocate':
    case 'free':
      return step.args.frame;
    case 'transfer':
      return `${step.args.frame} to ${step.args.to}`;
    case 'revoke': {
      const { frame, object, from } = step.args;
      return from === undefined ? (frame ?? '') : `${object} from ${from}`;
    }
    case 'map': {
      const region = step.args.as === undefined ? '' : ` as ${step.args.as}`;
      return `${step.args.frame ?? step.args.object}${region} ${rightsOf(step.args.rights)}`;
    }
    case 'share':
      return `${step.args.frame ?? step.args.object} ${rightsOf(step.args.rights)} with ${step.args.with}`;
    case 'protect':
      return `${step.args.at.text} ${rightsOf(step.args.rights)}`;
    case 'create':
    case 'fill':
    case 'unfill':
    case 'append':
    case 'pin':
    case 'unpin':
    case 'evict':
    case 'flush':
      return step.args.object;
    case 'reserve':
    case 'guard':
    case 'stack':
    case 'heap':
    case 'clone':
      return step.args.as;
    case 'malloc':
      return `${step.args.as} from ${step.args.heap}`;
    case 'trim':
    case 'budget':
      return '';
    case 'switch':
    case 'exit':
    case 'kill':
      return step.args;
    default:
      return placeText(step.args.at, outcome);
  }
}

/** A place as it is written, with its address where the name does not say it. */
function placeText(
  place: { readonly text: string; readonly base: number | string },
  outcome: StepOutcome,
): string {
  const va = outcome.kind === 'done' && 'va' in outcome.facts ? outcome.facts.va : undefined;
  const at = outcome.kind === 'fault' ? outcome.va : va;
  if (typeof place.base === 'number') return hex(at ?? place.base);
  return at === undefined ? place.text : `${place.text} (${hex(at)})`;
}

/** How the step ended, in one piece. */
function endingOf({ step, outcome, unmet, costs, paging }: StepResult): Span {
  if (outcome.kind === 'done') return { text: factsText(outcome.facts, costs, paging) };
  const what =
    outcome.kind === 'fault'
      ? `${outcome.fault} fault`
      : `refused: ${step.expect?.error ?? innermost(outcome)}`;
  if (unmet.length > 0) return { text: what, style: 'bad' };
  return { text: `✓ ${what}, as expected`, style: 'good' };
}

function innermost({ codes }: { readonly codes: readonly ErrorName[] }): ErrorName {
  return codes.at(-1) ?? 'SYS_ERR_OK';
}

/** What a step that succeeded did. */
function factsText(
  facts: StepFacts,
  costs: StepResult['costs'],
  paging: StepResult['paging'],
): string {
  switch (facts.verb) {
    case 'allocate': {
      const from = facts.device === undefined ? '' : ` of device ${facts.device}`;
      return `${formatBytes(facts.bytes)} at ${hex(facts.pa)}${from}`;
    }
    case 'map':
      return 'mapping' in facts ? mappingText(facts.mapping) : regionText(facts.region);
    case 'unmap':
      return `${formatBytes(facts.bytes)} from ${hex(facts.va)} on are free`;
    case 'protect':
      return `${formatBytes(facts.bytes)} were ${rightsOf(facts.before)}`;
    case 'split':
      return `now ${leavesText(facts.leaves)}`;
    case 'promote':
      return `now one leaf of ${formatBytes(facts.bytes)}`;
    case 'trim':
      return `${counted(facts.count, 'empty table')} given back`;
    case 'share':
      return shareText(facts);
    case 'revoke':
      return `${counted(facts.count, 'object' in facts ? 'region' : 'mapping')} gone`;
    case 'free':
      return `${formatBytes(facts.bytes)} given back, ${counted(facts.count, 'mapping')} gone`;
    case 'load':
      return `= ${hex(facts.value, 2 * facts.bytes)}  from ${hex(facts.pa)}`;
    case 'fetch':
      return `= ${hex(facts.value)}  from ${hex(facts.pa)}`;
    case 'store':
      return `← ${hex(facts.value, 2 * facts.bytes)}  at ${hex(facts.pa)}`;
    case 'touch':
      return touchText(facts, costs);
    case 'create':
      return `${facts.kind}, ${formatBytes(facts.bytes)}`;
    case 'fill':
    case 'unfill':
    case 'append':
    case 'pin':
    case 'unpin':
    case 'evict':
      return `${formatBytes(facts.bytes)} ${OBJECT_VERBS[facts.verb]}${pagesText(paging)}`;
    case 'flush':
      return `the file is ${contentsText(facts.contents)}`;
    case 'budget':
      return `${counted(facts.frames, 'frame')} from here on${pagesText(paging)}`;
    case 'reserve':
    case 'guard':
      return regionText(facts.region);
    case 'stack':
      return `${formatBytes(facts.bytes)} at ${hex(facts.va)}, ${formatBytes(facts.most)} at most`;
    case 'heap':
      return `${formatBytes(facts.bytes)} at most, at ${hex(facts.va)}`;
    case 'malloc':
      return `${formatBytes(facts.bytes)} at ${hex(facts.va)}`;
    case 'release':
      return 'given back to the heap';
    case 'read':
      return `= ${contentsText(facts.contents)}`;
    case 'write':
      return `← ${contentsText(facts.contents)}`;
    case 'transfer':
      return `${formatBytes(facts.bytes)} at ${hex(facts.pa)} are now ${facts.to}'s ${facts.as}`;
    case 'clone':
      return `a clone with ${counted(facts.count, 'region')}, each page the parent's until it is written`;
    case 'exit':
      return `has given up its memory${lossText(facts.lost)}`;
    case 'kill':
      return `is gone, its memory its parent's again${lossText(facts.lost)}`;
    case 'switch':
      return 'runs from here on';
  }
}

function lossText(lost: readonly string[]): string {
  return lost.length === 0 ? '' : `; lost: ${lost.join('; ')}`;
}

function touchText(facts: StepFacts & { verb: 'touch' }, costs: StepResult['costs']): string {
  const accesses = `${facts.count.toLocaleString('en')} ${facts.access === 'fetch' ? 'fetches' : `${facts.access}s`}`;
  const hits = `${costs.TLB_HITS.toLocaleString('en')} TLB hits`;
  return `${accesses}: ${hits}, ${counted(costs.WALKS, 'walk')}, ${counted(costs.FAULTS, 'fault')}`;
}

const OBJECT_VERBS = {
  fill: 'filled',
  unfill: 'taken out',
  append: 'are its length now',
  pin: 'stay in memory',
  unpin: 'may go again',
  evict: 'paged out',
} as const;

/** What else happened to pages, behind a comma. */
function pagesText({ evicted, written }: StepResult['paging']): string {
  const gone = evicted === 0 ? '' : `, ${counted(evicted, 'page')} evicted`;
  return written === 0 ? gone : `${gone}, ${counted(written, 'page')} written out`;
}

function regionText({ va, bytes, flags, maxFlags }: MadeRegion): string {
  const most = flags === maxFlags ? '' : `, ${rightsOf(maxFlags)} at most`;
  return `${formatBytes(bytes)} at ${hex(va)}${most}`;
}

function shareText(facts: StepFacts & { verb: 'share' }): string {
  if ('mapping' in facts && facts.mapping !== undefined) return mappingText(facts.mapping);
  if ('region' in facts && facts.region !== undefined) return regionText(facts.region);
  return `sent as ${facts.as}`;
}

function mappingText({ va, pa, leaves }: MadeMapping): string {
  return `at ${hex(va)} → ${hex(pa)}, ${leavesText(leaves)}`;
}

const LEAF_NOUNS: Readonly<Record<string, string>> = {
  small: 'small page',
  large: 'large page',
};

function leavesText(leaves: readonly LeafRun[]): string {
  return leaves.map(({ kind, count }) => counted(count, LEAF_NOUNS[kind] ?? kind)).join(' + ');
}

/** A number with its noun. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : nouns}`;
}

/** Region flags as a scenario writes rights. */
function rightsOf(flags: number): string {
  const { READ, WRITE, EXECUTE } = VRegionFlags;
  const letters = [
    (flags & READ) !== 0 ? 'r' : '',
    (flags & WRITE) !== 0 ? 'w' : '',
    (flags & EXECUTE) !== 0 ? 'x' : '',
  ].join('');
  return letters === '' ? 'none' : letters;
}

/** The faults that the domain has solved itself; `count` were taken in all. */
function faultTexts(faults: readonly TakenFault[], count: number): string[] {
  const texts = faults.filter(({ solved }) => solved).map(faultText);
  const more = count - faults.length;
  return more > 0 ? [...texts, `and ${counted(more, 'more fault')}`] : texts;
}

function faultText({ fault, va, region, solution }: TakenFault): string {
  const where = region === '' ? hex(va) : `${hex(va)}, ${region}`;
  return `${fault} fault at ${where}: solved, ${solution}`;
}

/** Why a step was refused: one text a line. */
function reasonsOf(outcome: StepOutcome, space: SpaceInput): string[] {
  if (outcome.kind === 'done') return [];
  if (outcome.kind === 'error') {
    const reason = `${outcome.message}: ${ERROR_CAUSES[innermost(outcome)]}`;
    return outcome.codes.length === 1 ? [reason] : [reason, outcome.codes.join(' › ')];
  }
  const { fault, leaf, steps, access } = outcome.walk;
  const register = isFetch(access) ? 'IFSR' : 'DFSR';
  const rights = leaf === undefined ? 'nothing is mapped' : `PL0 ${rightsText(leaf.rights, false)}`;
  const facts = [fault?.reason ?? outcome.fault, rights, `${register} ${hex(outcome.fsr, 3)}`];
  const entries = steps.map((step) => {
    const entry = entryOf(step);
    return `${entryPlace(entry)}  ${entryMeaning(entry, space)}`;
  });
  const handler = outcome.handler === '' ? [] : [outcome.handler];
  return [...handler, facts.join(' · '), ...entries];
}
