/** `npm run check`: format, lint, types and the tests that start no process. Under a minute, for while you work. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare } from "./prepare.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
await prepare({ build: false });

/** A test that needs the engine, a receiver or a worker says so by what it imports or starts. */
const STARTS_A_PROCESS = /startTest|test-store|test-engine|test-receiver|dist\/|fork\(|spawn\(/;
const quickTests = ["lib", "components", "app"]
  .flatMap((top) => readdirSync(top, { recursive: true, encoding: "utf8" }).map((file) => join(top, file)))
  .filter((file) => /\.test\.tsx?$/.test(file) && !STARTS_A_PROCESS.test(readFileSync(file, "utf8")));

const commands = [
  ["@biomejs/biome/bin/biome", "check", "--write", "."],
  ["typescript/bin/tsc", "--noEmit", "-p", "."],
  ["vitest/vitest.mjs", "run", ...quickTests],
];
for (const [script, ...args] of commands) {
  const { status } = spawnSync(process.execPath, [`node_modules/${script}`, ...args], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
