/**
 * The headers of ELF files as tools and debuggers write them, which is not always as the
 * specification says: QEMU's dumps have a wrong `e_ehsize`, kexec writes 64-bit headers for 32-bit
 * machines, a core that did not fit on the disk is cut off. Only what is needed is believed.
 */

import { formatBytes, hex0x, VmError } from '../base/index.js';
import type { ByteFile } from './byte-file.js';

/** A program header. */
export interface ProgramHeader {
  /** Its number in the file. */
  readonly index: number;
  /** `p_type`. */
  readonly type: number;
  readonly fileOffset: number;
  readonly virtualAddress: number;
  readonly physicalAddress: number;
  /** Bytes that the file has, cut at its end. */
  readonly fileBytes: number;
  readonly memoryBytes: number;
  /** Bytes that the header promises beyond the end of the file. */
  readonly missingBytes: number;
}

/** An ELF file as far as its headers tell. */
export interface ElfHeaders {
  /** `e_type`. */
  readonly type: number;
  /** 32 or 64: the width of the fields, not of the machine. */
  readonly bits: 32 | 64;
  readonly programHeaders: readonly ProgramHeader[];
}

/** `e_type`. */
export const ElfType = { REL: 1, EXEC: 2, DYN: 3, CORE: 4 } as const;
/** `p_type`. */
export const SegmentType = { LOAD: 1, NOTE: 4 } as const;

/** The first bytes of every ELF file: 0x7f "ELF". */
export const ELF_MAGIC = 0x464c_457f;

const EM_ARM = 40;
const E_TYPE = 16;
const E_MACHINE = 18;
/** `e_phnum` of a file with more headers than it can say; section header 0 says it in `sh_info`. */
const PN_XNUM = 0xffff;

/** Where the fields are in files of both classes, and how wide addresses are. */
const LAYOUTS = {
  32: {
    headerBytes: 52,
    phoff: 28,
    shoff: 32,
    phnum: 44,
    phentsize: 42,
    shInfo: 28,
    entryBytes: 32,
    address: 4,
    fields: [4, 8, 12, 16, 20],
  },
  64: {
    headerBytes: 64,
    phoff: 32,
    shoff: 40,
    phnum: 56,
    phentsize: 54,
    shInfo: 44,
    entryBytes: 56,
    address: 8,
    fields: [8, 16, 24, 32, 40],
  },
} as const;

/** Headers that are read at most: 2 MiB of them. */
const MOST_HEADERS = 65_536;

/**
 * The headers of an ELF file for Arm, little-endian.
 *
 * Errors: SOURCE_ERR_FORMAT — it is no ELF file, is for another machine, or its program headers do
 * not lie in it.
 */
export function readElfHeaders(file: ByteFile): ElfHeaders {
  const head = view(file, 0, 64);
  const refuse = (what: string): never => {
    throw new VmError('SOURCE_ERR_FORMAT', `${file.name}: ${what}`);
  };
  if (head.byteLength < 52 || head.getUint32(0, true) !== ELF_MAGIC) {
    refuse('it is no ELF file: it does not begin with 0x7f "ELF"');
  }
  const bits = [0, 32, 64][head.getUint8(4)];
  if (bits !== 32 && bits !== 64) return refuse(`EI_CLASS is ${head.getUint8(4)}, not 1 or 2`);
  if (head.getUint8(5) !== 1) refuse('it is big-endian; only little-endian files are read');
  const machine = head.getUint16(E_MACHINE, true);
  if (machine !== EM_ARM) {
    const is = machine === 183 ? 'AArch64' : `machine ${machine}`;
    refuse(`it is for ${is}; short descriptors are of 32-bit Arm (EM_ARM, 40)`);
  }
  const layout = LAYOUTS[bits];
  if (head.byteLength < layout.headerBytes) refuse('it ends inside its ELF header');
  const type = head.getUint16(E_TYPE, true);
  const table = address(head, layout.phoff, layout.address);
  const count = headerCount(file, head, layout);
  if (count === 0) return { type, bits, programHeaders: [] };
  const entryBytes = head.getUint16(layout.phentsize, true);
  if (entryBytes !== layout.entryBytes) {
    refuse(`e_phentsize is ${entryBytes}, must be ${layout.entryBytes}`);
  }
  if (count > MOST_HEADERS) refuse(`it has ${count} program headers, at most ${MOST_HEADERS} fit`);
  const entries = view(file, table, count * entryBytes);
  if (entries.byteLength < count * entryBytes) {
    const size = formatBytes(file.bytes);
    refuse(`${count} program headers at ${hex0x(table)} leave the file, which has ${size}`);
  }
  const programHeaders = Array.from({ length: count }, (_, index) =>
    readProgramHeader(file, entries, index, layout),
  );
  return { type, bits, programHeaders };
}

/** The pieces of memory that the file holds: its PT_LOAD headers of at least one byte. */
export function loadHeaders(headers: ElfHeaders): ProgramHeader[] {
  return headers.programHeaders.filter(
    (header) => header.type === SegmentType.LOAD && header.memoryBytes > 0,
  );
}

type Layout = (typeof LAYOUTS)[32 | 64];

function headerCount(file: ByteFile, head: DataView, layout: Layout): number {
  const count = head.getUint16(layout.phnum, true);
  if (count !== PN_XNUM) return count;
  const section = view(file, address(head, layout.shoff, layout.address), layout.shInfo + 4);
  return section.byteLength < layout.shInfo + 4 ? count : section.getUint32(layout.shInfo, true);
}

function readProgramHeader(
  file: ByteFile,
  entries: DataView,
  index: number,
  layout: Layout,
): ProgramHeader {
  const at = index * layout.entryBytes;
  const [offset, virtual, physical, fileBytes, memoryBytes] = layout.fields.map((field) =>
    address(entries, at + field, layout.address),
  ) as [number, number, number, number, number];
  const kept = Math.max(0, Math.min(fileBytes, file.bytes - offset));
  return {
    index,
    type: entries.getUint32(at, true),
    fileOffset: offset,
    virtualAddress: virtual,
    physicalAddress: physical,
    fileBytes: kept,
    // A note has no size in memory, and QEMU leaves the field 0.
    memoryBytes: Math.max(memoryBytes, fileBytes),
    missingBytes: fileBytes - kept,
  };
}

/** The number of `bytes` bytes at `at`; above 2^53 it is only known to be large. */
function address(from: DataView, at: number, bytes: number): number {
  const low = from.getUint32(at, true);
  return bytes === 4 ? low : from.getUint32(at + 4, true) * 2 ** 32 + low;
}

/** The bytes from `at` on, fewer at the end of the file. */
function view(file: ByteFile, at: number, bytes: number): DataView {
  const available = Math.max(0, Math.min(bytes, file.bytes - at));
  const data = new Uint8Array(available);
  return new DataView(data.buffer, 0, file.read(at, data));
}
