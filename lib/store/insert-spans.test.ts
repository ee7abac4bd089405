import { afterAll, beforeAll, expect, test } from "vitest";
import { parseSpanId, parseTraceId } from "@/lib/ids";
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { insertSpans } from "@/lib/store/insert-spans";
import { encodeSpanRows, type SpanRows } from "@/lib/store/span-row";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import type { Span } from "@/lib/trace/span";
import { unixNanoFromMillis } from "@/lib/units";

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
});
afterAll(() => store?.stop());

let serial = 0;

/** A span of its own trace, `day` days after 2026-01-01. */
function makeSpan(day = 0): Span {
  serial++;
  const traceId = parseTraceId(serial.toString(16).padStart(32, "0"));
  const spanId = parseSpanId(serial.toString(16).padStart(16, "0"));
  if (traceId === undefined || spanId === undefined) throw new Error("unreachable");
  return {
    traceId,
    spanId,
    parentSpanId: "",
    traceState: "",
    name: "work",
    kind: "Server",
    service: "shop",
    startUnixNano: unixNanoFromMillis(Date.UTC(2026, 0, 1 + day) + serial),
    durationNs: 1_000,
    status: "Unset",
    statusMessage: "",
    attributes: new Map(),
    resource: new Map([["service.name", "shop"]]),
    scopeName: "",
    scopeVersion: "",
    events: [],
    links: [],
    isEntry: true,
    endpoint: "work",
  };
}

const makeSpans = (count: number, day?: number) => Array.from({ length: count }, () => makeSpan(day));

async function countOf(spans: readonly Span[]): Promise<string> {
  const [row] = await queryRows(
    "SELECT count() AS rows, uniqExact(TraceId, SpanId) AS spans FROM otel_traces WHERE TraceId IN {ids:Array(String)}",
    { ids: spans.map(({ traceId }) => traceId) },
  );
  return `${row?.rows} rows of ${row?.spans} spans`;
}

test("a span is stored once: sent twice in a group, in a later group, and beside new ones", async () => {
  const spans = makeSpans(100);
  const rows = encodeSpanRows(spans, "");
  expect(await insertSpans([rows, rows])).toEqual([0, 0]);
  expect(await countOf(spans)).toBe("100 rows of 100 spans");
  const more = makeSpans(50);
  const mixed = [...spans.slice(20, 60), ...more, ...spans.slice(0, 5)];
  await insertSpans([encodeSpanRows(mixed, ""), rows]);
  expect(await countOf([...spans, ...more])).toBe("150 rows of 150 spans");
});

test("a long trace that comes in parts, and again, is stored once", async () => {
  const [first, ...others] = makeSpans(500);
  if (first === undefined) throw new Error("unreachable");
  const spans = [first, ...others.map((span) => ({ ...span, traceId: first.traceId }))];
  const part = (from: number, to: number) => insertSpans([encodeSpanRows(spans.slice(from, to), "")]);
  await part(0, 200);
  await part(100, 300);
  await part(0, 500);
  await part(0, 500);
  expect(await countOf([first])).toBe("500 rows of 500 spans");
});

test("120 days in one batch are 120 partitions, stored whole", async () => {
  const spans = Array.from({ length: 300 }, (_, index) => makeSpan(index % 120));
  await insertSpans([encodeSpanRows(spans, "")]);
  expect(await countOf(spans)).toBe("300 rows of 300 spans");
});

test("what a failed attempt had stored is not stored again by the next", async () => {
  const [first, second] = [makeSpans(10, 1), makeSpans(10, 2)];
  await insertSpans([encodeSpanRows(first, "")]); // as if the attempt had ended between two days
  await insertSpans([encodeSpanRows([...first, ...second], "")]);
  expect(await countOf([...first, ...second])).toBe("20 rows of 20 spans");
});

/** Rows of which one has a time that the engine cannot read, as if our own checks had let it through. */
function withPoison(spans: readonly Span[], poisoned: number): SpanRows {
  const rows = encodeSpanRows(spans, "");
  const text = Buffer.from(rows.text);
  text.write("never", (poisoned === 0 ? 0 : (rows.ends[poisoned - 1] ?? 0)) + 2);
  return { ...rows, text };
}

test("one row that the engine cannot read costs that row, and its sender is told", async () => {
  const [good, bad] = [makeSpans(500), makeSpans(500)];
  expect(await insertSpans([encodeSpanRows(good, ""), withPoison(bad, 123)])).toEqual([0, 1]);
  expect(await countOf([...good, ...bad])).toBe("999 rows of 999 spans");
});

test("a table that takes no row at all is the store's trouble, not the spans'", async () => {
  const spans = makeSpans(200);
  await commandStore("RENAME TABLE otel_traces TO elsewhere");
  await expect(insertSpans([encodeSpanRows(spans, "")])).rejects.toMatchObject({ code: "unavailable" });
  await commandStore("RENAME TABLE elsewhere TO otel_traces");
  await insertSpans([encodeSpanRows(spans, "")]);
  expect(await countOf(spans)).toBe("200 rows of 200 spans");
});
