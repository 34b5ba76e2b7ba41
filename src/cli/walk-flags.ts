/** What `pagewright walk` takes: apart from the command, so that what it loads late can know it too. */
import type { FormatFlags } from './format-options.js';
import type { SourceFlags } from './source-flags.js';

/** What a walk may be asked to be allowed to do. */
export const ACCESS_CHOICES = ['read', 'write', 'execute'] as const;
/** The formats of answers to addresses. */
export const ANSWER_FORMATS = ['table', 'json', 'ndjson'] as const;

/** The options of the command. */
export interface WalkFlags extends SourceFlags, FormatFlags<(typeof ANSWER_FORMATS)[number]> {
  readonly access?: (typeof ACCESS_CHOICES)[number];
  readonly user?: boolean;
  readonly exitZero?: boolean;
}
