/**
 * `npm run bench [-- --size 1M|10M|50M|...] [--quick] [--only decode,queries,hour,browser,load]`: the figures of this
 * machine. A table on stderr, JSON on stdout and in bench/results-DATE.json. See bench/README.md.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { prepare } from "./prepare.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
try {
  await prepare({ log: console.error });
  const { build, stop } = await import("esbuild");
  const { processBuildOptions } = await import("./build-processes.mjs");
  await build({
    ...processBuildOptions(),
    // Beside the processes' bundles, whose files the benchmark starts.
    entryPoints: { bench: "bench/main.ts", "bench-otlp-sender": "bench/otlp-sender.ts" },
  });
  await stop();
  const { runBench } = await import(pathToFileURL(join(root, "dist/bench.mjs")).href);
  const { findChromium } = await import("./find-chromium.mjs");
  const results = await runBench({
    root,
    args: process.argv.slice(2),
    findChromium: () => findChromium({ log: console.error }),
  });
  const json = `${JSON.stringify(results, undefined, 1)}\n`;
  writeFileSync(`bench/results-${results.measuredAt.slice(0, 10)}.json`, json);
  process.stdout.write(json);
} catch (error) {
  const cause = error?.cause === undefined ? "" : ` (${error.cause.message ?? error.cause})`;
  console.error(`${error instanceof Error ? error.message : error}${cause}`);
  process.exit(1);
}
