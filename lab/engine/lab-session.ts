/**
 * A machine in the page: a scenario that runs step by step, operations that are typed behind it, and
 * every moment of it to go back to.
 *
 * An operation is a step that is appended to the text of the scenario and performed, so that the text
 * always says how the machine came to be what it is. Going back in time changes nothing; undoing
 * takes the last operation out of the text and runs the rest again.
 */

import { VmError } from '../../src/base/index.js';
import type { Region } from '../../src/domain/index.js';
import {
  type FileReader,
  parseScenario,
  type Scenario,
  ScenarioRun,
  type ScenarioStep,
  type StepOutcome,
  type StepResult,
} from '../../src/scenario/index.js';
import { MachineRecorder, type RecordedEvent } from './machine-recorder.js';
import { type DomainNotes, MomentState } from './moment-state.js';
import { expecting, stepOfLine, withStep } from './step-text.js';

/** How a session differs from the usual one. */
export interface SessionOptions {
  /** What the scenario is called in messages and on the command line. */
  readonly name?: string;
  /** Reads the executables that its domains may be spawned from; without it there are none. */
  readonly files?: FileReader;
}

/** How running on in slices goes. */
export interface RunWatch {
  /** Told how many of the steps are done. */
  readonly onProgress?: (done: number, all: number) => void;
  /** Ends it between two steps; it can go on later. */
  readonly signal?: AbortSignal;
}

/** How long the page waits at most while steps run. */
const SLICE_MILLISECONDS = 12;

/** One scenario on its machine. */
export class LabSession {
  /** What the scenario is called. */
  readonly name: string;
  private readonly files: FileReader;
  /** The texts before each typed operation, and those that were undone. */
  private readonly past: string[] = [];
  private readonly undone: string[] = [];
  private stage: Stage;

  /**
   * The machine and the domains of the scenario in `text`, before its first step.
   *
   * Errors: those of `parseScenario`, with {@link FileProblem}s as evidence that say line and column;
   * those of `World`; SOURCE_ERR_READ — it names a program that is not among the files.
   */
  constructor(text: string, options: SessionOptions = {}) {
    this.name = options.name ?? 'scenario.yaml';
    this.files = options.files ?? noFiles(this.name);
    this.stage = new Stage(text, this.name, this.files);
  }

  /** The scenario with all that was typed. */
  get text(): string {
    return this.stage.text;
  }

  get scenario(): Scenario {
    return this.stage.scenario;
  }

  /** The run itself, for who compares it with others; its results carry no events. */
  get run(): ScenarioRun {
    return this.stage.run;
  }

  /** The results so far. Their events are with {@link event}. */
  get results(): readonly StepResult[] {
    return this.stage.results;
  }

  /** Whether every step was performed. */
  get isDone(): boolean {
    return this.results.length === this.scenario.steps.length;
  }

  /** The result that was not as expected: what follows builds on it, so that the run stops there. */
  get failure(): StepResult | undefined {
    return this.stage.failure;
  }

  /**
   * Performs the next step; undefined where there is none, or the run has stopped.
   *
   * Errors: as `ScenarioRun.steps`.
   */
  step(): StepResult | undefined {
    const next = this.scenario.steps[this.results.length];
    return next === undefined || this.failure !== undefined ? undefined : this.stage.perform(next);
  }

  /** Performs all steps that are left. Errors: as {@link step}. */
  finish(): void {
    while (this.step() !== undefined);
  }

  /** As {@link finish}, with the page free in between. */
  async finishInSlices({ onProgress, signal }: RunWatch = {}): Promise<void> {
    let since = performance.now();
    while (signal?.aborted !== true && this.step() !== undefined) {
      if (performance.now() - since < SLICE_MILLISECONDS) continue;
      onProgress?.(this.results.length, this.scenario.steps.length);
      await new Promise((resume) => setTimeout(resume));
      since = performance.now();
    }
  }

  /**
   * Performs what is typed, behind all steps: a step as a scenario has it, or words (see
   * `step-text.ts`). An operation that is refused or faults is kept as one that is expected to.
   *
   * Errors: `SCENARIO_ERR_SYNTAX`, `SCENARIO_ERR_SCHEMA`, `SCENARIO_ERR_REFERENCE`,
   * `SCENARIO_ERR_LIMIT` it is no step, or names what is not there; `SCENARIO_ERR_EXPECTATION` the
   * run has stopped before. Nothing has changed then.
   */
  apply(line: string): StepResult {
    this.finish();
    const { failure, text } = this.stage;
    if (failure !== undefined) {
      const where = `step ${failure.step.number} in line ${failure.step.line}`;
      throw new VmError(
        'SCENARIO_ERR_EXPECTATION',
        `${where} did not end as expected, so nothing follows it: ${failure.unmet[0]}`,
      );
    }
    const step = stepOfLine(line);
    const result = this.appended(this.stage.extended(step), step);
    this.past.push(text);
    this.undone.length = 0;
    return result;
  }

  private appended(extended: ExtendedText, step: string): StepResult {
    const { text } = this;
    try {
      return this.stage.append(extended, step);
    } catch (error) {
      // A name that means nothing shows only when the step is on its way.
      this.stage = new Stage(text, this.name, this.files);
      this.finish();
      throw error;
    }
  }

  /** Whether there is an operation to undo, and one to do again. */
  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /** Takes the last typed operation back: the machine is what it was before. */
  undo(): void {
    this.swap(this.past, this.undone);
  }

  /** Does again what was undone last. */
  redo(): void {
    this.swap(this.undone, this.past);
  }

  private swap(from: string[], to: string[]): void {
    const text = from.pop();
    if (text === undefined) return;
    to.push(this.text);
    this.stage = new Stage(text, this.name, this.files);
    this.finish();
  }

  /** The last moment that there is. Moments count from 0, before the first step. */
  get lastMoment(): number {
    return this.stage.recorder.log.moments - 1;
  }

  /** The moment at which the step of this number had ended; 0 for the beginning. */
  momentOfStep(number: number): number {
    return this.stage.recorder.endOfStep(number);
  }

  /** The number of the step that `moment` is in, or that ends with it; 0 for the beginning. */
  stepOfMoment(moment: number): number {
    const done = this.stage.recorder.stepsDoneAt(moment);
    return this.momentOfStep(done) === moment ? done : done + 1;
  }

  /** Events that are recorded. */
  get eventCount(): number {
    return this.stage.recorder.eventCount;
  }

  /** Events that came when so much was recorded already that only the ends of steps are. */
  get missedEvents(): number {
    return this.stage.recorder.missedEvents;
  }

  /** The recorded event of this index, from 0. */
  event(index: number): RecordedEvent {
    return this.stage.recorder.event(index);
  }

  /** The event that `moment` is right after; undefined where it is the end of a step. */
  eventAt(moment: number): RecordedEvent | undefined {
    const index = this.eventFrom(moment);
    if (index >= this.eventCount) return undefined;
    const event = this.event(index);
    return event.moment === moment ? event : undefined;
  }

  /** The index of the first event at `moment` or later; the number of events where there is none. */
  eventFrom(moment: number): number {
    return this.stage.recorder.eventFrom(moment);
  }

  /** The state at a moment, from 0 to {@link lastMoment}; what is beyond is the nearest of them. */
  at(moment: number): MomentState {
    return this.stage.at(Math.min(Math.max(0, Math.trunc(moment)), this.lastMoment));
  }

  /** What was counted before the first step. */
  get startCosts(): MomentState['costs'] {
    return this.stage.startCosts;
  }

  /** Bytes that the past takes. */
  get recordedBytes(): number {
    return this.stage.recorder.log.bytes;
  }
}

/** A text that was read with one step more. */
interface ExtendedText {
  readonly text: string;
  readonly scenario: Scenario;
}

/** One text on its machine, from the beginning on. */
class Stage {
  text: string;
  scenario: Scenario;
  readonly run: ScenarioRun;
  readonly recorder: MachineRecorder;
  readonly results: StepResult[] = [];
  private readonly name: string;
  /** What steps have changed beside the machine: at 0 the beginning, then after each step. */
  private readonly notes: (readonly DomainNotes[])[];
  private recent: MomentState | undefined;
  private start: MomentState['costs'] | undefined;

  constructor(text: string, name: string, files: FileReader) {
    this.text = text;
    this.name = name;
    this.scenario = parseScenario(text, name);
    this.run = new ScenarioRun(this.scenario, files);
    this.recorder = new MachineRecorder(this.run);
    this.notes = [notesOf(this.run, [])];
  }

  get failure(): StepResult | undefined {
    const last = this.results.at(-1);
    return last !== undefined && last.unmet.length > 0 ? last : undefined;
  }

  get startCosts(): MomentState['costs'] {
    this.start ??= this.at(0).costs;
    return this.start;
  }

  perform(step: ScenarioStep): StepResult {
    this.recorder.begin(step.number);
    const performed = this.run.perform(step);
    const isLast = step.number >= this.scenario.steps.length || performed.unmet.length > 0;
    this.recorder.end(isLast);
    this.notes.push(notesOf(this.run, this.notes.at(-1) ?? []));
    // The recorder has them, and thousands of objects more are not wanted.
    const result = { ...performed, events: [] };
    this.run.results[this.results.length] = result;
    this.results.push(result);
    return result;
  }

  /** Performs `step`, which is behind all others in `plain`, and keeps it as one that ends so. */
  append(plain: ExtendedText, step: string): StepResult {
    const next = plain.scenario.steps.at(-1) as ScenarioStep;
    this.scenario = plain.scenario;
    const before = this.text;
    this.text = plain.text;
    const result = this.perform(next);
    if (next.expect !== undefined || result.outcome.kind === 'done') return result;
    this.text = withStep(before, expecting(step, expectationOf(result.outcome)));
    this.scenario = parseScenario(this.text, this.name);
    const unmet = result.violations.length > 0 ? result.unmet.slice(-result.violations.length) : [];
    const kept = { ...result, step: this.scenario.steps.at(-1) as ScenarioStep, unmet };
    this.results[this.results.length - 1] = kept;
    this.run.results[this.results.length - 1] = kept;
    return kept;
  }

  /**
   * The text and the scenario with `step` behind all that was performed.
   *
   * Errors: those of `parseScenario`; SCENARIO_ERR_SYNTAX it is not one step.
   */
  extended(step: string): ExtendedText {
    const text = withStep(this.text, step);
    const scenario = parseScenario(text, this.name);
    if (scenario.steps.length === this.results.length + 1) return { text, scenario };
    throw new VmError('SCENARIO_ERR_SYNTAX', 'one step is performed at a time');
  }

  at(moment: number): MomentState {
    if (this.recent?.facts.moment === moment) return this.recent;
    const { recorder } = this;
    const stepsDone = recorder.stepsDoneAt(moment);
    this.recent = new MomentState(recorder.log.at(moment), recorder.layout, {
      moment,
      stepsDone,
      cpu: this.scenario.machine.cpu,
      source: this.name,
      notes: this.notes[stepsDone] ?? [],
    });
    return this.recent;
  }
}

/** What a step that ended so is expected to. */
function expectationOf(outcome: Exclude<StepOutcome, { kind: 'done' }>): Record<string, string> {
  if (outcome.kind === 'fault') return { fault: outcome.fault.replace(/-walk$/, '') };
  return { error: outcome.codes.at(-1) ?? 'SYS_ERR_OK' };
}

/** What the domains have besides the machine's state; what did not change is shared with `before`. */
function notesOf(run: ScenarioRun, before: readonly DomainNotes[]): readonly DomainNotes[] {
  const { actors, init } = run.world;
  const notes = actors.map(({ name, domain, frames }, index): DomainNotes => {
    const old = before[index];
    const regions = sameRegions(domain.vspace.all(), old?.regions);
    const isSame =
      old !== undefined &&
      old.frames.size === frames.size &&
      [...frames].every(([key, frame]) => old.frames.get(key) === frame);
    const kept = isSame ? old.frames : new Map(frames);
    return old?.regions === regions && old.frames === kept ? old : { name, regions, frames: kept };
  });
  if (init === undefined) return notes;
  const old = before[notes.length];
  const regions = sameRegions(init.vspace.all(), old?.regions);
  return [...notes, { name: init.name, regions, frames: new Map() }];
}

/** Copies of `regions`, which may change later; `old` itself where they are the same still. */
function sameRegions(regions: readonly Region[], old: readonly Region[] = []): readonly Region[] {
  const copies = regions.map((region, index): Region => {
    const known = old[index];
    const { name, base, bytes, flags, backing } = region;
    const isSame =
      known?.base === base &&
      known.bytes === bytes &&
      known.name === name &&
      known.flags === flags &&
      known.backing === backing;
    return isSame ? known : { name, base, bytes, flags, backing };
  });
  const isSame = copies.length === old.length && copies.every((copy, index) => copy === old[index]);
  return isSame ? old : copies;
}

function noFiles(name: string): FileReader {
  return (path) => {
    const remedy = 'drop it on the page together with the scenario';
    throw new VmError('SOURCE_ERR_READ', `${name} spawns a domain from ${path}: ${remedy}`);
  };
}
