import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine } from "@/lib/engine/test-engine";
import { instanceFromLabels } from "@/lib/profile/instance";
import { meaningOfType } from "@/lib/profile/meaning";
import { closeStore, commandStore, connectStore, insertRows, queryRows } from "@/lib/store/clickhouse";
import { countsSql, profilesSql } from "@/lib/store/latest-profiles";
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

  test("gives rows that do not say what they mean the meaning and process that our receivers give", async () => {
    const types =
      "cpu wall samples alloc_space alloc_objects inuse_space inuse_objects in_use_x live_bytes goroutine goroutineleak threadcreate objects space mutex block mutex_contentions block_contentions contentions delay own".split(
        " ",
      );
    const labels = [
      {},
      ...[
        "service.instance.id",
        "service_instance_id",
        "instance",
        "k8s.pod.name",
        "k8s_pod_name",
        "pod",
        "hostname",
        "host.name",
        "host",
      ].map((key) => ({
        host: "node-7",
        [key]: "it",
      })),
    ];
    const given = types.flatMap((type) =>
      [0, 5].flatMap((length) => labels.map((set) => ({ type, length, set }))),
    );
    await insertRows(
      "samples",
      ["service", "type", "time", "duration_ns", "labels", "profile_id"],
      given.map(({ length, set, type }, at) => ["old", type, "1790000000000000000", length, set, at]),
    );
    const rows = await queryRows(
      "SELECT toString(meaning) AS meaning, instance FROM samples WHERE service = 'old' ORDER BY profile_id",
    );
    expect(rows).toEqual(
      given.map(({ length, set, type }) => ({
        meaning: meaningOfType(type, {
          temporality: length > 0 ? "delta" : "cumulative",
          hasDuration: length > 0,
        }),
        instance: instanceFromLabels(new Map(Object.entries(set))),
      })),
    );
  });

  test("rows from before are read by what they have, also out of the roll-up by profile", async () => {
    const other = await startTestEngine();
    connectStore(other.url);
    try {
      for (const statement of splitStatements(
        await readFile(new URL("./migrations/0001-init.sql", import.meta.url), "utf8"),
      ))
        await commandStore(statement.replace("{durable}", "non_replicated_deduplication_window = 0"));
      const columns = ["service", "type", "time", "duration_ns", "labels", "profile_id", "value"] as const;
      const rows = [1, 2].map((id) => [
        "old",
        "inuse_space",
        `179000000000000000${id}`,
        0,
        { pod: "a" },
        id,
        id * 10,
      ]);
      await insertRows("samples", columns, rows);
      await migrateStore(embedded);
      const condition = "type = 'inuse_space' AND service = 'old'";
      expect(
        await queryRows(
          `SELECT sum(value) AS value FROM samples WHERE ${condition} AND ${countsSql(condition)}`,
        ),
      ).toEqual([{ value: "20" }]);
      expect(await queryRows(profilesSql(condition))).toHaveLength(2);
    } finally {
      connectStore(engine.url);
      await other.stop();
    }
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
