/** Files that a command writes: whole, or not at all. */
import {
  closeSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { VmError } from '../base/index.js';

/**
 * Writes `text` into the file at `path`. What was there stays until all of it is written.
 * Error: `SOURCE_ERR_WRITE` it cannot be written.
 */
export function writeWholeFile(path: string, text: string): void {
  const known = statSync(path, { throwIfNoEntry: false });
  try {
    // A device or a pipe, such as /dev/stdout, cannot be replaced.
    if (known !== undefined && !known.isFile()) {
      writeFileSync(path, text);
      return;
    }
    const draft = `${path}.${process.pid}.tmp`;
    try {
      writeDraft(draft, text);
      renameSync(draft, path);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new VmError('SOURCE_ERR_WRITE', `${path} cannot be written: ${reason}`);
  }
}

function writeDraft(path: string, text: string): void {
  const file = openSync(path, 'w');
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
