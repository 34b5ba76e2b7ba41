/**
 * Why registers and tables may not agree about a fault.
 */

import { hex, hex0x } from '../base/index.js';
import { ACCESS_NAMES, type FaultName } from '../format/index.js';
import type { Walk } from '../machine/index.js';
import type { SpaceInput } from './address-space.js';
import { agreementOf, bestWalk, type ToldFault, WITHOUT_ADDRESS } from './fault-agreement.js';
import type { FaultReport } from './fault-report.js';
import { walkAddress } from './walk-view.js';

/** Another way to read the same memory: another root table, the registers of the other world. */
export interface Alternative {
  /** What it is, for a person: `the root table at 0x40204000`, `the secure registers`. */
  readonly label: string;
  readonly kind: 'root' | 'world';
  readonly input: SpaceInput;
}

/** A likely reason why registers and tables do not agree. */
export interface Cause {
  readonly id:
    | 'swapped'
    | 'stale-tlb'
    | 'not-visible'
    | 'wrong-root'
    | 'wrong-world'
    | 'tables-changed'
    | 'stale-domain'
    | 'long-format'
    | 'address-unknown';
  readonly text: string;
}

/** What it may mean that registers and tables do not agree, the likeliest first. */
export function causesOf(
  walk: Walk,
  told: ToldFault,
  alternatives: readonly Alternative[],
): Cause[] {
  const { report, reported, fault: name } = told;
  if (reported?.longFormat === true) {
    const text =
      'the status register is in the long-descriptor format: ' +
      'the CPU ran with TTBCR.EAE set, on other tables than these';
    return [{ id: 'long-format', text }];
  }
  if (name !== undefined && WITHOUT_ADDRESS.has(name)) {
    const text = `after ${article(faultText(told))} the address register means nothing`;
    return [{ id: 'address-unknown', text }];
  }
  if (agreementOf(walk, told) !== 'disagree') return [];
  const causes = alternatives.flatMap((each) => alternativeCause(walk, told, each));
  causes.push(changeCause(walk, name));
  if (!alternatives.some((each) => each.kind === 'root')) {
    const text =
      `the tables at ${hex0x(walk.root?.base ?? 0)} may be another process's: give the root ` +
      'table of the one that faulted (pagewright scan lists them)';
    causes.push({ id: 'wrong-root', text });
  }
  const domain = walk.fault?.domain ?? walk.leaf?.attributes.domain;
  const hasDomain = reported?.meaning.hasDomain === true && report.kind === 'data';
  if (hasDomain && domain !== undefined && domain !== reported.domain) {
    const text =
      `DFSR names domain ${reported.domain}, the tables domain ${domain}: ` +
      'the entry was moved to another domain without TLB maintenance';
    causes.unshift({ id: 'stale-domain', text });
  }
  return causes;
}

/** Whether another root or world gives just the fault that was told. */
function alternativeCause(walk: Walk, told: ToldFault, other: Alternative): Cause[] {
  const elsewhere = bestWalk(other.input, walk.va, told);
  if (agreementOf(elsewhere, told) !== 'agree') return [];
  const id = other.kind === 'root' ? 'wrong-root' : 'wrong-world';
  return [{ id, text: `with ${other.label} the tables give just this fault` }];
}

/** What a change of the tables, or of the TLB, has to do with it. */
function changeCause(walk: Walk, name: FaultName | undefined): Cause {
  if (walk.fault !== undefined) {
    const stale =
      name === 'translation' ? '' : ', or a TLB entry from before a change refused it first';
    const now = article(walk.fault.meaning.text);
    const text = `the tables give ${now}: they were changed after the fault${stale}`;
    return { id: 'tables-changed', text };
  }
  if (name === 'translation') {
    const text =
      'the entry is there now: it was written after the fault, or the table walker did not see it ' +
      'yet (a clean of the table to memory, or a DSB, is missing)';
    return { id: 'not-visible', text };
  }
  const text =
    `the tables allow the ${ACCESS_NAMES[walk.access]}: a TLB entry from before the last change ` +
    'refused it (TLB maintenance is missing), or the tables were changed after the fault';
  return { id: 'stale-tlb', text };
}

/** What the dump says of the entries, where the tables now say something else. */
export function changesSince(input: SpaceInput, report: FaultReport, va: number): Cause[] {
  const { root, steps } = walkAddress(input, va);
  const changes: string[] = [];
  if (report.pgd !== undefined && root !== undefined) {
    // Linux counts in pairs of level-1 entries, and prints the first of the pair.
    const index = Math.floor(va / 2 ** 21) * 2;
    const now = input.reader.readWord(root.base + index * 4);
    if (now >= 0 && now !== report.pgd) {
      changes.push(`*pgd was ${hex(report.pgd)} and is ${hex(now)}`);
    }
  }
  const second = steps[1];
  if (report.pte !== undefined && second?.word !== undefined && second.word !== report.pte) {
    changes.push(`*ppte was ${hex(report.pte)} and is ${hex(second.word)}`);
  }
  if (changes.length === 0) return [];
  const text = `${changes.join(', ')}: the tables were changed since the dump was printed, or are another process's`;
  return [{ id: 'tables-changed', text }];
}

function faultText({ reported, fault }: ToldFault): string {
  return reported?.meaning.text ?? `${fault} fault`;
}

/** `a translation fault, page`. */
function article(text: string): string {
  return `${/^[aeiou]/.test(text) ? 'an' : 'a'} ${text}`;
}
