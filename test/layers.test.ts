import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FileUse, readUse, sourceFiles, useOf } from './support/imports.js';

/** A room imports only from itself and from rooms above it in this list. */
const ROOMS = [
  'base',
  'format',
  'machine',
  'kernel',
  'domain',
  'inspect',
  'layout',
  'scenario',
  'source',
  'live',
  'cli',
];
const NODE_ROOMS = new Set(['source', 'live', 'cli']);

/** The library's front door may open every room that runs in a browser. */
const FRONT_DOOR = 'src/index.ts';
const FRONT_DOOR_LEVEL = ROOMS.indexOf('scenario');

type Uses = ReadonlyMap<string, FileUse>;

/** The rules that `uses` breaks, one line each; a relative import is checked to lead to a file. */
function violations(uses: Uses): string[] {
  const found: string[] = [];
  for (const [file, use] of uses) {
    const room = roomOf(file);
    const level = file === FRONT_DOOR ? FRONT_DOOR_LEVEL : ROOMS.indexOf(room);
    if (level < 0) {
      found.push(`${file}: '${room}' is not a room`);
      continue;
    }
    for (const specifier of use.specifiers) {
      if (specifier.startsWith('node:')) {
        if (!NODE_ROOMS.has(room))
          found.push(`${file}: only source, live and cli import ${specifier}`);
      } else if (specifier.startsWith('.')) {
        const target = resolve(file, specifier);
        if (!uses.has(target)) {
          found.push(`${file}: '${specifier}' leads to no file under src`);
        } else if (target === FRONT_DOOR || ROOMS.indexOf(roomOf(target)) > level) {
          found.push(`${file}: a room below it or the front door: ${target}`);
        }
      } else if (specifier.startsWith('/') || specifier.startsWith('pagewright')) {
        found.push(`${file}: write a relative path for '${specifier}'`);
      }
    }
    if (!NODE_ROOMS.has(room)) {
      for (const name of use.nodeGlobals) {
        found.push(`${file}: only source, live and cli use Node's ${name}`);
      }
    }
  }
  return found;
}

/** Import cycles between files (types count too), each as the files on the way round. */
function cycles(uses: Uses): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(' → '));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const specifier of uses.get(file)?.specifiers ?? []) {
      if (specifier.startsWith('.')) visit(resolve(file, specifier));
    }
    path.pop();
    done.add(file);
  };
  for (const file of uses.keys()) visit(file);
  return found;
}

/** Whether `file` can run in a browser: whether it and all that it loads do without Node. */
function isPortable(uses: Uses, file: string, seen = new Set<string>()): boolean {
  if (seen.has(file)) return true;
  seen.add(file);
  const use = uses.get(file);
  if (use === undefined || use.nodeGlobals.length > 0) return false;
  return use.loaded.every((specifier) => {
    if (specifier.startsWith('node:')) return false;
    return !specifier.startsWith('.') || isPortable(uses, resolve(file, specifier), seen);
  });
}

function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function resolve(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}

function sources(files: Record<string, string>): Uses {
  return new Map(Object.entries(files).map(([file, text]) => [file, useOf(file, text)]));
}

describe('the rooms of src', () => {
  const uses: Uses = new Map(sourceFiles('src').map((file) => [file, readUse(file)]));

  it('are there to be checked', () => {
    expect(uses.has('src/cli/main.ts')).toBe(true);
    expect([...uses.values()].some((use) => use.specifiers.length > 0)).toBe(true);
  });

  it('import only from themselves and from rooms above', () => {
    expect(violations(uses)).toEqual([]);
  });

  it('have no import cycle between files', () => {
    expect(cycles(uses)).toEqual([]);
  });
});

describe('the readers of files', () => {
  const uses: Uses = new Map(sourceFiles('src').map((file) => [file, readUse(file)]));

  it.each(['open-file', 'tables-archive', 'layout-source', 'names-file', 'register-file'])(
    'of %s run in a browser',
    (name) => {
      expect(isPortable(uses, `src/source/${name}.ts`)).toBe(true);
    },
  );
});

if (existsSync('lab')) {
  describe('the lab', () => {
    const uses: Uses = new Map(sourceFiles('src').map((file) => [file, readUse(file)]));

    it('imports only itself, packages and what runs in a browser', () => {
      const files = sourceFiles('lab');
      expect(files).not.toEqual([]);
      const wrong = files.flatMap((file) =>
        readUse(file)
          .loaded.filter((specifier) => specifier.startsWith('.'))
          // An example, as a text or as a file, is data, whichever folder it lies in.
          .filter((specifier) => !/\?(?:raw|url)$/.test(specifier))
          .map((specifier) => resolve(file, specifier))
          .filter((target) => !target.startsWith('lab/'))
          .filter((target) => roomOf(target) === 'cli' || !isPortable(uses, target))
          .map((target) => `${file}: ${target}`),
      );
      expect(wrong).toEqual([]);
    });
  });
}

describe('the rule itself', () => {
  it.each([
    ['an import', "import { a } from '../kernel/b.js';"],
    ['a type import', "import type { a } from '../kernel/b.js';"],
    ['a re-export', "export * from '../kernel/b.js';"],
    ['a named re-export', "export { a } from '../kernel/b.js';"],
    ['a dynamic import', "await import('../kernel/b.js');"],
    ['an import type', "export type A = import('../kernel/b.js').A;"],
  ])('sees %s of a room below', (_name, text) => {
    const uses = sources({ 'src/format/a.ts': text, 'src/kernel/b.ts': '' });
    expect(violations(uses)).toEqual([
      'src/format/a.ts: a room below it or the front door: src/kernel/b.ts',
    ]);
  });

  it.each([
    ["import 'node:fs';", 'import node:fs'],
    ['process.exit(1);', "use Node's process"],
    ['export const a = Buffer.from([]);', "use Node's Buffer"],
  ])('keeps %s out of the other rooms', (text, words) => {
    expect(violations(sources({ 'src/inspect/a.ts': text }))).toEqual([
      `src/inspect/a.ts: only source, live and cli ${words}`,
    ]);
    expect(violations(sources({ 'src/source/a.ts': text }))).toEqual([]);
  });

  it('lets a file have its own process', () => {
    const text = 'export const f = (process: { Buffer: number }) => process.Buffer;';
    expect(violations(sources({ 'src/domain/a.ts': text }))).toEqual([]);
  });

  it.each([
    ['../../lab/a.js', 'leads to no file under src'],
    ['../nowhere/a.js', 'leads to no file under src'],
    ['pagewright/format', 'write a relative path'],
  ])('refuses %s', (specifier, words) => {
    const uses = sources({ 'src/cli/a.ts': `import '${specifier}';` });
    expect(violations(uses).join()).toContain(words);
  });

  it.each([
    ["import type { b } from './b.js';", true],
    ["import { b } from './b.js';", false],
    ["export const a = await import('./b.js');", false],
    ['export const a = process;', false],
  ])('tells whether %s runs in a browser', (text, portable) => {
    const uses = sources({ 'src/source/a.ts': text, 'src/source/b.ts': "import 'node:fs';" });
    expect(isPortable(uses, 'src/source/a.ts')).toBe(portable);
  });

  it('finds a cycle', () => {
    const uses = sources({
      'src/base/a.ts': "import './b.js';",
      'src/base/b.ts': "import type { A } from './a.js';",
    });
    expect(cycles(uses)).toEqual(['src/base/a.ts → src/base/b.ts → src/base/a.ts']);
  });
});
