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

/** A blob as a file that is never read whole. */
export class BlobFile implements ByteFile {
  readonly name: string;
  readonly bytes: number;
  private readonly blob: Blob;
  private readonly slice: SliceReader;

  constructor(name: string, blob: Blob, slice: SliceReader) {
    this.name = name;
    this.bytes = blob.size;
    this.blob = blob;
    this.slice = slice;
  }

  read(at: number, into: Uint8Array): number {
    const end = Math.min(at + into.length, this.bytes);
    if (end <= at) return 0;
    let part: Uint8Array;
    try {
      part = this.slice(this.blob, at, end);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const text = `${this.name} at byte ${hex0x(at)} cannot be read: ${reason}; is it still there?`;
      throw new VmError('SOURCE_ERR_READ', text);
    }
    into.set(part);
    return part.length;
  }

  close(): void {}
}
