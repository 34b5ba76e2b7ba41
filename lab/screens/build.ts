/** S7, build: a layout as text at the left, its tables at the right, and what they cost. */

import { lazyView } from '../app/lazy-view.js';
import type { Screen } from '../app/screen.js';
import { shellWord } from '../model/subject.js';
import { pathOf } from './build-path.js';

/** The screen. */
export const build: Screen = {
  id: 'build',
  title: 'Build',
  lead: 'A layout and the tables that it makes, proved page by page while you write.',
  View: lazyView(async () => (await import('./build-view.js')).BuildView),
  cli: (subject) => `pagewright build ${shellWord(pathOf(subject))}`,
};
