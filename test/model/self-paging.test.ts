import { pagingTests } from '../support/paging-run.js';

pagingTests(32, 400);
