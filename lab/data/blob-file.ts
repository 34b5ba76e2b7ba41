/** Files of a browser as the readers of sources want them: bytes at a place, at once. */

import { hex0x, VmError } from '../../src/base/index.js';
import type { ByteFile } from '../../src/source/byte-file.js';

/** Gives the bytes of a part of a blob at once; a worker can do that, a page cannot. */
export type SliceReader = (blob: Blob, from: number, to: number) => Uint8Array;

/** What a worker has for it; the types of pages do not know it. */
interface SyncReader {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

declare const FileReaderSync: new () => SyncReader;

/** Reads slices in a worker. */
export const readSlice: SliceReader = (blob, from, to) =>
  new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(from, to)));

/** Bytes that are read together where little is asked for: each reading takes a browser long. */
const WINDOW_BYTES = 512 * 1024;

/** A blob as a file that is never read whole. */
export class BlobFile implements ByteFile {
  readonly name: string;
  readonly bytes: number;
  private readonly blob: Blob;
  private readonly slice: SliceReader;
  private windowAt = 0;
  private window: Uint8Array = new Uint8Array();

  constructor(name: string, blob: Blob, slice: SliceReader) {
    this.name = name;
    this.bytes = blob.size;
    this.blob = blob;
    this.slice = slice;
  }

  read(at: number, into: Uint8Array): number {
    const end = Math.min(at + into.length, this.bytes);
    if (end <= at) return 0;
    const first = at - (at % WINDOW_BYTES);
    if (end > first + WINDOW_BYTES || into.length === WINDOW_BYTES) {
      into.set(this.part(at, end));
      return end - at;
    }
    if (this.windowAt !== first || this.window.length === 0) {
      this.window = this.part(first, Math.min(first + WINDOW_BYTES, this.bytes));
      this.windowAt = first;
    }
    into.set(this.window.subarray(at - first, end - first));
    return end - at;
  }

  private part(from: number, end: number): Uint8Array {
    try {
      return this.slice(this.blob, from, end);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const text = `${this.name} at byte ${hex0x(from)} cannot be read: ${reason}; is it still there?`;
      throw new VmError('SOURCE_ERR_READ', text);
    }
  }

  close(): void {}
}
