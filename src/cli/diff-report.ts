/** What `diff` does: reads both spaces and tells what changed. */
import {
  AddressSpace,
  changeLines,
  changeRecord,
  diffSpaces,
  line,
  Regions,
  type StyledLine,
} from '../inspect/index.js';
import type { DiffFlags } from './diff-flags.js';
import { Exit, type ExitCode } from './exit-code.js';
import { linesOf, printLines, writeTexts } from './printing.js';
import type { Session } from './session.js';
import type { SourceFlags } from './source-flags.js';
import { openSubject } from './subject.js';

/** Compares two spaces. Errors: those of the sources. */
export async function diffSources(
  session: Session,
  before: string,
  after: string,
  flags: DiffFlags,
): Promise<ExitCode> {
  const old = await regionsFrom(session, before, flags);
  const now = await regionsFrom(session, after, flags);
  let changes = 0;
  function* lines(): Generator<StyledLine> {
    for (const change of diffSpaces(old, now, flags.leaves)) {
      changes += 1;
      yield* changeLines(change);
    }
    yield line(changes === 0 ? 'no difference' : `${changes} ranges differ`, 'quiet');
  }
  function* records(): Generator<string> {
    for (const change of diffSpaces(old, now, flags.leaves)) {
      changes += 1;
      yield JSON.stringify(changeRecord(change));
    }
  }
  if (flags.json === true) await writeTexts(session.out, linesOf(records()));
  else await printLines(session.out, lines());
  return changes === 0 || flags.exitZero === true ? Exit.FINE : Exit.NO;
}

async function regionsFrom(session: Session, word: string, flags: SourceFlags): Promise<Regions> {
  const { input } = await openSubject(session, word, flags);
  return new Regions(new AddressSpace(input));
}
