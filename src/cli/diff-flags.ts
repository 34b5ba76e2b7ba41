import type { SourceFlags } from './source-flags.js';

/** The options of the command. */
export interface DiffFlags extends SourceFlags {
  readonly leaves?: boolean;
  readonly json?: boolean;
  readonly exitZero?: boolean;
}
