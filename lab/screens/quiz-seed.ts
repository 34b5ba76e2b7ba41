/** What a link says of the quiz. */

import type { Param } from '../app/place.js';

/** The number that the question is made from. */
export const SEED: Param<number> = {
  name: 'seed',
  usual: 1,
  parse: (text) => (/^\d{1,6}$/.test(text) ? Number(text) : undefined),
  write: String,
};
