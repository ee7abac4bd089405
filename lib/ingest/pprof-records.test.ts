import { describe, expect, test } from "vitest";
import { decodePprof } from "@/lib/ingest/pprof";
import {
  firstRows,
  RECORDED_PROFILES,
  recordedProfile,
  recordedTops,
  type TopRow,
} from "@/lib/ingest/test-pprof-top";
import { sumOfColumn } from "@/lib/profile/int64";
import type { Profile } from "@/lib/profile/profile";
import { unixNano } from "@/lib/units";

const decode = (name: string) =>
  decodePprof(recordedProfile(name), {
    service: "shop",
    receivedUnixNano: unixNano(1_800_000_000_000_000_000n),
  });

/** self and total by function name, each function once a sample, from the columns. */
function sumFunctions(profile: Profile, valueAt: (sample: number) => number): Map<string, TopRow> {
  const { functions, samples, stacks } = profile;
  const sums = new Map<string, { name: string; flat: number; cum: number }>();
  for (let sample = 0; sample < samples.length; sample++) {
    const value = valueAt(sample);
    const stack = samples.stacks[sample] ?? 0;
    const frames = [...stacks.functions.slice(stacks.offsets[stack], stacks.offsets[stack + 1])];
    const names = frames.map((index) => functions.names[index] ?? "");
    for (const name of new Set(names)) {
      const sum = sums.get(name) ?? { name, flat: 0, cum: 0 };
      sum.cum += value;
      if (name === names.at(-1)) sum.flat += value;
      sums.set(name, sum);
    }
  }
  return sums;
}

describe.each(RECORDED_PROFILES)("%s agrees with go tool pprof", (name) => {
  const { profile } = decode(name);
  const stride = profile.sampleTypes.length;
  const tops = recordedTops(name);
  const types = [...new Set(tops.map(({ type }) => type))];

  test.each(types)("%s: total, and the first 20 functions by flat and by cum", (type) => {
    const isCount = /^samples?\/count$/.test(type);
    const index = types.filter((other) => !/^samples?\/count$/.test(other)).indexOf(type);
    const valueAt = (sample: number) =>
      isCount
        ? (profile.samples.counts[sample] ?? 0)
        : Number(profile.samples.values[sample * stride + index]);
    const sums = sumFunctions(profile, valueAt);
    for (const top of tops.filter((candidate) => candidate.type === type)) {
      const total = isCount
        ? profile.samples.counts.reduce((sum, count) => sum + count, 0)
        : Number(sumOfColumn(profile.samples.values, index, stride));
      expect(total).toBe(top.total);
      expect(top.rows.length).toBe(Math.min(20, firstRows(sums, top.order, 20).length));
      expect(top.rows.map((row) => sums.get(row.name))).toEqual(top.rows);
      expect(firstRows(sums, top.order, 20).map((row) => row[top.order])).toEqual(
        top.rows.map((row) => row[top.order]),
      );
    }
  });
});

test("what the recorded profiles say of themselves", () => {
  const lines = RECORDED_PROFILES.map((name) => {
    const { language, profile } = decode(name);
    const types = profile.sampleTypes.map(
      ({ isPrimary, meaning, type, unit }) => `${isPrimary ? "*" : ""}${type}(${unit}, ${meaning})`,
    );
    const labelled = profile.samples.ties.filter((tie) => tie > 0).length;
    const seconds = (Number(profile.durationNs) / 1e9).toFixed(2);
    return `${name}: ${language}, ${profile.samples.length} samples, ${labelled} tied, ${seconds} s, every ${profile.periodNs} ns: ${types.join(" ")}`;
  });
  expect(lines.join("\n")).toMatchInlineSnapshot(`
    "go-allocs: go, 9 samples, 0 tied, 0.00 s, every 0 ns: alloc_objects(count, cumulative) *alloc_space(bytes, cumulative) inuse_objects(count, snapshot) inuse_space(bytes, snapshot)
    go-block: go, 4 samples, 0 tied, 0.00 s, every 0 ns: block_contentions(count, cumulative) *block(nanoseconds, cumulative)
    go-cpu-10s: go, 1026 samples, 994 tied, 10.17 s, every 10000000 ns: *cpu(nanoseconds, window)
    go-cpu-2s: go, 117 samples, 107 tied, 2.16 s, every 10000000 ns: *cpu(nanoseconds, window)
    go-cpu-60s: go, 5852 samples, 5708 tied, 60.13 s, every 10000000 ns: *cpu(nanoseconds, window)
    go-goroutine: go, 5 samples, 1 tied, 0.00 s, every 0 ns: *goroutine(count, snapshot)
    go-heap: go, 8 samples, 0 tied, 0.00 s, every 0 ns: alloc_objects(count, cumulative) alloc_space(bytes, cumulative) inuse_objects(count, snapshot) *inuse_space(bytes, snapshot)
    go-heap-delta: go, 9 samples, 0 tied, 1.02 s, every 0 ns: alloc_objects(count, window) alloc_space(bytes, window) inuse_objects_change(count, window) *inuse_space_change(bytes, window)
    go-heap-large: go, 3176 samples, 0 tied, 0.00 s, every 0 ns: alloc_objects(count, cumulative) alloc_space(bytes, cumulative) inuse_objects(count, snapshot) *inuse_space(bytes, snapshot)
    go-mutex: go, 1 samples, 0 tied, 0.00 s, every 0 ns: mutex_contentions(count, cumulative) *mutex(nanoseconds, cumulative)
    go-threadcreate: go, 2 samples, 0 tied, 0.00 s, every 0 ns: *threadcreate(count, snapshot)
    node-wall-20: nodejs, 457 samples, 439 tied, 5.11 s, every 10744000 ns: *wall(nanoseconds, window) cpu(nanoseconds, window)
    node-wall-24: nodejs, 471 samples, 455 tied, 5.14 s, every 10657000 ns: *wall(nanoseconds, window) cpu(nanoseconds, window)
    node-wall-24-cped: nodejs, 470 samples, 456 tied, 5.14 s, every 10479000 ns: *wall(nanoseconds, window) cpu(nanoseconds, window)
    pyroscope-go-block: go, 11 samples, 0 tied, 0.00 s, every 0 ns: block_contentions(count, cumulative) *block(nanoseconds, cumulative)
    pyroscope-go-cpu: go, 531 samples, 497 tied, 10.18 s, every 10000000 ns: *cpu(nanoseconds, window)
    pyroscope-go-goroutine: go, 9 samples, 1 tied, 0.00 s, every 0 ns: *goroutine(count, snapshot)
    pyroscope-go-heap-delta: go, 10 samples, 0 tied, 0.00 s, every 0 ns: alloc_objects(count, cumulative) alloc_space(bytes, cumulative) inuse_objects(count, snapshot) *inuse_space(bytes, snapshot)
    pyroscope-node-heap: nodejs, 10 samples, 0 tied, 0.00 s, every 0 ns: inuse_objects(count, snapshot) *inuse_space(bytes, snapshot)
    pyroscope-node-wall: nodejs, 116 samples, 103 tied, 3.06 s, every 16820000 ns: *wall(nanoseconds, window) cpu(nanoseconds, window)"
  `);
});
