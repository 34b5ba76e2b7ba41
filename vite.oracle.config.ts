import { defineConfig } from 'vite';

// The oracle's command is built in one piece, as the library is: our side of it has to keep up with
// QEMU.
export default defineConfig({
  build: {
    ssr: true,
    target: 'node20',
    outDir: '.cache/oracle',
    emptyOutDir: true,
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: { run: 'test/oracle/run.ts' },
      output: { entryFileNames: '[name].js', codeSplitting: false },
    },
  },
});
