/**
 * A walk as a row of gates: everything that may refuse an access, in the order in which the hardware
 * asks (Arm ARM B3.12.3), with the first that is closed. Behind a closed gate nothing is asked.
 *
 *     walk   L1 answers   L1 maps   L2 answers   L2 maps   access flag   domain   AP   XN
 */

import {
  Access,
  DOMAIN_ACCESS_NAMES,
  type FaultName,
  isFetch,
  KIND_NAMES,
  rightsText,
} from '../format/index.js';
import type { Walk, WalkStep } from '../machine/index.js';
import { entryPlace } from './entry-text.js';
import { entryOf } from './walk-view.js';

/** Whether a gate lets the access through. */
export type GateState = 'open' | 'closed' | 'not asked';

/** One gate. */
export interface Gate {
  readonly id: 'walk' | 'l1-answer' | 'l1' | 'l2-answer' | 'l2' | 'flag' | 'domain' | 'ap' | 'xn';
  /** Its name, short enough for a picture. */
  readonly title: string;
  readonly state: GateState;
  /** What it looked at, or why it refused. */
  readonly says: string;
}

type GateId = Gate['id'];

/** The gates of a walk; none where the MMU is off, since then nothing is asked. */
export function walkGates(walk: Walk): readonly Gate[] {
  if (walk.root === undefined) return [];
  const [first, second] = walk.steps;
  const hasTable = first?.descriptor?.kind === 'table';
  const ids: GateId[] = ['walk', 'l1-answer', 'l1'];
  if (hasTable) ids.push('l2-answer', 'l2');
  ids.push('flag', 'domain', 'ap');
  if (isFetch(walk.access)) ids.push('xn');
  const closed = closedGate(walk);
  const at = closed === undefined ? ids.length : ids.indexOf(closed);
  return ids.map((id, index) => ({
    id,
    title: TITLES[id],
    state: index < at ? 'open' : index === at ? 'closed' : 'not asked',
    says:
      index === at ? (walk.fault?.reason ?? '') : index < at ? saysOf(id, walk, first, second) : '',
  }));
}

const TITLES: Readonly<Record<GateId, string>> = {
  walk: 'walk allowed',
  'l1-answer': 'L1 answers',
  l1: 'L1 entry',
  'l2-answer': 'L2 answers',
  l2: 'L2 entry',
  flag: 'access flag',
  domain: 'domain',
  ap: 'AP',
  xn: 'XN',
};

/** The gate that refused, by the fault and its level. */
function closedGate(walk: Walk): GateId | undefined {
  const { fault, root, leaf, access } = walk;
  if (fault === undefined) return undefined;
  const { name, level } = fault.meaning;
  if (name === 'translation' && root?.disabled === true) return 'walk';
  if (name === 'permission') {
    const read = access === Access.USER_FETCH ? Access.USER_READ : Access.PRIVILEGED_READ;
    const mayRead = (((leaf?.rights ?? 0) >>> read) & 1) === 1;
    return isFetch(access) && mayRead ? 'xn' : 'ap';
  }
  return BY_FAULT[name]?.[level === 2 ? 1 : 0];
}

/** The gates of each fault, at the first and at the second level. */
const BY_FAULT: Readonly<Partial<Record<FaultName, readonly [GateId, GateId]>>> = {
  'external-walk': ['l1-answer', 'l2-answer'],
  translation: ['l1', 'l2'],
  'access-flag': ['flag', 'flag'],
  domain: ['domain', 'domain'],
};

/** What an open gate looked at. */
function saysOf(
  id: GateId,
  { root, leaf, access }: Walk,
  first: WalkStep | undefined,
  second: WalkStep | undefined,
): string {
  switch (id) {
    case 'walk':
      return `${root?.register} is walked`;
    case 'l1-answer':
      return first === undefined ? '' : entryPlace(entryOf(first));
    case 'l2-answer':
      return second === undefined ? '' : entryPlace(entryOf(second));
    case 'l1':
      return `a ${KIND_NAMES[first?.kind ?? 0]} entry`;
    case 'l2':
      return `a ${KIND_NAMES[second?.kind ?? 0]} page`;
    case 'flag':
      return 'not in use, or set';
    case 'domain': {
      const domain = leaf?.attributes.domain ?? 0;
      return `domain ${domain} is ${DOMAIN_ACCESS_NAMES[leaf?.domainAccess ?? 0]}`;
    }
    case 'ap': {
      const ap = (leaf?.attributes.ap ?? 0).toString(2).padStart(3, '0');
      const rights = leaf?.rights ?? 0;
      const privileged = access <= Access.PRIVILEGED_FETCH;
      return `AP is ${ap}: ${privileged ? 'PL1' : 'PL0'} ${rightsText(rights, privileged)}`;
    }
    case 'xn':
      return 'XN is clear';
  }
}
