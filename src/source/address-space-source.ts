/** What `openSource` gives: an address space that was read from somewhere. */

import type { NamedRange, Provenance, SpaceInput } from '../inspect/index.js';
import type { EvidenceRegion } from './evidence-regions.js';
import type { MemoryRange, SourceMemory } from './source-memory.js';
import type { SourceCpu, SourceRegisters } from './source-registers.js';
import type { SourceKind } from './source-word.js';

/** A source: tables that can be walked, or regions that a system told of itself. */
export type AddressSpaceSource = TableSource | RegionSource;

interface AnySource {
  /** The word that named it. */
  readonly word: string;
  readonly kind: SourceKind;
  /** What it holds, in words: `128 MiB at 0x60000000, 3 % non-zero`. */
  readonly coverage: string;
  /** What else the person should know: what is missing, what was done to the target. */
  readonly notes: readonly string[];
  /** Gives back files; live targets were left when the tables had been read. */
  close(): void;
}

/** A source with translation tables. */
export interface TableSource extends AnySource {
  readonly evidence: 'tables';
  readonly memory: SourceMemory;
  readonly registers: SourceRegisters;
  readonly cpu: SourceCpu;
  /** Where the space was read from, as every view tells it. */
  readonly provenance: Provenance;
  /** Where root tables can be looked for: all of a dump, the RAM of a live QEMU. */
  readonly searchable: readonly MemoryRange[];
  /**
   * What the inspecting functions take.
   *
   * Errors: SOURCE_ERR_ROOT — nothing says where the root table lies.
   */
  input(): SpaceInput;
  /** Names of addresses: those of the program itself, and of the files that were given. */
  names(): NamedRange[];
  /** Where a layout says what is at `va`, the line where it says anything; undefined in other sources. */
  written(va: number): { readonly file: string; readonly line?: number } | undefined;
  /**
   * Reads more memory of a live target, which is stopped and left again for it; of a file there is
   * nothing more to read.
   *
   * Errors: those of the target's connection; SOURCE_ERR_READ — it is more than 256 MiB.
   */
  load(ranges: readonly MemoryRange[]): Promise<void>;
}

/** A source of regions only: a log. */
export interface RegionSource extends AnySource {
  readonly evidence: 'regions';
  readonly regions: readonly EvidenceRegion[];
  /**
   * Tables that map the regions, made here: see `log-tables.ts`.
   *
   * Errors: SOURCE_ERR_ROOT — the log does not say enough; those of a layout that cannot be built.
   */
  tables(): Promise<TableSource>;
}
