import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds a running Parlor. */
const server = process.env['PARLOR_URL'] ?? 'http://127.0.0.1:8000';

/** Parlor refuses what comes from pages of another address, so the pages of `npm run dev` speak in its own name. */
const behind = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  // Assets are found beside one another; in the page the server makes its addresses absolute, wherever the site is.
  base: './',
  plugins: [svelte()],
  build: {
    target: 'es2022',
    sourcemap: false,
    // The content policy forbids inline code and data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': behind,
      '/media': behind,
      '/ws': { ...behind, ws: true },
    },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
