/** Layouts as a source: the tables that they describe are built, and read like all others. */

import { buildLayout, type Layout, parseLayout } from '../layout/index.js';
import type { TableSource } from './address-space-source.js';
import { type ByteFile, readWhole } from './byte-file.js';
import { rangesText } from './source-memory.js';
import type { FileContext } from './source-options.js';
import type { SourceKind } from './source-word.js';
import { makeTableSource } from './table-source.js';
import { WordMemory } from './word-memory.js';

const LARGEST_LAYOUT_BYTES = 4 * 2 ** 20;

/**
 * Reads a program that a layout names, by its path relative to the layout.
 *
 * Errors: SOURCE_ERR_READ — it cannot be read.
 */
export type ProgramReader = (path: string) => Uint8Array;

/**
 * The tables of the layout in `file`, as its build makes them.
 *
 * Errors: those of `parseLayout` and `buildLayout`; SOURCE_ERR_READ — a program that it names cannot
 * be read.
 */
export function openLayout(
  context: FileContext,
  file: ByteFile,
  readProgram: ProgramReader,
): TableSource {
  const text = new TextDecoder().decode(readWhole(file, LARGEST_LAYOUT_BYTES, 'a layout'));
  file.close();
  return sourceOfLayout(context, parseLayout(text, file.name, readProgram), {
    kind: 'layout',
    notes: [],
  });
}

/** The tables of a layout, wherever that is from. Errors: those of `buildLayout`. */
export function sourceOfLayout(
  context: FileContext,
  layout: Layout,
  { kind, notes }: { readonly kind: SourceKind; readonly notes: readonly string[] },
): TableSource {
  const build = buildLayout(layout);
  const { file } = layout;
  const memory = new WordMemory([build.image]);
  return makeTableSource(context, {
    kind,
    memory,
    registers: Object.entries(build.registers).map(([name, value]) => ({
      name,
      value: value as number,
      origin: file,
    })),
    cpuName: build.space.input.profile.name,
    root: undefined,
    coverage: () => `${rangesText(memory.ranges)}: the tables of ${build.regions.length} regions`,
    notes,
    searchable: memory.ranges,
    names: () => build.names.ranges,
    written: (va) => {
      const region = build.regions.find((each) => va >= each.va && va < each.va + each.bytes);
      return region === undefined ? { file } : { file: region.from.file, line: region.from.line };
    },
    load: async () => {},
    close: () => {},
  });
}
