/** What `pagewright decode` takes: apart from the command, so that what it loads late can know it too. */
import type { FormatFlags, RECORD_FORMATS } from './format-options.js';
/** The options of the command. */
export interface DecodeFlags extends FormatFlags<(typeof RECORD_FORMATS)[number]> {
  readonly level?: '1' | '2';
  readonly dfsr?: boolean;
  readonly ifsr?: boolean;
  readonly cpu: string;
  readonly sctlr?: number;
  readonly dacr?: number;
  readonly prrr?: number;
  readonly nmrr?: number;
}
