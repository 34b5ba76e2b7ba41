/**
 * Address space identifiers: eight bits, handed out anew when they run out (Arm ARM B3.10.4).
 */
import type { Tlb } from '../machine/index.js';
import type { TranslationTable, TranslationTables } from './translation-tables.js';

const FIRST = 1;
const LAST = 255;

/** Who has which identifier. 0 stays free: it is what the CPU holds while it changes tables. */
export class Asids {
  private readonly tlb: Tlb;
  private readonly tables: TranslationTables;
  private readonly owners: (TranslationTable | undefined)[] = [];
  private next = FIRST;

  constructor(tlb: Tlb, tables: TranslationTables) {
    this.tlb = tlb;
    this.tables = tables;
  }

  /** The identifier of `table`, a new one where it has none. Running out takes all of them back. */
  of(table: TranslationTable): number {
    if (table.asid !== 0) return table.asid;
    while (this.next <= LAST && this.owners[this.next] !== undefined) this.next += 1;
    if (this.next > LAST) this.rollOver();
    this.tables.setAsid(table, this.next);
    this.owners[this.next] = table;
    this.next += 1;
    return table.asid;
  }

  /** Takes the identifier back from a table that goes. What the TLB knows under it goes as well. */
  release(table: TranslationTable): void {
    if (table.asid === 0) return;
    this.tlb.invalidateAsid(table.asid);
    this.owners[table.asid] = undefined;
    this.next = Math.min(this.next, table.asid);
    this.tables.setAsid(table, 0);
  }

  private rollOver(): void {
    for (const owner of this.owners) if (owner !== undefined) this.tables.setAsid(owner, 0);
    this.owners.length = 0;
    this.next = FIRST;
    this.tlb.invalidateAll();
  }
}
