/** The files that are given beside a source, from the disk: registers and names. */

import type { NamedRange } from '../inspect/index.js';
import type { ByteFile } from './byte-file.js';
import { openByteFile } from './disk-file.js';
import { namesIn } from './names-file.js';
import type { GivenRegister } from './register-banks.js';
import { registersIn } from './register-file.js';

/**
 * The registers in the file at `path`; `-` is standard input. `origin` is what their origin is
 * called.
 *
 * Errors: SOURCE_ERR_READ — it cannot be read. Those of {@link registersIn}.
 */
export async function readRegisterFile(path: string, origin = path): Promise<GivenRegister[]> {
  return readFile(path, (file) => registersIn(file, origin));
}

/**
 * The names in the file at `path`, of any kind that {@link namesIn} knows.
 *
 * Errors: SOURCE_ERR_READ — it cannot be read. Those of {@link namesIn}.
 */
export async function readNames(path: string): Promise<NamedRange[]> {
  return readFile(path, namesIn);
}

async function readFile<Content>(
  path: string,
  read: (file: ByteFile) => Content,
): Promise<Content> {
  const file = await openByteFile(path);
  try {
    return read(file);
  } finally {
    file.close();
  }
}
