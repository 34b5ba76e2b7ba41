/** What `conform` does: replays every sequence of every file, and prints the count. */
import { VmError } from '../base/index.js';
import type { StyledLine } from '../inspect/index.js';
import { type ConformFailure, replayLine } from '../scenario/index.js';
import type { ConformFlags } from './conform-flags.js';
import { Exit, type ExitCode } from './exit-code.js';
import { filesOf, readLines } from './input-file.js';
import { Progress } from './progress.js';
import type { Session } from './session.js';

/** How many sequences of a file conform. */
interface FileCount {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
}

/** A failure with its file. */
type FileFailure = ConformFailure & { readonly file: string };

/**
 * Replays the vectors of `files`, and of all vector files in those that are folders.
 * Errors: `SOURCE_ERR_READ`, `SOURCE_ERR_FORMAT` a file cannot be read; `CONFORM_ERR_VECTOR` a line
 * is not a vector. All say which file, the last which line.
 */
export async function conform(
  { out, talk }: Session,
  files: readonly string[],
  flags: ConformFlags,
): Promise<ExitCode> {
  const progress = new Progress(talk);
  const counts: FileCount[] = [];
  const failures: FileFailure[] = [];
  try {
    for (const file of files.flatMap(vectorFiles)) {
      const failed = await replayFile(file, progress);
      counts.push({
        file,
        passed: failed.sequences - failed.failures.length,
        failed: failed.failures.length,
      });
      failures.push(...failed.failures);
      progress.end();
      if (flags.json !== true) out.print(...failed.failures.flatMap(failureLines));
    }
  } finally {
    progress.end();
  }
  const sum = (key: 'passed' | 'failed'): number =>
    counts.reduce((total, count) => total + count[key], 0);
  const total = { passed: sum('passed'), failed: sum('failed') };
  if (flags.json === true) {
    const report = { schema: 'pagewright/conform', version: 1, total, files: counts, failures };
    out.write(`${JSON.stringify(report, null, 2)}\n`);
  } else out.print(...countLines([...counts, { file: 'total', ...total }]));
  return total.failed === 0 || flags.exitZero === true ? Exit.FINE : Exit.NO;
}

/** The path itself, or the vector files in the folder that it names. */
function vectorFiles(path: string): string[] {
  const files = filesOf(path, /\.jsonl(\.gz)?$/);
  if (files.length > 0) return files;
  throw new VmError('CONFORM_ERR_VECTOR', `${path}: there is no .jsonl or .jsonl.gz in the folder`);
}

async function replayFile(
  file: string,
  progress: Progress,
): Promise<{ readonly sequences: number; readonly failures: FileFailure[] }> {
  const failures: FileFailure[] = [];
  let row = 0;
  let sequences = 0;
  for await (const line of readLines(file)) {
    row += 1;
    if (line.trim() === '') continue;
    progress.tell(() => `${file}  ${sequences} sequences`);
    for (const failure of replayed(line, `${file}:${row}`)) failures.push({ file, ...failure });
    sequences += 1;
  }
  if (sequences > 0) return { sequences, failures };
  throw new VmError('CONFORM_ERR_VECTOR', `${file}: there is no vector in it`);
}

/** Replays a line; whatever is wrong with it is told with its place. */
function replayed(line: string, where: string): ConformFailure[] {
  try {
    return replayLine(line, where);
  } catch (error) {
    if (!(error instanceof VmError) || error.message.startsWith(where)) throw error;
    throw new VmError('CONFORM_ERR_VECTOR', `${where}: ${error.message}`);
  }
}

function failureLines({
  file,
  sequence,
  operation,
  text,
  expected,
  got,
}: FileFailure): StyledLine[] {
  const where = operation === null ? text : `operation ${operation}: ${text}`;
  return [
    [{ text: '✗ ', style: 'bad' }, { text: `${file}  ${sequence}  ${where}` }],
    [{ text: '  expected  ', style: 'quiet' }, { text: expected }],
    [{ text: '  got       ', style: 'quiet' }, { text: got }],
  ];
}

function countLines(counts: readonly FileCount[]): StyledLine[] {
  const width = Math.max(...counts.map(({ file }) => file.length));
  return counts.map(({ file, passed, failed }) => [
    { text: `${failed === 0 ? '✓' : '✗'} `, style: failed === 0 ? 'good' : 'bad' },
    {
      text: `${file.padEnd(width)}  ${`${passed}`.padStart(6)} passed  ${`${failed}`.padStart(6)} failed`,
    },
  ]);
}
