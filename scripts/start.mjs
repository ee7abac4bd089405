/**
 * `npm start`: makes the clone ready, then becomes the supervisor, so that Ctrl-C and SIGTERM reach it directly.
 * Plain Node without dependencies: it runs before there are any. `--only=web|ingest` runs one process alone.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { prepare } from "./prepare.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
// What the shell has set wins over the file.
if (existsSync(".env")) process.loadEnvFile(".env");
try {
  await prepare();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
await import("../dist/supervisor.mjs");
