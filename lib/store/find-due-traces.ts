/** What is asked before traces are decided (decide-traces.ts): which are due, and all that the rules look at. */
import { NAMES_SPAN_ALONE } from "@/lib/store/by-trace";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, type Row, textColumn } from "@/lib/store/row";
import type { TraceFacts, Verdict } from "@/lib/trace/keep-trace";

/** Found at once: looking through staging costs as much as a step. */
export const TRACES_FOUND = 30_000;
/** A trace that never falls quiet is decided when spans of it have waited so many times as long. */
const NEVER_QUIET = 10;
/** A clock that was set back leaves spans of its future: they wait no longer than others. */
const FUTURE_SECONDS = 60;
/** How far from a trace's staged spans those are looked for that are stored. */
const AROUND_NANOS = 3_600_000_000_000n;
/** Samples that name a span but no trace are looked for as far back. */
const SPAN_SAMPLES_MINUTES = 15;

export interface DueTrace {
  readonly traceId: string;
  readonly spans: number;
  /** (minute, fingerprint) of its staged rows. */
  readonly rows: readonly (readonly [string, string])[];
  readonly row: Row;
}

/** Staged rows by trace and minute, and whether these very rows have been decided. */
export const STAGED = `SELECT TraceId, toStartOfMinute(IngestedAt) AS minute, sum(cityHash64(SpanId, IngestedAt)) AS fingerprint, count() AS spans,
    min(IngestedAt) AS oldest, max(IngestedAt) AS last, max(StatusCode = 'Error') AS error, max(IsServerError) AS server_error, max(NamesProfile) AS names_profile,
    max(Source = 'sample') AS sample, min(toUnixTimestamp64Nano(Timestamp)) AS first_start, max(toUnixTimestamp64Nano(Timestamp) + toInt64(least(Duration, 1000000000000000000))) AS last_end,
    _partition_id AS part, (TraceId, minute, fingerprint) NOT IN (
      SELECT trace_id, minute, fingerprint FROM sampling_decisions
      WHERE done = 1 AND minute >= (SELECT toStartOfMinute(min(IngestedAt)) FROM staged_spans)
    ) AS open
  FROM staged_spans GROUP BY TraceId, minute, part`;

/** @param quietSeconds by the store's clock */
export async function findDueTraces(quietSeconds: number, signal?: AbortSignal): Promise<DueTrace[]> {
  const rows = await queryRows(
    `SELECT TraceId, groupArray((toString(toUnixTimestamp(minute)), toString(fingerprint))) AS rows, sum(spans) AS all_spans,
       max(error) AS has_error, max(server_error) AS has_server_error, max(names_profile) AS has_profile, max(sample) AS is_sample,
       min(first_start) AS begin, max(last_end) AS end, toFloat64(end - begin) AS duration, cityHash64(TraceId) / 18446744073709551616. AS place
     FROM (${STAGED}) GROUP BY TraceId
     HAVING max(open) = 1 AND (max(last) <= now64(3) - INTERVAL {quiet:UInt32} SECOND
       OR minIf(oldest, open) <= now64(3) - INTERVAL {wait:UInt32} SECOND
       OR max(last) > now64(3) + INTERVAL ${FUTURE_SECONDS} SECOND)
     ORDER BY max(last) LIMIT ${TRACES_FOUND}`,
    { quiet: quietSeconds, wait: quietSeconds * NEVER_QUIET },
    { seconds: 60, signal, settings: { max_threads: 1 } },
  );
  return rows.map((row) => ({
    traceId: textColumn(row, "TraceId"),
    spans: numberColumn(row, "all_spans"),
    rows: row.rows as [string, string][],
    row,
  }));
}

/** @param isProfiled there are samples of it */
export function factsFromRow(row: Row, isProfiled: boolean): TraceFacts {
  return {
    hasError: numberColumn(row, "has_error") === 1,
    hasServerError: numberColumn(row, "has_server_error") === 1,
    hasProfile: isProfiled || numberColumn(row, "has_profile") === 1,
    isSample: numberColumn(row, "is_sample") === 1,
    durationNs: numberColumn(row, "duration"),
    place: numberColumn(row, "place"),
  };
}

/** Verdicts that are remembered. */
export async function findVerdicts(
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, Verdict>> {
  const rows = await queryRows(
    `SELECT trace_id, argMin(kept, decided_at) AS verdict, argMin(kept_share, decided_at) AS share
     FROM sampling_decisions WHERE trace_id IN {ids:Array(String)} GROUP BY trace_id`,
    { ids },
    { signal },
  );
  return new Map(
    rows.map((row) => [
      textColumn(row, "trace_id"),
      { kept: numberColumn(row, "verdict") === 1, keptShare: numberColumn(row, "share") },
    ]),
  );
}

/**
 * What is stored of a trace was kept: before sampling was turned on, or by a verdict that is forgotten. What comes later
 * shares it.
 */
export async function findKeptTraces(
  due: readonly DueTrace[],
  signal?: AbortSignal,
): Promise<Map<string, Verdict>> {
  const ends = due.flatMap(({ row }) => [BigInt(textColumn(row, "begin")), BigInt(textColumn(row, "end"))]);
  const [first = 0n] = ends.sort((a, b) => (a < b ? -1 : 1));
  const last = ends.at(-1) ?? first;
  const rows = await queryRows(
    `SELECT TraceId, min(KeptShare) AS share FROM otel_traces
     WHERE Timestamp BETWEEN fromUnixTimestamp64Nano({first:Int64}) AND fromUnixTimestamp64Nano({last:Int64})
       AND TraceId IN {ids:Array(String)} GROUP BY TraceId`,
    {
      first: String(first - AROUND_NANOS),
      last: String(last + AROUND_NANOS),
      ids: due.map(({ traceId }) => traceId),
    },
    { seconds: 30, signal, settings: { max_threads: 1 } },
  );
  return new Map(
    rows.map((row) => [textColumn(row, "TraceId"), { kept: true, keptShare: numberColumn(row, "share") }]),
  );
}

/** Traces of which there are samples, whether these name the trace or only a span of it. */
export async function findProfiledTraces(ids: readonly string[], signal?: AbortSignal): Promise<Set<string>> {
  const rows = await queryRows(
    `SELECT DISTINCT trace_id AS id FROM samples WHERE trace_id IN {ids:Array(String)}
     UNION DISTINCT
     SELECT DISTINCT TraceId AS id FROM staged_spans WHERE TraceId IN {ids:Array(String)} AND SpanId IN (
       SELECT arrayJoin([span_id, root_span_id]) AS span FROM samples
       WHERE time >= now64(9) - INTERVAL ${SPAN_SAMPLES_MINUTES} MINUTE AND ${NAMES_SPAN_ALONE}
         AND span IN (SELECT SpanId FROM staged_spans WHERE TraceId IN {ids:Array(String)}))`,
    { ids },
    { seconds: 30, signal },
  );
  return new Set(rows.map((row) => textColumn(row, "id")));
}
