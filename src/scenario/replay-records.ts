/** A replay for programs: JSON, lines of JSON, CSV and Markdown. Sizes are in bytes, times in ns. */
import { REFERENCE_KINDS, type ReferenceKind, type ReferenceTrace } from './reference-trace.js';
import type { ReferenceTimes, ReplayRow } from './replay-trace.js';

/** What the JSON of a replay calls itself. */
const REPLAY_SCHEMA = 'pagewright/replay';
const REPLAY_SCHEMA_VERSION = 1;

/** A replay, with what is to be known of its trace. */
export interface ReplayReport {
  /** The name of the trace. */
  readonly trace: string;
  readonly references: ReferenceTrace;
  /** Bytes of a page; undefined for a trace of page numbers. */
  readonly pageBytes: number | undefined;
  /** Lines of the trace, and those that were passed over. */
  readonly lines: number;
  readonly badLines: number;
  readonly times: ReferenceTimes;
  readonly rows: readonly ReplayRow[];
}

/** The replay as one JSON document, a row on a line. */
export function replayJson(report: ReplayReport): string {
  const { references, pages, runs, kinds } = report.references;
  const head = {
    schema: REPLAY_SCHEMA,
    version: REPLAY_SCHEMA_VERSION,
    trace: {
      name: report.trace,
      lines: report.lines,
      badLines: report.badLines,
      pageBytes: report.pageBytes ?? null,
      references,
      pages,
      runs,
      ...countsOf(kinds),
    },
    times: report.times,
  };
  const rows = report.rows.map((row) => JSON.stringify(row)).join(',\n');
  return `${JSON.stringify(head).slice(0, -1)},"rows":[\n${rows}\n]}\n`;
}

function countsOf(kinds: Readonly<Record<ReferenceKind, number>>): Record<string, number> {
  const names = { read: 'reads', write: 'writes', fetch: 'fetches', modify: 'modifications' };
  return Object.fromEntries(REFERENCE_KINDS.map((kind) => [names[kind], kinds[kind]]));
}

/** The rows as lines of JSON. */
export function replayNdjson({ rows }: ReplayReport): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

const COLUMNS = [
  'policy',
  'frames',
  'references',
  'misses',
  'missRatio',
  'evictions',
  'writeBacks',
  'totalNs',
  'nsPerReference',
] as const satisfies readonly (keyof ReplayRow)[];

/** The rows as CSV (RFC 4180), with a line of titles. */
export function replayCsv({ rows }: ReplayReport): string {
  const lines = rows.map((row) => COLUMNS.map((column) => String(row[column])).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

/** The rows as a Markdown table. */
export function replayMarkdown({ rows }: ReplayReport): string {
  const lines = rows.map(
    (row) => `| ${COLUMNS.map((column) => String(row[column])).join(' | ')} |`,
  );
  const rule = COLUMNS.map((column) => (column === 'policy' ? ' --- |' : ' ---: |')).join('');
  return `${[`| ${COLUMNS.join(' | ')} |`, `|${rule}`, ...lines].join('\n')}\n`;
}
