import { TELLING_SAMPLES } from "@/lib/diagnosis/explain-no-samples";
import type { SpanFacts } from "@/lib/diagnosis/facts";
import { queryRows } from "@/lib/store/clickhouse";
import { findIdleWindows } from "@/lib/store/doctor-idle-windows";
import {
  CLOCK_SAMPLES,
  DOCTOR_LIMITS,
  type DoctorScope,
  inServices,
  scopeParams,
} from "@/lib/store/doctor-scope";
import { numberColumn, textColumn, textsColumn } from "@/lib/store/row";

/** Windows that began longer ago are not looked for. */
const LONGEST_PROFILE_NANOS = 3_600_000_000_000n;

/**
 * Spans of each service and what profiles could know of them. A window is found by the last one that began before the
 * span's end: with the latest end of all windows until then, which meets the span if any does.
 */
export async function countRequests(
  scope: DoctorScope,
  signal?: AbortSignal,
): Promise<Map<string, SpanFacts>> {
  const idle = await findIdleWindows(scope);
  const around = `time >= fromUnixTimestamp64Nano({earliest:Int64}) AND time < fromUnixTimestamp64Nano({to:Int64} + ${LONGEST_PROFILE_NANOS})`;
  const sampled = `SELECT cityHash64(service, trace_id) FROM samples
    WHERE ${CLOCK_SAMPLES} AND ${around}${inServices("service", scope)} AND trace_id != ''`;
  const sampledAlone = `SELECT cityHash64(service, if(root_span_id = '', span_id, root_span_id)) FROM samples
    WHERE ${CLOCK_SAMPLES} AND ${around}${inServices("service", scope)} AND tie = 'span' AND trace_id = ''`;
  const rows = await queryRows(
    `SELECT service, count() AS spans, countIf(entry) AS entries, sumIf(duration, entry) AS entry_ns,
       countIf(entry AND covered) AS covered_entries, sumIf(duration, entry AND covered) AS covered_ns,
       countIf(entry AND covered AND duration < period) AS short_entries,
       countIf(entry AND covered AND long) AS long_entries, countIf(entry AND covered AND long AND sampled) AS sampled_entries,
       countIf(inner_) AS deeper_spans, sumIf(duration, inner_) AS deeper_ns, countIf(thinned) AS thinned,
       groupUniqArrayIf(3)(trace_id, entry AND NOT covered) AS uncovered_traces
     FROM (
       SELECT spans.service AS service, entry, inner_, duration, thinned, trace_id, sampled,
         windows.until > spans.start AS covered, windows.period AS period, windows.period > 0 AND duration >= ${TELLING_SAMPLES} * windows.period AS long
       FROM (
         SELECT ServiceName AS service, toUnixTimestamp64Nano(Timestamp) AS start, start + toInt64(Duration) AS end, Duration AS duration, TraceId AS trace_id,
           IsEntry = 1 AS entry, IsEntry = 0 AND SpanKind IN ('Internal', 'Unspecified', '') AS inner_, match(TraceState, '(^|,)ot=[^,]*th:[1-9a-f]') AS thinned,
           entry AND (cityHash64(ServiceName, TraceId) IN (${sampled}) OR cityHash64(ServiceName, SpanId) IN (${sampledAlone})) AS sampled
         FROM otel_traces
         WHERE Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64})${inServices("ServiceName", scope)}
       ) AS spans
       ASOF LEFT JOIN (
         SELECT service, start, max(stop) OVER (PARTITION BY service ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS until, period
         FROM (
           SELECT service, toUnixTimestamp64Nano(time) AS start, max(start + toInt64(duration_ns)) AS stop, max(period_ns) AS period
           FROM samples WHERE ${CLOCK_SAMPLES} AND ${around}${inServices("service", scope)}
           GROUP BY service, start
           UNION ALL
           SELECT window.1 AS service, window.2 AS start, window.3 AS stop, toUInt64(0) AS period
           FROM (SELECT arrayJoin(arrayZip({idleServices:Array(String)}, {idleStarts:Array(Int64)}, {idleStops:Array(Int64)})) AS window)
         )
       ) AS windows ON windows.service = spans.service AND spans.end >= windows.start
     ) GROUP BY service`,
    {
      ...scopeParams(scope),
      earliest: String(earlier(scope.from)),
      idleServices: idle.map(({ service }) => service),
      idleStarts: idle.map(({ start }) => start),
      idleStops: idle.map(({ stop }) => stop),
    },
    { ...DOCTOR_LIMITS, signal },
  );
  return new Map(
    rows.map((row) => [
      textColumn(row, "service"),
      {
        spans: numberColumn(row, "spans"),
        entries: numberColumn(row, "entries"),
        entryNs: numberColumn(row, "entry_ns"),
        coveredEntries: numberColumn(row, "covered_entries"),
        coveredNs: numberColumn(row, "covered_ns"),
        shortEntries: numberColumn(row, "short_entries"),
        longEntries: numberColumn(row, "long_entries"),
        sampledEntries: numberColumn(row, "sampled_entries"),
        deeperSpans: numberColumn(row, "deeper_spans"),
        deeperNs: numberColumn(row, "deeper_ns"),
        thinned: numberColumn(row, "thinned"),
        uncoveredTraceIds: textsColumn(row, "uncovered_traces"),
      },
    ]),
  );
}

function earlier(instant: bigint): bigint {
  return instant > LONGEST_PROFILE_NANOS ? instant - LONGEST_PROFILE_NANOS : 0n;
}
