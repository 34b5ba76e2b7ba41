/** The one door to every source: its word in, an address space out. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { VmError } from '../base/index.js';
import type { AddressSpaceSource } from './address-space-source.js';
import { openByteFile, STDIN, unreadable } from './disk-file.js';
import { openArchive, openFile } from './open-file.js';
import { readContext, type SourceOptions } from './source-options.js';
import { parseSourceWord } from './source-word.js';
import { isTableArchive, readTableArchive } from './tables-source.js';

const LARGEST_PROGRAM_BYTES = 64 * 2 ** 20;

/**
 * Opens the source that `text` names: `elf:firmware.elf#MMUTable`, `core:vmcore`,
 * `ram:dump.bin@0x60000000`, `lime:memory.lime`, `tables:directory`, `snap:state.json`, `layout:board.yaml`, `log:boot.txt`,
 * `gdb:host:port`, `qmp:/path.sock`; a file's prefix may be left out where its content tells, and
 * `-` is standard input. Of a live target the tables are read at once, and it is left as it was
 * found.
 *
 * Errors: SOURCE_ERR_WORD — the word is not a source. SOURCE_ERR_READ — a file cannot be read.
 * SOURCE_ERR_FORMAT — a file is not what it is named as, or its content does not tell what it is.
 * SOURCE_ERR_SYMBOL — the program has no such table. SOURCE_ERR_REGISTER — a register's value is not
 * possible. ELF_ERR_SECTION — a section header is not possible. LAYOUT_ERR_… — the layout cannot be
 * built. SOURCE_ERR_TARGET_CONNECT, _LOST,
 * _TIMEOUT, _PROTOCOL, _ABILITY — a live target is not there, went away, does not answer, answers
 * nonsense, or cannot do what is needed.
 */
export async function openSource(
  text: string,
  options: SourceOptions = {},
): Promise<AddressSpaceSource> {
  const word = parseSourceWord(text);
  const context = await readContext(word, options);
  const isQmp = word.kind === 'qmp' || (word.kind === undefined && isSocket(word.place));
  if (isQmp || word.kind === 'gdb') {
    // Most sources are files, and start the sooner without what speaks to targets.
    const { openGdb, openQmp } = await import('./live-source.js');
    return isQmp ? openQmp(context) : openGdb(context);
  }
  if (word.kind === 'tables' || (word.kind === undefined && isTableArchive(word.place))) {
    return openArchive(context, await readTableArchive(word.place));
  }
  const folder = word.place === STDIN ? '.' : dirname(word.place);
  const file = await openByteFile(word.place);
  return openFile(context, file, (path) => readProgram(join(folder, path)));
}

function isSocket(path: string): boolean {
  return path !== STDIN && existsSync(path) && statSync(path).isSocket();
}

/** The program that a layout names. */
function readProgram(path: string): Uint8Array {
  try {
    if (statSync(path).size <= LARGEST_PROGRAM_BYTES) return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new VmError('SOURCE_ERR_READ', `${path} is larger than a program of a layout may be`);
}
