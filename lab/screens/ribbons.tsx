/** S3, VA ↔ PA: which memory is behind which addresses. */

import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { formatBytes, hex, PAGE_BYTES } from '../../src/base/index.js';
import { rightsText } from '../../src/format/index.js';
import { placeText, typeText, whereIs, whereLines } from '../../src/inspect/index.js';
import { Picture, type PictureTable } from '../app/picture.js';
import { address, flag } from '../app/place.js';
import type { Screen, ScreenProps } from '../app/screen.js';
import { AT, get, goToScreen, set } from '../app/state.js';
import { StyledLines } from '../app/styled-lines.js';
import { useCommands } from '../app/use-commands.js';
import { ribbonAt, ribbonPaint } from '../draw/ribbon-picture.js';
import { type Ribbon, type RibbonMap, ribbonMap, share, type Window } from '../model/ribbons.js';
import { rowAt } from '../model/selection.js';
import type { Subject } from '../model/subject.js';
import { mapTable, nextRegion } from './map-table.js';
import { SelectionHead } from './selection-head.js';
import { ZoomButtons } from './zoom-buttons.js';

const FROM = address('from');
const TO = address('to');
const SCALE = flag('scale');

/** The screen. */
export const ribbonScreen: Screen = {
  id: 'memory',
  title: 'VA ↔ PA',
  lead: 'Which memory is behind which addresses: aliases meet, and scattered pages fan out.',
  View: RibbonView,
  cli: (subject) => {
    const at = get(AT);
    const row = at === undefined ? undefined : rowAt(subject, at);
    if (at === undefined || row?.pa === undefined)
      return `pagewright show ${subject.word} --view frames`;
    return `pagewright where ${subject.word} ${hex(row.pa)}+0x${row.bytes.toString(16)}`;
  },
};

const SPACE = 2 ** 32;
/** Nearer than this there is nothing more to see. */
const LEAST_BYTES = 64 * 1024;

function currentWindow(): Window {
  const from = get(FROM) ?? 0;
  const to = (get(TO) ?? SPACE - 1) + 1;
  return to > from ? { from, to } : { from: 0, to: SPACE };
}

function setWindow({ from, to }: Window): void {
  const bytes = Math.min(SPACE, Math.max(LEAST_BYTES, to - from));
  const start = Math.min(SPACE - bytes, Math.max(0, Math.floor(from / PAGE_BYTES) * PAGE_BYTES));
  set(FROM, start === 0 ? undefined : start);
  set(
    TO,
    start + bytes >= SPACE ? undefined : Math.ceil((start + bytes) / PAGE_BYTES) * PAGE_BYTES - 1,
  );
}

function RibbonView({ subject }: ScreenProps): JSX.Element {
  const { from, to } = currentWindow();
  const toScale = get(SCALE);
  const at = get(AT);
  const [hover, setHover] = useState<Ribbon | undefined>(undefined);
  const map = useMemo(
    () => ribbonMap(subject, { from, to }, toScale),
    [subject, from, to, toScale],
  );
  const selected = useMemo(
    () =>
      map.ribbons.find((each) => at !== undefined && at >= each.va && at < each.va + each.bytes),
    [map, at],
  );
  const lit = useMemo(() => {
    const centre = hover ?? selected;
    return new Set(centre === undefined ? [] : map.ribbons.filter((each) => isLitBy(each, centre)));
  }, [map, hover, selected]);
  const paint = useMemo(() => ribbonPaint({ map, lit }), [map, lit]);
  const table: PictureTable = useMemo(() => mapTable(subject), [subject]);
  const zoom = (factor: number): void => {
    const middle = selected === undefined ? (from + to) / 2 : selected.va + selected.bytes / 2;
    const bytes = (to - from) * factor;
    setWindow({ from: middle - bytes / 2, to: middle + bytes / 2 });
  };
  const pan = (by: number): void =>
    setWindow({ from: from + by * (to - from), to: to + by * (to - from) });
  const whole = to - from >= SPACE;
  useCommands({
    'zoom-in': () => zoom(0.5),
    'zoom-out': () => zoom(2),
    'pan-left': () => pan(-0.25),
    'pan-right': () => pan(0.25),
    fit: () => {
      if (whole && selected !== undefined) {
        setWindow({ from: selected.va - selected.bytes, to: selected.va + 2 * selected.bytes });
      } else setWindow({ from: 0, to: SPACE });
    },
    up: () => {
      if (!whole) setWindow({ from: 0, to: SPACE });
      else set(AT, undefined, true);
    },
    'step-back': () => set(AT, nextRegion(subject, at, -1)),
    'step-forward': () => set(AT, nextRegion(subject, at, 1)),
  });

  return (
    <div class="ribbon-screen">
      <section class="panel ribbon-main" aria-label="Addresses and memory">
        <div class="picture-tools">
          <span class="range">
            {hex(from)}–{hex(to - 1)}
          </span>
          <label class="toggle">
            <input
              type="checkbox"
              checked={toScale}
              onChange={(event) => set(SCALE, event.currentTarget.checked)}
            />
            To scale
          </label>
          <span class="spring" />
          <ZoomButtons
            seen={formatBytes(to - from)}
            isWhole={whole}
            onZoom={(factor) => zoom(1 / factor)}
            onWhole={() => setWindow({ from: 0, to: SPACE })}
          />
        </div>
        {map.ribbons.length === 0 ? (
          <p class="invite">
            Nothing is mapped between these addresses. Press f to see all of them.
          </p>
        ) : (
          <Picture
            main
            class="ribbon-picture"
            label={`${subject.title}: virtual addresses and the memory behind them`}
            paint={paint}
            table={table}
            onHover={(point, size) => setHover(point && ribbonAt(map, size, point))}
            onPick={(point, size) => set(AT, ribbonAt(map, size, point)?.va, true)}
            onDrag={(by, size) => pan(-by.y / size.height)}
            onZoom={(factor) => zoom(1 / factor)}
            onKey={(key) => stepBy(key, subject, at)}
          >
            <p class="hover-text" aria-hidden="true">
              {hover === undefined ? '' : ribbonText(hover)}
            </p>
          </Picture>
        )}
        {map.left > 0 && <p class="hint">{map.left} more are not drawn: zoom in to see them.</p>}
      </section>
      {selected === undefined ? (
        <Meetings map={map} />
      ) : (
        <Reaches subject={subject} ribbon={selected} />
      )}
    </div>
  );
}

/** A ribbon lights what ends in the same memory, and the other pieces of its own row. */
function isLitBy(ribbon: Ribbon, centre: Ribbon): boolean {
  return share(ribbon, centre) || (centre.row.scattered && ribbon.row === centre.row);
}

function stepBy(key: string, subject: Subject, at: number | undefined): boolean {
  const by = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (by === undefined) return false;
  set(AT, nextRegion(subject, at, by === 1 ? 1 : -1));
  return true;
}

function ribbonText({ va, pa, bytes, row }: Ribbon): string {
  const name = row.name === '' ? '' : `${row.name}  `;
  const rights = `${rightsText(row.rights, true)} ${rightsText(row.rights, false)}`;
  return `${name}${hex(va)}-${hex(va + bytes - 1)} → ${hex(pa)}  ${formatBytes(bytes)}  ${rights}  ${typeText(row)}`;
}

/** Where aliases meet and what is scattered, while nothing is selected. */
function Meetings({ map }: { readonly map: RibbonMap }): JSX.Element {
  const meetings = map.physical.filter((part) => part.uses > 1);
  const scattered = [
    ...new Set(map.ribbons.map((each) => each.row).filter((row) => row.scattered)),
  ];
  return (
    <aside class="panel" aria-label="What meets and what is scattered">
      <h2>{meetings.length === 0 ? 'No memory is shared' : meetingsText(meetings.length)}</h2>
      <p class="invite">Press a ribbon to see everything that reaches its memory.</p>
      <ul class="findings plain">
        {meetings.slice(0, LISTED).map((part) => {
          const users = map.ribbons.filter(
            (each) => each.pa < part.to && part.from < each.pa + each.bytes,
          );
          return (
            <li key={part.from}>
              <button type="button" onClick={() => set(AT, users[0]?.va, true)}>
                <code>
                  {hex(part.from)} {formatBytes(part.to - part.from)}
                </code>
                <span>{users.map((each) => each.row.name || hex(each.va)).join(' and ')}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {scattered.length > 0 && <h3>Scattered</h3>}
      <ul class="findings plain">
        {scattered.slice(0, LISTED).map((row) => (
          <li key={row.va}>
            <button type="button" onClick={() => set(AT, row.va, true)}>
              <code>
                {hex(row.va)} {formatBytes(row.bytes)}
              </code>
              <span>{placeText(row)}</span>
            </button>
          </li>
        ))}
      </ul>
    </aside>
  );
}

const LISTED = 12;
/** Runs that are told of one piece of memory. */
const MOST_REACHES = 40;

function meetingsText(count: number): string {
  return count === 1 ? 'One piece of memory is shared' : `${count} pieces of memory are shared`;
}

/** Everything that reaches the memory of a ribbon. */
function Reaches({
  subject,
  ribbon,
}: {
  readonly subject: Subject;
  readonly ribbon: Ribbon;
}): JSX.Element {
  const { pa, bytes, row } = ribbon;
  const { lines, count } = useMemo(() => {
    const range = { base: pa, bytes, single: false };
    const reaches = [...whereIs(subject.regions, range)];
    return {
      lines: whereLines(subject.regions, range, reaches.slice(0, MOST_REACHES)),
      count: reaches.length,
    };
  }, [subject, pa, bytes]);
  return (
    <aside class="panel" aria-label="The selection">
      <SelectionHead
        title={row.name === '' ? formatBytes(bytes) : row.name}
        base={pa}
        bytes={bytes}
      />
      <p>
        {count === 1
          ? 'One run of addresses reaches this memory.'
          : `${count} runs of addresses reach this memory.`}
      </p>
      <StyledLines lines={lines} />
      {count > MOST_REACHES && <p class="hint">and {count - MOST_REACHES} more</p>}
      <p class="next">
        <button type="button" class="tool" onClick={() => goToScreen('atlas')}>
          Show in the Atlas
        </button>
        <button type="button" class="tool" onClick={() => goToScreen('walk')}>
          Walk {hex(ribbon.va)}
        </button>
      </p>
    </aside>
  );
}
