/** Files that were dropped or opened: their content tells what they are. */

import { formatBytes, VmError } from '../../src/base/index.js';
import { isSnapshot } from '../../src/inspect/index.js';
import { subjectOfLayout } from './layout-file.js';
import { subjectOfSnapshot } from './snapshot-file.js';
import type { Subject } from './subject.js';

const LARGEST_TEXT_BYTES = 64 * 2 ** 20;

/**
 * The subject in a file.
 *
 * Errors: SOURCE_ERR_FORMAT — its content does not tell what it is. SOURCE_ERR_READ — it is too large,
 * or cannot be read. Those of the format that it is in.
 */
export async function readFile(file: File): Promise<Subject> {
  if (file.size > LARGEST_TEXT_BYTES) {
    const most = formatBytes(LARGEST_TEXT_BYTES);
    throw new VmError(
      'SOURCE_ERR_READ',
      `${file.name} has ${formatBytes(file.size)}; at most ${most} are read`,
    );
  }
  const text = await textOf(file);
  if (isSnapshot(text)) {
    return subjectOfSnapshot(text, { title: file.name, word: `snap:${file.name}` });
  }
  if (/\.(?:ya?ml|csv|c|h)$/i.test(file.name)) return subjectOfLayout(text, file.name, file.name);
  throw new VmError(
    'SOURCE_ERR_FORMAT',
    `${file.name} (${formatBytes(file.size)}) does not tell what it is: drop a snapshot, or a layout that ends in .yaml or .csv`,
  );
}

async function textOf(file: File): Promise<string> {
  try {
    return await file.text();
  } catch {
    throw new VmError('SOURCE_ERR_READ', `${file.name} cannot be read: is it a folder, or gone?`);
  }
}
