/** What `pagewright show` takes: apart from the command, so that what it loads late can know it too. */
import type { FormatFlags } from './format-options.js';
import type { SourceFlags } from './source-flags.js';

/** The views of `show`. */
export const VIEWS = ['map', 'tree', 'pages', 'frames', 'raw', 'grid'] as const;
/** The formats of the map. */
export const MAP_FORMATS = [
  'table',
  'json',
  'ndjson',
  'csv',
  'md',
  'ptdump',
  'vmprint',
  'svg',
] as const;

/** The options of the command. */
export interface ShowFlags extends SourceFlags, FormatFlags<(typeof MAP_FORMATS)[number]> {
  readonly view: (typeof VIEWS)[number];
  readonly only?: string;
  readonly has?: string;
  readonly pa?: string;
  readonly name?: string;
  readonly unfolded?: boolean;
  readonly raw?: boolean;
}
