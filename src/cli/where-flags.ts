/** What `pagewright where` takes: apart from the command, so that what it loads late can know it too. */
import type { FormatFlags } from './format-options.js';
import type { SourceFlags } from './source-flags.js';
import type { ANSWER_FORMATS } from './walk-flags.js';

/** The options of the command. */
export interface WhereFlags extends SourceFlags, FormatFlags<(typeof ANSWER_FORMATS)[number]> {
  readonly exitZero?: boolean;
}
