/**
 * An archive with nothing but the table memory of a machine: `tables.json` says which 4 KiB frames
 * there are, `tables.bin` holds them one after the other, `registers.json` the registers. Everything
 * else reads as absent.
 */

import { PAGE_BYTES, parseAddress, VmError } from '../base/index.js';
import { type ByteFile, readWhole } from './byte-file.js';
import { type Extent, PhysicalImage } from './physical-image.js';
import type { GivenRegister } from './register-banks.js';
import { registersIn } from './register-file.js';
import { ADDRESS_LIMIT, sizeText } from './source-memory.js';

/** The names of its files; the frames may be compressed. */
export const ARCHIVE_FILES = {
  index: 'tables.json',
  frames: 'tables.bin',
  packedFrames: 'tables.bin.gz',
  registers: 'registers.json',
} as const;

/** The files of an archive, opened. */
export interface ArchiveFiles {
  readonly index: ByteFile;
  /** The content of the frames, of which the index says how many bytes there are; unpacked. */
  readonly frames: (bytes: number) => Promise<ArchiveFrames>;
  readonly registers: ByteFile | undefined;
}

/** The content of the frames. */
export interface ArchiveFrames {
  readonly file: ByteFile;
  /** Whether the file was compressed. */
  readonly compressed: boolean;
}

/** An archive of tables as a source. */
export interface TableArchive {
  readonly image: PhysicalImage;
  readonly registers: readonly GivenRegister[];
  /** What the archive covers: `71 frames of tables out of 64.0 MiB at 0x40000000`. */
  readonly coverage: string;
  close(): void;
}

const LARGEST_INDEX = 16 * 2 ** 20;
/** Both root tables and 4096 level-2 tables need fewer frames by far. */
const MOST_FRAMES = 65_536;

/**
 * The archive that `files` are.
 *
 * Errors: SOURCE_ERR_READ — a file of it cannot be read. SOURCE_ERR_FORMAT — `tables.json` does not
 * list frames, or the other files do not fit it. SOURCE_ERR_REGISTER — a register's value is not
 * possible.
 */
export async function tableArchive(files: ArchiveFiles): Promise<TableArchive> {
  const index = readIndex(files.index);
  const { registers } = files;
  const given = registers === undefined ? [] : registersIn(registers, ARCHIVE_FILES.registers);
  const bytes = index.frames.length * PAGE_BYTES;
  const { file, compressed } = await files.frames(bytes);
  if (file.bytes !== bytes) {
    file.close();
    const text = `${file.name} has ${file.bytes} bytes, the frames of ${ARCHIVE_FILES.index} need ${bytes}`;
    throw new VmError('SOURCE_ERR_FORMAT', text);
  }
  const extents = index.frames.map(
    (pa, number): Extent => ({
      pa,
      bytes: PAGE_BYTES,
      fileOffset: number * PAGE_BYTES,
      fileBytes: PAGE_BYTES,
    }),
  );
  return {
    image: new PhysicalImage(file, extents, compressed),
    registers: given,
    coverage: `${index.frames.length} frames of tables${index.ram}`,
    close: () => file.close(),
  };
}

interface Index {
  /** The physical address of each frame. */
  readonly frames: readonly number[];
  /** The memory that they were taken from, in words. */
  readonly ram: string;
}

function readIndex(file: ByteFile): Index {
  const refuse = (what: string): never => {
    throw new VmError('SOURCE_ERR_FORMAT', `${file.name}: ${what}`);
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(
      new TextDecoder().decode(readWhole(file, LARGEST_INDEX, ARCHIVE_FILES.index)),
    );
  } catch (error) {
    if (error instanceof VmError) throw error;
    return refuse(`it is not JSON: ${(error as SyntaxError).message.slice(0, 80)}`);
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
