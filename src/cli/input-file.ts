/** Files that a command reads: never more of them than it can use, whatever lies under the name. */
import { closeSync, createReadStream, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
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

/**
 * The path itself, or, where it names a folder, the files in that whose names match, in order of names.
 * Errors: `SOURCE_ERR_READ` the folder cannot be read.
 */
export function filesOf(path: string, name: RegExp): string[] {
  try {
    if (!(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)) return [path];
    const names = readdirSync(path).filter((each) => name.test(each));
    return names.sort().map((each) => join(path, each));
  } catch (error) {
    throw unreadable(path, error);
  }
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
 * Errors: those of {@link readParts}; `SOURCE_ERR_FORMAT` a line has no end.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  // The line that is not at its end yet, in pieces: joined once, however long it becomes.
  let pieces: string[] = [];
  let length = 0;
  for await (const part of readParts(path)) {
    const [head = '', ...lines] = decoder.write(part).split('\n');
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
  if (length > 0) yield pieces.join('');
}

const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * The bytes of the file at `path` (`-` for standard input), a part at a time; what gzip compressed is
 * given as it was before. `heed` is told how many bytes of the file have been read.
 * Errors: `SOURCE_ERR_READ` it cannot be read; `SOURCE_ERR_FORMAT` the compression is broken.
 */
export async function* readParts(
  path: string,
  heed: (bytes: number) => void = () => {},
): AsyncGenerator<Buffer> {
  const options = { highWaterMark: CHUNK_BYTES };
  const file = createReadStream(path, path === '-' ? { ...options, fd: 0 } : options);
  try {
    const parts = file[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    let head = Buffer.alloc(0);
    while (head.length < GZIP_MAGIC.length) {
      const next = await parts.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
    const isCompressed =
      path.endsWith('.gz') || GZIP_MAGIC.every((byte, index) => head[index] === byte);
    const all = joined(head, parts);
    for await (const part of isCompressed ? decompressed(all) : all) {
      heed(file.bytesRead);
      yield part;
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    file.destroy();
  }
}

/** What was taken already, and then the rest. */
async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}

function decompressed(parts: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const file = Readable.from(parts);
  const plain = file.pipe(createGunzip());
  // An error of the file does not travel down the pipe by itself.
  file.on('error', (error) => plain.destroy(error));
  return plain;
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
