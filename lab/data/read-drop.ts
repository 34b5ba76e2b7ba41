/**
 * What was dropped on the lab, read: address spaces down to their tables, texts as they are, and a
 * question where a file does not say what only a person knows. The readers are those of the command
 * line; memory is looked at in the places that matter, so that a dump may be larger than memory.
 */

import { formatBytes, hex0x, VmError } from '../../src/base/index.js';
import {
  type Candidate,
  type NamedRange,
  type Snapshot,
  scanForRoots,
} from '../../src/inspect/index.js';
import type {
  AddressSpaceSource,
  RegionSource,
  TableSource,
} from '../../src/source/address-space-source.js';
import { type ByteFile, MemoryFile, readWhole } from '../../src/source/byte-file.js';
import { CoverageCount } from '../../src/source/coverage.js';
import { ElfType, readElfHeaders } from '../../src/source/elf-headers.js';
import { namesIn } from '../../src/source/names-file.js';
import { openArchive, openFile } from '../../src/source/open-file.js';
import { RegisterBanks } from '../../src/source/register-banks.js';
import { registersIn } from '../../src/source/register-file.js';
import { takeSnapshot } from '../../src/source/snapshot-source.js';
import type { FileContext } from '../../src/source/source-options.js';
import type { SourceKind, SourceWord } from '../../src/source/source-word.js';
import { ARCHIVE_FILES, tableArchive } from '../../src/source/tables-archive.js';
import { BlobFile, type SliceReader } from './blob-file.js';
import { type FileKind, HEAD_BYTES, recognise } from './recognise.js';
import { gunzip, unzip } from './unpack.js';

/** A file as it was dropped. */
export interface DroppedFile {
  /** Its name, with its path in the folder that was dropped. */
  readonly path: string;
  readonly blob: Blob;
}

/** What a person has said about a drop. */
export interface DropAnswers {
  /** The physical address at which a raw dump begins. */
  readonly address?: number;
  /** The symbol or section of a program that is its root table. */
  readonly symbol?: string;
  /** The physical address of the root table. */
  readonly root?: number;
}

/** An address space that was read. */
export interface ReadSpace {
  /** How the command line names the source. */
  readonly word: string;
  readonly title: string;
  readonly snapshot: Snapshot;
  readonly names: readonly NamedRange[];
  /** What the source holds: `128 MiB at 0x60000000, 3 % non-zero`. */
  readonly coverage: string;
  /** What else the person should know. */
  readonly notes: readonly string[];
  /** Places that look like root tables, the likeliest first, where they were looked for. */
  readonly roots: readonly Candidate[];
}

/** A symbol or a section that a root table may be. */
interface LikelySymbol {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
}

/** A text, for the screen that works on it. */
interface ReadText {
  readonly kind: 'text';
  readonly what: 'layout' | 'scenario' | 'trace';
  readonly name: string;
  readonly text: string;
  /** The other files of the drop, by name: programs that a scenario or a layout may want. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What came of a drop. */
export type DropResult =
  | { readonly kind: 'space'; readonly space: ReadSpace }
  | { readonly kind: 'diff'; readonly before: ReadSpace; readonly after: ReadSpace }
  | ReadText
  | { readonly kind: 'regions'; readonly word: string; readonly regions: RegionSource['regions'] }
  /** Where does the dump begin? */
  | { readonly kind: 'ask-address'; readonly name: string; readonly bytes: number }
  /** Which of these is the root table? */
  | {
      readonly kind: 'ask-symbol';
      readonly name: string;
      readonly symbols: readonly LikelySymbol[];
    };

/** What the reader is given beside the files. */
export interface DropTools {
  readonly slice: SliceReader;
  readonly onProgress?: (text: string) => void;
}

/** Files of one drop at most: a folder may hold anything. */
const MOST_FILES = 64;
const LARGEST_TEXT_BYTES = 64 * 2 ** 20;
const LARGEST_PROGRAM_BYTES = 64 * 2 ** 20;
const LARGEST_PROGRAMS = 16;
/** Candidates that are told of. */
const TOLD_ROOTS = 12;
const ROOT_BYTES = 16 * 1024;
const MOST_SYMBOLS = 200;

/**
 * Reads what was dropped.
 *
 * Errors: SOURCE_ERR_READ — a file cannot be read, or there are too many. SOURCE_ERR_FORMAT — what
 * it is cannot be told, or it is damaged. SOURCE_ERR_ROOT — there is no root table in it. SOURCE_ERR_SYMBOL,
 * SOURCE_ERR_REGISTER, ELF_ERR_SECTION — as the readers of sources have them.
 */
export async function readDrop(
  dropped: readonly DroppedFile[],
  answers: DropAnswers,
  tools: DropTools,
): Promise<DropResult> {
  if (dropped.length === 0) throw new VmError('SOURCE_ERR_READ', 'nothing was dropped');
  if (dropped.length > MOST_FILES) {
    const text = `${dropped.length} files were dropped, at most ${MOST_FILES} are read: drop the one that matters`;
    throw new VmError('SOURCE_ERR_READ', text);
  }
  const files = await unpacked(dropped, tools.slice);
  return new Drop(files, answers, tools).read();
}

interface OpenedFile {
  readonly file: ByteFile;
  readonly kind: FileKind;
  /** Whether its content was unpacked from a gzip file. */
  readonly compressed: boolean;
}

/** The files, with archives taken apart and packed files unpacked. */
async function unpacked(
  dropped: readonly DroppedFile[],
  slice: SliceReader,
): Promise<OpenedFile[]> {
  const files: OpenedFile[] = [];
  for (const { path, blob } of dropped) {
    const file = new BlobFile(path, blob, slice);
    const kind = kindOf(file);
    if (kind === 'zip') {
      for (const { path: inner, content } of await unzip(file)) {
        files.push(await plain(new MemoryFile(inner, content)));
      }
    } else files.push(await plain(file));
  }
  return files;
}

async function plain(file: ByteFile): Promise<OpenedFile> {
  const kind = kindOf(file);
  if (kind !== 'gzip') return { file, kind, compressed: false };
  const content = new MemoryFile(file.name.replace(/\.gz$/i, ''), await gunzip(file));
  return { file: content, kind: kindOf(content), compressed: true };
}

function kindOf(file: ByteFile): FileKind {
  const head = new Uint8Array(Math.min(file.bytes, HEAD_BYTES));
  return recognise(file.name, head.subarray(0, file.read(0, head)));
}

/** Kinds whose files are sources of their own. */
const SOURCES: ReadonlySet<FileKind> = new Set(['elf', 'lime', 'snapshot', 'log', 'memory']);
const TEXTS = { layout: 'layout', scenario: 'scenario', trace: 'trace' } as const;

class Drop {
  private readonly files: readonly OpenedFile[];
  private readonly answers: DropAnswers;
  private readonly tools: DropTools;

  constructor(files: readonly OpenedFile[], answers: DropAnswers, tools: DropTools) {
    this.files = files;
    this.answers = answers;
    this.tools = tools;
  }

  async read(): Promise<DropResult> {
    const index = this.files.find(({ kind }) => kind === 'archive-index');
    if (index !== undefined) return this.space((root) => this.openTables(index.file, root));
    const text = this.files.find(({ kind }) => Object.hasOwn(TEXTS, kind));
    if (text !== undefined) return this.textOf(text);
    const sources = this.files.filter(({ kind }) => SOURCES.has(kind));
    const [first, second] = sources;
    if (first === undefined) {
      const names = this.files.map(({ file }) => file.name).join(', ');
      const what = 'registers alone are no address space: drop them together with a dump';
      throw new VmError('SOURCE_ERR_FORMAT', `${names}: ${what}`);
    }
    const answer = await this.readSource(first);
    if (second === undefined || sources.length > 2 || answer.kind !== 'space') return answer;
    const other = await this.readSource(second);
    return other.kind === 'space'
      ? { kind: 'diff', before: answer.space, after: other.space }
      : other;
  }

  /** A text as it is. */
  private textOf({ file, kind }: OpenedFile): ReadText {
    const content = readWhole(file, LARGEST_TEXT_BYTES, `a ${kind}`);
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    } catch {
      throw new VmError('SOURCE_ERR_FORMAT', `${file.name} is not UTF-8 text`);
    }
    const what = TEXTS[kind as keyof typeof TEXTS];
    return { kind: 'text', what, name: file.name, text, files: this.programs() };
  }

  private programs(): Map<string, Uint8Array> {
    const programs = this.files.filter(
      ({ file, kind }) => kind === 'elf' && file.bytes <= LARGEST_PROGRAM_BYTES,
    );
    return new Map(
      programs
        .slice(0, LARGEST_PROGRAMS)
        .map(({ file }) => [file.name, readWhole(file, LARGEST_PROGRAM_BYTES, 'a program')]),
    );
  }

  private async readSource({ file, kind }: OpenedFile): Promise<DropResult> {
    if (kind === 'memory') {
      const address = this.answers.address ?? addressInName(file.name);
      if (file.bytes === 0) throw new VmError('SOURCE_ERR_FORMAT', `${file.name} is empty`);
      if (address === undefined) {
        return { kind: 'ask-address', name: file.name, bytes: file.bytes };
      }
      return this.space((root) => this.open(file, { kind: 'ram', address, root }));
    }
    if (kind === 'elf') return this.readElf(file);
    if (kind === 'log') {
      const { word, regions } = (await this.open(file, { kind: 'log' })) as RegionSource;
      return { kind: 'regions', word, regions };
    }
    const source = kind === 'snapshot' ? 'snap' : 'lime';
    return this.space((root) => this.open(file, { kind: source, root }));
  }

  private async readElf(file: ByteFile): Promise<DropResult> {
    if (readElfHeaders(file).type === ElfType.CORE) {
      return this.space((root) => this.open(file, { kind: 'core', root }));
    }
    const source = (await this.open(file, { kind: 'elf' })) as TableSource;
    const symbols = source.registers.values === undefined ? likelySymbols(source.names()) : [];
    if (symbols.length > 0) return { kind: 'ask-symbol', name: file.name, symbols };
    return this.space((root) => this.open(file, { kind: 'elf', root }));
  }

  private open(file: ByteFile, wanted: Wanted): Promise<AddressSpaceSource> {
    return openFile(this.context(file.name, wanted), file, () => {
      throw new VmError('SOURCE_ERR_READ', `${file.name} names programs`);
    });
  }

  private async openTables(index: ByteFile, root: number | undefined): Promise<TableSource> {
    const find = (name: string): OpenedFile | undefined =>
      this.files.find(({ file }) => file.name.split('/').at(-1) === name);
    const frames = find(ARCHIVE_FILES.frames) ?? find(ARCHIVE_FILES.packedFrames);
    if (frames === undefined) {
      const text = `${index.name} lists frames of tables: drop ${ARCHIVE_FILES.frames} with it, or its whole folder`;
      throw new VmError('SOURCE_ERR_READ', text);
    }
    const archive = await tableArchive({
      index,
      frames: async () => ({ file: frames.file, compressed: frames.compressed }),
      registers: find(ARCHIVE_FILES.registers)?.file,
    });
    const folder = index.name.split('/').slice(0, -1).join('/');
    const place = folder === '' ? '.' : folder;
    return openArchive(this.context(place, { kind: 'tables', root }), archive);
  }

  /** What is known before a source is opened: what the person said, and the files beside it. */
  private context(place: string, { kind, address, root: found }: Wanted): FileContext {
    const { symbol, root = found } = this.answers;
    const tail = address === undefined ? '' : `@${hex0x(address)}`;
    const named = kind === 'elf' ? symbol : undefined;
    const word: SourceWord = {
      text: `${kind}:${place}${named === undefined ? '' : `#${named}`}${tail}`,
      kind,
      place,
      symbol: named,
      address,
    };
    const given = root === undefined ? [] : [{ name: 'ttbr0', value: root, origin: '--ttbr0' }];
    const registers = this.files.filter((each) => each.kind === 'registers' && kind !== 'tables');
    return {
      word,
      flags: new RegisterBanks(given),
      file: new RegisterBanks(registers.flatMap(({ file }) => registersIn(file))),
      world: 'auto',
      cpu: undefined,
      names: this.sideNames(kind),
    };
  }

  /** Names of a program that was dropped together with a dump. */
  private sideNames(kind: SourceKind): readonly NamedRange[] {
    if (kind === 'elf' || kind === 'snap') return [];
    const programs = this.files.filter((each) => each.kind === 'elf');
    return programs.flatMap(({ file }) => {
      try {
        return readElfHeaders(file).type === ElfType.CORE ? [] : namesIn(file);
      } catch (error) {
        if (error instanceof VmError) return [];
        throw error;
      }
    });
  }

  /** The space of a source, down to its tables; its root is looked for where nothing names it. */
  private async space(
    open: (root: number | undefined) => Promise<AddressSpaceSource>,
  ): Promise<DropResult> {
    const source = (await open(undefined)) as TableSource;
    if (source.registers.values !== undefined) {
      return spaceOf(source, source.coverage, source.notes, []);
    }
    const { roots, coverage } = this.searchRoots(source);
    const [best] = roots;
    if (best === undefined) {
      const what = 'no register says where the root table is, and no 16 KiB of it look like one';
      const remedy = 'is the address of the dump right? registers can be dropped with it';
      throw new VmError('SOURCE_ERR_ROOT', `${source.word} (${coverage}): ${what}; ${remedy}`);
    }
    const found = `TTBR0 was not given: the likeliest root table is at ${hex0x(best.address, 8)}`;
    const others = roots.length > 1 ? `, ${roots.length - 1} more look like one` : '';
    const chosen = (await open(best.address)) as TableSource;
    const notes = [...chosen.notes, `${found}${others}`];
    return spaceOf(chosen, coverage, notes, roots.slice(0, TOLD_ROOTS));
  }

  /** Looks through all memory: for root tables, and for how much of it is used. */
  private searchRoots({ memory, searchable }: TableSource): {
    readonly roots: Candidate[];
    readonly coverage: string;
  } {
    const total = searchable.reduce((sum, { bytes }) => sum + bytes, 0);
    const used = new CoverageCount();
    const roots = scanForRoots(
      {
        ranges: searchable,
        readWord: (pa) => memory.readWord(pa),
        readBytes: (pa, bytes) => {
          const data = memory.readBytes(pa, bytes);
          if (data !== undefined) used.add(data);
          return data;
        },
      },
      new Map(),
      (bytes) => {
        this.tools.onProgress?.(
          `Looking for root tables: ${formatBytes(bytes)} of ${formatBytes(total)}`,
        );
      },
    );
    return { roots, coverage: used.text(memory) };
  }
}

/** How a source is to be opened. */
interface Wanted {
  readonly kind: SourceKind;
  /** Where a raw dump begins. */
  readonly address?: number;
  /** The root table that was found in it. */
  readonly root?: number | undefined;
}

function spaceOf(
  source: TableSource,
  coverage: string,
  notes: readonly string[],
  roots: readonly Candidate[],
): DropResult {
  const { word } = source;
  const title = word.slice(word.indexOf(':') + 1);
  const space = { word, title, coverage, notes, roots, names: source.names() };
  return { kind: 'space', space: { ...space, snapshot: takeSnapshot(source) } };
}

/** The symbols and sections that a root table may be: aligned as one, those of its size first. */
function likelySymbols(names: readonly NamedRange[]): LikelySymbol[] {
  return (
    names
      // A symbol of assembly often has no size, which names say as 1.
      .filter(({ base, bytes }) => base % ROOT_BYTES === 0 && (bytes >= ROOT_BYTES || bytes === 1))
      .map(({ name, base, bytes }) => ({ name, address: base, bytes }))
      .sort(
        (left, right) =>
          Number(right.bytes === ROOT_BYTES) - Number(left.bytes === ROOT_BYTES) ||
          right.bytes - left.bytes ||
          left.address - right.address,
      )
      .slice(0, MOST_SYMBOLS)
  );
}

const NAMED_ADDRESS = /[@_-]0x([0-9a-f]{3,8})(?![0-9a-z])/i;

/** The address in a name like `dump@0x60000000.bin`. */
function addressInName(name: string): number | undefined {
  const digits = NAMED_ADDRESS.exec(name.split('/').at(-1) ?? '')?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
