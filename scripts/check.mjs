/** `npm run check`: format, lint, types and the tests that need no engine. Under a minute, for while you work. */
import { spawnSync } from "node:child_process";
import { prepare } from "./prepare.mjs";

process.chdir(new URL("..", import.meta.url).pathname);
await prepare({ build: false });

const commands = [
  ["@biomejs/biome/bin/biome", "check", "--write", "."],
  ["typescript/bin/tsc", "--noEmit", "-p", "."],
  [
    "vitest/vitest.mjs",
    "run",
    "lib/trace",
    "lib/profile",
    "lib/correlation",
    "lib/ingest",
    "components",
    "lib/import-table.test.ts",
    "--exclude",
    "**/*.store.test.ts",
  ],
];
for (const [script, ...args] of commands) {
  const { status } = spawnSync(process.execPath, [`node_modules/${script}`, ...args], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
