/**
 * The second way to an endpoint: samples whose profiler knew the trace but not the route. Their endpoint is that of the
 * trace's entry span in the same service; where a trace entered the service more than once, that of its first entry, so
 * that every sample has one endpoint and the parts add up.
 *
 * Only traces that need it are looked up, which for clients that label the endpoint is none.
 *
 * @param condition over `samples`, already bound by the query it goes into
 * @returns a SELECT of (service, trace_id, entry_endpoint), one row each
 */
export function entryEndpointSql(condition: string): string {
  return `SELECT ServiceName AS service, TraceId AS trace_id, argMin(Endpoint, (Timestamp, SpanId)) AS entry_endpoint
    FROM otel_traces
    WHERE IsEntry = 1 AND Endpoint != '' AND (ServiceName, TraceId) IN (SELECT service, trace_id FROM samples WHERE ${condition} AND endpoint = '' AND trace_id != '')
    GROUP BY ServiceName, TraceId`;
}

/**
 * Sums the selected samples by their endpoint ('' when no one paid for them) and by further columns.
 * The join comes after a first GROUP BY, so it handles traces, not samples.
 *
 * @param keys further columns of `samples` or expressions with a name: `{ stack_id: "stack_id" }`
 * @param value the column to sum
 * @returns a SELECT of (endpoint, ...keys, v, c, a): sum of values, of samples, of absolute values
 */
export function sumByEndpointSql(
  condition: string,
  keys: Readonly<Record<string, string>>,
  value: "value" | "count",
): string {
  const names = Object.keys(keys);
  const inner = Object.entries(keys).map(([name, sql]) => (name === sql ? name : `${sql} AS ${name}`));
  return `SELECT if(grouped.own != '', grouped.own, entries.entry_endpoint) AS endpoint, ${[...names, ""].join(", ")}sum(grouped.v) AS v, sum(grouped.c) AS c, sum(grouped.a) AS a
    FROM (
      SELECT samples.endpoint AS own, service AS in_service, if(samples.endpoint = '', trace_id, '') AS in_trace, ${[...inner, ""].join(", ")}
        sum(${value}) AS v, sum(count) AS c, sum(abs(${value})) AS a
      FROM samples WHERE ${condition}
      GROUP BY ${["own", "in_service", "in_trace", ...names].join(", ")}
    ) AS grouped
    LEFT JOIN (${entryEndpointSql(condition)}) AS entries ON entries.service = grouped.in_service AND entries.trace_id = grouped.in_trace
    GROUP BY ${["endpoint", ...names].join(", ")}`;
}
