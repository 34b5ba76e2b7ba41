/**
 * Files of the disk. What cannot be read at any place (a pipe, standard input) is first copied to a
 * nameless temporary file.
 */

import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes, hex0x, VmError } from '../base/index.js';
import type { ByteFile } from './byte-file.js';

/** The word for standard input. */
export const STDIN = '-';

/** The largest input that is copied because it cannot be read at any place. */
const LARGEST_STREAM_BYTES = 2 ** 30;

/**
 * Opens a file; `-` is standard input.
 *
 * Errors: SOURCE_ERR_READ — it is not there, is a directory, may not be read, or is a stream of more
 * than 1 GiB.
 */
export async function openByteFile(path: string): Promise<ByteFile> {
  if (path === STDIN) return copyStream(path, process.stdin);
  let descriptor: number;
  try {
    if (!statSync(path).isFile() && !statSync(path).isDirectory()) {
      return await copyStream(path, createReadStream(path));
    }
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  return new DiskFile(path, descriptor);
}

/** A file on the disk. */
class DiskFile implements ByteFile {
  readonly name: string;
  readonly bytes: number;
  private readonly descriptor: number;
  private isOpen = true;

  constructor(name: string, descriptor: number) {
    this.name = name;
    this.descriptor = descriptor;
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) {
      closeSync(descriptor);
      throw new VmError('SOURCE_ERR_READ', `${name} is a directory, not a file`);
    }
    this.bytes = stat.size;
  }

  read(at: number, into: Uint8Array): number {
    let done = 0;
    try {
      while (done < into.length) {
        const count = readSync(this.descriptor, into, done, into.length - done, at + done);
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      throw unreadable(`${this.name} at byte ${hex0x(at)}`, error);
    }
    return done;
  }

  close(): void {
    if (this.isOpen) closeSync(this.descriptor);
    this.isOpen = false;
  }
}

/** The error that stands for a refusal of the operating system. */
export function unreadable(what: string, error: unknown): VmError {
  if (error instanceof VmError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = (code === undefined ? undefined : REASONS[code]) ?? message;
  return new VmError('SOURCE_ERR_READ', `${what}: ${reason}`);
}

/** What the system's most frequent refusals mean to a person. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'reading it is not permitted',
  EISDIR: 'it is a directory, not a file',
  ENOTDIR: 'a part of its path is not a directory',
  ENXIO: 'it is a socket, not a file',
};

/** Copies a stream into a temporary file that loses its name at once. */
async function copyStream(
  name: string,
  stream: AsyncIterable<Uint8Array | string>,
): Promise<ByteFile> {
  const path = join(tmpdir(), `pagewright-${process.pid}-${Date.now()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  rmSync(path);
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > LARGEST_STREAM_BYTES) {
        const limit = formatBytes(LARGEST_STREAM_BYTES);
        const remedy = 'save it to a file and name that';
        throw new VmError('SOURCE_ERR_READ', `${name} gives more than ${limit}: ${remedy}`);
      }
      writeSync(descriptor, chunk as Uint8Array);
    }
  } catch (error) {
    closeSync(descriptor);
    throw unreadable(name, error);
  }
  return new DiskFile(name, descriptor);
}
