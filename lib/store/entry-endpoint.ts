import type { TimeRange } from "@/lib/api/query";

/**
 * The second way to an endpoint: samples whose profiler knew the trace but not the route. Their endpoint is that of the
 * trace's entry span in the same service; where a trace entered the service more than once, that of its first entry, so
 * that every sample has one endpoint and the parts add up.
 *
 * Only traces that need it are looked up, which for clients that label the endpoint is none.
 *
 * @param condition over `samples`, already bound by the query it goes into
 * @param time a further condition over `otel_traces` (entryTimeSql)
 * @returns a SELECT of (service, trace_id, entry_endpoint), one row each
 */
export function entryEndpointSql(condition: string, time = ""): string {
  return `SELECT ServiceName AS service, TraceId AS trace_id, argMin(Endpoint, (Timestamp, SpanId)) AS entry_endpoint
    FROM otel_traces
    WHERE IsEntry = 1 AND Endpoint != '' AND (ServiceName, TraceId) IN (SELECT service, trace_id FROM samples WHERE ${condition} AND endpoint = '' AND trace_id != '')${time}
    GROUP BY ServiceName, TraceId`;
}

/** A trace that enters a service longer than this before the profile's window began has no endpoint there. */
const LONGEST_TRACE_NANOS = 86_400_000_000_000n;
const LONGEST_PROFILE_NANOS = 3_600_000_000_000n;

/** Where the entries of samples in a range can be: parameters `from` and `to` as the range's own. */
export function entryTimeSql({ from, to }: TimeRange): string {
  let sql = "";
  if (from !== undefined) {
    sql += ` AND Timestamp >= fromUnixTimestamp64Nano({from:Int64} - ${LONGEST_TRACE_NANOS})`;
  }
  if (to !== undefined) {
    sql += ` AND Timestamp < fromUnixTimestamp64Nano(least({to:Int64}, 9000000000000000000) + ${LONGEST_PROFILE_NANOS})`;
  }
  return sql;
}

/**
 * Of a range: the entries of all traces in it, which is cheaper than naming the traces when they are many. A trace
 * in a service is known by a hash of 64 bits: among a million, the odds that two are taken for one are one in thirty million.
 */
function entriesInRangeSql(condition: string, range: TimeRange): string {
  return `SELECT cityHash64(ServiceName, TraceId) AS place, argMin(Endpoint, (Timestamp, SpanId)) AS entry_endpoint
    FROM otel_traces
    WHERE IsEntry = 1 AND Endpoint != '' AND ServiceName IN (SELECT service FROM samples WHERE ${condition} AND endpoint = '')${entryTimeSql(range)}
    GROUP BY place`;
}

function entriesOfTracesSql(condition: string): string {
  return `SELECT cityHash64(service, trace_id) AS place, entry_endpoint FROM (${entryEndpointSql(condition)})`;
}

/**
 * Sums the selected samples by their endpoint ('' when no one paid for them) and by further columns.
 * The join comes after a first GROUP BY, so it handles traces, not samples.
 *
 * @param keys further columns of `samples` or expressions with a name: `{ stack_id: "stack_id" }`
 * @param value the column to sum
 * @param of a trace, or the range of the samples
 * @returns a SELECT of (endpoint, ...keys, v, c, a): sum of values, of samples, of absolute values
 */
export function sumByEndpointSql(
  condition: string,
  keys: Readonly<Record<string, string>>,
  value: "value" | "count",
  of: TimeRange & { readonly traceId?: string },
): string {
  const names = Object.keys(keys);
  const inner = Object.entries(keys).map(([name, sql]) => (name === sql ? name : `${sql} AS ${name}`));
  const entries = of.traceId === undefined ? entriesInRangeSql(condition, of) : entriesOfTracesSql(condition);
  return `SELECT if(grouped.own != '', grouped.own, entries.entry_endpoint) AS endpoint, ${[...names, ""].join(", ")}sum(grouped.v) AS v, sum(grouped.c) AS c, sum(grouped.a) AS a
    FROM (
      SELECT samples.endpoint AS own, if(samples.endpoint = '' AND trace_id != '', cityHash64(samples.service, trace_id), 0) AS place, ${[...inner, ""].join(", ")}
        sum(${value}) AS v, sum(count) AS c, sum(abs(${value})) AS a
      FROM samples WHERE ${condition}
      GROUP BY ${["own", "place", ...names].join(", ")}
    ) AS grouped
    LEFT ANY JOIN (${entries}) AS entries ON entries.place = grouped.place
    GROUP BY ${["endpoint", ...names].join(", ")}`;
}
