import type { TraceFilter } from "@/lib/api/query";
import { parseTraceId } from "@/lib/ids";
import type { SqlCondition } from "@/lib/store/sql-condition";

/** Spans may start later than their trace: text is looked for in spans that start up to an hour after the range's end. */
const LATEST_SPAN_NANOS = 3_600_000_000_000n;

/** Listing reads derived rows that may have been rewritten: FINAL picks the last; partitions never share a key. */
export const TRACES_FINAL = "traces FINAL";
export const FINAL_SETTINGS = { do_not_merge_across_partitions_select_final: 1 } as const;

/**
 * The filters of the list of traces as one condition over `traces`. Ranges are by the trace's start, `to` exclusive.
 * @returns "1" when nothing narrows
 */
export function traceFilterSql(filter: TraceFilter): SqlCondition {
  const parts: string[] = [];
  const params: Record<string, unknown> = {};
  if (filter.from !== undefined) {
    // start_hour is the table's order: it skips what lies before; start is exact.
    parts.push(
      "start_hour >= toStartOfHour(fromUnixTimestamp64Nano({from:Int64}))",
      "start >= fromUnixTimestamp64Nano({from:Int64})",
    );
    params.from = String(filter.from);
  }
  if (filter.to !== undefined) {
    parts.push(
      "start_hour <= fromUnixTimestamp64Nano({to:Int64})",
      "start < fromUnixTimestamp64Nano({to:Int64})",
    );
    params.to = String(filter.to);
  }
  if (filter.service !== undefined) {
    parts.push("has(services, {service:String})");
    params.service = filter.service;
  }
  if (filter.endpoints.length > 0) {
    parts.push(
      filter.service === undefined
        ? "hasAny(entry_endpoints, {endpoints:Array(String)})"
        : // The lambda is dear: first leave out what enters no such endpoint anywhere.
          "hasAny(entry_endpoints, {endpoints:Array(String)}) AND arrayExists((s, e) -> s = {service:String} AND has({endpoints:Array(String)}, e), entry_services, entry_endpoints)",
    );
    params.endpoints = filter.endpoints;
  }
  if (filter.minDurationNs !== undefined) {
    parts.push("duration_ns >= {minDuration:UInt64}");
    params.minDuration = filter.minDurationNs;
  }
  if (filter.maxDurationNs !== undefined) {
    parts.push("duration_ns <= {maxDuration:UInt64}");
    params.maxDuration = filter.maxDurationNs;
  }
  if (filter.onlyErrors) parts.push("error_count > 0");
  if (filter.hasProfile !== undefined)
    parts.push(filter.hasProfile ? "sample_count > 0" : "sample_count = 0");
  if (filter.text !== undefined) {
    const found = textSql(filter.text, filter);
    parts.push(found.sql);
    Object.assign(params, found.params);
  }
  return { sql: parts.length === 0 ? "1" : parts.join(" AND "), params };
}

/**
 * Text over the spans: a trace id finds its trace; `key=value` finds that attribute of a span or resource with exactly
 * that value; anything else is looked for, without regard to case, in span names, span attributes' values and status
 * messages.
 */
function textSql(text: string, range: TraceFilter): SqlCondition {
  const traceId = parseTraceId(text.trim());
  if (traceId !== undefined) return { sql: "trace_id = {traceId:String}", params: { traceId } };
  const within: string[] = [];
  const params: Record<string, unknown> = {};
  if (range.from !== undefined) {
    within.push("Timestamp >= fromUnixTimestamp64Nano({from:Int64})");
    params.from = String(range.from);
  }
  if (range.to !== undefined) {
    within.push("Timestamp < fromUnixTimestamp64Nano({textTo:Int64})");
    params.textTo = String(range.to + LATEST_SPAN_NANOS);
  }
  const exact = /^([\w.\-/]+)=(.*)$/s.exec(text);
  if (exact === null) {
    params.text = text;
    const contains = (column: string) =>
      `${isAscii(text) ? "positionCaseInsensitive" : "positionCaseInsensitiveUTF8"}(${column}, {text:String}) > 0`;
    within.push(
      `(${contains("SpanName")} OR arrayExists(v -> ${contains("v")}, mapValues(SpanAttributes)) OR ${contains("StatusMessage")})`,
    );
    return { sql: `trace_id IN (SELECT TraceId FROM otel_traces WHERE ${within.join(" AND ")})`, params };
  }
  params.key = exact[1];
  params.value = exact[2];
  // Two reads rather than one OR: each skips what its own bloom filter over values rules out.
  const reads = ["SpanAttributes", "ResourceAttributes"].map((column) => {
    const equal = `has(mapValues(${column}), {value:String}) AND mapContains(${column}, {key:String}) AND ${column}[{key:String}] = {value:String}`;
    return `SELECT TraceId FROM otel_traces WHERE ${[...within, equal].join(" AND ")}`;
  });
  return { sql: `trace_id IN (${reads.join(" UNION DISTINCT ")})`, params };
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
