/** S6, check: what is wrong, where, why it matters, the smallest change; and what is excused. */

import { policyText } from '../app/kept-text.js';
import { lazyView } from '../app/lazy-view.js';
import type { Screen } from '../app/screen.js';
import { POLICY_FILE } from '../model/policy-name.js';

/** The screen. */
export const check: Screen = {
  id: 'check',
  title: 'Check',
  lead: 'What is wrong with the space, why it matters, and the smallest change that puts it right.',
  View: lazyView(async () => (await import('./check-view.js')).CheckView),
  cli: (subject) => {
    const policy = policyText.text.value.trim() === '' ? '' : ` --policy ${POLICY_FILE}`;
    return `pagewright check ${subject.word}${policy}`;
  },
};
