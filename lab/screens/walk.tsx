/** S2, walk and fault: one address through the tables, gate by gate, and what would be if. */

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { hex, hex0x, PAGE_BYTES, parseAddress } from '../../src/base/index.js';
import { ACCESS_NAMES, Access, isFetch, isPrivileged, isWrite } from '../../src/format/index.js';
import {
  explainFault,
  explainLines,
  type FaultReport,
  faultText,
  type Gate,
  walkAddress,
  walkGates,
  walkLines,
} from '../../src/inspect/index.js';
import type { Walk } from '../../src/machine/index.js';
import { Picture, type PictureTable } from '../app/picture.js';
import { choice } from '../app/place.js';
import type { Screen, ScreenProps } from '../app/screen.js';
import { AT, get, set } from '../app/state.js';
import { StyledLines } from '../app/styled-lines.js';
import { useCommands } from '../app/use-commands.js';
import { walkHeight, walkPaint } from '../draw/walk-picture.js';
import type { Subject } from '../model/subject.js';
import { changedInput, changes, type WhatIf } from '../model/what-if.js';
import { nextRegion } from './map-table.js';
import { FSR, IF_DACR, IF_SCTLR, IF_WORD } from './walk-params.js';
import { WhatIfPanel } from './what-if-panel.js';

/** The accesses, as a link writes them. */
const ACCESS_IDS = [
  'pl0-read',
  'pl0-write',
  'pl0-fetch',
  'pl1-read',
  'pl1-write',
  'pl1-fetch',
] as const;
const ACCESS_OF: Readonly<Record<(typeof ACCESS_IDS)[number], number>> = {
  'pl0-read': Access.USER_READ,
  'pl0-write': Access.USER_WRITE,
  'pl0-fetch': Access.USER_FETCH,
  'pl1-read': Access.PRIVILEGED_READ,
  'pl1-write': Access.PRIVILEGED_WRITE,
  'pl1-fetch': Access.PRIVILEGED_FETCH,
};
const ACCESS = choice('access', ACCESS_IDS);
/** The screen. */
export const walkScreen: Screen = {
  id: 'walk',
  title: 'Walk',
  lead: 'One address through the tables: every gate that may refuse it, and the first that does.',
  View: WalkView,
  cli: (subject) => {
    const va = hex(addressOf(subject));
    const access = ACCESS_OF[get(ACCESS)];
    const fsr = get(FSR);
    if (fsr !== undefined) {
      const kind = isFetch(access) ? 'if' : 'df';
      return `pagewright explain ${subject.word} --${kind}sr ${hex(fsr, 3)} --${kind}ar ${va}`;
    }
    const what = isFetch(access) ? 'execute' : isWrite(access) ? 'write' : 'read';
    return `pagewright walk ${subject.word} ${va} --access ${what}${isPrivileged(access) ? '' : ' --user'}`;
  },
};

/** The address that is walked: the selected one, or the first that is wrong, or the first at all. */
function addressOf(subject: Subject): number {
  const at = get(AT);
  if (at !== undefined) return at;
  const wrong = subject.check.findings.find(({ bytes }) => bytes < 2 ** 32);
  if (wrong !== undefined) return wrong.va;
  const [first] = subject.rowsFrom(0);
  return first?.va ?? 0;
}

function WalkView({ subject }: ScreenProps): JSX.Element {
  const va = addressOf(subject);
  const access = ACCESS_OF[get(ACCESS)];
  const [word, dacr, sctlr] = [get(IF_WORD), get(IF_DACR), get(IF_SCTLR)];
  const plain = useMemo(() => walkAddress(subject.input, va, access), [subject, va, access]);
  const whatIf: WhatIf = useMemo(() => ({ word, dacr, sctlr }), [word, dacr, sctlr]);
  const changed = changes(whatIf);
  const input = useMemo(
    () => (changed ? changedInput(subject.input, plain, whatIf) : subject.input),
    [subject, plain, whatIf, changed],
  );
  const walk = useMemo(
    () => (changed ? walkAddress(input, va, access) : plain),
    [input, va, access, plain, changed],
  );
  const gates = useMemo(() => walkGates(walk), [walk]);
  const scene = useMemo(() => ({ walk, gates }), [walk, gates]);
  const paint = useMemo(() => walkPaint(scene), [scene]);
  const table = useMemo(() => gateTable(walk, gates), [walk, gates]);
  useCommands({
    up: () => set(AT, undefined, true),
    'pan-left': () => goTo(Math.max(0, va - PAGE_BYTES)),
    'pan-right': () => goTo(Math.min(0xffff_ffff, va + PAGE_BYTES)),
    'step-back': () => goTo(nextRegion(subject, va, -1)),
    'step-forward': () => goTo(nextRegion(subject, va, 1)),
  });

  return (
    <div class="walk-screen">
      <section class="panel walk-main" aria-label="The walk">
        <div class="picture-tools">
          <label>
            Address{' '}
            <input
              class="address-field"
              value={hex(va)}
              spellcheck={false}
              autocomplete="off"
              onChange={(event) => goTo(parseAddress(event.currentTarget.value))}
            />
          </label>
          <AccessChoice />
        </div>
        <Verdict walk={walk} changed={changed} />
        <Picture
          main
          class="walk-picture"
          height={(width) => walkHeight(width, scene)}
          label={`The walk of ${hex(va)} for a ${ACCESS_NAMES[access]}`}
          paint={paint}
          table={table}
        />
        <StyledLines lines={walkLines(input, walk, access, subject.names)} />
      </section>
      <aside class="walk-side">
        <WhatIfPanel subject={subject} plain={plain} whatIf={whatIf} />
        <Reported subject={subject} va={va} walk={plain} />
      </aside>
    </div>
  );
}

/** Goes to an address; what was changed belonged to the one before. */
function goTo(va: number | undefined): void {
  if (va === undefined || va > 0xffff_ffff) return;
  for (const param of [IF_WORD, IF_DACR, IF_SCTLR, FSR]) set(param, undefined);
  set(AT, va, true);
}

function AccessChoice(): JSX.Element {
  const chosen = get(ACCESS);
  return (
    <fieldset class="segments" aria-label="Access">
      {ACCESS_IDS.map((id) => (
        <label key={id} class={id === chosen ? 'chosen' : ''}>
          <input
            type="radio"
            name="access"
            checked={id === chosen}
            onChange={() => {
              set(FSR, undefined);
              set(ACCESS, id, true);
            }}
          />
          {id
            .replace('-', ' ')
            .toUpperCase()
            .replace(/ .*/, (word) => word.toLowerCase())}
        </label>
      ))}
    </fieldset>
  );
}

function Verdict({
  walk,
  changed,
}: {
  readonly walk: Walk;
  readonly changed: boolean;
}): JSX.Element {
  const { fault, leaf, access } = walk;
  const what = ACCESS_NAMES[access];
  const prefix = changed ? 'then ' : '';
  if (fault === undefined) {
    return (
      <p class="verdict good" role="status">
        ✓ {capital(`${prefix}a ${what}`)} reaches {hex(leaf?.pa ?? 0)}.
      </p>
    );
  }
  return (
    <p class="verdict bad" role="status">
      ✕ {capital(`${prefix}a ${what}`)} is refused: {fault.reason}. {capital(fault.meaning.text)},{' '}
      {isFetch(access) ? 'IFSR' : 'DFSR'} {hex0x(fault.fsr, 3)}.
    </p>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function gateTable(walk: Walk, gates: readonly Gate[]): PictureTable {
  return {
    caption: `The gates of ${hex(walk.va)}`,
    columns: ['Gate', 'State', 'Because'],
    rows: gates.map(({ title, state, says }) => [title, state, says]),
  };
}

/** What a CPU reported, held against what the tables say. */
function Reported({
  subject,
  va,
  walk,
}: {
  readonly subject: Subject;
  readonly va: number;
  readonly walk: Walk;
}): JSX.Element {
  const fsr = get(FSR);
  const isPrefetch = isFetch(walk.access);
  const register = isPrefetch ? 'IFSR' : 'DFSR';
  return (
    <section class="panel" aria-label="What the CPU reported">
      <h2>Does it agree with the CPU?</h2>
      <div class="agreement">
        <div>
          <span class="quiet">the tables give</span>
          <code>
            {walk.fault === undefined ? 'no fault' : `${register} ${hex0x(walk.fault.fsr, 3)}`}
          </code>
        </div>
        <label>
          <span class="quiet">your {register} says</span>
          <input
            class="address-field"
            placeholder={walk.fault === undefined ? '80d' : hex(walk.fault.fsr, 3)}
            value={fsr === undefined ? '' : hex(fsr, 3)}
            spellcheck={false}
            autocomplete="off"
            onChange={(event) => {
              const value = parseAddress(event.currentTarget.value);
              set(FSR, value !== undefined && value <= 0xffff_ffff ? value : undefined);
            }}
          />
        </label>
      </div>
      {fsr === undefined ? (
        <p class="hint">
          Type the fault status of a crash, and the tables are asked whether they would give it.{' '}
          {register} is read for {hex(va)}.
        </p>
      ) : (
        <>
          <p>{capital(faultText(fsr, register))}.</p>
          <Explained subject={subject} va={va} fsr={fsr} access={walk.access} />
        </>
      )}
    </section>
  );
}

function Explained(props: {
  readonly subject: Subject;
  readonly va: number;
  readonly fsr: number;
  readonly access: number;
}): JSX.Element {
  const { subject, va, fsr, access } = props;
  const lines = useMemo(() => {
    const report: FaultReport = {
      origin: 'registers',
      kind: isFetch(access) ? 'prefetch' : 'data',
      fsr,
      far: va,
      fault: undefined,
      write: undefined,
      privileged: isPrivileged(access),
      pc: undefined,
      registers: {},
      pgd: undefined,
      pte: undefined,
    };
    const { input, names } = subject;
    return explainLines(input, explainFault(input, report, { names }), names);
  }, [subject, va, fsr, access]);
  return <StyledLines lines={lines} />;
}
