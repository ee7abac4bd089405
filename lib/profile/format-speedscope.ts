import type { PprofSource } from "@/lib/profile/encode-pprof";
import { sumByStack } from "@/lib/profile/sum-by-stack";

/** What speedscope calls the units it knows; it shows others as plain numbers. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["nanoseconds", "nanoseconds"],
  ["microseconds", "microseconds"],
  ["milliseconds", "milliseconds"],
  ["seconds", "seconds"],
  ["bytes", "bytes"],
]);

/**
 * The file that https://www.speedscope.app opens: each stack once, with its whole value.
 * @param name as it stands in the viewer's title
 */
export function formatSpeedscope(source: PprofSource, name: string): string {
  // Stacks that differ in line numbers alone are one here.
  const sums = new Map<string, { functions: number[]; value: bigint }>();
  for (const [stack, value] of sumByStack(source)) {
    const functions = Array.from(source.stacks[stack]?.functions ?? []);
    const sum = sums.get(functions.join()) ?? { functions, value: 0n };
    sums.set(functions.join(), sum);
    sum.value += value;
  }
  const stacks = [...sums.values()].filter(({ value }) => value > 0n);
  return JSON.stringify({
    $schema: "https://www.speedscope.app/file-format-schema.json",
    exporter: "Hotspan",
    name,
    activeProfileIndex: 0,
    shared: {
      frames: source.functions.map(({ file, name: frame }) => ({
        name: frame,
        ...(file === "" ? {} : { file }),
      })),
    },
    profiles: [
      {
        type: "sampled",
        name,
        unit: UNITS.get(source.sampleTypes.at(-1)?.unit ?? "") ?? "none",
        startValue: 0,
        endValue: Number(stacks.reduce((sum, { value }) => sum + value, 0n)),
        samples: stacks.map(({ functions }) => functions),
        weights: stacks.map(({ value }) => Number(value)),
      },
    ],
  });
}
