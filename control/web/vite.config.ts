// The build: one page, its script and style, a worker and two fonts; names carry a hash of the content, so that the control
// process can let browsers keep them for ever.
import { defineConfig } from 'vite';

export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    outDir: process.env.SPANLIGHT_WEB_OUT ?? 'dist',
    emptyOutDir: true,
    target: ['chrome111', 'firefox113'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rollupOptions: { output: { hashCharacters: 'hex' } },
  },
  worker: { format: 'es', rollupOptions: { output: { hashCharacters: 'hex' } } },
});
