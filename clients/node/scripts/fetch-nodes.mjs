/**
 * The other versions of Node that the tests run on, from npm, into .cache/node of the repository: once, some 40 MB each.
 * What cannot be had in two minutes is left out, and its tests say that they were skipped.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { findNodes, NODES_FOLDER, nodePackage, WANTED_MAJORS } from "./find-nodes.mjs";

const present = new Set(findNodes().map(({ major }) => major));
for (const major of WANTED_MAJORS.filter((wanted) => !present.has(wanted))) {
  const folder = `${NODES_FOLDER}/${major}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "private": true }\n');
  const args = ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const { status, stderr, error } = spawnSync("npm", [...args, `${nodePackage()}@${major}`], {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
    shell: process.platform === "win32",
  });
  if (status !== 0)
    console.log(`Node ${major} cannot be had: ${(error?.message ?? stderr).trim().split("\n")[0]}`);
}
