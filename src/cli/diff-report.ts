/** What `diff` does: reads both spaces and tells what changed. */
import {
  AddressSpace,
  type Change,
  changeLines,
  changeRecord,
  diffSpaces,
  diffTold,
  line,
  Regions,
  type StyledLine,
  type ToldRange,
  toldByTables,
} from '../inspect/index.js';
import type { DiffFlags } from './diff-flags.js';
import { Exit, type ExitCode } from './exit-code.js';
import { formatOf } from './format-options.js';
import { printAnswers } from './printing.js';
import type { Session } from './session.js';
import type { SourceFlags } from './source-flags.js';
import { openWord } from './subject.js';

/** Compares two spaces. Errors: those of the sources. */
export async function diffSources(
  session: Session,
  before: string,
  after: string,
  flags: DiffFlags,
): Promise<ExitCode> {
  const old = await sideFrom(session, before, flags);
  const now = await sideFrom(session, after, flags);
  let count = 0;
  function* changes(): Generator<Change> {
    for (const change of changesBetween(old, now, flags.leaves)) {
      count += 1;
      yield change;
    }
  }
  function* lines(): Generator<StyledLine> {
    for (const change of changes()) yield* changeLines(change);
    yield line(count === 0 ? 'no difference' : `${count} ranges differ`, 'quiet');
  }
  function* records(): Generator<string> {
    for (const change of changes()) yield JSON.stringify(changeRecord(change));
  }
  const source = [before, after];
  const answers = { schema: 'pagewright/changes', source, key: 'changes', lines, records };
  await printAnswers(session.out, formatOf(flags), answers);
  return count === 0 || flags.exitZero === true ? Exit.FINE : Exit.NO;
}

/** A side of the comparison: tables, or regions that a system printed. */
type DiffSide = Regions | readonly ToldRange[];

function changesBetween(
  old: DiffSide,
  now: DiffSide,
  leaves: boolean | undefined,
): Iterable<Change> {
  if (old instanceof Regions && now instanceof Regions) return diffSpaces(old, now, leaves);
  const told = (side: DiffSide): readonly ToldRange[] =>
    side instanceof Regions ? toldByTables(side) : side;
  return diffTold(told(old), told(now));
}

async function sideFrom(session: Session, word: string, flags: SourceFlags): Promise<DiffSide> {
  const source = await openWord(session, word, flags);
  return source.evidence === 'regions'
    ? source.regions
    : new Regions(new AddressSpace(source.input()));
}
