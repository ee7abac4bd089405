/** Recorded profiles for tests, and the independent truth beside them: what `go tool pprof -top` printed. */
import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("./records/profiles/", import.meta.url);

export const RECORDED_PROFILES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".pb.gz"))
  .map((name) => name.slice(0, -".pb.gz".length))
  .sort();

export function recordedProfile(name: string): Buffer {
  return readFileSync(new URL(`${name}.pb.gz`, FOLDER));
}

export interface TopRow {
  readonly name: string;
  readonly flat: number;
  readonly cum: number;
}

export interface Top {
  /** As in the profile: `cpu/nanoseconds`. */
  readonly type: string;
  readonly order: "flat" | "cum";
  readonly total: number;
  readonly rows: readonly TopRow[];
}

export function recordedTops(name: string): Top[] {
  return readTops(readFileSync(new URL(`${name}.top.txt`, FOLDER), "utf8"));
}

/** @param text sections that begin with `## type order`, each as `go tool pprof -top` prints */
export function readTops(text: string): Top[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [head = "", ...lines] = section.trimEnd().split("\n");
      const [type = "", order] = head.split(" ");
      const total = /of (-?\d+)\S* total$/.exec(lines.find((line) => line.startsWith("Showing nodes")) ?? "");
      const rows = lines.flatMap((line) => {
        const row =
          /^\s*(-?\d+)\D*?\s+\S+%\s+\S+%\s+(-?\d+)\D*?\s+\S+%\s+(.+?)(?: \((?:partial-)?inline\))?$/.exec(
            line,
          );
        return row === null ? [] : [{ flat: Number(row[1]), cum: Number(row[2]), name: row[3] ?? "" }];
      });
      return { type, order: order === "cum" ? "cum" : "flat", total: Number(total?.[1]), rows };
    });
}

/** The first rows as pprof would print them: sorted by a value, ties by name, whatever function ids say. */
export function firstRows(
  byName: ReadonlyMap<string, TopRow>,
  order: "flat" | "cum",
  count: number,
): TopRow[] {
  return [...byName.values()]
    .filter(({ cum, flat }) => cum !== 0 || flat !== 0)
    .sort((left, right) => {
      const [a, b] =
        order === "flat"
          ? [right.flat - left.flat, right.cum - left.cum]
          : [right.cum - left.cum, right.flat - left.flat];
      return a || (left.name < right.name ? -1 : left.name > right.name ? 1 : b);
    })
    .slice(0, count);
}
