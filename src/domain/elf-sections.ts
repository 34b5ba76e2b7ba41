/**
 * Section headers and symbols of an ELF file. Nothing in memory depends on them; they are names for
 * what is there.
 */

import { hex0x, type VirtualAddress, virtualAddress } from '../base/addresses.js';
import type { ElfReader } from './elf-reader.js';

/** A section header. */
export interface ElfSection {
  readonly name: string;
  /** `sh_type`. */
  readonly type: number;
  /** `sh_flags`. */
  readonly flags: number;
  readonly address: VirtualAddress;
  readonly fileOffset: number;
  /** Size in memory; also in the file, unless the type is SHT_NOBITS. */
  readonly bytes: number;
  /** `sh_link`: for a symbol table the number of the section that holds its names. */
  readonly link: number;
  /** `sh_info`: for relocations the number of the section that they change. */
  readonly info: number;
  /** `sh_entsize`. */
  readonly entryBytes: number;
}

/** A name for an address. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: VirtualAddress;
  readonly bytes: number;
  /** Whether it is a function in Thumb code: bit 0 of its value, which `address` does not hold. */
  readonly thumb: boolean;
  /** `st_shndx`: the section that it lies in, in an object file the one that `address` counts from. */
  readonly section: number;
}

const E_SHOFF = 32;
const E_SHENTSIZE = 46;
const E_SHNUM = 48;
const E_SHSTRNDX = 50;

const HEADER_BYTES = 40;
const SH_TYPE = 4;
const SH_FLAGS = 8;
const SH_ADDR = 12;
const SH_OFFSET = 16;
const SH_SIZE = 20;
const SH_LINK = 24;
const SH_INFO = 28;
const SH_ENTSIZE = 36;
const SHT_NULL = 0;
const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const SHT_NOBITS = 8;
const SHT_DYNSYM = 11;
const SHN_UNDEF = 0;
/** Longest name that is read: 65,535 sections may share one string as long as the file. */
const NAME_BYTES = 256;

const SYMBOL_BYTES = 16;
const ST_VALUE = 4;
const ST_SIZE = 8;
const ST_INFO = 12;
const ST_SHNDX = 14;
const STT_FUNC = 2;
const STT_SECTION = 3;
const STT_FILE = 4;
/** How much a binding counts: STB_LOCAL, STB_GLOBAL, STB_WEAK. */
const BINDING_RANK = [1, 3, 2];

/**
 * The section headers of `file`, whose ELF header is known to be there.
 *
 * @throws VmError ELF_ERR_SECTION: a section header, or the table of them, is not possible
 */
export function readSections(file: ElfReader): ElfSection[] {
  const table = file.word(E_SHOFF);
  const count = file.half(E_SHNUM);
  if (count === 0) return [];
  const entryBytes = file.half(E_SHENTSIZE);
  if (entryBytes !== HEADER_BYTES) {
    const want = `must be ${HEADER_BYTES}, the size of an ELF32 section header`;
    file.refuse('ELF_ERR_SECTION', E_SHENTSIZE, `e_shentsize is ${entryBytes}, ${want}`);
  }
  const what = `${count} section headers`;
  file.checkRange('ELF_ERR_SECTION', E_SHOFF, what, table, count * HEADER_BYTES);
  const sections = Array.from({ length: count }, (_, index) =>
    readSection(file, table + index * HEADER_BYTES, index),
  );
  const namesAt = file.half(E_SHSTRNDX);
  if (namesAt === SHN_UNDEF) return sections;
  const names = stringTable(file, sections, namesAt, E_SHSTRNDX, 'e_shstrndx');
  return sections.map((section, index) => {
    if (section.type === SHT_NULL) return section;
    return { ...section, name: sectionName(file, names, table + index * HEADER_BYTES, index) };
  });
}

/**
 * The symbol called `name` in .symtab, else in .dynsym: global before weak before local.
 *
 * @throws VmError ELF_ERR_SECTION: the symbol table, or a name in it, is not possible
 */
export function findSymbol(
  file: ElfReader,
  sections: readonly ElfSection[],
  name: string,
): ElfSymbol | undefined {
  for (const type of [SHT_SYMTAB, SHT_DYNSYM]) {
    const index = sections.findIndex((section) => section.type === type);
    const found = index < 0 ? undefined : findInTable(file, sections, index, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Every named symbol that the file defines, in file order: those of .symtab, else of .dynsym. The
 * mapping symbols of the Arm ABI (`$a`, `$d`, `$t`) are left out.
 *
 * @throws VmError ELF_ERR_SECTION: the symbol table, or a name in it, is not possible
 */
export function* readSymbols(
  file: ElfReader,
  sections: readonly ElfSection[],
): Generator<ElfSymbol> {
  const index = [SHT_SYMTAB, SHT_DYNSYM]
    .map((type) => sections.findIndex((section) => section.type === type))
    .find((found) => found >= 0);
  if (index === undefined) return;
  for (const { at, names, nameOffset } of definedSymbols(file, sections, index)) {
    const limit = Math.min(names.bytes - nameOffset, NAME_BYTES);
    const name = limit > 0 ? file.text(names.fileOffset + nameOffset, limit) : undefined;
    if (name !== undefined && name !== '' && !name.startsWith('$'))
      yield readSymbol(file, at, name);
  }
}

/** The section header `at`, without its name. */
function readSection(file: ElfReader, at: number, index: number): ElfSection {
  const section = {
    name: '',
    type: file.word(at + SH_TYPE),
    flags: file.word(at + SH_FLAGS),
    address: virtualAddress(file.word(at + SH_ADDR)),
    fileOffset: file.word(at + SH_OFFSET),
    bytes: file.word(at + SH_SIZE),
    link: file.word(at + SH_LINK),
    info: file.word(at + SH_INFO),
    entryBytes: file.word(at + SH_ENTSIZE),
  };
  if (section.type !== SHT_NULL && section.type !== SHT_NOBITS) {
    const { fileOffset, bytes } = section;
    file.checkRange('ELF_ERR_SECTION', at + SH_OFFSET, `section ${index}`, fileOffset, bytes);
  }
  return section;
}

/** The string table that the field `at` names by its section number. */
function stringTable(
  file: ElfReader,
  sections: readonly ElfSection[],
  number: number,
  at: number,
  field: string,
): ElfSection {
  const section = sections[number];
  if (section?.type === SHT_STRTAB) return section;
  const is = section === undefined ? `${sections.length} exist` : `its type is ${section.type}`;
  const want = `must be a string table (type ${SHT_STRTAB})`;
  return file.refuse('ELF_ERR_SECTION', at, `${field} names section ${number}: ${is}, ${want}`);
}

/** The name of section `index`, whose header lies `at`. */
function sectionName(file: ElfReader, names: ElfSection, at: number, index: number): string {
  const offset = file.word(at);
  const limit = Math.min(names.bytes - offset, NAME_BYTES);
  const name = limit > 0 ? file.text(names.fileOffset + offset, limit) : undefined;
  if (name !== undefined) return name;
  const where = `sh_name of section ${index} is ${hex0x(offset)}`;
  const want = `must start a string of less than ${NAME_BYTES} in ${hex0x(names.bytes)} bytes of names`;
  return file.refuse('ELF_ERR_SECTION', at, `${where}, ${want}`);
}

/** The symbol called `name` in the symbol table that section `index` is. */
function findInTable(
  file: ElfReader,
  sections: readonly ElfSection[],
  index: number,
  name: string,
): ElfSymbol | undefined {
  let best: number | undefined;
  let bestRank = 0;
  for (const { at, names, nameOffset } of definedSymbols(file, sections, index)) {
    const rank = BINDING_RANK[file.byte(at + ST_INFO) >>> 4] ?? 0;
    if (rank <= bestRank || !isCalled(file, names, nameOffset, name)) continue;
    best = at;
    bestRank = rank;
  }
  return best === undefined ? undefined : readSymbol(file, best, name);
}

/** A symbol that is defined, and neither a section nor a file: where it is, where its name. */
interface SymbolPlace {
  readonly at: number;
  readonly names: ElfSection;
  readonly nameOffset: number;
}

/** The symbols of the symbol table that section `index` is. */
function* definedSymbols(
  file: ElfReader,
  sections: readonly ElfSection[],
  index: number,
): Generator<SymbolPlace> {
  const { fileOffset, bytes, link, entryBytes } = sections[index];
  const header = file.word(E_SHOFF) + index * HEADER_BYTES;
  if (entryBytes !== SYMBOL_BYTES || bytes % SYMBOL_BYTES !== 0) {
    const sizes = `${hex0x(bytes)} bytes of entries of ${entryBytes}`;
    const want = `must be whole entries of ${SYMBOL_BYTES}`;
    file.refuse('ELF_ERR_SECTION', header + SH_ENTSIZE, `section ${index}: ${sizes}, ${want}`);
  }
  const names = stringTable(file, sections, link, header + SH_LINK, 'sh_link');
  for (let at = fileOffset; at < fileOffset + bytes; at += SYMBOL_BYTES) {
    const nameOffset = file.word(at);
    if (nameOffset > 0 && nameOffset >= names.bytes) {
      const limit = `the ${hex0x(names.bytes)} bytes of names`;
      file.refuse('ELF_ERR_SECTION', at, `st_name is ${hex0x(nameOffset)}, must lie in ${limit}`);
    }
    const kind = file.byte(at + ST_INFO) & 15;
    if (kind === STT_SECTION || kind === STT_FILE) continue;
    if (file.half(at + ST_SHNDX) === SHN_UNDEF) continue;
    yield { at, names, nameOffset };
  }
}

/** The symbol `at`, called `name`. */
function readSymbol(file: ElfReader, at: number, name: string): ElfSymbol {
  const value = file.word(at + ST_VALUE);
  const thumb = (file.byte(at + ST_INFO) & 15) === STT_FUNC && value % 2 === 1;
  const address = virtualAddress(thumb ? value - 1 : value);
  const section = file.half(at + ST_SHNDX);
  return { name, address, bytes: file.word(at + ST_SIZE), thumb, section };
}

/** Whether the string at `offset` of `names` is `name`, byte by byte; a name beyond ASCII never is. */
function isCalled(file: ElfReader, names: ElfSection, offset: number, name: string): boolean {
  if (name.length >= names.bytes - offset) return false;
  const start = names.fileOffset + offset;
  for (let index = 0; index < name.length; index += 1) {
    if (file.byte(start + index) !== name.charCodeAt(index)) return false;
  }
  return file.byte(start + name.length) === 0;
}
