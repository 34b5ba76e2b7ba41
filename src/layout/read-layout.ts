/** A layout from whatever describes one: the content tells what it is. */

import { importRegionCsv, isRegionCsv } from './import-csv.js';
import { importRegionMacros, isRegionMacros } from './import-macros.js';
import type { ImportOptions } from './imported.js';
import type { Layout } from './layout.js';
import { type LayoutFiles, parseLayout } from './parse-layout.js';

/** What a text that describes regions is written in. */
export type LayoutKind = 'yaml' | 'csv' | 'macros';

/** What `text` is written in: a layout file unless it looks like another thing. */
export function layoutKind(text: string): LayoutKind {
  if (isRegionCsv(text)) return 'csv';
  return isRegionMacros(text) ? 'macros' : 'yaml';
}

/**
 * The layout in `text`; `file` is its name in messages. `files` reads what a layout file names,
 * `options` has what the other formats do not say.
 *
 * Errors: those of {@link parseLayout}, {@link importRegionCsv} and {@link importRegionMacros}.
 */
export function readLayout(
  text: string,
  file: string,
  files: LayoutFiles,
  options: ImportOptions,
): Layout {
  switch (layoutKind(text)) {
    case 'csv':
      return importRegionCsv(text, file, options);
    case 'macros':
      return importRegionMacros(text, file, options);
    default:
      return parseLayout(text, file, files);
  }
}
