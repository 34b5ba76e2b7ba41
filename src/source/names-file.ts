/** Files that name addresses: what they are is told by their content. */

import { VmError } from '../base/index.js';
import type { NamedRange } from '../inspect/index.js';
import { type ByteFile, readWhole } from './byte-file.js';
import { DEVICETREE_MAGIC, parseDevicetree } from './devicetree-names.js';
import { ELF_MAGIC } from './elf-headers.js';
import { readElfNames } from './elf-source.js';
import { parseSvd } from './svd-names.js';
import { isMemoryTree, parseMemoryTree, parseNameLines } from './text-names.js';

const LARGEST_BYTES = 32 * 2 ** 20;

/**
 * The names in `file`: the sections and symbols of an ELF file, the peripherals of a CMSIS-SVD file,
 * the nodes of a devicetree blob, QEMU's `info mtree -f`, `System.map`, or lines
 * `ADDRESS..LAST NAME`.
 *
 * Errors: SOURCE_ERR_READ — it cannot be read. SOURCE_ERR_FORMAT — it is none of these.
 * ELF_ERR_SECTION — a section header or the symbol table of an ELF file is not possible.
 */
export function namesIn(file: ByteFile): NamedRange[] {
  const head = new DataView(new ArrayBuffer(4));
  file.read(0, new Uint8Array(head.buffer));
  if (head.getUint32(0, true) === ELF_MAGIC) return readElfNames(file);
  const content = readWhole(file, LARGEST_BYTES, 'a file of names');
  if (head.getUint32(0) === DEVICETREE_MAGIC) return parseDevicetree(content, file.name);
  // Descriptions in an SVD file may be in any encoding: its names and numbers are ASCII.
  const text = new TextDecoder().decode(content);
  if (/^\uFEFF?\s*</.test(text)) return parseSvd(text, file.name);
  if (isMemoryTree(text)) return parseMemoryTree(text, file.name);
  if (text.includes('\ufffd')) {
    throw new VmError('SOURCE_ERR_FORMAT', `${file.name}: not a text in UTF-8`);
  }
  return parseNameLines(text, file.name);
}
