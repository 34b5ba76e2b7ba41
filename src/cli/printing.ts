/** Long outputs: a part at a time, so that a reader who stops reading ends the command. */
import type { StyledLine } from '../inspect/index.js';
import { Exit, type ExitCode } from './exit-code.js';
import type { Output } from './output.js';

const LINES_AT_ONCE = 512;
const CHARACTERS_AT_ONCE = 64 * 1024;

/** Prints lines. Answers that all is fine. */
export async function printLines(out: Output, lines: Iterable<StyledLine>): Promise<ExitCode> {
  let batch: StyledLine[] = [];
  for (const each of lines) {
    batch.push(each);
    if (batch.length < LINES_AT_ONCE) continue;
    out.print(...batch);
    batch = [];
    await nextTurn();
  }
  out.print(...batch);
  return Exit.FINE;
}

/** Writes texts as they are. Answers that all is fine. */
export async function writeTexts(out: Output, texts: Iterable<string>): Promise<ExitCode> {
  let batch = '';
  for (const text of texts) {
    batch += text;
    if (batch.length < CHARACTERS_AT_ONCE) continue;
    out.write(batch);
    batch = '';
    await nextTurn();
  }
  out.write(batch);
  return Exit.FINE;
}

/** Each record of JSON on a line of its own. */
export function* linesOf(records: Iterable<string>): Generator<string> {
  for (const record of records) yield `${record}\n`;
}

/** The records of JSON as one array. */
export function* arrayOf(records: Iterable<string>): Generator<string> {
  let separator = '[\n';
  let any = false;
  for (const record of records) {
    yield `${separator}${record}`;
    separator = ',\n';
    any = true;
  }
  yield any ? '\n]\n' : '[]\n';
}

/** Lets the stream tell that nobody reads on. */
function nextTurn(): Promise<void> {
  return new Promise((resume) => setImmediate(resume));
}
