import { SEVERITIES } from '../inspect/check/rules.js';
import type { FormatFlags } from './format-options.js';
import type { SourceFlags } from './source-flags.js';

/** The formats of findings. */
export const FINDING_FORMATS = ['table', 'json', 'sarif', 'junit'] as const;
/** What makes the answer "no". */
export const FAIL_CHOICES = [...SEVERITIES, 'never'] as const;

/** The options of the command. */
export interface CheckFlags extends SourceFlags, FormatFlags<(typeof FINDING_FORMATS)[number]> {
  readonly policy?: string;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly failOn: (typeof FAIL_CHOICES)[number];
  readonly kernel: readonly string[];
  readonly output?: string;
  readonly today?: string;
  readonly exitZero?: boolean;
}
