/** An error as a person reads it: what is wrong and where, why, and what to do. Never a stack trace. */
import { ERROR_CAUSES, type ErrorName, VmError } from '../base/index.js';
import { line, type StyledLine } from '../inspect/index.js';
import type { FileProblem } from '../layout/yaml-tree.js';

/** What helps against an error, where its message cannot know. */
const REMEDIES: Readonly<Partial<Record<ErrorName, string>>> = {
  SCENARIO_ERR_SYNTAX: 'docs/scenarios.md describes scenario files.',
  SCENARIO_ERR_SCHEMA: 'docs/scenarios.md describes scenario files.',
  SCENARIO_ERR_REFERENCE: 'A name has to be defined in a line above, in the same domain.',
  LIB_ERR_RAM_ALLOC: 'Give the machine a larger bank, or its domains less `ram`.',
  SPAWN_ERR_LOAD: 'Give the domain more `ram`, or look at the executable with readelf -l.',
  CONFORM_ERR_VECTOR: 'test/fixtures/vectors/README.md describes vector files.',
  USAGE_ERR: 'Add --help to see what the command takes.',
};

/** `error` as lines; anything but a VmError is a mistake of ours. */
export function errorLines(error: unknown): StyledLine[] {
  if (!(error instanceof VmError)) {
    const what = error instanceof Error ? error.message : String(error);
    return [
      [{ text: 'pagewright: ', style: 'bad' }, { text: `internal error: ${firstLine(what)}` }],
      line('This is a mistake of ours. Please report it, with the command line and its input.'),
    ];
  }
  const problems = problemsOf(error);
  const [first] = problems;
  const lines: StyledLine[] =
    first === undefined
      ? [[{ text: 'pagewright: ', style: 'bad' }, { text: error.message }]]
      : problems.flatMap(problemLines);
  for (const cause of causesOf(error)) lines.push(causeLine(cause, error));
  const remedy = REMEDIES[error.code];
  if (remedy !== undefined) lines.push(line(remedy, 'quiet'));
  lines.push(line(`[${error.chain().join(' › ')}]`, 'quiet'));
  return lines;
}

/** The problem, with the line of the file and a mark below the place. */
function problemLines(problem: FileProblem): StyledLine[] {
  const { file, line: row, column, message, source } = problem;
  const margin = `${row} │ `;
  const [shown, at] = excerpt(source, column - 1);
  return [
    [{ text: `${file}:${row}:${column}: `, style: 'bad' }, { text: message }],
    [{ text: margin, style: 'quiet' }, { text: shown }],
    [
      { text: `${' '.repeat(margin.length - 2)}│ `, style: 'quiet' },
      { text: `${' '.repeat(at)}^`, style: 'bad' },
    ],
  ];
}

const EXCERPT_COLUMNS = 70;

/** The part of a line around a column, without characters that would move the cursor. */
function excerpt(source: string, column: number): [text: string, column: number] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be taken out.
  const clean = source.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  const from = column < EXCERPT_COLUMNS ? 0 : column - EXCERPT_COLUMNS / 2;
  const cut = clean.slice(from, from + EXCERPT_COLUMNS);
  return from === 0 ? [cut, column] : [`…${cut}`, column - from + 1];
}

/** Where the problems of a file are, if the error is about one. */
function problemsOf(error: VmError): readonly FileProblem[] {
  const { evidence } = error;
  if (!Array.isArray(evidence)) return [];
  return evidence.every((item) => typeof item === 'object' && item !== null && 'source' in item)
    ? (evidence as FileProblem[])
    : [];
}

function causesOf(error: VmError): VmError[] {
  const causes: VmError[] = [];
  for (let at = error.cause; at !== undefined; at = at.cause) causes.push(at);
  return causes;
}

/** A cause; its own message where that says more than the error's. */
function causeLine(cause: VmError, error: VmError): StyledLine {
  const repeats = error.message.includes(cause.message);
  const text = repeats ? ERROR_CAUSES[cause.code] : cause.message;
  return [{ text: '  because ', style: 'quiet' }, { text: firstLine(text) }];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
