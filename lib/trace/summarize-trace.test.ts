import { describe, expect, test } from "vitest";
import { NO_CPU, summarizeTrace, type TraceCpu } from "@/lib/trace/summarize-trace";
import { readDrawnTrace } from "@/lib/trace/test-draw-trace";
import { explainNoSamples } from "@/lib/trace/why-no-samples";

const product = readDrawnTrace(`
gateway/GetProduct 0..100 Server
  gateway/query 5..15 Client
  gateway/render 20..60
  gateway/call 65..95 Client
    pricing/GetPrice 70..90 Server !
      pricing/sleep 72..88`);

const cpu = (millis: number, bySpan: Record<string, number> = {}): TraceCpu => ({
  cpuNs: millis * 1e6,
  sampleCount: millis / 10,
  samplesBySpan: new Map(),
  samplesByService: new Map([["gateway", millis / 10]]),
  bySpan: new Map(Object.entries(bySpan).map(([span, value]) => [span, value * 1e6])),
  topFunction: "main.render",
});

describe("summarizeTrace", () => {
  test("gives the columns of the list", () => {
    const summary = summarizeTrace(product, cpu(40, { render: 40 }));
    expect(summary).toEqual({
      startUnixNano: 1_790_000_000_000_000_000n,
      durationNs: 100e6,
      rootService: "gateway",
      rootName: "GetProduct",
      endpoint: "GetProduct",
      services: ["gateway", "pricing"],
      entries: [
        { service: "gateway", endpoint: "GetProduct", sampleCount: 4 },
        { service: "pricing", endpoint: "GetPrice", sampleCount: 0 },
      ],
      spanCount: 6,
      errorCount: 1,
      cpuNs: 40e6,
      sampleCount: 4,
      unexplainedNs: 40e6, // GetProduct itself 20, GetPrice itself 4, sleep 16; render computed, the clients name their wait
      topFunction: "main.render",
    });
  });

  test("unexplained is never more than the root's wall time and 0 when all of it computes", () => {
    expect(summarizeTrace(readDrawnTrace("root 0..50"), NO_CPU).unexplainedNs).toBe(50e6);
    expect(summarizeTrace(readDrawnTrace("root 0..50"), cpu(50, { root: 50 })).unexplainedNs).toBe(0);
    expect(summarizeTrace(readDrawnTrace("root 0..50"), cpu(500, { root: 500 })).unexplainedNs).toBe(0);
  });

  test("CPU that names only the trace accounts for what is left", () => {
    expect(summarizeTrace(readDrawnTrace("root 0..50\n  a 10..20"), cpu(30, { a: 10 })).unexplainedNs).toBe(
      20e6,
    );
  });
});

test("explainNoSamples tells absence, missing labels, too short, chance and waiting apart", () => {
  const around = {
    profiles: 2,
    samples: 900,
    labelledSamples: 700,
    capturedSamples: 0,
    periodNs: 10_000_000,
  };
  expect(explainNoSamples(3e6, ["web"], { ...around, profiles: 0 })).toBe(
    "No CPU profile of service web covers the time of this trace.",
  );
  expect(explainNoSamples(3e6, ["web", "db"], { ...around, labelledSamples: 0 })).toMatch(
    /^2 CPU profiles cover this time, but none of the 900 samples carries a trace id/,
  );
  expect(explainNoSamples(3e6, ["web"], around)).toBe(
    "Too short to be caught: 3 ms at 100 Hz gives 0.3 samples even if all of it ran on a CPU.",
  );
  expect(explainNoSamples(15e6, ["web"], around)).toBe(
    "No sample hit it: 15 ms at 100 Hz gives about 2 samples if all of it ran on a CPU, so it mostly waited or was missed by chance.",
  );
  expect(explainNoSamples(900e6, ["web"], around)).toMatch(/900 ms at 100 Hz would give 90 samples/);
});
