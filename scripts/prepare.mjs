/**
 * What stands between a clean clone and something that runs: dependencies, the generated catalogue client, the build.
 * Each step is skipped when nothing it reads has changed. Plain Node without dependencies: it runs before there are any.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const MINIMUM_NODE = [20, 19];
const BUILD_INPUTS = [
  "app",
  "components",
  "lib",
  "prisma",
  "public",
  "scripts",
  "next.config.js",
  "proxy.ts",
  "postcss.config.mjs",
  "tsconfig.json",
  "package-lock.json",
];

/** Run from the repository's root. @throws Error with one sentence when a step fails */
export async function prepare({ build = true, log = console.log } = {}) {
  checkNode();
  installDependencies(".", log);
  generateCatalogueClient(log);
  if (build) await buildEverything(log);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    throw new Error(
      `Hotspan needs Node ${MINIMUM_NODE.join(".")} or newer; this is ${process.versions.node}.`,
    );
  }
}

/** What tests send with: packages of their own, so that the product's stays small. @throws Error with one sentence */
export function prepareClients(log = console.log) {
  for (const folder of ["e2e/clients", "clients/node"]) installDependencies(folder, log);
}

/** npm keeps what it installed in a hidden lockfile: the dependencies are in place when it agrees with ours. */
function installDependencies(folder, log) {
  if (dependenciesInPlace(folder)) return;
  log(
    folder === "."
      ? "Installing dependencies (once, a minute or two) ..."
      : `Installing ${folder} (once) ...`,
  );
  const options = ["--no-audit", "--no-fund", "--loglevel=error"];
  run("npm", ["ci", ...options, "--prefix", folder], `Installing the dependencies of ${folder} failed`);
}

function dependenciesInPlace(folder) {
  const hidden = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" ||
      (installed[path] === undefined ? entry.optional === true : installed[path].version === entry.version),
  );
}

function generateCatalogueClient(log) {
  const inputs = ["prisma/schema.prisma", "prisma.config.ts", "package-lock.json"];
  if (existsSync("prisma/generated/client.ts") && isFresh("prisma", inputs)) return;
  log("Generating the catalogue's client ...");
  run(
    process.execPath,
    ["node_modules/prisma/build/index.js", "generate"],
    "Generating the catalogue's client failed",
    {
      // Generating needs no migration engine, but Prisma downloads one unless it is told of a file that exists.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
    },
  );
  writeStamp("prisma", inputs);
}

async function buildEverything(log) {
  const dist = process.env.HOTSPAN_NEXT_DIST ?? ".next";
  const stamp = `build${dist.replaceAll(/[^\w-]/g, "_")}`;
  if (
    existsSync(`${dist}/standalone/server.js`) &&
    existsSync("dist/supervisor.mjs") &&
    isFresh(stamp, BUILD_INPUTS)
  )
    return;
  log("Building (once per version, about a minute) ...");
  const { buildProcesses } = await import("./build-processes.mjs");
  await buildProcesses();
  run(process.execPath, ["node_modules/next/dist/bin/next", "build"], "Building the pages failed", {
    NEXT_TELEMETRY_DISABLED: "1",
  });
  // Next copies them to where the server would read them again: settings of that day, and passwords in an image.
  for (const file of [".env", ".env.production"]) rmSync(join(dist, "standalone", file), { force: true });
  // The standalone server leaves these to a CDN; ours is the only server.
  cpSync(join(dist, "static"), join(dist, "standalone", dist, "static"), { recursive: true });
  if (existsSync("public")) cpSync("public", join(dist, "standalone", "public"), { recursive: true });
  writeStamp(stamp, BUILD_INPUTS);
}

function run(file, args, failure, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (status === 0) return;
  throw new Error(`${failure}:\n${error?.message ?? `${stdout}\n${stderr}`.trim()}`);
}

const stampFile = (name) => `.cache/${name}.stamp`;
const isFresh = (name, inputs) =>
  existsSync(stampFile(name)) && readFileSync(stampFile(name), "utf8") === fingerprint(inputs);

function writeStamp(name, inputs) {
  mkdirSync(".cache", { recursive: true });
  writeFileSync(stampFile(name), fingerprint(inputs));
}

/** Over names and contents: times differ between a clone and a copy of it. */
function fingerprint(inputs) {
  const hash = createHash("sha256").update(process.version);
  for (const file of inputs.flatMap(files).sort())
    hash.update(file).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

function files(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && !entry.parentPath.includes("generated") && !/\.test\.tsx?$/.test(entry.name),
    )
    .map((entry) => join(entry.parentPath, entry.name));
}
