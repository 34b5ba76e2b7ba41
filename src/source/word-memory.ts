/** Physical memory of which a few pieces are known as words: of a snapshot, of a build. */

import { type MemoryWords, snapshotReader } from '../inspect/index.js';
import {
  bytesFromWords,
  type FilePosition,
  joinRanges,
  type MemoryRange,
  type SourceMemory,
} from './source-memory.js';

/** Memory made of pieces of words. */
export class WordMemory implements SourceMemory {
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
