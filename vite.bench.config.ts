import { defineConfig } from 'vite';

// Benches are built as the library is, in one piece: what is measured is what is shipped. (Imports
// between separate modules cost V8 a look-up each time a constant is used.)
export default defineConfig(({ mode }) => ({
  ssr: { external: ['koffi'] },
  build: {
    ssr: true,
    target: 'node20',
    outDir: '.cache/bench',
    emptyOutDir: true,
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      // `--mode live` builds the figures of the live machine, which need QEMU, instead of the others.
      input: mode === 'live' ? { live: 'bench/live-figures.ts' } : { run: 'bench/run.ts' },
      // `const` stays `const`: V8 folds those, and not what a bundler has made `var` of them.
      output: { entryFileNames: '[name].js', codeSplitting: false, topLevelVar: false },
    },
  },
}));
