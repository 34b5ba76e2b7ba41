import { defineConfig } from 'vite';

// The lab is a static site: its addresses are relative, so that it works from any path.
export default defineConfig({
  root: 'lab',
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // Without Node's condition a package gives its portable build; see vite.config.ts.
  resolve: { conditions: ['module', 'browser', 'default'] },
  server: { host: '127.0.0.1', fs: { allow: ['..'] } },
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: '../dist/lab',
    emptyOutDir: true,
    reportCompressedSize: false,
    // A test holds the size of the whole site.
    chunkSizeWarningLimit: 1000,
    // Everything is a file of its own: what the page may load is said by its Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
