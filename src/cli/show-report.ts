/** What `show` does: reads the space and prints the view that was asked for. */
import { VmError } from '../base/index.js';
import {
  AddressSpace,
  cutLine,
  frameLines,
  gridLines,
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
  wrappedSpans,
} from '../inspect/index.js';
import type { ExitCode } from './exit-code.js';
import { formatOf } from './format-options.js';
import { printLines, writeTexts } from './printing.js';
import type { Session } from './session.js';
import type { ShowFlags } from './show-flags.js';
import { showTold } from './show-told.js';
import { openWord, type Subject, subjectOf } from './subject.js';

/** Shows the space that `word` names. Errors: those of the source; USAGE_ERR — a filter is wrong. */
export async function showSpace(
  session: Session,
  word: string,
  flags: ShowFlags,
): Promise<ExitCode> {
  const format = formatOf(flags);
  refuseConflicts(flags, format);
  const source = await openWord(session, word, flags);
  if (source.evidence === 'regions') return showTold(session, source, flags);
  const subject = await subjectOf(source, flags);
  if (format === 'table') return printView(session, subject, flags);
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

/** Formats that take rows of the map, so that filters mean something for them. */
const OF_ROWS: ReadonlySet<string> = new Set(['table', 'json', 'ndjson', 'csv', 'md']);

/** Errors: USAGE_ERR — two options do not go together. */
function refuseConflicts(flags: ShowFlags, format: ShowFlags['format']): void {
  const { view } = flags;
  if (view !== 'map' && format !== 'table') {
    throw new VmError('USAGE_ERR', `--view ${view} is text; --format ${format} is of the map`);
  }
  const rows = (['only', 'has', 'pa', 'name', 'unfolded', 'raw'] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (rows === undefined || (view === 'map' && OF_ROWS.has(format))) return;
  const whole = view === 'map' ? `--format ${format}` : `--view ${view}`;
  throw new VmError('USAGE_ERR', `--${rows} chooses rows of the map; ${whole} shows all of it`);
}

function regionsFor({ input }: Subject): Regions {
  return new Regions(new AddressSpace(input));
}

async function printView(session: Session, subject: Subject, flags: ShowFlags): Promise<ExitCode> {
  const { out } = session;
  const { provenance, names } = subject;
  const regions = regionsFor(subject);
  const room = out.isTerminal ? out.columns : Infinity;
  if (flags.view === 'map' && out.isTerminal) {
    session.talk.print(...MAP_LEGEND.flatMap((each) => [...wrappedSpans(each, room, 0)]));
  }
  return printLines(out, cutToFit(linesOf(), room));

  function linesOf(): Iterable<StyledLine> {
    switch (flags.view) {
      case 'map': {
        const rows = chosenRows(regions, subject, flags);
        return mapLines(regions.space, rows, provenance, names, { room, raw: flags.raw });
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
function* cutToFit(lines: Iterable<StyledLine>, columns: number): Generator<StyledLine> {
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
