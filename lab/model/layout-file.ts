/** Layouts as subjects: the tables are built in the page, as `pagewright build` builds them. */

import { VmError } from '../../src/base/index.js';
import { type Build, buildLayout, readLayout } from '../../src/layout/index.js';
import { type LayoutText, Subject } from './subject.js';

/** Where the tables of a file lie that does not say it. */
const IMPORTED_TABLES = 0x8000_4000;

/**
 * The tables of the layout in `text`, which the command line would find at `path`; `programs` are the
 * files that came with it, by name.
 *
 * Errors: those of {@link buildText}.
 */
export function subjectOfLayout(
  text: string,
  path: string,
  title: string,
  programs: ReadonlyMap<string, Uint8Array> = new Map(),
): Subject {
  const layout = { text, path, programs };
  return subjectOfBuild(buildText(layout), layout, title);
}

/**
 * The build of a layout as it is written.
 *
 * Errors: those of `readLayout` and `buildLayout`; SOURCE_ERR_READ — it names a program that did not
 * come with it.
 */
export function buildText({ text, path, programs }: LayoutText): Build {
  const findProgram = (program: string): Uint8Array => {
    const last = program.split('/').at(-1);
    const found = [...programs].find(([name]) => name.split('/').at(-1) === last);
    if (found !== undefined) return found[1];
    throw new VmError(
      'SOURCE_ERR_READ',
      `${path} names the program ${program}, and a page can read no file that it was not given: ` +
        'drop both together',
    );
  };
  return buildLayout(readLayout(text, path, findProgram, { tables: IMPORTED_TABLES }));
}

/** What was built, as a subject. */
export function subjectOfBuild(build: Build, layout: LayoutText, title: string): Subject {
  return new Subject({
    title,
    about: build.layout.title,
    input: build.space.input,
    names: build.names.ranges,
    provenance: { source: `layout:${layout.path}` },
    layout,
    locate: (va) => {
      const region = build.regions.find((each) => va >= each.va && va < each.va + each.bytes);
      return region?.from ?? { file: layout.path };
    },
  });
}
