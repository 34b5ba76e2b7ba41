/** S4: capabilities and slabs. What a domain holds, what it was made from, what it backs; and the records of it. */

import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { formatBytes, hex } from '../../src/base/index.js';
import { CapType } from '../../src/kernel/index.js';
import { applyLine, DOMAIN, machine, shownDomain, shownState } from '../app/machine.js';
import { Picture, type PictureTable } from '../app/picture.js';
import type { Param } from '../app/place.js';
import type { Screen } from '../app/screen.js';
import { AT, get, goToScreen, say, set, tell } from '../app/state.js';
import { useCommands } from '../app/use-commands.js';
import { capabilityAt, capabilityPaint, typeColour } from '../draw/capability-picture.js';
import type { DomainState, MomentState } from '../engine/moment-state.js';
import {
  type CapabilityObject,
  type CapabilityView,
  capabilityView,
  type Doomed,
  doomedBy,
  rightsLetters,
  treeRows,
  typeLetter,
  typeName,
} from '../model/capability-view.js';
import { shellWord } from '../model/subject.js';
import './machine.css';
import { NoMachine } from './no-machine.js';
import { SlabTray } from './slab-tray.js';

/** The object that is looked at. */
const OBJECT: Param<number | undefined> = {
  name: 'object',
  usual: undefined,
  parse: (value) => (/^\d{1,7}$/.test(value) ? Number(value) : undefined),
  write: (value) => `${value ?? 0}`,
};

/** The screen. */
export const capabilities: Screen = {
  id: 'capabilities',
  title: 'Capabilities',
  lead: 'Every right is a slot, every slot names an object, and every page comes from one.',
  View: Capabilities,
  cli: (subject) => {
    const session = machine.value?.session;
    if (session === undefined) return `pagewright show ${subject.word}`;
    return `pagewright run --events ${shellWord(session.name)}`;
  },
};

function Capabilities(): JSX.Element {
  const state = shownState.value;
  const domain = shownDomain.value;
  if (state === undefined || domain === undefined) {
    return (
      <NoMachine>
        A dump holds tables, and no capabilities: those live in the kernel of a machine that runs.
      </NoMachine>
    );
  }
  return <CapabilityPanels state={state} domain={domain} />;
}

interface PanelProps {
  readonly state: MomentState;
  readonly domain: DomainState;
}

function CapabilityPanels({ state, domain }: PanelProps): JSX.Element {
  const [hover, setHover] = useState<number | undefined>(undefined);
  const [doomed, setDoomed] = useState<Doomed | undefined>(undefined);
  const view = useMemo(() => capabilityView(state, domain), [state, domain]);
  const said = get(OBJECT);
  const selected = said !== undefined && view.byNumber.has(said) ? said : undefined;
  const rows = useMemo(() => treeRows(view, selected), [view, selected]);
  const scene = useMemo(
    () => ({ view, rows, domain: domain.name, selected, hover, doomed }),
    [view, rows, domain, selected, hover, doomed],
  );
  const paint = useMemo(() => capabilityPaint(scene), [scene]);
  const table = useMemo(() => tableOf(view), [view]);
  const select = (object: number | undefined): void => {
    setDoomed(undefined);
    set(OBJECT, object);
    const page = object === undefined ? undefined : view.byNumber.get(object)?.pages[0];
    if (page !== undefined) set(AT, page.va);
  };
  const move = (by: 1 | -1): void => {
    const at = rows.findIndex(({ object }) => object.number === selected);
    const to = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by));
    select(rows[to]?.object.number);
  };
  useCommands({ up: () => select(undefined) });
  const object = selected === undefined ? undefined : view.byNumber.get(selected);
  return (
    <div class="capability-screen">
      <section class="atlas-main" aria-label="Slots, objects and pages">
        <DomainTools state={state} domain={domain} />
        <Picture
          main
          class="capability-picture"
          label={`Capabilities of ${domain.name}: ${view.slots.length} slots, ${view.objects.length} objects`}
          paint={paint}
          table={table}
          onHover={(point, size) => setHover(point && capabilityAt(scene, size, point))}
          onPick={(point, size) => select(capabilityAt(scene, size, point))}
          onKey={(key) => {
            if (key !== 'ArrowDown' && key !== 'ArrowUp') return false;
            move(key === 'ArrowDown' ? 1 : -1);
            return true;
          }}
        />
        <TypeLegend view={view} />
      </section>
      <div class="capability-side">
        {object === undefined ? (
          <section class="panel">
            <h2>Pick an object</h2>
            <p class="invite">
              Press a slot, a line of the tree or a page: what belongs together lights up. Arrow
              keys move through the tree.
            </p>
          </section>
        ) : (
          <ObjectPanel
            view={view}
            object={object}
            domain={domain}
            doomed={doomed}
            onDoom={setDoomed}
            onSelect={select}
          />
        )}
        <SlabTray domain={domain} />
      </div>
    </div>
  );
}

function DomainTools({ state, domain }: PanelProps): JSX.Element {
  return (
    <div class="picture-tools">
      <label>
        Domain{' '}
        <select
          value={domain.name}
          onChange={(event) => set(DOMAIN as Param<string>, event.currentTarget.value)}
        >
          {state.domains.map(({ name }) => (
            <option value={name} key={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <span class="hint">
        {formatBytes(domain.numbers.freeRamPages * 4096)} of its RAM are free
      </span>
    </div>
  );
}

function TypeLegend({ view }: { readonly view: CapabilityView }): JSX.Element {
  const types = [...new Set(view.objects.map(({ type }) => type))].sort(
    (left, right) => left - right,
  );
  return (
    <ul class="legend">
      {types.map((type) => (
        <li key={type}>
          <span class="swatch lettered" style={{ background: typeColour(type) }} aria-hidden="true">
            {typeLetter(type)}
          </span>
          {typeName(type)}
        </li>
      ))}
      <li>
        <span class="swatch lettered outlined" aria-hidden="true">
          m
        </span>
        a Mapping of it
      </li>
    </ul>
  );
}

interface ObjectPanelProps {
  readonly view: CapabilityView;
  readonly object: CapabilityObject;
  readonly domain: DomainState;
  readonly doomed: Doomed | undefined;
  readonly onDoom: (doomed: Doomed | undefined) => void;
  readonly onSelect: (object: number | undefined) => void;
}

const LISTED = 12;

function ObjectPanel(props: ObjectPanelProps): JSX.Element {
  const { view, object, domain, doomed, onDoom, onSelect } = props;
  const parent = view.byNumber.get(object.parent);
  const copies = object.holders.filter(({ slot }) => slot.mapping === undefined);
  const own = copies.find((holder) => holder.domain === domain.name);
  return (
    <section class="panel object-panel" aria-label="The object">
      <div class="panel-head">
        <h2>
          {typeName(object.type)}{' '}
          <span class="range">
            {hex(object.base)}–{hex(object.base + object.bytes - 1)}
          </span>
        </h2>
        <button type="button" class="tool" onClick={() => onSelect(undefined)}>
          Up
        </button>
      </div>
      <p>
        {formatBytes(object.bytes)} of memory
        {parent === undefined ? ', there since the machine was made.' : ', made from '}
        {parent !== undefined && (
          <button type="button" class="link" onClick={() => onSelect(parent.number)}>
            {typeName(parent.type)} {formatBytes(parent.bytes)} at {hex(parent.base)}
          </button>
        )}
      </p>
      <h3>
        {copies.length} {copies.length === 1 ? 'capability' : 'capabilities'} to it
      </h3>
      <ul class="holders">
        {copies.slice(0, LISTED).map(({ domain: holder, slot }) => (
          <li key={`${holder}.${slot.slot}`}>
            <code>
              {holder} {slot.ref < 0 ? `root ${~slot.ref}` : hex(slot.ref, 4)}{' '}
              {rightsLetters(slot.rights)}
            </code>
          </li>
        ))}
        {copies.length > LISTED && <li>and {copies.length - LISTED} more</li>}
      </ul>
      <p class="quiet">
        Its slot, and its rights: r read, w write, x execute, g grant, i identify.
      </p>
      {object.pages.length > 0 && (
        <>
          <h3>Mapped at</h3>
          <ul class="holders">
            {object.pages.slice(0, LISTED).map(({ domain: where, va, bytes }) => (
              <li key={`${where}.${va}`}>
                <button
                  type="button"
                  class="link"
                  onClick={() => {
                    set(DOMAIN as Param<string>, where);
                    set(AT, va, true);
                    goToScreen('atlas');
                  }}
                >
                  {where} {hex(va)} {formatBytes(bytes)}
                </button>
              </li>
            ))}
            {object.pages.length > LISTED && <li>and {object.pages.length - LISTED} more</li>}
          </ul>
        </>
      )}
      {own !== undefined && (
        <Actions
          {...props}
          kept={own.slot.slot}
          frame={[...domain.frames].find(([, frame]) => frame.cap === own.slot.ref)?.[0]}
        />
      )}
      {doomed !== undefined && <DoomedText doomed={doomed} onClose={() => onDoom(undefined)} />}
    </section>
  );
}

interface ActionsProps extends ObjectPanelProps {
  /** The slot of the shown domain that would stay. */
  readonly kept: number;
  /** What the scenario calls the frame. */
  readonly frame: string | undefined;
}

function Actions({ view, object, domain, onDoom, kept, frame }: ActionsProps): JSX.Element | null {
  const [va] = object.pages.filter((each) => each.domain === domain.name);
  const act = (line: string): void => {
    try {
      const result = applyLine(`${line} domain=${domain.name}`);
      onDoom(undefined);
      say(result?.outcome.kind === 'done' ? `${line}: done` : `${line}: refused, as the steps say`);
    } catch (error) {
      tell(error);
    }
  };
  const isFrame = object.type === CapType.FRAME || object.type === CapType.DEV_FRAME;
  return (
    <div class="next">
      <button type="button" class="tool" onClick={() => onDoom(doomedBy(view, object, kept))}>
        See what dies
      </button>
      {isFrame && (
        <>
          <button
            type="button"
            class="tool"
            disabled={frame === undefined}
            title={frame === undefined ? 'The scenario has no name for it' : `map ${frame}`}
            onClick={() => act(`map ${frame} as=${frame}-${view.slots.length}`)}
          >
            Map
          </button>
          <button
            type="button"
            class="tool"
            disabled={va === undefined}
            onClick={() => act(`unmap 0x${hex(va?.va ?? 0)}`)}
          >
            Unmap
          </button>
          <button
            type="button"
            class="tool"
            disabled={va === undefined}
            onClick={() => act(`protect 0x${hex(va?.va ?? 0)} rights=r`)}
          >
            Protect (r)
          </button>
          <button
            type="button"
            class="tool danger"
            disabled={frame === undefined}
            onClick={() => act(`revoke ${frame}`)}
          >
            Revoke
          </button>
        </>
      )}
    </div>
  );
}

function DoomedText({
  doomed,
  onClose,
}: {
  readonly doomed: Doomed;
  readonly onClose: () => void;
}): JSX.Element {
  return (
    <div class="finding" role="status">
      <strong>If this capability were revoked</strong>
      <p>{doomedText(doomed)}</p>
      <button type="button" class="tool" onClick={onClose}>
        Look away
      </button>
    </div>
  );
}

function doomedText({ objects, holders, pages }: Doomed): string {
  const mappings = holders.filter(({ slot }) => slot.mapping !== undefined).length;
  const copies = holders.length - mappings;
  const gone = [
    objects.size > 0 && many(objects.size, 'object made from it', 'objects made from it'),
    copies > 0 && many(copies, 'other copy', 'other copies'),
    mappings > 0 && many(mappings, 'Mapping', 'Mappings'),
  ].filter((part) => part !== false);
  if (gone.length === 0)
    return 'Nothing would go: no other copy, nothing made from it, no Mapping.';
  const bytes = pages.reduce((sum, each) => sum + each.bytes, 0);
  const where = inWords([...new Set(pages.map(({ domain }) => domain))]);
  const lost = pages.length === 0 ? 'no page' : `${formatBytes(bytes)} of pages in ${where}`;
  return `${inWords(gone)} would go: ${lost}. They are crossed out.`;
}

/** A number with its noun; that of the library would bring the lines of all steps into every page. */
function many(count: number, one: string, more: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : more}`;
}

/** Parts of a sentence: `a`, `a and b`, `a, b and c`. */
function inWords(parts: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(parts);
}

function tableOf(view: CapabilityView): PictureTable {
  return {
    caption: 'Objects in the order of the mapping database',
    columns: ['Number', 'Type', 'From', 'Size', 'Depth', 'Held by', 'Mapped at'],
    rows: view.objects.map((object) => [
      `${object.number}`,
      typeName(object.type),
      hex(object.base),
      formatBytes(object.bytes),
      `${object.depth}`,
      object.holders
        .filter(({ slot }) => slot.mapping === undefined)
        .map(({ domain, slot }) => `${domain} ${hex(slot.ref < 0 ? ~slot.ref : slot.ref, 4)}`)
        .join(', '),
      object.pages.map(({ domain, va }) => `${domain} ${hex(va)}`).join(', '),
    ]),
  };
}
