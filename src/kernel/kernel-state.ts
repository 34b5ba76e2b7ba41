/** What the parts of the kernel share. */
import type { CostCounters, EventRing, PhysicalMemory } from '../machine/index.js';
import type { Capabilities } from './capabilities.js';
import type { MappingDatabase } from './mapping-database.js';
import type { TranslationTable, TranslationTables } from './translation-tables.js';

/** The state of one kernel, and what the rest of it wants to hear of from a deletion. */
export interface KernelState {
  readonly capabilities: Capabilities;
  readonly database: MappingDatabase;
  readonly tables: TranslationTables;
  readonly memory: PhysicalMemory;
  readonly counters: CostCounters;
  /** The counts of the machine, at the places of `Cost`. */
  readonly costs: Float64Array;
  readonly events: EventRing;
  /** The first L1 entry of the kernel window: no domain can map there or above. */
  readonly reservedEntry: number;
  /** The object is gone; `part` is its {@link OBJECT_PART}. */
  objectGone(object: number, type: number, part: number): void;
  /** The CPU must stop using this table before it goes. */
  tableGone(table: TranslationTable): void;
  /** A number for the domain of a new Dispatcher. */
  newDomain(): number;
}
