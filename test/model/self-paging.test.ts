import { pagingTests } from '../support/paging-run.js';

pagingTests(16, 160);
