import { modelTests } from '../support/model-run.js';

modelTests('largest', 12, 440);
