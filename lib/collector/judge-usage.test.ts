import { describe, expect, test } from "vitest";
import { targetInput } from "@/lib/api/targets-contract";
import { judgeUsage, type Look, readUsage } from "@/lib/collector/judge-usage";
import { parseMetrics, parseVars } from "@/lib/collector/parse-metrics";

const MIB = 1_048_576;
const target = (adaptive: object = {}) =>
  targetInput.parse({ url: "http://shop:6060", service: "shop", adaptive });
const look = (atMs: number, numbers: Look["numbers"], source: Look["source"] = "metrics"): Look => ({
  atMs,
  source,
  numbers,
});

test("what client_golang writes is read, labels and comments aside", () => {
  const text = `# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 12.5
process_cpu_seconds_total{pod="x"} 99
go_sched_gomaxprocs_threads 4
go_gc_gomemlimit_bytes 9.223372036854776e+18
go_memstats_sys_bytes 3.0e+07
go_memstats_heap_released_bytes 1e+07
process_resident_memory_bytes 2.5e+07
go_memstats_last_gc_time_seconds NaN
`;
  expect(parseMetrics(text)).toEqual({
    cpuSeconds: 12.5,
    maxProcs: 4,
    goMemLimitBytes: undefined, // math.MaxInt64: there is none
    goBytes: 2e7,
    residentBytes: 2.5e7,
  });
  expect(parseVars('{"cmdline":[],"memstats":{"Sys":300,"HeapReleased":100}}')).toEqual({ goBytes: 200 });
  expect(parseVars("<html>")).toBeUndefined();
  expect(parseVars('{"memstats":"no"}')).toBeUndefined();
});

describe("CPU", () => {
  const before = look(0, { cpuSeconds: 100, maxProcs: 4 });

  test("is what was used between two looks, of GOMAXPROCS or the configured cores", () => {
    const reading = readUsage(
      target(),
      15_000,
      before,
      look(15_000, { cpuSeconds: 145, maxProcs: 4 }),
      undefined,
    );
    expect(reading).toMatchObject({
      cpuSource: "metrics",
      cpuCores: 3,
      ofCores: 4,
      ofCoresSource: "gomaxprocs",
    });
    const configured = readUsage(
      target({ cores: 6 }),
      15_000,
      before,
      look(15_000, { cpuSeconds: 145, maxProcs: 4 }),
      undefined,
    );
    expect(configured).toMatchObject({ cpuCores: 3, ofCores: 6, ofCoresSource: "configured" });
  });

  test("is unknown at the first look, after a restart and after a long gap", () => {
    for (const [previous, after] of [
      [undefined, look(15_000, { cpuSeconds: 145 })],
      [before, look(15_000, { cpuSeconds: 2 })],
      [before, look(600_000, { cpuSeconds: 2_000 })],
    ] as const) {
      expect(readUsage(target(), after.atMs, previous, after, undefined)).toMatchObject({
        cpuSource: null,
        cpuCores: null,
      });
    }
  });

  test("is estimated from the last profile where nothing tells it, and said to be", () => {
    const vars = look(20_000, { goBytes: MIB }, "vars");
    const reading = readUsage(target(), 20_000, undefined, vars, { atMs: 10_000, cores: 0.9 });
    expect(reading).toMatchObject({
      cpuSource: "profile",
      cpuCores: 0.9,
      ofCores: 1,
      ofCoresSource: "assumed",
    });
    expect(judgeUsage(target(), reading)?.reason).toBe(
      "CPU at 90 % of 1 core (assumed: it does not say how many it has), above 70 %; estimated from the last CPU profile.",
    );
    expect(readUsage(target(), 400_000, undefined, vars, { atMs: 10_000, cores: 0.9 }).cpuCores).toBeNull();
  });
});

test("memory is held against the limit that counts the same bytes", () => {
  const numbers = { residentBytes: 700 * MIB, goBytes: 500 * MIB, goMemLimitBytes: 1_000 * MIB };
  const own = readUsage(target(), 0, undefined, look(0, numbers), undefined);
  expect(own).toMatchObject({
    memoryBytes: 500 * MIB,
    memoryLimitBytes: 1_000 * MIB,
    memoryLimitSource: "gomemlimit",
  });
  const configured = readUsage(
    target({ memoryLimitBytes: 800 * MIB }),
    0,
    undefined,
    look(0, numbers),
    undefined,
  );
  expect(configured).toMatchObject({
    memoryBytes: 700 * MIB,
    memoryLimitBytes: 800 * MIB,
    memoryLimitSource: "configured",
  });
  expect(judgeUsage(target({ memoryLimitBytes: 800 * MIB }), configured)).toMatchObject({
    trigger: "memory",
    reason: "Memory at 87.5 % of 800 MiB (configured limit), above 80 %; read from /metrics.",
  });
  const none = readUsage(target(), 0, undefined, look(0, { residentBytes: 1e12 }), undefined);
  expect(judgeUsage(target(), none)).toBeUndefined();
});

test.each([
  // cores in use of 4, memory of 100 MiB, settings, trigger
  [2.7, 10, {}, undefined],
  [2.8, 10, {}, undefined], // at 70 % is not above it
  [2.84, 10, {}, "cpu"],
  [4, 99, {}, "cpu"],
  [0.1, 80, {}, undefined],
  [0.1, 80.5, {}, "memory"],
  [2.84, 10, { cpuPercent: 90 }, undefined],
  [0.1, 60, { memoryPercent: 50 }, "memory"],
  [4, 99, { on: false }, undefined],
])("%d of 4 cores and %d of 100 MiB with %o: %s", (cores, mib, settings, trigger) => {
  const adaptive = { memoryLimitBytes: 100 * MIB, ...settings };
  const reading = readUsage(
    target(adaptive),
    10_000,
    look(0, { cpuSeconds: 0, maxProcs: 4, residentBytes: 0 }),
    look(10_000, { cpuSeconds: cores * 10, maxProcs: 4, residentBytes: mib * MIB }),
    undefined,
  );
  expect(judgeUsage(target(adaptive), reading)?.trigger).toBe(trigger);
});
