/** The one door to every source: its word in, an address space out. */

import { statSync } from 'node:fs';
import { formatBytes, VmError } from '../base/index.js';
import { isSnapshot } from '../inspect/index.js';
import type { AddressSpaceSource, RegionSource, TableSource } from './address-space-source.js';
import { type ByteFile, openByteFile, STDIN } from './byte-file.js';
import { readCore } from './core-source.js';
import { coverageText } from './coverage.js';
import { LIME_MAGIC, type MemoryDump, readLime, readRawDump } from './dump-sources.js';
import { ELF_MAGIC, ElfType, readElfHeaders } from './elf-headers.js';
import { readElfProgram } from './elf-source.js';
import { parseLog, readLog } from './log-source.js';
import { readSnapshotFile } from './snapshot-source.js';
import { rangesText } from './source-memory.js';
import { readContext, type SourceContext, type SourceOptions } from './source-options.js';
import { parseSourceWord, type SourceKind, type SourceWord } from './source-word.js';
import { makeTableSource } from './table-source.js';
import { isTableArchive, readTableArchive } from './tables-source.js';
import { WordMemory } from './word-memory.js';

/**
 * Opens the source that `text` names: `elf:firmware.elf#MMUTable`, `core:vmcore`,
 * `ram:dump.bin@0x60000000`, `lime:memory.lime`, `tables:directory`, `snap:state.json`, `layout:board.yaml`, `log:boot.txt`,
 * `gdb:host:port`, `qmp:/path.sock`; a file's prefix may be left out where its content tells, and
 * `-` is standard input. Of a live target the tables are read at once, and it is left as it was
 * found.
 *
 * Errors: SOURCE_ERR_WORD — the word is not a source. SOURCE_ERR_READ — a file cannot be read.
 * SOURCE_ERR_FORMAT — a file is not what it is named as, or its content does not tell what it is.
 * SOURCE_ERR_SYMBOL — the program has no such table. SOURCE_ERR_REGISTER — a register's value is not
 * possible. ELF_ERR_SECTION — a section header is not possible. LAYOUT_ERR_… — the layout cannot be
 * built. SOURCE_ERR_TARGET_CONNECT, _LOST,
 * _TIMEOUT, _PROTOCOL, _ABILITY — a live target is not there, went away, does not answer, answers
 * nonsense, or cannot do what is needed.
 */
export async function openSource(
  text: string,
  options: SourceOptions = {},
): Promise<AddressSpaceSource> {
  const word = parseSourceWord(text);
  const context = await readContext(word, options);
  const isQmp = word.kind === 'qmp' || (word.kind === undefined && isSocket(word.place));
  if (isQmp || word.kind === 'gdb') {
    // Most sources are files, and start the sooner without what speaks to targets.
    const { openGdb, openQmp } = await import('./live-source.js');
    return isQmp ? openQmp(context) : openGdb(context);
  }
  if (word.kind === 'tables' || (word.kind === undefined && isTableArchive(word.place))) {
    return openTables(context);
  }
  const file = await openByteFile(word.place);
  try {
    return await FILE_OPENERS[word.kind ?? tellKind(file, word)](context, file);
  } catch (error) {
    file.close();
    throw error;
  }
}

type FileKind = Exclude<SourceKind, 'gdb' | 'qmp' | 'tables'>;

type FileOpener = (
  context: SourceContext,
  file: ByteFile,
) => AddressSpaceSource | Promise<AddressSpaceSource>;

const FILE_OPENERS: Readonly<Record<FileKind, FileOpener>> = {
  elf: openElf,
  core: openCore,
  ram: (context, file) => {
    const dump = readRawDump(file, context.word.address as number);
    return openDump(context, file, 'ram', dump);
  },
  lime: (context, file) => openDump(context, file, 'lime', readLime(file)),
  snap: openSnapshot,
  // Only layouts need what reads and builds them.
  layout: async (context, file) => {
    const { openLayout } = await import('./layout-source.js');
    return openLayout(context, file);
  },
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
  const place = file.name === STDIN ? 'ram:-' : `ram:${file.name}`;
  const remedy = `if it is a raw dump say where it begins, ${place}@0x60000000`;
  throw new VmError('SOURCE_ERR_FORMAT', `${is}; ${remedy}`);
}

function isSocket(path: string): boolean {
  return path !== STDIN && statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

/** Nothing more is read of what is a file. */
const nothingToLoad = async (): Promise<void> => {};

function openElf(context: SourceContext, file: ByteFile): TableSource {
  const { symbol, address } = context.word;
  const program = readElfProgram(file, symbol, address);
  return makeTableSource(context, {
    kind: 'elf',
    memory: program.image,
    registers: [],
    cpuName: program.cpuName,
    root: program.root,
    coverage: coverageText(program.image),
    notes: [],
    searchable: program.image.ranges,
    names: program.names,
    load: nothingToLoad,
    close: () => file.close(),
  });
}

function openCore(context: SourceContext, file: ByteFile): TableSource {
  const core = readCore(file);
  return makeTableSource(context, {
    kind: 'core',
    memory: core.image,
    registers: core.registers,
    cpuName: undefined,
    root: undefined,
    coverage: coverageText(core.image),
    notes: core.notes,
    searchable: core.image.ranges,
    names: () => [],
    load: nothingToLoad,
    close: () => file.close(),
  });
}

function openDump(
  context: SourceContext,
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
    coverage: coverageText(dump.image),
    notes: dump.notes,
    searchable: dump.image.ranges,
    names: () => [],
    load: nothingToLoad,
    close: () => file.close(),
  });
}

async function openTables(context: SourceContext): Promise<TableSource> {
  const archive = await readTableArchive(context.word.place);
  try {
    return makeTableSource(context, {
      kind: 'tables',
      memory: archive.image,
      registers: archive.registers,
      cpuName: undefined,
      root: undefined,
      coverage: archive.coverage,
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

function openSnapshot(context: SourceContext, file: ByteFile): TableSource {
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
    coverage: `${rangesText(memory.ranges)}: the tables of ${snapshot.source}`,
    notes: [],
    searchable: memory.ranges,
    names: () => [],
    load: nothingToLoad,
    close: () => {},
  });
}

function openLog(context: SourceContext, file: ByteFile): RegionSource {
  const regions = readLog(file);
  file.close();
  return {
    evidence: 'regions',
    word: context.word.text,
    kind: 'log',
    regions,
    coverage: `${regions.length} region${regions.length === 1 ? '' : 's'} in ${formatBytes(file.bytes)} of text`,
    notes: [],
    close: () => {},
  };
}
