/** Layouts as a source: the tables that they describe are built, and read like all others. */

import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { VmError } from '../base/index.js';
import { buildLayout, parseLayout } from '../layout/index.js';
import type { TableSource } from './address-space-source.js';
import { type ByteFile, readWhole, STDIN, unreadable } from './byte-file.js';
import { rangesText } from './source-memory.js';
import type { SourceContext } from './source-options.js';
import { makeTableSource } from './table-source.js';
import { WordMemory } from './word-memory.js';

const LARGEST_LAYOUT_BYTES = 4 * 2 ** 20;
const LARGEST_PROGRAM_BYTES = 64 * 2 ** 20;

/**
 * The tables of the layout in `file`, as its build makes them.
 *
 * Errors: those of `parseLayout` and `buildLayout`; SOURCE_ERR_READ — a program that it names cannot
 * be read.
 */
export function openLayout(context: SourceContext, file: ByteFile): TableSource {
  const text = new TextDecoder().decode(readWhole(file, LARGEST_LAYOUT_BYTES, 'a layout'));
  const folder = file.name === STDIN ? '.' : dirname(file.name);
  file.close();
  const layout = parseLayout(text, file.name, (path) => readProgram(join(folder, path)));
  const build = buildLayout(layout);
  const memory = new WordMemory([build.image]);
  return makeTableSource(context, {
    kind: 'layout',
    memory,
    registers: Object.entries(build.registers).map(([name, value]) => ({
      name,
      value: value as number,
      origin: file.name,
    })),
    cpuName: build.space.input.profile.name,
    root: undefined,
    coverage: `${rangesText(memory.ranges)}: the tables of ${build.regions.length} regions`,
    notes: [],
    searchable: memory.ranges,
    names: () => build.names.ranges,
    load: async () => {},
    close: () => {},
  });
}

function readProgram(path: string): Uint8Array {
  try {
    if (statSync(path).size <= LARGEST_PROGRAM_BYTES) return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new VmError('SOURCE_ERR_READ', `${path} is larger than a program of a layout may be`);
}
