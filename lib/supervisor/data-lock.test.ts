import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDataDir } from "./data-lock";

let dir: string;
const lock = () => join(dir, "hotspan.lock");
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hotspan-lock-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

// Elsewhere a pid alone names a process.
const onLinux = test.runIf(process.platform === "linux");

onLinux("names the living holder", () => {
  const born = readFileSync(`/proc/${process.ppid}/stat`, "utf8").split(") ")[1]?.split(" ")[19];
  writeFileSync(lock(), JSON.stringify({ pid: process.ppid, born }));
  expect(() => lockDataDir(dir)).toThrow(`already in use by pid ${process.ppid}`);
});

onLinux.each([
  ["a process that is gone", () => JSON.stringify({ pid: spawnSync("true").pid, born: "1" })],
  ["an earlier process of the same pid", () => JSON.stringify({ pid: process.ppid, born: "1" })],
  [
    "an earlier container, where this pid was ours too",
    () => JSON.stringify({ pid: process.pid, born: "1" }),
  ],
  ["nobody one can make out", () => "{"],
])("a lock of %s is taken over", (_, content) => {
  writeFileSync(lock(), content());
  const unlock = lockDataDir(dir);
  expect(JSON.parse(readFileSync(lock(), "utf8"))).toMatchObject({ pid: process.pid });
  unlock();
  expect(() => readFileSync(lock())).toThrow("ENOENT");
});

test("a folder that cannot be made gets one sentence", () => {
  const file = join(dir, "file");
  writeFileSync(file, "");
  expect(() => lockDataDir(join(file, "data"))).toThrow(/^The folder .* is not writable \(ENOTDIR\)/);
});
