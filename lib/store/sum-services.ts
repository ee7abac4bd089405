import type { ServicesResponse } from "@/lib/api/contract";
import type { TimeRange } from "@/lib/api/query";
import { queryRows } from "@/lib/store/clickhouse";
import { IS_WEIGHTED, WEIGHT_SQL } from "@/lib/store/count-requests";
import { findLanguages } from "@/lib/store/find-languages";
import { minuteRollupSql } from "@/lib/store/minute-rollup";
import { nullableNumberColumn, numberColumn, type Row, textColumn } from "@/lib/store/row";
import { sumDropped, sumDroppedByStep } from "@/lib/store/sum-dropped";
import { type UnixNano, unixNano } from "@/lib/units";

type ServiceRow = ServicesResponse["services"][number];

const SPARKLINE_COLUMNS = 60n;

/**
 * Every service that sent spans or CPU samples in the range, by name. Without a range: since the first span.
 * @throws HotspanError as queryRows
 */
export async function sumServices(range: TimeRange, signal?: AbortSignal): Promise<ServicesResponse> {
  const { from, to } = await boundRange(range, signal);
  const step = (to - from + SPARKLINE_COLUMNS - 1n) / SPARKLINE_COLUMNS;
  const columns = Number((to - from + step - 1n) / step);
  const params = { from: String(from), to: String(to), step: String(step) };
  const within =
    "Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64})";
  const samples = minuteRollupSql(
    ["service", "type"],
    { sql: "type IN ('cpu', 'wall')", params: {} },
    { from, to },
  );
  const [spanRows, columnRows, sampleRows, dropped, droppedColumns] = await Promise.all([
    queryRows(
      `SELECT ServiceName AS service, count() AS spans, toString(max(toUnixTimestamp64Nano(Timestamp))) AS last,
         sumIf(Weight, IsEntry) AS requests, sumIf(Weight, IsEntry AND StatusCode = 'Error') AS errors,
         if(countIf(IsEntry) = 0, NULL, quantileExactIf(0.95)(Duration, IsEntry)) AS p95, ${IS_WEIGHTED} AS weighted
       FROM otel_traces WHERE ${within} GROUP BY service`,
      params,
      { signal },
    ),
    queryRows(
      `SELECT ServiceName AS service, intDiv(toUnixTimestamp64Nano(Timestamp) - {from:Int64}, {step:Int64}) AS column, sum(Weight) AS requests
       FROM otel_traces WHERE IsEntry = 1 AND ${within} GROUP BY service, column`,
      params,
      { signal },
    ),
    queryRows(samples.sql, samples.params, { signal }),
    sumDropped({ from, to }, undefined, signal),
    sumDroppedByStep(from, to, step, signal),
  ]);
  const services = new Map<string, ServiceRow>();
  for (const row of spanRows) {
    const name = textColumn(row, "service");
    services.set(name, {
      ...emptyService(name, columns),
      spans: numberColumn(row, "spans"),
      lastSeenUnixNano: textColumn(row, "last"),
      requests: numberColumn(row, "requests"),
      errors: numberColumn(row, "errors"),
      p95Ns: nullableNumberColumn(row, "p95"),
    });
  }
  for (const row of columnRows) {
    const column = numberColumn(row, "column");
    const service = services.get(textColumn(row, "service"));
    if (service !== undefined) service.sparkline[column] = numberColumn(row, "requests");
  }
  await weighLatencies(services, spanRows, within, params, signal);
  for (const { errors, requests, service: name } of dropped) {
    const service = serviceOf(services, name, columns);
    service.requests += requests;
    service.errors += errors;
  }
  for (const { column, requests, service: name } of droppedColumns) {
    const { sparkline } = serviceOf(services, name, columns);
    if (column < columns) sparkline[column] = (sparkline[column] ?? 0) + requests;
  }
  for (const service of services.values()) {
    // Shares that senders' sampling kept make fractions of requests.
    service.requests = Math.round(service.requests);
    service.errors = Math.round(service.errors);
    service.sparkline = service.sparkline.map(Math.round);
  }
  await addSamples(services, sampleRows, columns, { from, to }, signal);
  const withSpans = [...services.values()].filter(({ spans }) => spans > 0);
  const languages = await findLanguages(
    withSpans.map(({ name }) => name),
    { from, to },
    signal,
  );
  for (const service of withSpans) service.language = languages.get(service.name) ?? "";
  return {
    services: [...services.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    fromUnixNano: String(from),
    toUnixNano: String(to),
    stepNs: Number(step),
  };
}

/** A service whose traces were all dropped has requests and nothing else. */
function serviceOf(services: Map<string, ServiceRow>, name: string, columns: number): ServiceRow {
  const known = services.get(name);
  if (known !== undefined) return known;
  const made = emptyService(name, columns);
  services.set(name, made);
  return made;
}

/** Where stored spans stand for more than themselves, the latency of all requests is estimated from them. */
async function weighLatencies(
  services: ReadonlyMap<string, ServiceRow>,
  rows: readonly Row[],
  within: string,
  params: Record<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const names = rows
    .filter((row) => numberColumn(row, "weighted") === 1)
    .map((row) => textColumn(row, "service"));
  if (names.length === 0) return;
  const weighed = await queryRows(
    `SELECT ServiceName AS service, quantileExactWeighted(0.95)(Duration, ${WEIGHT_SQL}) AS p95
     FROM otel_traces WHERE IsEntry = 1 AND ServiceName IN {names:Array(String)} AND ${within} GROUP BY service`,
    { ...params, names },
    { signal },
  );
  for (const row of weighed) {
    const service = services.get(textColumn(row, "service"));
    if (service !== undefined) service.p95Ns = numberColumn(row, "p95");
  }
}

function emptyService(name: string, columns: number): ServiceRow {
  return {
    name,
    language: "",
    spans: 0,
    samples: 0,
    lastSeenUnixNano: "0",
    requests: 0,
    errors: 0,
    p95Ns: null,
    cpuNs: 0,
    sparkline: new Array<number>(columns).fill(0),
  };
}

/** The ends that were not asked for are those of the data; an empty store has the last hour. */
async function boundRange(range: TimeRange, signal?: AbortSignal): Promise<{ from: UnixNano; to: UnixNano }> {
  if (range.from !== undefined && range.to !== undefined) return { from: range.from, to: range.to };
  const [extent] = await queryRows(
    `SELECT toString(min(first)) AS first, toString(max(last) + 1) AS end FROM (
       SELECT toUnixTimestamp64Nano(min(Timestamp)) AS first, toUnixTimestamp64Nano(max(Timestamp)) AS last FROM otel_traces HAVING count() > 0
       UNION ALL
       SELECT toUnixTimestamp64Nano(min(time)) AS first, toUnixTimestamp64Nano(max(time)) AS last FROM samples HAVING count() > 0
       UNION ALL
       SELECT toInt64(toUnixTimestamp(min(time))) * 1000000000 AS first, toInt64(toUnixTimestamp(max(time))) * 1000000000 AS last FROM dropped_requests HAVING count() > 0
     ) HAVING count() > 0`,
    {},
    { signal },
  );
  const now = BigInt(Date.now()) * 1_000_000n;
  const first = extent === undefined ? now - 3_600_000_000_000n : BigInt(textColumn(extent, "first"));
  const end = extent === undefined ? now : BigInt(textColumn(extent, "end"));
  const from = range.from ?? first;
  const to = range.to ?? end;
  return { from: unixNano(from), to: unixNano(to > from ? to : from + 1n) };
}

/** Samples are those of the CPU clock, of the wall clock where a service has no other. */
async function addSamples(
  services: Map<string, ServiceRow>,
  rows: readonly Row[],
  columns: number,
  range: { from: UnixNano; to: UnixNano },
  signal: AbortSignal | undefined,
): Promise<void> {
  const withoutSpans: string[] = [];
  for (const row of rows) {
    const name = textColumn(row, "service");
    let service = services.get(name);
    if (service === undefined) {
      service = emptyService(name, columns);
      services.set(name, service);
      withoutSpans.push(name);
    }
    const isCpu = textColumn(row, "type") === "cpu";
    if (isCpu) service.cpuNs = numberColumn(row, "v");
    if (isCpu || service.samples === 0) service.samples = numberColumn(row, "c");
  }
  if (withoutSpans.length === 0) return;
  const seen = await queryRows(
    `SELECT service, toString(toUnixTimestamp64Nano(max(time))) AS last FROM samples
     WHERE service IN {services:Array(String)} AND time >= fromUnixTimestamp64Nano({from:Int64}) AND time < fromUnixTimestamp64Nano({to:Int64})
     GROUP BY service`,
    { services: withoutSpans, from: String(range.from), to: String(range.to) },
    { signal },
  );
  for (const row of seen) {
    const service = services.get(textColumn(row, "service"));
    if (service !== undefined) service.lastSeenUnixNano = textColumn(row, "last");
  }
}
