/** Beside the Atlas: the space as a whole, or what is selected in it. */

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatBytes, hex, PAGE_BYTES } from '../../src/base/index.js';
import { rightsText } from '../../src/format/index.js';
import {
  type Finding,
  headerLines,
  placeText,
  ROOT_ENTRY_PAGES,
  RULES,
  typeText,
} from '../../src/inspect/index.js';
import { Picture, type PictureTable } from '../app/picture.js';
import { goToScreen } from '../app/state.js';
import { StyledLines } from '../app/styled-lines.js';
import type { PageRun } from '../draw/atlas-picture.js';
import { type TableScene, tableCellAt, tablePaint } from '../draw/table-picture.js';
import type { Layer } from '../model/layers.js';
import { kindText } from '../model/layers.js';
import type { Selection } from '../model/selection.js';
import type { Subject } from '../model/subject.js';
import { selectPage } from './atlas-params.js';
import { DescriptorBits } from './descriptor-bits.js';
import { SelectionHead } from './selection-head.js';

interface SpacePanelProps {
  readonly subject: Subject;
  readonly onPick: (run: PageRun) => void;
}

/** The space as a whole. */
export function SpacePanel({ subject, onPick }: SpacePanelProps): JSX.Element {
  const { space, check } = subject;
  const { mappedBytes, regions } = subject.extent;
  return (
    <aside class="panel space-panel" aria-label="The space">
      <h2>{subject.title}</h2>
      {subject.about !== '' && subject.about !== subject.title && <p>{subject.about}</p>}
      <dl class="figures">
        <div>
          <dd>{formatBytes(mappedBytes)}</dd>
          <dt>mapped</dt>
        </div>
        <div>
          <dd>{regions}</dd>
          <dt>regions</dt>
        </div>
        <div>
          <dd>{space.tableKibibytes.length}</dd>
          <dt>L2 tables</dt>
        </div>
        <div>
          <dd>{formatBytes(space.tableBytes())}</dd>
          <dt>of tables</dt>
        </div>
      </dl>
      <p class="invite">
        Press a cell of the picture to look into it, or go to an address with the slash key.
      </p>
      <Findings findings={check.findings} onPick={onPick} />
      <h3>Where it was read from</h3>
      <StyledLines lines={headerLines(space, subject.provenance)} />
    </aside>
  );
}

/** Findings that are listed; `check` lists them all. */
const LISTED_FINDINGS = 6;

function Findings({
  findings,
  onPick,
}: {
  readonly findings: readonly Finding[];
  readonly onPick: (run: PageRun) => void;
}): JSX.Element {
  if (findings.length === 0) return <p class="fine">No rule is broken.</p>;
  const more = findings.length - LISTED_FINDINGS;
  return (
    <>
      <h3>{findings.length === 1 ? 'One rule is broken' : `${findings.length} findings`}</h3>
      <ul class="findings">
        {findings.slice(0, LISTED_FINDINGS).map((finding) => (
          <li key={finding.fingerprint}>
            <button
              type="button"
              onClick={() => onPick({ page: Math.floor(finding.va / PAGE_BYTES), pages: 256 })}
            >
              <span class="finding-rule">
                ! {finding.rule} {ruleName(finding.rule)}
              </span>
              <span>{finding.message}</span>
            </button>
          </li>
        ))}
      </ul>
      {more > 0 && <p class="hint">and {more} more</p>}
    </>
  );
}

function ruleName(rule: string): string {
  return Object.entries(RULES).find(([id]) => id === rule)?.[1].name ?? '';
}

interface SelectionPanelProps {
  readonly subject: Subject;
  readonly selection: Selection;
  readonly layer: Layer;
  readonly marks: Uint8Array;
  readonly onPick: (run: PageRun) => void;
}

/** What is selected: its table, its entry, and what that leads to. */
export function SelectionPanel(props: SelectionPanelProps): JSX.Element {
  const { subject, selection, layer, marks, onPick } = props;
  const { row, run, rootEntry, pageEntry, hasTable } = selection;
  const first = run.page & ~(ROOT_ENTRY_PAGES - 1);
  const scene: TableScene = useMemo(
    () => ({ first, layer, marks, selected: run.pages === 1 ? run.page : undefined, hasTable }),
    [first, layer, marks, run, hasTable],
  );
  const paint = useMemo(() => tablePaint(scene), [scene]);
  const table = useMemo(() => tableOfPages(subject, first), [subject, first]);
  const va = run.page * PAGE_BYTES;
  const findings = subject.check.findings.filter(
    (each) =>
      each.va < va + run.pages * PAGE_BYTES && va < each.va + each.bytes && each.bytes < 2 ** 32,
  );
  return (
    <aside class="panel" aria-label="The selection">
      <SelectionHead
        title={row.name === '' ? kindText(row.meaning) : row.name}
        base={va}
        bytes={run.pages * PAGE_BYTES}
      />
      <p class="meaning">{meaningText(selection)}</p>
      <div class="panel-columns">
        <div>
          <h3>
            {hasTable
              ? `L2 table @${hex(subject.space.entryAt(first).address)}`
              : 'One entry, no table'}
          </h3>
          <Picture
            class="table-picture"
            label={`The 256 pages of ${hex(first * PAGE_BYTES)}`}
            paint={paint}
            table={table}
            onPick={(point, size) => {
              const page = tableCellAt(scene, size, point);
              if (page !== undefined) onPick({ page, pages: 1 });
            }}
            onKey={(key) => stepInTable(key, scene, run)}
          />
        </div>
        <div class="entries">
          <DescriptorBits subject={subject} entry={rootEntry} />
          {pageEntry !== undefined && <DescriptorBits subject={subject} entry={pageEntry} />}
        </div>
      </div>
      {findings.map((finding) => (
        <p class="finding" key={finding.fingerprint}>
          <strong>
            ! {finding.rule} {ruleName(finding.rule)}
          </strong>{' '}
          {finding.message}. To put it right: {finding.fix}.
        </p>
      ))}
      <p class="next">
        <button type="button" class="tool" onClick={() => goToScreen('walk')}>
          Walk {hex(selection.va)}
        </button>
      </p>
    </aside>
  );
}

function meaningText({ row }: Selection): string {
  if (row.type === undefined)
    return `${formatBytes(row.bytes)} of ${kindText(row.meaning)}, from ${hex(row.va)} on.`;
  const place = placeText(row);
  const where = place === '=' ? 'itself' : place.startsWith('~') ? place : hex(row.pa ?? 0);
  const rights = `PL1 ${rightsText(row.rights, true)}, PL0 ${rightsText(row.rights, false)}`;
  return `Part of ${formatBytes(row.bytes)} from ${hex(row.va)} on, which leads to ${where}: ${rights}, ${typeText(row)}, domain ${row.domain}.`;
}

function tableOfPages(subject: Subject, first: number): PictureTable {
  const rows: string[][] = [];
  for (let page = first; page < first + ROOT_ENTRY_PAGES; page++) {
    const region = subject.regions.at(page);
    const start = Math.max(first, subject.regions.pages[region] as number);
    const end = Math.min(
      first + ROOT_ENTRY_PAGES,
      (subject.regions.pages[region] as number) + (subject.regions.lengths[region] as number),
    );
    const entry = subject.space.entryAt(start);
    rows.push([
      `${hex(start * PAGE_BYTES)}-${hex(end * PAGE_BYTES - 1)}`,
      String(end - start),
      kindText(subject.regions.meaningOf[region] as number),
      entry.word === undefined ? 'unreadable' : hex(entry.word),
    ]);
    page = end - 1;
  }
  return {
    caption: `Pages from ${hex(first * PAGE_BYTES)}`,
    columns: ['Addresses', 'Pages', 'Kind', 'First entry'],
    rows,
  };
}

function stepInTable(key: string, scene: TableScene, run: PageRun): boolean {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -16, ArrowDown: 16 }[key];
  if (by === undefined || !scene.hasTable) return false;
  const at = run.pages === 1 ? run.page + by : scene.first;
  if (at >= scene.first && at < scene.first + ROOT_ENTRY_PAGES) selectPage(at * PAGE_BYTES, true);
  return true;
}
