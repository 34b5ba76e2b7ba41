/** A replay as a person reads it: ratios side by side, and then what each row cost. */
import { formatBytes } from '../base/index.js';
import { line, type StyledLine } from '../inspect/index.js';
import type { ReplayPolicyName, ReplayReport, ReplayRow } from '../scenario/index.js';

/** The lines of a replay. */
export function replayLines(report: ReplayReport): StyledLine[] {
  return [
    ...headLines(report),
    line(''),
    ...ratioLines(report.rows),
    line(''),
    ...costLines(report.rows),
    ...anomalyLines(report.rows),
  ];
}

function headLines({ trace, references, pageBytes, times }: ReplayReport): StyledLine[] {
  const { kinds, pages } = references;
  const counts = [
    [kinds.fetch, 'fetches'],
    [kinds.read, 'reads'],
    [kinds.write, 'writes'],
    [kinds.modify, 'modifications'],
  ] as const;
  const shares = counts
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${number(count)} ${name}`);
  const footprint =
    pageBytes === undefined
      ? `${number(pages)} pages`
      : `${number(pages)} pages of ${formatBytes(pageBytes)}, ${formatBytes(pages * pageBytes)} in all`;
  return [
    line(`trace  ${trace}`, 'heading'),
    line(`       ${number(references.references)} references: ${shares.join(', ')}`, 'quiet'),
    line(`       ${footprint}`, 'quiet'),
    line(
      `       an access ${duration(times.accessNs)}, a page in ${duration(times.readNs)}, ` +
        `a page out ${duration(times.writeNs)}`,
      'quiet',
    ),
  ];
}

/** Miss ratios: a column for each policy, the best of each size marked. */
function ratioLines(rows: readonly ReplayRow[]): StyledLine[] {
  const policies = [...new Set(rows.map(({ policy }) => policy))];
  const sizes = [...new Set(rows.map(({ frames }) => frames))];
  const widths = policies.map((policy) => Math.max(11, policy.length + 2));
  const cells = (texts: readonly string[]): string =>
    texts.map((text, index) => text.padStart(widths[index] ?? 0)).join('');
  return [
    line('miss ratio', 'heading'),
    line(`  ${'FRAMES'.padStart(10)}${cells(policies.map(title))}`, 'heading'),
    ...sizes.map((frames) => {
      const ratios = policies.map((policy) => percent(rowOf(rows, policy, frames).missRatio));
      return line(`  ${number(frames).padStart(10)}${cells(ratios)}`);
    }),
  ];
}

function rowOf(rows: readonly ReplayRow[], policy: ReplayPolicyName, frames: number): ReplayRow {
  return rows.find((row) => row.policy === policy && row.frames === frames) as ReplayRow;
}

function costLines(rows: readonly ReplayRow[]): StyledLine[] {
  const width = Math.max(...rows.map(({ policy }) => policy.length), 6);
  const titles = ['FRAMES', 'MISSES', 'EVICTIONS', 'WRITTEN BACK', 'TIME', 'A REFERENCE'];
  const widths = [11, 14, 14, 14, 11, 13];
  const cells = (texts: readonly string[]): string =>
    texts.map((text, index) => text.padStart(widths[index] ?? 0)).join('');
  return [
    line('costs', 'heading'),
    line(`  ${'POLICY'.padEnd(width)}${cells(titles)}`, 'heading'),
    ...rows.map((row) =>
      line(
        `  ${row.policy.padEnd(width)}${cells([
          number(row.frames),
          number(row.misses),
          number(row.evictions),
          number(row.writeBacks),
          duration(row.totalNs),
          duration(row.nsPerReference),
        ])}`,
      ),
    ),
  ];
}

/** Where more frames miss more often (Belady's anomaly), which people should not overlook. */
function anomalyLines(rows: readonly ReplayRow[]): StyledLine[] {
  const found = rows.flatMap((row, index) => {
    const before = rows[index - 1];
    if (before?.policy !== row.policy || before.misses >= row.misses) return [];
    const text =
      `! ${row.policy}: ${number(row.frames)} frames miss more often than ${number(before.frames)} ` +
      `(${number(row.misses)} > ${number(before.misses)})`;
    return [line(row.policy === 'fifo' ? `${text}: Belady's anomaly` : text, 'selected')];
  });
  return found.length === 0 ? [] : [line(''), ...found];
}

const number = (value: number): string => value.toLocaleString('en');
const title = (policy: string): string => policy.toUpperCase();

/** A ratio with three digits that count. */
function percent(ratio: number): string {
  return `${(ratio * 100).toPrecision(3)} %`;
}

const UNITS = [
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
  ['ns', 1],
] as const;

/** A time with its unit and three digits that count: `1.20 us`. */
function duration(nanoseconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => nanoseconds >= each) ?? ['ns', 1];
  const value = nanoseconds / size;
  return `${value >= 1000 ? number(Math.round(value)) : value.toPrecision(3)} ${unit}`;
}
