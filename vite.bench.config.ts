import { defineConfig } from 'vite';

const FIGURES: Readonly<Record<string, Record<string, string>>> = {
  live: { live: 'bench/live-figures.ts' },
  lab: { lab: 'bench/lab-figures.ts' },
};

// Benches are built as the library is, in one piece: what is measured is what is shipped. (Imports
// between separate modules cost V8 a look-up each time a constant is used.)
export default defineConfig(({ mode }) => ({
  ssr: { external: ['koffi', 'playwright-core'] },
  build: {
    ssr: true,
    target: 'node20',
    outDir: '.cache/bench',
    emptyOutDir: true,
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      // `--mode live` builds the figures of the live machine, which need QEMU, instead of the others;
      // `--mode lab` those of the lab, which need Chromium.
      input: FIGURES[mode] ?? { run: 'bench/run.ts' },
      // `const` stays `const`: V8 folds those, and not what a bundler has made `var` of them.
      output: { entryFileNames: '[name].js', codeSplitting: false, topLevelVar: false },
    },
  },
}));
