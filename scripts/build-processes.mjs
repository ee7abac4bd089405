/** Bundles each process of Hotspan (engine, ingest, supervisor) to one file in dist/, so that plain Node can run it. */
import { cpSync, existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

export const processEntries = {
  engine: "lib/engine/main.ts",
  ingest: "lib/ingest/main.ts",
  "decode-worker": "lib/ingest/decode-worker.ts",
  collect: "lib/ingest/collect.ts",
  supervisor: "lib/supervisor/main.ts",
  "exit-with-parent": "lib/supervisor/exit-with-parent.ts",
};

/**
 * esbuild's options for every process whose entry exists: ESM for Node 20, packages left in node_modules.
 * @param {string} outdir absolute
 * @returns {import("esbuild").BuildOptions}
 */
export function processBuildOptions(outdir = join(root, "dist")) {
  const entryPoints = Object.fromEntries(
    Object.entries(processEntries).filter(([, file]) => existsSync(join(root, file))),
  );
  return {
    absWorkingDir: root,
    entryPoints,
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    alias: { "@": root, "server-only": join(root, "lib/server-only-in-tests.ts") },
    sourcemap: true,
    logLevel: "warning",
    // CommonJS that a package inlines may still call require.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  };
}

/** Builds all processes once, in well under a second; throws when one does not compile. */
export async function buildProcesses(outdir) {
  const { build, stop } = await import("esbuild");
  const options = processBuildOptions(outdir);
  await build(options);
  await stop(); // its helper process would stay for as long as the caller lives
  // lib/store/migrate.ts reads them from beside itself, in the source as in the bundle.
  cpSync(join(root, "lib/store/migrations"), join(options.outdir, "migrations"), { recursive: true });
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await buildProcesses();
}
