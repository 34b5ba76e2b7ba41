/** Dumps of physical memory that are little more than the memory itself: raw and LiME. */

import { formatBytes, hex0x, VmError } from '../base/index.js';
import type { ByteFile } from './byte-file.js';
import { type Extent, PhysicalImage } from './physical-image.js';
import { ADDRESS_LIMIT } from './source-memory.js';

/** A dump as a source. */
export interface MemoryDump {
  readonly image: PhysicalImage;
  readonly notes: readonly string[];
}

/**
 * A raw dump that begins at the physical address `base`.
 *
 * Errors: SOURCE_ERR_FORMAT — it is empty.
 */
export function readRawDump(file: ByteFile, base: number): MemoryDump {
  if (file.bytes === 0) throw new VmError('SOURCE_ERR_FORMAT', `${file.name} is empty`);
  const extent = { pa: base, bytes: file.bytes, fileOffset: 0, fileBytes: file.bytes };
  return { image: new PhysicalImage(file, [extent]), notes: beyondNotes(file, [extent]) };
}

/** `LiME` as a little-endian number. */
export const LIME_MAGIC = 0x4c69_4d45;
const LIME_HEADER_BYTES = 32;
const LIME_VERSION = 1;
/** More ranges than any machine has. */
const MOST_RANGES = 65_536;

/**
 * A dump by LiME: ranges one after the other, each behind a header of 32 bytes (magic, version,
 * first and last address, 8 bytes reserved).
 *
 * Errors: SOURCE_ERR_FORMAT — the first header is not LiME's, or a later one cannot be.
 */
export function readLime(file: ByteFile): MemoryDump {
  const extents: Extent[] = [];
  const notes: string[] = [];
  const header = new DataView(new ArrayBuffer(LIME_HEADER_BYTES));
  for (let at = 0; at < file.bytes; ) {
    const refuse = (what: string): never => {
      throw new VmError('SOURCE_ERR_FORMAT', `${file.name}: byte ${hex0x(at)}: ${what}`);
    };
    if (file.read(at, new Uint8Array(header.buffer)) < LIME_HEADER_BYTES) {
      if (extents.length === 0) refuse('it ends inside its first LiME header');
      notes.push(`${file.name} ends inside a LiME header`);
      break;
    }
    const magic = header.getUint32(0, true);
    if (magic !== LIME_MAGIC) refuse(`${hex0x(magic)} is not LiME's magic ${hex0x(LIME_MAGIC)}`);
    const version = header.getUint32(4, true);
    if (version !== LIME_VERSION) refuse(`version ${version} of LiME's format, only 1 is known`);
    const first = wide(header, 8);
    const last = wide(header, 16);
    if (last < first)
      refuse(`the range ends at ${hex0x(last)}, before it begins at ${hex0x(first)}`);
    const bytes = last - first + 1;
    const fileOffset = at + LIME_HEADER_BYTES;
    const fileBytes = Math.min(bytes, file.bytes - fileOffset);
    if (fileBytes < bytes) {
      const missing = formatBytes(bytes - fileBytes);
      notes.push(`${file.name} is cut off: ${missing} of the range at ${hex0x(first)} are missing`);
    }
    extents.push({ pa: first, bytes: fileBytes, fileOffset, fileBytes });
    if (extents.length > MOST_RANGES) refuse(`more than ${MOST_RANGES} ranges`);
    at = fileOffset + bytes;
  }
  if (extents.length === 0) throw new VmError('SOURCE_ERR_FORMAT', `${file.name} is empty`);
  return {
    image: new PhysicalImage(file, extents),
    notes: [...notes, ...beyondNotes(file, extents)],
  };
}

function wide(from: DataView, at: number): number {
  return from.getUint32(at + 4, true) * 2 ** 32 + from.getUint32(at, true);
}

/** Tells of memory that no table of this format can lie in. */
export function beyondNotes(file: ByteFile, extents: readonly Extent[]): string[] {
  const beyond = extents.reduce((sum, { pa, bytes }) => {
    return sum + Math.max(0, pa + bytes - Math.max(pa, ADDRESS_LIMIT));
  }, 0);
  if (beyond === 0) return [];
  const why = 'short descriptors reach no table there';
  return [`${formatBytes(beyond)} of ${file.name} lie above 4 GiB and are left out: ${why}`];
}
