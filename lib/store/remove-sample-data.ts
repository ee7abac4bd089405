/** The recorded demo shop: how far its loading or removal is, and its removal. lib/sample-data loads it. */
import { z } from "zod";
import { type SampleDataResponse, sampleDataResponse } from "@/lib/api/contract";
import { pause } from "@/lib/pause";
import { catalogue } from "@/lib/store/catalogue";
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { numberColumn, textColumn } from "@/lib/store/row";
import { settleTraces } from "@/lib/store/settle-batch";

type State = SampleDataResponse["state"];

const KEY = "sample-data";
const IDS_PER_COMMAND = 10_000;
/** Requests of a loader that was under way when the removal began are stored within this time. */
const LOADER_MS = 5_000;

// One removal a process, whichever bundle asks for it.
const holder = globalThis as typeof globalThis & { hotspanSampleRemoval?: Promise<void> };

/** A removal that a stopped process left half done is taken up again. */
export async function findSampleDataState(): Promise<State> {
  const state = await readState();
  if (state === "removing" && holder.hotspanSampleRemoval === undefined) {
    startRemoval(false).catch((error: unknown) => console.error("Sample data could not be removed:", error));
  }
  return state;
}

/**
 * Removes every row of source "sample": spans, samples, the rows of their traces, the catalogue's profiles, and services
 * that have nothing else. Stacks and functions stay, they are shared by content. Everything else is left as it is.
 * @throws HotspanError `unavailable` when the store or the catalogue fails; asking again goes on
 */
export async function removeSampleData(): Promise<State> {
  const state = await readState();
  if (state === "none") return state;
  await (holder.hotspanSampleRemoval ?? startRemoval(state === "loading"));
  return readState();
}

function startRemoval(wasLoading: boolean): Promise<void> {
  const removal = removeRows(wasLoading).finally(() => {
    delete holder.hotspanSampleRemoval;
  });
  holder.hotspanSampleRemoval = removal;
  return removal;
}

async function readState(): Promise<State> {
  const setting = await (await catalogue()).setting.findUnique({ where: { key: KEY } });
  return sampleDataResponse.shape.state.catch("none").parse(setting?.value);
}

async function removeRows(wasLoading: boolean): Promise<void> {
  const db = await catalogue();
  const setState = (value: State) =>
    db.setting.upsert({ where: { key: KEY }, create: { key: KEY, value }, update: { value } });
  await setState("removing"); // which also stops the loader
  const services = await findSampleServices();
  const quietAt = wasLoading ? Date.now() + LOADER_MS : 0;
  do {
    await removeTelemetry();
    if (Date.now() < quietAt) await pause(500);
  } while (Date.now() < quietAt || (await countSampleRows()) > 0);
  await db.profile.deleteMany({ where: { source: "sample" } });
  await removeServices(services);
  await setState("none");
}

async function removeTelemetry(): Promise<void> {
  const traceIds = await findSampleTraces();
  await removeTraceRows(traceIds);
  // Sync 2: on every replica, where there are some. Only parts that hold such rows are rewritten, projections with them.
  const settings = { mutations_sync: "2" } as const;
  await commandStore(
    "ALTER TABLE otel_traces DELETE WHERE Source = 'sample'",
    {},
    { seconds: 600, settings },
  );
  await commandStore("ALTER TABLE samples DELETE WHERE source = 'sample'", {}, { seconds: 600, settings });
  // The settler may have written rows meanwhile; and a trace that has spans of another source too gets its row back.
  await removeTraceRows(traceIds);
  await settleTraces(traceIds, { version: Date.now(), ingestedUntil: 0 });
}

async function removeTraceRows(traceIds: readonly string[]): Promise<void> {
  for (let from = 0; from < traceIds.length; from += IDS_PER_COMMAND) {
    const list = traceIds.slice(from, from + IDS_PER_COMMAND).map((traceId) => `'${hexOnly.parse(traceId)}'`);
    // A mutation outlives its query, so it cannot take bound parameters; these ids are hexadecimal digits.
    await commandStore(
      `ALTER TABLE traces DELETE WHERE trace_id IN (${list.join(",")})`,
      {},
      { seconds: 600, settings: { mutations_sync: "2" } },
    );
  }
}

const hexOnly = z.string().regex(/^[0-9a-f]{1,32}$/);

async function findSampleTraces(): Promise<string[]> {
  const rows = await queryRows(
    "SELECT DISTINCT TraceId FROM otel_traces WHERE Source = 'sample'",
    {},
    { seconds: 60, rows: 1_000_000 },
  );
  return rows.map((row) => textColumn(row, "TraceId"));
}

async function countSampleRows(): Promise<number> {
  const [row] = await queryRows(
    "SELECT (SELECT count() FROM otel_traces WHERE Source = 'sample') + (SELECT count() FROM samples WHERE source = 'sample') AS rows",
    {},
    { seconds: 60 },
  );
  return row === undefined ? 0 : numberColumn(row, "rows");
}

async function findSampleServices(): Promise<string[]> {
  const rows = await queryRows(
    `SELECT DISTINCT ServiceName AS service FROM otel_traces WHERE Source = 'sample'
     UNION DISTINCT SELECT DISTINCT service FROM samples WHERE source = 'sample'`,
    {},
    { seconds: 60 },
  );
  return rows.map((row) => textColumn(row, "service"));
}

async function removeServices(services: readonly string[]): Promise<void> {
  if (services.length === 0) return;
  const rows = await queryRows(
    `SELECT DISTINCT ServiceName AS service FROM otel_traces WHERE ServiceName IN {services:Array(String)}
     UNION DISTINCT SELECT DISTINCT service FROM samples WHERE service IN {services:Array(String)}`,
    { services },
    { seconds: 60 },
  );
  const kept = new Set(rows.map((row) => textColumn(row, "service")));
  const gone = services.filter((service) => !kept.has(service));
  await (await catalogue()).service.deleteMany({ where: { name: { in: gone } } });
}
