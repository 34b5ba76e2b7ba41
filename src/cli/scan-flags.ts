import type { FormatFlags, RECORD_FORMATS } from './format-options.js';
import type { SourceFlags } from './source-flags.js';

/** The options of the command. */
export interface ScanFlags extends SourceFlags, FormatFlags<(typeof RECORD_FORMATS)[number]> {
  readonly most: number;
}
