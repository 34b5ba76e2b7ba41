/** The view of the machine itself: the scenario that it runs, what is typed to it, and what it did. */

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import firstDomain from '../../examples/first-domain.yaml?raw';
import { VmError } from '../../src/base/index.js';
import type { StyledLine } from '../../src/inspect/index.js';
import type { FileProblem } from '../../src/layout/index.js';
import type { CostName } from '../../src/machine/index.js';
import {
  eventFields,
  eventName,
  type StepLayout,
  type StepResult,
  stepLines,
} from '../../src/scenario/index.js';
import {
  applyLine,
  goToMoment,
  machine,
  openScenario,
  redo,
  shownMoment,
  shownState,
  undo,
} from '../app/machine.js';
import { PlayControls } from '../app/play-controls.js';
import { draftOf, keepDraft } from '../app/scenario-draft.js';
import { AT, get, overlay } from '../app/state.js';
import { StyledText } from '../app/styled-lines.js';
import type { JsonSchema } from '../editor/complete.js';
import { Editor } from '../editor/editor.js';
import type { LabSession } from '../engine/lab-session.js';
import type { MomentState } from '../engine/moment-state.js';
import './machine.css';

/** The view. */
export function RunView(): JSX.Element {
  const open = machine.value;
  return (
    <div class="run-screen">
      <ScenarioPanel session={open?.session} change={open?.change ?? 0} />
      <div class="run-right">
        {open === undefined ? (
          <section class="panel">
            <h2>No machine runs yet</h2>
            <p class="invite">
              Press Run: the kernel, the domains and the processor of the scenario come to life
              here. Then every screen shows their tables, at any moment of it. Or take a lesson,
              which runs a scenario and asks what it will do.
            </p>
            <div class="next">
              <button type="button" class="tool" onClick={() => (overlay.value = 'open')}>
                Lessons…
              </button>
            </div>
          </section>
        ) : (
          <>
            <ConsolePanel session={open.session} change={open.change} />
            <EventPanel session={open.session} />
            <CostPanel session={open.session} />
          </>
        )}
      </div>
    </div>
  );
}

interface ScenarioPanelProps {
  readonly session: LabSession | undefined;
  readonly change: number;
}

const CHECK_MILLISECONDS = 250;

function ScenarioPanel({ session, change }: ScenarioPanelProps): JSX.Element {
  const running = session?.text ?? firstDomain;
  const [text, setText] = useState(() => draftOf(running));
  const shown = useRef({ session, running });
  const [problems, setProblems] = useState<readonly FileProblem[]>([]);
  const [schema, setSchema] = useState<JsonSchema | undefined>(undefined);
  const name = session?.name ?? 'first-domain.yaml';
  // At once: what is typed after the first picture must not be overwritten.
  useLayoutEffect(() => {
    const before = shown.current;
    shown.current = { session, running };
    // What is typed to the machine while its scenario is being rewritten leaves the draft alone.
    if (session === before.session && text !== before.running) keepDraft(running, text);
    else setText(draftOf(running));
  }, [session, change]);
  const write = (next: string): void => {
    setText(next);
    keepDraft(running, next);
  };
  useEffect(() => {
    const timer = setTimeout(
      () => void problemsOf(text, name).then(setProblems),
      CHECK_MILLISECONDS,
    );
    return () => clearTimeout(timer);
  }, [text, name]);
  useEffect(() => void scenarioSchema().then(setSchema), []);
  const start = async (): Promise<void> => {
    const found = await problemsOf(text, name);
    setProblems(found);
    if (found.length === 0) await openScenario(text, { name });
  };
  const isChanged = session !== undefined && text !== session.text;
  return (
    <section class="panel scenario-panel" aria-label="Scenario">
      <div class="panel-head">
        <h2>{name}</h2>
        <button
          type="button"
          class="tool primary"
          disabled={problems.length > 0}
          title="Ctrl and Enter"
          onClick={() => void start()}
        >
          {session === undefined ? 'Run' : isChanged ? 'Run the changed scenario' : 'Run again'}
        </button>
      </div>
      <Editor
        label="Scenario, as YAML"
        text={text}
        onText={write}
        problems={problems}
        schema={schema}
        onRun={() => void start()}
      />
    </section>
  );
}

/** What is wrong with the text of a scenario. */
async function problemsOf(text: string, name: string): Promise<readonly FileProblem[]> {
  const { parseScenario } = await import('../../src/scenario/index.js');
  try {
    parseScenario(text, name);
    return [];
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    const evidence = error.evidence as readonly FileProblem[] | undefined;
    return evidence ?? [{ file: name, line: 1, column: 1, message: error.message, source: '' }];
  }
}

async function scenarioSchema(): Promise<JsonSchema> {
  const { default: text } = await import('../../schema/scenario.schema.json?raw');
  return JSON.parse(text) as JsonSchema;
}

interface ConsoleProps {
  readonly session: LabSession;
  readonly change: number;
}

/** Steps that are listed at most: those around the shown moment. */
const LISTED_STEPS = 80;
/** Characters of a line, and the pixels beside it. */
const MOST_COLUMNS = 110;
const LEAST_COLUMNS = 30;
const MARGIN_PIXELS = 74;

function ConsolePanel({ session }: ConsoleProps): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const [wrong, setWrong] = useState('');
  const columns = useColumns(list);
  const moment = shownMoment.value;
  const state = shownState.value;
  const now = session.stepOfMoment(moment);
  const first = Math.max(
    0,
    Math.min(now - LISTED_STEPS / 2, session.results.length - LISTED_STEPS),
  );
  const layout = {
    columns,
    nameColumns: Math.max(...session.scenario.domains.map(({ name }) => name.length)),
    space: state?.domains[0] === undefined ? undefined : state.input(state.domains[0]),
  };
  useEffect(() => {
    const shown = list.current?.querySelector('[aria-current]');
    if (shown instanceof HTMLElement && list.current !== null) {
      list.current.scrollTop = shown.offsetTop - list.current.clientHeight / 2;
    }
  }, [now, session, session.results.length]);
  const submit = (event: Event): void => {
    event.preventDefault();
    const element = field.current;
    if (element === null || element.value.trim() === '') return;
    try {
      applyLine(element.value);
      element.value = '';
      setWrong('');
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  const prefill = (line: string): void => {
    const element = field.current;
    if (element === null) return;
    element.value = line;
    element.focus();
    setWrong('');
  };
  return (
    <section class="panel console-panel" aria-label="Console">
      <div class="panel-head">
        <h2>Steps</h2>
        <PlayControls session={session} by="step" />
      </div>
      <ol class="steps" ref={list} start={first + 1} aria-label="Steps that were performed">
        {session.results.slice(first, first + LISTED_STEPS).map((result) => {
          const { number } = result.step;
          return (
            <li
              key={number}
              class={number > now ? 'later' : ''}
              aria-current={number === now ? 'step' : undefined}
            >
              <button
                type="button"
                aria-label={`Go to the end of step ${number}`}
                onClick={() => goToMoment(session.momentOfStep(number))}
              >
                ↦
              </button>
              {layout.space !== undefined && (
                <StyledText lines={linesOf(result, { ...layout, space: layout.space })} />
              )}
            </li>
          );
        })}
      </ol>
      <form class="console" onSubmit={submit}>
        <label for="operation">Operation</label>
        <input
          id="operation"
          ref={field}
          type="text"
          placeholder="map heap at=0x1000_0000 rights=rw"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={wrong !== ''}
          aria-describedby="operation-wrong"
          onInput={() => setWrong('')}
        />
        <button type="submit" class="tool primary">
          Do
        </button>
      </form>
      <p id="operation-wrong" class="console-wrong" role="alert">
        {wrong}
      </p>
      <fieldset class="console-buttons" aria-label="Begin an operation">
        {templates(session, state).map(({ verb, line }) => (
          <button type="button" class="tool" key={verb} title={line} onClick={() => prefill(line)}>
            {verb}
          </button>
        ))}
        <span class="spring" />
        <button type="button" class="tool" disabled={!session.canUndo} onClick={undo}>
          Undo
        </button>
        <button type="button" class="tool" disabled={!session.canRedo} onClick={redo}>
          Redo
        </button>
      </fieldset>
    </section>
  );
}

/** The lines of a step; what it says needs no empty line before it, as in a terminal. */
function linesOf(result: StepResult, layout: StepLayout): StyledLine[] {
  return stepLines(result, layout).slice(result.step.say === '' ? 0 : 1);
}

/** How many characters a line of a list has. */
function useColumns(list: { readonly current: HTMLElement | null }): number {
  const [columns, setColumns] = useState(MOST_COLUMNS);
  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      const room = Math.floor((element.clientWidth - MARGIN_PIXELS) / columnPixels(element));
      setColumns(Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, room)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [list]);
  return columns;
}

/** How wide a character is in the lines of a list. */
function columnPixels(list: HTMLElement): number {
  const ruler = document.createElement('pre');
  ruler.style.cssText = 'position: absolute; visibility: hidden; width: 100ch';
  list.append(ruler);
  const { width } = ruler.getBoundingClientRect();
  ruler.remove();
  return width / 100;
}

/** Operations that fit what there is: the frames of the domain that runs, and the selected address. */
function templates(
  session: LabSession,
  state: MomentState | undefined,
): readonly { readonly verb: string; readonly line: string }[] {
  const domains = session.scenario.domains.map(({ name }) => name);
  const running = state?.running ?? state?.domains[0];
  const [frame = 'page'] = [...(running?.frames.keys() ?? [])].slice(-1);
  const region = running?.regions.findLast(({ backing }) => backing === 'image');
  const selected = get(AT);
  const at =
    selected === undefined ? (region?.name ?? '0x1000_0000') : `0x${selected.toString(16)}`;
  const other = domains.find((name) => name !== running?.name) ?? running?.name ?? '';
  return [
    { verb: 'allocate', line: 'allocate page size=4K' },
    { verb: 'map', line: `map ${frame} at=0x1000_0000 rights=rw` },
    { verb: 'unmap', line: `unmap ${at}` },
    { verb: 'protect', line: `protect ${at} rights=r` },
    { verb: 'split', line: `split ${at}+4K` },
    { verb: 'promote', line: `promote ${at} size=1M` },
    { verb: 'share', line: `share ${frame} with=${other} rights=r` },
    { verb: 'revoke', line: `revoke ${frame}` },
    { verb: 'load', line: `load ${at}` },
    { verb: 'store', line: `store ${at} value=42` },
    { verb: 'touch', line: `touch ${at} size=64K pattern=random count=100` },
    { verb: 'trim', line: 'trim' },
  ];
}

/** How the counters of the machine are called. */
const COST_WORDS: Readonly<Record<CostName, string>> = {
  ENTRY_WRITES: 'entries written',
  TABLE_ALLOCATIONS: 'tables made',
  CAPABILITY_OPERATIONS: 'capability operations',
  WALKS: 'walks',
  WALK_READS: 'words read by walks',
  TLB_HITS: 'TLB hits',
  TLB_MISSES: 'TLB misses',
  TLB_MAINTENANCE: 'TLB maintenance',
  BARRIERS: 'barriers',
  FAULTS: 'faults',
};

const COSTS = Object.keys(COST_WORDS) as CostName[];

/** What everything has cost from the first step to the shown moment. */
function CostPanel({ session }: { readonly session: LabSession }): JSX.Element | null {
  const state = shownState.value;
  if (state === undefined) return null;
  const { startCosts } = session;
  return (
    <section class="panel" aria-label="Costs">
      <h2>What it has cost</h2>
      <dl class="figures small">
        {COSTS.map((name) => (
          <div key={name}>
            <dd>{(state.costs[name] - startCosts[name]).toLocaleString('en')}</dd>
            <dt>{COST_WORDS[name]}</dt>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Events that are listed at once. */
const LISTED_EVENTS = 80;

function EventPanel({ session }: { readonly session: LabSession }): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const moment = shownMoment.value;
  const after = session.eventFrom(moment + 1);
  const first = Math.max(
    0,
    Math.min(after - LISTED_EVENTS / 2, session.eventCount - LISTED_EVENTS),
  );
  const count = Math.min(LISTED_EVENTS, session.eventCount - first);
  useEffect(() => {
    const shown = list.current?.querySelector('[aria-current]');
    if (shown instanceof HTMLElement && list.current !== null) {
      list.current.scrollTop = shown.offsetTop - list.current.clientHeight / 2;
    }
  }, [after, session]);
  return (
    <section class="panel event-panel" aria-label="Events">
      <div class="panel-head">
        <h2>Events</h2>
        <PlayControls session={session} by="event" />
      </div>
      {session.eventCount === 0 && (
        <p class="invite">Nothing has happened yet that the machine records.</p>
      )}
      <ol class="events" ref={list} aria-label="What the machine did">
        {Array.from({ length: count }, (_, index) => {
          const event = session.event(first + index);
          return (
            <li
              key={event.sequence}
              class={event.moment > moment ? 'later' : ''}
              aria-current={event.sequence === after - 1 ? 'true' : undefined}
            >
              <button type="button" onClick={() => goToMoment(event.moment)}>
                {event.sequence}
              </button>
              <span class="event-step">{event.step}</span>
              <span class={`event-kind kind-${eventName(event).split('-')[0]}`}>
                {eventName(event)}
              </span>
              <span class="event-fields">{eventFields(event)}</span>
            </li>
          );
        })}
      </ol>
      {session.missedEvents > 0 && (
        <p class="hint">
          {session.missedEvents.toLocaleString('en')} later events are not moments of their own:
          only the ends of their steps are.
        </p>
      )}
    </section>
  );
}
