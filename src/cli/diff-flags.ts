import type { FormatFlags } from './format-options.js';
import type { SourceFlags } from './source-flags.js';
import type { ANSWER_FORMATS } from './walk-flags.js';

/** The options of the command. */
export interface DiffFlags extends SourceFlags, FormatFlags<(typeof ANSWER_FORMATS)[number]> {
  readonly leaves?: boolean;
  readonly exitZero?: boolean;
}
