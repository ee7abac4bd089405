import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { decodeOtlpTraces } from "@/lib/ingest/otlp-traces";
import { startTestDoors, type TestReceiver } from "@/lib/ingest/test-receiver";
import { findArchive, readArchive } from "@/lib/sample-data/archive";
import { loadSampleData } from "@/lib/sample-data/load-sample-data";
import { readPprofTruth } from "@/lib/sample-data/test-pprof-top";
import { catalogue, closeCatalogue } from "@/lib/store/catalogue";
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { insertProfile } from "@/lib/store/insert-profile";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { type UnixNano, unixNano, unixNanoFromMillis } from "@/lib/units";

const folder = mkdtempSync(join(tmpdir(), "hotspan-sample-data-"));
const now = unixNanoFromMillis(Date.now());
let store: TestStore;
let doors: TestReceiver;
let catalogues = 0;
let received = 0;
let afterProfile: (received: number) => unknown = () => undefined;

beforeAll(async () => {
  store = await startTestStore();
  doors = await startTestDoors({
    insertProfile: async (rows) => {
      const receipt = await insertProfile(await catalogue(), rows);
      await afterProfile(++received);
      return receipt;
    },
  });
});

beforeEach(async () => {
  await useNewCatalogue();
  received = 0;
  afterProfile = () => undefined;
  for (const table of ["otel_traces", "samples"]) await commandStore(`TRUNCATE TABLE ${table}`);
});

afterAll(async () => {
  await doors?.stop();
  await closeCatalogue();
  await store?.stop();
  delete process.env.HOTSPAN_CATALOGUE_URL;
  rmSync(folder, { recursive: true });
});

async function useNewCatalogue(): Promise<void> {
  await closeCatalogue();
  process.env.HOTSPAN_CATALOGUE_URL = `file:${join(folder, `${++catalogues}.db`)}`;
}

async function state(): Promise<string | undefined> {
  return (await (await catalogue()).setting.findUnique({ where: { key: "sample-data" } }))?.value;
}

async function stored() {
  const [row] = await queryRows(
    `SELECT count() AS spans, uniqExact(TraceId, SpanId) AS distinct, groupUniqArray(Source) AS sources,
            toUnixTimestamp64Nano(min(Timestamp)) AS first, toUnixTimestamp64Nano(max(Timestamp)) AS last
     FROM otel_traces`,
  );
  return row;
}

/** What the store must hold when the recording ends at `end`. */
async function recorded(end: UnixNano) {
  const starts = new Map<string, bigint>();
  let recordedEnd = 0n;
  let profiles = 0;
  for await (const { path, arrived, body } of readArchive(findArchive() ?? "")) {
    if (arrived > recordedEnd) recordedEnd = arrived;
    if (path !== "/v1/traces") profiles++;
    else
      for (const span of decodeOtlpTraces(body, "protobuf", arrived).spans) {
        starts.set(`${span.traceId}${span.spanId}`, span.startUnixNano);
      }
  }
  const sorted = [...starts.values()].sort((a, b) => Number(a - b));
  const byNanos = end - recordedEnd;
  const spans = String(starts.size);
  const [first, last] = [sorted[0], sorted.at(-1)].map((instant) => String((instant ?? 0n) + byNanos));
  return { spans: { spans, distinct: spans, sources: ["sample"], first, last }, profiles, byNanos };
}

/** Totals and functions of one stored profile and type, as readPprofTruth has them. */
async function storedTop(service: string, type: string, start: bigint) {
  const what = { service, type, start: String(start) };
  const value = type === "samples" ? "sumIf(count, is_primary = 1)" : "sumIf(value, type = {type:String})";
  const sampled = `SELECT stack_id, ${value} AS value FROM samples
    WHERE service = {service:String} AND time = fromUnixTimestamp64Nano({start:Int64})
    AND ({type:String} = 'samples' OR type = {type:String}) GROUP BY stack_id`;
  const stacks =
    "SELECT stack_id, functions FROM stacks WHERE service = {service:String} LIMIT 1 BY stack_id";
  const names = "SELECT function_id, name FROM functions LIMIT 1 BY function_id";
  const rows = await queryRows(
    `SELECT name, sumIf(value, function = functions[-1]) AS flat, sum(value) AS cum
     FROM (${sampled}) AS sampled JOIN (${stacks}) AS stacks USING stack_id
     ARRAY JOIN arrayDistinct(functions) AS function
     JOIN (${names}) AS names ON names.function_id = function GROUP BY name`,
    what,
  );
  const [total] = await queryRows(`SELECT sum(value) AS total FROM (${sampled})`, what);
  const byName = new Map(rows.map((row) => [row.name, { flat: row.flat, cum: row.cum }]));
  return { total: total?.total, byName };
}

function typeInStore(type: string, name: string): string {
  const kind = name.split("-")[1] ?? "";
  return type === "delay" ? kind : type === "contentions" ? `${kind}_contentions` : type;
}

test("a load cut off and taken up again leaves what one load leaves: every span and value once, in time as if recorded just now", async () => {
  const cut = new AbortController();
  afterProfile = (count) => count === 40 && cut.abort();
  await loadSampleData({ ingestUrl: doors.url, now, signal: cut.signal });
  expect(await state()).toBe("loading");
  const partial = await stored();
  const whole = await recorded(now);
  expect(Number(partial?.spans)).toBeGreaterThan(0);
  expect(Number(partial?.spans)).toBeLessThan(Number(whole.spans.spans));

  await loadSampleData({ ingestUrl: doors.url, now: unixNano(now + 60_000_000_000n) });
  expect(await state()).toBe("loaded");
  expect(await stored()).toEqual(whole.spans);
  const profiles = await (await catalogue()).profile.groupBy({ by: ["state", "source"], _count: true });
  expect(profiles).toEqual([{ state: "stored", source: "sample", _count: whole.profiles }]);
  for (const { name, path, tops } of readPprofTruth()) {
    const query = new URL(path, "http://shop").searchParams;
    const start = BigInt(query.get("start") ?? 0) + whole.byNanos;
    for (const type of new Set(tops.map((top) => top.type))) {
      const ours = await storedTop(query.get("service") ?? "", typeInStore(type, name), start);
      for (const top of tops.filter((one) => one.type === type)) {
        expect(ours.total, `${name} ${type}`).toBe(String(top.total));
        const listed = top.rows.filter(({ cum }) => cum !== 0n);
        expect(listed.map((row) => [row.name, ours.byName.get(row.name)])).toEqual(
          listed.map((row) => [row.name, { flat: String(row.flat), cum: String(row.cum) }]),
        );
      }
    }
  }

  expect(await loadSampleData({ ingestUrl: doors.url, now })).toBe(0);
}, 90_000);

test("loading stops for whoever wants the data gone", async () => {
  afterProfile = async (count) => {
    if (count !== 20) return;
    await (await catalogue()).setting.update({ where: { key: "sample-data" }, data: { value: "removing" } });
  };
  await loadSampleData({ ingestUrl: doors.url, now });
  expect(received).toBeLessThan(30);
  expect(await state()).toBe("removing");
}, 60_000);

test("a store that holds anything gets no sample data, then or later", async () => {
  await commandStore(
    "INSERT INTO otel_traces (Timestamp, TraceId, SpanId) VALUES (now64(9), repeat('a', 32), repeat('b', 16))",
  );
  expect(await loadSampleData({ ingestUrl: doors.url, now })).toBe(0);
  await commandStore("TRUNCATE TABLE otel_traces");
  expect(await loadSampleData({ ingestUrl: doors.url, now })).toBe(0);
  expect(await state()).toBe("none");
});

test("switched off, nothing is loaded and nothing is decided", async () => {
  process.env.HOTSPAN_SAMPLE_DATA = "off";
  try {
    expect(await loadSampleData({ ingestUrl: doors.url, now })).toBe(0);
    expect(await state()).toBeUndefined();
  } finally {
    delete process.env.HOTSPAN_SAMPLE_DATA;
  }
});
