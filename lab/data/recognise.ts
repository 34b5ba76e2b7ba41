/** What a file is, by its first bytes; its name decides only between texts. */

import { isSnapshot } from '../../src/inspect/index.js';
import { isScenarioText } from '../../src/scenario/scenario-text.js';
import { LIME_MAGIC } from '../../src/source/dump-sources.js';
import { ELF_MAGIC } from '../../src/source/elf-headers.js';
import { parseLog } from '../../src/source/log-source.js';
import { parseRegisterName } from '../../src/source/register-banks.js';
import { ARCHIVE_FILES } from '../../src/source/tables-archive.js';

/** The kinds of files that the lab reads. */
export type FileKind =
  | 'elf'
  | 'lime'
  | 'snapshot'
  | 'log'
  | 'layout'
  | 'scenario'
  | 'trace'
  | 'registers'
  | 'archive-index'
  | 'zip'
  | 'gzip'
  /** Nothing that tells what it is: raw memory, if anything. */
  | 'memory';

/** Bytes that are looked at. */
export const HEAD_BYTES = 64 * 1024;

const ZIP_MAGIC = 0x0403_4b50;
const GZIP_MAGIC = 0x8b1f;

/** What the file called `name` is that begins with `head`. */
export function recognise(name: string, head: Uint8Array): FileKind {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const magic = head.length < 4 ? 0 : view.getUint32(0, true);
  if (magic === ELF_MAGIC) return 'elf';
  if (magic === LIME_MAGIC) return 'lime';
  if (magic === ZIP_MAGIC) return 'zip';
  if (head.length >= 2 && view.getUint16(0, true) === GZIP_MAGIC) return 'gzip';
  if (head.length === 0 || head.some(isBinary)) return 'memory';
  return recogniseText(name, new TextDecoder().decode(head));
}

/** Whether no text has the byte: controls other than tab, line and page ends, and escape. */
function isBinary(byte: number): boolean {
  return byte < 32 && byte !== 27 && (byte < 9 || byte > 13);
}

/** A line of valgrind's `lackey --trace-mem=yes`, of a trace by hand, or the word before page numbers. */
const TRACE_LINE =
  /^(?:I {2}| [LSM] )[0-9a-f]+,\d+\s*$|^pages\s*$|^[rwx] +(?:0x)?[0-9a-f_]+(?:,\d+)?\s*$/im;
const LAYOUT_KEY = /^(?:regions|mmu|tables|memories|programs):/m;
const REGISTER_LINE = /^\s*["']?([A-Za-z][A-Za-z0-9_]*)["']?\s*[=:]/gm;

function recogniseText(name: string, text: string): FileKind {
  const [file = ''] = name.split('/').slice(-1);
  if (isSnapshot(text)) return 'snapshot';
  if (file === ARCHIVE_FILES.index || (/^\s*\{/.test(text) && /"frames"\s*:\s*\[/.test(text))) {
    return 'archive-index';
  }
  if (isScenarioText(text)) return 'scenario';
  if (LAYOUT_KEY.test(text)) return 'layout';
  if (parseLog(text).length > 0) return 'log';
  if (TRACE_LINE.test(text)) return 'trace';
  if (registersIn(text) > 0 && !/\.(?:ya?ml|csv|c|h)$/i.test(file)) return 'registers';
  if (/\.(?:ya?ml|csv|c|h)$/i.test(file)) return 'layout';
  return /\.(?:trace|lackey)$/i.test(file) ? 'trace' : 'memory';
}

/** How many translation registers a text gives a value. */
function registersIn(text: string): number {
  let found = 0;
  for (const [, register] of text.matchAll(REGISTER_LINE)) {
    if (parseRegisterName(register as string) !== undefined) found += 1;
  }
  return found;
}
