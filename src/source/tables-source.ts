/**
 * A directory with nothing but the table memory of a machine: `tables.json` says which 4 KiB frames
 * there are, `tables.bin` or `tables.bin.gz` holds them one after the other, `registers.json` the
 * registers. Everything else reads as absent.
 */

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { formatBytes, PAGE_BYTES, parseAddress, VmError } from '../base/index.js';
import { type ByteFile, MemoryFile, openByteFile, readWhole, unreadable } from './byte-file.js';
import { type Extent, PhysicalImage } from './physical-image.js';
import type { GivenRegister } from './register-banks.js';
import { readRegisterFile } from './register-file.js';
import { ADDRESS_LIMIT, sizeText } from './source-memory.js';

/** An archive of tables as a source. */
export interface TableArchive {
  readonly image: PhysicalImage;
  readonly registers: readonly GivenRegister[];
  /** What the archive covers: `71 frames of tables out of 64.0 MiB at 0x40000000`. */
  readonly coverage: string;
  close(): void;
}

const INDEX = 'tables.json';
const REGISTERS = 'registers.json';
const LARGEST_INDEX = 16 * 2 ** 20;
/** Both root tables and 4096 level-2 tables need fewer frames by far. */
const MOST_FRAMES = 65_536;

/** Whether `path` is a directory that may be such an archive. */
export function isTableArchive(path: string): boolean {
  return existsSync(join(path, INDEX)) && statSync(path).isDirectory();
}

/**
 * The archive in the directory `path`.
 *
 * Errors: SOURCE_ERR_READ — a file of it cannot be read. SOURCE_ERR_FORMAT — `tables.json` does not
 * list frames, or the other files do not fit it. SOURCE_ERR_REGISTER — a register's value is not
 * possible.
 */
export async function readTableArchive(path: string): Promise<TableArchive> {
  const index = await readIndex(join(path, INDEX));
  const content = await openFrames(path, index.frames.length * PAGE_BYTES);
  const extents = index.frames.map(
    (pa, number): Extent => ({
      pa,
      bytes: PAGE_BYTES,
      fileOffset: number * PAGE_BYTES,
      fileBytes: PAGE_BYTES,
    }),
  );
  const registers = join(path, REGISTERS);
  return {
    image: new PhysicalImage(content.file, extents, content.compressed),
    registers: existsSync(registers) ? await readRegisterFile(registers, REGISTERS) : [],
    coverage: `${index.frames.length} frames of tables${index.ram}`,
    close: () => content.file.close(),
  };
}

interface Index {
  /** The physical address of each frame. */
  readonly frames: readonly number[];
  /** The memory that they were taken from, in words. */
  readonly ram: string;
}

async function readIndex(path: string): Promise<Index> {
  const refuse = (what: string): never => {
    throw new VmError('SOURCE_ERR_FORMAT', `${path}: ${what}`);
  };
  const file = await openByteFile(path);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(readWhole(file, LARGEST_INDEX, INDEX)));
  } catch (error) {
    if (error instanceof VmError) throw error;
    return refuse(`it is not JSON: ${(error as SyntaxError).message.slice(0, 80)}`);
  } finally {
    file.close();
  }
  const { frames, ramBase, ramSize } = Object(parsed) as Record<string, unknown>;
  if (!Array.isArray(frames)) return refuse('it has no list "frames" of physical addresses');
  if (frames.length > MOST_FRAMES)
    refuse(`it lists ${frames.length} frames, at most ${MOST_FRAMES}`);
  const addresses = frames.map((frame: unknown, number) => {
    const pa = typeof frame === 'string' ? parseAddress(frame) : frame;
    if (typeof pa === 'number' && pa >= 0 && pa < ADDRESS_LIMIT && pa % PAGE_BYTES === 0) return pa;
    const text = String(JSON.stringify(frame)).slice(0, 40);
    return refuse(`frame ${number} is ${text}, not the address of a 4 KiB frame below 4 GiB`);
  });
  if (new Set(addresses).size < addresses.length) refuse('it lists a frame twice');
  if (typeof ramBase !== 'number' || typeof ramSize !== 'number')
    return { frames: addresses, ram: '' };
  const ram = ` out of ${sizeText(ramSize)} at 0x${ramBase.toString(16)}`;
  return { frames: addresses, ram };
}

/** The frames' content, whose size is known. */
async function openFrames(
  path: string,
  bytes: number,
): Promise<{ file: ByteFile; compressed: boolean }> {
  const plain = join(path, 'tables.bin');
  const packed = `${plain}.gz`;
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
  if (file.bytes === bytes) return { file, compressed };
  file.close();
  const text = `${name} has ${file.bytes} bytes, the frames of ${INDEX} need ${bytes}`;
  throw new VmError('SOURCE_ERR_FORMAT', text);
}

function broken(name: string, error: unknown): VmError {
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith('Z_') === true || code === undefined) {
    return new VmError('SOURCE_ERR_FORMAT', `${name} is no gzip file: ${(error as Error).message}`);
  }
  return unreadable(name, error);
}
