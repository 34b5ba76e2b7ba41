/** The screens of the lab, in the order of their tabs. A new one is a file, and a line here. */

import type { Screen } from '../app/screen.js';
import { atlas } from './atlas.js';
import { build } from './build.js';
import { capabilities } from './capabilities.js';
import { check } from './check.js';
import { diff } from './diff.js';
import { policies } from './policies.js';
import { quiz } from './quiz.js';
import { ribbonScreen } from './ribbons.js';
import { run } from './run.js';
import { walkScreen } from './walk.js';

/** Every screen. */
export const SCREENS: readonly [Screen, ...Screen[]] = [
  atlas,
  walkScreen,
  ribbonScreen,
  capabilities,
  policies,
  run,
  check,
  build,
  diff,
  quiz,
];
