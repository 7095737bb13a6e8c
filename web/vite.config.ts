import { defineConfig } from "vitest/config";

// Relative addresses, so that the studio runs under any path; everything is bundled, nothing is fetched elsewhere.
export default defineConfig({
  base: "",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../src/inscape/studio/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 4096,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:7860", ws: true } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
