/** The slabs of a domain: records in use and free, and how they grow when they run short. */

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatBytes, hex } from '../../src/base/index.js';
import { eventFields, eventName } from '../../src/scenario/index.js';
import { goToMoment, machine, shownMoment } from '../app/machine.js';
import { Picture, type PictureTable } from '../app/picture.js';
import { PlayControls } from '../app/play-controls.js';
import type { Paint } from '../draw/painter.js';
import { OKABE_ITO } from '../draw/palette.js';
import type { LabSession } from '../engine/lab-session.js';
import type { RecordedEvent } from '../engine/machine-recorder.js';
import type { DomainState } from '../engine/moment-state.js';

/** The trays and the growing of them. */
export function SlabTray({ domain }: { readonly domain: DomainState }): JSX.Element {
  const session = machine.value?.session;
  const { usedLeaves, freeLeaves, usedTables, freeTables, metadataBytes } = domain.numbers;
  const paint = useMemo(
    () => trayPaint({ usedLeaves, freeLeaves, usedTables, freeTables }),
    [usedLeaves, freeLeaves, usedTables, freeTables],
  );
  const table: PictureTable = {
    caption: `Records of ${domain.name}`,
    columns: ['Slab', 'In use', 'Free'],
    rows: [
      ['mappings', `${usedLeaves}`, `${freeLeaves}`],
      ['tables', `${usedTables}`, `${freeTables}`],
    ],
  };
  return (
    <section class="panel slab-panel" aria-label="Slabs">
      <div class="panel-head">
        <h2>Slabs</h2>
        {session !== undefined && <PlayControls session={session} by="event" />}
      </div>
      <Picture
        class="slab-picture"
        label={`Records of ${domain.name}: ${usedLeaves} of mappings in use and ${freeLeaves} free, ${usedTables} of tables in use and ${freeTables} free`}
        paint={paint}
        table={table}
      />
      <p class="hint">
        A box is a record, filled where it is in use.{' '}
        {metadataBytes === 0
          ? 'The first records came with the domain; nothing is mapped for them yet.'
          : `${formatBytes(metadataBytes)} of the domain’s own memory are mapped for them.`}
      </p>
      {session !== undefined && <Refills session={session} domain={domain} />}
    </section>
  );
}

/** Cells of a tray at most; more records are counted. */
const MOST_CELLS = 240;
const CELL = 12;
const LABEL = 78;

interface TrayCounts {
  readonly usedLeaves: number;
  readonly freeLeaves: number;
  readonly usedTables: number;
  readonly freeTables: number;
}

function trayPaint(counts: TrayCounts): Paint {
  return (painter, { width }) => {
    const { colours } = painter;
    const columns = Math.max(8, Math.floor((width - LABEL) / CELL));
    const tray = (top: number, title: string, used: number, free: number, fill: string): number => {
      painter.text(0, top + 10, title, { size: 11, bold: true });
      painter.text(0, top + 24, `${used} of ${used + free}`, {
        size: 11,
        mono: true,
        colour: colours.quiet,
      });
      const shown = Math.min(used + free, MOST_CELLS, columns * 8);
      const usedShown = used + free <= shown ? used : Math.round((used / (used + free)) * shown);
      for (let index = 0; index < shown; index += 1) {
        const x = LABEL + (index % columns) * CELL;
        const y = top + Math.floor(index / columns) * CELL;
        const isUsed = index < usedShown;
        painter.rect(
          x + 1,
          y + 1,
          CELL - 2,
          CELL - 2,
          isUsed ? { fill } : { stroke: colours.quiet },
        );
      }
      return top + Math.max(34, Math.ceil(shown / columns) * CELL + 10);
    };
    const next = tray(2, 'mappings', counts.usedLeaves, counts.freeLeaves, OKABE_ITO.sky);
    tray(next, 'tables', counts.usedTables, counts.freeTables, OKABE_ITO.green);
  };
}

/** The times at which the slabs of a domain grew, and the events of the one that is near. */
function Refills({
  session,
  domain,
}: {
  readonly session: LabSession;
  readonly domain: DomainState;
}): JSX.Element {
  const moment = shownMoment.value;
  const change = machine.value?.change;
  const grown = useMemo(() => growths(session, domain.number), [session, domain.number, change]);
  const step = session.stepOfMoment(moment);
  const shown = grown.find((event) => event.step === step);
  const next = grown.find((event) => event.moment > moment) ?? grown[0];
  if (next === undefined) {
    return <p class="hint">They did not run short. Map something in more MiBs, and they will.</p>;
  }
  const start = session.momentOfStep(next.step - 1);
  return (
    <>
      <div class="next">
        <button type="button" class="tool" onClick={() => goToMoment(start)}>
          Before they grow (step {next.step})
        </button>
        <span class="hint">
          {grown.length === 1 ? 'They grow once' : `They grow ${grown.length} times`} in this
          scenario.
        </span>
      </div>
      {shown !== undefined && (
        <ol class="refill" aria-label="How they grow">
          {eventsOfStep(session, step).map((event) => (
            <li
              key={event.sequence}
              class={event.moment > moment ? 'later' : ''}
              aria-current={event.moment === moment ? 'true' : undefined}
            >
              <button type="button" class="link" onClick={() => goToMoment(event.moment)}>
                {eventName(event)}
              </button>{' '}
              <span>{meaningOf(event, shown)}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function growths(session: LabSession, domain: number): RecordedEvent[] {
  const found: RecordedEvent[] = [];
  for (let index = 0; index < session.eventCount; index += 1) {
    const event = session.event(index);
    if (event.kind === 'SLAB_GROW' && event.fields['domain'] === domain) found.push(event);
  }
  return found;
}

/** Events of a step that are listed. */
const MOST_LISTED = 40;

function eventsOfStep(session: LabSession, step: number): RecordedEvent[] {
  const first = session.eventFrom(session.momentOfStep(step - 1) + 1);
  const end = session.eventFrom(session.momentOfStep(step) + 1);
  const count = Math.min(MOST_LISTED, Math.max(0, end - first));
  return Array.from({ length: count }, (_, index) => session.event(first + index));
}

/** What an event is in the story of a refill: before the slab has grown it is for the records. */
function meaningOf(event: RecordedEvent, grown: RecordedEvent): string {
  const isForRecords = event.sequence < grown.sequence;
  const { fields, kind } = event;
  const whose = isForRecords ? 'for the records' : 'for what was asked';
  switch (kind) {
    case 'CAP_RETYPE':
      return `something is made of RAM ${whose}`;
    case 'TABLE_ALLOC':
      return `a table for ${hex(fields['va'] ?? 0)}, ${whose}`;
    case 'CAP_MAP':
      return `an entry is written ${whose}`;
    case 'SLAB_GROW':
      return `${fields['blocks']} records more, at ${hex(fields['va'] ?? 0)}`;
    default:
      return eventFields(event);
  }
}
