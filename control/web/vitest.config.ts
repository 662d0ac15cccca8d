import { defineConfig } from 'vitest/config';

// Pure logic only, in Node; what needs a browser is tests/system/dashboard_test.py.
export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  test: { include: ['src/**/*.test.ts'], setupFiles: ['src/style/without_browser.ts'], css: false, pool: 'threads', poolOptions: { threads: { singleThread: true } } },
});
