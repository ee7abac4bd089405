import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { decodeOtlpTraces } from "@/lib/ingest/otlp-traces";
import { startTestDoors, type TestReceiver } from "@/lib/ingest/test-receiver";
import { findArchive, readArchive } from "@/lib/sample-data/archive";
import { loadSampleData } from "@/lib/sample-data/load-sample-data";
import { catalogue, closeCatalogue } from "@/lib/store/catalogue";
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { type UnixNano, unixNano, unixNanoFromMillis } from "@/lib/units";

const folder = mkdtempSync(join(tmpdir(), "hotspan-sample-data-"));
const now = unixNanoFromMillis(Date.now());
let store: TestStore;
let doors: TestReceiver;
let afterProfile: (received: number) => unknown = () => undefined;

beforeAll(async () => {
  store = await startTestStore();
  doors = await startTestDoors({
    receiveProfile: async () => {
      await afterProfile(++received);
      return {};
    },
  });
});
let received = 0;
let catalogues = 0;

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
  for await (const { path, arrived, body } of readArchive(findArchive() ?? "")) {
    if (arrived > recordedEnd) recordedEnd = arrived;
    if (path !== "/v1/traces") continue;
    for (const span of decodeOtlpTraces(body, "protobuf", arrived).spans) {
      starts.set(`${span.traceId}${span.spanId}`, span.startUnixNano);
    }
  }
  const sorted = [...starts.values()].sort((a, b) => Number(a - b));
  const moved = (instant: bigint | undefined) => String((instant ?? 0n) + end - recordedEnd);
  const spans = String(starts.size);
  return { spans, distinct: spans, sources: ["sample"], first: moved(sorted[0]), last: moved(sorted.at(-1)) };
}

test("a load cut off and taken up again leaves what one load would have left, ending when the first began", async () => {
  const cut = new AbortController();
  afterProfile = (count) => count === 40 && cut.abort();
  await loadSampleData({ ingestUrl: doors.url, now, signal: cut.signal });
  expect(await state()).toBe("loading");
  const partial = await stored();
  const whole = await recorded(now);
  expect(Number(partial?.spans)).toBeGreaterThan(0);
  expect(Number(partial?.spans)).toBeLessThan(Number(whole.spans));

  await loadSampleData({ ingestUrl: doors.url, now: unixNano(now + 60_000_000_000n) });
  expect(await state()).toBe("loaded");
  expect(await stored()).toEqual(whole);

  expect(await loadSampleData({ ingestUrl: doors.url, now })).toBe(0);
});

test("loading stops for whoever wants the data gone", async () => {
  afterProfile = async (count) => {
    if (count !== 20) return;
    await (await catalogue()).setting.update({ where: { key: "sample-data" }, data: { value: "removing" } });
  };
  await loadSampleData({ ingestUrl: doors.url, now });
  expect(received).toBeLessThan(30);
  expect(await state()).toBe("removing");
});

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
