/** What `walk` does: translates addresses, one by one or page by page. */
import { PAGE_BYTES } from '../base/index.js';
import { Access } from '../format/index.js';
import {
  type StyledLine,
  walkAddress,
  walkLines,
  walkRecord,
  walkSucceeds,
} from '../inspect/index.js';
import { addressRanges } from './address-input.js';
import { Exit, type ExitCode } from './exit-code.js';
import { formatOf } from './format-options.js';
import { fitted, printAnswers } from './printing.js';
import type { Session } from './session.js';
import { openSubject } from './subject.js';
import type { WalkFlags } from './walk-flags.js';

const PRIVILEGED = {
  read: Access.PRIVILEGED_READ,
  write: Access.PRIVILEGED_WRITE,
  execute: Access.PRIVILEGED_FETCH,
} as const;

/** Translates `addresses`. Errors: those of the source; USAGE_ERR — a word is no address. */
export async function walkAddresses(
  session: Session,
  word: string,
  addresses: readonly string[],
  flags: WalkFlags,
): Promise<ExitCode> {
  const { input, names } = await openSubject(session, word, flags);
  const access = accessOf(flags);
  let succeeded = true;
  function* walks(): Generator<ReturnType<typeof walkAddress>> {
    for (const va of pagesOf(addressRanges(addresses, 'virtual', names))) {
      const result = walkAddress(input, va, access);
      succeeded &&= walkSucceeds(result, access);
      yield result;
    }
  }
  function* lines(): Generator<StyledLine> {
    for (const result of walks()) {
      yield* fitted(session.out, walkLines(input, result, access, names), 12);
    }
  }
  function* records(): Generator<string> {
    for (const result of walks()) yield JSON.stringify(walkRecord(input, result, names));
  }
  const answers = { schema: 'pagewright/walks', source: word, key: 'walks', lines, records };
  await printAnswers(session.out, formatOf(flags), answers);
  return succeeded || flags.exitZero === true ? Exit.FINE : Exit.NO;
}

function accessOf({ access, user }: WalkFlags): number | undefined {
  if (access === undefined && user !== true) return undefined;
  return PRIVILEGED[access ?? 'read'] + (user === true ? Access.USER_READ : 0);
}

/** One address of each page of the ranges. */
function* pagesOf(ranges: Iterable<{ base: number; bytes: number }>): Generator<number> {
  for (const { base, bytes } of ranges) {
    const end = base + bytes;
    for (let va = base; va < end; va = va - (va % PAGE_BYTES) + PAGE_BYTES) yield va;
  }
}
