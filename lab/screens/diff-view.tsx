/** The view of S8: two spaces in one Atlas, each changed cell split into what it was and what it is. */

import { batch } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatBytes, hex, PAGE_BYTES } from '../../src/base/index.js';
import { type Change, changeLines } from '../../src/inspect/index.js';
import { machine } from '../app/machine.js';
import { Picture, type PictureTable } from '../app/picture.js';
import type { Param } from '../app/place.js';
import type { ScreenProps } from '../app/screen.js';
import { companion } from '../app/sources.js';
import { AT, get, set } from '../app/state.js';
import { StyledText } from '../app/styled-lines.js';
import { useCommands } from '../app/use-commands.js';
import { type DiffScene, diffCellAt, diffPaint } from '../draw/diff-picture.js';
import { EXAMPLES } from '../model/examples.js';
import { type Layer, layerOf } from '../model/layers.js';
import { diffSubjects, type SpaceDiff } from '../model/space-diff.js';
import type { Subject } from '../model/subject.js';
import {
  AFTER,
  BEFORE,
  LEAVES,
  momentOf,
  type SideName,
  sideNames,
  sideSubject,
} from './diff-sides.js';
import './tools.css';

/** The view. */
export function DiffView({ subject }: ScreenProps): JSX.Element {
  const { before: beforeName, after: afterName } = sideNames(machine.value !== undefined);
  const beside = companion.value;
  const change = machine.value?.change;
  const before = useMemo(
    () => sideSubject(beforeName, subject),
    [beforeName, subject, beside, change],
  );
  const after = useMemo(
    () => sideSubject(afterName, subject),
    [afterName, subject, beside, change],
  );
  return (
    <div class="diff-screen">
      <Sides before={beforeName} after={afterName} />
      {before === undefined || after === undefined ? (
        <Invitation subject={subject} />
      ) : (
        <Compared before={before} after={after} />
      )}
    </div>
  );
}

/** What is compared with what. */
function Sides({
  before,
  after,
}: {
  readonly before: SideName;
  readonly after: SideName;
}): JSX.Element {
  const swap = (): void =>
    batch(() => {
      set(BEFORE, after, true);
      set(AFTER, before);
    });
  return (
    <div class="picture-tools diff-sides">
      <SideChoice label="Before" param={BEFORE} side={before} />
      <button
        type="button"
        class="tool"
        aria-label="Swap before and after"
        title="Swap before and after"
        disabled={before === ''}
        onClick={swap}
      >
        ⇄
      </button>
      <SideChoice label="After" param={AFTER} side={after} />
      <label class="toggle">
        <input
          type="checkbox"
          checked={get(LEAVES)}
          onChange={(event) => set(LEAVES, event.currentTarget.checked)}
        />
        Tell where only the leaf size changed
      </label>
    </div>
  );
}

interface SideChoiceProps {
  readonly label: string;
  readonly param: Param<SideName>;
  readonly side: SideName;
}

function SideChoice({ label, param, side }: SideChoiceProps): JSX.Element {
  const last = machine.value?.session.lastMoment;
  const moment = momentOf(side);
  return (
    <>
      <label>
        {label}{' '}
        <select
          value={moment === undefined ? side : 'moment'}
          onChange={(event) => {
            const { value } = event.currentTarget;
            set(param, value === 'moment' ? `moment-${last ?? 0}` : value, true);
          }}
        >
          {side === '' && <option value="">choose one</option>}
          <option value="shown">what is shown</option>
          {companion.value !== undefined && (
            <option value="dropped">{companion.value.title}, dropped before</option>
          )}
          {last !== undefined && <option value="moment">a moment of the machine</option>}
          {EXAMPLES.map(({ id, title }) => (
            <option value={id} key={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {moment !== undefined && last !== undefined && (
        <label class="diff-moment">
          moment {Math.min(moment, last)}
          <input
            type="range"
            aria-label={`${label}: moment`}
            min={0}
            max={last}
            value={Math.min(moment, last)}
            onInput={(event) => set(param, `moment-${event.currentTarget.value}`)}
          />
        </label>
      )}
    </>
  );
}

function Invitation({ subject }: ScreenProps): JSX.Element {
  return (
    <section class="panel diff-invitation">
      <h2>Two make a difference</h2>
      <p class="invite">
        Drop two files at once, or drop one here to compare it with {subject.title}. Where a machine
        runs, any two moments of it can be compared. Or take an example:
      </p>
      <div class="quiz-next">
        {EXAMPLES.filter(({ title }) => title !== subject.title).map(({ id, title }) => (
          <button type="button" class="tool" key={id} onClick={() => set(BEFORE, id, true)}>
            {title}
          </button>
        ))}
      </div>
    </section>
  );
}

/** Changes that are listed at once. */
const LISTED = 200;

interface ComparedProps {
  readonly before: Subject;
  readonly after: Subject;
}

function Compared({ before, after }: ComparedProps): JSX.Element {
  const leaves = get(LEAVES);
  const at = get(AT);
  const compared = useMemo(() => diffSubjects(before, after, leaves), [before, after, leaves]);
  const layers = useMemo(
    () =>
      [
        layerOf(before, leaves ? 'leaf' : 'rights'),
        layerOf(after, leaves ? 'leaf' : 'rights'),
      ] as const,
    [before, after, leaves],
  );
  const mib = at === undefined ? undefined : Math.floor(at / 2 ** 20);
  const table = useMemo(() => changeTable(compared, before, after), [compared, before, after]);
  const step = (by: 1 | -1): void => {
    const starts = compared.changes.map(({ va }) => va);
    const to =
      by > 0
        ? starts.find((va) => at === undefined || va > at)
        : starts.findLast((va) => at !== undefined && va < at);
    if (to !== undefined) set(AT, to, true);
  };
  useCommands({
    up: () => set(AT, undefined, true),
    'step-back': () => step(-1),
    'step-forward': () => step(1),
  });
  return (
    <div class="diff-columns">
      <section class="diff-pictures" aria-label="Both spaces">
        <p class="diff-sum" role="status">
          <Summary compared={compared} />
        </p>
        <DiffPicture
          main
          layers={layers}
          compared={compared}
          mib={undefined}
          selected={mib}
          label={`What changed from ${before.title} to ${after.title}: 4 GiB`}
          table={table}
        />
        <p class="hint">
          Upper left: {before.title}. Lower right: {after.title}. + new, − gone, ~ another; pale is
          the same.
        </p>
      </section>
      <section class="panel diff-list" aria-label="What changed">
        {mib !== undefined && at !== undefined && (
          <>
            <h2>The pages of {hex(mib * 2 ** 20)}</h2>
            <DiffPicture
              layers={layers}
              compared={compared}
              mib={mib}
              selected={(at >>> 12) & 255}
              label={`What changed in the pages of ${hex(mib * 2 ** 20)}`}
              table={pagesTable(compared, mib)}
            />
          </>
        )}
        <h2>{countText(compared.count)}</h2>
        {compared.count === 0 && (
          <p class="invite">Both spaces map the same memory in the same way, page by page.</p>
        )}
        <ol class="diff-changes">
          {compared.changes.slice(0, LISTED).map((change) => (
            <li key={change.va} aria-current={isAt(change, at) ? 'true' : undefined}>
              <button type="button" onClick={() => set(AT, change.va, true)}>
                <StyledText lines={changeLines(change)} />
              </button>
            </li>
          ))}
        </ol>
        {compared.count > LISTED && (
          <p class="hint">and {compared.count - LISTED} more: the command below prints them all</p>
        )}
      </section>
    </div>
  );
}

function countText(count: number): string {
  if (count === 0) return 'No difference';
  return count === 1 ? '1 range' : `${count} ranges`;
}

function isAt({ va, bytes }: Change, at: number | undefined): boolean {
  return at !== undefined && at >= va && at < va + bytes;
}

function Summary({ compared }: { readonly compared: SpaceDiff }): JSX.Element {
  const { added, removed, changed } = compared.totals;
  const part = (mark: string, { count, bytes }: typeof added, words: string): JSX.Element => (
    <span>
      <strong>
        {mark} {formatBytes(bytes)}
      </strong>{' '}
      {words} in {count} {count === 1 ? 'range' : 'ranges'}
    </span>
  );
  return (
    <>
      {part('+', added, 'new')}
      {part('−', removed, 'gone')}
      {part('~', changed, 'changed')}
    </>
  );
}

interface DiffPictureProps {
  readonly main?: boolean;
  readonly layers: readonly [Layer, Layer];
  readonly compared: SpaceDiff;
  readonly mib: number | undefined;
  readonly selected: number | undefined;
  readonly label: string;
  readonly table: PictureTable;
}

function DiffPicture(props: DiffPictureProps): JSX.Element {
  const { main = false, layers, compared, mib, selected, label, table } = props;
  const scene: DiffScene = useMemo(
    () => ({ before: layers[0], after: layers[1], pages: compared.pages, mib, selected }),
    [layers, compared, mib, selected],
  );
  const paint = useMemo(() => diffPaint(scene), [scene]);
  const columns = mib === undefined ? 64 : 16;
  const pick = (cell: number | undefined): void => {
    if (cell === undefined) return;
    const page = mib === undefined ? firstChange(compared, cell) : mib * 256 + cell;
    set(AT, page * PAGE_BYTES, true);
  };
  return (
    <Picture
      main={main}
      class={mib === undefined ? 'diff-picture' : 'diff-pages'}
      height={(width) => Math.min(width, mib === undefined ? 680 : 280)}
      label={label}
      paint={paint}
      table={table}
      onPick={(point, size) => pick(diffCellAt(scene, size, point))}
      onKey={(key) => {
        const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
        if (by === undefined) return false;
        const to = (selected ?? -by) + by;
        if (to >= 0 && to < columns * columns) pick(to);
        return true;
      }}
    />
  );
}

/** The first page of a MiB that changed; its first page where none did. */
function firstChange({ pages }: SpaceDiff, mib: number): number {
  for (let page = mib * 256; page < mib * 256 + 256; page++) if (pages[page] !== 0) return page;
  return mib * 256;
}

function rowOf({ va, bytes, kind, differences, before, after }: Change): string[] {
  return [
    `${hex(va)}-${hex(va + bytes - 1)}`,
    formatBytes(bytes),
    kind,
    differences.join(', '),
    before.text,
    after.text,
  ];
}

const COLUMNS = ['Addresses', 'Size', 'Change', 'Differs in', 'Before', 'After'] as const;

function changeTable({ changes }: SpaceDiff, before: Subject, after: Subject): PictureTable {
  const caption = `What changed from ${before.title} to ${after.title}`;
  return { caption, columns: COLUMNS, rows: changes.map(rowOf) };
}

function pagesTable({ changes }: SpaceDiff, mib: number): PictureTable {
  const first = mib * 2 ** 20;
  const rows = changes
    .filter(({ va, bytes }) => va < first + 2 ** 20 && va + bytes > first)
    .map(rowOf);
  return { caption: `What changed in ${hex(first)}`, columns: COLUMNS, rows };
}
