import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const ROOMS = [
  'format',
  'machine',
  'kernel',
  'domain',
  'inspect',
  'layout',
  'scenario',
  'source',
  'live',
] as const;

/** Output path under dist/ (no extension) → source file. `tsc -b` writes the declarations. */
const entries: Record<string, string> = {
  'bin/pagewright': 'src/cli/main.ts',
  index: 'src/index.ts',
};
for (const room of ROOMS) {
  const file = `src/${room}/index.ts`;
  if (existsSync(file)) entries[`${room}/index`] = file;
}

const executableBin: Plugin = {
  name: 'executable-bin',
  writeBundle(options) {
    chmodSync(join(options.dir ?? 'dist', 'bin/pagewright.js'), 0o755);
  },
};

// The command and the library are one build: packages are bundled, so that an
// installed pagewright has no dependency, and both share their code in chunks/.
export default defineConfig({
  plugins: [executableBin],
  ssr: {
    noExternal: true,
    // Optional, and with a part for each platform: who wants it installs it.
    external: ['koffi'],
    // Without Node's condition a package gives its portable build: yaml's Node build
    // requires `process` and would keep dist/layout out of a browser.
    resolve: { conditions: ['module', 'default'] },
  },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist',
    emptyOutDir: false, // tsc's declarations are there
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: entries,
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'chunks/[name].js',
        // `const` stays `const`: V8 folds those, and not what a bundler has made `var` of them.
        topLevelVar: false,
        // Most commands read tables. What proves a pmap needs domain and kernel, reading programs does
        // not: each in a piece of its own, so that `show` need not load what it does not use.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'elf', test: /src\/domain\/elf/ },
            { name: 'verify', test: /src\/inspect\/(?:verify|machine-space)\.ts$/ },
          ],
        },
      },
    },
  },
});
