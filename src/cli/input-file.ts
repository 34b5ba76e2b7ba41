/** Files that a command reads: never more of them than it can use, whatever lies under the name. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { VmError } from '../base/index.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * The bytes of the file at `path` (`-` for standard input), at most `most` and one more: who gets
 * that one knows that the file is too large.
 * Errors: `SOURCE_ERR_READ` it cannot be read.
 */
export function readAtMost(path: string, most: number): Uint8Array {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let file = -1;
  try {
    file = path === '-' ? 0 : openSync(path, 'r');
    while (bytes <= most) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, most + 1 - bytes));
      const read = readSync(file, chunk);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      bytes += read;
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    if (file > 0) closeSync(file);
  }
  return Buffer.concat(chunks);
}

/** The text in `bytes`. Errors: `SOURCE_ERR_FORMAT` it is not UTF-8. */
export function decodeText(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new VmError('SOURCE_ERR_FORMAT', `${path}: not a text in UTF-8`);
  }
}

/** Characters of the longest line that is read. */
const MOST_LINE = 64 * 1024 * 1024;

/**
 * The lines of the text file at `path`, which may be compressed by gzip; a part of the file at a time.
 * Errors: `SOURCE_ERR_READ` it cannot be read; `SOURCE_ERR_FORMAT` the compression is broken, or a
 * line has no end.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const isCompressed = path.endsWith('.gz');
  const bytes = isCompressed ? file.pipe(createGunzip()) : file;
  // An error of the file does not travel down the pipe by itself.
  if (isCompressed) file.on('error', (error) => bytes.destroy(error));
  const decoder = new StringDecoder('utf8');
  // The line that is not at its end yet, in pieces: joined once, however long it becomes.
  let pieces: string[] = [];
  let length = 0;
  try {
    for await (const chunk of bytes) {
      const [head = '', ...lines] = decoder.write(chunk as Buffer).split('\n');
      pieces.push(head);
      length += head.length;
      if (length > MOST_LINE) {
        const message = `${path}: a line is longer than ${MOST_LINE} characters`;
        throw new VmError('SOURCE_ERR_FORMAT', message);
      }
      const last = lines.pop();
      if (last === undefined) continue;
      yield pieces.join('');
      yield* lines;
      pieces = [last];
      length = last.length;
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    file.destroy();
  }
  if (length > 0) yield pieces.join('');
}

function unreadable(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof VmError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith('Z_')) {
    return new VmError('SOURCE_ERR_FORMAT', `${path}: not compressed by gzip, or cut off`);
  }
  return new VmError('SOURCE_ERR_READ', `${path}: ${REASONS[code ?? ''] ?? error.message}`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'this is a folder',
  EACCES: 'it may not be read',
  ENOTDIR: 'a part of the path is no folder',
};
