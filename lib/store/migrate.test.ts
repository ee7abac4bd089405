import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine } from "@/lib/engine/test-engine";
import { closeStore, commandStore, connectStore, insertRows, queryRows } from "@/lib/store/clickhouse";
import { migrateStore, splitStatements } from "@/lib/store/migrate";
import { endpointOf } from "@/lib/trace/endpoint";

const embedded = { storeKind: "embedded", retentionDays: undefined } as const;
let engine: Awaited<ReturnType<typeof startTestEngine>>;

beforeAll(async () => {
  engine = await startTestEngine();
  connectStore(engine.url);
});
afterAll(async () => {
  await closeStore();
  await engine.stop();
});

const tables = () =>
  queryRows(
    "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name",
  );

describe.sequential("migrateStore", () => {
  test("attaches to the table of a collector's exporter and keeps its rows and its writer working", async () => {
    await commandStore(await readFile(new URL("./test-exporter-otel-traces.sql", import.meta.url), "utf8"));
    const exporterColumns = [
      "Timestamp",
      "TraceId",
      "SpanId",
      "ParentSpanId",
      "SpanName",
      "SpanKind",
      "ServiceName",
      "SpanAttributes",
      "Duration",
    ] as const;
    const attributes = { "http.request.method": "GET", "http.route": "/p/{id}" };
    await insertRows("otel_traces", exporterColumns, [
      ["1790000000000000001", "a".repeat(32), "b".repeat(16), "", "GET", "Server", "web", attributes, 5],
    ]);
    await migrateStore(embedded);
    await insertRows("otel_traces", exporterColumns, [
      [
        "1790000000000000002",
        "a".repeat(32),
        "c".repeat(16),
        "b".repeat(16),
        "SELECT",
        "Client",
        "web",
        {},
        3,
      ],
    ]);
    const spans = await queryRows(
      `SELECT SpanName, IsEntry, Endpoint, IngestedAt < now64(3) - 3600 AS old, Source
       FROM otel_traces WHERE TraceId = {id:String} ORDER BY SpanName`,
      { id: "a".repeat(32) },
    );
    expect(spans).toEqual([
      { SpanName: "GET", IsEntry: 1, Endpoint: "GET /p/{id}", old: 1, Source: "" },
      { SpanName: "SELECT", IsEntry: 0, Endpoint: "", old: 0, Source: "" },
    ]);
    const [created] = (await tables()).filter((row) => row.name === "otel_traces");
    expect(created?.create_table_query).toContain("PROJECTION by_trace");
  });

  test("names the endpoints of a collector's spans as our receivers do", async () => {
    const spans: [string, Record<string, string>][] = [
      ["GET", { "http.method": "GET", "http.route": "/a" }],
      ["x", { "http.request.method": "_OTHER", "http.request.method_original": "FOO", "http.route": "/b" }],
      ["y", { "rpc.service": "pkg.Svc", "rpc.method": "Do" }],
      ["z", { "rpc.method": "pkg.Svc/Do" }],
      ["q", { "messaging.destination.name": "orders", "messaging.operation": "process" }],
      ["HTTP POST", { "http.method": "POST" }],
      ["job", {}],
    ];
    await insertRows(
      "otel_traces",
      ["Timestamp", "TraceId", "SpanId", "SpanName", "SpanKind", "ServiceName", "SpanAttributes"],
      spans.map(([name, attributes], index) => [
        "1790000000000000002",
        "e".repeat(32),
        String(index),
        name,
        "Server",
        "web",
        attributes,
      ]),
    );
    const rows = await queryRows(
      "SELECT Endpoint FROM otel_traces WHERE TraceId = {id:String} ORDER BY SpanId",
      {
        id: "e".repeat(32),
      },
    );
    expect(rows.map((row) => row.Endpoint)).toEqual(
      spans.map(([name, attributes]) => endpointOf(name, new Map(Object.entries(attributes)))),
    );
  });

  test("run again, and by two at once, changes nothing", async () => {
    const before = await tables();
    const again = await Promise.all([migrateStore(embedded), migrateStore(embedded)]);
    expect(again).toEqual([[], []]);
    expect(await tables()).toEqual(before);
  });

  test("makes every table durable where the engine is ours", async () => {
    for (const row of await tables()) {
      if (row.name === "otel_traces") continue; // the collector's, in this file
      expect(row.create_table_query, String(row.name)).toContain("fsync_after_insert = 1");
    }
  });

  test("retention is set, changed and taken away", async () => {
    const withTtl = async () =>
      (await tables())
        .filter((row) => String(row.create_table_query).includes("toIntervalDay("))
        .map((row) => row.name);
    const none = await withTtl();
    await migrateStore({ ...embedded, retentionDays: 7 });
    const kept = [
      "dropped_requests",
      "functions",
      "otel_profiles",
      "otel_traces",
      "profile_ties",
      "samples",
      "stacks",
      "traces",
    ];
    expect(await withTtl()).toEqual([...new Set([...none, ...kept])].sort());
    await migrateStore({ ...embedded, retentionDays: 30 });
    expect(
      (await tables()).filter((row) => String(row.create_table_query).includes("toIntervalDay(30)")),
    ).toHaveLength(kept.length);
    await migrateStore(embedded);
    expect(await withTtl()).toEqual(none);
  });
});

test("splitStatements ends a statement at a semicolon that ends a line", () => {
  expect(splitStatements("-- a; b\nSELECT 1; -- not here\n + 1;\n\n-- only a comment;\nSELECT 2")).toEqual([
    "-- a; b\nSELECT 1; -- not here\n + 1",
    "SELECT 2",
  ]);
});
