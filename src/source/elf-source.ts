/**
 * A program with its translation tables inside: firmware that carries a static table (`MMUTable` of
 * a vendor's start-up code), or an object file of tables. Segments lie at their `p_paddr`.
 */

import { formatBytes, hex0x, parseBytes, VmError } from '../base/index.js';
import {
  type ElfSection,
  type ElfSymbol,
  findSymbol,
  readSections,
  readSymbols,
} from '../domain/elf-sections.js';
import type { NamedRange } from '../inspect/index.js';
import type { ByteFile } from './byte-file.js';
import { cpuNameOf } from './elf-attributes.js';
import { ElfFileReader } from './elf-file-reader.js';
import { ElfType, loadHeaders, readElfHeaders } from './elf-headers.js';
import { type Extent, PhysicalImage } from './physical-image.js';

/** The root table that a program holds. */
export interface ElfRoot {
  /** The symbol or section. */
  readonly name: string;
  readonly pa: number;
  /** Why this one. */
  readonly origin: string;
}

/** A program as a source. */
export interface ElfProgram {
  readonly image: PhysicalImage;
  readonly root: ElfRoot | undefined;
  /** What `Tag_CPU_name` says. */
  readonly cpuName: string | undefined;
  /** Its sections and symbols, read at each call. */
  names(): NamedRange[];
}

/** Names that root tables go by, so that they need not be named. */
const KNOWN_TABLES: readonly string[] = [
  'MMUTable', // Xilinx and AMD Zynq
  'pagewright_l1',
  'mmu_table',
  'page_table',
  'translation_table',
  'ttb',
  'TTB',
  'TranslationTable', // CMSIS
  'l1_page_table', // Zephyr
  '__l1_page_table',
];

const ROOT_BYTES = 16 * 1024;
/** More segments than any program has; they are compared with each other. */
const MOST_PIECES = 2048;
/** More symbols than the largest kernel has. */
const MOST_NAMES = 2 ** 19;
const SHF_ALLOC = 2;
const SHT_REL = 9;
const SHT_RELA = 4;
const SHT_NOBITS = 8;
const SHT_ARM_ATTRIBUTES = 0x7000_0003;
/** From here on `st_shndx` names no section: absolute and common symbols. */
const SHN_LORESERVE = 0xff00;
const LARGEST_ATTRIBUTES = 65_536;

/** A piece of the file with its address at run time, and where it is to lie in physical memory. */
interface Piece extends Extent {
  readonly virtualAddress: number;
}

/**
 * The program in `file`.
 *
 * @param symbol the symbol or section of the root table; without it a table with a well-known name
 *   is taken, if there is exactly one.
 * @param address where `symbol` lies in physical memory; the program is moved there as a whole.
 *
 * Errors: SOURCE_ERR_FORMAT — no ELF file of 32-bit Arm, a core, or an object file without an
 * address for its table, or with relocations to apply. SOURCE_ERR_SYMBOL — no such symbol or
 * section, or the file has no bytes for it. ELF_ERR_SECTION — a section header or the symbol table is
 * not possible.
 */
export function readElfProgram(
  file: ByteFile,
  symbol: string | undefined,
  address: number | undefined,
): ElfProgram {
  const headers = readElfHeaders(file);
  const refuse = (message: string): never => {
    throw new VmError('SOURCE_ERR_FORMAT', `${file.name}: ${message}`);
  };
  if (headers.type === ElfType.CORE) refuse(`it is a core file: name it core:${file.name}`);
  if (headers.bits === 64) refuse('its headers are 64-bit, which only core files may have');
  const reader = new ElfFileReader(file);
  const sections = readSections(reader);
  const program = { file, reader, sections };
  const wanted = symbol === undefined ? undefined : findPlace(program, symbol);
  const loads = loadHeaders(headers).map((load): Piece => {
    const { fileOffset, fileBytes, virtualAddress } = load;
    return {
      pa: load.physicalAddress,
      bytes: load.memoryBytes,
      fileOffset,
      fileBytes,
      virtualAddress,
    };
  });
  let pieces: readonly Piece[];
  if (headers.type === ElfType.REL) {
    if (wanted === undefined || address === undefined) {
      const form = `elf:${file.name}#${symbol ?? 'SYMBOL'}@0x100000`;
      return refuse(`an object file has no addresses yet: say where its table will lie, ${form}`);
    }
    pieces = [objectPiece(program, wanted)];
  } else pieces = loads.length > 0 ? loads : sections.flatMap(sectionPiece);
  if (pieces.length > MOST_PIECES) {
    refuse(`it has ${pieces.length} segments or sections to load, at most ${MOST_PIECES} are read`);
  }
  if (address !== undefined && wanted === undefined) {
    refuse('an address after @ says where the symbol after # lies: name one');
  }
  if (address !== undefined && wanted !== undefined) {
    pieces = moved(pieces, address - wanted.address);
  }
  const root =
    wanted === undefined
      ? knownRoot(program, pieces)
      : { name: wanted.name, pa: physicalPlace(program, pieces, wanted), origin: wanted.origin };
  return {
    image: new PhysicalImage(file, [...pieces, ...runTimePieces(pieces)]),
    root,
    cpuName: cpuName(program),
    names: () => namesOf(program),
  };
}

/** The sections and symbols of the ELF file `file`, as names of virtual addresses. */
export function readElfNames(file: ByteFile): NamedRange[] {
  readElfHeaders(file);
  const reader = new ElfFileReader(file);
  return namesOf({ file, reader, sections: readSections(reader) });
}

interface Program {
  readonly file: ByteFile;
  readonly reader: ElfFileReader;
  readonly sections: readonly ElfSection[];
}

/** A symbol or a section as a place for a table. */
interface Place {
  readonly name: string;
  /** Virtual; in an object file the offset in the section. */
  readonly address: number;
  /** The number of the section, SHN_LORESERVE or more if in none. */
  readonly section: number;
  readonly origin: string;
}

/** The place that `name` names: a symbol, a section, or so many bytes behind one: `tables+16K`. */
function findPlace(program: Program, name: string): Place {
  const place = placeNamed(program, name);
  if (place !== undefined) return place;
  const [, base = '', size = ''] = /^(.+)\+(.+)$/s.exec(name) ?? [];
  const home = base === '' ? undefined : placeNamed(program, base);
  const bytes = parseBytes(size);
  if (home !== undefined && bytes !== undefined) {
    return { ...home, name, address: home.address + bytes, origin: `${home.origin}+${size}` };
  }
  const is = `${program.file.name} has no symbol or section ${name}`;
  throw new VmError('SOURCE_ERR_SYMBOL', `${is}; ${likelyText(program)}`);
}

function placeNamed({ reader, sections }: Program, name: string): Place | undefined {
  const symbol = findSymbol(reader, sections, name);
  if (symbol !== undefined) return symbolPlace(symbol, `symbol ${name}`);
  const index = sections.findIndex((section) => section.name === name);
  const section = sections[index];
  if (section === undefined) return undefined;
  return { name, address: section.address, section: index, origin: `section ${name}` };
}

function symbolPlace(symbol: ElfSymbol, origin: string): Place {
  const { name, address, section } = symbol;
  return { name, address, section, origin };
}

/** The symbols that might be root tables, for the person who named another. */
function likelyText(program: Program): string {
  const likely: string[] = [];
  for (const symbol of readSymbols(program.reader, program.sections)) {
    if (symbol.bytes === ROOT_BYTES || KNOWN_TABLES.includes(symbol.name)) likely.push(symbol.name);
    if (likely.length >= 8) break;
  }
  if (likely.length === 0) return 'it has no object of 16 KiB, the size of a root table';
  return `of the size or the name of a root table are ${likely.join(', ')}`;
}

/** The one table of a well-known name that lies in the file and is aligned as a root table is. */
function knownRoot(program: Program, pieces: readonly Piece[]): ElfRoot | undefined {
  const roots: ElfRoot[] = [];
  for (const name of KNOWN_TABLES) {
    const symbol = findSymbol(program.reader, program.sections, name);
    const home = symbol && homeOf(pieces, symbol.address);
    if (symbol === undefined || home === undefined) continue;
    const offset = symbol.address - home.virtualAddress;
    if ((home.pa + offset) % ROOT_BYTES !== 0 || offset >= home.fileBytes) continue;
    roots.push({ name, pa: home.pa + offset, origin: `symbol ${name}, by its name` });
  }
  return roots.length === 1 ? roots[0] : undefined;
}

function homeOf(pieces: readonly Piece[], address: number): Piece | undefined {
  return pieces.find(
    (piece) => address >= piece.virtualAddress && address < piece.virtualAddress + piece.bytes,
  );
}

/** The physical address of `place`, whose bytes have to be in the file. */
function physicalPlace(program: Program, pieces: readonly Piece[], place: Place): number {
  const { file, sections } = program;
  const refuse = (message: string): never => {
    throw new VmError('SOURCE_ERR_SYMBOL', `${file.name}: ${place.name} ${message}`);
  };
  const section = sections[place.section];
  const empty = 'which is zero in the file and filled at run time: read it from a dump or a target';
  if (section?.type === SHT_NOBITS) refuse(`lies in ${section.name}, ${empty}`);
  const home = homeOf(pieces, place.address);
  if (home === undefined) {
    return refuse(`at ${hex0x(place.address)} lies in no segment of the file`);
  }
  const offset = place.address - home.virtualAddress;
  if (offset >= home.fileBytes) refuse(`lies behind the bytes of its segment, ${empty}`);
  return home.pa + offset;
}

/** Sections of a program without segments, by their address. */
function sectionPiece(section: ElfSection): Piece[] {
  if ((section.flags & SHF_ALLOC) === 0) return [];
  const { fileOffset, bytes, address } = section;
  const fileBytes = section.type === SHT_NOBITS ? 0 : bytes;
  return [{ pa: address, virtualAddress: address, bytes, fileOffset, fileBytes }];
}

/** The section of an object file that holds `place`; its words have to be final. */
function objectPiece(program: Program, place: Place): Piece {
  const { file, sections } = program;
  const section = sections[place.section];
  if (section === undefined) {
    throw new VmError('SOURCE_ERR_SYMBOL', `${file.name}: ${place.name} lies in no section`);
  }
  const relocations = sections.find(
    ({ type, info }) => (type === SHT_REL || type === SHT_RELA) && info === place.section,
  );
  if (relocations !== undefined) {
    const text = `${section.name} has relocations (${relocations.name}), so its entries are not final`;
    throw new VmError('SOURCE_ERR_FORMAT', `${file.name}: ${text}: link the object first`);
  }
  const { fileOffset, bytes } = section;
  const fileBytes = section.type === SHT_NOBITS ? 0 : bytes;
  return { pa: 0, virtualAddress: section.address, bytes, fileOffset, fileBytes };
}

/** `pieces` by their virtual addresses, moved by `distance`. */
function moved(pieces: readonly Piece[], distance: number): Piece[] {
  return pieces.map((piece) => ({ ...piece, pa: piece.virtualAddress + distance }));
}

/**
 * Data that the program's start copies to where it runs is read there as well, where nothing else
 * lies: the entries of a table hold the addresses of run time.
 */
function runTimePieces(pieces: readonly Piece[]): Extent[] {
  return pieces
    .map((piece) => ({ ...piece, pa: piece.virtualAddress }))
    .filter((copy) => !pieces.some((piece) => overlap(piece, copy)));
}

function overlap(left: Extent, right: Extent): boolean {
  return left.pa < right.pa + right.bytes && right.pa < left.pa + left.bytes;
}

function cpuName(program: Program): string | undefined {
  const section = program.sections.find(({ type }) => type === SHT_ARM_ATTRIBUTES);
  if (section === undefined || section.bytes > LARGEST_ATTRIBUTES) return undefined;
  return cpuNameOf(program.reader.slice(section.fileOffset, section.bytes));
}

function namesOf(program: Program): NamedRange[] {
  const { file, reader, sections } = program;
  const names: NamedRange[] = [];
  const add = (role: NamedRange['role'], name: string, base: number, bytes: number): void => {
    names.push({ name, base, bytes, space: 'virtual', role, origin: file.name });
  };
  for (const section of sections) {
    if ((section.flags & SHF_ALLOC) === 0 || section.bytes === 0) continue;
    add('region', section.name, section.address, section.bytes);
  }
  for (const symbol of readSymbols(reader, sections)) {
    if (symbol.section >= SHN_LORESERVE) continue;
    if (names.length >= MOST_NAMES) {
      const limit = `${MOST_NAMES} names, of ${formatBytes(file.bytes)}`;
      throw new VmError('SOURCE_ERR_FORMAT', `${file.name} has more than ${limit}`);
    }
    add('symbol', symbol.name, symbol.address, Math.max(1, symbol.bytes));
  }
  return names;
}
