/**
 * The address space as regions: runs of pages that are alike in kind, rights, type, domain and flags,
 * and whose distance from virtual to physical address is one. Holes are regions too, so that they
 * cover the 4 GiB without a gap.
 */

import { Kind, kindOf, pageFrameOf } from '../format/index.js';
import {
  type AddressSpace,
  ROOT_ENTRIES,
  ROOT_ENTRY_PAGES,
  TABLE_ENTRIES,
  UNREADABLE,
} from './address-space.js';
import { isLeaf, LeafMeanings, type Meaning, meaningKind, NO_LEAF } from './leaf-meaning.js';

/** Pages of one leaf of each kind, at its number. */
export const LEAF_PAGES: readonly number[] = [0, 0, 256, 4096, 16, 1, 0, 0];
/** Regions that there is room for at first. */
const FIRST_ROOM = 4096;

/** The regions of one address space, in flat arrays; `count` of them are used. */
export class Regions {
  readonly space: AddressSpace;
  readonly meanings: LeafMeanings;
  count = 0;
  /** The first page (virtual address / 4096) of each region, and how many it has. */
  pages = new Uint32Array(FIRST_ROOM);
  lengths = new Uint32Array(FIRST_ROOM);
  /** The frame (physical address / 4096) of its first page; 0 where nothing is mapped. */
  frames = new Uint32Array(FIRST_ROOM);
  /** What it is; see leaf-meaning.ts. */
  meaningOf = new Uint32Array(FIRST_ROOM);

  constructor(space: AddressSpace) {
    this.space = space;
    this.meanings = new LeafMeanings(space.input.registers, space.input.profile);
    const { rootKinds } = space;
    for (let index = 0; index < ROOT_ENTRIES; index++) {
      const kind = rootKinds[index] as number;
      if (kind === Kind.TABLE) this.addTable(index);
      else this.addRootEntry(index, kind);
    }
  }

  /** The number of the region that holds `page`. */
  at(page: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.pages[middle] as number) <= page) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** How many leaves the region is made of; a leaf that is not whole counts as one. */
  leaves(region: number): number {
    return leavesIn(this.meaningOf[region] as number, this.lengths[region] as number);
  }

  private addRootEntry(index: number, kind: number): void {
    const page = index * ROOT_ENTRY_PAGES;
    if (kind !== Kind.SECTION && kind !== Kind.SUPERSECTION) {
      this.add(page, ROOT_ENTRY_PAGES, 0, holeOf(kind));
      return;
    }
    const word = this.space.rootWords[index] as number;
    const meaning = this.meanings.ofSection(kind, word);
    this.add(page, ROOT_ENTRY_PAGES, frameIn(kind, word, page), meaning);
  }

  private addTable(index: number): void {
    const { space } = this;
    const words = space.tableWords;
    const table = space.tableOf[index] as number;
    const { hasPxn } = space.input.profile;
    const above = space.rootWords[index] as number;
    const first = table * TABLE_ENTRIES;
    const end = first + TABLE_ENTRIES;
    const start = index * ROOT_ENTRY_PAGES;
    // Most pages of a table differ from their neighbours by the frame only.
    let bits = -1;
    let meaning = NO_LEAF.HOLE;
    for (let at = first; at < end; ) {
      const word = words[at] as number;
      const from = at;
      const kind = kindOf(2, word, hasPxn);
      at += 1;
      const page = start + from - first;
      if (kind === Kind.SMALL) {
        if ((word & 0xfff) !== bits) {
          bits = word & 0xfff;
          meaning = this.meanings.ofPage(kind, word, above);
        }
        let next = word + 0x1000;
        while (at < end && words[at] === next) {
          next += 0x1000;
          at += 1;
        }
        this.add(page, at - from, pageFrameOf(kind, word), meaning);
      } else if (kind === Kind.FAULT) {
        this.add(page, 1, 0, space.isReadable(from) ? NO_LEAF.HOLE : NO_LEAF.UNREADABLE);
      } else {
        const large = this.meanings.ofPage(kind, word, above);
        this.add(page, 1, frameIn(kind, word, page), large);
      }
    }
  }

  private add(page: number, length: number, frame: number, meaning: Meaning): void {
    const last = this.count - 1;
    if (last >= 0 && this.meaningOf[last] === meaning) {
      const before = this.lengths[last] as number;
      if (!isLeaf(meaning) || (this.frames[last] as number) + before === frame) {
        this.lengths[last] = before + length;
        return;
      }
    }
    if (this.count === this.pages.length) this.grow();
    this.pages[this.count] = page;
    this.lengths[this.count] = length;
    this.frames[this.count] = frame;
    this.meaningOf[this.count] = meaning;
    this.count += 1;
  }

  private grow(): void {
    this.pages = doubled(this.pages);
    this.lengths = doubled(this.lengths);
    this.frames = doubled(this.frames);
    this.meaningOf = doubled(this.meaningOf);
  }
}

/** How many leaves of this meaning `pages` pages are; a leaf that is not whole counts as one. */
export function leavesIn(meaning: Meaning, pages: number): number {
  const size = LEAF_PAGES[meaningKind(meaning)] as number;
  return size === 0 ? 0 : Math.ceil(pages / size);
}

/** The frame that `page` is mapped to by a leaf: a replicated one maps a part of itself here. */
function frameIn(kind: number, word: number, page: number): number {
  return pageFrameOf(kind, word) + (page & ((LEAF_PAGES[kind] as number) - 1));
}

function holeOf(kind: number): Meaning {
  if (kind === UNREADABLE) return NO_LEAF.UNREADABLE;
  return kind === Kind.RESERVED ? NO_LEAF.RESERVED : NO_LEAF.HOLE;
}

function doubled(pool: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(pool.length * 2);
  larger.set(pool);
  return larger;
}
