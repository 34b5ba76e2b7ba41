/** What a command with a source works on: the space, its names, and where each of its bytes is from. */
import {
  AddressSpace,
  type ArtifactPlace,
  line,
  Names,
  type Provenance,
  Regions,
  type SpaceInput,
  type StyledLine,
  snapshotText,
} from '../inspect/index.js';
import type {
  AddressSpaceSource,
  CaptureProgress,
  SourceOptions,
  TableSource,
} from '../source/index.js';
import { writeWholeFile } from './output-file.js';
import { fitted } from './printing.js';
import { Progress } from './progress.js';
import type { Session } from './session.js';
import type { SourceFlags } from './source-flags.js';

/** What is inspected. */
export interface Subject {
  readonly word: string;
  readonly input: SpaceInput;
  readonly names: Names;
  readonly provenance: Provenance;
  readonly source: TableSource;
  /** Where the entry at `pa`, which maps `va`, is from. */
  locate(pa: number, va: number): ArtifactPlace | undefined;
}

const LIVE = /^(gdb|qmp):|\.sock$/;
/** What ends a command, but not in the middle of a live target. */
const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

/** Opens what `word` names. Errors: those of `openSource`, of layouts, and of `input`. */
export async function openSubject(
  session: Session,
  word: string,
  flags: SourceFlags,
): Promise<Subject> {
  const source = await openWord(session, word, flags);
  if (source.evidence === 'tables') return subjectOf(source, flags);
  const tables = await source.tables();
  session.talk.print(...fitted(session.talk, sourceLines(tables), 2));
  return subjectOf(tables, flags);
}

/** The tables of an open source; keeps the snapshot that was asked for. Errors: those of `input`. */
export async function subjectOf(source: TableSource, flags: SourceFlags): Promise<Subject> {
  const subject: Subject = {
    word: source.word,
    input: source.input(),
    names: new Names(source.names()),
    provenance: source.provenance,
    source,
    locate: (pa, va) => source.written(va) ?? placeIn(source, pa),
  };
  await saveSnapshot(source, flags);
  return subject;
}

/** Opens a source of any kind, and tells what it holds. */
export async function openWord(
  { talk }: Session,
  word: string,
  flags: SourceFlags,
): Promise<AddressSpaceSource> {
  const progress = new Progress(talk);
  // A live target stands still while it is read: who ends us gets it back as it was.
  const interrupt = new AbortController();
  let ending: NodeJS.Signals | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    ending = signal;
    interrupt.abort();
  };
  const signals = LIVE.test(word) ? ENDING : [];
  for (const signal of signals) process.once(signal, stop);
  try {
    const source = await openQuietly(word, flags, {
      onProgress: (at) => progress.tell(() => progressText(word, at)),
      signal: interrupt.signal,
    });
    progress.end();
    talk.print(...fitted(talk, sourceLines(source), 2));
    return source;
  } finally {
    progress.end();
    for (const signal of signals) process.off(signal, stop);
    if (ending !== undefined) process.kill(process.pid, ending);
  }
}

/** Opens a source of any kind, and says nothing of it. Errors: those of `openSource`. */
export async function openQuietly(
  word: string,
  flags: SourceFlags,
  watch: Pick<SourceOptions, 'onProgress' | 'signal'> = {},
): Promise<AddressSpaceSource> {
  const { openSource, TRANSLATION_NAMES } = await import('../source/index.js');
  const given = TRANSLATION_NAMES.flatMap((name) =>
    flags[name] === undefined ? [] : [[name, flags[name]] as const],
  );
  return openSource(word, {
    registers: Object.fromEntries(given),
    world: flags.world,
    nameFiles: [...flags.names, ...flags.elf],
    ...(flags.regs === undefined ? {} : { registerFile: flags.regs }),
    ...(flags.cpu === undefined ? {} : { cpu: flags.cpu }),
    ...(flags.timeout === undefined ? {} : { timeoutMilliseconds: flags.timeout }),
    ...(flags.leave === undefined ? {} : { leave: flags.leave }),
    ...watch,
  });
}

/** `reading L2 tables  37/112 KiB  (gdb, 61 KiB/s)`. */
function progressText(word: string, at: CaptureProgress): string {
  const kib = (bytes: number): number => Math.round(bytes / 1024);
  const speed = Math.round(kib(at.bytes) / Math.max(at.milliseconds / 1000, 0.001));
  const kind = word.split(':', 1)[0] ?? '';
  return `reading ${at.what}  ${kib(at.bytes)}/${kib(at.totalBytes)} KiB  (${kind}, ${speed} KiB/s)`;
}

function sourceLines(source: AddressSpaceSource): StyledLine[] {
  return [line(source.coverage, 'quiet'), ...source.notes.map((note) => line(note, 'quiet'))];
}

async function saveSnapshot(source: TableSource, flags: SourceFlags): Promise<void> {
  if (flags.save === undefined) return;
  const { takeSnapshot } = await import('../source/index.js');
  writeWholeFile(flags.save, snapshotText(takeSnapshot(source)));
}

function placeIn(source: TableSource, pa: number): ArtifactPlace | undefined {
  const place = source.memory.locate(pa);
  if (place === undefined) return undefined;
  return place.compressed
    ? { file: place.file }
    : { file: place.file, byteOffset: place.byteOffset };
}

/** The regions of a subject. */
export function regionsOf(subject: Subject): Regions {
  return new Regions(new AddressSpace(subject.input));
}
