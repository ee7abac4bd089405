import { describe, expect, test } from "vitest";
import { NO_CPU, summarizeTrace, type TraceCpu } from "@/lib/trace/summarize-trace";
import { readDrawnTrace } from "@/lib/trace/test-draw-trace";

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
