/** What `show` does: reads the space and prints the view that was asked for. */
import { formatBytes, hex, PAGE_BYTES, VmError } from '../base/index.js';
import { rightsText } from '../format/index.js';
import {
  AddressSpace,
  cutLine,
  frameLines,
  gridLines,
  line,
  MAP_LEGEND,
  type MapRow,
  mapCsv,
  mapJson,
  mapLines,
  mapMarkdown,
  mapNdjson,
  mapRows,
  mapSvg,
  pageLines,
  parseFilter,
  parseRange,
  ptdumpText,
  Regions,
  type RowFilter,
  rawLines,
  type StyledLine,
  treeLines,
  vmprintText,
  wrapped,
} from '../inspect/index.js';
import type { RegionSource } from '../source/index.js';
import type { ExitCode } from './exit-code.js';
import { printLines, writeTexts } from './printing.js';
import type { Session } from './session.js';
import type { ShowFlags } from './show-flags.js';
import { openSubject, openWord, type Subject } from './subject.js';

/** Shows the space that `word` names. Errors: those of the source; USAGE_ERR — a filter is wrong. */
export async function showSpace(
  session: Session,
  word: string,
  flags: ShowFlags,
): Promise<ExitCode> {
  if (/^log:/.test(word)) return showLog(session, word, flags);
  const subject = await openSubject(session, word, flags);
  const format = flags.json === true ? 'json' : flags.format;
  if (format === 'table') return printView(session, subject, flags);
  if (flags.view !== 'map') {
    throw new VmError(
      'USAGE_ERR',
      `--view ${flags.view} is text; --format ${format} is of the map`,
    );
  }
  const regions = regionsFor(subject);
  const { registers } = subject.input;
  const rows = (): Iterable<MapRow> => chosenRows(regions, subject, flags);
  switch (format) {
    case 'json':
      return writeTexts(session.out, mapJson(regions.space, rows(), subject.provenance));
    case 'ndjson':
      return writeTexts(session.out, mapNdjson(rows(), registers));
    case 'csv':
      return writeTexts(session.out, mapCsv(rows(), registers));
    case 'md':
      return writeTexts(session.out, mapMarkdown(rows(), registers));
    case 'ptdump':
      return writeTexts(session.out, ptdumpText(regions, subject.names));
    case 'vmprint':
      return writeTexts(session.out, vmprintText(regions));
    case 'svg':
      return writeTexts(session.out, [mapSvg(regions, subject.provenance)]);
  }
}

function regionsFor({ input }: Subject): Regions {
  return new Regions(new AddressSpace(input));
}

async function printView(session: Session, subject: Subject, flags: ShowFlags): Promise<ExitCode> {
  const { out } = session;
  const { provenance, names } = subject;
  const regions = regionsFor(subject);
  if (flags.view === 'map' && out.isTerminal) session.talk.print(...MAP_LEGEND);
  const room = out.isTerminal ? out.columns : Infinity;
  return printLines(out, fitted(linesOf(), room));

  function linesOf(): Iterable<StyledLine> {
    switch (flags.view) {
      case 'map': {
        const rows = chosenRows(regions, subject, flags);
        return mapLines(regions.space, rows, provenance, names, room);
      }
      case 'tree':
        return treeLines(regions, provenance);
      case 'pages':
        return pageLines(regions, provenance);
      case 'frames':
        return frameLines(regions, provenance, names);
      case 'raw':
        return rawLines(regions.space, provenance);
      case 'grid':
        return gridLines(regions, provenance);
    }
  }
}

/** Lines that fit: what is said of the whole is wrapped, a row of a table is cut. */
function* fitted(lines: Iterable<StyledLine>, columns: number): Generator<StyledLine> {
  for (const each of lines) {
    const [first] = each;
    const isTalk = each.length === 1 && (first?.style === 'heading' || first?.style === 'quiet');
    if (columns === Infinity) yield each;
    else if (isTalk && !first.text.startsWith(' '))
      yield* wrapped(first.text, columns, 0, first.style, HANG);
    else yield cutLine(each, columns);
  }
}

/** How far the second line of what is wrapped stands in: behind `source  `. */
const HANG = 8;

/** The rows that the filters leave. */
function* chosenRows(regions: Regions, subject: Subject, flags: ShowFlags): Generator<MapRow> {
  const { names } = subject;
  const filters: RowFilter[] = [];
  if (flags.only !== undefined) filters.push(parseFilter(flags.only));
  if (flags.name !== undefined) filters.push(parseFilter(`name=${JSON.stringify(flags.name)}`));
  const has = flags.has === undefined ? undefined : parseRange(flags.has, 'virtual', names);
  const pa = flags.pa === undefined ? undefined : parseRange(flags.pa, 'physical', names);
  const filtered = filters.length > 0 || has !== undefined || pa !== undefined;
  const unfolded = flags.unfolded === true || pa !== undefined;
  for (const row of mapRows(regions, { names, unfolded })) {
    if (has !== undefined && !overlap(row.va, row.bytes, has.base, has.bytes)) continue;
    if (
      pa !== undefined &&
      (row.pa === undefined || !overlap(row.pa, row.bytes, pa.base, pa.bytes))
    )
      continue;
    if (filtered && has === undefined && row.type === undefined && !asksForHoles(flags)) continue;
    if (filters.every((filter) => filter(row))) yield row;
  }
}

/** Whether a filter speaks of holes; otherwise they are left out of a filtered map. */
function asksForHoles(flags: ShowFlags): boolean {
  return /\b(?:hole|fault|unreadable|reserved|mapped)\b/.test(flags.only ?? '');
}

function overlap(base: number, bytes: number, other: number, otherBytes: number): boolean {
  return base < other + otherBytes && other < base + bytes;
}

/** A log tells of regions, not of tables: they are printed as they were told. */
async function showLog(session: Session, word: string, flags: ShowFlags): Promise<ExitCode> {
  const source = await openWord(session, word, flags);
  if (source.evidence !== 'regions') {
    throw new VmError('SOURCE_ERR_FORMAT', `${word} tells of no regions`);
  }
  if (flags.json === true || flags.format === 'json' || flags.format === 'ndjson') {
    return writeTexts(
      session.out,
      source.regions.map((region) => `${JSON.stringify(regionRecord(region))}\n`),
    );
  }
  return printLines(session.out, logLines(source));
}

function regionRecord(region: RegionSource['regions'][number]): Record<string, unknown> {
  const { name, va, bytes, pa, rights, memory, line: row } = region;
  return {
    va: `0x${hex(va)}`,
    bytes,
    pa: pa === undefined ? null : `0x${hex(pa)}`,
    pl1: rights === undefined ? null : rightsText(rights, true),
    pl0: rights === undefined ? null : rightsText(rights, false),
    memory: memory ?? null,
    name,
    line: row,
  };
}

function* logLines(source: RegionSource): Generator<StyledLine> {
  yield line(`source  ${source.word}  as the system printed it, not from its tables`, 'heading');
  yield line(
    '  VA                 →PA          SIZE  PL1 PL0  MEMORY              NAME',
    'heading',
  );
  for (const { va, bytes, pa, rights, memory, name } of source.regions) {
    const both =
      rights === undefined ? '??? ???' : `${rightsText(rights, true)} ${rightsText(rights, false)}`;
    const place = (pa === undefined ? '?' : hex(pa)).padEnd(8);
    const size = formatBytes(bytes).padStart(8);
    const range = `${hex(va)}-${hex(va + bytes - 1)}`;
    yield line(`  ${range}  ${place}  ${size}  ${both}  ${(memory ?? '?').padEnd(18)}  ${name}`);
  }
  const pages = source.regions.reduce((sum, region) => sum + region.bytes / PAGE_BYTES, 0);
  yield line(`${source.regions.length} regions · ${formatBytes(pages * PAGE_BYTES)}`, 'quiet');
}
