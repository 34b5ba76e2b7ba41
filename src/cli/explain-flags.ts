/** What `pagewright explain` takes: apart from the command, so that what it loads late can know it too. */
import type { FormatFlags, RECORD_FORMATS } from './format-options.js';
import type { SourceFlags } from './source-flags.js';

/** The options of the command. */
export interface ExplainFlags extends SourceFlags, FormatFlags<(typeof RECORD_FORMATS)[number]> {
  readonly dfsr?: number;
  readonly dfar?: number;
  readonly ifsr?: number;
  readonly ifar?: number;
  readonly log?: string;
  readonly user?: boolean;
  readonly privileged?: boolean;
}
