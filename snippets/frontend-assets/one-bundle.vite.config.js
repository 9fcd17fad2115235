import { defineConfig } from "vite";

export default defineConfig({
  // Addresses in the bundle are relative, so that they work below any STATIC_URL.
  base: "./",
  build: {
    outDir: "frontend/dist",
    rolldownOptions: {
      input: "frontend/main.js",
      output: {
        // Plain names: ManifestStaticFilesStorage adds the hash.
        entryFileNames: "[name].js",
        assetFileNames: "[name][extname]",
        // One file, because Django cannot rename what a script imports.
        codeSplitting: false,
      },
    },
  },
});
