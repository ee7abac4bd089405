import type { PprofSource } from "@/lib/profile/encode-pprof";
import type { Profile } from "@/lib/profile/profile";

/** A decoded profile as what `encodePprof` takes: its ids and endpoint become labels again, its counts `samples/count`. */
export function toPprofSource(profile: Profile): PprofSource {
  const { functions, labelSets, samples, sampleTypes, stacks, texts } = profile;
  const stride = sampleTypes.length;
  return {
    sampleTypes: [{ type: "samples", unit: "count" }, ...sampleTypes],
    ...(profile.periodNs > 0
      ? { period: profile.periodNs, periodType: { type: "cpu", unit: "nanoseconds" } }
      : {}),
    timeUnixNano: profile.startUnixNano,
    durationNs: profile.durationNs,
    functions: functions.names.map((name, index) => ({
      name,
      systemName: functions.systemNames[index] ?? "",
      file: functions.files[index] ?? "",
      startLine: functions.startLines[index] ?? 0,
    })),
    stacks: Array.from(stacks.ids, (_, index) => ({
      functions: stacks.functions.subarray(stacks.offsets[index], stacks.offsets[index + 1]),
      lines: stacks.lines.subarray(stacks.offsets[index], stacks.offsets[index + 1]),
    })),
    samples: Array.from({ length: samples.length }, (_, sample) => {
      const ids = [
        ["trace_id", texts[samples.traceIds[sample] ?? 0] ?? ""],
        ["span_id", texts[samples.spanIds[sample] ?? 0] ?? ""],
        ["local_root_span_id", texts[samples.rootSpanIds[sample] ?? 0] ?? ""],
        ["endpoint", texts[samples.endpoints[sample] ?? 0] ?? ""],
      ] as const;
      return {
        stack: samples.stacks[sample] ?? 0,
        values: [
          samples.counts[sample] ?? 0,
          ...samples.values.subarray(sample * stride, (sample + 1) * stride),
        ],
        labels: [
          ...ids.filter(([, value]) => value !== ""),
          ...(labelSets[samples.labelSets[sample] ?? 0] ?? []),
        ],
      };
    }),
  };
}
