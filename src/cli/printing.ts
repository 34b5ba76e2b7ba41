/** Long outputs: a part at a time, so that a reader who stops reading ends the command. */
import { type StyledLine, wrappedLine } from '../inspect/index.js';
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

/** Lines that fit a terminal: broken between words, with `hang` blanks before what goes on. */
export function* fitted(
  out: Output,
  lines: Iterable<StyledLine>,
  hang: number,
): Generator<StyledLine> {
  for (const each of lines) {
    if (out.isTerminal) yield* wrappedLine(each, out.columns, hang);
    else yield each;
  }
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

/** Answers that can be told in words and in JSON. */
export interface Answers {
  /** What the JSON calls itself. */
  readonly schema: string;
  /** The source, or the sources, as they were written. */
  readonly source: string | readonly string[];
  /** What the list of records is called. */
  readonly key: string;
  lines(): Iterable<StyledLine>;
  /** The records, each as JSON. */
  records(): Iterable<string>;
}

/** The version of all schemas of {@link Answers}; it rises when something changes its meaning. */
const ANSWERS_VERSION = 1;

/** Prints answers as lines of text, as one JSON document, or as lines of JSON. */
export async function printAnswers(
  out: Output,
  format: 'table' | 'json' | 'ndjson',
  answers: Answers,
): Promise<void> {
  if (format === 'table') await printLines(out, answers.lines());
  else await writeTexts(out, format === 'ndjson' ? linesOf(answers) : documentOf(answers));
}

/** Each record on a line of its own. */
function* linesOf({ records }: Answers): Generator<string> {
  for (const record of records()) yield `${record}\n`;
}

/** All records in one document, piece by piece so that a large one needs no memory. */
function* documentOf({ schema, source, key, records }: Answers): Generator<string> {
  const head = JSON.stringify({ schema, version: ANSWERS_VERSION, source });
  let separator = `${head.slice(0, -1)},${JSON.stringify(key)}:[\n`;
  for (const record of records()) {
    yield `${separator}${record}`;
    separator = ',\n';
  }
  yield separator === ',\n' ? '\n]}\n' : `${separator}]}\n`;
}

/** Lets the stream tell that nobody reads on. */
function nextTurn(): Promise<void> {
  return new Promise((resume) => setImmediate(resume));
}
