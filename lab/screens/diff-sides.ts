/** The two sides of a comparison, as the address of the page says them. */

import { subjectAtMoment } from '../app/machine.js';
import { flag, type Param } from '../app/place.js';
import { companion } from '../app/sources.js';
import { get } from '../app/state.js';
import { EXAMPLES } from '../model/examples.js';
import type { Subject } from '../model/subject.js';

/**
 * What one side is: what is shown, what was dropped beside it, a moment of the machine, or an example.
 *
 *     shown    dropped    moment-12    zynq-board
 */
export type SideName = string;

const sideParam = (name: string): Param<SideName> => ({
  name,
  usual: '',
  parse: (text) => (/^[a-z0-9-]{1,40}$/.test(text) ? text : undefined),
  write: (value) => value,
});

/** What it was; found by itself where nobody says. */
export const BEFORE = sideParam('before');
/** What it is; what is shown where nobody says. */
export const AFTER = sideParam('after');
/** Whether leaves of another size count as well. */
export const LEAVES = flag('leaves');

/** The moment that a side names. */
export function momentOf(side: SideName): number | undefined {
  const [, moment] = /^moment-(\d{1,7})$/.exec(side) ?? [];
  return moment === undefined ? undefined : Number(moment);
}

/** What the sides are called when everything is found by itself. */
export function sideNames(hasMachine: boolean): {
  readonly before: SideName;
  readonly after: SideName;
} {
  const usual = companion.value !== undefined ? 'dropped' : hasMachine ? 'moment-0' : '';
  return { before: get(BEFORE) || usual, after: get(AFTER) || 'shown' };
}

const opened = new Map<string, Subject>();

/** The subject of a side; undefined where there is none. Errors: those of the example. */
export function sideSubject(side: SideName, shown: Subject): Subject | undefined {
  if (side === 'shown') return shown;
  if (side === 'dropped') return companion.value;
  const moment = momentOf(side);
  if (moment !== undefined) return subjectAtMoment(moment);
  const known = opened.get(side);
  if (known !== undefined) return known;
  const found = EXAMPLES.find(({ id }) => id === side)?.open();
  if (found !== undefined) opened.set(side, found);
  return found;
}
