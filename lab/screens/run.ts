/** The machine itself: the scenario that it runs, what is typed to it, and what it did. */

import { lazyView } from '../app/lazy-view.js';
import { machine } from '../app/machine.js';
import type { Screen } from '../app/screen.js';
import { shellWord } from '../model/subject.js';

/** The scenario that stands in the editor before another is opened. */
const FIRST = 'examples/first-domain.yaml';

/** The screen. Its editor is read when somebody goes there. */
export const run: Screen = {
  id: 'run',
  title: 'Run',
  lead: 'A machine in this page: write what happens, type what else shall, and go back to any moment.',
  View: lazyView(async () => (await import('./run-view.js')).RunView),
  cli: () => `pagewright run --events ${shellWord(machine.value?.session.name ?? FIRST)}`,
};
