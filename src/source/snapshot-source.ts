/** Snapshots: what `--save` keeps of a source, and reading it again. */

import {
  type MemoryWords,
  parseSnapshot,
  type Snapshot,
  snapshotReader,
  tableMemory,
} from '../inspect/index.js';
import type { TableSource } from './address-space-source.js';
import { type ByteFile, readWhole } from './byte-file.js';
import {
  bytesFromWords,
  type FilePosition,
  joinRanges,
  type MemoryRange,
  type SourceMemory,
} from './source-memory.js';

/** A snapshot as large as can be has 8 MiB of tables, each byte as two digits. */
const LARGEST_BYTES = 64 * 2 ** 20;

/**
 * The snapshot in `file`.
 *
 * Errors: SOURCE_ERR_FORMAT — it is none.
 */
export function readSnapshotFile(file: ByteFile): Snapshot {
  return parseSnapshot(new TextDecoder().decode(readWhole(file, LARGEST_BYTES, 'a snapshot')));
}

/**
 * What can be kept of a source: its registers with their origins, and just its tables.
 *
 * Errors: SOURCE_ERR_ROOT — nothing says where the root table lies. MACHINE_ERR_REGISTER — the
 * tables are long descriptors.
 */
export function takeSnapshot(source: TableSource): Snapshot {
  const { registers, cpu, provenance } = source;
  return {
    source: source.word,
    ...(provenance.table === undefined ? {} : { table: provenance.table }),
    cpu: cpu.profile.name,
    registers: [...registers.facts, ...registers.others.values()].map(
      ({ name, value, origin }) => ({ name, value, origin }),
    ),
    memory: tableMemory(source.input()),
  };
}

/** The memory that a snapshot kept. */
export class SnapshotMemory implements SourceMemory {
  readonly ranges: readonly MemoryRange[];
  readonly readWord: (pa: number) => number;

  constructor(memory: readonly MemoryWords[]) {
    this.ranges = joinRanges(
      memory.map(({ base, words }) => ({ pa: base, bytes: 4 * words.length })),
    );
    const { readWord } = snapshotReader(memory);
    this.readWord = readWord;
  }

  readBytes(pa: number, bytes: number): Uint8Array | undefined {
    return bytesFromWords(this, pa, bytes);
  }

  locate(): FilePosition | undefined {
    return undefined;
  }
}
