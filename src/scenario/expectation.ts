/** Whether a step ended as it was expected to. */
import { type ErrorName, hex0x } from '../base/index.js';
import type { CostName } from '../machine/index.js';
import { contentsText, holdsContents } from './contents.js';
import type { PagingCounts } from './paging-counts.js';
import { COST_KEYS, type Expectation } from './schema.js';
import type { StepOutcome } from './step-result.js';

/** A number, or a bound of one such as `<= 4`. */
type Bound = number | string;

/** What of `expect` does not hold, one sentence each; nothing where all is as expected. */
export function unmetExpectations(
  expect: Expectation | undefined,
  outcome: StepOutcome,
  costs: Readonly<Record<CostName, number>>,
  pages: PagingCounts & { readonly resident: number },
): string[] {
  const unmet: string[] = [];
  const ending = unmetEnding(expect, outcome);
  if (ending !== undefined) unmet.push(ending);
  if (expect === undefined) return unmet;
  const compare = (what: string, bound: Bound | undefined, found: number): void => {
    if (bound === undefined || holds(bound, found)) return;
    unmet.push(`${what}: expected ${bound}, got ${found}`);
  };
  compare('faults', expect.faults, costs.FAULTS);
  for (const [key, bound] of Object.entries(expect.costs ?? {})) {
    const name = COST_KEYS[key];
    if (name !== undefined) compare(key, bound, costs[name]);
  }
  for (const [key, bound] of Object.entries(expect.paging ?? {})) {
    compare(key, bound, pages[key as keyof typeof pages]);
  }
  if (outcome.kind !== 'done') return unmet;
  const { facts } = outcome;
  if ('count' in facts) compare('count', expect.count, facts.count);
  if ('value' in facts && expect.value !== undefined && facts.value !== expect.value) {
    unmet.push(`value: expected ${hex0x(expect.value)}, got ${hex0x(facts.value)}`);
  }
  const { contents } = expect;
  if ('contents' in facts && contents !== undefined && !holdsContents(facts.contents, contents)) {
    unmet.push(`contents: expected ${contentsText(contents)}, got ${contentsText(facts.contents)}`);
  }
  return unmet;
}

/** What is wrong with how the step ended. */
function unmetEnding(expect: Expectation | undefined, outcome: StepOutcome): string | undefined {
  const { fault, error } = expect ?? {};
  if (fault === undefined && error === undefined) {
    return outcome.kind === 'done' ? undefined : `it was to succeed, and got ${endOf(outcome)}`;
  }
  const wanted = fault === undefined ? `the error ${error}` : `a ${fault} fault`;
  if (outcome.kind === 'done') return `expected ${wanted}, and it succeeded`;
  if (fault !== undefined && !(outcome.kind === 'fault' && isFault(outcome.fault, fault))) {
    return `expected ${wanted}, got ${endOf(outcome)}`;
  }
  if (error !== undefined && !outcome.codes.includes(error as ErrorName)) {
    return `expected ${wanted}, got ${outcome.codes.join(' over ')}`;
  }
  return undefined;
}

/** How a step ended that did not succeed. */
function endOf(outcome: Exclude<StepOutcome, { kind: 'done' }>): string {
  return outcome.kind === 'fault' ? `a ${outcome.fault} fault` : outcome.codes.join(' over ');
}

/** An external abort on the walk is an external abort. */
function isFault(found: string, wanted: string): boolean {
  return found === wanted || found === `${wanted}-walk`;
}

const BOUND = /^(<=|>=|<|>) ?([0-9_]+)$/;

/** Whether `found` is the number, or lies within the bound. */
function holds(bound: Bound, found: number): boolean {
  if (typeof bound === 'number') return found === bound;
  const [, relation, digits] = BOUND.exec(bound) ?? [];
  const limit = Number((digits ?? '').replaceAll('_', ''));
  switch (relation) {
    case '<=':
      return found <= limit;
    case '>=':
      return found >= limit;
    case '<':
      return found < limit;
    default:
      return found > limit;
  }
}
