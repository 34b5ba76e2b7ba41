/** What tests of the oracle do when QEMU or the cross assembler is not installed. */

import { missingTools } from './guest-image.js';

const missing = missingTools();

/**
 * Whether to skip: never in CI, which has to have the tools and fails without; elsewhere if something
 * is missing.
 */
export const SKIPS = missing !== undefined && process.env['CI'] !== 'true';

/** The title of a group of tests, with what to install where they are skipped. */
export function title(text: string): string {
  return SKIPS ? `${text} (skipped: ${missing})` : text;
}
