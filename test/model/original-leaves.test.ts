import { modelTests } from '../support/model-run.js';

modelTests('original', 12, 440);
