/** What if: the bits of the entry that decides, to be changed without touching the tables. */

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { hex } from '../../src/base/index.js';
import {
  accessFlagSet,
  clientRights,
  DOMAIN_ACCESS_NAMES,
  domainAccess,
  rightsText,
} from '../../src/format/index.js';
import { smallestChange, walkAddress } from '../../src/inspect/index.js';
import { permissionControls, Sctlr, type Walk } from '../../src/machine/index.js';
import { set } from '../app/state.js';
import type { Subject } from '../model/subject.js';
import {
  changedInput,
  changes,
  dacrWith,
  leafDescriptor,
  sctlrWith,
  type WhatIf,
  wordWith,
} from '../model/what-if.js';
import { IF_DACR, IF_SCTLR, IF_WORD } from './walk-params.js';

interface WhatIfPanelProps {
  readonly subject: Subject;
  /** The walk without any change. */
  readonly plain: Walk;
  readonly whatIf: WhatIf;
}

/** The panel. */
export function WhatIfPanel({ subject, plain, whatIf }: WhatIfPanelProps): JSX.Element {
  const input = useMemo(() => changedInput(subject.input, plain, whatIf), [subject, plain, whatIf]);
  const walk = walkAddress(input, plain.va, plain.access);
  const leaf = leafDescriptor(input, walk);
  const remedy = useMemo(() => smallestChange(subject.input, plain), [subject, plain]);
  const before = plain.steps.at(-1)?.word;
  const domain = walk.leaf?.attributes.domain;
  const { dacr, sctlr } = input.registers;
  const afe = (sctlr & Sctlr.AFE) !== 0;
  return (
    <section class="panel what-if" aria-label="What if">
      <div class="panel-head">
        <h2>What if…</h2>
        {changes(whatIf) && (
          <button type="button" class="tool" onClick={asItIs}>
            As it is
          </button>
        )}
      </div>
      {leaf === undefined ? (
        <p class="hint">Nothing is mapped here, so there are no bits to change.</p>
      ) : (
        <>
          <label class="choice">
            <span>AP</span>
            <select
              aria-label="AP"
              value={leaf.descriptor.ap}
              onChange={(event) =>
                setWord(wordWith(leaf, { ap: Number(event.currentTarget.value) }), before)
              }
            >
              {APS.map((ap) => (
                <option key={ap} value={ap}>
                  {apText(ap, leaf.descriptor.xn, sctlr, input.profile)}
                </option>
              ))}
            </select>
          </label>
          <label class="toggle">
            <input
              type="checkbox"
              checked={leaf.descriptor.xn}
              onChange={(event) =>
                setWord(wordWith(leaf, { xn: event.currentTarget.checked }), before)
              }
            />
            XN: nobody executes it
          </label>
        </>
      )}
      {domain !== undefined && (
        <label class="choice">
          <span>Domain {domain} is</span>
          <select
            aria-label={`Domain ${domain} is`}
            value={domainAccess(dacr, domain)}
            onChange={(event) => {
              const to = dacrWith(dacr, domain, Number(event.currentTarget.value));
              set(IF_DACR, to === subject.input.registers.dacr ? undefined : to);
            }}
          >
            {DOMAIN_ACCESS_NAMES.map((name, access) => (
              <option key={name} value={access}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="toggle">
        <input
          type="checkbox"
          checked={afe}
          onChange={(event) => {
            const to = sctlrWith(sctlr, event.currentTarget.checked);
            set(IF_SCTLR, to === subject.input.registers.sctlr ? undefined : to);
          }}
        />
        SCTLR.AFE: AP[0] is the access flag
      </label>
      {whatIf.word !== undefined && before !== undefined && (
        <p class="word-change">
          The entry: <code>{hex(before)}</code> → <code>{hex(whatIf.word)}</code>
        </p>
      )}
      {remedy !== undefined && (
        <div class="remedy">
          <p>
            <strong>The smallest change that allows it:</strong> {remedy.text}
            {remedy.sideEffect === undefined ? '.' : `; ${remedy.sideEffect}.`}
          </p>
          {(remedy.entry?.address === plain.steps.at(-1)?.entryAddress ||
            remedy.dacr !== undefined) && (
            <button
              type="button"
              class="tool"
              onClick={() => {
                if (remedy.entry !== undefined) set(IF_WORD, remedy.entry.to);
                if (remedy.dacr !== undefined) set(IF_DACR, remedy.dacr.to);
              }}
            >
              Try it
            </button>
          )}
        </div>
      )}
    </section>
  );
}

const APS = [0, 1, 2, 3, 4, 5, 6, 7];

function setWord(word: number, before: number | undefined): void {
  set(IF_WORD, word === before ? undefined : word);
}

function asItIs(): void {
  set(IF_WORD, undefined);
  set(IF_DACR, undefined);
  set(IF_SCTLR, undefined);
}

/** `011   PL1 rwx  PL0 rwx`: what a client of the domain gets. */
function apText(
  ap: number,
  xn: boolean,
  sctlr: number,
  profile: Parameters<typeof permissionControls>[1],
): string {
  const controls = permissionControls(sctlr, profile);
  const bits = ap.toString(2).padStart(3, '0');
  if (!accessFlagSet(ap, controls.afe)) return `${bits}  access flag clear`;
  const rights = clientRights({ ap, xn, pxn: false }, controls);
  return `${bits}  PL1 ${rightsText(rights, true)}  PL0 ${rightsText(rights, false)}`;
}
