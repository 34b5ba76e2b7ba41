/** A layout while it is written: what it builds, or what is wrong with it and where. */

import { PAGE_BYTES, VmError } from '../../src/base/index.js';
import { emitYaml } from '../../src/layout/emit-layout.js';
import {
  type Build,
  buildLayout,
  type FileProblem,
  type LayoutFailure,
  type LayoutHint,
  layoutKind,
  layoutOfSpace,
  type Placement,
} from '../../src/layout/index.js';
import { YamlFile } from '../../src/layout/yaml-tree.js';
import { buildText } from './layout-file.js';
import type { LayoutText, Subject } from './subject.js';

/** What came of a draft. */
export interface Draft {
  readonly build: Build | undefined;
  readonly problems: readonly FileProblem[];
  /** Where the regions are of a layout that cannot be built. */
  readonly placement: Placement | undefined;
}

/** Builds a draft; what is wrong with it is told, not thrown. */
export function buildDraft(layout: LayoutText): Draft {
  try {
    return { build: buildText(layout), problems: [], placement: undefined };
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    const { problems, placement } = failureOf(error, layout);
    return { build: undefined, problems, placement };
  }
}

function failureOf(error: VmError, { text, path }: LayoutText): Omit<Draft, 'build'> {
  const lines = text.split('\n');
  const problemAt = (line: number, message: string): FileProblem => {
    const source = lines[line - 1] ?? '';
    return { file: path, line, column: Math.max(1, source.search(/\S/) + 1), message, source };
  };
  const evidence = error.evidence as readonly FileProblem[] | LayoutFailure | undefined;
  if (evidence === undefined) {
    return { problems: [problemAt(1, error.message)], placement: undefined };
  }
  if ('placement' in evidence) {
    const problems = evidence.problems.map(({ from, message }) => problemAt(from.line, message));
    return { problems, placement: evidence.placement };
  }
  return { problems: evidence, placement: undefined };
}

/** The layout of a subject as a layout file: as it was written, or made of a list of regions. */
export function layoutFileOf({ layout }: Subject): string {
  if (layout === undefined) return '';
  return layoutKind(layout.text) === 'yaml' ? layout.text : emitYaml(buildText(layout));
}

/** A layout, and what of the tables it does not say. */
export interface WrittenDown {
  readonly text: string;
  readonly notes: readonly string[];
}

/**
 * The tables of a subject written down as a layout.
 *
 * Errors: those of `buildLayout` — no layout can say what they do.
 */
export function writtenDown({ regions, names, provenance }: Subject): WrittenDown {
  const { layout, notes } = layoutOfSpace(regions, names, provenance.source);
  return { text: emitYaml(buildLayout(layout)), notes };
}

const CODES = { syntax: 'LAYOUT_ERR_SYNTAX', limit: 'LAYOUT_ERR_LIMIT' } as const;

/**
 * The text with a hint followed; undefined where its value stands nowhere in the text. A hint is of the
 * last text that could be built: since then the text may have become none that can be read.
 */
export function withHint(text: string, { region, key, value }: LayoutHint): string | undefined {
  const file = readable(text);
  if (file === undefined) return undefined;
  const { regions } = file.value as { readonly regions?: readonly Record<string, unknown>[] };
  const index = regions?.findIndex(({ name }) => name === region) ?? -1;
  if (index < 0 || regions?.[index]?.[key] === undefined) return undefined;
  const { line, column } = file.problem(['regions', index, key], '');
  const lines = text.split('\n');
  const before = lines[line - 1] ?? '';
  const after = before.slice(column - 1).replace(/^[^\s,}#]+/, value);
  lines[line - 1] = before.slice(0, column - 1) + after;
  return lines.join('\n');
}

function readable(text: string): YamlFile | undefined {
  try {
    return new YamlFile('layout', text, CODES);
  } catch (error) {
    if (error instanceof VmError) return undefined;
    throw error;
  }
}

/** The hints of a build one after the other, with room for the page in between. */
export async function* hintsInSlices(hints: Iterator<LayoutHint>): AsyncGenerator<LayoutHint> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve));
    const next = hints.next();
    if (next.done === true) return;
    yield next.value;
  }
}

/** The run of pages of a region of a build, by its name. */
export function runOfRegion(
  { regions }: Build,
  name: string,
): { readonly page: number; readonly pages: number } | undefined {
  const found = regions.find((region) => region.name === name);
  return found && { page: found.va / PAGE_BYTES, pages: found.bytes / PAGE_BYTES };
}
