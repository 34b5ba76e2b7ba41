/** What `where` does: looks for physical memory in the map. */
import {
  AddressSpace,
  Regions,
  type StyledLine,
  whereIs,
  whereLines,
  whereRecords,
} from '../inspect/index.js';
import { addressRanges } from './address-input.js';
import { Exit, type ExitCode } from './exit-code.js';
import { formatOf } from './format-options.js';
import { printAnswers } from './printing.js';
import type { Session } from './session.js';
import { openSubject } from './subject.js';
import type { WhereFlags } from './where-flags.js';

/** Looks for `addresses`. Errors: those of the source; USAGE_ERR — a word is no address. */
export async function whereAddresses(
  session: Session,
  word: string,
  addresses: readonly string[],
  flags: WhereFlags,
): Promise<ExitCode> {
  const { input, names } = await openSubject(session, word, flags);
  const regions = new Regions(new AddressSpace(input));
  let found = true;
  function* lines(): Generator<StyledLine> {
    for (const range of addressRanges(addresses, 'physical', names)) {
      const reaches = [...whereIs(regions, range)];
      found &&= reaches.length > 0;
      yield* whereLines(regions, range, reaches);
    }
  }
  function* records(): Generator<string> {
    for (const range of addressRanges(addresses, 'physical', names)) {
      const reaches = [...whereIs(regions, range)];
      found &&= reaches.length > 0;
      for (const record of whereRecords(regions, range, reaches)) yield JSON.stringify(record);
    }
  }
  const answers = { schema: 'pagewright/mappings', source: word, key: 'mappings', lines, records };
  await printAnswers(session.out, formatOf(flags), answers);
  return found || flags.exitZero === true ? Exit.FINE : Exit.NO;
}
