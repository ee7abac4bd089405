import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** Keeps the tables of ARCHITECTURE.md true: who may import whom, denied unless written there. */
const root = resolve(import.meta.dirname, "..");
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|(?:^|\n)\s*import\s*["']([^"']+)["']|\brequire\(\s*["']([^"']+)["']\s*\)/g;

const rows = readFileSync(join(root, "ARCHITECTURE.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "")),
  );
const isFolder = (name: string) => /^(lib|components|app)(\/|$)/.test(name);
const folders = new Map(
  rows.filter(([key]) => isFolder(key?.[0] ?? "")).map(([key, may]) => [key?.[0] ?? "", may ?? []]),
);
const packages = new Map(
  rows
    .filter(([key]) => !isFolder(key?.[0] ?? ""))
    .flatMap(([names, may]) => (names ?? []).map((name) => [name, may ?? []] as const)),
);

function folderOf(file: string): string {
  const parts = dirname(file).split("/");
  if (parts[0] === "prisma") return "prisma/generated";
  return parts[0] === "lib" ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
}

const sources = ["lib", "components", "app"].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: "utf8" })
    .map((name) => join(top, name))
    .filter((name) => /\.tsx?$/.test(name) && !/(\.test\.tsx?|\/test-[^/]+\.ts)$/.test(name)),
);

const imports = sources.flatMap((file) =>
  [...readFileSync(join(root, file), "utf8").matchAll(IMPORT)].map((match) => ({
    file,
    target: match[1] ?? match[2] ?? match[3] ?? match[4] ?? "",
  })),
);

describe("the import table of ARCHITECTURE.md", () => {
  test("names every folder that has sources", () => {
    expect([...new Set(sources.map(folderOf))].filter((folder) => !folders.has(folder))).toEqual([]);
  });

  test("is kept by every import of our own files", () => {
    expect(imports.length).toBeGreaterThan(sources.length);
    const broken = imports.flatMap(({ file, target }) => {
      if (!target.startsWith("@/") && !target.startsWith(".")) return [];
      const path = target.startsWith("@/")
        ? target.slice(2)
        : relative(root, resolve(root, dirname(file), target));
      const [from, to] = [folderOf(file), folderOf(path)];
      const allowed = to === from || to === "lib" || folders.get(from)?.includes(to);
      return allowed ? [] : [`${file} imports ${path}`];
    });
    expect(broken).toEqual([]);
  });

  test("is kept by every import of a guarded package", () => {
    const broken = imports.flatMap(({ file, target }) => {
      const name = target
        .split("/")
        .slice(0, target.startsWith("@") ? 2 : 1)
        .join("/");
      const only = packages.get(name);
      return only === undefined || only.includes(folderOf(file)) ? [] : [`${file} imports ${name}`];
    });
    expect(broken).toEqual([]);
  });
});
