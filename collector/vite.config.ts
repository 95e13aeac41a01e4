// Builds the embedded page into dist/page, beside the code that serves it.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('src/web/page', import.meta.url)),
  // Relative addresses, so that the page works behind any path.
  base: './',
  publicDir: false,
  // Said here too, or a NODE_ENV from outside (a test run sets one) builds the larger development form.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: fileURLToPath(new URL('dist/page', import.meta.url)),
    emptyOutDir: true,
    // The first browsers with light-dark(), which the style sheet is written in.
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    // The content security policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
