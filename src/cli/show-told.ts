/** What `show` does with a log: it tells of regions, not of tables, and they are printed as they were told. */
import { formatBytes, hex, hex0x, PAGE_BYTES, VmError } from '../base/index.js';
import { rightsText } from '../format/index.js';
import { globMatcher, line, parseRange, type StyledLine } from '../inspect/index.js';
import type { RegionSource } from '../source/index.js';
import { Exit, type ExitCode } from './exit-code.js';
import { formatOf } from './format-options.js';
import { printAnswers } from './printing.js';
import type { Session } from './session.js';
import type { ShowFlags } from './show-flags.js';

type Told = RegionSource['regions'][number];

/** Shows the regions that a log tells of. Errors: USAGE_ERR — what was asked for is only in tables. */
export async function showTold(
  session: Session,
  source: RegionSource,
  flags: ShowFlags,
): Promise<ExitCode> {
  const format = formatOf(flags);
  const tables = (['only', 'unfolded', 'raw', 'save'] as const).find(
    (name) => flags[name] !== undefined,
  );
  const asked =
    tables !== undefined
      ? `--${tables}`
      : flags.view !== 'map'
        ? `--view ${flags.view}`
        : format !== 'table' && format !== 'json' && format !== 'ndjson'
          ? `--format ${format}`
          : undefined;
  if (asked !== undefined) {
    throw new VmError('USAGE_ERR', `${asked} is of tables; ${source.word} tells of regions`);
  }
  const regions = chosen(source, flags);
  await printAnswers(session.out, format as 'table' | 'json' | 'ndjson', {
    schema: 'pagewright/regions',
    source: source.word,
    key: 'regions',
    lines: () => toldLines(source.word, regions),
    records: () => regions.map((region) => JSON.stringify(toldRecord(region))),
  });
  return Exit.FINE;
}

/** The regions that the filters leave. */
function chosen({ regions }: RegionSource, { has, pa, name }: ShowFlags): readonly Told[] {
  const inVirtual = has === undefined ? undefined : parseRange(has, 'virtual');
  const inPhysical = pa === undefined ? undefined : parseRange(pa, 'physical');
  const named = name === undefined ? undefined : globMatcher(name);
  const touches = (base: number, bytes: number, other: { base: number; bytes: number }): boolean =>
    base < other.base + other.bytes && other.base < base + bytes;
  return regions.filter(
    (region) =>
      (inVirtual === undefined || touches(region.va, region.bytes, inVirtual)) &&
      (inPhysical === undefined ||
        (region.pa !== undefined && touches(region.pa, region.bytes, inPhysical))) &&
      (named === undefined || named(region.name)),
  );
}

function toldRecord(region: Told): Record<string, unknown> {
  const { name, va, bytes, pa, rights, memory, line: row } = region;
  return {
    va: hex0x(va, 8),
    bytes,
    pa: pa === undefined ? null : hex0x(pa, 8),
    pl1: rights === undefined ? null : rightsText(rights, true),
    pl0: rights === undefined ? null : rightsText(rights, false),
    memory: memory ?? null,
    name,
    line: row,
  };
}

function* toldLines(word: string, regions: readonly Told[]): Generator<StyledLine> {
  yield line(`source  ${word}  as the system printed it, not from its tables`, 'heading');
  yield line(
    '  VA                 →PA          SIZE  PL1 PL0  MEMORY              NAME',
    'heading',
  );
  for (const { va, bytes, pa, rights, memory, name } of regions) {
    const both =
      rights === undefined ? '??? ???' : `${rightsText(rights, true)} ${rightsText(rights, false)}`;
    const place = (pa === undefined ? '?' : hex(pa)).padEnd(8);
    const size = formatBytes(bytes).padStart(8);
    const range = `${hex(va)}-${hex(va + bytes - 1)}`;
    yield line(`  ${range}  ${place}  ${size}  ${both}  ${(memory ?? '?').padEnd(18)}  ${name}`);
  }
  const pages = regions.reduce((sum, region) => sum + region.bytes / PAGE_BYTES, 0);
  yield line(
    `${regions.length} region${regions.length === 1 ? '' : 's'} · ${formatBytes(pages * PAGE_BYTES)}`,
    'quiet',
  );
}
