/** Chunks of words that do not fit into memory: in a file that nobody else sees. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VmError } from '../base/index.js';
import { CHUNK_RUNS, type ChunkStore } from '../scenario/reference-trace.js';

const CHUNK_BYTES = CHUNK_RUNS * Uint32Array.BYTES_PER_ELEMENT;

/** Keeps the first chunks in memory and all further ones in a temporary file. */
export class ChunkFile implements ChunkStore {
  private readonly kept = new Map<number, Uint32Array>();
  private readonly mostKept: number;
  private readonly buffer = new Uint32Array(CHUNK_RUNS);
  /** How many words a chunk in the file has. */
  private readonly lengths = new Map<number, number>();
  private folder = '';
  private file = -1;

  /** Keeps at most `memoryBytes` in memory. The file is made when it is needed. */
  constructor(memoryBytes: number) {
    this.mostKept = Math.floor(memoryBytes / CHUNK_BYTES);
  }

  /** Error: `SOURCE_ERR_SCRATCH` the temporary file cannot be made, or the disk is full. */
  write(index: number, words: Uint32Array): void {
    if (this.kept.size < this.mostKept || this.kept.has(index)) {
      this.kept.set(index, words.slice());
      return;
    }
    this.attempt(() => {
      if (this.file < 0) this.open();
      const { byteLength } = words;
      for (let done = 0; done < byteLength; ) {
        const place = index * CHUNK_BYTES + done;
        const bytes = new Uint8Array(words.buffer, words.byteOffset + done, byteLength - done);
        done += writeSync(this.file, bytes, 0, bytes.length, place);
      }
    });
    this.lengths.set(index, words.length);
  }

  /** Error: `SOURCE_ERR_SCRATCH` the temporary file cannot be read. */
  read(index: number): Uint32Array {
    const kept = this.kept.get(index);
    if (kept !== undefined) return kept;
    const words = this.buffer.subarray(0, this.lengths.get(index) ?? 0);
    this.attempt(() => {
      const { byteLength } = words;
      for (let done = 0; done < byteLength; ) {
        const place = index * CHUNK_BYTES + done;
        const bytes = new Uint8Array(words.buffer, done, byteLength - done);
        const read = readSync(this.file, bytes, 0, bytes.length, place);
        if (read === 0) throw new Error('it is shorter than what was written');
        done += read;
      }
    });
    return words;
  }

  /** Gives memory and file back. */
  close(): void {
    this.kept.clear();
    if (this.file < 0) return;
    closeSync(this.file);
    this.file = -1;
    this.removeName();
  }

  private open(): void {
    this.folder = mkdtempSync(join(tmpdir(), 'pagewright-'));
    this.file = openSync(join(this.folder, 'trace'), 'wx+', 0o600);
    // Without a name already now, it is gone however the process ends.
    this.removeName();
  }

  private removeName(): void {
    try {
      rmSync(this.folder, { recursive: true, force: true });
    } catch {
      // Windows keeps the name of an open file; closing tries again.
    }
  }

  private attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `${this.folder || tmpdir()}: the references do not fit there: ${reason}`;
      throw new VmError('SOURCE_ERR_SCRATCH', message);
    }
  }
}
