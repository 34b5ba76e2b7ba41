/** Snapshots: what `--save` keeps of a source, and reading it again. */

import { inFile } from '../base/index.js';
import { parseSnapshot, type Snapshot, tableMemory } from '../inspect/index.js';
import type { TableSource } from './address-space-source.js';
import { type ByteFile, readWhole } from './byte-file.js';

/** A snapshot as large as can be has 8 MiB of tables, each byte as two digits. */
const LARGEST_BYTES = 64 * 2 ** 20;

/**
 * The snapshot in `file`.
 *
 * Errors: SOURCE_ERR_FORMAT — it is none.
 */
export function readSnapshotFile(file: ByteFile): Snapshot {
  const text = new TextDecoder().decode(readWhole(file, LARGEST_BYTES, 'a snapshot'));
  return inFile(file.name, () => parseSnapshot(text));
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
