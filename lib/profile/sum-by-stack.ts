import type { PprofSource } from "@/lib/profile/encode-pprof";

/** @returns index of a stack -> sum of its samples' last value, which is the one that was asked for */
export function sumByStack(source: PprofSource): Map<number, bigint> {
  const sums = new Map<number, bigint>();
  for (const { stack, values } of source.samples) {
    sums.set(stack, (sums.get(stack) ?? 0n) + BigInt(values.at(-1) ?? 0));
  }
  return sums;
}
