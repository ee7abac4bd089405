/** The newest table of the Collector's exporter: generated columns, text indexes, a primary key shorter than its order. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine } from "@/lib/engine/test-engine";
import type { TraceId } from "@/lib/ids";
import { closeStore, commandStore, connectStore, insertRows, queryRows } from "@/lib/store/clickhouse";
import { findTrace } from "@/lib/store/find-trace";
import { migrateStore } from "@/lib/store/migrate";
import { settleOnce, startOfSettling } from "@/lib/store/settle-traces";

const DAY = 86_400_000;
const embedded = { storeKind: "embedded", retentionDays: undefined } as const;
const exporterTable = (attributes: string) => `CREATE TABLE otel_traces (
  Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)), TraceId String, SpanId String, ParentSpanId String, TraceState String,
  SpanName LowCardinality(String), SpanKind LowCardinality(String), ServiceName LowCardinality(String),
  ResourceAttributes ${attributes}, ScopeName String, ScopeVersion String, SpanAttributes ${attributes},
  Duration UInt64 CODEC(T64, ZSTD(1)), StatusCode LowCardinality(String), StatusMessage String,
  Events Nested (Timestamp DateTime64(9), Name LowCardinality(String), Attributes ${attributes}),
  Links Nested (TraceId String, SpanId String, TraceState String, Attributes ${attributes})
  ${attributes === "JSON" ? "" : ", SpanAttributeItems Array(String) ALIAS arrayMap(kv -> concat(kv.1, '=', kv.2), CAST(SpanAttributes, 'Array(Tuple(String, String))')), INDEX idx_trace_id TraceId TYPE text(tokenizer = 'array'), INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE text(tokenizer = 'array')"}
) ENGINE = MergeTree PARTITION BY toDate(Timestamp)
PRIMARY KEY (ServiceName, SpanName, toDateTime(Timestamp))
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1`;

let engine: Awaited<ReturnType<typeof startTestEngine>>;
beforeAll(async () => {
  engine = await startTestEngine();
  connectStore(engine.url);
});
afterAll(async () => {
  await closeStore();
  await engine.stop();
});

/** As the exporter inserts: its own columns by name. */
async function exportTrace(digit: string, at: number): Promise<void> {
  const traceId = digit.repeat(32);
  const span = (
    spanId: string,
    parent: string,
    kind: string,
    offset: number,
    attributes: Record<string, string>,
  ) => [
    `${at + offset}000000`,
    traceId,
    spanId.repeat(16),
    parent === "" ? "" : parent.repeat(16),
    kind === "Server" ? "GET" : "SELECT",
    kind,
    "web",
    { "service.name": "web" },
    attributes,
    5_000_000 - offset * 1_000_000,
    kind === "Server" ? "Unset" : "Error",
  ];
  await insertRows(
    "otel_traces",
    [
      "Timestamp",
      "TraceId",
      "SpanId",
      "ParentSpanId",
      "SpanName",
      "SpanKind",
      "ServiceName",
      "ResourceAttributes",
      "SpanAttributes",
      "Duration",
      "StatusCode",
    ],
    [
      span("1", "", "Server", 0, { "http.request.method": "GET", "http.route": "/p/{id}" }),
      span("2", "1", "Client", 1, {}),
    ],
  );
}

const listed = () =>
  queryRows(
    "SELECT substring(trace_id, 1, 1) AS id, endpoint, span_count, error_count FROM traces FINAL ORDER BY start",
  );
const summary = (id: string) => ({ id, endpoint: "GET /p/{id}", span_count: 2, error_count: 1 });

describe.sequential("a collector's otel_traces", () => {
  test("with attributes of the type JSON is refused with what to do, and left as it is", async () => {
    await commandStore(exporterTable("JSON"));
    await expect(migrateStore(embedded)).rejects.toThrow(/otel_traces has ResourceAttributes of type JSON/);
    const [table] = await queryRows(
      "SELECT create_table_query AS sql FROM system.tables WHERE name = 'otel_traces'",
    );
    expect(String(table?.sql)).not.toContain("IngestedAt");
    await commandStore("DROP TABLE otel_traces");
  });

  test("is attached with its rows, and what comes later is settled when it comes", async () => {
    await commandStore(exporterTable("Map(LowCardinality(String), String)"));
    const now = Date.now();
    await exportTrace("a", now - 40 * DAY);
    await exportTrace("b", now - 3 * DAY);
    await migrateStore(embedded);
    const state = await startOfSettling();
    while ((await settleOnce(state)).more);
    expect(await listed()).toEqual([summary("a"), summary("b")]);

    await exportTrace("c", now - 2 * DAY); // sent late, as from a collector's queue
    await exportTrace("d", now);
    while ((await settleOnce(state)).more);
    expect(await listed()).toEqual(["a", "b", "c", "d"].map(summary));

    const trace = await findTrace("c".repeat(32) as TraceId);
    expect(
      trace.spans.map(({ kind, name, parentSpanId, status }) => [name, kind, parentSpanId, status]),
    ).toEqual([
      ["GET", "Server", "", "Unset"],
      ["SELECT", "Client", "1".repeat(16), "Error"],
    ]);
  });

  test("is attached whole by the next start when the first was stopped midway", async () => {
    await commandStore("DROP TABLE otel_traces");
    await commandStore("TRUNCATE TABLE hotspan_migrations");
    await commandStore(exporterTable("Map(LowCardinality(String), String)"));
    await exportTrace("e", Date.now() - 5 * DAY);
    // Where a killed process may have left it: the column is there, its values and its later default are not.
    await commandStore(
      "ALTER TABLE otel_traces ADD COLUMN IngestedAt DateTime64(3) DEFAULT toDateTime64(Timestamp, 3)",
    );
    await migrateStore(embedded);
    await exportTrace("f", Date.now() - 5 * DAY);
    const ages = await queryRows(
      `SELECT substring(TraceId, 1, 1) AS id, any(IngestedAt < now() - 86400) AS old FROM otel_traces GROUP BY id ORDER BY id`,
    );
    expect(ages).toEqual([
      { id: "e", old: 1 },
      { id: "f", old: 0 },
    ]);
  });
});
