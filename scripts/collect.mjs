/** `npm run collect -- --config collector.yaml`: the collector alone, pushing to another Hotspan. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare } from "./prepare.mjs";

// The file is named from where the command was typed.
const from = process.env.INIT_CWD ?? process.cwd();
const at = process.argv.findIndex((argument) => argument === "--config" || argument.startsWith("--config="));
const named = process.argv[at]?.includes("=")
  ? process.argv[at].slice("--config=".length)
  : process.argv[at + 1];
if (at !== -1 && named !== undefined)
  process.argv.splice(at, process.argv[at]?.includes("=") ? 1 : 2, "--config", resolve(from, named));
process.chdir(fileURLToPath(new URL("..", import.meta.url)));
try {
  await prepare({ build: false });
  const { buildProcesses } = await import("./build-processes.mjs");
  await buildProcesses();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
await import("../dist/collect.mjs");
