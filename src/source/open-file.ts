/** The one door to every source that is a file, wherever its bytes are: on a disk, in a browser. */

import { formatBytes, VmError } from '../base/index.js';
import { isSnapshot } from '../inspect/index.js';
import type { AddressSpaceSource, RegionSource, TableSource } from './address-space-source.js';
import type { ByteFile } from './byte-file.js';
import { readCore } from './core-source.js';
import { coverageText } from './coverage.js';
import { LIME_MAGIC, type MemoryDump, readLime, readRawDump } from './dump-sources.js';
import { ELF_MAGIC, ElfType, readElfHeaders } from './elf-headers.js';
import { readElfProgram } from './elf-source.js';
import type { ProgramReader } from './layout-source.js';
import { parseLog, readLog } from './log-source.js';
import { readSnapshotFile } from './snapshot-source.js';
import { rangesText } from './source-memory.js';
import type { FileContext } from './source-options.js';
import type { SourceKind, SourceWord } from './source-word.js';
import { makeTableSource } from './table-source.js';
import type { TableArchive } from './tables-archive.js';
import { WordMemory } from './word-memory.js';

/** What a source that is one file can be. */
type FileKind = Exclude<SourceKind, 'gdb' | 'qmp' | 'tables'>;

/**
 * Opens `file`, which belongs to the source from then on, as what the word says, or as what its
 * content tells. `readProgram` reads what a layout names.
 *
 * Errors: as `openSource` has them for files; the file is closed then.
 */
export async function openFile(
  context: FileContext,
  file: ByteFile,
  readProgram: ProgramReader,
): Promise<AddressSpaceSource> {
  const { word } = context;
  try {
    const kind = (word.kind as FileKind | undefined) ?? tellKind(file, word);
    if (kind === 'layout') {
      // Only layouts need what reads and builds them.
      const { openLayout } = await import('./layout-source.js');
      return openLayout(context, file, readProgram);
    }
    return FILE_OPENERS[kind](context, file);
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * An archive of tables as a source. It belongs to the source from then on.
 *
 * Errors: SOURCE_ERR_REGISTER — a register is given twice; the archive is closed then.
 */
export function openArchive(context: FileContext, archive: TableArchive): TableSource {
  try {
    return makeTableSource(context, {
      kind: 'tables',
      memory: archive.image,
      registers: archive.registers,
      cpuName: undefined,
      root: undefined,
      coverage: () => archive.coverage,
      notes: [],
      searchable: archive.image.ranges,
      names: () => [],
      load: nothingToLoad,
      close: archive.close,
    });
  } catch (error) {
    archive.close();
    throw error;
  }
}

type FileOpener = (context: FileContext, file: ByteFile) => AddressSpaceSource;

const FILE_OPENERS: Readonly<Record<Exclude<FileKind, 'layout'>, FileOpener>> = {
  elf: openElf,
  core: openCore,
  ram: (context, file) => {
    const dump = readRawDump(file, context.word.address as number);
    return openDump(context, file, 'ram', dump);
  },
  lime: (context, file) => openDump(context, file, 'lime', readLime(file)),
  snap: openSnapshot,
  log: openLog,
};

/** Bytes at the beginning of a file that tell whether it is text. */
const HEAD_BYTES = 64 * 1024;

/** What the content of a file without a prefix is. */
function tellKind(file: ByteFile, word: SourceWord): FileKind {
  const head = new Uint8Array(Math.min(file.bytes, HEAD_BYTES));
  file.read(0, head);
  const magic = head.length < 4 ? 0 : new DataView(head.buffer).getUint32(0, true);
  if (magic === ELF_MAGIC) return readElfHeaders(file).type === ElfType.CORE ? 'core' : 'elf';
  if (magic === LIME_MAGIC) return 'lime';
  if (word.address !== undefined) return 'ram';
  if (/\.ya?ml$/.test(file.name)) return 'layout';
  if (!head.includes(0)) {
    const text = new TextDecoder().decode(head);
    if (isSnapshot(text)) return 'snap';
    if (parseLog(text).length > 0) return 'log';
  }
  const is = `${file.name} (${formatBytes(file.bytes)}) does not tell what it is`;
  const remedy = `if it is a raw dump say where it begins, ram:${file.name}@0x60000000`;
  throw new VmError('SOURCE_ERR_FORMAT', `${is}; ${remedy}`);
}

/** Nothing more is read of what is a file. */
const nothingToLoad = async (): Promise<void> => {};

function openElf(context: FileContext, file: ByteFile): TableSource {
  const { symbol, address } = context.word;
  const program = readElfProgram(file, symbol, address);
  return makeTableSource(context, {
    kind: 'elf',
    memory: program.image,
    registers: [],
    cpuName: program.cpuName,
    root: program.root,
    coverage: () => coverageText(program.image),
    notes: [],
    searchable: program.image.ranges,
    names: program.names,
    load: nothingToLoad,
    close: () => file.close(),
  });
}

function openCore(context: FileContext, file: ByteFile): TableSource {
  const core = readCore(file);
  return makeTableSource(context, {
    kind: 'core',
    memory: core.image,
    registers: core.registers,
    cpuName: undefined,
    root: undefined,
    coverage: () => coverageText(core.image),
    notes: core.notes,
    searchable: core.image.ranges,
    names: () => [],
    load: nothingToLoad,
    close: () => file.close(),
  });
}

function openDump(
  context: FileContext,
  file: ByteFile,
  kind: 'ram' | 'lime',
  dump: MemoryDump,
): TableSource {
  return makeTableSource(context, {
    kind,
    memory: dump.image,
    registers: [],
    cpuName: undefined,
    root: undefined,
    coverage: () => coverageText(dump.image),
    notes: dump.notes,
    searchable: dump.image.ranges,
    names: () => [],
    load: nothingToLoad,
    close: () => file.close(),
  });
}

function openSnapshot(context: FileContext, file: ByteFile): TableSource {
  const snapshot = readSnapshotFile(file);
  const memory = new WordMemory(snapshot.memory);
  file.close();
  return makeTableSource(context, {
    kind: 'snap',
    memory,
    registers: snapshot.registers,
    cpuName: snapshot.cpu,
    root: undefined,
    table: snapshot.table,
    coverage: () => `${rangesText(memory.ranges)}: the tables of ${snapshot.source}`,
    notes: [],
    searchable: memory.ranges,
    names: () => [],
    load: nothingToLoad,
    close: () => {},
  });
}

function openLog(context: FileContext, file: ByteFile): RegionSource {
  const regions = readLog(file);
  file.close();
  return {
    evidence: 'regions',
    word: context.word.text,
    kind: 'log',
    regions,
    tables: async () => {
      const { openLogTables } = await import('./log-tables.js');
      return openLogTables(context, file.name, regions);
    },
    coverage: `${regions.length} region${regions.length === 1 ? '' : 's'} in ${formatBytes(file.bytes)} of text`,
    notes: [],
    close: () => {},
  };
}
