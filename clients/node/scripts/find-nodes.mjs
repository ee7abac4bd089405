import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const WANTED_MAJORS = [20, 22, 24];
export const NODES_FOLDER = fileURLToPath(new URL("../../../.cache/node", import.meta.url));

/** npm's packages of Node's own binaries. */
export function nodePackage() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  return `node-${platform}-${process.arch}`;
}

/** @returns {{ major: number, path: string }[]} the Node that runs this, and those that were fetched */
export function findNodes() {
  const own = { major: Number(process.versions.node.split(".")[0]), path: process.execPath };
  const file = process.platform === "win32" ? "node.exe" : "node";
  const others = WANTED_MAJORS.filter((major) => major !== own.major)
    .map((major) => ({
      major,
      path: `${NODES_FOLDER}/${major}/node_modules/${nodePackage()}/bin/${file}`,
    }))
    .filter(({ path }) => existsSync(path));
  return [own, ...others].sort((a, b) => a.major - b.major);
}
