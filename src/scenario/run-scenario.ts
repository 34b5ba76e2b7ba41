/**
 * Runs a scenario: builds its machine and its domains, then performs its steps one by one.
 *
 * Nothing here reads a file or prints: files come through a callback, results are values, so that
 * the same run serves the command line, a test and a page in a browser.
 */
import { ERROR_CAUSES, PAGE_BYTES, VmError } from '../base/index.js';
import { faultMeaning } from '../format/index.js';
import {
  type AbortInfo,
  COST_NAMES,
  Cost,
  type CostName,
  type MachineEvent,
  StrictTlb,
  type TlbViolation,
} from '../machine/index.js';
import { fetch, load, store, touch, walkOf } from './access-steps.js';
import type { Actor } from './actor.js';
import { free, revoke, share } from './capability-steps.js';
import { clone, exit, kill, transfer } from './domain-steps.js';
import { unmetExpectations } from './expectation.js';
import { allocate, map, promote, protect, split, trim, unmap } from './memory-steps.js';
import { append, budget, create, evict, fill, flush, pin, unfill, unpin } from './object-steps.js';
import { type PagingCounts, pagingBetween, pagingCounts, solutionText } from './paging-counts.js';
import { guard, heap, malloc, read, release, reserve, stack, write } from './region-steps.js';
import type { Scenario, ScenarioStep } from './scenario.js';
import type { StepArguments, Verb } from './schema.js';
import type { StepFacts, StepOutcome, StepResult, TakenFault, TimedFault } from './step-result.js';
import { touchCount } from './touch-pattern.js';
import { type FileReader, World } from './world.js';

/** How a run differs from the usual one. */
export interface RunOptions {
  /** Whether what the machine does is recorded; see `StepResult.events`. */
  readonly events?: boolean;
}

/** How many faults of one step are told of one by one. */
const TOLD_FAULTS = 4;
/** Faults of one run that are told of in its timeline. */
const MOST_TIMELINE = 1000;
/** Accesses and pages that all steps together may ask for. */
const MOST_WORK = 20_000_000;

type Perform<V extends Verb> = (world: World, actor: Actor, args: StepArguments<V>) => StepFacts;

const PERFORM: { readonly [V in Verb]: Perform<V> } = {
  allocate,
  map,
  unmap,
  protect,
  split,
  promote,
  trim,
  share,
  revoke,
  free,
  load,
  store,
  fetch,
  touch,
  create,
  fill,
  unfill,
  append,
  pin,
  unpin,
  evict,
  flush,
  budget,
  reserve,
  guard,
  stack,
  heap,
  malloc,
  release,
  write,
  read,
  transfer,
  clone,
  exit,
  kill,
  switch: (_world, actor) => ({ verb: 'switch', domain: actor.name }),
};

/** A scenario on its way. */
export class ScenarioRun {
  readonly scenario: Scenario;
  readonly world: World;
  /** The results so far. */
  readonly results: StepResult[] = [];
  private readonly faults: TakenFault[] = [];
  /** Which step is being performed, and whose it is. */
  private number = 0;
  private current: Actor | undefined;
  private work = 0;
  /** Every fault of the run, up to a limit. */
  readonly timeline: TimedFault[] = [];
  /** How many faults there were. */
  faultCount = 0;

  /**
   * The machine and the domains of `scenario`, before its first step.
   * Errors: those of `files` and of {@link World}.
   */
  constructor(scenario: Scenario, files: FileReader, options: RunOptions = {}) {
    this.scenario = scenario;
    this.world = new World(scenario, files);
    const { cpu, events } = this.world.machine;
    const deliver = cpu.abortHandler;
    cpu.abortHandler = (abort) => {
      let solved = false;
      const before = pagingCounts(this.world);
      try {
        solved = deliver?.(abort) ?? false;
      } finally {
        this.noteFault(abort, solved, before);
      }
      return solved;
    };
    events.on = options.events ?? false;
  }

  /** The result that was not as the scenario expects; undefined while all were. */
  get failure(): StepResult | undefined {
    const last = this.results.at(-1);
    return last !== undefined && last.unmet.length > 0 ? last : undefined;
  }

  /**
   * Performs the steps in order and answers each result, up to and with the first that is not as the
   * scenario expects: what follows builds on it.
   *
   * Errors: `SCENARIO_ERR_REFERENCE` a name that only shows to mean nothing when it is used;
   * `SCENARIO_ERR_LIMIT` more accesses and pages than a run may take. Both say in which line.
   */
  *steps(): Generator<StepResult> {
    for (const step of this.scenario.steps) {
      const result = this.perform(step);
      yield result;
      if (result.unmet.length > 0) return;
    }
  }

  /**
   * Performs one step behind those that were performed: a step of the scenario, or a further one of
   * who takes the machine on from there. Errors: as {@link steps}.
   */
  perform(step: ScenarioStep): StepResult {
    const result = this.resultOf(step);
    this.results.push(result);
    return result;
  }

  private resultOf(step: ScenarioStep): StepResult {
    const { machine, kernel } = this.world;
    const { counters, events, tlb } = machine;
    const actor = this.actorOf(step);
    this.charge(step);
    const costsBefore = counters.values.slice();
    const eventsBefore = events.recorded;
    const strict = tlb instanceof StrictTlb ? tlb : undefined;
    const violationsBefore = strict?.violations.length ?? 0;
    if (strict !== undefined) strict.step = step.number;
    this.faults.length = 0;
    this.current = actor;
    this.number = step.number;
    const pagingBefore = pagingCounts(this.world);

    kernel.run(actor.domain.number);
    const outcome = this.outcomeOf(step, actor);
    const costs = {} as Record<CostName, number>;
    for (const name of COST_NAMES) {
      costs[name] = (counters.values[Cost[name]] ?? 0) - (costsBefore[Cost[name]] ?? 0);
    }
    const violations = strict?.violations.slice(violationsBefore) ?? [];
    const paging = pagingBetween(pagingBefore, pagingCounts(this.world));
    const resident = actor.domain.pool.usedPages;
    const unmet = unmetExpectations(step.expect, outcome, costs, { ...paging, resident });
    return {
      step,
      outcome,
      faults: [...this.faults],
      costs,
      paging,
      resident,
      events: this.eventsSince(eventsBefore),
      violations,
      unmet: [...unmet, ...violations.map(violationText)],
    };
  }

  /** Whose step it is. Error: `SCENARIO_ERR_REFERENCE` a domain that has ended. */
  private actorOf(step: ScenarioStep): Actor {
    try {
      return this.world.actor(step.domain);
    } catch (error) {
      throw error instanceof VmError ? this.located(error, step) : error;
    }
  }

  private outcomeOf(step: ScenarioStep, actor: Actor): StepOutcome {
    try {
      const perform = PERFORM[step.verb] as Perform<Verb>;
      return { kind: 'done', facts: perform(this.world, actor, step.args) };
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      if (error.code === 'SCENARIO_ERR_REFERENCE') throw this.located(error, step);
      return failedOutcome(error);
    }
  }

  private eventsSince(sequence: number): MachineEvent[] {
    const { events } = this.world.machine;
    return [...events.since(sequence)];
  }

  private noteFault(abort: AbortInfo, solved: boolean, before: PagingCounts): void {
    this.faultCount += 1;
    if (this.timeline.length >= MOST_TIMELINE && this.faults.length >= TOLD_FAULTS) return;
    const paging = pagingBetween(before, pagingCounts(this.world));
    const fault = {
      fault: abort.meaning.name,
      va: abort.va,
      fsr: abort.fsr,
      region: this.current?.nameOf(abort.va) ?? '',
      solved,
      solution: solved ? solutionText(this.current, abort, paging) : '',
    };
    if (this.faults.length < TOLD_FAULTS) this.faults.push(fault);
    if (this.timeline.length >= MOST_TIMELINE) return;
    this.timeline.push({ ...fault, step: this.number, domain: this.current?.name ?? '' });
  }

  /** Counts what a step asks for before it is done. */
  private charge(step: ScenarioStep): void {
    this.work += workOf(step);
    if (this.work <= MOST_WORK) return;
    const most = MOST_WORK.toLocaleString('en');
    const message = `the steps ask for more than ${most} accesses and pages in all`;
    throw this.located(new VmError('SCENARIO_ERR_LIMIT', message), step);
  }

  /** The error with the place of the step in its message. */
  private located(error: VmError, step: ScenarioStep): VmError {
    const message = `${this.scenario.file}:${step.line}: ${error.message}`;
    return new VmError(
      error.code,
      message,
      error.cause === undefined ? {} : { cause: error.cause },
    );
  }
}

/** Accesses, or pages, that a step asks for. */
function workOf({ verb, args }: ScenarioStep): number {
  if (verb === 'touch') return touchCount(args);
  const sized = typeof args === 'object' && args !== null && 'size' in args;
  return sized ? Math.max(1, (args.size ?? 0) / PAGE_BYTES) : 1;
}

/** How a step ended that threw `error`. */
function failedOutcome(error: VmError): StepOutcome {
  const codes = error.chain();
  const evidence = walkOf(error);
  if (evidence?.fault === undefined) return { kind: 'error', message: error.message, codes };
  const { fault } = evidence;
  const { cause } = error;
  return {
    kind: 'fault',
    fault: faultMeaning(fault.status).name,
    va: evidence.va,
    fsr: fault.fsr,
    walk: evidence,
    message: error.message,
    // Faults that are not about translation repeat their own message as their cause.
    handler: cause === undefined || cause.message === error.message ? '' : wholeText(cause),
    codes,
  };
}

/** The message of an error with the cause at its root. */
function wholeText(error: VmError): string {
  const root = error.chain().at(-1) ?? error.code;
  return root === error.code ? error.message : `${error.message}: ${ERROR_CAUSES[root]}`;
}

function violationText(violation: TlbViolation): string {
  return `the strict TLB reports ${violation.kind} at 0x${violation.va.toString(16)}`;
}
