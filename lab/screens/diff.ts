/** S8, diff: two spaces in one Atlas, each changed cell split into what it was and what it is. */

import { lazyView } from '../app/lazy-view.js';
import { machine } from '../app/machine.js';
import type { Screen } from '../app/screen.js';
import { get } from '../app/state.js';
import { LEAVES, sideNames, sideSubject } from './diff-sides.js';

/** The screen. */
export const diff: Screen = {
  id: 'diff',
  title: 'Diff',
  lead: 'Two address spaces in one picture: a changed cell shows what it was and what it is.',
  View: lazyView(async () => (await import('./diff-view.js')).DiffView),
  cli: (subject) => {
    const { before, after } = sideNames(machine.value !== undefined);
    const words = [before, after].map((side) => sideSubject(side, subject)?.word ?? 'BEFORE');
    return `pagewright diff ${words.join(' ')}${get(LEAVES) ? ' --leaves' : ''}`;
  },
};
