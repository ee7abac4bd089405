/** A collector's own table, with rows from before and rows that come later, on the real engine. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startTestEngine } from "@/lib/engine/test-engine";
import { HotspanError } from "@/lib/errors";
import {
  type CollectorProfilesState,
  convertOnce,
  loadState,
  runCollectorProfiles,
} from "@/lib/ingest/collector-profiles";
import { decodeOtlpProfiles } from "@/lib/ingest/otlp-profiles";
import { endProcess, startIngestProcess, untilReady } from "@/lib/ingest/test-ingest-process";
import { profilesRequest, TestDictionary, TIME } from "@/lib/ingest/test-otlp-profiles";
import { pause } from "@/lib/pause";
import { type Catalogue, openCatalogue } from "@/lib/store/catalogue";
import { closeStore, commandStore, connectStore, insertRows, queryRows } from "@/lib/store/clickhouse";
import { insertProfiles } from "@/lib/store/insert-profiles";
import { migrateStore } from "@/lib/store/migrate";
import type { ProfileRows } from "@/lib/store/profile-row";
import { unixNano } from "@/lib/units";

vi.setConfig({ testTimeout: 60_000 });

let engine: Awaited<ReturnType<typeof startTestEngine>>;
let catalogue: Catalogue;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-collector-"));
  engine = await startTestEngine();
  connectStore(engine.url);
  catalogue = await openCatalogue(`file:${join(folder, "catalogue.db")}`);
  await commandStore(
    await readFile(new URL("../store/test-exporter-otel-profiles.sql", import.meta.url), "utf8"),
  );
});
afterAll(async () => {
  await catalogue.$disconnect();
  await closeStore();
  await engine.stop();
  await rm(folder, { recursive: true });
});

const COLUMNS = [
  "Timestamp",
  "ProfileId",
  "SampleType",
  "SampleUnit",
  "ServiceName",
  "ResourceAttributes",
  "SampleAttributes",
  "FunctionNames",
  "FileNames",
  "LineNumbers",
  "MappingFileNames",
  "Values",
  "TimestampsUnixNano",
  "DurationNano",
  "Period",
  "PeriodType",
  "PeriodUnit",
  "TraceId",
  "SpanId",
] as const;

/** As the exporter writes one export of a Go CPU profile: a row a sample and type, each type another profile's. */
async function exportCpu(
  service: string,
  time: bigint,
  seconds: readonly number[],
  odd: { durationNano?: string } = {},
): Promise<void> {
  const rows = seconds.flatMap((value, at) => {
    const shared = (id: string, name: string, unit: string, number: number) => [
      String(time),
      id,
      name,
      unit,
      service,
      { "k8s.pod.name": "pod-1" },
      { endpoint: '["GET /pay"]', shard: String(at) },
      ["leaf", `work${at}`, "main"],
      ["l.go", "w.go", "m.go"],
      [3, 2, 1],
      ["", "", ""],
      [String(number)],
      [],
      odd.durationNano ?? "10000000000",
      "10000000",
      "cpu",
      "nanoseconds",
      at === 0 ? "a".repeat(32) : "",
      at === 0 ? "b".repeat(16) : "",
    ];
    return [
      shared(`${time}1`, "samples", "count", value / 1e7),
      shared(`${time}2`, "cpu", "nanoseconds", value),
    ];
  });
  await insertRows("otel_profiles", COLUMNS, rows);
}

const insert = (profiles: readonly ProfileRows[]) => insertProfiles(catalogue, profiles);

function stored(service: string) {
  return queryRows(
    `SELECT type, toString(sum(value)) AS value, toString(sum(count)) AS count, uniqExact(profile_id) AS profiles
     FROM samples WHERE service = {service:String} GROUP BY type ORDER BY type`,
    { service },
  );
}

/** Rounds until nothing waits; the second that is filling is over by then. */
async function convertAll(
  state: CollectorProfilesState,
  fail?: (profiles: readonly ProfileRows[]) => Promise<unknown>,
): Promise<void> {
  const started = Math.floor(Date.now() / 1_000);
  while (Math.floor(Date.now() / 1_000) === started) await pause(50);
  for (;;) if (!(await convertOnce(state, { catalogue, insert: fail ?? insert })).more) return;
}

const OLD = BigInt(Date.now() - 40 * 86_400_000) * 1_000_000n;
const NEW = BigInt(Date.now()) * 1_000_000n;
const cpu = (value: bigint, profiles: number) => [
  { type: "cpu", value: String(value), count: String(value / 10_000_000n), profiles: String(profiles) },
];

describe.sequential("otel_profiles", () => {
  let state: CollectorProfilesState;

  test("rows from before are back-filled, resumed where a failure or a kill left off, each once", async () => {
    for (let at = 0n; at < 12n; at++) await exportCpu("old", OLD + at * 7_200_000_000_000n, [3e7, 2e7]);
    await migrateStore({ storeKind: "embedded", retentionDays: undefined });
    state = await loadState(catalogue);
    let left = 7;
    const broken = async (profiles: readonly ProfileRows[]) => {
      if (left-- === 0) throw new HotspanError("unavailable", "The store does not answer.");
      return insert(profiles);
    };
    await expect(convertAll(state, broken)).rejects.toThrow("does not answer");
    // What a killed process has kept: the marks of its last whole round.
    state = await loadState(catalogue);
    await convertAll(state);
    expect(state.below).toBe(0);
    expect(await stored("old")).toEqual(cpu(12n * 50_000_000n, 12));
    // And if even those were lost.
    await convertAll({ live: Date.now() - 60_000, below: Date.now(), seen: new Map() });
    expect(await stored("old")).toEqual(cpu(12n * 50_000_000n, 12));
  });

  test("rows that come later are taken over, in one second and in the same again; a batch written twice is one", async () => {
    await exportCpu("new", NEW, [1e7, 5e7]);
    await exportCpu("new", NEW + 1n, [1e7]);
    await convertAll(state);
    expect(await stored("new")).toEqual(cpu(70_000_000n, 2));
    await exportCpu("new", NEW, [1e7, 5e7]); // the exporter's retry after a lost answer
    await exportCpu("new", NEW + 2n, [2e7]);
    await convertAll(state);
    expect(await stored("new")).toEqual(cpu(90_000_000n, 3));
  });

  test("functions, stacks, labels and ties are those that the same profile has by OTLP", async () => {
    const d = new TestDictionary();
    const attributeIndices = [
      d.attribute("endpoint", { stringValue: "GET /pay" }),
      d.attribute("shard", { stringValue: "0" }),
    ];
    const sample = {
      stackIndex: d.stack("main@m.go:1;work0@w.go:2;leaf@l.go:3"),
      attributeIndices,
      linkIndex: d.link("a".repeat(32), "b".repeat(16)),
    };
    const common = {
      timeUnixNano: TIME,
      durationNano: "10000000000",
      period: "10000000",
      periodType: d.type("cpu", "nanoseconds"),
    };
    const request = profilesRequest(
      d,
      [
        { ...common, sampleType: d.type("samples", "count"), samples: [{ ...sample, values: ["1"] }] },
        {
          ...common,
          sampleType: d.type("cpu", "nanoseconds"),
          samples: [{ ...sample, values: ["10000000"] }],
        },
      ],
      {
        attributes: [
          { key: "service.name", value: { stringValue: "otlp" } },
          { key: "k8s.pod.name", value: { stringValue: "pod-1" } },
        ],
      },
    );
    const decoded = decodeOtlpProfiles({
      bytes: Buffer.from(JSON.stringify(request)),
      encoding: "json",
      receivedUnixNano: unixNano(NEW),
      source: "",
    });
    await insert(decoded.profiles);
    const [byTable, byOtlp] = await Promise.all(
      ["new", "otlp"].map((service) =>
        queryRows(
          `SELECT DISTINCT stack_id, endpoint, trace_id, span_id, tie, labels, instance, meaning, period_ns, duration_ns, count
           FROM samples WHERE service = {service:String} AND value = 10000000 AND trace_id != ''`,
          { service },
        ),
      ),
    );
    expect(byOtlp).toHaveLength(1);
    expect(byTable).toEqual(byOtlp);
  });

  test("a large batch is taken over in parts, a profile that cannot be is left out and told", async () => {
    const seconds = Array.from({ length: 21_000 }, () => 1e7);
    await exportCpu("large", NEW, seconds);
    await exportCpu("endless", NEW, [1e7], { durationNano: "9000000000000000000" });
    const sentences: string[] = [];
    const log = (sentence: string) => sentences.push(sentence);
    const stop = new AbortController();
    const running = runCollectorProfiles({ catalogue, insert, log, signal: stop.signal });
    await expect.poll(() => stored("large"), { timeout: 20_000 }).toEqual(cpu(210_000_000_000n, 3));
    await expect.poll(() => sentences.length, { timeout: 20_000 }).toBe(1);
    stop.abort();
    await running;
    expect(sentences[0]).toMatch(/^A profile of endless in otel_profiles was left out: .*duration/);
    expect(await stored("endless")).toEqual([]);
  }, 30_000);

  test("the ingest process killed while it reads and while it stores takes each batch over once", async () => {
    for (let at = 0n; at < 30n; at++) await exportCpu("killed", NEW + at, [1e7, 2e7]);
    const pending = () => catalogue.profile.count({ where: { service: "killed", state: "pending" } });
    const start = async () => {
      await catalogue.setting.deleteMany({ where: { key: "otel-profiles-lease" } }); // as if its time were over
      const ports = { httpPort: 23_020, grpcPort: 23_021 };
      const process_ = startIngestProcess({ storeUrl: engine.url, dataDir: folder, ...ports });
      await untilReady(process_, `http://127.0.0.1:${ports.httpPort}`);
      return process_;
    };
    const reading = await start();
    await endProcess(reading, "SIGKILL");
    const storing = await start();
    await expect.poll(pending, { timeout: 40_000, interval: 2 }).toBeGreaterThan(0);
    await endProcess(storing, "SIGKILL");
    const last = await start();
    await expect.poll(() => stored("killed"), { timeout: 40_000 }).toEqual(cpu(30n * 30_000_000n, 30));
    await expect.poll(pending, { timeout: 40_000 }).toBe(0);
    expect(await endProcess(last, "SIGTERM")).toBe("0");
    expect(await stored("killed")).toEqual(cpu(30n * 30_000_000n, 30));
  }, 120_000);

  test("is attached once: started again, the table is as it was and knows its old rows", async () => {
    const [before] = await queryRows(
      "SELECT create_table_query FROM system.tables WHERE name = 'otel_profiles'",
    );
    expect(await migrateStore({ storeKind: "embedded", retentionDays: undefined })).toEqual([]);
    const [after] = await queryRows(
      "SELECT create_table_query FROM system.tables WHERE name = 'otel_profiles'",
    );
    expect(after).toEqual(before);
    const [row] = await queryRows(
      "SELECT count() AS old FROM otel_profiles WHERE IngestedAt < now() - 86400",
    );
    expect(row).toEqual({ old: "48" });
  });
});
