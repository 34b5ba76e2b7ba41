/** How much memory a dump holds, and how much of it was ever used. */

import { PAGE_BYTES } from '../base/index.js';
import { type MemoryRange, rangesText, type SourceMemory } from './source-memory.js';

/** Pages up to which every one is looked at. */
const ALL_PAGES = 4096;
/** Pages that are looked at, spread over all, where there are more. */
const SAMPLED_PAGES = 2048;
const GOLDEN_RATIO = 0.618_033_988_749_895;

/**
 * Where there is memory and how much of it is not zero: `128 MiB at 0x60000000, 3 % non-zero`. Of
 * more than 16 MiB only 2048 pages are read, and the text says `about`.
 */
export function coverageText(memory: SourceMemory): string {
  const text = rangesText(memory.ranges);
  const pages = memory.ranges.reduce((sum, range) => sum + pagesOf(range), 0);
  if (pages === 0) return text;
  const sampled = pages > ALL_PAGES;
  const looks = sampled ? SAMPLED_PAGES : pages;
  let used = 0;
  let home = 0;
  let before = 0;
  for (let look = 0; look < looks; look += 1) {
    // One page of each equal part, at an uneven place: memory is often used at even distances.
    const place = sampled ? look + ((look * GOLDEN_RATIO) % 1) : look;
    const page = Math.floor((place * pages) / looks);
    let range = memory.ranges[home] as MemoryRange;
    while (page >= before + pagesOf(range)) {
      before += pagesOf(range);
      home += 1;
      range = memory.ranges[home] as MemoryRange;
    }
    const offset = (page - before) * PAGE_BYTES;
    const data = memory.readBytes(range.pa + offset, Math.min(PAGE_BYTES, range.bytes - offset));
    if (data !== undefined && !isZero(data)) used += 1;
  }
  return usedText(text, used, looks, sampled);
}

/** Where there is memory, and which share of the pages that were looked at is not zero. */
function usedText(where: string, used: number, looks: number, sampled: boolean): string {
  const percent = percentText(used, looks);
  const isRough = sampled && !percent.startsWith('less');
  return `${where}, ${isRough ? 'about ' : ''}${percent} non-zero`;
}

/** Counts the pages of a memory that are not zero while somebody else reads all of it. */
export class CoverageCount {
  private used = 0;
  private pages = 0;

  /** Counts the pages of what was read, which begins with one. */
  add(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += PAGE_BYTES) {
      this.pages += 1;
      if (!isZero(data.subarray(at, at + PAGE_BYTES))) this.used += 1;
    }
  }

  /** As {@link coverageText}, but of every page that was counted. */
  text(memory: SourceMemory): string {
    return usedText(rangesText(memory.ranges), this.used, Math.max(1, this.pages), false);
  }
}

/** Whether all of at most a page is zero; compared by words, since this is done for each page. */
function isZero(data: Uint8Array): boolean {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length >>> 2);
  // A loop, since calling a function for each word takes ten times as long.
  for (let index = 0; index < words.length; index += 1) if (words[index] !== 0) return false;
  return data.subarray(words.length * 4).every((byte) => byte === 0);
}

function pagesOf(range: MemoryRange): number {
  return Math.ceil(range.bytes / PAGE_BYTES);
}

/** A share in percent that says 0 and 100 only where nothing and everything is meant. */
function percentText(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 1) return 'less than 1 %';
  return `${part < whole ? Math.min(99, Math.round(percent)) : 100} %`;
}
