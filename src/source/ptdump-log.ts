/**
 * What Linux prints of its page tables in `/sys/kernel/debug/kernel_page_tables`: chapters, and runs
 * of pages with the same attributes. There are no physical addresses in it.
 */

import { parseBytes } from '../base/index.js';
import { type EvidenceRegion, rightsFrom } from './evidence-regions.js';
import type { TextLine } from './text-lines.js';

const CHAPTER = /---\[ (.+?) \]---/;
const RUN = /\b0x([0-9a-f]{8,16})-0x([0-9a-f]{8,16})\s+(\d+[KMGTPE])\b(.*)$/;
const MEMORY = /^(?:MEM|DEV|SO)\//;

/** Reads the lines of a page-table dump one by one, and knows which chapter they stand in. */
export class PtdumpReader {
  private chapter = '';

  /** The run of pages in `line`; undefined if it is another line. */
  read(line: TextLine): EvidenceRegion | undefined {
    const chapter = CHAPTER.exec(line.text);
    if (chapter !== null) {
      this.chapter = chapter[1] as string;
      return undefined;
    }
    const match = RUN.exec(line.text);
    if (match === null) return undefined;
    const va = Number.parseInt(match[1] as string, 16);
    // A run up to the last page ends at 0.
    const bytes = (Number.parseInt(match[2] as string, 16) || 2 ** 32) - va;
    // The size is printed as well, rounded down to its unit; a line whose two sizes differ is another.
    const printed = parseBytes(match[3] as string) ?? 0;
    if (!(bytes > 0) || bytes < printed || !Number.isSafeInteger(va + bytes)) return undefined;
    const flags = (match[4] as string).split(/\s+/);
    const has = (flag: string): boolean => flags.includes(flag);
    const saysRights = has('ro') || has('RW');
    return {
      name: this.chapter,
      va,
      bytes,
      pa: undefined,
      rights: saysRights ? rightsFrom(has('RW'), has('x'), has('USR')) : undefined,
      memory: flags.find((flag) => MEMORY.test(flag)),
      leafBytes: undefined,
      line: line.number,
    };
  }
}
