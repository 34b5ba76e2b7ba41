/** What `replay` does: reads the trace, replays it, and prints what came of it. */
import { existsSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { formatBytes, isPowerOfTwo, parseBytes, VmError } from '../base/index.js';
import { plainLines } from '../inspect/index.js';
import {
  missRatioSvg,
  REPLAY_POLICIES,
  type ReferenceTimes,
  type ReferenceTrace,
  type ReplayPolicyName,
  type ReplayReport,
  type ReplayRow,
  replayCsv,
  replayJson,
  replayMarkdown,
  replayNdjson,
  replayTrace,
  TraceReader,
} from '../scenario/index.js';
import { ChunkFile } from '../source/index.js';
import { Exit, type ExitCode } from './exit-code.js';
import { readParts } from './input-file.js';
import { writeWholeFile } from './output-file.js';
import { Progress, progressBar } from './progress.js';
import { REPLAY_FORMATS, type ReplayFlags, type ReplayFormat } from './replay-flags.js';
import { replayLines } from './replay-table.js';
import type { Session } from './session.js';

/** Bytes of references, and of next uses, that stay in memory. */
const MEMORY_BYTES = 64 * 2 ** 20;
/** Milliseconds between two looks at whether somebody wants to stop us. */
const PAUSE_INTERVAL = 50;

/**
 * Replays the trace in the file at `path`.
 * Errors: `USAGE_ERR` a flag is wrong; `SOURCE_ERR_READ`, `SOURCE_ERR_FORMAT` the file cannot be
 * read; those of `TraceReader` and `replayTrace`; `SOURCE_ERR_SCRATCH` no room for a temporary file;
 * `SOURCE_ERR_WRITE` the output cannot be written.
 */
export async function replay(
  session: Session,
  path: string,
  flags: ReplayFlags,
): Promise<ExitCode> {
  const format = formatOf(flags);
  const plan = {
    policies: policiesOf(flags.policy),
    frames: framesOf(flags.frames),
    seed: seedOf(flags.seed),
    times: timesOf(flags.times),
  };
  const store = new ChunkFile(MEMORY_BYTES);
  const nextUses = new ChunkFile(MEMORY_BYTES);
  const progress = new Progress(session.talk);
  try {
    const reader = makeReader(path, flags, store);
    const references = await readTrace(path, reader, progress);
    const rows = await replayed(replayTrace(references, { ...plan, nextUses }), progress);
    const report: ReplayReport = {
      trace: path === '-' ? 'standard input' : path,
      references,
      pageBytes: reader.inPages ? undefined : pageBytesOf(flags.pageSize),
      lines: reader.lines,
      badLines: reader.badLines,
      times: plan.times,
      rows,
    };
    progress.end();
    print(session, report, format, flags);
    return Exit.FINE;
  } finally {
    progress.end();
    store.close();
    nextUses.close();
  }
}

function makeReader(path: string, flags: ReplayFlags, store: ChunkFile): TraceReader {
  return new TraceReader({
    name: path === '-' ? 'standard input' : path,
    pageBytes: pageBytesOf(flags.pageSize),
    unit: flags.pages === true ? 'pages' : 'addresses',
    accesses: flags.accesses,
    skipBadLines: flags.skipBadLines === true,
    store,
  });
}

async function readTrace(
  path: string,
  reader: TraceReader,
  progress: Progress,
): Promise<ReferenceTrace> {
  const size = path !== '-' && existsSync(path) ? statSync(path).size : 0;
  let read = 0;
  const heed = (bytes: number): void => {
    read = bytes;
  };
  for await (const part of readParts(path, heed)) {
    reader.push(part);
    progress.tell(() => {
      const references = `${reader.references.toLocaleString('en')} references`;
      if (size === 0) return `reading ${path}  ${formatBytes(read)}  ${references}`;
      return `reading ${path}  ${progressBar(read / size)}  ${references}`;
    });
  }
  return reader.finish();
}

/** Runs a replay to its end; others have their turn meanwhile. */
async function replayed(
  steps: ReturnType<typeof replayTrace>,
  progress: Progress,
): Promise<ReplayRow[]> {
  let paused = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    const { done, total } = step.value;
    progress.tell(() => `replaying  ${progressBar(done / total)}`);
    if (performance.now() - paused < PAUSE_INTERVAL) continue;
    await new Promise((resume) => setImmediate(resume));
    paused = performance.now();
  }
}

function print(
  { out, talk }: Session,
  report: ReplayReport,
  format: ReplayFormat,
  { output, svg }: ReplayFlags,
): void {
  if (report.badLines > 0) {
    const lines = `${report.badLines.toLocaleString('en')} of ${report.lines.toLocaleString('en')}`;
    talk.print([{ text: `pagewright: ${lines} lines are no references and were passed over` }]);
  }
  if (svg !== undefined) writeWholeFile(svg, missRatioSvg(report));
  if (format === 'table' && output === undefined) {
    out.print(...replayLines(report));
    return;
  }
  const text = TEXTS[format](report);
  if (output === undefined) out.write(text);
  else writeWholeFile(output, text);
}

const TEXTS: Readonly<Record<ReplayFormat, (report: ReplayReport) => string>> = {
  table: (report) => plainLines(replayLines(report)),
  json: replayJson,
  ndjson: replayNdjson,
  csv: replayCsv,
  md: replayMarkdown,
  svg: missRatioSvg,
};

/** What is said, else what the ending of the output says, else a table. */
function formatOf({ json, format, output }: ReplayFlags): ReplayFormat {
  if (json === true) return 'json';
  if (format !== undefined) return format;
  const ending = extname(output ?? '').slice(1);
  return REPLAY_FORMATS.find((each) => each === ending) ?? 'table';
}

function policiesOf(text: string): ReplayPolicyName[] {
  if (text === 'all') return [...REPLAY_POLICIES];
  const names = namesIn(text, '--policy');
  return names.map((name) => {
    const policy = REPLAY_POLICIES.find((each) => each === name);
    if (policy !== undefined) return policy;
    throw usage(`--policy: ${name} is no policy; there are ${REPLAY_POLICIES.join(', ')}, and all`);
  });
}

function framesOf(text: string): (number | 'auto')[] {
  return namesIn(text, '--frames').map((each) => {
    if (each === 'auto') return each;
    if (/^[1-9][0-9_]*$/.test(each)) return Number(each.replaceAll('_', ''));
    throw usage(`--frames: ${each} is no number of frames; write numbers from 1 on, or auto`);
  });
}

function namesIn(text: string, flag: string): string[] {
  const names = text.split(',').map((each) => each.trim());
  if (names.every((each) => each !== '')) return names;
  throw usage(`${flag}: a name is missing in '${text}'; write them with commas between`);
}

function pageBytesOf(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined && isPowerOfTwo(bytes) && bytes >= 256 && bytes <= 2 ** 30) return bytes;
  throw usage(`--page-size: ${text} is no page; a power of two from 256 to 1G is, like 4K`);
}

function seedOf(text: string): number {
  if (/^[0-9]+$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw usage(`--seed: ${text} is no seed; a whole number below 2^32 is`);
}

const NANOSECONDS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

function timesOf(text: string): ReferenceTimes {
  const [accessNs, readNs, writeNs, ...more] = text.split(',').map((each) => {
    const [, number = '', unit = ''] =
      /^([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s)$/.exec(each.trim()) ?? [];
    return number === '' ? undefined : Number(number) * (NANOSECONDS[unit] ?? 1);
  });
  if (accessNs === undefined || readNs === undefined || writeNs === undefined || more.length > 0) {
    throw usage(
      `--times: '${text}' are no three times; write an access, a page in and a page out, like 100ns,100us,5ms`,
    );
  }
  return { accessNs, readNs, writeNs };
}

function usage(message: string): VmError {
  return new VmError('USAGE_ERR', message);
}
