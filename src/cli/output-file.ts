/** Files that a command writes: whole, or not at all. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { VmError } from '../base/index.js';

/**
 * Writes `content` into the file at `path`. What was there stays until all of it is written.
 * Error: `SOURCE_ERR_WRITE` it cannot be written.
 */
export function writeWholeFile(path: string, content: string | Uint8Array): void {
  try {
    // A device or a pipe, such as /dev/stdout, cannot be replaced.
    if (existsSync(path) && !statSync(path).isFile()) {
      writeFileSync(path, content);
      return;
    }
    const draft = `${path}.${process.pid}.tmp`;
    try {
      writeDraft(draft, content);
      renameSync(draft, path);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function writeDraft(path: string, content: string | Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Makes a folder and those that lead to it. (Node's own way never ends below `/proc`.)
 * Error: `SOURCE_ERR_WRITE` it cannot be made.
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): VmError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new VmError('SOURCE_ERR_WRITE', `${path} cannot be written: ${REASONS[code] ?? message}`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder is not there',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be written',
  ENOSPC: 'no space is left',
  ENAMETOOLONG: 'its name is too long',
};
