/** S9, the quiz: a walk or an entry with its answer hidden, and how it is worked out. */

import { lazyView } from '../app/lazy-view.js';
import type { Screen } from '../app/screen.js';
import { get } from '../app/state.js';
import { SEED } from './quiz-seed.js';

/** The screen. */
export const quiz: Screen = {
  id: 'quiz',
  title: 'Quiz',
  lead: 'Tables made up from a number, and a question about them: the link asks everybody the same.',
  View: lazyView(async () => (await import('./quiz-view.js')).QuizView),
  cli: () => `pagewright quiz --seed ${get(SEED)} --solve`,
};
