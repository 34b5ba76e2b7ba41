import { defineConfig, type Plugin } from 'vite';

/**
 * The worker reads what was dropped, and the page builds layouts: what builds them would be in the
 * site a second time, since a worker shares nothing with its page.
 */
const layoutsInThePage: Plugin = {
  name: 'layouts-in-the-page',
  enforce: 'pre',
  load(id) {
    const builder = /\/src\/source\/(layout-source|log-tables)\.ts$/.exec(id)?.[1];
    if (builder === undefined) return null;
    const name = builder === 'log-tables' ? 'openLogTables' : 'openLayout';
    return `export function ${name}() { throw new Error('layouts are built in the page'); }`;
  },
};

// The lab is a static site: its addresses are relative, so that it works from any path.
export default defineConfig({
  root: 'lab',
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // Without Node's condition a package gives its portable build; see vite.config.ts.
  resolve: { conditions: ['module', 'browser', 'default'] },
  server: { host: '127.0.0.1', fs: { allow: ['..'] } },
  worker: { format: 'es', plugins: () => [layoutsInThePage] },
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
