import type { EndpointsQuery } from "@/lib/api/query";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, type Row, textColumn } from "@/lib/store/row";
import { sumDropped } from "@/lib/store/sum-dropped";

export interface RequestCount {
  readonly service: string;
  readonly endpoint: string;
  /** All that were made, whatever sampling left of them; rounded where a sender's sampling makes it an estimate. */
  readonly requests: number;
  readonly errors: number;
  /** Entry spans that are stored. Where they are fewer than the requests, quantiles are estimated from them. */
  readonly keptRequests: number;
  /** p50, p95, p99 in nanoseconds; null when none is stored. */
  readonly quantiles: readonly [number, number, number] | null;
}

const NO_COUNT = { requests: 0, errors: 0, keptRequests: 0, quantiles: null };

/**
 * Requests by service and endpoint, from stored entry spans (each standing for `Weight` requests) and those of dropped
 * traces.
 * @throws HotspanError as queryRows
 */
export async function countRequests(query: EndpointsQuery, signal?: AbortSignal): Promise<RequestCount[]> {
  const { params, where } = entriesWhere(query);
  const [stored, dropped] = await Promise.all([
    queryRows(
      `SELECT ServiceName AS service, Endpoint AS endpoint, count() AS kept, sum(Weight) AS requests,
         sumIf(Weight, StatusCode = 'Error') AS errors, quantilesExact(0.5, 0.95, 0.99)(Duration) AS quantiles, ${IS_WEIGHTED} AS weighted
       FROM otel_traces WHERE ${where} GROUP BY service, endpoint`,
      params,
      { signal },
    ),
    sumDropped(query, query.service, signal),
  ]);
  const counts = new Map<string, RequestCount>();
  const weighted: string[] = [];
  for (const row of stored) {
    const count = {
      service: textColumn(row, "service"),
      endpoint: textColumn(row, "endpoint"),
      requests: numberColumn(row, "requests"),
      errors: numberColumn(row, "errors"),
      keptRequests: numberColumn(row, "kept"),
      quantiles: quantilesFromRow(row),
    };
    counts.set(keyOf(count), count);
    if (numberColumn(row, "weighted") === 1) weighted.push(count.endpoint);
  }
  for (const { endpoint, errors, requests, service } of dropped) {
    if (endpoint === "") continue;
    const known = counts.get(keyOf({ service, endpoint })) ?? { ...NO_COUNT, service, endpoint };
    const sum = { requests: known.requests + requests, errors: known.errors + errors };
    counts.set(keyOf(known), { ...known, ...sum });
  }
  for (const row of await findWeightedQuantiles(weighted, where, params, signal)) {
    const key = keyOf({ service: textColumn(row, "service"), endpoint: textColumn(row, "endpoint") });
    const known = counts.get(key);
    if (known !== undefined) counts.set(key, { ...known, quantiles: quantilesFromRow(row) });
  }
  return [...counts.values()].map((count) => ({
    ...count,
    requests: Math.round(count.requests),
    errors: Math.round(count.errors),
  }));
}

/** Some of the spans stand for more than themselves. */
export const IS_WEIGHTED = "(max(Weight) > 1 OR min(KeptShare) < 1)";
/** What a stored span stands for, in hundredths: the engine weighs by whole numbers. */
export const WEIGHT_SQL = "toUInt64(round(100 * Weight / KeptShare))";

/** Only where spans differ in weight: weighing costs several times as much. */
async function findWeightedQuantiles(
  endpoints: readonly string[],
  where: string,
  params: Record<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<Row[]> {
  if (endpoints.length === 0) return [];
  return queryRows(
    `SELECT ServiceName AS service, Endpoint AS endpoint, quantilesExactWeighted(0.5, 0.95, 0.99)(Duration, ${WEIGHT_SQL}) AS quantiles
     FROM otel_traces WHERE ${where} AND Endpoint IN {endpoints:Array(String)}
     GROUP BY service, endpoint HAVING ${IS_WEIGHTED}`,
    { ...params, endpoints },
    { signal },
  );
}

function entriesWhere({ from, service, to }: EndpointsQuery): {
  where: string;
  params: Record<string, unknown>;
} {
  let where = "IsEntry = 1 AND Endpoint != ''";
  const params: Record<string, unknown> = {};
  if (service !== undefined) {
    where += " AND ServiceName = {service:String}";
    params.service = service;
  }
  if (from !== undefined) {
    where += " AND Timestamp >= fromUnixTimestamp64Nano({from:Int64})";
    params.from = String(from);
  }
  if (to !== undefined) {
    where += " AND Timestamp < fromUnixTimestamp64Nano({to:Int64})";
    params.to = String(to);
  }
  return { where, params };
}

function keyOf({ endpoint, service }: { service: string; endpoint: string }): string {
  return JSON.stringify([service, endpoint]);
}

function quantilesFromRow(row: Row): [number, number, number] | null {
  const values = row.quantiles;
  if (!Array.isArray(values) || values.length !== 3) return null;
  const [p50, p95, p99] = values.map(Number);
  return [p50 ?? 0, p95 ?? 0, p99 ?? 0];
}
