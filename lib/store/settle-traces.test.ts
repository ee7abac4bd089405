import { afterAll, beforeAll, expect, test } from "vitest";
import { insertRows, queryRows } from "@/lib/store/clickhouse";
import { runSettler, settleOnce, startOfSettling } from "@/lib/store/settle-traces";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { storeSamples, storeSpans } from "@/lib/store/test-telemetry";
import type { Span } from "@/lib/trace/span";
import { readDrawnTrace } from "@/lib/trace/test-draw-trace";

const START = 1_790_000_000_000_000_000n;
const id = (n: number) => n.toString(16).padStart(32, "0");

function trace(n: number, drawing: string): Span[] {
  return readDrawnTrace(drawing, id(n)).map((span) => ({
    ...span,
    spanId: `${n}-${span.spanId}` as Span["spanId"],
    parentSpanId: (span.parentSpanId === "" ? "" : `${n}-${span.parentSpanId}`) as Span["parentSpanId"],
  }));
}

/** One span of trace n, stamped as ingested `ago` milliseconds before now. */
async function storeStamped(n: number, spanId: string, ago: number): Promise<void> {
  await insertRows(
    "otel_traces",
    [
      "Timestamp",
      "TraceId",
      "SpanId",
      "SpanName",
      "ServiceName",
      "Duration",
      "StatusCode",
      "SpanKind",
      "IngestedAt",
    ],
    [
      [
        "1790000000.000000000",
        id(n),
        spanId,
        "a",
        "shop",
        1_000,
        "Unset",
        "Server",
        ((Date.now() - ago) / 1_000).toFixed(3),
      ],
    ],
  );
}

const rowsOf = (n: number) =>
  queryRows("SELECT span_count, sample_count FROM traces FINAL WHERE trace_id = {id:String}", { id: id(n) });

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
});
afterAll(() => store.stop());

test("a backlog of days is settled window by window, and then there is nothing to do", async () => {
  const day = 86_400_000;
  for (const [index, ago] of [30 * day, 2 * day, 2 * day - 1_000, 90 * 60_000, 5_000].entries()) {
    await storeStamped(1 + index, "a", ago);
  }
  const state = await startOfSettling();
  let settled = 0;
  let rounds = 0;
  for (let more = true; more; rounds++) {
    const pass = await settleOnce(state);
    settled += pass.settled;
    more = pass.more;
  }
  expect(settled).toBe(5);
  expect(rounds).toBeLessThan(12); // a month without data is one step
  expect(await settleOnce(state)).toEqual({ settled: 0, more: false });
});

test("what was stamped in a settled second and committed after it is settled too", async () => {
  await storeStamped(10, "a", 3_000);
  const state = await startOfSettling();
  while ((await settleOnce(state)).more);
  await storeStamped(10, "b", 20_000);
  expect((await settleOnce(state)).settled).toBe(1);
  expect(await rowsOf(10)).toEqual([{ span_count: 2, sample_count: 0 }]);
});

test("a second that is still filling can be left for later", async () => {
  const state = await startOfSettling();
  while ((await settleOnce(state)).more);
  await storeStamped(20, "a", -30_000);
  expect((await settleOnce(state, { patient: true })).settled).toBe(0);
  expect((await settleOnce(state)).settled).toBe(1);
});

test("the row of a trace moves when its start turns out to be an hour earlier", async () => {
  const state = await startOfSettling();
  const [root, child] = trace(50, "slow 0..9000000\n  late 7200000..7200001");
  if (root === undefined || child === undefined) throw new Error("two spans");
  await storeSpans([child]);
  while ((await settleOnce(state)).more);
  expect(await rowsOf(50)).toEqual([{ span_count: 1, sample_count: 0 }]);
  await storeSpans([root]);
  await settleOnce(state);
  expect(await rowsOf(50)).toEqual([{ span_count: 2, sample_count: 0 }]);
});

test("samples count whether they arrive after the spans or before", async () => {
  const state = await startOfSettling();
  await storeSamples([{ time: START, traceId: id(60), value: 10e6 }]);
  await settleOnce(state);
  expect(await rowsOf(60)).toEqual([]);
  await storeSpans(trace(60, "a 0..50"));
  await settleOnce(state);
  expect(await rowsOf(60)).toEqual([{ span_count: 1, sample_count: 1 }]);
  // Names the span alone.
  await storeSamples([{ time: START - 9_000_000_000n, spanId: "60-a", value: 10e6, count: 2 }]);
  await settleOnce(state);
  expect(await rowsOf(60)).toEqual([{ span_count: 1, sample_count: 3 }]);
});

test("the settler runs until told to stop, and one that starts later goes on where it was", async () => {
  const ended = new AbortController();
  const running = runSettler({ signal: ended.signal });
  await storeSpans(trace(70, "a 0..50"));
  await expect.poll(() => rowsOf(70), { timeout: 20_000 }).toHaveLength(1);
  ended.abort();
  await running;
  await storeSpans(trace(71, "a 0..50"));
  const state = await startOfSettling();
  expect(state.watermark).toBeGreaterThan(Date.now() - 600_000);
  await settleOnce(state);
  expect(await rowsOf(71)).toHaveLength(1);
});
