import { encodePprof } from "@/lib/profile/encode-pprof";
import type { Profile } from "@/lib/profile/profile";

export interface TakenSample {
  /** Index of a stack of the profile that it is taken from. */
  readonly stack: number;
  readonly labels: readonly (readonly [key: string, value: string])[];
}

/**
 * A CPU profile at 100 Hz of the given samples, which knows no more functions than they have, like one from Go.
 * @returns a gzipped pprof
 */
export function encodeCpuProfile(
  code: Profile,
  taken: readonly TakenSample[],
  timeUnixNano: bigint,
  durationNs: number,
): Buffer {
  const stackIndexes = new Map<number, number>();
  for (const { stack } of taken) if (!stackIndexes.has(stack)) stackIndexes.set(stack, stackIndexes.size);
  const functionIndexes = new Map<number, number>();
  const stacks = [...stackIndexes.keys()].map((stack) => {
    const [from, to] = [code.stacks.offsets[stack], code.stacks.offsets[stack + 1]];
    const functions = Array.from(code.stacks.functions.subarray(from, to), (fn) => {
      const index = functionIndexes.get(fn) ?? functionIndexes.size;
      functionIndexes.set(fn, index);
      return index;
    });
    return { functions, lines: code.stacks.lines.subarray(from, to) };
  });
  return encodePprof({
    sampleTypes: [
      { type: "samples", unit: "count" },
      { type: "cpu", unit: "nanoseconds" },
    ],
    periodType: { type: "cpu", unit: "nanoseconds" },
    period: 10_000_000,
    timeUnixNano,
    durationNs,
    functions: [...functionIndexes.keys()].map((fn) => ({
      name: code.functions.names[fn] ?? "",
      systemName: code.functions.systemNames[fn] ?? "",
      file: code.functions.files[fn] ?? "",
      startLine: code.functions.startLines[fn] ?? 0,
    })),
    stacks,
    samples: taken.map(({ labels, stack }) => ({
      stack: stackIndexes.get(stack) ?? 0,
      values: [1, 10_000_000],
      labels,
    })),
  });
}
