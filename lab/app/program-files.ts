/**
 * The programs that scenarios of this page may spawn domains from: those that come with the lab or are
 * served with it, and dropped ones.
 */

import helloUrl from '../../examples/programs/hello.elf?url';
import sortUrl from '../../examples/programs/sort.elf?url';
import treeUrl from '../../examples/programs/tree.elf?url';
import { VmError } from '../../src/base/index.js';
import type { FileReader } from '../../src/scenario/index.js';
import { servedPrograms } from './served-source.js';

const BUILT_IN: Readonly<Record<string, string>> = {
  'hello.elf': helloUrl,
  'sort.elf': sortUrl,
  'tree.elf': treeUrl,
};

/**
 * Reads the programs that `scenario` names, by the last part of their paths: from `dropped` first, then
 * from what is served with the page, and from what comes with the lab.
 */
export async function programFiles(
  scenario: string,
  dropped: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<FileReader> {
  const files = new Map<string, Uint8Array>();
  for (const [name, url] of Object.entries(BUILT_IN)) {
    if (!scenario.includes(name)) continue;
    const response = await fetch(url);
    if (response.ok) files.set(name, new Uint8Array(await response.arrayBuffer()));
  }
  for (const [path, content] of [...(await servedPrograms()), ...dropped])
    files.set(baseName(path), content);
  return (path) => {
    const found = files.get(baseName(path));
    if (found !== undefined) return found;
    const remedy = 'drop the program on the page together with the scenario';
    throw new VmError('SOURCE_ERR_READ', `${path} is not here: ${remedy}`);
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
