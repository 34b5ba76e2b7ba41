import type { FormatFlags, RECORD_FORMATS } from './format-options.js';

/** The options of the command. */
export interface QuizFlags extends FormatFlags<(typeof RECORD_FORMATS)[number]> {
  readonly seed: number;
  readonly count: number;
  readonly solve?: boolean;
  readonly answer?: string;
}
