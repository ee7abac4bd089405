import type { PprofSource } from "@/lib/profile/encode-pprof";
import { sumByStack } from "@/lib/profile/sum-by-stack";

/**
 * Every function with its own (flat) and its whole (cum) value, the largest flat first, in the columns of
 * `go tool pprof -top`. Values stand in the profile's unit. Functions of one name are one; recursion counts once.
 */
export function formatTop(source: PprofSource): string {
  const rows = new Map<string, { flat: bigint; cum: bigint }>();
  let total = 0n;
  for (const [stack, value] of sumByStack(source)) {
    total += value;
    const names = Array.from(
      source.stacks[stack]?.functions ?? [],
      (index) => source.functions[index]?.name ?? "",
    );
    for (const name of new Set(names)) {
      const row = rows.get(name) ?? { flat: 0n, cum: 0n };
      rows.set(name, row);
      row.cum += value;
      if (name === names.at(-1)) row.flat += value;
    }
  }
  const sorted = [...rows].sort(
    ([leftName, left], [rightName, right]) =>
      Number(right.flat - left.flat) || (leftName < rightName ? -1 : Number(leftName > rightName)),
  );
  const { type = "", unit = "" } = source.sampleTypes.at(-1) ?? {};
  const percent = (value: bigint) =>
    `${(total === 0n ? 0 : (Number(value) / Number(total)) * 100).toFixed(2)}%`;
  const width = Math.max(10, String(total).length);
  let sum = 0n;
  const lines = sorted.map(([name, { flat, cum }]) => {
    sum += flat;
    return `${String(flat).padStart(width)} ${percent(flat).padStart(7)} ${percent(sum).padStart(7)} ${String(cum).padStart(width)} ${percent(cum).padStart(7)}  ${name.replace(/[\r\n]/g, " ")}`;
  });
  return [
    `Type: ${type}`,
    `Unit: ${unit}`,
    `Showing nodes accounting for ${sum}, ${percent(sum)} of ${total} total`,
    `${"flat".padStart(width)}   flat%    sum% ${"cum".padStart(width)}    cum%`,
    ...lines,
    "",
  ].join("\n");
}
