/**
 * Tables as a relocatable ELF object for Arm (System V ABI; ELF for the Arm Architecture): one
 * section, and symbols for tables and registers. It has no relocations: the words are those of the
 * layout, so that the linker script has to put the section where the layout says.
 *
 *     ELF header │ .pagewright_tables │ .symtab │ .strtab │ .shstrtab │ section headers
 */
import { roundUp } from '../base/index.js';
import type { Build } from './build.js';
import { TABLES_SECTION } from './emit-source.js';
import { registerValues, TABLES_ALIGNMENT, tableParts } from './listing.js';

const HEADER_BYTES = 52;
const SECTION_HEADER_BYTES = 40;
const SYMBOL_BYTES = 16;
const EABI_VERSION_5 = 0x0500_0000;

const ET_REL = 1;
const EM_ARM = 40;
const SHT = { NULL: 0, PROGBITS: 1, SYMTAB: 2, STRTAB: 3 } as const;
const SHF_WRITE = 1;
const SHF_ALLOC = 2;
const SHN_ABS = 0xfff1;
const TABLES_INDEX = 1;
const STRINGS_INDEX = 3;
const NAMES_INDEX = 4;
/** STB_GLOBAL with STT_NOTYPE and with STT_OBJECT. */
const GLOBAL_VALUE = 0x10;
const GLOBAL_OBJECT = 0x11;

/** One symbol of the object. */
interface ObjectSymbol {
  readonly name: string;
  readonly value: number;
  readonly bytes: number;
  readonly info: number;
  readonly section: number;
}

/** Strings of a string table, each found by its offset. */
class StringTable {
  private text = '\0';

  add(name: string): number {
    const at = this.text.length;
    this.text += `${name}\0`;
    return at;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.text, (letter) => letter.charCodeAt(0));
  }
}

/** The object file of a build: the same build gives the same bytes. */
export function emitObject(build: Build): Uint8Array {
  const strings = new StringTable();
  const names = new StringTable();
  const symbols = symbolTable(symbolsOf(build), strings);
  const { words } = build.image;
  const tables = new Uint8Array(words.byteLength);
  const view = new DataView(tables.buffer);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word, true);
  const contents: readonly SectionContent[] = [
    { name: '', type: SHT.NULL, flags: 0, bytes: new Uint8Array(0), alignment: 0 },
    {
      name: TABLES_SECTION,
      type: SHT.PROGBITS,
      flags: SHF_WRITE | SHF_ALLOC,
      bytes: tables,
      alignment: TABLES_ALIGNMENT,
    },
    // The one local symbol is the empty one: `info` is the number of the first global.
    {
      name: '.symtab',
      type: SHT.SYMTAB,
      flags: 0,
      bytes: symbols,
      alignment: 4,
      link: STRINGS_INDEX,
      info: 1,
      entryBytes: SYMBOL_BYTES,
    },
    { name: '.strtab', type: SHT.STRTAB, flags: 0, bytes: strings.bytes(), alignment: 1 },
  ];
  const headers = contents.map((content) => names.add(content.name));
  const namesName = names.add('.shstrtab');
  const nameBytes = {
    name: '.shstrtab',
    type: SHT.STRTAB,
    flags: 0,
    bytes: names.bytes(),
    alignment: 1,
  };
  return assemble([...contents, nameBytes], [...headers, namesName]);
}

/** One section, and what its header says of it. */
interface SectionContent {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
  readonly alignment: number;
  readonly link?: number;
  readonly info?: number;
  readonly entryBytes?: number;
}

function symbolsOf(build: Build): ObjectSymbol[] {
  const { words, base } = build.image;
  const object = (name: string, at: number, count: number): ObjectSymbol => ({
    name,
    value: at * 4,
    bytes: count * 4,
    info: GLOBAL_OBJECT,
    section: TABLES_INDEX,
  });
  const value = (name: string, number: number): ObjectSymbol => ({
    name: `pagewright_${name}`,
    value: number,
    bytes: 0,
    info: GLOBAL_VALUE,
    section: SHN_ABS,
  });
  return [
    object('pagewright_tables', 0, words.length),
    ...tableParts(build).map(({ symbol, at, words: count }) => object(symbol, at, count)),
    ...registerValues(build).map(([name, number]) => value(name, number)),
    value('tables_base', base),
    value('tables_bytes', words.byteLength),
  ];
}

function symbolTable(symbols: readonly ObjectSymbol[], strings: StringTable): Uint8Array {
  const bytes = new Uint8Array((symbols.length + 1) * SYMBOL_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, symbol] of symbols.entries()) {
    const at = (index + 1) * SYMBOL_BYTES;
    view.setUint32(at, strings.add(symbol.name), true);
    view.setUint32(at + 4, symbol.value, true);
    view.setUint32(at + 8, symbol.bytes, true);
    view.setUint8(at + 12, symbol.info);
    view.setUint16(at + 14, symbol.section, true);
  }
  return bytes;
}

/** Header, contents and section headers in one file. */
function assemble(sections: readonly SectionContent[], names: readonly number[]): Uint8Array {
  const places: number[] = [];
  let end = HEADER_BYTES;
  for (const { bytes } of sections) {
    end = roundUp(end, 4);
    places.push(bytes.length === 0 ? 0 : end);
    end += bytes.length;
  }
  const headersAt = roundUp(end, 4);
  const file = new Uint8Array(headersAt + sections.length * SECTION_HEADER_BYTES);
  const view = new DataView(file.buffer);
  writeHeader(view, headersAt, sections.length);
  for (const [index, section] of sections.entries()) {
    const place = places[index] ?? 0;
    file.set(section.bytes, place);
    const fields = [
      names[index] ?? 0,
      section.type,
      section.flags,
      0,
      place,
      section.bytes.length,
      section.link ?? 0,
      section.info ?? 0,
      section.alignment,
      section.entryBytes ?? 0,
    ];
    const at = headersAt + index * SECTION_HEADER_BYTES;
    for (const [field, number] of fields.entries()) view.setUint32(at + field * 4, number, true);
  }
  return file;
}

function writeHeader(view: DataView, headersAt: number, sections: number): void {
  view.setUint32(0, 0x7f45_4c46);
  // 32 bits, little-endian, version 1.
  for (const [at, byte] of [1, 1, 1].entries()) view.setUint8(4 + at, byte);
  view.setUint16(16, ET_REL, true);
  view.setUint16(18, EM_ARM, true);
  view.setUint32(20, 1, true);
  view.setUint32(32, headersAt, true);
  view.setUint32(36, EABI_VERSION_5, true);
  view.setUint16(40, HEADER_BYTES, true);
  view.setUint16(46, SECTION_HEADER_BYTES, true);
  view.setUint16(48, sections, true);
  view.setUint16(50, NAMES_INDEX, true);
}
