/** Writes `KIND.diff.txt`: what `go tool pprof -diff_base` says was added between two readings. Needs Go. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const TYPES = {
  heap: { alloc_objects: "count", alloc_space: "B" },
  mutex: { contentions: "count", delay: "ns" },
  block: { contentions: "count", delay: "ns" },
};
for (const [kind, types] of Object.entries(TYPES)) {
  let text = "";
  for (const [type, unit] of Object.entries(types)) {
    for (const order of ["flat", "cum"]) {
      const flags = `-symbolize=none -top -${order} -unit=${unit} -nodecount=5000 -nodefraction=0 -sample_index=${type}`;
      const args = ["tool", "pprof", ...flags.split(" "), "-diff_base", `${kind}-1.pb.gz`, `${kind}-3.pb.gz`];
      const printed = execFileSync("go", args, { cwd: import.meta.dirname, encoding: "utf8" });
      text += `## ${type} ${order}\n$ go ${args.join(" ")}\n${printed}\n`;
    }
  }
  writeFileSync(new URL(`${kind}.diff.txt`, import.meta.url), text);
}
