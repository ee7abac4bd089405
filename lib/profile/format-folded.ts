import type { PprofSource } from "@/lib/profile/encode-pprof";
import { sumByStack } from "@/lib/profile/sum-by-stack";

/** A line `root;...;leaf value` a stack, as flame graph tools read. Equal lines are one, in the order of their text. */
export function formatFolded(source: PprofSource): string {
  const sums = new Map<string, bigint>();
  for (const [stack, value] of sumByStack(source)) {
    const frames = Array.from(source.stacks[stack]?.functions ?? [], (index) =>
      (source.functions[index]?.name ?? "").replace(/[;\r\n]/g, ":"),
    );
    const line = frames.join(";");
    sums.set(line, (sums.get(line) ?? 0n) + value);
  }
  return [...sums]
    .map(([stack, value]) => `${stack} ${value}\n`)
    .sort()
    .join("");
}
