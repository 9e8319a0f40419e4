import { defineConfig } from "vite";

// `dev.py up --watch` sets it: where the running stack's site answers.
const stack = process.env.SSTECH_SITE_URL;

// What every visit needs goes into one file; the player, the QR code and the account page come when they are wanted.
const WANTED_LATER = /src\/player\/|src\/account\/account-screen|node_modules\/(hls\.js|uqr)\//;

export default defineConfig({
  // The page's own paths only: the Content-Security-Policy has no `data:` and no inline scripts.
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "site", test: (id) => !WANTED_LATER.test(id) }] } },
    },
  },
  // amazon-cognito-identity-js expects Node's name for the global object.
  define: { global: "globalThis" },
  server: {
    strictPort: true,
    proxy: stack ? Object.fromEntries(["/api", "/media", "/config.json"].map((path) => [path, stack])) : {},
  },
});
