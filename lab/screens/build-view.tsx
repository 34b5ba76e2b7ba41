/** The view of S7: a layout as text at the left, its tables at the right, and what they cost. */

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { formatBytes, KIB } from '../../src/base/index.js';
import { summaryText } from '../../src/inspect/index.js';
import {
  type Build,
  costText,
  type Emitter,
  type LayoutHint,
  layoutHints,
  layoutMapLines,
} from '../../src/layout/index.js';
import { layoutText } from '../app/kept-text.js';
import { saveFile } from '../app/save-file.js';
import type { ScreenProps } from '../app/screen.js';
import { openExample, show } from '../app/sources.js';
import { goToScreen, place, say, tell } from '../app/state.js';
import { StyledLines } from '../app/styled-lines.js';
import type { PageRun } from '../draw/atlas-picture.js';
import type { JsonSchema } from '../editor/complete.js';
import { Editor } from '../editor/editor.js';
import { EXAMPLES } from '../model/examples.js';
import {
  buildDraft,
  type Draft,
  hintsInSlices,
  layoutFileOf,
  runOfRegion,
  withHint,
  writtenDown,
} from '../model/layout-draft.js';
import { subjectOfBuild } from '../model/layout-file.js';
import { type LayoutText, type Subject, shellWord } from '../model/subject.js';
import { pathOf } from './build-path.js';
import { SmallAtlas } from './small-atlas.js';
import './tools.css';

const NO_PROGRAMS: ReadonlyMap<string, Uint8Array> = new Map();

/** How long somebody must not have typed before it is built. */
const BUILD_MILLISECONDS = 200;

/** The view. */
export function BuildView({ subject }: ScreenProps): JSX.Element {
  const usual = useMemo(() => layoutFileOf(subject), [subject]);
  useLayoutEffect(
    () => void layoutText.open(usual),
    [usual, subject, place.value.params['layout']],
  );
  const text = layoutText.text.value;
  const layout: LayoutText = useMemo(
    () => ({ text, path: pathOf(subject), programs: subject.layout?.programs ?? NO_PROGRAMS }),
    [text, subject],
  );
  if (layoutText.isReading.value) return <p class="busy">Unpacking the link…</p>;
  if (text === '') return <Beginning subject={subject} />;
  return <Workbench subject={subject} layout={layout} />;
}

/** What can be begun with, where what is shown was no layout. */
function Beginning({ subject }: ScreenProps): JSX.Element {
  const begin = (): void => {
    try {
      const { text, notes } = writtenDown(subject);
      void layoutText.change(text);
      if (notes.length > 0) say(notes.slice(0, 3).join('; '));
    } catch (error) {
      tell(error);
    }
  };
  return (
    <section class="panel build-beginning">
      <h2>Write an address space down</h2>
      <p class="invite">
        Drop a layout, a CSV of regions, or C with region macros. Or begin with what is there:
      </p>
      <div class="quiz-next">
        <button type="button" class="tool primary" onClick={begin}>
          The tables of {subject.title}
        </button>
        <ExampleButtons />
      </div>
    </section>
  );
}

function ExampleButtons(): JSX.Element {
  return (
    <>
      {EXAMPLES.filter(({ id }) => id !== 'linux').map((example) => (
        <button
          type="button"
          class="tool"
          key={example.id}
          title={example.about}
          onClick={() => openExample(example)}
        >
          {example.title}
        </button>
      ))}
    </>
  );
}

interface WorkbenchProps {
  readonly subject: Subject;
  readonly layout: LayoutText;
}

function Workbench({ subject, layout }: WorkbenchProps): JSX.Element {
  const [draft, setDraft] = useState<Draft>(NO_DRAFT);
  const [built, setBuilt] = useState<Subject | undefined>(undefined);
  const [schema, setSchema] = useState<JsonSchema | undefined>(undefined);
  const [marked, setMarked] = useState<readonly PageRun[]>([]);
  useEffect(() => void layoutSchema().then(setSchema), []);
  useEffect(() => {
    const make = (): void => {
      const next = buildDraft(layout);
      setDraft(next);
      setMarked([]);
      if (next.build !== undefined) setBuilt(subjectOfBuild(next.build, layout, subject.title));
    };
    if (draft === NO_DRAFT) {
      make();
      return;
    }
    const timer = setTimeout(make, BUILD_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [layout]);
  const open = (): void => {
    if (built === undefined) return;
    show(built, layout.path);
    goToScreen('atlas');
  };
  return (
    <div class="build-screen">
      <section class="panel build-text" aria-label="Layout">
        <div class="panel-head">
          <h2>{layout.path}</h2>
          <button
            type="button"
            class="tool"
            disabled={layoutText.past.value.length === 0}
            onClick={() => void layoutText.undo()}
          >
            Undo
          </button>
        </div>
        <Editor
          label="Layout, as YAML"
          text={layout.text}
          onText={(next) => void layoutText.change(next)}
          problems={draft.problems}
          schema={schema}
          onRun={open}
        />
        <details class="build-examples">
          <summary>Begin with another one</summary>
          <div class="quiz-next">
            <ExampleButtons />
          </div>
        </details>
      </section>
      <div class="build-right">
        {draft.placement !== undefined && (
          <section class="panel" aria-label="Where the regions are">
            <h2>It cannot be built yet</h2>
            <p class="hint">Below are the tables of the last text that could.</p>
            <StyledLines lines={layoutMapLines(draft.placement)} />
          </section>
        )}
        {built === undefined || draft === NO_DRAFT ? (
          <section class="panel">
            <p class="invite">The tables are drawn here as soon as the text can be built.</p>
          </section>
        ) : (
          <>
            <section
              class={`panel build-atlas${draft.build === undefined ? ' stale' : ''}`}
              aria-label="The tables"
            >
              <div class="panel-head">
                <h2>{summaryText(built.check)}</h2>
                <button
                  type="button"
                  class="tool"
                  title="Ctrl and Enter in the text"
                  disabled={draft.build === undefined}
                  onClick={open}
                >
                  Open on every screen
                </button>
              </div>
              <SmallAtlas
                subject={built}
                label={`The tables of ${layout.path}: 4 GiB, coloured by rights`}
                marked={marked}
                pulses
              />
            </section>
            {draft.build !== undefined && (
              <>
                <Cost build={draft.build} />
                <Hints
                  build={draft.build}
                  text={layout.text}
                  onMark={(run) => setMarked(run === undefined ? [] : [run])}
                />
                <Emitters build={draft.build} path={layout.path} />
              </>
            )}
          </>
        )}
      </div>
    </div>
  );
}

const NO_DRAFT: Draft = { build: undefined, problems: [], placement: undefined };

async function layoutSchema(): Promise<JsonSchema> {
  const { default: text } = await import('../../schema/layout.schema.json?raw');
  return JSON.parse(text) as JsonSchema;
}

/** The cost meter. */
function Cost({ build: { cost, layout }, build: made }: { readonly build: Build }): JSX.Element {
  const { budget } = layout.tables;
  return (
    <section class="panel" aria-label="What it costs">
      <h2>What it costs</h2>
      <dl class="figures">
        <div>
          <dd>{cost.tables}</dd>
          <dt>L2 tables</dt>
        </div>
        <div>
          <dd>{cost.bytes / KIB} KiB</dd>
          <dt>of tables</dt>
        </div>
        <div>
          <dd>{cost.tlbEntries}</dd>
          <dt>TLB entries</dt>
        </div>
        <div>
          <dd>{formatBytes(cost.mappedBytes)}</dd>
          <dt>mapped</dt>
        </div>
      </dl>
      {budget !== undefined && (
        <label class="budget">
          {Math.round((100 * cost.bytes) / budget)} % of the {budget / KIB} KiB that tables may take
          <meter min={0} max={budget} high={budget * 0.9} value={cost.bytes} />
        </label>
      )}
      <p class="hint">{costText(made)}</p>
    </section>
  );
}

interface HintsProps {
  readonly build: Build;
  readonly text: string;
  readonly onMark: (run: PageRun | undefined) => void;
}

/** Hints begin to be looked for when nobody has typed for so long: each is a build of its own. */
const HINT_MILLISECONDS = 500;

function Hints({ build: made, text, onMark }: HintsProps): JSX.Element {
  const [hints, setHints] = useState<readonly LayoutHint[]>([]);
  const [searches, setSearches] = useState(true);
  useEffect(() => {
    let isWanted = true;
    setHints([]);
    setSearches(true);
    const search = async (): Promise<void> => {
      for await (const hint of hintsInSlices(layoutHints(made))) {
        if (!isWanted) return;
        setHints((before) => [...before, hint]);
      }
      if (isWanted) setSearches(false);
    };
    const timer = setTimeout(() => void search(), HINT_MILLISECONDS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [made]);
  return (
    <section class="panel" aria-label="Hints">
      <h2>For less</h2>
      <p class="hint" role="status">
        {searches
          ? 'Trying what would cost less…'
          : hints.length === 0
            ? 'Nothing that was tried costs less.'
            : `${hints.length === 1 ? 'One change costs' : `${hints.length} changes cost`} less. Each was built, and its figures are those of the build.`}
      </p>
      <ul class="hints">
        {hints.map((hint) => (
          <li key={hint.region}>
            <p>
              <strong>{hint.region}</strong>: {hint.text}. {savingText(hint.saves)}.
            </p>
            <HintTools
              hint={hint}
              text={text}
              run={runOfRegion(made, hint.region)}
              onMark={onMark}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function HintTools(props: {
  readonly hint: LayoutHint;
  readonly text: string;
  readonly run: PageRun | undefined;
  readonly onMark: (run: PageRun | undefined) => void;
}): JSX.Element {
  const { hint, text, run, onMark } = props;
  const followed = useMemo(() => withHint(text, hint), [text, hint]);
  return (
    <div class="card-tools">
      <button type="button" class="tool" onClick={() => onMark(run)}>
        Show
      </button>
      {followed !== undefined && (
        <button
          type="button"
          class="tool"
          aria-label={`Apply to ${hint.region}`}
          onClick={() => void layoutText.change(followed)}
        >
          Apply
        </button>
      )}
    </div>
  );
}

/** `3 tables and 48 TLB entries less`. */
function savingText({ tables, tlbEntries }: LayoutHint['saves']): string {
  const parts = [
    ...(tables > 0 ? [`${tables} ${tables === 1 ? 'table' : 'tables'}`] : []),
    ...(tlbEntries > 0 ? [`${tlbEntries} TLB ${tlbEntries === 1 ? 'entry' : 'entries'}`] : []),
  ];
  return `${parts.join(' and ')} less`;
}

type EmitterList = readonly (readonly [name: string, emitter: Emitter])[];

/** Every form that the tables can be saved in. */
function Emitters({
  build: made,
  path,
}: {
  readonly build: Build;
  readonly path: string;
}): JSX.Element {
  const [forms, setForms] = useState<EmitterList>([]);
  useEffect(() => {
    void import('../../src/layout/emitters.js').then(({ EMITTERS }) =>
      setForms(Object.entries(EMITTERS)),
    );
  }, []);
  const stem = (path.split('/').at(-1) ?? path).replace(/\.\w+$/, '');
  const save = ([name, { suffix, emit }]: EmitterList[number]): void => {
    try {
      const command = `pagewright build ${shellWord(path)} --emit ${name}`;
      saveFile(`${stem}${suffix}`, emit({ build: made, command }), 'application/octet-stream');
    } catch (error) {
      tell(error);
    }
  };
  return (
    <section class="panel" aria-label="Save the tables as">
      <h2>Save as</h2>
      <div class="quiz-next">
        {forms.map((form) => (
          <button
            type="button"
            class="tool"
            key={form[0]}
            title={form[1].what}
            onClick={() => save(form)}
          >
            {form[0]}
          </button>
        ))}
      </div>
    </section>
  );
}
