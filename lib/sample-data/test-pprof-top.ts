/** What `go tool pprof -top` said of a recorded profile, read back from examples/go-shop/recording/truth. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface PprofTop {
  /** pprof's own name of the sample type. */
  readonly type: string;
  readonly total: bigint;
  readonly order: "flat" | "cum";
  readonly rows: readonly { readonly name: string; readonly flat: bigint; readonly cum: bigint }[];
}

export interface PprofTruth {
  readonly name: string;
  /** Of the request that brought the profile. */
  readonly path: string;
  readonly tops: readonly PprofTop[];
}

const FOLDER = join(import.meta.dirname, "../../examples/go-shop/recording/truth");
const ROW =
  /^\s*(-?\d+)[a-zA-Z]*\s+\S+%\s+\S+%\s+(-?\d+)[a-zA-Z]*\s+\S+%\s+(.+?)(?: \((?:partial-)?inline\))?$/;

export function readPprofTruth(): PprofTruth[] {
  return readdirSync(FOLDER).map((file) => {
    const [head = "", ...reports] = readFileSync(join(FOLDER, file), "utf8").split("\n$ ");
    return {
      name: file.replace(".txt", ""),
      path: head.replace("# ", "").trim(),
      tops: reports.map(readTop),
    };
  });
}

function readTop(report: string): PprofTop {
  const [command = "", ...lines] = report.trimEnd().split("\n");
  const total = / of (-?\d+)[a-zA-Z]* total$/m.exec(report)?.[1];
  const type = / -sample_index=(\S+) /.exec(command)?.[1];
  if (total === undefined || type === undefined) throw new Error(`No total or type in: ${report}`);
  const first = lines.findIndex((line) => /^\s+flat\s+flat%/.test(line)) + 1;
  const rows = lines.slice(first).map((line) => {
    const [, flat, cum, name] = ROW.exec(line) ?? [];
    if (flat === undefined || cum === undefined || name === undefined) throw new Error(`No row: ${line}`);
    return { name, flat: BigInt(flat), cum: BigInt(cum) };
  });
  return { type, total: BigInt(total), order: command.includes(" -cum ") ? "cum" : "flat", rows };
}
