/**
 * The guest's copy of tables that a kernel of ours writes: what has changed since the last look, as
 * words to be stored, in an order that is safe while the guest runs on them.
 */

import { Kind, kindOf, tableKibibyteOf } from '../../src/format/index.js';
import type { PhysicalMemory } from '../../src/machine/index.js';

/** One word that the guest has to store. */
export interface Poke {
  readonly pa: number;
  readonly word: number;
}

const L1_ENTRIES = 4096;
const L2_ENTRIES = 256;

/** Watches root tables and every table that they lead to. */
export class TableMirror {
  private readonly memory: PhysicalMemory;
  /** Entries from here on are not the kernel's to write, and not looked at. */
  private readonly entries: number;
  private readonly roots = new Map<number, Uint32Array>();
  private level2 = new Map<number, Uint32Array>();

  constructor(memory: PhysicalMemory, entries: number) {
    this.memory = memory;
    this.entries = entries;
  }

  /** Begins to watch a root table, which the guest has as zeros. */
  watch(root: number): void {
    this.roots.set(root, new Uint32Array(L1_ENTRIES));
  }

  /** What has changed: words of level 2 first, so that no entry leads to what is not there yet. */
  changes(): Poke[] {
    const pokes: Poke[] = [];
    const reached = new Map<number, Uint32Array>();
    const rootPokes: Poke[] = [];
    for (const [root, known] of this.roots) {
      this.compare(root, known, this.entries, rootPokes);
      for (let index = 0; index < this.entries; index++) {
        const word = known[index] ?? 0;
        if (kindOf(1, word, true) !== Kind.TABLE) continue;
        const table = tableKibibyteOf(word) * 1024;
        if (reached.has(table)) continue;
        reached.set(table, this.level2.get(table) ?? this.unknownTable(table, pokes));
      }
    }
    for (const [table, known] of reached) this.compare(table, known, L2_ENTRIES, pokes);
    this.level2 = reached;
    return [...pokes, ...rootPokes];
  }

  /** A table that the guest has as whatever its memory was used for before. */
  private unknownTable(table: number, pokes: Poke[]): Uint32Array {
    const known = new Uint32Array(L2_ENTRIES);
    for (let index = 0; index < L2_ENTRIES; index++) {
      const pa = table + index * 4;
      known[index] = this.memory.readWord(pa);
      pokes.push({ pa, word: known[index] ?? 0 });
    }
    return known;
  }

  private compare(table: number, known: Uint32Array, entries: number, pokes: Poke[]): void {
    for (let index = 0; index < entries; index++) {
      const pa = table + index * 4;
      const word = this.memory.readWord(pa);
      if (word === known[index]) continue;
      known[index] = word;
      pokes.push({ pa, word });
    }
  }
}
