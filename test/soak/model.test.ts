import { modelTests } from '../support/model-run.js';
import { pagingTests } from '../support/paging-run.js';

// Other seeds each time, which the names of the tests show.
const seed = Math.floor(Date.now() / 1000) * 1000;

for (const leaves of ['largest', 'original'] as const) modelTests(leaves, 40, 3000, seed);
pagingTests(60, 600, seed);
