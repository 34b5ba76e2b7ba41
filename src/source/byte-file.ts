/**
 * The bytes of a file, read where they are needed: a dump may be larger than memory. What reads them
 * runs wherever bytes can be had: from a disk (`disk-file.ts`), or in a browser.
 */

import { formatBytes, VmError } from '../base/index.js';

/** A file that can be read at any place. */
export interface ByteFile {
  /** What the user calls it: its path, or `-`. */
  readonly name: string;
  /** Its size. */
  readonly bytes: number;
  /**
   * Reads from the byte `at` on; answers how many bytes there were, fewer than asked for only at
   * the end of the file.
   *
   * Errors: SOURCE_ERR_READ — the system could not read.
   */
  read(at: number, into: Uint8Array): number;
  /** Gives the file back; a second time does nothing. */
  close(): void;
}

/** A file that is in memory. */
export class MemoryFile implements ByteFile {
  readonly name: string;
  readonly bytes: number;
  private readonly content: Uint8Array;

  constructor(name: string, content: Uint8Array) {
    this.name = name;
    this.bytes = content.length;
    this.content = content;
  }

  read(at: number, into: Uint8Array): number {
    const part = this.content.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }

  close(): void {}
}

/**
 * The whole content of a file that is expected to be small.
 *
 * Errors: SOURCE_ERR_READ — the system could not read. SOURCE_ERR_FORMAT — it has more than `limit`
 * bytes, which `what` cannot have.
 */
export function readWhole(file: ByteFile, limit: number, what: string): Uint8Array {
  if (file.bytes > limit) {
    const sizes = `it has ${formatBytes(file.bytes)}, ${what} has at most ${formatBytes(limit)}`;
    throw new VmError('SOURCE_ERR_FORMAT', `${file.name} is not ${what}: ${sizes}`);
  }
  const content = new Uint8Array(file.bytes);
  return content.subarray(0, file.read(0, content));
}
