/** What values mean, on the real engine: windows add up; of states and counters the latest of each process counts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SampleSelector } from "@/lib/correlation/selector";
import type { SpanId, TraceId } from "@/lib/ids";
import { decodePprof } from "@/lib/ingest/pprof";
import type { Meaning } from "@/lib/profile/meaning";
import { buildFlamegraph } from "@/lib/store/build-flamegraph";
import { queryRows } from "@/lib/store/clickhouse";
import { exportProfile } from "@/lib/store/export-profile";
import { profilesSql } from "@/lib/store/latest-profiles";
import { sampleFilter } from "@/lib/store/sample-filter";
import type { SeriesKey } from "@/lib/store/series-cells";
import { sumEndpoints } from "@/lib/store/sum-endpoints";
import { sumFunctions } from "@/lib/store/sum-functions";
import { sumSeries } from "@/lib/store/sum-series";
import { insertFolded, insertTestSpan, TEST_TIME } from "@/lib/store/test-insert-folded";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { unixNano } from "@/lib/units";

const MINUTE = 60_000_000_000n;
const at = (minutes: number) => unixNano(TEST_TIME + BigInt(Math.round(minutes * 60)) * (MINUTE / 60n));
const trace = "a".repeat(32) as TraceId;

const select = (fields: Partial<SampleSelector>): SampleSelector => ({
  type: "inuse_space",
  scope: "span",
  endpoints: [],
  labels: new Map(),
  ...fields,
});

let profiles = 100;
/** `1 pod-a main;grow 30`: at minute 1 the process pod-a has 30 in main;grow; lines of one minute and process are one profile. */
async function insert(
  drawing: string,
  given: {
    readonly service: string;
    readonly type?: string;
    readonly meaning: Meaning;
    readonly endpoint?: string;
    readonly traceId?: string;
    readonly spanId?: string;
    readonly tie?: "process";
    readonly durationNs?: number;
  },
): Promise<void> {
  const readings = new Map<string, string[]>();
  for (const line of drawing.trim().split("\n")) {
    const [, key = "", stack = ""] = /^\s*(\S+ \S+) (.+)$/.exec(line) ?? [];
    readings.set(key, [...(readings.get(key) ?? []), stack]);
  }
  for (const [key, stacks] of readings) {
    const [minute = "", instance = ""] = key.split(" ");
    await insertFolded({
      type: "inuse_space",
      durationNs: 0,
      ...given,
      time: at(Number(minute)),
      instance: instance === "-" ? "" : instance,
      value: 1,
      profileId: ++profiles,
      stacks: stacks.join("\n"),
    });
  }
}

const totalOf = async (fields: Partial<SampleSelector>) =>
  (await buildFlamegraph(select(fields), { maxNodes: 10_000 })).total;

async function series(fields: Partial<SampleSelector>, by: SeriesKey = "none"): Promise<string> {
  const answer = await sumSeries(select(fields), { by, stepNs: 60e9 });
  return answer.series
    .map(
      ({ key, points }) => `${key}: ${points.map(([when, value]) => `${minuteOf(when)}=${value}`).join(" ")}`,
    )
    .join("\n");
}
const minuteOf = (when: string) => Number((BigInt(when) - TEST_TIME) / MINUTE);

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
  // Two processes read every two minutes, not in step; pod-b starts late and ends early.
  await insert(
    `
    0 pod-a main;grow 10
    0 pod-a main;old 5
    2 pod-a main;grow 20
    3 pod-b main;grow 7
    4 pod-a main;grow 40
    4 pod-a main;cache 1
    5 pod-b main;grow 8`,
    { service: "heap", meaning: "snapshot" },
  );
  await insert("1 - main;send 3\n2 - main;send 4", {
    service: "unnamed",
    meaning: "snapshot",
    type: "goroutine",
  });
  const lock = { type: "mutex", service: "locks" };
  await insert("0 pod-a main;lock 100\n1 pod-a main;lock 160", { ...lock, meaning: "cumulative" });
  await insert("2 pod-b main;lock 11\n3 pod-b main;lock 12", {
    ...lock,
    meaning: "window",
    durationNs: 60e9,
  });
  // The reading that windows count on, the windows, and a reading that counts them again.
  await insert("0 pod-c main;lock 1000\n3.5 pod-c main;lock 1013", { ...lock, meaning: "cumulative" });
  await insert("1 pod-c main;lock 13", { ...lock, meaning: "window", durationNs: 60e9 });
  // Goroutines say for whom they run; the later profile has none for /b.
  const served = { service: "served", type: "goroutine", meaning: "snapshot" } as const;
  await insertFolded({
    ...served,
    time: at(1),
    profileId: 1,
    value: 1,
    endpoint: "/a",
    stacks: "main;serve 2",
  });
  await insertFolded({
    ...served,
    time: at(1),
    profileId: 1,
    value: 1,
    endpoint: "/b",
    stacks: "main;serve 5",
  });
  await insertFolded({
    ...served,
    time: at(2),
    profileId: 2,
    value: 1,
    endpoint: "/a",
    stacks: "main;serve 3",
  });
  // The whole process, captured twice for one trace; a span of it seen by the first of two profiles.
  const captured = { service: "captured", meaning: "snapshot", traceId: trace } as const;
  await insert("1 pod-a main;grow 50\n2 pod-a main;grow 60\n2 pod-b main;grow 1", {
    ...captured,
    tie: "process",
  });
  await insertTestSpan({ traceId: trace, spanId: "1".repeat(16), service: "captured" });
  const inTrace = { ...captured, type: "goroutine", service: "captured" } as const;
  await insert("1 pod-a main;wait 5", { ...inTrace, spanId: "1".repeat(16) });
  await insert("2 pod-a main;wait 3", { ...inTrace, spanId: "2".repeat(16) });
});
afterAll(() => store.stop());

describe("a range", () => {
  test("has of each process its latest state, and processes add up", async () => {
    expect(await totalOf({ service: "heap" })).toBe(41 + 8);
    expect(await totalOf({ service: "heap", to: at(4) })).toBe(20 + 7);
    expect(await totalOf({ service: "heap", from: at(1), to: at(3) })).toBe(20);
    expect(await totalOf({ service: "unnamed", type: "goroutine" })).toBe(4);
    expect(await totalOf({ type: "goroutine", to: at(2.5) })).toBe(4 + 3 + 3);
  });

  test("adds up windows, beside the latest counter of processes that send none", async () => {
    expect(await totalOf({ service: "locks", type: "mutex" })).toBe(160 + 11 + 12 + 13);
    expect(await totalOf({ service: "locks", type: "mutex", from: at(2), to: at(3) })).toBe(11);
    expect(await totalOf({ service: "locks", type: "mutex", to: at(1) })).toBe(100 + 1000);
  });

  test("says what it shows", async () => {
    const described = async (fields: Partial<SampleSelector>) => {
      const answer = await buildFlamegraph(select(fields), { maxNodes: 100 });
      const { asOfUnixNano: asOf, instanceCount, meaning, profileCount } = answer;
      return [meaning, profileCount, instanceCount, asOf === null ? null : minuteOf(asOf)];
    };
    expect(await described({ service: "heap" })).toEqual(["snapshot", 5, 2, 5]);
    expect(await described({ service: "locks", type: "mutex", to: at(1) })).toEqual(["cumulative", 2, 2, 0]);
    expect(await described({ service: "locks", type: "mutex" })).toEqual(["mixed", 2, 1, 1]);
    expect(await described({ service: "locks", type: "mutex", from: at(2), to: at(3) })).toEqual([
      "window",
      null,
      null,
      null,
    ]);
    expect(await described({ type: "cpu" })).toEqual(["window", null, null, null]);
  });

  test("holds the same samples in functions, endpoints, series' end and export as in its flame graph", async () => {
    for (const [service, type, from, to] of [
      ["heap", "inuse_space", 0, 5.5],
      ["heap", "inuse_space", 0.5, 3.5],
      ["locks", "mutex", 0, 5.5],
      ["served", "goroutine", 0, 1.5],
    ] as const) {
      const fields = { service, type, from: at(from), to: at(to) };
      const total = await totalOf(fields);
      const options = { sort: "self", descending: true, limit: 100 } as const;
      const { functions } = await sumFunctions(select(fields), options);
      expect(functions.reduce((sum, { self }) => sum + self, 0)).toBe(total);
      const { endpoints, unattributed } = await sumEndpoints(fields);
      expect(endpoints.reduce((sum, { cpuNs }) => sum + cpuNs, unattributed.cpuNs)).toBe(total);
      const exported = await exportProfile(select(fields), "pprof");
      if (!exported.found) throw new Error(exported.reason);
      const { profile } = decodePprof(exported.body, { service, receivedUnixNano: at(0) });
      expect(Number(profile.samples.values.reduce((sum, value) => sum + value, 0n))).toBe(total);
      expect([service, profile.durationNs > 0]).toEqual([service, service === "locks"]);
    }
    const whole = await buildFlamegraph(select({ service: "heap" }), { maxNodes: 100, query: "grow" });
    expect(whole.matched?.total).toBe(40 + 8);
  });

  test("what the latest profile does not hold for an endpoint is nothing, not what an earlier one held", async () => {
    const served = { service: "served", type: "goroutine" };
    expect(await totalOf({ ...served, endpoints: ["/a"] })).toBe(3);
    expect(await totalOf({ ...served, endpoints: ["/b"] })).toBe(0);
    expect(await totalOf({ ...served, endpoints: ["/b"], to: at(2) })).toBe(5);
  });

  test("one profile is itself, however many came after it", async () => {
    const [first] = await queryRows(
      "SELECT lower(hex(profile_id)) AS id FROM samples WHERE service = 'heap' ORDER BY time LIMIT 1",
    );
    expect(await totalOf({ profileId: String(first?.id).padStart(16, "0") })).toBe(15);
  });
});

test("types that are always of windows are read as if there were nothing else", async () => {
  const { sql } = sampleFilter(select({ type: "cpu", service: "shop", from: at(0), to: at(1) }), undefined);
  expect(sql).toBe(
    "type = {type:String} AND service = {service:String} AND time >= fromUnixTimestamp64Nano({from:Int64}) AND time < fromUnixTimestamp64Nano({to:Int64})",
  );
  for (const type of ["wall", "samples"]) {
    expect(sampleFilter(select({ type }), undefined).sql).not.toContain("meaning");
  }
});

test("which profiles there are is read from the roll-up by profile, a row each", async () => {
  const plan = await queryRows(
    `EXPLAIN projections = 1 ${profilesSql("type = 'inuse_space' AND service = 'heap'")}`,
  );
  expect(JSON.stringify(plan)).toContain("ReadFromMergeTree (by_profile)");
});

describe("a series", () => {
  test("of states has at each step what is then, carried on until the process is read again", async () => {
    expect(await series({ service: "heap", from: at(0), to: at(7) })).toBe(
      "total: 0=15 1=15 2=20 3=27 4=48 5=49 6=49",
    );
  });

  test("of states ends when nothing is known any more, and begins with what was read before", async () => {
    expect(await series({ service: "heap", from: at(3), to: at(20) })).toBe(
      "total: 3=27 4=48 5=49 6=49 7=49 8=49 9=8",
    );
  });

  test("of states is at every step the flame graph of as long as a state holds", async () => {
    const answer = await sumSeries(select({ service: "heap", from: at(0), to: at(12) }), {
      by: "none",
      stepNs: 60e9,
    });
    for (const [when, value] of answer.series[0]?.points ?? []) {
      const minute = minuteOf(when);
      expect([minute, await totalOf({ service: "heap", from: at(minute - 4), to: at(minute + 1) })]).toEqual([
        minute,
        value,
      ]);
    }
  });

  test("by endpoint, an endpoint that the latest profile does not hold is at nothing", async () => {
    expect(await series({ service: "served", type: "goroutine", from: at(1), to: at(4) }, "endpoint")).toBe(
      "/a: 1=2 2=3 3=3\n/b: 1=5 2=0 3=0",
    );
  });

  test("of windows adds up to the flame graph; beside counters each counts as what it is", async () => {
    expect(await series({ service: "locks", type: "mutex", from: at(1), to: at(4) })).toBe(
      "total: 1=173 2=171 3=172",
    );
  });
});

describe("a trace", () => {
  test("has of captures of the whole process the latest of each", async () => {
    expect(await totalOf({ traceId: trace })).toBe(60 + 1);
    expect(await totalOf({ traceId: trace, service: "captured" })).toBe(61);
  });

  test("has its labelled states of the latest profile, in whole and in parts", async () => {
    expect(await totalOf({ traceId: trace, type: "goroutine" })).toBe(3);
    expect(await totalOf({ traceId: trace, type: "goroutine", spanId: "2".repeat(16) as SpanId })).toBe(3);
    expect(await totalOf({ traceId: trace, type: "goroutine", spanId: "1".repeat(16) as SpanId })).toBe(0);
  });
});
