/**
 * When Mappings of single small pages move from leaf records into blocks, and out of them again:
 *
 *     into a block    a page that gets a record where there is a block already, and all that lie
 *                     around it where they have become many; in a space with few records none does
 *     out of one      at an unmap that leaves few of them, while blocks take too much as a whole
 *
 * Nothing here can fail: without memory for a block, or records to move out to, pages stay where they are.
 */
import { clearBit } from '../base/index.js';
import { Kind } from '../format/index.js';
import { leafFlags, leafKindOf } from './leaf-run.js';
import { BLOCK_PAGES, blockPlace, heldPages, isSparse } from './page-blocks.js';
import { type PmapCore, RESERVED_LEAVES } from './pmap-core.js';
import { ROOT_ENTRY_PAGES, startsAt, tableAt } from './table-records.js';

/** The blocks of one pmap as pages come and go. */
export class PageGathering {
  private readonly core: PmapCore;

  constructor(core: PmapCore) {
    this.core = core;
  }

  /** Moves `page`, which got a record, into its block; with its neighbours into a new one if it has none. */
  gather(page: number): void {
    const { shadow } = this.core;
    const { leaves, tables } = shadow;
    const at = shadow.blockAt(page);
    if (tables.words[at] !== 0) {
      this.moveIn(page);
    } else if (leaves.needsBlocks && this.core.reserveBlock(leaves.blocks)) {
      tables.words[at] = leaves.blocks.take(page);
      const first = page & -BLOCK_PAGES;
      for (let other = first; other < first + BLOCK_PAGES; other += 1) this.moveIn(other);
    }
  }

  /** Moves the pages around `page` out of their block, which has few of them. */
  thin(page: number): void {
    const { shadow } = this.core;
    const { leaves, tables } = shadow;
    const at = shadow.blockAt(page);
    const block = tables.words[at];
    if (leaves.freeCount < RESERVED_LEAVES + heldPages(block)) return;
    for (let index = 0; index < BLOCK_PAGES; index += 1) {
      const place = blockPlace(block, index);
      if (leaves.blocks.words[place] !== 0) shadow.moveOut(-place);
    }
    leaves.blocks.release(block);
    tables.words[at] = 0;
  }

  /** Gives back what blocks take for no page, and those that hold few. */
  trim(): void {
    const { shadow } = this.core;
    const { leaves, tables } = shadow;
    for (const page of shadow.blockPages()) {
      if (isSparse(tables.words[shadow.blockAt(page)]) && leaves.isSparse) this.thin(page);
    }
    leaves.facts.keepOnly(this.slots());
  }

  /** The slots of the Mappings of all pages that are in blocks. */
  private *slots(): Generator<number> {
    const { shadow } = this.core;
    const { words } = shadow.tables;
    for (const page of shadow.blockPages()) {
      yield* shadow.leaves.blocks.slotsOf(words[shadow.blockAt(page)]);
    }
  }

  /** Moves what has a record at `page` into the block, if it is one small page and its facts fit in. */
  private moveIn(page: number): void {
    const { shadow } = this.core;
    const { leaves, tables } = shadow;
    const record = leaves.find(page);
    if (record === 0 || leaves.totalOf(record) !== 1) return;
    const run = leaves.runOf(record);
    const flags = leafFlags(run);
    const [mapping, frame] = [leaves.mappingOf(record), leaves.frameOf(record)];
    const offset = leaves.offsetOf(record);
    const { facts } = leaves;
    if (leafKindOf(run) !== Kind.SMALL || !facts.fits(mapping, offset, flags)) return;
    if (!facts.has(mapping)) {
      if (!this.core.reserveBlock(facts)) return;
      facts.take(mapping);
    }
    shadow.putInBlock(page, flags, mapping, frame, offset);
    const table = tableAt(shadow.tableOf(page));
    clearBit(tables.starts, startsAt(table), page & (ROOT_ENTRY_PAGES - 1));
    leaves.releaseForGood(record);
  }
}
