import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_SAMPLING, type SamplingRules } from "@/lib/api/sampling-contract";
import { parseSpanId, parseTraceId } from "@/lib/ids";
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { decideTraces, forgetDecided, hasStagedSpans } from "@/lib/store/decide-traces";
import { findTrace } from "@/lib/store/find-trace";
import { insertSpans, stageSpans } from "@/lib/store/insert-spans";
import { encodeSpanRows } from "@/lib/store/span-row";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { storeSamples } from "@/lib/store/test-telemetry";
import type { Span } from "@/lib/trace/span";
import { unixNanoFromMillis } from "@/lib/units";

/** Nothing but what a rule keeps. */
const RULES: SamplingRules = { ...DEFAULT_SAMPLING, enabled: true, keepPercent: 0 };
const START = unixNanoFromMillis(Date.now() - 60_000);

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
});
afterAll(() => store?.stop());
beforeEach(async () => {
  for (const table of ["otel_traces", "staged_spans", "sampling_decisions", "dropped_requests", "samples"]) {
    await commandStore(`TRUNCATE TABLE ${table}`);
  }
});

const hex = (text: string, length: number) =>
  createHash("sha256").update(text).digest("hex").slice(0, length);
const traceIdOf = (name: string) => parseTraceId(hex(name, 32)) ?? never();
function never(): never {
  throw new Error("A hash is an id.");
}

interface Drawn {
  readonly ms?: number;
  readonly status?: "Ok" | "Error";
  readonly attributes?: Record<string, string>;
  readonly traceState?: string;
  readonly child?: boolean;
}

/** `checkout/1`: span 1 of the trace "checkout". */
function span(
  name: string,
  { attributes = {}, child = false, ms = 5, status = "Ok", traceState = "" }: Drawn = {},
): Span {
  return {
    traceId: traceIdOf(name.split("/")[0] ?? ""),
    spanId: parseSpanId(hex(name, 16)) ?? never(),
    parentSpanId: child ? (parseSpanId(hex("parent", 16)) ?? never()) : "",
    traceState,
    name,
    kind: child ? "Internal" : "Server",
    service: "shop",
    startUnixNano: START,
    durationNs: ms * 1e6,
    status,
    statusMessage: "",
    attributes: new Map(Object.entries(attributes)),
    resource: new Map(),
    scopeName: "",
    scopeVersion: "",
    events: [],
    links: [],
    isEntry: !child,
    endpoint: child ? "" : "GET /",
  };
}

const rowsOf = (spans: readonly Span[]) => [encodeSpanRows(spans, "")];
const stage = (...spans: readonly Span[]) => stageSpans(rowsOf(spans));

async function decideAll(rules = RULES): Promise<void> {
  while ((await decideTraces(rules, 0)).more) {
    // the next step
  }
}

const kept = async () =>
  (await queryRows("SELECT SpanName AS name FROM otel_traces ORDER BY name")).map(({ name }) => name);
const droppedRequests = async () =>
  Number((await queryRows("SELECT sum(weight) AS requests FROM dropped_requests"))[0]?.requests);

describe("a whole trace is kept or dropped", () => {
  test("for an error, a 5xx, more than two seconds, a profile, the name of one; else by its share", async () => {
    await stage(
      span("plain/1"),
      span("plain/2", { child: true }),
      span("error/1"),
      span("error/2", { child: true, status: "Error" }),
      span("5xx/1", { attributes: { "http.response.status_code": "503" } }),
      span("old5xx/1", { attributes: { "http.status_code": "500" } }),
      span("4xx/1", { attributes: { "http.response.status_code": "404" } }),
      span("slow/1", { ms: 2_001 }),
      span("quick/1", { ms: 1_999 }),
      span("profiled/1"),
      span("span-only/1"),
      span("file/1", { attributes: { cpu_profile: "endpoint-cpu-1.pprof" } }),
    );
    await storeSamples([
      { time: START, traceId: traceIdOf("profiled"), value: 1 },
      { time: START, spanId: hex("span-only/1", 16), value: 1 },
    ]);
    await decideAll();
    expect(await kept()).toEqual([
      "5xx/1",
      "error/1",
      "error/2",
      "file/1",
      "old5xx/1",
      "profiled/1",
      "slow/1",
      "span-only/1",
    ]);
    expect(await droppedRequests()).toBe(3); // plain, 4xx, quick
  });

  test("the share is of traces, and every request is counted once, kept or dropped", async () => {
    const spans = Array.from({ length: 2_000 }, (_, i) => [
      span(`t${i}/1`),
      span(`t${i}/2`, { child: true }),
    ]);
    await stage(...spans.flat());
    await decideAll({ ...RULES, keepPercent: 30 });
    const [row] = await queryRows(
      "SELECT uniqExact(TraceId) AS traces, count() AS spans, any(KeptShare) AS share FROM otel_traces",
    );
    const traces = Number(row?.traces);
    expect(Math.abs(traces - 600)).toBeLessThan(80); // 4 standard deviations
    expect([Number(row?.spans), row?.share]).toEqual([traces * 2, 0.3]);
    expect((await droppedRequests()) + traces).toBe(2_000);
  });

  test("requests that a sender's own sampling left out stay counted: tracestate th:c is one of four", async () => {
    await stage(span("sampled/1", { traceState: "vendor=1,ot=rv:00000000000001;th:c" }));
    await decideAll();
    expect(await droppedRequests()).toBe(4);
  });

  test("off: what is staged is kept", async () => {
    await stage(span("a/1"));
    await decideAll({ ...RULES, enabled: false });
    expect(await kept()).toEqual(["a/1"]);
  });
});

describe("only when it is quiet", () => {
  test("a trace that still grows waits whole", async () => {
    await stage(span("young/1"));
    expect((await decideTraces(RULES, 60)).droppedTraces).toBe(0);
    expect(await droppedRequests()).toBe(0);
  });

  test("a verdict is final: what comes late shares it, and a retry changes no number", async () => {
    await stage(span("bad/1", { status: "Error" }), span("good/1"));
    await decideAll();
    await stage(span("bad/1", { status: "Error" }), span("good/1")); // sent again
    await stage(span("bad/2", { child: true }), span("good/2", { child: true, status: "Error" })); // late
    await decideAll();
    await decideAll();
    expect(await kept()).toEqual(["bad/1", "bad/2"]);
    expect(await droppedRequests()).toBe(1);
  });

  test("one that never falls quiet is decided when it has waited ten times as long, and lets go of its minutes", async () => {
    await stage(span("endless/1", { status: "Error" }), span("waste/1"));
    await olden("15 MINUTE");
    await stage(span("endless/2", { child: true }), span("waste/2"));
    await decideTraces(RULES, 60);
    await forgetDecided();
    expect(await kept()).toEqual(["endless/1", "endless/2"]);
    expect([await droppedRequests(), await minutes()]).toEqual([2, 1]);
  });

  test("spans that a clock stamped with the future do not wait for it", async () => {
    await stage(span("ahead/1", { status: "Error" }));
    await olden("-1 HOUR");
    await decideTraces(RULES, 60);
    expect(await kept()).toEqual(["ahead/1"]);
  });

  test("a trace of which something was kept before sampling was turned on is kept whole", async () => {
    await insertSpans(rowsOf([span("early/1")]));
    await stage(span("early/2", { child: true }), span("early/1"));
    await decideAll();
    expect(await kept()).toEqual(["early/1", "early/2"]);
    expect(await droppedRequests()).toBe(0);
  });

  test("spans stored before sampling was turned on are not stored twice", async () => {
    await insertSpans(rowsOf([span("early/1", { status: "Error" })]));
    await stage(span("early/1", { status: "Error" }), span("early/2", { child: true }));
    await decideAll();
    expect(await kept()).toEqual(["early/1", "early/2"]);
  });
});

test("a trace of more spans than one statement takes is moved in pieces, each span once", async () => {
  const more = Array.from({ length: 60_000 }, (_, i) => span(`huge/${i}`, { child: true }));
  await stage(span("huge/error", { status: "Error" }), ...more, ...more.slice(0, 1_000));
  await decideAll();
  const [row] = await queryRows(
    "SELECT count() AS spans, uniqExact(SpanId) AS ids, uniqExact(IngestedAt) AS inserts FROM otel_traces",
  );
  expect([Number(row?.spans), Number(row?.ids)]).toEqual([60_001, 60_001]);
  expect(Number(row?.inserts)).toBeGreaterThan(1);
});

describe("a process that dies", () => {
  /** What the next process finds: the verdicts, and anything between nothing and all of their work. */
  test.each(["before its work", "after its work"])(
    "%s leaves the next one nothing to lose or double",
    async (when) => {
      await stage(span("bad/1", { status: "Error" }), span("good/1"));
      await decideAll();
      // The last step had not been taken ...
      await commandStore(
        "ALTER TABLE sampling_decisions DELETE WHERE done = 1",
        {},
        { settings: { mutations_sync: "1" } },
      );
      if (when === "before its work") {
        await commandStore("TRUNCATE TABLE otel_traces");
        await commandStore("TRUNCATE TABLE dropped_requests");
      }
      // ... and the rules have changed meanwhile, which changes no verdict.
      await decideAll({ ...RULES, keepErrors: false, keepPercent: 100 });
      expect(await kept()).toEqual(["bad/1"]);
      expect(await droppedRequests()).toBe(1);
    },
  );

  test("minutes of staging go when all in them is done, and not before", async () => {
    await stage(span("bad/1", { status: "Error" }));
    await olden("10 MINUTE");
    await stage(span("bad/1", { status: "Error" }));
    await forgetDecided();
    expect(await minutes()).toBe(2);
    await decideAll();
    await forgetDecided();
    expect(await minutes()).toBe(1); // the present one stays: inserts may be under way
    expect(await hasStagedSpans()).toBe(true);
    expect(await kept()).toEqual(["bad/1"]);
  });
});

/** Staged so much earlier, by the store's clock. */
async function olden(interval: string): Promise<void> {
  const before = await queryRows("SELECT now64(3) AS now");
  await commandStore(
    `INSERT INTO staged_spans SELECT * REPLACE (IngestedAt - INTERVAL ${interval} AS IngestedAt) FROM staged_spans`,
  );
  await commandStore(
    "DELETE FROM staged_spans WHERE IngestedAt BETWEEN {now:DateTime64(3)} - 600 AND {now:DateTime64(3)}",
    {
      now: before[0]?.now,
    },
  );
}

async function minutes(): Promise<number> {
  const rows = await queryRows("SELECT uniqExact(toStartOfMinute(IngestedAt)) AS minutes FROM staged_spans");
  return Number(rows[0]?.minutes);
}

test("a trace that waits can be opened by its id, each span once", async () => {
  await stage(span("fresh/1"), span("fresh/2", { child: true }));
  await stage(span("fresh/1"));
  const { spans, warnings } = await findTrace(traceIdOf("fresh"));
  expect(spans.map(({ name }) => name).sort()).toEqual(["fresh/1", "fresh/2"]);
  expect(warnings.join()).toContain("still coming in");
});
