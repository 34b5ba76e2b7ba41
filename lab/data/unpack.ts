/** Packed files: gzip, and archives of zip. What they unpack to is bounded, whatever they say. */

import { formatBytes, VmError } from '../../src/base/index.js';
import type { ByteFile } from '../../src/source/byte-file.js';

/** Bytes that are unpacked at most from one drop. */
const MOST_BYTES = 256 * 2 ** 20;
const MOST_ENTRIES = 4096;

const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const END_MAGIC = 0x0605_4b50;
const ENTRY_MAGIC = 0x0201_4b50;
const LOCAL_MAGIC = 0x0403_4b50;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
/** The file is encrypted. */
const ENCRYPTED = 1;

/** A file of an archive. */
export interface PackedFile {
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/**
 * The content of a gzip file.
 *
 * Errors: SOURCE_ERR_FORMAT — it is damaged, or unpacks to more than 256 MiB.
 */
export async function gunzip(file: ByteFile, most = MOST_BYTES): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Uint8Array(Math.min(file.bytes, MOST_BYTES));
  file.read(0, packed);
  return inflated(file.name, packed, 'gzip', most);
}

/**
 * The files of a zip archive, folders left out.
 *
 * Errors: SOURCE_ERR_FORMAT — it is damaged, encrypted, packed in a way that is not known, has more
 * than 4096 files, or unpacks to more than 256 MiB.
 */
export async function unzip(file: ByteFile): Promise<PackedFile[]> {
  const refuse = (what: string): never => {
    throw new VmError('SOURCE_ERR_FORMAT', `${file.name}: ${what}`);
  };
  const { count, directory } = findDirectory(file, refuse);
  if (count > MOST_ENTRIES) refuse(`it has ${count} files, at most ${MOST_ENTRIES} are unpacked`);
  const files: PackedFile[] = [];
  let room = MOST_BYTES;
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + ENTRY_BYTES > directory.byteLength || directory.getUint32(at, true) !== ENTRY_MAGIC) {
      refuse(`entry ${index} of its directory is damaged`);
    }
    const entry = readEntry(directory, at);
    at += ENTRY_BYTES + entry.tailBytes;
    if (entry.path.endsWith('/')) continue;
    if (entry.bytes > room) refuse(`it unpacks to more than ${formatBytes(MOST_BYTES)}`);
    const content = await contentOf(file, entry, refuse);
    room -= content.length;
    files.push({ path: entry.path, content });
  }
  return files;
}

interface ZipEntry {
  readonly path: string;
  readonly method: number;
  readonly flags: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where its local header is in the file. */
  readonly headerAt: number;
  /** Bytes of the entry behind its fixed part. */
  readonly tailBytes: number;
}

type Refuse = (what: string) => never;

function findDirectory(
  file: ByteFile,
  refuse: Refuse,
): { readonly count: number; readonly directory: DataView } {
  const tail = view(file, Math.max(0, file.bytes - END_BYTES - LONGEST_COMMENT), file.bytes);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) !== END_MAGIC) continue;
    const count = tail.getUint16(at + 10, true);
    const bytes = tail.getUint32(at + 12, true);
    const from = tail.getUint32(at + 16, true);
    if (from + bytes > file.bytes) refuse('the directory of the archive leaves the file');
    return { count, directory: view(file, from, from + bytes) };
  }
  return refuse('it begins like a zip archive, but has no directory: is it cut off?');
}

function readEntry(directory: DataView, at: number): ZipEntry {
  const nameBytes = directory.getUint16(at + 28, true);
  const start = directory.byteOffset + at + ENTRY_BYTES;
  const room = Math.max(0, directory.byteLength - at - ENTRY_BYTES);
  const name = new Uint8Array(directory.buffer, start, Math.min(nameBytes, room));
  return {
    path: new TextDecoder().decode(name).replaceAll('\\', '/'),
    flags: directory.getUint16(at + 8, true),
    method: directory.getUint16(at + 10, true),
    packedBytes: directory.getUint32(at + 20, true),
    bytes: directory.getUint32(at + 24, true),
    headerAt: directory.getUint32(at + 42, true),
    tailBytes: nameBytes + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true),
  };
}

async function contentOf(
  file: ByteFile,
  entry: ZipEntry,
  refuse: Refuse,
): Promise<Uint8Array<ArrayBuffer>> {
  const { path, headerAt, packedBytes, bytes, method } = entry;
  if ((entry.flags & ENCRYPTED) !== 0) refuse(`${path} in it is encrypted`);
  const local = view(file, headerAt, headerAt + LOCAL_BYTES);
  if (local.byteLength < LOCAL_BYTES || local.getUint32(0, true) !== LOCAL_MAGIC) {
    refuse(`${path} in it is not where the directory says`);
  }
  const from = headerAt + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
  if (from + packedBytes > file.bytes) refuse(`${path} in it is cut off`);
  const packed = new Uint8Array(packedBytes);
  file.read(from, packed);
  if (method === STORED) return packed;
  if (method !== DEFLATED) refuse(`${path} in it is packed by method ${method}, known is deflate`);
  return inflated(`${file.name}: ${path}`, packed, 'deflate-raw', bytes);
}

/** What `packed` unpacks to, which must be at most `most` bytes. */
async function inflated(
  name: string,
  packed: Uint8Array<ArrayBuffer>,
  format: CompressionFormat,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream(format));
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      if (bytes > most) break;
      parts.push(part.value);
    }
  } catch {
    throw new VmError('SOURCE_ERR_FORMAT', `${name} is damaged: it cannot be unpacked`);
  }
  if (bytes > most) {
    await reader.cancel();
    const text = `${name} unpacks to more than ${formatBytes(most)}: unpack it before`;
    throw new VmError('SOURCE_ERR_FORMAT', text);
  }
  const content = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    content.set(part, at);
    at += part.length;
  }
  return content;
}

function view(file: ByteFile, from: number, end: number): DataView {
  const data = new Uint8Array(Math.max(0, Math.min(end, file.bytes) - from));
  return new DataView(data.buffer, 0, file.read(from, data));
}
