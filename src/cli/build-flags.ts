/** What `pagewright build` takes: apart from the command, so that what it loads late can know it too. */
import type { SourceFlags } from './source-flags.js';

/** The forms that tables can be written in; those of the layout room, which is loaded later. */
export const FORMATS = [
  'bin',
  'c',
  'asm',
  'obj',
  'rust',
  'stub',
  'json',
  'csv',
  'md',
  'ptdump',
  'vmprint',
  'svg',
  'yaml',
  'region-csv',
] as const;
/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number];

/** What a layout of another format does not say, and what may be said anew of any. */
export interface LayoutFlags {
  readonly tables?: number;
  readonly budget?: number;
  readonly cpu?: string;
  readonly define?: readonly string[];
}

/** The options of `build`. */
export interface BuildFlags extends LayoutFlags {
  readonly emit?: readonly Format[];
  readonly output: string;
}

/** The options of `convert`. */
export interface ConvertFlags extends LayoutFlags, Omit<SourceFlags, 'cpu'> {
  readonly to: Format;
  readonly output?: string;
}
