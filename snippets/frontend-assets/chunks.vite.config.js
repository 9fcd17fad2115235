import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    outDir: "frontend/dist",
    manifest: "manifest.json",
    rolldownOptions: { input: "frontend/main.js" },
  },
});
