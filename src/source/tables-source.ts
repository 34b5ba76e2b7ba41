/** Archives of tables in a directory of the disk, their frames perhaps compressed. */

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { formatBytes, PAGE_BYTES, VmError } from '../base/index.js';
import { type ByteFile, MemoryFile, readWhole } from './byte-file.js';
import { openByteFile, unreadable } from './disk-file.js';
import {
  ARCHIVE_FILES,
  type ArchiveFrames,
  type TableArchive,
  tableArchive,
} from './tables-archive.js';

/** Whether `path` is a directory that may be such an archive. */
export function isTableArchive(path: string): boolean {
  return existsSync(join(path, ARCHIVE_FILES.index)) && statSync(path).isDirectory();
}

/**
 * The archive in the directory `path`.
 *
 * Errors: those of {@link tableArchive}.
 */
export async function readTableArchive(path: string): Promise<TableArchive> {
  const registers = join(path, ARCHIVE_FILES.registers);
  const opened: ByteFile[] = [];
  const open = async (place: string): Promise<ByteFile> => {
    const file = await openByteFile(place);
    opened.push(file);
    return file;
  };
  try {
    return await tableArchive({
      index: await open(join(path, ARCHIVE_FILES.index)),
      frames: (bytes) => openFrames(path, bytes),
      registers: existsSync(registers) ? await open(registers) : undefined,
    });
  } finally {
    for (const file of opened) file.close();
  }
}

/** The frames' content, whose size is known. */
async function openFrames(path: string, bytes: number): Promise<ArchiveFrames> {
  const plain = join(path, ARCHIVE_FILES.frames);
  const packed = join(path, ARCHIVE_FILES.packedFrames);
  const compressed = !existsSync(plain) && existsSync(packed);
  const name = compressed ? packed : plain;
  let file = await openByteFile(name);
  if (compressed) {
    try {
      // Packed, content grows by a few bytes at most.
      const data = readWhole(file, bytes + PAGE_BYTES, 'the content of the frames');
      // One byte more, so that too much content is seen, and no more than that is unpacked.
      const content = gunzipSync(data, { maxOutputLength: bytes + 1 });
      file.close();
      file = new MemoryFile(name, content);
    } catch (error) {
      file.close();
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
        const text = `${name} has more than the ${formatBytes(bytes)} of the frames`;
        throw new VmError('SOURCE_ERR_FORMAT', text);
      }
      throw error instanceof VmError ? error : broken(name, error);
    }
  }
  return { file, compressed };
}

function broken(name: string, error: unknown): VmError {
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith('Z_') === true || code === undefined) {
    return new VmError('SOURCE_ERR_FORMAT', `${name} is no gzip file: ${(error as Error).message}`);
  }
  return unreadable(name, error);
}
