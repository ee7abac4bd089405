import type { EndpointRow } from "@/lib/api/contract";
import type { EndpointsQuery } from "@/lib/api/query";
import { isAlwaysWindow } from "@/lib/profile/meaning";
import { queryRows } from "@/lib/store/clickhouse";
import { countRequests, type RequestCount } from "@/lib/store/count-requests";
import { sumByEndpointSql } from "@/lib/store/entry-endpoint";
import { findUnit } from "@/lib/store/find-unit";
import { minuteRollupSql } from "@/lib/store/minute-rollup";
import { numberColumn, type Row, textColumn } from "@/lib/store/row";
import { SAMPLES_TYPE, sampleFilter, valueColumn } from "@/lib/store/sample-filter";
import { sumEndpointCounts } from "@/lib/store/sum-endpoint-counts";
import { FINAL_SETTINGS, TRACES_FINAL } from "@/lib/store/trace-filter";

export interface EndpointSums {
  /** By value, then requests, descending. */
  readonly endpoints: EndpointRow[];
  readonly unattributed: { readonly cpuNs: number; readonly sampleCount: number };
  readonly unit: string;
}

interface Sum {
  value: number;
  samples: number;
}

/**
 * The endpoints of a service, or of all: requests and latency from entry spans, value (`cpuNs` holds that of any type)
 * from samples. Each sample has one endpoint or none, so rows and unattributed add up to the service's total exactly.
 * @throws HotspanError as queryRows
 */
export async function sumEndpoints(query: EndpointsQuery, signal?: AbortSignal): Promise<EndpointSums> {
  const [requests, counted, values, profiled, unit] = await Promise.all([
    countRequests(query, signal),
    sumEndpointCounts(query),
    sumValues(query, signal),
    countProfiledTraces(query, signal),
    findUnit(query.type),
  ]);
  const totals = new Map<string, number>();
  const unattributed = { cpuNs: 0, sampleCount: 0 };
  const byKey = new Map<
    string,
    { service: string; endpoint: string; sum: Sum; request: RequestCount | undefined }
  >();
  const place = (service: string, endpoint: string) => {
    const key = JSON.stringify([service, endpoint]);
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const made = { service, endpoint, sum: { value: 0, samples: 0 }, request: undefined };
    byKey.set(key, made);
    return made;
  };
  for (const row of values) {
    const service = textColumn(row, "service");
    const endpoint = textColumn(row, "endpoint");
    const value = numberColumn(row, "v");
    totals.set(service, (totals.get(service) ?? 0) + value);
    if (endpoint === "") {
      unattributed.cpuNs += value;
      unattributed.sampleCount += numberColumn(row, "c");
    } else {
      const { sum } = place(service, endpoint);
      sum.value += value;
      sum.samples += numberColumn(row, "c");
    }
  }
  for (const request of requests) place(request.service, request.endpoint).request = request;
  addCounted(place, requests, counted);
  const endpoints = [...byKey.entries()].map(([key, { service, endpoint, sum, request }]): EndpointRow => {
    const count = request?.requests ?? 0;
    const [p50, p95, p99] = request?.quantiles ?? [];
    const total = totals.get(service) ?? 0;
    return {
      service,
      endpoint,
      requests: count,
      errors: request?.errors ?? 0,
      keptRequests: request?.keptRequests ?? 0,
      p50Ns: p50 ?? null,
      p95Ns: p95 ?? null,
      p99Ns: p99 ?? null,
      cpuNs: sum.value,
      cpuShare: total === 0 ? 0 : sum.value / total,
      cpuPerRequestNs: count === 0 ? null : sum.value / count,
      sampleCount: sum.samples,
      tracesProfiled: profiled.get(key) ?? 0,
    };
  });
  endpoints.sort(
    (a, b) => b.cpuNs - a.cpuNs || b.requests - a.requests || (a.endpoint < b.endpoint ? -1 : 1),
  );
  return { endpoints, unattributed, unit };
}

/** Where there are no spans, the profiler's own counts: both would count the same requests twice. */
function addCounted(
  place: (service: string, endpoint: string) => { request: RequestCount | undefined },
  requests: readonly RequestCount[],
  counted: ReadonlyMap<string, ReadonlyMap<string, number>>,
): void {
  const traced = new Set(requests.map(({ service }) => service));
  for (const [service, endpoints] of counted) {
    if (traced.has(service)) continue;
    for (const [endpoint, count] of endpoints) {
      const none = { errors: 0, keptRequests: 0, quantiles: null };
      place(service, endpoint).request = { service, endpoint, requests: count, ...none };
    }
  }
}

function rangeSql(column: string, query: EndpointsQuery): { sql: string; params: Record<string, unknown> } {
  let sql = "";
  if (query.from !== undefined) sql += ` AND ${column} >= fromUnixTimestamp64Nano({from:Int64})`;
  if (query.to !== undefined) sql += ` AND ${column} < fromUnixTimestamp64Nano({to:Int64})`;
  return {
    sql,
    params: {
      ...(query.from === undefined ? {} : { from: String(query.from) }),
      ...(query.to === undefined ? {} : { to: String(query.to) }),
      ...(query.service === undefined ? {} : { service: query.service }),
    },
  };
}

/** @returns rows (service, endpoint, v, c); endpoint '' is what no endpoint paid for */
async function sumValues(query: EndpointsQuery, signal: AbortSignal | undefined): Promise<Row[]> {
  const all = sampleFilter({ ...query, scope: "span", endpoints: [], labels: new Map() }, undefined);
  if (query.type === SAMPLES_TYPE || !isAlwaysWindow(query.type))
    return sumThroughEntries(all.sql, all.params, query, signal);
  const { from: _from, to: _to, ...timeless } = query;
  const rollup = minuteRollupSql(
    ["service", "endpoint"],
    sampleFilter({ ...timeless, scope: "span", endpoints: [], labels: new Map() }, undefined),
    query,
  );
  const rows = await queryRows(rollup.sql, rollup.params, { signal });
  // Only samples without an endpoint of their own need their trace to be looked up; most stores have few or none.
  if (rows.every((row) => textColumn(row, "endpoint") !== "")) return rows;
  const named = rows.filter((row) => textColumn(row, "endpoint") !== "");
  return [...named, ...(await sumThroughEntries(`${all.sql} AND endpoint = ''`, all.params, query, signal))];
}

async function sumThroughEntries(
  condition: string,
  params: Readonly<Record<string, unknown>>,
  query: EndpointsQuery,
  signal: AbortSignal | undefined,
): Promise<Row[]> {
  const sql = sumByEndpointSql(condition, { service: "service" }, valueColumn(query.type), query);
  return queryRows(`SELECT service, endpoint, v, c FROM (${sql})`, { ...params }, { signal, seconds: 30 });
}

/** Traces of which the service at that entry has CPU samples, by key of service and endpoint. */
async function countProfiledTraces(
  query: EndpointsQuery,
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const range = rangeSql("start", query);
  const hours =
    (query.from === undefined
      ? ""
      : " AND start_hour >= toStartOfHour(fromUnixTimestamp64Nano({from:Int64}))") +
    (query.to === undefined ? "" : " AND start_hour <= fromUnixTimestamp64Nano({to:Int64})");
  const service = query.service === undefined ? "" : " AND service = {service:String}";
  const rows = await queryRows(
    `SELECT service, endpoint, count() AS traces
     FROM (SELECT entry_services, entry_endpoints, entry_samples FROM ${TRACES_FINAL} WHERE sample_count > 0${range.sql}${hours})
     ARRAY JOIN entry_services AS service, entry_endpoints AS endpoint, entry_samples AS samples
     WHERE samples > 0${service} GROUP BY service, endpoint`,
    range.params,
    { signal, settings: FINAL_SETTINGS },
  );
  return new Map(
    rows.map((row) => [
      JSON.stringify([textColumn(row, "service"), textColumn(row, "endpoint")]),
      numberColumn(row, "traces"),
    ]),
  );
}
