import { defineConfig } from 'vitest/config';
import react from '@vitejs/plugin-react';

// `npm run dev` shows the page of a control server that runs elsewhere on this machine.
const control = process.env.TOCSIN_CONTROL ?? 'http://127.0.0.1:8080';
const proxied = ['/api', '/auth', '/stream', '/health'];

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // Every asset is a file of its own: the content security policy allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        manualChunks(id) {
          if (
            /node_modules\/(react|react-dom|scheduler|react-router|react-router-dom|@remix-run)\//.test(
              id,
            )
          )
            return 'react';
          if (/node_modules\/(@mui|@emotion|stylis|@popperjs|react-transition-group)\//.test(id))
            return 'material';
          if (/node_modules\/(maplibre-gl|pmtiles|@mapbox|@maplibre|pbf|fflate)\//.test(id))
            return 'maplibre';
          return undefined;
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: control, ws: true }])),
  },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'] },
});
