import type { SourceFlags } from './source-flags.js';

/** The options of the command. */
export interface ScanFlags extends SourceFlags {
  readonly most: number;
  readonly json?: boolean;
}
