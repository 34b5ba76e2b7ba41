import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Build, buildLayout, type Layout, parseLayout } from '../../src/layout/index.js';

const FOLDER = fileURLToPath(new URL('../../examples/layouts/', import.meta.url));

/** The layouts in examples/layouts, by the names of their files without the ending. */
export const EXAMPLE_LAYOUTS: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace(/\.yaml$/, ''))
  .toSorted();

/** A layout of examples/layouts. */
export function exampleLayout(name: string): Layout {
  const text = readFileSync(`${FOLDER}${name}.yaml`, 'utf8');
  return parseLayout(text, `${name}.yaml`, (path) => readFileSync(FOLDER + path));
}

const builds = new Map<string, Build>();

/** The tables of a layout of examples/layouts, built once. */
export function exampleBuild(name: string): Build {
  const build = builds.get(name) ?? buildLayout(exampleLayout(name));
  builds.set(name, build);
  return build;
}

/** A layout from its text, which names no program. */
export function layoutOf(text: string, file = 'board.yaml'): Layout {
  return parseLayout(text, file, (path) => {
    throw new Error(`nobody asked for ${path}`);
  });
}
