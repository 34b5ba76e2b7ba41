/**
 * The machine that runs in the page, where one does: a scenario, its moments, and which domain of it the
 * screens look at. What is shown is the space of that domain at that moment, as any other subject.
 *
 *     …?lesson=refill&moment=12&domain=first     a lesson
 *     …?run=…                                    a scenario, packed into the link
 */

import { batch, computed, effect, signal } from '@preact/signals';
import { hex } from '../../src/base/index.js';
import { namedRanges, type StepResult } from '../../src/scenario/index.js';
import type { LabSession } from '../engine/lab-session.js';
import type { DomainState, MomentState } from '../engine/moment-state.js';
import { Subject } from '../model/subject.js';
import { packing } from './address.js';
import { handOver, takeOver } from './handover.js';
import { layoutText, policyText } from './kept-text.js';
import { momentLabel } from './moment-label.js';
import { type Param, text } from './place.js';
import { programFiles } from './program-files.js';
import { fileStem } from './save-file.js';
import { busy, dismiss, get, SOURCE, set, subject, tell } from './state.js';
import { keep, kept } from './storage.js';
import { moments } from './timeline.js';

/** A session, and how often it was changed since it was opened. */
export interface OpenMachine {
  readonly session: LabSession;
  readonly change: number;
}

/** The machine; undefined while what is shown is none. */
export const machine = signal<OpenMachine | undefined>(undefined);

/** The moment that is shown; the last where it is not said. */
export const MOMENT: Param<number | undefined> = {
  name: 'moment',
  usual: undefined,
  parse: (value) => (/^\d{1,7}$/.test(value) ? Number(value) : undefined),
  write: (value) => `${value ?? 0}`,
};
/** The domain whose space is shown; that of the step where it is not said. */
export const DOMAIN = text('domain');
/** The scenario, packed; `kept` for one that is too long for a link and kept in the browser. */
const RUN = text('run');
/** The lesson that is open. */
export const LESSON = text('lesson');
const KEPT = 'kept';

/** The moment that is shown, as a number. */
export const shownMoment = computed(() => {
  const last = machine.value?.session.lastMoment ?? 0;
  return Math.min(get(MOMENT) ?? last, last);
});

/** The state that is shown. */
export const shownState = computed<MomentState | undefined>(() =>
  machine.value?.session.at(shownMoment.value),
);

/** The domain that is shown: the one that was asked for, or that of the step that is going on. */
export const shownDomain = computed<DomainState | undefined>(() => {
  const state = shownState.value;
  const session = machine.value?.session;
  if (state === undefined || session === undefined) return undefined;
  const step = session.scenario.steps[session.stepOfMoment(shownMoment.value) - 1];
  const wanted = get(DOMAIN) === '' ? (step?.domain ?? '') : get(DOMAIN);
  return state.domain(wanted) ?? state.domains[0];
});

/** What the address said when something was opened last: another saying is another thing to open. */
let opened = '';

function saying(): string {
  return [SOURCE, LESSON, RUN].map((param) => get(param)).join('\n');
}

/** Remembers that what the address says is what is open. */
export function markOpened(): void {
  opened = saying();
}

/** Whether the address says something else than what is open: the reader went back, or typed it. */
export function saysAnother(): boolean {
  return saying() !== opened;
}

let stopFollowing: (() => void) | undefined;
/** The scenario that the address does not say yet. */
let unsaid: string | undefined;
handOver('scenario', () => unsaid);
/** How many were begun to be opened: what the reader opens later counts, however long the first takes. */
let openings = 0;

/** How a scenario is opened. */
export interface OpenOptions {
  readonly name: string;
  /** Programs that were dropped with it, by their paths. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
  /** The lesson that it belongs to. */
  readonly lesson?: string;
  /** Whether it is what the address says already. */
  readonly isSaid?: boolean;
}

/**
 * Runs the scenario in `scenario` and shows it. Whether it could be.
 *
 * What is wrong with it is told.
 */
export async function openScenario(scenario: string, options: OpenOptions): Promise<boolean> {
  const { name, files, lesson = '', isSaid = false } = options;
  openings += 1;
  const own = openings;
  try {
    busy.value = `Running ${name}`;
    const { LabSession: Session } = await import('../engine/lab-session.js');
    const reader = await programFiles(scenario, files);
    const session = new Session(scenario, { name, files: reader });
    await session.finishInSlices({
      onProgress: (done, all) => {
        busy.value = `Running ${name}: step ${done} of ${all}`;
      },
    });
    if (own !== openings) return false;
    batch(() => {
      if (!isSaid) {
        for (const param of [MOMENT, DOMAIN] as Param<unknown>[]) set(param, param.usual);
        set(SOURCE, '');
        policyText.leave();
        layoutText.leave();
        set(LESSON, lesson);
        set(RUN, '');
      }
      machine.value = { session, change: 0 };
      dismiss();
    });
    stopFollowing ??= effect(follow);
    if (lesson === '' && !isSaid) await say(session);
    markOpened();
    return true;
  } catch (error) {
    if (own === openings) tell(error);
    return false;
  } finally {
    if (own === openings) busy.value = undefined;
  }
}

/** Puts the text of the session into the address, or keeps it where it is too long. */
async function say({ text }: LabSession): Promise<void> {
  unsaid = text;
  await packing(async () => {
    const packed = await packedOrKept(text);
    if (unsaid !== text) return;
    unsaid = undefined;
    set(RUN, packed);
    markOpened();
  });
}

async function packedOrKept(text: string): Promise<string> {
  try {
    const { packText } = await import('../engine/link.js');
    return await packText(text);
  } catch {
    keep('scenario', text);
    return KEPT;
  }
}

/** Performs what was typed. What is wrong with it is thrown. */
export function applyLine(line: string): StepResult | undefined {
  const open = machine.peek();
  if (open === undefined) return undefined;
  const result = open.session.apply(line);
  changed(open);
  return result;
}

/** Takes the last operation back, or does it again. */
export function undo(): void {
  const open = machine.peek();
  if (open?.session.canUndo !== true) return;
  open.session.undo();
  changed(open);
}

export function redo(): void {
  const open = machine.peek();
  if (open?.session.canRedo !== true) return;
  open.session.redo();
  changed(open);
}

function changed({ session, change }: OpenMachine): void {
  batch(() => {
    set(MOMENT, undefined);
    machine.value = { session, change: change + 1 };
  });
  void say(session);
}

/** Shows another moment. */
export function goToMoment(at: number): void {
  const last = machine.peek()?.session.lastMoment ?? 0;
  set(MOMENT, at >= last ? undefined : Math.max(0, at));
}

/** Shows something that is no machine any more: nothing of it stays in the address. */
export function closeMachine(): void {
  openings += 1;
  unsaid = undefined;
  stopFollowing?.();
  stopFollowing = undefined;
  before = undefined;
  machine.value = undefined;
  moments.value = undefined;
  set(MOMENT, undefined);
  for (const param of [DOMAIN, RUN, LESSON]) set(param, '');
}

/**
 * Opens the scenario that the page before has handed over or the address says; whether there is one. A
 * lesson is opened by its own.
 */
export async function openSaidScenario(): Promise<boolean> {
  const packed = get(RUN);
  const handed = takeOver('scenario');
  if (packed === '' && handed === undefined) return false;
  const lesson = get(LESSON);
  const name = lesson === '' ? 'scenario.yaml' : `${lesson}.yaml`;
  try {
    const scenario = handed ?? (await saidScenario(packed));
    const isOpen = await openScenario(scenario, { name, lesson, isSaid: true });
    const session = machine.peek()?.session;
    if (isOpen && handed !== undefined && session !== undefined) await say(session);
    return isOpen;
  } catch (error) {
    tell(error);
    return false;
  }
}

async function saidScenario(packed: string): Promise<string> {
  if (packed === KEPT) return kept('scenario');
  const { unpackText } = await import('../engine/link.js');
  return await unpackText(packed);
}

/** The space that was shown last: most moments change nothing of it, and need not be read anew. */
let before: (Shown & { readonly shown: Subject }) | undefined;

interface Shown {
  readonly state: MomentState;
  readonly domain: DomainState;
}

function isSame(one: Shown, other: Shown): boolean {
  return (
    one.domain.name === other.domain.name &&
    one.domain.root === other.domain.root &&
    one.domain.regions === other.domain.regions &&
    one.state.hasTablesOf(other.state)
  );
}

/** Makes the shown space the subject, and the moments those of the machine. */
function follow(): void {
  const open = machine.value;
  const state = shownState.value;
  const domain = shownDomain.value;
  if (open === undefined || state === undefined || domain === undefined) return;
  const at = shownMoment.value;
  const sameAs =
    before !== undefined && isSame(before, { state, domain }) ? before.shown : undefined;
  const shown = subjectOf(open.session, state, domain, sameAs);
  before = { state, domain, shown };
  subject.value = shown;
  moments.value = {
    count: open.session.lastMoment + 1,
    at,
    label: momentLabel(open.session, at),
    go: goToMoment,
  };
}

/** The space of the shown domain at moment `at`; undefined where no machine runs, or it is not there yet. */
export function subjectAtMoment(at: number): Subject | undefined {
  const open = machine.value;
  const shown = shownDomain.value;
  if (open === undefined || shown === undefined) return undefined;
  const state = open.session.at(Math.min(at, open.session.lastMoment));
  const domain = state.domain(shown.name);
  return domain && subjectOf(open.session, state, domain);
}

/** The space of a domain at a moment; the command line finds it where its snapshot was saved. */
function subjectOf(
  session: LabSession,
  state: MomentState,
  domain: DomainState,
  sameAs?: Subject,
): Subject {
  const stem = session.name.replace(/\.\w+$/, '');
  const { moment } = state.facts;
  const title = `${stem} · ${domain.name} · moment ${moment}`;
  return new Subject({
    title,
    about: session.scenario.title,
    input: state.input(domain),
    names: namedRanges(domain.regions, session.scenario),
    provenance: {
      // As "Snapshot" of the command bar saves it.
      source: `snap:${fileStem(title)}.json`,
      origins: { ttbr0: `domain ${domain.name}, root table ${hex(domain.root)}` },
    },
    ...(sameAs === undefined ? {} : { sameAs }),
  });
}
