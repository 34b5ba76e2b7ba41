/** The executables that scenarios name. */
import { formatBytes, VmError } from '../base/index.js';
import { readAtMost } from './input-file.js';

/** Bytes of the largest executable that is read. */
const MOST_PROGRAM_BYTES = 64 * 1024 * 1024;

/** The bytes of the executable at `path`. Errors: `SOURCE_ERR_READ` it cannot be read, or is too large. */
export function readProgram(path: string): Uint8Array {
  const bytes = readAtMost(path, MOST_PROGRAM_BYTES);
  if (bytes.length <= MOST_PROGRAM_BYTES) return bytes;
  const most = formatBytes(MOST_PROGRAM_BYTES);
  throw new VmError('SOURCE_ERR_READ', `${path}: larger than ${most}, the most that is read`);
}
