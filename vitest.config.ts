import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: {
      "@": fileURLToPath(new URL(".", import.meta.url)),
      // The marker throws outside a React server bundle; tests are a server too.
      "server-only": fileURLToPath(new URL("./lib/server-only-in-tests.ts", import.meta.url)),
    },
  },
  test: {
    include: [
      "lib/**/*.test.ts",
      "components/**/*.test.ts",
      "components/**/*.test.tsx",
      "app/**/*.test.ts",
      "clients/node/test/*.test.ts",
    ],
    globalSetup: ["lib/build-processes-for-tests.ts"],
    pool: "forks", // the engine's library kills a process whose worker thread ends
    // Many tests wait for processes and timers: of two cores Vitest's own default would leave one idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
