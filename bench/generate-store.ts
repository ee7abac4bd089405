/**
 * A store as 24 hours of 20 Go services leave it, made inside the engine by INSERT SELECT, because sending it would
 * take hours: what is measured is reading it. Traces, their spans and their samples agree with each other:
 *
 *   trace t      10 spans in three services, entered at one of eight endpoints each; 200 ms to some seconds
 *   its samples  50 on average, of the long traces more; 85 % name trace, span and mostly the endpoint
 *   stacks       recorded ones, as often as they were recorded at that endpoint
 */

import { Readable } from "node:stream";
import { commandStore, queryRows, storeClient } from "@/lib/store/clickhouse";
import { encodeProfileRows, FUNCTION_COLUMNS, STACK_COLUMNS } from "@/lib/store/profile-row";
import { numberColumn, textColumn } from "@/lib/store/row";
import { settleTraces } from "@/lib/store/settle-batch";
import { moveToService, type RecordedStacks, STACK_ID_STEP } from "./recorded-stacks";

export const SERVICES = [
  ..."gateway cart checkout payment catalogue inventory pricing shipping recommendation search".split(" "),
  ..."account session review notification email tax currency fraud ledger media".split(" "),
];
export const SPANS_PER_TRACE = 10;
const SAMPLES_PER_TRACE = 50;
const SECONDS = 86_400;
const WINDOW_SECONDS = 10;
const SAMPLES_PER_INSERT = 500_000;

export interface GeneratedStore {
  readonly samples: number;
  readonly spans: number;
  /** Unix nanoseconds; the end is 24 h later. */
  readonly start: bigint;
}

/** @param samples a multiple of 500,000 or less than that */
export async function generateStore(recorded: RecordedStacks, samples: number): Promise<GeneratedStore> {
  const traces = samples / SAMPLES_PER_TRACE;
  const startSecond = Math.floor(Date.now() / 1_000 / WINDOW_SECONDS) * WINDOW_SECONDS - SECONDS - 120;
  const store = { samples, spans: traces * SPANS_PER_TRACE, start: BigInt(startSecond) * 1_000_000_000n };
  const sql = traceSql(recorded, store, traces);
  await insertCode(recorded);
  for (let from = 0; from < samples; from += SAMPLES_PER_INSERT) {
    const count = Math.min(SAMPLES_PER_INSERT, samples - from);
    await run(sql.spans(from / SAMPLES_PER_TRACE, count / SAMPLES_PER_TRACE));
    await run(sql.samples(from, count));
  }
  for (let hour = Math.floor(startSecond / 3_600); hour * 3_600 < startSecond + SECONDS; hour++) {
    await run(settleHour(hour));
  }
  await checkSettled(store);
  return store;
}

async function insertCode({ profiles }: RecordedStacks): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  for (const [index, service] of SERVICES.entries()) {
    for (const { profile } of profiles) {
      const identity = { sha256: "0".repeat(64), source: "", language: "go" };
      const rows = encodeProfileRows(moveToService(profile, service, index), identity, today);
      // Not by the product's own insert, which remembers what it inserted: this process makes several stores.
      await insertLines("functions", FUNCTION_COLUMNS, rows.functions.text);
      await insertLines("stacks", STACK_COLUMNS, rows.stacks.text);
    }
  }
}

async function insertLines(table: string, columns: readonly string[], lines: Uint8Array): Promise<void> {
  const { stream } = await storeClient().exec({
    query: `INSERT INTO ${table} (${columns.join(", ")}) FORMAT JSONCompactEachRow`,
    values: Readable.from([lines], { objectMode: false }),
  });
  stream.resume();
}

function traceSql({ endpointNames, profiles }: RecordedStacks, store: GeneratedStore, traces: number) {
  // Stack ids of the labelled samples as they were recorded, endpoint by endpoint.
  const stackIds: bigint[][] = endpointNames.map(() => []);
  for (const { profile, samples } of profiles)
    for (const { endpoint, stack } of samples) stackIds[endpoint]?.push(profile.stacks.ids[stack] ?? 0n);
  const counts = stackIds.map((ids) => ids.length);
  const offsets = counts.map((_, endpoint) =>
    counts.slice(0, endpoint).reduce((sum, count) => sum + count, 0),
  );
  const all = counts.reduce((sum, count) => sum + count, 0);
  // An endpoint is asked for as often as it was recorded on a CPU.
  const endpoint = (j: string) =>
    `toUInt8(arrayCount(o -> o <= cityHash64(t, ${j}, 'endpoint') % ${all}, ${list(offsets)}))`;
  const serviceAt = (j: string) =>
    `(1 + (cityHash64(t) + ${j} * (1 + cityHash64(t, 's') % 6)) % ${SERVICES.length})`;
  const service = (j: string) => `[${SERVICES.map((name) => `'${name}'`).join(",")}][${serviceAt(j)}]`;
  const route = (j: string) =>
    `concat('GET /', ${service(j)}, '/', [${endpointNames.map((name) => `'${name}'`).join(",")}][${endpoint(j)}])`;
  const traceId = "lower(hex(MD5(concat(toString(t), '/', toString({start:Int64})))))";
  const spanId = (k: string) => `lower(leftPad(hex(cityHash64(t, ${k}, 'span')), 16, '0'))`;
  const begin = `({start:Int64} + intDiv(t * ${SECONDS}, ${traces}) * 1000000000 + cityHash64(t, 'begin') % 1000000000)`;
  // Of ten traces the first gets most samples; each takes as long as its CPU asks for, one in fifty four times that.
  const share = "(pow((1 + t % 10) / 10., 1 / 2.2) - pow((t % 10) / 10., 1 / 2.2))";
  const whole = `toInt64(${share} * ${SAMPLES_PER_TRACE * 10 * 8_500_000} * (1.2 + cityHash64(t, 'w') % 100 / 50.) * if(cityHash64(t, 'slow') % 50 = 0, 4, 1))`;
  const params = { start: String(store.start) };

  return {
    spans: (from: number, count: number) => ({
      params,
      sql: `INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName, SpanAttributes,
          Duration, StatusCode, Endpoint, IsEntry, IngestedAt)
        WITH intDiv(number, ${SPANS_PER_TRACE}) + ${from} AS t, number % ${SPANS_PER_TRACE} AS k, ${at("k", SPAN_SERVICE)} AS j, k IN (0, 2, 5) AS entry,
          ${whole} AS whole_ns, ${service("j")} AS service, ${route("j")} AS route,
          fromUnixTimestamp64Nano(${begin} + intDiv(whole_ns * ${at("k", SPAN_START)}, 100)) AS started
        SELECT started, ${traceId}, ${spanId("k")}, if(k = 0, '', ${spanId(at("k", SPAN_PARENT))}),
          if(entry, route, ${at("k", SPAN_NAME)}), ${at("k", SPAN_KIND)}, service,
          map('service.name', service, 'telemetry.sdk.language', 'go', 'host.name', concat('host-', toString(cityHash64(t, j) % 50)), 'service.version', '1.4.2', 'service.instance.id', toString(cityHash64(service, cityHash64(t, j) % 50))),
          'github.com/acme/telemetry',
          if(k IN (3, 6), map('db.system.name', 'postgresql', 'db.query.text', 'SELECT id, title, price FROM item WHERE shop = $1 ORDER BY rank LIMIT 50', 'db.namespace', service),
            map('http.request.method', 'GET', 'http.route', substring(route, 5), 'url.path', concat(substring(route, 5), '/', toString(t)), 'http.response.status_code', '200', 'customer.id', toString(cityHash64(t, 'customer') % 50000))),
          intDiv(whole_ns * ${at("k", SPAN_SHARE)}, 100), if(cityHash64(t, k, 'error') % 400 = 0, 'Error', 'Unset'), if(entry, route, ''), entry, toDateTime64(started, 3) + 2
        FROM numbers(${count * SPANS_PER_TRACE})`,
    }),
    samples: (from: number, count: number) => ({
      params,
      sql: `INSERT INTO samples (service, type, time, endpoint, trace_id, span_id, root_span_id, tie, stack_id, value, count, is_primary, period_ns, duration_ns, labels, profile_id, source, ingested_at)
        WITH number + ${from} AS n, intDiv(n, ${SAMPLES_PER_TRACE * 10}) * 10 + toUInt64(floor(10 * pow(cityHash64(n) % 1000000 / 1000000., 2.2))) AS t,
          ${at("cityHash64(n, 'k') % 10", SAMPLE_SPAN)} AS k, ${at("k", SPAN_SERVICE)} AS j, cityHash64(n, 'tied') % 100 AS luck, luck < 85 AS tied,
          intDiv(${begin}, ${WINDOW_SECONDS}000000000) * ${WINDOW_SECONDS}000000000 AS opened, ${endpoint("j")} AS e, ${service("j")} AS service
        SELECT service, 'cpu', fromUnixTimestamp64Nano(toInt64(opened)), if(luck < 75, ${route("j")}, ''), if(tied, ${traceId}, ''), if(tied, ${spanId("k")}, ''),
          if(tied, ${spanId("[0, 2, 5][j + 1]")}, ''), if(tied, 'span', 'none'),
          [${stackIds.flat().join(",")}][1 + ${list(offsets)}[e] + cityHash64(n, 'stack') % ${list(counts)}[e]] + toUInt64(${serviceAt("j")} - 1) * toUInt64(${STACK_ID_STEP}),
          10000000, 1, 1, 10000000, ${WINDOW_SECONDS}000000000, map(), cityHash64(opened, service), '', toDateTime64(fromUnixTimestamp64Nano(toInt64(opened)), 3) + 12
        FROM numbers(${count})`,
    }),
  };
}

// Of the ten spans: whose service (0 is the root's), whose child, and when in hundredths of the trace.
const SPAN_SERVICE = [0, 0, 1, 1, 0, 2, 2, 0, 0, 2];
const SPAN_PARENT = [0, 0, 1, 2, 0, 4, 5, 0, 7, 5];
const SPAN_START = [0, 5, 7, 15, 35, 37, 42, 75, 78, 60];
const SPAN_SHARE = [100, 30, 26, 16, 40, 36, 15, 20, 14, 10];
const SPAN_KIND = "Server Client Server Client Client Server Client Internal Internal Internal".split(" ");
const SPAN_NAME = " GET  SELECT GET  SELECT render encode validate".split(" ");
/** Which of the spans are on a CPU, in tenths. */
const SAMPLE_SPAN = [2, 2, 5, 5, 9, 7, 8, 8, 8, 0];

function list(values: readonly (number | string)[]): string {
  return `[${values.map((value) => (typeof value === "string" ? `'${value}'` : value)).join(",")}]`;
}

function at(index: string, values: readonly (number | string)[]): string {
  return `${list(values)}[1 + ${index}]`;
}

/** What the settler would write, but that `unexplained_ns` is only duration minus CPU, and the top function any leaf. */
function settleHour(hour: number): Statement {
  return {
    params: { from: hour * 3_600, to: (hour + 1) * 3_600 },
    sql: `INSERT INTO traces (start_hour, trace_id, start, duration_ns, root_service, root_name, endpoint, services, entry_services, entry_endpoints, entry_samples,
        span_count, error_count, cpu_ns, sample_count, unexplained_ns, top_function, settled_at, ingested_until)
      SELECT toStartOfHour(begin), TraceId, begin, whole, root, name, name, services, entry_services, entry_endpoints, arrayMap(s -> toUInt32(by_service.2[indexOf(by_service.1, s)]), entry_services),
        spans, errors, cpu, samples, greatest(0, toInt64(whole) - cpu), leaf, now64(3), now64(3)
      FROM (
        SELECT TraceId, min(Timestamp) AS begin, maxIf(Duration, ParentSpanId = '') AS whole, anyIf(toString(ServiceName), ParentSpanId = '') AS root, anyIf(toString(SpanName), ParentSpanId = '') AS name,
          count() AS spans, countIf(StatusCode = 'Error') AS errors, groupArrayIf((Timestamp, toString(ServiceName), toString(Endpoint)), IsEntry) AS found, arraySort(found) AS entries,
          arrayMap(entry -> entry.2, entries) AS entry_services, arrayMap(entry -> entry.3, entries) AS entry_endpoints, entry_services AS services
        FROM otel_traces WHERE Timestamp >= toDateTime({from:UInt32}) AND Timestamp < toDateTime({to:UInt32} + 60)
        GROUP BY TraceId HAVING countIf(ParentSpanId = '') = 1 AND begin < toDateTime({to:UInt32})
      ) AS spans_of
      ANY LEFT JOIN (
        SELECT trace_id, sum(value) AS cpu, sum(count) AS samples, sumMap([toString(service)], [toUInt64(count)]) AS by_service, any(stack_id) AS some_stack
        FROM samples WHERE time >= toDateTime({from:UInt32}) AND time < toDateTime({to:UInt32}) AND trace_id != '' AND type = 'cpu' GROUP BY trace_id
      ) AS cpu_of ON cpu_of.trace_id = spans_of.TraceId
      ANY LEFT JOIN (SELECT stack_id, functions[-1] AS leaf_id FROM stacks) AS leaves ON leaves.stack_id = cpu_of.some_stack
      ANY LEFT JOIN (SELECT function_id, name AS leaf FROM functions) AS named ON named.function_id = leaves.leaf_id`,
  };
}

/** Has the settler write some traces itself: their rows must stay as they are. */
async function checkSettled({ start }: GeneratedStore): Promise<void> {
  const columns =
    "start, duration_ns, root_service, endpoint, entry_services, entry_endpoints, entry_samples, span_count, error_count, cpu_ns, sample_count";
  const read = async (where: string, params: Record<string, unknown>) =>
    new Map(
      (
        await queryRows(
          `SELECT trace_id, toString(tuple(${columns})) AS row FROM traces FINAL WHERE ${where} ORDER BY start, trace_id LIMIT 100`,
          params,
          { seconds: 60 },
        )
      ).map((row) => [textColumn(row, "trace_id"), textColumn(row, "row")]),
    );
  const before = await read("start >= fromUnixTimestamp64Nano({from:Int64}) AND duration_ns < 3000000000", {
    from: String(start + 40_000n * 1_000_000_000n),
  });
  const traceIds = [...before.keys()];
  await settleTraces(traceIds, { version: Date.now() + 1_000, ingestedUntil: Date.now() });
  const after = await read("trace_id IN {traceIds:Array(String)}", { traceIds });
  for (const [traceId, row] of before)
    if (after.get(traceId) !== row)
      throw new Error(
        `The generated row of trace ${traceId} is not the settler's:\n${row}\n${after.get(traceId)}`,
      );
}

/** Bytes on disk of what is not yet merged away, by table. */
export async function measureDisk(): Promise<Map<string, { rows: number; bytes: number; parts: number }>> {
  const rows = await queryRows(
    `SELECT table, sum(rows) AS stored, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts
     WHERE active AND database = currentDatabase() GROUP BY table`,
  );
  return new Map(
    rows.map((row) => [
      textColumn(row, "table"),
      {
        rows: numberColumn(row, "stored"),
        bytes: numberColumn(row, "bytes"),
        parts: numberColumn(row, "parts"),
      },
    ]),
  );
}

interface Statement {
  readonly sql: string;
  readonly params: Record<string, unknown>;
}

async function run({ sql, params }: Statement): Promise<void> {
  await commandStore(sql, params, {
    seconds: 600,
    settings: { max_partitions_per_insert_block: "10", max_query_size: "4000000" },
  });
}
