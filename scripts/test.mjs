/**
 * `npm test`: installs what it needs, then types, lint, unit and store tests, the build, and the browser tests.
 * Ends with one plain line, "N passed, N failed", and exits non-zero when anything failed.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { prepare, prepareClients } from "./prepare.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
mkdirSync(".cache", { recursive: true });

const results = [];
const bin = (path) => [process.execPath, `node_modules/${path}`];

/** Runs a command with its output shown; a step without a report of its own counts as one test. */
function step(name, [file, ...args], { report, env } = {}) {
  console.log(`\n— ${name}`);
  if (report !== undefined) rmSync(report.file, { force: true });
  const started = Date.now();
  const { status } = spawnSync(file, args, { stdio: "inherit", env: { ...process.env, ...env } });
  const counted = report === undefined ? undefined : count(report);
  const failedSilently = status !== 0 && (counted === undefined || counted.failed === 0);
  const passed = counted?.passed ?? (status === 0 ? 1 : 0);
  const failed = (counted?.failed ?? 0) + (failedSilently ? 1 : 0);
  results.push({ name, passed, failed, seconds: (Date.now() - started) / 1_000 });
}

function count({ file, read }) {
  try {
    return read(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    console.error(`No report in ${file}: ${error.message}`);
    return undefined;
  }
}

const vitest = {
  file: ".cache/vitest.json",
  // A suite that cannot even be loaded has no tests in it: it counts as one failure.
  read: (report) => ({
    passed: report.numPassedTests,
    failed:
      report.numFailedTests +
      report.testResults.filter(
        (suite) =>
          suite.status === "failed" && suite.assertionResults.every((test) => test.status !== "failed"),
      ).length,
  }),
};
const playwright = {
  file: ".cache/playwright.json",
  read: (report) => ({
    passed: report.stats.expected + report.stats.flaky,
    failed: report.stats.unexpected + report.errors.length,
  }),
};

await prepare();
prepareClients();
step("types", [...bin("typescript/bin/tsc"), "--noEmit", "-p", "."]);
step("Node client, build", [process.execPath, "clients/node/scripts/build.mjs"]);
step("Node client, types", [...bin("typescript/bin/tsc"), "-p", "clients/node/test"]);
// Its tests run on this Node and on the others that can be had; without a network the others are skipped.
spawnSync(process.execPath, ["clients/node/scripts/fetch-nodes.mjs"], { stdio: "inherit" });
step("Go modules", [process.execPath, "scripts/test-go.mjs"]);
step("format and lint", [...bin("@biomejs/biome/bin/biome"), "ci", "."]);
step(
  "unit and store tests",
  [
    ...bin("vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${vitest.file}`,
  ],
  { report: vitest },
);

const { findChromium } = await import("./find-chromium.mjs");
try {
  const chromium = await findChromium();
  step("browser tests", [...bin("@playwright/test/cli.js"), "test"], {
    report: playwright,
    env: { HOTSPAN_CHROMIUM: chromium },
  });
} catch (error) {
  console.error(error.message);
  results.push({ name: "browser tests", passed: 0, failed: 1, seconds: 0 });
}

console.log("");
for (const { name, passed, failed, seconds } of results) {
  console.log(
    `${failed === 0 ? "✓" : "✗"} ${name.padEnd(22)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed ${seconds.toFixed(0).padStart(5)} s`,
  );
}
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
