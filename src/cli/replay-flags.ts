/** What `pagewright replay` takes: apart from the command, so that what it loads late can know it too. */

/** The formats of a replay. */
export const REPLAY_FORMATS = ['table', 'json', 'ndjson', 'csv', 'md', 'svg'] as const;
/** One of {@link REPLAY_FORMATS}. */
export type ReplayFormat = (typeof REPLAY_FORMATS)[number];

/** The options of the command. */
export interface ReplayFlags {
  readonly policy: string;
  readonly frames: string;
  readonly pageSize: string;
  readonly pages?: boolean;
  readonly accesses: 'all' | 'data' | 'instructions';
  readonly seed: string;
  readonly times: string;
  readonly skipBadLines?: boolean;
  readonly format?: ReplayFormat;
  readonly json?: boolean;
  readonly output?: string;
  readonly svg?: string;
}
