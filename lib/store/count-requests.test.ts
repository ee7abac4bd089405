import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_SAMPLING } from "@/lib/api/sampling-contract";
import { catalogue } from "@/lib/store/catalogue";
import { commandStore } from "@/lib/store/clickhouse";
import { countRequests } from "@/lib/store/count-requests";
import { decideTraces } from "@/lib/store/decide-traces";
import { insertSpans, stageSpans } from "@/lib/store/insert-spans";
import { encodeSpanRows } from "@/lib/store/span-row";
import { sumDropped } from "@/lib/store/sum-dropped";
import { sumEndpoints } from "@/lib/store/sum-endpoints";
import { sumServices } from "@/lib/store/sum-services";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { storeSamples } from "@/lib/store/test-telemetry";
import type { Span } from "@/lib/trace/span";
import { readDrawnTrace } from "@/lib/trace/test-draw-trace";
import { type UnixNano, unixNano } from "@/lib/units";

const START = 1_790_000_000_000_000_000n; // of a drawn trace
const RANGE = { from: unixNano(START), to: unixNano(START + 3_600_000_000_000n), type: "cpu" };

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
});
afterAll(() => store?.stop());

/** 200 requests of 1..200 ms, one every second, every tenth an error. */
const requests: Span[] = Array.from({ length: 200 }, (_, i) =>
  readDrawnTrace(
    `GET-/ ${i * 1_000}..${i * 1_000 + i + 1} Server${i % 10 === 0 ? " !" : ""}`,
    (i + 1).toString(16).padStart(32, "0"),
  ).map((span) => ({ ...span, spanId: (i + 1).toString(16).padStart(16, "0") as Span["spanId"] })),
).flat();

async function clear(): Promise<void> {
  for (const table of ["otel_traces", "staged_spans", "sampling_decisions", "dropped_requests", "samples"]) {
    await commandStore(`TRUNCATE TABLE ${table}`);
  }
}

const counted = async (range: { from?: UnixNano; to?: UnixNano } = RANGE) =>
  (await countRequests({ ...range, type: "cpu" }))[0];

test("what sampling drops is counted exactly, and latencies are estimated from what it keeps", async () => {
  await clear();
  await insertSpans([encodeSpanRows(requests, "")]);
  await storeSamples([{ time: START, endpoint: "GET-/", value: 4_000_000_000 }]);
  const whole = await counted();
  const services = await sumServices(RANGE);
  expect(whole).toMatchObject({ requests: 200, errors: 20, keptRequests: 200 });

  await clear();
  await stageSpans([encodeSpanRows(requests, "")]);
  await storeSamples([{ time: START, endpoint: "GET-/", value: 4_000_000_000 }]);
  const rules = { ...DEFAULT_SAMPLING, enabled: true, keepPercent: 40, keepProfiled: false };
  while ((await decideTraces(rules, 0)).more) {
    // the next step
  }
  const sampled = await counted();
  expect(sampled).toMatchObject({ requests: 200, errors: 20 });
  expect(sampled?.keptRequests).toBeLessThan(130);
  // Of 72 or so of 180: the median of 1..200 ms within three standard errors, where unweighted errors would count 2.5 times.
  expect(Math.abs((sampled?.quantiles?.[0] ?? 0) - 100e6)).toBeLessThan(21e6);
  expect((await sumEndpoints(RANGE)).endpoints[0]).toMatchObject({
    requests: 200,
    cpuPerRequestNs: 20_000_000,
  });
  const [service] = (await sumServices(RANGE)).services;
  expect(service).toMatchObject({ requests: 200, errors: 20 });
  expect(service?.sparkline).toEqual(services.services[0]?.sparkline);
});

test("requests later than all that was kept are of the services too, where no range is asked for", async () => {
  await clear();
  await stageSpans([encodeSpanRows(requests, "")]);
  await decideTraces({ ...DEFAULT_SAMPLING, enabled: true, keepPercent: 0 }, 0); // the last of the errors is of second 190
  expect((await sumServices({})).services[0]).toMatchObject({ spans: 20, requests: 200, errors: 20 });
});

test("dropped requests of any range are those of its seconds", async () => {
  const dropped = async (from: number, to: number) => {
    const at = (second: number) => unixNano(START + BigInt(second) * 1_000_000_000n);
    return (await sumDropped({ from: at(from), to: at(to) }, "shop"))[0]?.requests ?? 0;
  };
  const all = await dropped(0, 200);
  expect(all).toBeGreaterThan(80);
  for (const cut of [1, 40, 59, 61, 80, 119, 160, 199]) {
    expect((await dropped(0, cut)) + (await dropped(cut, 200)), `cut at ${cut}`).toBe(all);
  }
});

test("a span that its sender kept as one of four stands for four requests", async () => {
  await clear();
  const [first, ...others] = requests;
  if (first === undefined) throw new Error("unreachable");
  await insertSpans([encodeSpanRows([{ ...first, traceState: "ot=th:c" }, ...others.slice(0, 4)], "")]);
  expect(await counted()).toMatchObject({
    requests: 8,
    errors: 4,
    keptRequests: 5,
    quantiles: [1e6, 5e6, 5e6],
  });
});

test("a service without spans has the requests that its profiler counted, one with spans its own", async () => {
  await clear();
  await insertSpans([encodeSpanRows(requests.slice(0, 3), "")]);
  const db = await catalogue();
  const profile = (service: string, minute: number, counts: Record<string, number>) => ({
    sha256: `${service}${minute}`,
    profileId: `${service}${minute}`,
    service,
    sampleTypes: "[]",
    samples: 0,
    labelled: 0,
    startUnixNano: String(START + BigInt(minute) * 60_000_000_000n),
    durationNs: "0",
    state: "stored",
    endpointCounts: JSON.stringify(counts),
  });
  await db.profile.createMany({
    data: [
      profile("datadog", 0, { "GET /a": 3, toString: 1 }),
      profile("datadog", 1, { "GET /a": 4 }),
      profile("datadog", 60, { "GET /a": 100 }), // the range ends there
      profile("shop", 0, { "GET-/": 50 }),
    ],
  });
  const { endpoints } = await sumEndpoints(RANGE);
  expect(
    endpoints.map(({ endpoint, keptRequests, requests: made, service }) => [
      service,
      endpoint,
      made,
      keptRequests,
    ]),
  ).toEqual([
    ["datadog", "GET /a", 7, 0],
    ["shop", "GET-/", 3, 3],
    ["datadog", "toString", 1, 0],
  ]);
});
