/** S5: the TLB, and replacement policies. */

import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { formatBytes, hex } from '../../src/base/index.js';
import { SetAssociativeTlb, type TlbEntry } from '../../src/machine/index.js';
import { REPLAY_POLICIES } from '../../src/scenario/index.js';
import { chosen, lesson } from '../app/lessons.js';
import { goToMoment, machine, shownMoment, shownState } from '../app/machine.js';
import { Picture, type PictureTable } from '../app/picture.js';
import type { Param } from '../app/place.js';
import { PlayControls } from '../app/play-controls.js';
import type { Screen } from '../app/screen.js';
import { AT, get, set, theme } from '../app/state.js';
import { openMachineTrace, openSaidTrace, SHOW, study, TRACE, TRACES } from '../app/study.js';
import { COLOURS } from '../draw/palette.js';
import { curvePaint, framesAt, policyColour, racePaint } from '../draw/policy-picture.js';
import { asidColour, heatColumnAt, heatPaint, tlbEntryAt, tlbPaint } from '../draw/tlb-picture.js';
import type { LabSession } from '../engine/lab-session.js';
import type { MomentState } from '../engine/moment-state.js';
import { type PolicyStudy, raceOf } from '../model/policy-race.js';
import { shellWord } from '../model/subject.js';
import { tlbHeat } from '../model/tlb-heat.js';
import './machine.css';
import { NoMachine } from './no-machine.js';

const FRAMES: Param<number | undefined> = {
  name: 'frames',
  usual: undefined,
  parse: (value) => (/^\d{1,8}$/.test(value) ? Number(value) : undefined),
  write: (value) => `${value ?? 0}`,
};

/** The screen. */
export const policies: Screen = {
  id: 'policies',
  title: 'TLB',
  lead: 'What is kept at hand: translations in the TLB, pages in memory. Something has to go, and a policy says what.',
  View: Policies,
  cli: (subject) => {
    if (get(SHOW) === 'policies') {
      const example = TRACES.find(({ id }) => id === (get(TRACE) || TRACES[0].id));
      const file = example === undefined ? get(TRACE) : `examples/traces/${example.id}.txt`;
      return `pagewright replay ${shellWord(file)} --frames ${get(FRAMES) ?? 'auto'}`;
    }
    const session = machine.value?.session;
    return session === undefined
      ? `pagewright show ${subject.word}`
      : `pagewright run --events ${shellWord(session.name)}`;
  },
};

function Policies(): JSX.Element {
  const show = get(SHOW);
  return (
    <div class="policy-screen">
      <fieldset class="switch" aria-label="What is shown">
        {(['tlb', 'policies'] as const).map((each) => (
          <button
            type="button"
            class="tool"
            key={each}
            aria-pressed={show === each}
            onClick={() => set(SHOW, each, true)}
          >
            {each === 'tlb' ? 'The TLB of the machine' : 'Page replacement'}
          </button>
        ))}
      </fieldset>
      {show === 'tlb' ? <TlbView /> : <PolicyView />}
    </div>
  );
}

function TlbView(): JSX.Element {
  const session = machine.value?.session;
  const state = shownState.value;
  if (session === undefined || state === undefined) {
    return (
      <NoMachine>
        A dump holds tables, and nothing of the TLB: that is in a processor. Run a machine to see it
        fill, miss and forget.
      </NoMachine>
    );
  }
  return <TlbPanels session={session} state={state} change={machine.value?.change ?? 0} />;
}

interface TlbProps {
  readonly session: LabSession;
  readonly state: MomentState;
  readonly change: number;
}

function TlbPanels({ session, state, change }: TlbProps): JSX.Element {
  const [hover, setHover] = useState<TlbEntry | undefined>(undefined);
  const entries = useMemo(() => state.tlb(), [state]);
  const { tlb } = session.run.world.machine;
  const [sets, ways] = tlb instanceof SetAssociativeTlb ? [tlb.sets, tlb.ways] : [0, 0];
  const at = get(AT);
  const scene = useMemo(() => ({ sets, ways, entries, selected: at }), [sets, ways, entries, at]);
  const paint = useMemo(() => tlbPaint(scene), [scene]);
  const heat = useMemo(() => tlbHeat(session), [session, change]);
  const moment = shownMoment.value;
  const { TLB_HITS: hits, TLB_MISSES: misses, TLB_MAINTENANCE: maintenance } = state.costs;
  const start = session.startCosts;
  const counted = [
    ['entries', entries.length],
    ['hits', hits - start.TLB_HITS],
    ['misses', misses - start.TLB_MISSES],
    ['maintenance', maintenance - start.TLB_MAINTENANCE],
  ] as const;
  const table: PictureTable = {
    caption: 'Entries of the TLB',
    columns: ['Address', 'Memory', 'Size', 'ASID', 'Set', 'Way'],
    rows: entries.map((entry) => [
      hex(entry.va),
      hex(entry.pa),
      formatBytes(entry.bytes),
      entry.asid === undefined ? 'global' : `${entry.asid}`,
      `${entry.set}`,
      `${entry.way}`,
    ]),
  };
  const title =
    tlb.model === 'none'
      ? 'No TLB'
      : sets === 0
        ? 'A strict TLB, which never forgets by itself'
        : `${sets} sets × ${ways} ways`;
  return (
    <>
      <section class="panel" aria-label="The TLB">
        <div class="panel-head">
          <h2>{title}</h2>
          <PlayControls session={session} by="event" />
        </div>
        <dl class="figures">
          {counted.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value.toLocaleString('en')}</dd>
            </div>
          ))}
        </dl>
        <Picture
          main
          class="tlb-picture"
          label={`The TLB at moment ${moment}: ${entries.length} entries`}
          paint={paint}
          table={table}
          onHover={(point, size) => setHover(point && tlbEntryAt(scene, size, point))}
          onPick={(point, size) => {
            const entry = tlbEntryAt(scene, size, point);
            if (entry !== undefined) set(AT, entry.va, true);
          }}
        >
          <p class="hover-text" aria-hidden="true">
            {hover === undefined ? '' : entryText(hover)}
          </p>
        </Picture>
        <AsidLegend entries={entries} />
      </section>
      {heat !== undefined && (
        <section class="panel" aria-label="Pages over time">
          <h2>Which pages are used when</h2>
          <Picture
            class="heat-picture"
            label="Pages over time: uses that hit the TLB, and those that miss"
            paint={heatPaint({ heat, moment })}
            table={{
              caption: 'Uses of pages',
              columns: ['From', 'Pages', 'Hits', 'Misses', 'Faults'],
              rows: heat.rows.map(({ page, pages }, row) => {
                const sum = (counts: Uint32Array): string =>
                  `${counts.subarray(row * heat.columns, (row + 1) * heat.columns).reduce((all, each) => all + each, 0)}`;
                return [
                  hex(page * 4096),
                  `${pages}`,
                  sum(heat.hits),
                  sum(heat.misses),
                  sum(heat.faults),
                ];
              }),
            }}
            onPick={(point, size) => {
              const column = heatColumnAt({ heat, moment }, size, point.x);
              if (column !== undefined) goToMoment(heat.moments[column] ?? 0);
            }}
          />
          <ul class="legend">
            <li>
              <span class="swatch" style={{ background: 'var(--sky)' }} /> hits only
            </li>
            <li>
              <span class="swatch missed" /> a miss among them
            </li>
            <li>
              <span class="swatch bordered" /> a fault
            </li>
          </ul>
        </section>
      )}
    </>
  );
}

function entryText({ va, pa, bytes, asid, set: place, way }: TlbEntry): string {
  const owner = asid === undefined ? 'global' : `ASID ${asid}`;
  return `${hex(va)} → ${hex(pa)}  ${formatBytes(bytes)}  ${owner}  set ${place} way ${way}`;
}

function AsidLegend({ entries }: { readonly entries: readonly TlbEntry[] }): JSX.Element {
  const asids = [...new Set(entries.map(({ asid }) => asid))];
  return (
    <ul class="legend">
      {asids.map((asid) => (
        <li key={asid ?? 'global'}>
          <span class="swatch lettered" style={{ background: asidColour(asid) }} aria-hidden="true">
            {asid ?? 'g'}
          </span>
          {asid === undefined ? 'global' : `address space ${asid}`}
        </li>
      ))}
    </ul>
  );
}

function PolicyView(): JSX.Element {
  const said = get(TRACE);
  useEffect(() => void openSaidTrace(), [said]);
  const shown = study.value;
  if (shown === undefined) return <p class="busy">Replaying…</p>;
  if (lesson.value?.source.kind === 'trace' && chosen.value === undefined) {
    return (
      <section class="panel no-machine">
        <h2>Think first</h2>
        <p class="invite">The curve of all policies is drawn as soon as you have answered.</p>
      </section>
    );
  }
  return <PolicyPanels study={shown} />;
}

const PLAY_MILLISECONDS = 50;

function PolicyPanels({ study: shown }: { readonly study: PolicyStudy }): JSX.Element {
  const { sizes, rows, trace } = shown;
  const wanted = get(FRAMES) ?? sizes[Math.min(2, sizes.length - 1)] ?? 1;
  const frames = sizes.includes(wanted)
    ? wanted
    : (sizes.find((size) => size >= wanted) ?? sizes.at(-1) ?? 1);
  const [point, setPoint] = useState<number | undefined>(undefined);
  const [playing, setPlaying] = useState(false);
  const curve = useMemo(() => ({ rows, sizes, frames }), [rows, sizes, frames]);
  const race = useMemo(() => raceOf(shown, frames), [shown, frames]);
  const last = (race?.references.length ?? 1) - 1;
  const reached = Math.min(point ?? last, last);
  const paintCurve = useMemo(() => curvePaint(curve), [curve]);
  const paintRace = useMemo(
    () => (race === undefined ? undefined : racePaint({ race, point: reached })),
    [race, reached],
  );
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      setPoint((now) => {
        const next = (now ?? 0) + 1;
        if (next >= last) setPlaying(false);
        return Math.min(next, last);
      });
    }, PLAY_MILLISECONDS);
    return () => clearInterval(timer);
  }, [playing, last]);
  const playRace = (): void => {
    if (!playing && reached >= last) setPoint(0);
    setPlaying(!playing);
  };
  const colours = COLOURS[theme.value];
  const ranking = REPLAY_POLICIES.flatMap((policy) =>
    rows.filter((row) => row.policy === policy && row.frames === frames),
  ).sort((left, right) => left.misses - right.misses);
  const anomaly = anomalyOf(shown);
  return (
    <>
      <section class="panel" aria-label="Misses over frames">
        <div class="panel-head">
          <h2>{shown.name}</h2>
          <TraceChoice />
        </div>
        <p class="hint">
          {trace.references.toLocaleString('en')} references to {trace.pages.toLocaleString('en')}{' '}
          pages.
          {anomaly !== '' && <strong class="anomaly"> {anomaly}</strong>}
        </p>
        <Picture
          main
          class="curve-picture"
          label={`Miss ratios of ${REPLAY_POLICIES.length} policies over frames`}
          paint={paintCurve}
          table={{
            caption: 'Misses',
            columns: ['Frames', ...REPLAY_POLICIES],
            rows: sizes.map((size) => [
              `${size}`,
              ...REPLAY_POLICIES.map(
                (policy) =>
                  `${rows.find((row) => row.policy === policy && row.frames === size)?.misses ?? ''}`,
              ),
            ]),
          }}
          onPick={(at, size) => set(FRAMES, framesAt(curve, size, at.x))}
        />
        <div class="frames-slider">
          <label for="frames">Page frames</label>
          <output for="frames">{frames.toLocaleString('en')}</output>
          <input
            id="frames"
            type="range"
            min={0}
            max={sizes.length - 1}
            value={sizes.indexOf(frames)}
            aria-valuetext={`${frames}`}
            onInput={(event) => set(FRAMES, sizes[Number(event.currentTarget.value)])}
          />
        </div>
      </section>
      <section class="panel" aria-label="The race">
        <div class="panel-head">
          <h2>
            The race with {frames.toLocaleString('en')} {frames === 1 ? 'frame' : 'frames'}
          </h2>
          {race !== undefined && (
            <fieldset class="play" aria-label="The race in time">
              <button type="button" class="tool" aria-pressed={playing} onClick={playRace}>
                {playing ? 'Pause' : 'Race'}
              </button>
            </fieldset>
          )}
        </div>
        {paintRace !== undefined && race !== undefined ? (
          <>
            <Picture
              class="race-picture"
              label="Misses of each policy along the trace"
              paint={paintRace}
              table={{
                caption: 'Misses so far',
                columns: ['References', ...REPLAY_POLICIES],
                rows: race.references.map((count, index) => [
                  `${count}`,
                  ...REPLAY_POLICIES.map((policy) => `${race.misses[policy][index] ?? ''}`),
                ]),
              }}
            />
            <label class="frames-slider">
              Along the trace
              <input
                type="range"
                min={0}
                max={last}
                value={reached}
                onInput={(event) => {
                  setPlaying(false);
                  setPoint(Number(event.currentTarget.value));
                }}
              />
            </label>
          </>
        ) : (
          <p class="hint">
            The trace is too long to race beside a slider; the curve above is of all of it.
          </p>
        )}
        <ol class="ranking">
          {ranking.map(({ policy, misses, missRatio }) => (
            <li key={policy}>
              <span class="ranking-name">{policy}</span>
              <span class="ranking-bar" aria-hidden="true">
                <span
                  style={{
                    width: `${100 * missRatio}%`,
                    background: policyColour(policy, colours),
                  }}
                />
              </span>
              <span class="ranking-count">
                {misses.toLocaleString('en')} misses, {(100 * missRatio).toFixed(1)} %
              </span>
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}

function TraceChoice(): JSX.Element {
  const hasMachine = machine.value !== undefined;
  const said = get(TRACE) === '' ? TRACES[0].id : get(TRACE);
  const isFile = said !== 'machine' && !TRACES.some(({ id }) => id === said);
  const pick = (id: string): void => {
    if (id === 'machine') void openMachineTrace();
    else set(TRACE, id === TRACES[0].id ? '' : id);
  };
  return (
    <label class="trace-choice">
      Trace{' '}
      <select value={said} onChange={(event) => pick(event.currentTarget.value)}>
        {TRACES.map(({ id, title }) => (
          <option value={id} key={id}>
            {title}
          </option>
        ))}
        {hasMachine && <option value="machine">What the machine did</option>}
        {isFile && <option value={said}>{said}</option>}
      </select>
    </label>
  );
}

/** Which policies miss more often with more frames, in words; empty where none does. */
function anomalyOf({ rows, sizes }: PolicyStudy): string {
  const found = REPLAY_POLICIES.flatMap((policy) => {
    const own = sizes.flatMap((size) =>
      rows.filter((row) => row.policy === policy && row.frames === size),
    );
    const index = own.findIndex(({ misses }, at) => misses > (own[at - 1]?.misses ?? misses));
    const [before, after] = [own[index - 1], own[index]];
    if (before === undefined || after === undefined) return [];
    return [
      `${policy}: ${after.frames} frames miss more often than ${before.frames} (${after.misses} > ${before.misses}).`,
    ];
  });
  return found.length === 0 ? '' : `Belady's anomaly. ${found.join(' ')}`;
}
