/**
 * Static ARM executables (ELF32, little-endian): what a loader has to put into memory, taken from a
 * file that may lie. Every number is checked against the file and the 4 GiB of addresses before it is
 * used, so that time and memory are bounded by the size of the file, whatever it says.
 *
 * System V ABI, chapters 4 and 5; "ELF for the Arm Architecture" for entry, flags and symbols.
 */

import { hex0x, isPowerOfTwo, type VirtualAddress, virtualAddress } from '../base/addresses.js';
import { ElfArrayReader, type ElfReader } from './elf-reader.js';
import { type ElfSection, type ElfSymbol, findSymbol, readSections } from './elf-sections.js';

export type { ElfSection, ElfSymbol };

/** A static executable; addresses are those of the file. */
export interface ElfImage {
  /** The file that was parsed. */
  readonly file: Uint8Array;
  /** Where the program starts. */
  readonly entry: VirtualAddress;
  /** Whether it starts in Thumb state: bit 0 of `e_entry`, which `entry` does not hold. */
  readonly thumb: boolean;
  /** Whether it is a static PIE, which may be moved as a whole and relocates itself. */
  readonly positionIndependent: boolean;
  /** `e_flags`. */
  readonly flags: number;
  /** Version of the Arm EABI, 5 from every current toolchain: bits 31..24 of the flags. */
  readonly eabiVersion: number;
  /** What has to be in memory: the PT_LOAD headers of at least one byte, by address, disjoint. */
  readonly segments: readonly ElfSegment[];
  /** Section headers in file order, the empty one at 0 included; none in a stripped file. */
  readonly sections: readonly ElfSection[];
  /**
   * The symbol called `name` in .symtab, else in .dynsym: global before weak before local. The file
   * is read at each call.
   *
   * @throws VmError ELF_ERR_SECTION: the symbol table, or a name in it, is not possible
   */
  symbol(name: string): ElfSymbol | undefined;
}

/** What may be done with a range of memory. */
export interface SegmentRights {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

/** A range of memory with what the file puts there; what follows the file's bytes is zero. */
export interface ElfSegment extends SegmentRights {
  /** The number of its program header. */
  readonly header: number;
  readonly address: VirtualAddress;
  readonly memoryBytes: number;
  readonly fileOffset: number;
  readonly fileBytes: number;
  /** `p_align`, at least 1: address and file offset are alike modulo this. */
  readonly alignment: number;
}

const ADDRESS_SPACE = 2 ** 32;

const HEADER_BYTES = 52;
const E_TYPE = 16;
const E_ENTRY = 24;
const E_PHOFF = 28;
const E_FLAGS = 36;
const E_PHENTSIZE = 42;
const E_PHNUM = 44;
const ET_EXEC = 2;
const ET_DYN = 3;
/** `e_phnum` of a file with more headers than it can say. */
const PN_XNUM = 0xffff;

const PROGRAM_HEADER_BYTES = 32;
const P_OFFSET = 4;
const P_VADDR = 8;
const P_FILESZ = 16;
const P_MEMSZ = 20;
const P_FLAGS = 24;
const P_ALIGN = 28;
const PT_LOAD = 1;
const PT_INTERP = 3;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;

/** Fields of the header that can have only one value: how it is read, where, name, value, meaning. */
const FIXED_FIELDS = [
  ['word', 0, 'the magic number', 0x464c457f, '0x7f "ELF"'],
  ['byte', 4, 'EI_CLASS', 1, 'ELFCLASS32'],
  ['byte', 5, 'EI_DATA', 1, 'ELFDATA2LSB, little-endian'],
  ['byte', 6, 'EI_VERSION', 1, 'EV_CURRENT'],
  ['half', 18, 'e_machine', 40, 'EM_ARM'],
  ['word', 20, 'e_version', 1, 'EV_CURRENT'],
  ['half', 40, 'e_ehsize', HEADER_BYTES, 'the size of an ELF32 header'],
] as const;

/**
 * The executable in `bytes`, which it goes on to refer to.
 *
 * @throws VmError ELF_ERR_HEADER: not the header of a static ARM executable, or its entry lies in no
 *   executable segment
 * @throws VmError ELF_ERR_PROGHDR: a program header, or the table of them, is not possible
 * @throws VmError ELF_ERR_SECTION: a section header, or the table of them, is not possible
 */
export function parseExecutable(bytes: Uint8Array): ElfImage {
  const file = new ElfArrayReader(bytes);
  checkHeader(file);
  const segments = readSegments(file);
  const sections = readSections(file);
  const flags = file.word(E_FLAGS);
  return {
    file: bytes,
    ...readEntry(file, segments),
    positionIndependent: file.half(E_TYPE) === ET_DYN,
    flags,
    eabiVersion: flags >>> 24,
    segments,
    sections,
    symbol: (name) => findSymbol(file, sections, name),
  };
}

/** Checks what the header says by itself. */
function checkHeader(file: ElfReader): void {
  if (file.bytes < HEADER_BYTES) {
    const want = `an ELF header alone has ${HEADER_BYTES}`;
    file.refuse('ELF_ERR_HEADER', file.bytes, `the file has ${file.bytes} bytes, ${want}`);
  }
  for (const [size, at, field, value, meaning] of FIXED_FIELDS) {
    const found = file[size](at);
    if (found === value) continue;
    const want = `${hex0x(value)} (${meaning})`;
    file.refuse('ELF_ERR_HEADER', at, `${field} is ${hex0x(found)}, must be ${want}`);
  }
  const type = file.half(E_TYPE);
  if (type !== ET_EXEC && type !== ET_DYN) {
    const want = `must be ${ET_EXEC} (ET_EXEC), or ${ET_DYN} (ET_DYN) for a static PIE`;
    file.refuse('ELF_ERR_HEADER', E_TYPE, `e_type is ${type}, ${want}`);
  }
}

/** The entry, which has to lie in an executable segment. */
function readEntry(
  file: ElfReader,
  segments: readonly ElfSegment[],
): Pick<ElfImage, 'entry' | 'thumb'> {
  const value = file.word(E_ENTRY);
  if (file.half(E_TYPE) === ET_DYN && value === 0) {
    file.refuse('ELF_ERR_HEADER', E_ENTRY, 'e_entry is 0: a shared library, not an executable');
  }
  const thumb = value % 2 === 1;
  if (!thumb && value % 4 !== 0) {
    const want = 'must be a multiple of 4 (Arm) or odd (Thumb)';
    file.refuse('ELF_ERR_HEADER', E_ENTRY, `e_entry is ${hex0x(value)}, ${want}`);
  }
  const entry = virtualAddress(thumb ? value - 1 : value);
  const home = segments.find(
    (segment) => entry >= segment.address && entry < segment.address + segment.memoryBytes,
  );
  if (home?.executable !== true) {
    const where = home === undefined ? 'in no segment' : `in segment ${home.header}, without PF_X`;
    const want = 'must lie in an executable one';
    file.refuse('ELF_ERR_HEADER', E_ENTRY, `e_entry ${hex0x(entry)} lies ${where}, ${want}`);
  }
  return { entry, thumb };
}

/** The loadable segments by address. */
function readSegments(file: ElfReader): ElfSegment[] {
  const table = file.word(E_PHOFF);
  const count = file.half(E_PHNUM);
  if (count === 0 || count === PN_XNUM) {
    const want = `must be 1 to ${PN_XNUM - 1}`;
    file.refuse('ELF_ERR_PROGHDR', E_PHNUM, `e_phnum is ${count}, ${want}`);
  }
  const size = file.half(E_PHENTSIZE);
  if (size !== PROGRAM_HEADER_BYTES) {
    const want = `must be ${PROGRAM_HEADER_BYTES}, the size of an ELF32 program header`;
    file.refuse('ELF_ERR_PROGHDR', E_PHENTSIZE, `e_phentsize is ${size}, ${want}`);
  }
  file.checkRange('ELF_ERR_PROGHDR', E_PHOFF, `${count} program headers`, table, count * size);
  const segments: ElfSegment[] = [];
  for (let header = 0; header < count; header += 1) {
    const at = table + header * PROGRAM_HEADER_BYTES;
    const type = file.word(at);
    if (type === PT_INTERP) {
      const is = `program header ${header} is PT_INTERP: the program is dynamic`;
      file.refuse('ELF_ERR_PROGHDR', at, `${is}, must be linked with -static`);
    }
    if (type !== PT_LOAD) continue;
    const segment = readSegment(file, header, at);
    if (segment.memoryBytes > 0) segments.push(segment);
  }
  if (segments.length === 0) {
    const is = `none of ${count} program headers is a PT_LOAD of at least one byte`;
    file.refuse('ELF_ERR_PROGHDR', table, is);
  }
  segments.sort((a, b) => a.address - b.address);
  for (const [index, segment] of segments.entries()) {
    const below = segments[index - 1];
    const end = below === undefined ? 0 : below.address + below.memoryBytes;
    if (below === undefined || end <= segment.address) continue;
    const what = `segments ${below.header} and ${segment.header} overlap`;
    const where = `the one ends at ${hex0x(end)}, the other starts at ${hex0x(segment.address)}`;
    const at = table + segment.header * PROGRAM_HEADER_BYTES + P_VADDR;
    file.refuse('ELF_ERR_PROGHDR', at, `${what}: ${where}`);
  }
  return segments;
}

/** The loadable segment whose program header lies `at`. */
function readSegment(file: ElfReader, header: number, at: number): ElfSegment {
  const fileOffset = file.word(at + P_OFFSET);
  const address = file.word(at + P_VADDR);
  const fileBytes = file.word(at + P_FILESZ);
  const memoryBytes = file.word(at + P_MEMSZ);
  const flags = file.word(at + P_FLAGS);
  const alignment = Math.max(1, file.word(at + P_ALIGN));
  const refuse = (field: number, message: string): never =>
    file.refuse('ELF_ERR_PROGHDR', at + field, `segment ${header}: ${message}`);

  file.checkRange('ELF_ERR_PROGHDR', at + P_FILESZ, `segment ${header}`, fileOffset, fileBytes);
  if (fileBytes > memoryBytes) {
    const want = `must be at most p_memsz ${hex0x(memoryBytes)}`;
    refuse(P_FILESZ, `p_filesz is ${hex0x(fileBytes)}, ${want}`);
  }
  if (address + memoryBytes > ADDRESS_SPACE) {
    const want = `at ${hex0x(address)} must be at most ${hex0x(ADDRESS_SPACE - address)}`;
    refuse(P_MEMSZ, `p_memsz is ${hex0x(memoryBytes)}, ${want}`);
  }
  if (!isPowerOfTwo(alignment)) {
    refuse(P_ALIGN, `p_align is ${hex0x(alignment)}, must be 0 or a power of two`);
  }
  // A linker leaves the header of a segment that came to nothing as it is.
  if (memoryBytes > 0 && address % alignment !== fileOffset % alignment) {
    const both = `p_offset ${hex0x(fileOffset)} and p_vaddr ${hex0x(address)}`;
    refuse(P_OFFSET, `${both} must be alike modulo p_align ${hex0x(alignment)}`);
  }
  return {
    header,
    address: virtualAddress(address),
    memoryBytes,
    fileOffset,
    fileBytes,
    alignment,
    readable: (flags & PF_R) !== 0,
    writable: (flags & PF_W) !== 0,
    executable: (flags & PF_X) !== 0,
  };
}
