/** `npm run dev`: the supervisor with `next dev`; a process whose bundle changed is started again. */
import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { prepare } from "./prepare.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
if (existsSync(".env")) process.loadEnvFile(".env");
try {
  await prepare({ build: false });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

const { context } = await import("esbuild");
const { buildProcesses, processBuildOptions } = await import("./build-processes.mjs");
await buildProcesses();
const restartable = ["engine", "ingest"];
const read = (name) => readFileSync(`dist/${name}.mjs`, "utf8");
let bundles = new Map(restartable.map((name) => [name, read(name)]));

// It must hear Ctrl-C from us alone, once.
const supervisor = fork("dist/supervisor.mjs", ["--dev"], { detached: true });
const watcher = await context({
  ...processBuildOptions(),
  plugins: [
    {
      name: "restart-what-changed",
      setup(build) {
        build.onEnd((result) => {
          if (result.errors.length > 0) return;
          const now = new Map(restartable.map((name) => [name, read(name)]));
          const changed = restartable.filter((name) => now.get(name) !== bundles.get(name));
          bundles = now;
          for (const restart of changed) if (supervisor.connected) supervisor.send({ restart });
        });
      },
    },
  ],
});
await watcher.watch();

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => supervisor.kill(signal));
supervisor.once("exit", (code) => process.exit(code ?? 1));
